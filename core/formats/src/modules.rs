//! Loaded kernel modules: /proc/modules and the output of `lsmod`.
//!
//! ```text
//! modules = name SP size SP refcount SP users SP state SP address [ SP "(" letters ")" ]
//! lsmod   = name size refcount [ users ]            ; below a line that begins "Module"
//! ```
//!
//! Source: kernel/module/procfs.c of Linux, toys/other/lsmod.c of toybox. A kernel without loaded modules
//! gives an empty file, and that is read as such.

use crate::error::shown;
use crate::text::{decode_as, lines};
use crate::{Drops, FormatError};

/// The largest table, in bytes.
pub const MAX_TEXT: usize = 1 << 20;
/// The most modules.
pub const MAX_MODULES: usize = 10_000;
/// The longest name, in bytes; the kernel's own limit is 56.
pub const MAX_NAME: usize = 64;

const WHAT: &str = "module list";

/// The loaded modules in the table's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    modules: Vec<Module>,
    dropped: Drops,
}

/// One module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: Box<str>,
    /// The letters by which it taints the kernel (`OE`: out of tree, unsigned); empty for none, and in
    /// `lsmod`, which does not show them.
    pub taints: Box<str>,
}

impl Modules {
    /// The modules.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Module> {
        self.modules.iter()
    }

    /// The lines that could not be used.
    pub fn dropped(&self) -> &Drops {
        &self.dropped
    }
}

/// Reads /proc/modules or the output of `lsmod`.
///
/// Lines of another form are dropped. An error is a text with lines and no module (but the head of `lsmod`),
/// one past a cap, and bytes that are no text.
pub fn parse(bytes: &[u8]) -> Result<Modules, FormatError> {
    let text = decode_as(WHAT, bytes, MAX_TEXT)?;
    let mut list = Modules::default();
    for (number, line) in lines(&text) {
        let mut fields = line.split_ascii_whitespace();
        match fields.next() {
            None => continue,
            Some("Module") if fields.next() == Some("Size") => continue,
            Some(_) => {}
        }
        let Some(module) = read(line) else {
            list.dropped.push(number, format_args!("{}: expected name size refcount …", shown(line)));
            continue;
        };
        if list.modules.len() >= MAX_MODULES {
            return Err(FormatError::too_large(WHAT, "modules", MAX_MODULES).at_line(number));
        }
        list.modules.push(module);
    }
    match list.modules.is_empty() && !list.dropped.is_empty() {
        true => Err(list.dropped.nothing_usable(WHAT, "modules")),
        false => Ok(list),
    }
}

fn read(line: &str) -> Option<Module> {
    let mut fields = line.split_ascii_whitespace();
    let name = fields.next().filter(|name| is_name(name))?;
    fields.next()?.parse::<u64>().ok()?;
    // A kernel that can't unload modules prints "-"; one being unloaded has -1.
    let refcount = fields.next()?;
    (refcount == "-" || refcount.parse::<i64>().is_ok()).then_some(())?;
    let taints = match fields.nth(3) {
        Some(taints) => taints.strip_prefix('(')?.strip_suffix(')').filter(|letters| is_taints(letters))?,
        None => "",
    };
    fields.next().is_none().then(|| Module { name: name.into(), taints: taints.into() })
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

/// Letters; a sign says that the module is being loaded or unloaded.
fn is_taints(letters: &str) -> bool {
    (1..=32).contains(&letters.len())
        && letters.bytes().all(|byte| byte.is_ascii_uppercase() || b"+-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn names(text: &str) -> Vec<(String, String)> {
        let list = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?} {error}"));
        list.iter().map(|module| (module.name.to_string(), module.taints.to_string())).collect()
    }

    #[test]
    fn odd_but_valid_lists_are_read() {
        for (text, expected) in [
            ("", &[][..]),
            ("\n", &[]),
            ("Module                  Size  Used by\n", &[]),
            ("wlan 8192 0 - Live 0x0000000000000000 (O)\n", &[("wlan", "O")]),
            ("a_b 1 -1 x,y, Unloading 0x0 (OE-)", &[("a_b", "OE-")]),
            ("a 1 - - Live 0x0\r\nb 2 0 - Live 0x0\r\n", &[("a", ""), ("b", "")]),
            (
                "Module Size Used by\nzram 36864 1\nfips140 290816  0 \nx 1 2 y,z\n",
                &[("zram", ""), ("fips140", ""), ("x", "")],
            ),
            ("Module 16384 0 - Live 0x0\n", &[("Module", "")]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(n, t)| (n.to_string(), t.to_string())).collect();
            assert_eq!(names(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_with_lines_and_no_module_is_refused() {
        for (text, message) in [
            ("lsmod: not found\n", "module list, line 1: \"lsmod: not found\": expected name size refcount"),
            ("\na/b 1 0\n", "line 2: \"a/b 1 0\""),
            ("a 0x1 0 - Live 0x0\n", "line 1"),
            ("a 1 x - Live 0x0\n", "line 1"),
            ("a 1 0 - Live 0x0 O\n", "line 1"),
            ("a 1 0 - Live 0x0 (o)\n", "line 1"),
            ("a 1 0 - Live 0x0 (O) x\n", "line 1"),
            ("a 1\n", "line 1"),
            ("a 1 0\0", "binary"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{text:?} {error}");
        }
        let list = parse(b"a 1 0\nnoise\n").unwrap();
        assert_eq!((list.iter().len(), list.dropped().iter().next().unwrap().line), (1, 2));
    }

    #[test]
    fn caps_are_kept() {
        assert!(parse("a 1 0\n".repeat(MAX_MODULES + 1).as_bytes()).unwrap_err().is_too_large());
        assert!(parse(format!("{} 1 0", "a".repeat(MAX_NAME + 1)).as_bytes()).is_err());
        assert!(parse(&vec![b'\n'; MAX_TEXT + 1]).unwrap_err().is_too_large());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn what_the_kernel_prints_reads_back(modules in vec(("[a-z_0-9]{1,12}", "[OEFPX]{0,3}"), 0..9)) {
            let line = |(name, taints): &(String, String)| match taints.is_empty() {
                true => format!("{name} 4096 1 - Live 0x0\n"),
                false => format!("{name} 4096 1 - Live 0x0 ({taints})\n"),
            };
            let text: String = modules.iter().map(line).collect();
            prop_assert_eq!(names(&text), modules);
        }
    }
}
