//! What goes to the person and to files: output, warnings, and why a command was refused.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use trust_evidence::LoadError;
use trustd::attestation::{HandedError, TrustError};
use trustd::import::ImportError;
use trustd::ota::OtaError;
use trustd::show::Colour;

/// Why a command was refused: a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A file of ours or of theirs that is not well-formed.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// A source that can't be read.
    #[error("{0}")]
    Import(#[from] ImportError),
    /// A file that can't be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// A Verified Boot image that can't be read.
    #[error("{0}")]
    Avb(#[from] trustd::avb::AvbError),
    /// An update package or its certificates that can't be read.
    #[error("{0}")]
    Ota(#[from] OtaError),
    /// This machine's root can't be opened.
    #[error("/: can't be opened: {0}")]
    Live(rustix::io::Errno),
    /// A challenge or a revocation list that can't be used.
    #[error("{0}")]
    Attestation(#[from] HandedError),
    /// A file of roots that can't be used.
    #[error("{0}: {1}")]
    Roots(PathBuf, TrustError),
    /// The daemon gave no answer.
    #[error("{0}")]
    Daemon(#[from] trustd::client::ClientError),
    /// The enrolment verifier gave no answer that can be used.
    #[cfg(not(target_os = "android"))]
    #[error("{0}")]
    Service(#[from] crate::enrol::ServiceError),
    /// A relying party's ledger that can't be used.
    #[error("{0}: {1}")]
    Ledger(PathBuf, trust_ledger::LedgerError),
    /// The system gave no random bytes.
    #[error("no challenge was made: the system gave no randomness")]
    Random,
    /// Anything else that the person wrote.
    #[error("{0}")]
    Usage(String),
}

/// A command's exit status, or why it was refused.
pub type Outcome = Result<u8, CommandError>;

/// Prints to standard output. A reader that went away (`| head`) is no error: the exit status still counts.
pub fn print(bytes: &[u8]) -> Outcome {
    printed(bytes).map(|_| 0)
}

/// Prints; whether anybody still reads.
pub fn printed(bytes: &[u8]) -> Result<bool, CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CommandError::Io("standard output".into(), error)),
    }
}

pub fn print_json(value: &serde_json::Value) -> Outcome {
    // JSON may escape any character, and a terminal may take some for commands.
    let mut text = String::new();
    for character in format!("{value:#}\n").chars() {
        match character {
            '\n' | ' '..='~' => text.push(character),
            character => {
                let mut units = [0; 2];
                character
                    .encode_utf16(&mut units)
                    .iter()
                    .for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
            }
        }
    }
    print(text.as_bytes())
}

pub fn warn(text: &str) {
    // Nothing is left to do if even this can't be written.
    let _ = writeln!(io::stderr(), "trustctl: {text}");
}

pub fn colour() -> Colour {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stdout().is_terminal() && !refused { Colour::On } else { Colour::Off }
}

/// Writes a file that only its owner can read, beside the old one and then over it, so that a failure never costs
/// an earlier capture. What is no regular file (a pipe, /dev/null) is written to as it is.
pub fn store(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    // Only a file that we made ourselves: never one, or a link, that somebody laid there.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Writes a file as [`store`] does, but never over one that is there; a file of the same bytes will do.
#[cfg(not(target_os = "android"))]
pub fn store_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.given", std::process::id()));
    let beside = PathBuf::from(beside);
    store(&beside, bytes)?;
    // A link is made where nothing is, or not at all.
    let linked = fs::hard_link(&beside, path);
    let removed = fs::remove_file(&beside);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let limit = u64::try_from(bytes.len()).unwrap_or(u64::MAX).saturating_add(1);
            let mut found = Vec::new();
            fs::File::open(path)?.take(limit).read_to_end(&mut found)?;
            if found == bytes { removed } else { Err(error) }
        }
        linked => linked.and(removed),
    }
}

/// Reads the first bytes of a file, or of standard input for `-`: those that may be there, and one more where there
/// are more, so that whoever parses them says that it is too large.
pub fn read_beginning(path: &Path, cap: usize) -> Result<Vec<u8>, CommandError> {
    let error = |error| CommandError::Io(path.into(), error);
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(error)?;
    } else {
        fs::File::open(path).map_err(error)?.take(limit).read_to_end(&mut bytes).map_err(error)?;
    }
    Ok(bytes)
}

/// Reads a file, or standard input for `-`, of at most so many bytes.
pub fn read_capped(path: &Path, cap: usize) -> Result<Vec<u8>, CommandError> {
    let bytes = read_beginning(path, cap)?;
    match bytes.len() > cap {
        true => Err(CommandError::Usage(format!(
            "{}: more than {cap} bytes: expected a smaller file",
            path.display()
        ))),
        false => Ok(bytes),
    }
}
