//! Android settings: settings_global.xml, settings_secure.xml, settings_system.xml, as text or as
//! binary XML.
//!
//! ```text
//! <settings version="226"><setting id="1" name="adb_enabled" value="0" package="android" />…</settings>
//! <namespaceHashes />
//! ```
//!
//! `valueBase64` stands for `value` where the value holds what XML can't: base64 of its UTF-16 code units,
//! high byte first. A row with neither is null. system_server writes the file and vouches for it.
//! Source: SettingsState.java of AOSP's SettingsProvider.

use crate::FormatError;
use crate::xml::{Element, walk};
use data_encoding::BASE64;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The most settings in a file.
pub const MAX_SETTINGS: usize = 50_000;

const WHAT: &str = "settings";
/// The first version that writes null as no value; before, it is the text "null".
const NULL_AS_NO_VALUE: i32 = 121;

/// The settings of one namespace of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    rows: BTreeMap<Box<str>, Option<Box<str>>>,
}

/// What the file has for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored<'a> {
    /// A value.
    Value(&'a str),
    /// A row whose value is null: written, and emptied again.
    Null,
    /// No row: the setting has its default.
    Absent,
}

impl Settings {
    /// What the file has for a name.
    pub fn value(&self, name: &str) -> Stored<'_> {
        match self.rows.get(name) {
            Some(Some(value)) => Stored::Value(value),
            Some(None) => Stored::Null,
            None => Stored::Absent,
        }
    }

    /// Every row, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
        self.rows.iter().map(|(name, value)| (&**name, value.as_deref()))
    }
}

