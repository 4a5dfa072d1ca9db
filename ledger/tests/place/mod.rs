//! Where a test's ledger is.

use std::path::PathBuf;

/// A file that does not exist yet, in a folder of its own.
pub fn fresh(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("trust-ledger-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("ledger.db")
}
