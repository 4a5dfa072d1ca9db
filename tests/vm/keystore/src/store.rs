//! The keys, in one file that is replaced whole: whoever is killed in the middle finds all of it as it was.

use crate::key::{Key, Name};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "keys.json";
const NEXT: &str = "keys.json.next";

#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    kept: Kept,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Ids were given out up to this one.
    last: i64,
    keys: Vec<Key>,
}

impl Store {
    /// Of a directory, which is made if it is not there.
    pub fn open(directory: &Path) -> io::Result<Store> {
        fs::create_dir_all(directory)?;
        let kept = match fs::read(directory.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept::default(),
            bytes => serde_json::from_slice(&bytes?)?,
        };
        Ok(Store { directory: directory.to_owned(), kept })
    }

    pub fn named(&self, name: &Name) -> Option<&Key> {
        self.kept.keys.iter().find(|key| key.name == *name)
    }

    pub fn numbered(&self, id: i64) -> Option<&Key> {
        self.kept.keys.iter().find(|key| key.id == id)
    }

    /// An id that no key has or had. It is used up with the key that is put there.
    pub fn fresh(&self) -> i64 {
        self.kept.last + 1
    }

    /// Keeps a key, in the place of what has its name.
    pub fn put(&mut self, key: Key) -> io::Result<()> {
        let mut next = self.kept.clone();
        next.last = next.last.max(key.id);
        next.keys.retain(|kept| kept.name != key.name);
        next.keys.push(key);
        self.replace(next)
    }

    pub fn remove(&mut self, id: i64) -> io::Result<()> {
        let mut next = self.kept.clone();
        next.keys.retain(|kept| kept.id != id);
        self.replace(next)
    }

    fn replace(&mut self, next: Kept) -> io::Result<()> {
        let path = self.directory.join(NEXT);
        let mut file = File::create(&path)?;
        file.write_all(&serde_json::to_vec_pretty(&next)?)?;
        file.sync_all()?;
        fs::rename(&path, self.directory.join(FILE))?;
        File::open(&self.directory)?.sync_all()?;
        self.kept = next;
        Ok(())
    }
}
