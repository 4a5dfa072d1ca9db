//! The kernel's build configuration: /proc/config.gz, or the same inflated.
//!
//! ```text
//! line = "CONFIG_" name "=" ( "y" / "m" / number / DQUOTE text DQUOTE )
//!      / "# CONFIG_" name " is not set" / "#" comment
//! ```

use crate::FormatError;
use crate::error::shown;
use crate::text::{decode_as, lines};
use flate2::bufread::GzDecoder;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Read;

/// The largest configuration, inflated, in bytes.
pub const MAX_TEXT: usize = 4 << 20;
/// The most options.
pub const MAX_OPTIONS: usize = 50_000;
/// The longest name of an option, in bytes.
pub const MAX_NAME: usize = 128;

const WHAT: &str = "kernel config";
const GZIP: &[u8] = &[0x1f, 0x8b];

/// The options of a kernel build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kconfig {
    options: BTreeMap<Box<str>, Box<str>>,
}

impl Kconfig {
    /// The value of an option, named without `CONFIG_`: `y`, `m`, a number, a text without its quotes, or `n`
    /// where the file says "is not set". `None` where it has no line, which also means off.
    pub fn value(&self, option: &str) -> Option<&str> {
        self.options.get(option).map(AsRef::as_ref)
    }

    /// Every option and its value, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.options.iter().map(|(option, value)| (&**option, &**value))
    }
}

/// Reads a kernel configuration, gzipped or plain. Strict: a line of another form, an option given twice and
/// a text without options are errors.
pub fn parse(bytes: &[u8]) -> Result<Kconfig, FormatError> {
    let inflated = if bytes.starts_with(GZIP) { Cow::Owned(inflate(bytes)?) } else { Cow::Borrowed(bytes) };
    let text = decode_as(WHAT, &inflated, MAX_TEXT)?;
    let mut options = BTreeMap::new();
    for (number, line) in lines(&text) {
        let error = |expected: &str| {
            let message = format!("{}: expected {expected}", shown(line));
            FormatError::malformed(WHAT, message).at_line(number)
        };
        let (name, value) = match read(line) {
            Line::Blank => continue,
            Line::Option(name, value) => (name, value),
            Line::Other => return Err(error("CONFIG_…=…, \"# CONFIG_… is not set\" or a comment")),
        };
        if options.len() >= MAX_OPTIONS {
            return Err(FormatError::too_large(WHAT, "options", MAX_OPTIONS).at_line(number));
        }
        match options.entry(name.into()) {
            Entry::Vacant(entry) => entry.insert(value),
            Entry::Occupied(_) => return Err(error("an option once")),
        };
    }
    match options.is_empty() {
        true => Err(FormatError::malformed(WHAT, "no option: expected lines CONFIG_…=…")),
        false => Ok(Kconfig { options }),
    }
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
    if bytes.len() > MAX_TEXT {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_TEXT));
    }
    let mut decoder = GzDecoder::new(bytes);
    let mut text = Vec::new();
    // One byte past the cap tells a text that is too long from one that just fits.
    let cap = u64::try_from(MAX_TEXT).unwrap_or(u64::MAX).saturating_add(1);
    decoder
        .by_ref()
        .take(cap)
        .read_to_end(&mut text)
        .map_err(|error| FormatError::malformed(WHAT, format_args!("{error}: expected whole gzip data")))?;
    if text.len() > MAX_TEXT {
        return Err(FormatError::too_large(WHAT, "bytes inflated", MAX_TEXT));
    }
    match decoder.into_inner() {
        [] => Ok(text),
        rest => {
            let message = format!("{} bytes after the gzip data: expected none", rest.len());
            Err(FormatError::malformed(WHAT, message).at_byte(bytes.len() - rest.len()))
        }
    }
}

enum Line<'a> {
    Blank,
    Option(&'a str, Box<str>),
    Other,
}