/// Reads a settings file. Strict: a row without a name, with two values, or given twice is an error.
pub fn parse(bytes: &[u8]) -> Result<Settings, FormatError> {
    let mut settings = Settings::default();
    let mut version = 0i32;
    walk(WHAT, bytes, &["settings", "namespaceHashes"], |element| {
        match element.path {
            "settings" => version = element.number("version")?,
            "settings/setting" => settings.add(element, version)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(settings)
}

impl Settings {
    fn add(&mut self, row: &Element<'_>, version: i32) -> Result<(), FormatError> {
        if self.rows.len() >= MAX_SETTINGS {
            return Err(FormatError::too_large(WHAT, "settings", MAX_SETTINGS));
        }
        let name = row.required("name")?;
        let value = match (row.attribute("value").as_deref(), row.attribute("valueBase64").as_deref()) {
            (Some("null"), None) if version < NULL_AS_NO_VALUE => None,
            (Some(value), None) => Some(value.into()),
            (None, Some(value)) => Some(decoded(row, value)?),
            (None, None) => None,
            (Some(_), Some(_)) => return Err(row.error("value and valueBase64: expected one of them")),
        };
        match self.rows.entry(name.as_ref().into()) {
            Entry::Vacant(entry) => {
                entry.insert(value);
                Ok(())
            }
            Entry::Occupied(_) => Err(row.bad("name", &name, "each name once")),
        }
    }
}

/// Half a surrogate pair is legal in a Java string, and any app may store one: it reads as U+FFFD.
fn decoded(row: &Element<'_>, value: &str) -> Result<Box<str>, FormatError> {
    let error = || row.bad("valueBase64", value, "base64 of UTF-16");
    let bytes = BASE64.decode(value.as_bytes()).map_err(|_| error())?;
    let (pairs, odd) = bytes.as_chunks::<2>();
    odd.is_empty().then_some(()).ok_or_else(error)?;
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    Ok(String::from_utf16_lossy(&units).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>
<settings version="226">
  <setting id="17" name="adb_enabled" value="0" package="android" defaultValue="0" defaultSysSet="true" />
  <setting id="91" name="private_dns_mode" value="null" package="com.android.settings" />
  <setting id="92" name="note" valueBase64="AGEACgBi" package="org.example.app" />
  <setting id="93" name="emptied" package="android" preserve_in_restore="true" />
  <setting id="94" name="auto_grant_OTHER_SENSORS_perm" value="" package="android" />
  <later_addition name="x" value="1" />
</settings>
<namespaceHashes><namespaceHash namespace="a" bannedHash="b" /></namespaceHashes>
"#;

    #[test]
    fn a_file_with_two_top_level_elements_is_read_whole() {
        let settings = parse(TEXT.as_bytes()).unwrap();
        for (name, stored) in [
            ("adb_enabled", Stored::Value("0")),
            ("private_dns_mode", Stored::Value("null")),
            ("note", Stored::Value("a\nb")),
            ("emptied", Stored::Null),
            ("auto_grant_OTHER_SENSORS_perm", Stored::Value("")),
            ("x", Stored::Absent),
        ] {
            assert_eq!(settings.value(name), stored, "{name}");
        }
        assert_eq!(settings.iter().len(), 5);
    }

    #[test]
    fn odd_but_valid_files_are_read() {
        for (row, stored) in [
            (r#"<settings version="120"><setting name="a" value="null"/></settings>"#, Stored::Null),
            (r#"<settings version="-1"/>"#, Stored::Absent),
            (r#"<settings version="226"/><namespaceHashes/>"#, Stored::Absent),
            (
                r#"<settings version="226"><setting name="a" value="&lt;&#9;"/></settings>"#,
                Stored::Value("<\t"),
            ),
            (r#"<settings version="226"><setting name="a" valueBase64=""/></settings>"#, Stored::Value("")),
            (
                r#"<settings version="226"><setting name="a" valueBase64="2AA="/></settings>"#,
                Stored::Value("\u{fffd}"),
            ),
            (
                r#"<settings version="226"><setting name="a" valueBase64="2D3eAA=="/></settings>"#,
                Stored::Value("\u{1f600}"),
            ),
        ] {
            match parse(row.as_bytes()) {
                Ok(settings) => assert_eq!(settings.value("a"), stored, "{row}"),
                Err(error) => panic!("{row} {error}"),
            }
        }
    }

    #[test]
    fn what_is_no_settings_file_is_refused() {
        for (text, message) in [
            ("<settings/>", "settings, line 1: <settings>: expected an attribute version"),
            ("<settings version='x'/>", "version=\"x\": expected a whole number"),
            ("<root/>", "<root> at the top: expected <settings>"),
            (
                "<settings version='1'>\n<setting value='1'/></settings>",
                "line 2: <settings/setting>: expected an attribute name",
            ),
            (
                "<settings version='1'><setting name='a' value='' valueBase64=''/></settings>",
                "expected one of them",
            ),
            (
                "<settings version='1'><setting name='a' valueBase64='AA'/></settings>",
                "valueBase64=\"AA\": expected base64 of UTF-16",
            ),
            (
                "<settings version='1'><setting name='a' valueBase64='AA=='/></settings>",
                "expected base64 of UTF-16",
            ),
            (
                "<settings version='1'><setting name='a' valueBase64='AGF='/></settings>",
                "expected base64 of UTF-16",
            ),
            (
                "<settings version='1'><setting name='a'/><setting name='a'/></settings>",
                "name=\"a\": expected each name once",
            ),
            (
                "<settings version='1'/><settings version='1'/>",
                "<settings> at the top: expected <namespaceHashes>",
            ),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{text} {error}");
        }
        let rows: String = (0..=MAX_SETTINGS).map(|n| format!("<setting name='{n}'/>")).collect();
        assert!(
            parse(format!("<settings version='1'>{rows}</settings>").as_bytes()).unwrap_err().is_too_large()
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn a_value_reads_back_from_its_base64(value in "\\PC{0,20}") {
            let bytes: Vec<u8> = value.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let row = format!("<setting name='a' valueBase64='{}'/>", BASE64.encode(&bytes));
            let settings = parse(format!("<settings version='226'>{row}</settings>").as_bytes()).unwrap();
            prop_assert_eq!(settings.value("a"), Stored::Value(&value));
        }
    }
}
