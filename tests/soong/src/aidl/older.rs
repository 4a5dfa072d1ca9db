//! Compilers that are older than the files. Debian's `aidl` is Android 10's: it knows no enums, no unions, no arrays of
//! a length and no stability, and ends in a segmentation fault where it meets their annotations.

use super::{Api, Declared, Kind, Type, dump};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program `aidl`.
#[derive(Clone, Debug)]
pub struct Compiler(PathBuf);

/// What it made of two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The newer can stand in the older's place.
    Compatible,
    /// It can't, in its words.
    Incompatible(String),
}

impl Compiler {
    /// This program.
    pub fn at(program: impl Into<PathBuf>) -> Compiler {
        Compiler(program.into())
    }

    /// Whether it can be run.
    pub fn is_there(&self) -> bool {
        Command::new(&self.0).arg("--version").output().is_ok()
    }

    /// Whether it knows what these files are written in. It is shown an enum, in a directory of the caller's.
    ///
    /// # Errors
    /// In words: that it is older, how that showed, what to do.
    pub fn knows_enums(&self, scratch: &Path) -> Result<(), String> {
        let (from, to) = (scratch.join("asked"), scratch.join("answered"));
        let written = std::fs::create_dir_all(&from).and_then(|()| {
            std::fs::write(from.join("E.aidl"), "@Backing(type=\"int\")\nenum E { A = 1, }\n")
        });
        written.map_err(|error| format!("{}: can't be written: {error}", from.display()))?;
        let mut command = Command::new(&self.0);
        command
            .arg("--dumpapi")
            .arg("--structured")
            .arg("-I")
            .arg(&from)
            .arg("-o")
            .arg(&to)
            .arg(from.join("E.aidl"));
        let output =
            command.output().map_err(|error| format!("{}: can't be run: {error}", self.0.display()))?;
        if output.status.success() && std::fs::read_dir(&to).is_ok_and(|mut found| found.next().is_some()) {
            return Ok(());
        }
        if output.status.success() {
            let program = self.0.display();
            return Err(format!(
                "{program}: it wrote nothing: expected an AIDL compiler, such as system/tools/aidl"
            ));
        }
        let says = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "{}: it is older than Android 11, and does not know enums ({}; {}): expected the tree's own, system/tools/aidl. \
             Methods and parcelables alone are compared by it",
            self.0.display(),
            output.status,
            says.lines().next().unwrap_or("it said nothing"),
        ))
    }

    /// Compares two directories.
    ///
    /// # Errors
    /// That it did not get as far as an answer.
    pub fn check(&self, older: &Path, newer: &Path) -> Result<Answer, String> {
        let output =
            Command::new(&self.0).arg("--checkapi").arg("--structured").arg(older).arg(newer).output();
        let output = output.map_err(|error| format!("{}: can't be run: {error}", self.0.display()))?;
        let says = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.code() {
            Some(0) => Ok(Answer::Compatible),
            Some(1) => Ok(Answer::Incompatible(says)),
            _ => Err(format!("{}: {}: {says}", self.0.display(), output.status)),
        }
    }
}

/// Writes an interface in what Android 10's compiler knows, below a directory: enums are their backing type, arrays have
/// no length. What that leaves out it can't compare.
///
/// # Errors
/// A file that can't be written.
pub fn simplified(api: &Api, directory: &Path) -> std::io::Result<()> {
    let enums: Vec<&String> = api
        .iter()
        .filter(|(_, declared)| matches!(declared.kind, Kind::Enum(_)))
        .map(|(name, _)| name)
        .collect();
    let simple = |of: &mut Type| {
        let bare = of.name.split('[').next().unwrap_or_default().to_owned();
        let brackets = "[]".repeat(of.name.matches('[').count());
        let is_enum = enums.iter().any(|name| **name == bare);
        of.name = format!("{}{brackets}", if is_enum { "int" } else { &bare });
    };
    for declared in api.values() {
        let mut declared: Declared = declared.clone();
        declared.annotations.clear();
        match &mut declared.kind {
            Kind::Interface(methods) => methods.iter_mut().for_each(|method| {
                simple(&mut method.gives);
                method.takes.iter_mut().for_each(|argument| simple(&mut argument.of));
            }),
            Kind::Parcelable(fields) => fields.iter_mut().for_each(|field| {
                simple(&mut field.of);
                field.default = None;
            }),
            Kind::Enum(_) | Kind::Union(_) => continue,
        }
        let path = directory.join(&declared.file);
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above)?;
        }
        std::fs::write(path, dump(&declared))?;
    }
    Ok(())
}
