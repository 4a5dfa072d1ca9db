//! Installed packages: /data/system/packages.list.
//!
//! ```text
//! line = name SP uid SP debuggable SP datadir SP seinfo SP gids          ; Android 9 and before
//!        [ SP profileable SP version                                     ; Android 10 and 11
//!        [ SP profileable-by-platform SP installer ] ]                   ; Android 12 and newer
//! ```
//!
//! system_server writes the file and vouches for it. Source: Settings.writePackageListLPrInternal of AOSP's
//! package manager.

use crate::error::shown;
use crate::text::{decode_as, lines};
use crate::{Drops, FormatError};

/// The largest file, in bytes.
pub const MAX_TEXT: usize = 8 << 20;
/// The most packages.
pub const MAX_PACKAGES: usize = 20_000;
/// The longest name of a package or an installer, in bytes.
pub const MAX_NAME: usize = 256;

const WHAT: &str = "packages.list";

/// The installed packages in the file's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages {
    packages: Vec<Package>,
    dropped: Drops,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: Box<str>,
    /// The uid of user 0, which is its app id.
    pub uid: u32,
    /// Whether it may be debugged.
    pub debuggable: bool,
    /// Whether the shell may profile it. Absent before Android 10.
    pub profileable: Option<bool>,
    /// Its long version code. Absent before Android 10.
    pub version: Option<u64>,
    /// Who installed it: a package, `@system`, `@product` or `@null`. Absent before Android 12.
    pub installer: Option<Box<str>>,
}

impl Packages {
    /// The packages.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Package> {
        self.packages.iter()
    }

    /// The lines that could not be used.
    pub fn dropped(&self) -> &Drops {
        &self.dropped
    }
}

/// Reads packages.list.
///
/// Lines of another form are dropped. An error is a text without a single package, one past a cap, and bytes
/// that are no text.
pub fn parse(bytes: &[u8]) -> Result<Packages, FormatError> {
    let text = decode_as(WHAT, bytes, MAX_TEXT)?;
    let mut list = Packages::default();
    for (number, line) in lines(&text).filter(|(_, line)| !line.trim().is_empty()) {
        match read(line) {
            Ok(_) if list.packages.len() >= MAX_PACKAGES => {
                return Err(FormatError::too_large(WHAT, "packages", MAX_PACKAGES).at_line(number));
            }
            Ok(package) => list.packages.push(package),
            Err(expected) => list.dropped.push(number, format_args!("{}: expected {expected}", shown(line))),
        }
    }
    match list.packages.is_empty() {
        true => Err(list.dropped.nothing_usable(WHAT, "a line a package")),
        false => Ok(list),
    }
}

/// The error says what was expected.
fn read(line: &str) -> Result<Package, &'static str> {
    let fields: Vec<&str> = line.split(' ').take(12).collect();
    let [name, uid, debuggable, _datadir, _seinfo, _gids, rest @ ..] = fields.as_slice() else {
        return Err("6, 8 or 10 fields");
    };
    if !is_name(name, "._") {
        return Err("a package name");
    }
    let mut package = Package {
        name: (*name).into(),
        uid: uid.parse().map_err(|_| "a number for the uid")?,
        debuggable: flag(debuggable).ok_or("0 or 1 for debuggable")?,
        profileable: None,
        version: None,
        installer: None,
    };
    let (profileable, version, installer) = match rest {
        [] => return Ok(package),
        [profileable, version] => (profileable, version, None),
        // Fields that a later version adds come last.
        [profileable, version, by_platform, installer, ..] => {
            flag(by_platform).ok_or("0 or 1 for profileable by the platform")?;
            (profileable, version, Some(installer))
        }
        [_] | [_, _, _] => return Err("6, 8 or 10 fields"),
    };
    package.profileable = Some(flag(profileable).ok_or("0 or 1 for profileable")?);
    package.version = Some(version.parse().map_err(|_| "a number for the version")?);
    package.installer = match installer {
        Some(installer) if is_name(installer, "._@") => Some((*installer).into()),
        Some(_) => return Err("a package name or @… for the installer"),
        None => None,
    };
    Ok(package)
}

