//! The files of a crate as the compiler finds them from its root, and the crates that they name.

use std::path::{Path, PathBuf};

/// For whom a crate is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// A device, by Soong.
    Device,
    /// Its unit tests, by Soong.
    Tests,
}

/// One file, without what is left out of this build.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// Its lines; those that are left out are empty.
    pub text: String,
}

/// The files of the crate whose root this is.
///
/// # Errors
/// In words: a file that is not there or can't be read.
pub fn sources(root: &Path, of: For) -> Result<Vec<Source>, String> {
    let mut found = Vec::new();
    let mut asked = vec![(root.to_owned(), true)];
    while let Some((path, is_root)) = asked.pop() {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let text = kept(&text, of);
        let folder = path.parent().unwrap_or(Path::new(""));
        let own = match path.file_stem() {
            Some(stem) if !is_root && stem != "mod" => folder.join(stem),
            _ => folder.to_owned(),
        };
        let mut place = None;
        for line in text.lines().map(str::trim) {
            if let Some(path) = line.strip_prefix("#[path = \"").and_then(|line| line.strip_suffix("\"]")) {
                place = Some(folder.join(path));
            } else if let Some(name) = module(line) {
                let flat = own.join(format!("{name}.rs"));
                let deep = own.join(name).join("mod.rs");
                let next = place.take().unwrap_or(if deep.is_file() { deep } else { flat });
                asked.push((next, false));
            }
        }
        found.push(Source { path, text });
    }
    Ok(found)
}

/// `mod x;`, however visible.
fn module(line: &str) -> Option<&str> {
    let rest = ["pub(crate) ", "pub(super) ", "pub "]
        .iter()
        .find_map(|word| line.strip_prefix(word))
        .unwrap_or(line);
    rest.strip_prefix("mod ")?.strip_suffix(';')
}

/// A file without its comments and without the items and statements whose conditions don't hold.
fn kept(text: &str, of: For) -> String {
    let mut kept = String::new();
    let mut leaving: Option<Left> = None;
    for line in text.lines() {
        let code = if line.trim_start().starts_with("//") { "" } else { line };
        let condition = code.trim().strip_prefix("#[cfg(").and_then(|code| code.strip_suffix(")]"));
        match (&mut leaving, condition) {
            (None, Some(condition)) if !holds(condition, of) => leaving = Some(Left::default()),
            (Some(left), _) => {
                if left.ends_with(code) {
                    leaving = None;
                }
            }
            (None, _) => kept.push_str(code),
        }
        kept.push('\n');
    }
    kept
}

/// An item that is left out, up to the end of its braces or its semicolon.
#[derive(Default)]
struct Left {
    depth: i64,
}

impl Left {
    fn ends_with(&mut self, line: &str) -> bool {
        if line.trim().starts_with("#[") || line.trim().is_empty() {
            return false;
        }
        let opened = line.matches(['{', '(', '[']).count();
        let closed = line.matches(['}', ')', ']']).count();
        self.depth += i64::try_from(opened).unwrap_or(0) - i64::try_from(closed).unwrap_or(0);
        self.depth <= 0 && line.trim_end().ends_with(['}', ';', ','])
    }
}

/// Whether a condition holds. What is not known holds: better a file too many than one too few.
fn holds(condition: &str, of: For) -> bool {
    let inner = |word: &str| condition.strip_prefix(word)?.strip_prefix('(')?.strip_suffix(')');
    let parts = |inner: &str| -> Vec<String> { split(inner) };
    if let Some(inner) = inner("not") {
        return !holds(inner, of);
    }
    if let Some(inner) = inner("all") {
        return parts(inner).iter().all(|part| holds(part, of));
    }
    if let Some(inner) = inner("any") {
        return parts(inner).iter().any(|part| holds(part, of));
    }
    match condition {
        "soong" | r#"target_os = "android""# | r#"feature = "ring""# => true,
        "test" => of == For::Tests,
        r#"target_os = "linux""# | r#"feature = "p256""# | "debug_assertions" => false,
        _ => true,
    }
}

/// At the commas outside parentheses.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        match parts.last_mut() {
            Some(_) if c == ',' && depth == 0 => parts.push(String::new()),
            Some(last) => last.push(c),
            None => {}
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// Whether the files name this crate: `name::`, `use name;`, `use name as`.
pub fn name(sources: &[Source], name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "_:.".contains(c);
    sources.iter().any(|source| {
        source.text.match_indices(name).any(|(at, _)| {
            let (before, rest) =
                (source.text.get(..at).unwrap_or_default(), source.text.get(at..).unwrap_or_default());
            let behind = rest.get(name.len()..).unwrap_or_default();
            let starts = before.chars().next_back().is_none_or(|c| !is_part(c));
            let is_use = before.ends_with("use ") && (behind.starts_with(';') || behind.starts_with(" as "));
            starts && (behind.starts_with("::") || is_use)
        })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may
mod tests {
    use super::{For, Source, holds, kept, name};

    #[test]
    fn a_condition_holds_as_soong_compiles_for_a_device() {
        let device = [
            ("soong", true),
            ("not(soong)", false),
            ("test", false),
            ("all(test, not(soong))", false),
            (r#"target_os = "android""#, true),
            (r#"not(target_os = "android")"#, false),
            (r#"target_os = "linux""#, false),
            (r#"any(debug_assertions, not(target_os = "android"))"#, false),
            (r#"any(target_os = "linux", target_os = "android")"#, true),
            (r#"feature = "p256""#, false),
            (r#"target_arch = "x86_64""#, true),
        ];
        for (condition, is) in device {
            assert_eq!(holds(condition, For::Device), is, "{condition}");
        }
        assert!(holds("test", For::Tests));
    }

    #[test]
    fn what_does_not_hold_is_left_out_and_nothing_else() {
        let text = "use a::A;\n#[cfg(not(soong))]\nuse b::B;\n#[cfg(test)]\nmod tests {\n    use c::C;\n}\n// d::D\nuse e::E;\n";
        let text = kept(text, For::Device);
        let sources = [Source { path: "x.rs".into(), text }];
        let named: Vec<&str> =
            ["a", "b", "c", "d", "e"].into_iter().filter(|of| name(&sources, of)).collect();
        assert_eq!(named, ["a", "e"]);
        assert_eq!(sources.first().unwrap().text.lines().count(), 9);
    }

    #[test]
    fn a_crate_is_named_by_its_whole_name() {
        let of = |text: &str| [Source { path: "x.rs".into(), text: text.into() }];
        assert!(name(&of("ring::digest()"), "ring"));
        assert!(name(&of("use ring;"), "ring") && name(&of("use ring as r;"), "ring"));
        assert!(name(&of("<serde::de::Error>"), "serde"));
        assert!(!name(&of("use crate::ring::Ring;"), "ring"));
        assert!(!name(&of("string::new(); let ring = 1;"), "ring"));
    }
}
