//! AIDL, as far as `com.enigm.trust` is written in it: read strictly, written out as the Android tree keeps frozen
//! versions, hashed as it hashes them, and compared.

mod compare;
mod dump;
mod hash;
mod older;
mod read;
mod rust;
mod words;

pub use compare::{Difference, Level, compare};
pub use dump::dump;
pub use hash::{NEVER_FROZEN, hash};
pub use older::{Answer, Compiler, simplified};
pub use rust::bindings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why something can't be read: where, what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {says}", if *line == 0 { String::new() } else { format!(":{line}") })]
pub struct AidlError {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 where it is the file as a whole.
    pub line: usize,
    /// What was found, and what was expected.
    pub says: String,
}

/// The types of a directory, by their full names.
pub type Api = BTreeMap<String, Declared>;

/// One type.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The file, below the directory that was read.
    pub file: String,
    /// The line of its name.
    pub line: usize,
    /// Its package.
    pub package: String,
    /// Its name in its package.
    pub name: String,
    /// As they are written, `@Backing(type="int")`.
    pub annotations: Vec<String>,
    /// Its constants, with their values as defaults.
    pub constants: Vec<Field>,
    /// What it is.
    pub kind: Kind,
}

/// What a type is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Its methods; their place in here, from 0, is what their transaction codes are made of.
    Interface(Vec<Method>),
    /// Its fields, in the order in which they are sent.
    Parcelable(Vec<Field>),
    /// The same, one of them at a time.
    Union(Vec<Field>),
    /// Its names and their numbers.
    Enum(Vec<Enumerator>),
}

impl Kind {
    /// The keyword.
    pub fn keyword(&self) -> &'static str {
        match self {
            Kind::Interface(_) => "interface",
            Kind::Parcelable(_) => "parcelable",
            Kind::Union(_) => "union",
            Kind::Enum(_) => "enum",
        }
    }
}

/// One method.
#[derive(Clone, Debug)]
pub struct Method {
    /// Where it stands.
    pub line: usize,
    /// Whether nobody waits for it, by its own word or its interface's.
    pub oneway: bool,
    /// What it gives.
    pub gives: Type,
    /// Its name.
    pub name: String,
    /// What it takes.
    pub takes: Vec<Argument>,
    /// The number behind it, if one is written.
    pub number: Option<i64>,
}

impl Method {
    /// The name and the types of what it takes: what a client names.
    pub fn signature(&self) -> String {
        let takes: Vec<&str> = self.takes.iter().map(|argument| argument.of.name.as_str()).collect();
        format!("{}({})", self.name, takes.join(", "))
    }
}

/// What a method takes.
#[derive(Clone, Debug)]
pub struct Argument {
    /// `in`, `out`, `inout`, or nothing.
    pub direction: String,
    /// Its type.
    pub of: Type,
    /// Its name.
    pub name: String,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where it stands.
    pub line: usize,
    /// Its type.
    pub of: Type,
    /// Its name.
    pub name: String,
    /// What it is where nobody says.
    pub default: Option<String>,
}

/// One name of an enum.
#[derive(Clone, Debug)]
pub struct Enumerator {
    /// Where it stands.
    pub line: usize,
    /// The name.
    pub name: String,
    /// Its number.
    pub value: i64,
}

/// A type where it is used: with its full name, its brackets and its annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// As they are written.
    pub annotations: Vec<String>,
    /// `int`, `byte[32]`, `com.enigm.trust.GateId[]`.
    pub name: String,
}

/// Reads every .aidl file below a directory. A type's name gets its package; what is neither AIDL's own, nor in the
/// directory, nor imported is an error.
///
/// # Errors
/// What can't be read or is not of the part of AIDL that is known here.
pub fn read(directory: &Path) -> Result<Api, AidlError> {
    let mut files = Vec::new();
    find(directory, directory, &mut files)?;
    files.sort();
    if files.is_empty() {
        return Err(whole(directory, "no .aidl file below it: expected those of an interface".into()));
    }
    let mut texts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(directory.join(&file))
            .map_err(|error| whole(&directory.join(&file), format!("can't be read: {error}")))?;
        texts.push((file.to_string_lossy().into_owned(), text));
    }
    read_texts(&texts)
}

/// The same of texts, each with the name of its file.
///
/// # Errors
/// As [`read()`].
pub fn read_texts(texts: &[(String, String)]) -> Result<Api, AidlError> {
    read::all(texts)
}

fn whole(path: &Path, says: String) -> AidlError {
    AidlError { file: path.display().to_string(), line: 0, says }
}

fn find(root: &Path, directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), AidlError> {
    let unread = |error: std::io::Error| whole(directory, format!("can't be read: {error}"));
    for entry in std::fs::read_dir(directory).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.is_dir() && path.ends_with("aidl_api") {
            // Frozen versions of what is read.
            continue;
        } else if path.is_dir() {
            find(root, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "aidl") {
            found.extend(path.strip_prefix(root).map(Path::to_owned));
        }
    }
    Ok(())
}