fn is_name(name: &str, punctuation: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c))
}

fn flag(field: &str) -> Option<bool> {
    match field {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str = "org.example.app 10234 0 /data/user/0/org.example.app default:targetSdkVersion=35 \
        3002,3003 1 417 0 org.example.store";

    #[test]
    fn a_line_of_each_version_is_read() {
        let full = Package {
            name: "org.example.app".into(),
            uid: 10234,
            debuggable: false,
            profileable: Some(true),
            version: Some(417),
            installer: Some("org.example.store".into()),
        };
        let ten = Package { installer: None, ..full.clone() };
        let nine = Package { profileable: None, version: None, ..ten.clone() };
        for (fields, expected) in [(10, &full), (8, &ten), (6, &nine)] {
            let line: Vec<&str> = LINE.split(' ').take(fields).collect();
            let list = parse(line.join(" ").as_bytes()).unwrap();
            assert_eq!(list.iter().collect::<Vec<_>>(), [expected], "{fields}");
        }
        let more = parse(format!("{LINE} 1 x y z\r\n").as_bytes()).unwrap();
        assert_eq!(more.iter().next(), Some(&full));
        let system =
            parse(b"android 1000 0 /data/system platform:privapp:targetSdkVersion=36 none 0 36 1 @system\n")
                .unwrap();
        assert_eq!(system.iter().next().unwrap().installer.as_deref(), Some("@system"));
    }

    #[test]
    fn a_line_of_another_form_is_dropped_with_its_reason() {
        for (line, expected) in [
            ("", "packages.list: nothing: expected a line a package"),
            ("org.example.app 10234 0 /d s", "expected 6, 8 or 10 fields"),
            ("org.example.app 10234 0 /d s g 1", "expected 6, 8 or 10 fields"),
            ("org.example.app 10234 0 /d s g 1 2 3", "expected 6, 8 or 10 fields"),
            ("org/example 10234 0 /d s g", "expected a package name"),
            (" 10234 0 /d s g", "expected a package name"),
            ("a -1 0 /d s g", "expected a number for the uid"),
            ("a 4294967296 0 /d s g", "expected a number for the uid"),
            ("a 1 true /d s g", "expected 0 or 1 for debuggable"),
            ("a 1 0 /d s g 2 3", "expected 0 or 1 for profileable"),
            ("a 1 0 /d s g 1 -3", "expected a number for the version"),
            ("a 1 0 /d s g 1 3 x @null", "expected 0 or 1 for profileable by"),
            ("a 1 0 /d s g 1 3 0 a/b", "for the installer"),
            ("a 1 0 /d s g 1 3 0 ", "for the installer"),
            ("a\0", "packages.list, byte 1: binary"),
        ] {
            let line = if line == "a\0" { "a\0bc" } else { line };
            let error = parse(line.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{line:?} {error}");
            if line.contains(' ') {
                let list = parse(format!("{LINE}\n{line}\n").as_bytes()).unwrap();
                assert_eq!(
                    (list.iter().len(), list.dropped().iter().next().unwrap().line),
                    (1, 2),
                    "{line:?}"
                );
            }
        }
    }

    #[test]
    fn caps_are_kept() {
        let error = parse("a 1 0 d s g\n".repeat(MAX_PACKAGES + 1).as_bytes()).unwrap_err();
        assert_eq!((error.is_too_large(), error.line()), (true, Some(MAX_PACKAGES + 1)));
        assert!(parse(format!("{} 1 0 d s g", "a".repeat(MAX_NAME + 1)).as_bytes()).is_err());
        assert!(parse(&vec![b'\n'; MAX_TEXT + 1]).unwrap_err().is_too_large());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_text_panics(text in "((a|1|0|@x|/|) ?\n?){0,40}") {
            let _ = parse(text.as_bytes());
        }
    }
}
