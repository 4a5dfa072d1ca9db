//! Where a target that opens files has them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

static NTH: AtomicU64 = AtomicU64::new(0);

/// A folder of its own, in memory where the system has such a place; gone when it is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        let folder = root.join(format!("trust-fuzz-{}-{nth}", std::process::id()));
        // A process of this number may have been here before.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
