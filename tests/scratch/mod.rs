//! Small devices in a directory that goes away with the test.

#![allow(dead_code)] // not every test file that shares this module asks for all of it

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use trust_evidence::{Catalogue, Evidence, Outcome, SourceInfo, SourceKind};
use trustd::collect::{Collected, Deadlines, collect};
use trustd::root::Directory;

pub const QUICK: Deadlines = Deadlines { each: Duration::from_millis(300), total: Duration::from_secs(5) };

pub fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue::built_in().unwrap())
}

pub fn outcome<'a>(catalogue: &Catalogue, evidence: &'a Evidence, id: &str) -> &'a Outcome {
    &evidence.get(catalogue.find(id).unwrap()).unwrap().outcome
}

/// A directory that goes away with the test.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("trustd-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn collect(&self, catalogue: &Arc<Catalogue>) -> Collected {
        let root = Box::new(Directory::open(&self.0).unwrap());
        collect(root, catalogue, SourceInfo::new(SourceKind::Root), QUICK)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
