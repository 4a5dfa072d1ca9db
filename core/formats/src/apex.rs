//! Active APEX modules: /apex/apex-info-list.xml.
//!
//! An updated module has two rows: the active one from /data, and the one of the system image, not active.
//! apexd writes the file and vouches for it. Source: ApexInfoList.xsd of AOSP's apexd.

use crate::FormatError;
use crate::xml::{Element, walk};
use std::collections::BTreeMap;

/// The most modules in the list.
pub const MAX_MODULES: usize = 2_048;
/// The longest name, in bytes.
pub const MAX_NAME: usize = 256;

const WHAT: &str = "apex list";

/// An active APEX module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apex {
    /// The module's name: `com.android.art`.
    pub name: Box<str>,
    /// Its version code.
    pub version: u64,
    /// Whether it is the one that the system image came with.
    pub is_factory: bool,
    /// The partition it came with (`SYSTEM`, `PRODUCT`, …); Android 15 and newer say so.
    pub partition: Option<Box<str>>,
}

/// Reads /apex/apex-info-list.xml: the active modules, by name. Strict: a row that lacks a value, and two
/// active modules of one name, are errors.
pub fn parse(bytes: &[u8]) -> Result<Vec<Apex>, FormatError> {
    let mut active = BTreeMap::new();
    let mut rows = 0;
    walk(WHAT, bytes, &["apex-info-list"], |element| {
        if element.path != "apex-info-list/apex-info" {
            return Ok(());
        }
        rows += 1;
        if rows > MAX_MODULES {
            return Err(FormatError::too_large(WHAT, "modules", MAX_MODULES));
        }
        let apex = row(element)?;
        if element.flag("isActive")? && active.insert(apex.name.clone(), apex).is_some() {
            return Err(element.error("a second active module of one name: expected one"));
        }
        Ok(())
    })?;
    Ok(active.into_values().collect())
}

fn row(element: &Element<'_>) -> Result<Apex, FormatError> {
    let word = |name: &str, value: &str| match (1..=MAX_NAME).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        true => Ok(value.into()),
        false => Err(element.bad(name, value, "letters, digits, . _ -")),
    };
    Ok(Apex {
        name: word("moduleName", &element.required("moduleName")?)?,
        version: element.number("versionCode")?,
        is_factory: element.flag("isFactory")?,
        partition: element
            .attribute("partition")
            .map(|partition| word("partition", &partition))
            .transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROW: &str = r#"<apex-info moduleName="com.android.art" modulePath="/x" preinstalledModulePath="/y"
        versionCode="351011240" versionName="" isFactory="false" isActive="true" lastUpdateMillis="1"
        provideSharedApexLibs="false" partition="SYSTEM"></apex-info>"#;

    fn list(rows: &str) -> Result<Vec<Apex>, FormatError> {
        parse(
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<apex-info-list>\n{rows}\n</apex-info-list>\n"
            )
            .as_bytes(),
        )
    }

    #[test]
    fn only_active_modules_are_given_and_by_name() {
        let inactive = ROW.replace("isActive=\"true\"", "isActive=\"false\"").replace("351011240", "1");
        let other = ROW
            .replace(".art", ".adbd")
            .replace(" partition=\"SYSTEM\"", "")
            .replace("isFactory=\"false\"", "isFactory=\"true\"");
        let modules = list(&format!("{ROW}{inactive}{other}")).unwrap();
        let art = Apex {
            name: "com.android.art".into(),
            version: 351011240,
            is_factory: false,
            partition: Some("SYSTEM".into()),
        };
        let adbd = Apex { name: "com.android.adbd".into(), is_factory: true, partition: None, ..art.clone() };
        assert_eq!(modules, [adbd, art]);
        assert_eq!(list("").unwrap(), []);
        assert_eq!(parse(b"<apex-info-list/>").unwrap(), []);
    }

    #[test]
    fn what_is_no_apex_list_is_refused() {
        for (from, to, message) in [
            (
                "moduleName",
                "module",
                "apex list, line 3: <apex-info-list/apex-info>: expected an attribute moduleName",
            ),
            ("com.android.art", "", "moduleName=\"\": expected letters"),
            ("com.android.art", "a/b", "moduleName=\"a/b\": expected letters"),
            ("351011240", "-1", "versionCode=\"-1\": expected a whole number in range"),
            ("351011240", "18446744073709551616", "expected a whole number in range"),
            ("isFactory=\"false\"", "isFactory=\"0\"", "isFactory=\"0\": expected true or false"),
            ("isActive=\"true\"", "", "expected an attribute isActive"),
            ("SYSTEM", "A B", "partition=\"A B\": expected letters"),
        ] {
            let error = list(&ROW.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(message), "{from} {error}");
        }
        assert!(list(&ROW.repeat(2)).unwrap_err().to_string().contains("a second active module"));
        let inactive = ROW.replace("isActive=\"true\"", "isActive=\"false\"");
        assert!(list(&inactive.repeat(MAX_MODULES + 1)).unwrap_err().is_too_large());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            let _ = list(&String::from_utf8_lossy(&bytes));
        }
    }
}
