//! The project as links, in which a file can be another.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

pub struct Copied(PathBuf);

impl Copied {
    pub fn of(root: &Path, name: &str) -> Copied {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("copied-{name}"));
        let _none = fs::remove_dir_all(&place);
        let copy = Copied(place);
        links(root, &copy.0);
        copy
    }

    pub fn root(&self) -> &Path {
        &self.0
    }

    /// Puts another text in the place of the first that stands in the file.
    pub fn change(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.0.join(file)).unwrap();
        assert!(text.contains(from), "{file}: {from:?} is not there");
        self.write(file, &text.replacen(from, to, 1));
    }

    /// Writes a file; the folders above it become real ones.
    pub fn write(&self, file: &str, text: &str) {
        let mut folder = self.0.clone();
        for part in Path::new(file).parent().unwrap() {
            folder.push(part);
            if let Ok(linked) = fs::read_link(&folder) {
                fs::remove_file(&folder).unwrap();
                links(&linked, &folder);
            }
        }
        let path = self.0.join(file);
        let _none = fs::remove_file(&path);
        fs::write(&path, text).unwrap();
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

fn links(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap().flatten() {
        // The version control's own and what Cargo builds are no part of it.
        let name = entry.file_name();
        if name == "Cargo.lock" {
            // Cargo may write to it.
            fs::copy(entry.path(), to.join(name)).unwrap();
        } else if ![".git", "target"].iter().any(|left| name == *left) {
            symlink(entry.path(), to.join(name)).unwrap();
        }
    }
}