fn read(line: &str) -> Line<'_> {
    let line = line.trim_end();
    if let Some(comment) = line.strip_prefix('#') {
        let name = comment.strip_prefix(" CONFIG_").and_then(|rest| rest.strip_suffix(" is not set"));
        return match name {
            Some(name) if is_name(name) => Line::Option(name, "n".into()),
            _ => Line::Blank,
        };
    }
    if line.is_empty() {
        return Line::Blank;
    }
    match line.strip_prefix("CONFIG_").and_then(|rest| rest.split_once('=')) {
        Some((name, value)) if is_name(name) => match unquoted(value) {
            Some(value) => Line::Option(name, value),
            None => Line::Other,
        },
        _ => Line::Other,
    }
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A bare word, or a text in double quotes in which a backslash protects a quote or a backslash.
fn unquoted(value: &str) -> Option<Box<str>> {
    let Some(quoted) = value.strip_prefix('"') else {
        let is_word =
            !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        return is_word.then(|| value.into());
    };
    let mut text = String::new();
    let mut chars = quoted.strip_suffix('"')?.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => text.push(chars.next()?),
            _ => text.push(c),
        }
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::collection::btree_map;
    use proptest::prelude::*;
    use std::io::Write;

    const TEXT: &str = "#\n# Automatically generated file; DO NOT EDIT.\n#\n\
        CONFIG_CC_VERSION_TEXT=\"Android (1) clang \\\"x\\\"\"\n\
        CONFIG_STRICT_KERNEL_RWX=y\n# CONFIG_DEVMEM is not set\n\
        CONFIG_HZ=250\nCONFIG_BASE=0xffff\nCONFIG_LEVEL=-1\nCONFIG_EMPTY=\"\"\n";

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn plain_and_gzipped_configurations_say_the_same() {
        let config = parse(TEXT.as_bytes()).unwrap();
        for (option, value) in [
            ("STRICT_KERNEL_RWX", Some("y")),
            ("DEVMEM", Some("n")),
            ("HZ", Some("250")),
            ("LEVEL", Some("-1")),
            ("CC_VERSION_TEXT", Some("Android (1) clang \"x\"")),
            ("EMPTY", Some("")),
            ("CONFIG_HZ", None),
            ("MODULES", None),
        ] {
            assert_eq!(config.value(option), value, "{option}");
        }
        assert_eq!(parse(&gzipped(TEXT.as_bytes())).unwrap(), config);
        assert_eq!(parse(TEXT.replace('\n', "\r\n").as_bytes()).unwrap(), config);
    }

    #[test]
    fn what_is_no_configuration_is_refused_with_its_line() {
        for (text, message) in [
            ("", "kernel config: no option: expected lines CONFIG_"),
            ("# CONFIG_ is not set\n", "no option"),
            ("CONFIG_A=y\nB=y\n", "line 2: \"B=y\": expected CONFIG_"),
            ("CONFIG_A\n", "line 1: \"CONFIG_A\""),
            ("CONFIG_A=\n", "line 1"),
            ("CONFIG_A=y z\n", "line 1"),
            ("CONFIG_A-B=y\n", "line 1"),
            ("CONFIG_A=\"x\n", "line 1"),
            ("CONFIG_A=\"x\"y\"\n", "line 1"),
            ("CONFIG_A=\"x\\\"\n", "line 1"),
            ("CONFIG_A=y\nCONFIG_A=y\n", "line 2: \"CONFIG_A=y\": expected an option once"),
            ("CONFIG_A=y\n# CONFIG_A is not set\n", "line 2"),
            ("CONFIG_A=y\0", "binary"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{text:?} {error}");
        }
    }

    #[test]
    fn broken_gzip_data_is_refused() {
        let whole = gzipped(TEXT.as_bytes());
        let (cut, _) = whole.split_at(whole.len() - 9);
        let mut flipped = whole.clone();
        *flipped.iter_mut().rev().nth(6).unwrap() ^= 1;
        for (bytes, message) in [
            (cut.to_vec(), "expected whole gzip data"),
            (flipped, "expected whole gzip data"),
            ([&whole[..], b"x"].concat(), "1 bytes after the gzip data"),
            ([&whole[..], &whole[..]].concat(), "after the gzip data"),
            (GZIP.to_vec(), "expected whole gzip data"),
            (gzipped(&gzipped(TEXT.as_bytes())), "kernel config"),
        ] {
            let error = parse(&bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn caps_are_kept() {
        let bomb = gzipped(&vec![b'\n'; 64 << 20]);
        let error = parse(&bomb).unwrap_err();
        assert!(error.is_too_large() && error.to_string().contains("bytes inflated"), "{error}");
        assert!(parse(&vec![b'\n'; MAX_TEXT + 1]).unwrap_err().is_too_large());
        let many: String = (0..=MAX_OPTIONS).map(|n| format!("CONFIG_A{n}=y\n")).collect();
        assert!(parse(many.as_bytes()).unwrap_err().is_too_large());
        assert!(parse(format!("CONFIG_{}=y", "A".repeat(MAX_NAME + 1)).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            let _ = parse(&[GZIP, &[8], &bytes].concat());
            let _ = parse(&gzipped(&bytes));
        }

        #[test]
        fn what_kconfig_writes_reads_back(options in btree_map("[A-Z0-9_]{1,9}", "[ -~]{0,9}", 1..9)) {
            let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
            let line = |(name, value): (&String, &String)| format!("CONFIG_{name}=\"{}\"\n", quoted(value));
            let text: String = options.iter().map(line).collect();
            let config = parse(text.as_bytes()).unwrap();
            prop_assert!(config.iter().eq(options.iter().map(|(name, value)| (&**name, &**value))));
        }
    }
}
