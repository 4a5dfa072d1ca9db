//! The hash of a frozen version: what `getInterfaceHash` answers.

use super::{AidlError, find, whole};
use sha1::{Digest, Sha1};
use std::fmt::Write;
use std::path::Path;

/// What stands in the place of the version before, where there was none (`versionForHashGen` in
/// `system/tools/aidl/build/aidl_api.go`).
pub const NEVER_FROZEN: &str = "latest-version";

/// SHA-1, in hex, of the lines that `sha1sum` gives of the .aidl files by `./path` in the order of their bytes, and of
/// one more line: the version before, or [`NEVER_FROZEN`] (`system/tools/aidl/build/hash_gen.sh`).
///
/// # Errors
/// A file that can't be read.
pub fn hash(directory: &Path, version_before: &str) -> Result<String, AidlError> {
    let mut files = Vec::new();
    find(directory, directory, &mut files)?;
    let mut files: Vec<String> = files.iter().map(|file| format!("./{}", file.display())).collect();
    files.sort();
    let mut lines = String::new();
    for file in files {
        let path = directory.join(&file);
        let bytes = std::fs::read(&path).map_err(|error| whole(&path, format!("can't be read: {error}")))?;
        lines.push_str(&format!("{}  {file}\n", hex(&Sha1::digest(&bytes))));
    }
    lines.push_str(&format!("{version_before}\n"));
    Ok(hex(&Sha1::digest(lines.as_bytes())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
