//! Root directories on disk.

use super::Files;
use std::fs;
use std::path::Path;

/// Every file below a directory, by its path from there.
pub fn read(directory: &Path) -> Files {
    let mut files = Files::new();
    gather(directory, "", &mut files);
    files
}

fn gather(directory: &Path, prefix: &str, files: &mut Files) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            gather(&path, &format!("{name}/"), files);
        } else {
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            files.insert(name, bytes);
        }
    }
}

/// Makes a directory hold these files and nothing else.
pub fn write(directory: &Path, files: &Files) {
    let io = |path: &Path, result: std::io::Result<()>| {
        result.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    };
    if directory.exists() {
        io(directory, fs::remove_dir_all(directory));
    }
    for (name, bytes) in files {
        let path = directory.join(name);
        io(&path, path.parent().map_or(Ok(()), fs::create_dir_all));
        io(&path, fs::write(&path, bytes));
    }
}
