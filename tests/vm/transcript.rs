//! What the machine says: README.md has the form.

use std::collections::BTreeSet;
use std::fmt;

/// One run of the machine.
#[derive(Debug, Default)]
pub struct Transcript {
    /// What ran, in the order in which it ended.
    pub ran: Vec<Ran>,
    /// What SELinux refused.
    pub denials: BTreeSet<Denial>,
    /// Other words of the kernel's that were worth a line, texts awaited in vain, a machine that broke.
    pub troubles: Vec<String>,
    /// Whether the last step was reached.
    pub is_done: bool,
}

/// A program that ended.
#[derive(Debug, Default)]
pub struct Ran {
    pub name: String,
    /// Its exit code; 128 and a signal's number where that ended it.
    pub code: i32,
    /// What it said on both streams.
    pub said: String,
}

/// A permission that was refused, by the types in the two contexts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    pub source: String,
    pub target: String,
    pub class: String,
    pub permission: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}:{} {}", self.source, self.target, self.class, self.permission)
    }
}

impl Transcript {
    pub fn parse(text: &str) -> Self {
        let mut transcript = Self::default();
        let mut said = String::new();
        for line in text.lines() {
            // What a program said stands before the line that says how it ended.
            if let Some(line) = line.strip_prefix("   ") {
                said.push_str(line);
                said.push('\n');
                continue;
            }
            let words: Vec<&str> = line.strip_prefix("== ").unwrap_or_default().split(' ').collect();
            match *words.as_slice() {
                ["enforcing" | "start" | "step", ..] => {}
                ["exit", name, code] => transcript.ran.push(Ran {
                    name: name.to_owned(),
                    code: code.parse().unwrap(),
                    said: std::mem::take(&mut said),
                }),
                ["done"] => transcript.is_done = true,
                ["kernel", ..] if line.contains("avc:  denied") => transcript.denials.extend(denials(line)),
                _ => transcript.troubles.push(line.to_owned()),
            }
        }
        transcript
    }

    pub fn ran(&self, name: &str) -> &Ran {
        self.ran.iter().find(|ran| ran.name == name).unwrap_or_else(|| panic!("{name} did not end"))
    }
}

/// `avc:  denied  { call transfer } for  pid=… scontext=u:r:a:s0 tcontext=u:r:b:s0 tclass=binder permissive=0`
fn denials(line: &str) -> Vec<Denial> {
    let (_, rest) = line.split_once('{').unwrap();
    let (permissions, rest) = rest.split_once('}').unwrap();
    let field = |name: &str| rest.split(' ').find_map(|word| word.strip_prefix(name)).unwrap();
    let type_of = |context: &str| context.split(':').nth(2).unwrap().to_owned();
    permissions
        .split_whitespace()
        .map(|permission| Denial {
            source: type_of(field("scontext=")),
            target: type_of(field("tcontext=")),
            class: field("tclass=").to_owned(),
            permission: permission.to_owned(),
        })
        .collect()
}
