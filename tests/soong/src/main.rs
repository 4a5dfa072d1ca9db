//! `tree`: see its usage.

use std::path::Path;
use std::process::ExitCode;
use trust_tree::{aidl, cargo, vendored};

const USAGE: &str = "usage: tree aidl compare OLDER NEWER | tree aidl write FROM TO | tree aidl hash DIRECTORY VERSION_BEFORE | tree aidl compiler PROGRAM | tree vendored TREE";

/// Why there is no good answer.
enum Bad {
    /// What was looked for is not there: exit status 1.
    Found(String),
    /// It could not be looked for: exit status 2.
    Unasked(String),
}

impl From<String> for Bad {
    fn from(says: String) -> Bad {
        Bad::Unasked(says)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["aidl", "compare", older, newer] => compare(older, newer),
        ["aidl", "write", from, to] => write(from, to),
        ["aidl", "hash", directory, before] => aidl::hash(Path::new(directory), before)
            .map(|hash| println!("{hash}"))
            .map_err(|error| Bad::Unasked(error.to_string())),
        ["aidl", "compiler", program] => knows(program),
        ["vendored", tree] => lacks(tree),
        _ => Err(Bad::Unasked(USAGE.into())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(bad) => {
            use std::io::Write;
            let (says, status) = match bad {
                Bad::Found(says) => (says, 1),
                Bad::Unasked(says) => (says, 2),
            };
            // Nobody to tell where this fails.
            let _told = writeln!(std::io::stderr(), "tree: {says}");
            ExitCode::from(status)
        }
    }
}

fn compare(older: &str, newer: &str) -> Result<(), Bad> {
    let read = |path: &str| aidl::read(Path::new(path)).map_err(|error| error.to_string());
    let found = aidl::compare(&read(older)?, &read(newer)?, aidl::Level::Compatible);
    let lines: Vec<String> = found.iter().map(|one| format!("\n{one}")).collect();
    if lines.is_empty() {
        println!("{newer} breaks nobody who was built with {older}");
        return Ok(());
    }
    Err(Bad::Found(format!("{newer} breaks {older}:{}", lines.concat())))
}

fn write(from: &str, to: &str) -> Result<(), Bad> {
    let api = aidl::read(Path::new(from)).map_err(|error| error.to_string())?;
    for declared in api.values() {
        let path = Path::new(to).join(&declared.file);
        let above = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        above
            .and_then(|()| std::fs::write(&path, aidl::dump(declared)))
            .map_err(|error| format!("{}: can't be written: {error}", path.display()))?;
    }
    Ok(())
}

fn knows(program: &str) -> Result<(), Bad> {
    let scratch = std::env::temp_dir().join(format!("trust-aidl-{}", std::process::id()));
    let knows = aidl::Compiler::at(program).knows_enums(&scratch);
    // What stays is two small files.
    let _removed = std::fs::remove_dir_all(&scratch);
    knows.map_err(Bad::Found)?;
    println!("{program} knows enough");
    Ok(())
}

fn lacks(tree: &str) -> Result<(), Bad> {
    let root = std::env::current_dir().map_err(|error| format!("the folder that this runs in: {error}"))?;
    let packages = cargo::packages(&root, "Cargo.toml")?;
    let lines = vendored::check(Path::new(tree), &vendored::graph(&root)?, &packages)?;
    let lines: Vec<String> = lines.iter().map(|line| format!("\n{line}")).collect();
    if lines.is_empty() {
        println!("{tree} lacks nothing that was looked for");
        return Ok(());
    }
    let todo = "a crate is put into external/rust with an Android.bp of its own (the tree's cargo_embargo writes one); a \
                feature is added to the module's; of the platform, docs/android.md says what the tree has to be";
    Err(Bad::Found(format!("{tree} lacks:{}\n{} lacking: {todo}", lines.concat(), lines.len())))
}
