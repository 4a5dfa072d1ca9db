//! Files of private keys, each of its owner's alone: PEM, PKCS#8 (RFC 5958), mode 600.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use trust_formats::{FormatError, pem};

/// The largest file of a key, in bytes.
pub(crate) const MAX_KEY: usize = 16 << 10;
/// What is expected of a file of a private key.
pub(crate) const PRIVATE: KeyError = KeyError::Kind("PRIVATE KEY (PKCS#8)");

/// Why a key can't be used or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or made.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// Others than its owner may use the file.
    #[error("{}: mode {mode:o}: expected a regular file of mode 600", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// No PEM.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// Another kind of key, or none.
    #[error("expected one PEM block {0} of a P-256 key")]
    Kind(&'static str),
    /// The system gave no randomness.
    #[error("the system gave no randomness")]
    Random,
}

/// What a file of its owner's alone holds.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, KeyError> {
    let failed = |error| KeyError::File { path: path.into(), error };
    // Before it is opened: a pipe would keep whoever opens it waiting.
    let look = |metadata: &fs::Metadata| match (metadata.is_file(), metadata.permissions().mode() & 0o7777) {
        (true, mode) if mode & 0o077 == 0 => Ok(()),
        (_, mode) => Err(KeyError::NotPrivate { path: path.into(), mode }),
    };
    look(&fs::symlink_metadata(path).map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    // And what was opened, which may be another file by now.
    look(&file.metadata().map_err(failed)?)?;
    let mut bytes = Vec::new();
    file.take(MAX_KEY as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The DER of the one private key of a PEM text.
pub(crate) fn private(bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    if bytes.len() > MAX_KEY {
        return Err(PRIVATE);
    }
    match <[pem::Block; 1]>::try_from(pem::blocks("key", bytes)?) {
        Ok([block]) if *block.label == *"PRIVATE KEY" => Ok(block.bytes),
        _ => Err(PRIVATE),
    }
}

/// Makes a file of mode 600 of a private key's DER; an error if there is one already. It is there whole or not at all.
pub(crate) fn create(path: &Path, der: &[u8]) -> Result<(), KeyError> {
    let text = armour("PRIVATE KEY", der);
    let mut name = path.as_os_str().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let new = PathBuf::from(name);
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error| KeyError::File { path, error }
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    let mut file = file.map_err(failed(&new))?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed(&new));
    // A link, not a renaming: a key that is there is never replaced.
    let linked = written.and_then(|()| fs::hard_link(&new, path).map_err(failed(path)));
    let removed = fs::remove_file(&new).map_err(failed(&new));
    linked.and(removed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
}

/// PEM (RFC 7468).
pub(crate) fn armour(label: &str, der: &[u8]) -> String {
    let base64 = data_encoding::BASE64.encode(der);
    let lines: Vec<String> =
        base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
