//! Reads and verifies an update package.
//!
//! [`inspect`] takes a few ranges of the file, however large it is, and vouches for nothing; [`verify()`] takes all of
//! it into memory, because the signature of a file is that of its bytes as one message.

mod source;
mod verify;

use source::Source;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use trust_evidence::LoadError;
use trust_formats::FormatError;
use trust_formats::ota::metadata::{MESSAGE_ENTRY, Metadata, TEXT_ENTRY, parse_message, parse_text};
use trust_formats::ota::package::{self, Claim};
use trust_formats::ota::payload::{self, HEADER, Header};
use trust_formats::ota::payload_properties::{self as properties, PropertiesFile};
use trust_formats::ota::{Listed, Refusal, metadata};
pub use verify::{Verified, VerifyError, keyring, verify};

/// The payload of a package for update_engine.
pub const PAYLOAD: &str = "payload.bin";
const PROPERTIES: &str = "payload_properties.txt";
/// How much room an entry's name, or its padding, may take.
const ENTRY_HEADER: u64 = 64 << 10;

/// Why a package can't be read.
#[derive(Debug, thiserror::Error)]
pub enum OtaError {
    /// The file system's word.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// No zip archive: what it is instead.
    #[error("{0}: not a zip archive: {1}: expected an update package")]
    NoArchive(PathBuf, String),
    /// A package that can't be read, or certificates that are none.
    #[error("{0}: {1}")]
    Format(PathBuf, FormatError),
    /// A file of ours that is not well-formed.
    #[error("{0}")]
    Load(#[from] LoadError),
}

/// A part of a package: absent, or not well-formed.
pub type Part<T> = Result<Option<T>, FormatError>;

/// What a package says of itself. Nothing of it is verified, unless it comes with [`Verified`].
#[derive(Debug)]
pub struct Inspection {
    /// The package's size in bytes.
    pub size: u64,
    /// How many entries it has.
    pub entries: usize,
    /// What its signature block says, or why there is none.
    pub signature: Result<Claim, Refusal>,
    /// What it says of the build. Where both forms are there, they agree, or this is an error.
    pub metadata: Part<Metadata>,
    /// What it says of its payload.
    pub properties: Part<PropertiesFile>,
    /// What the payload says of itself.
    pub payload: Part<payload::Metadata>,
    /// What contradicts itself among these.
    pub contradictions: Vec<String>,
    /// Where the payload lies in the package.
    payload_at: Option<Range<u64>>,
}

/// Looks at a package without reading it all.
pub fn inspect(path: &Path) -> Result<Inspection, OtaError> {
    let file = File::open(path).map_err(|error| OtaError::Io(path.into(), error))?;
    look(path, &file)
}

fn look(path: &Path, source: &impl Source) -> Result<Inspection, OtaError> {
    let io = |error| OtaError::Io(path.into(), error);
    let format = |error| OtaError::Format(path.into(), error);
    let size = source.size().map_err(io)?;
    let tail = size.saturating_sub(package::MAX_TAIL as u64)..size;
    let ending = match package::ending(&source.read(tail).map_err(io)?, size) {
        Ok(ending) => ending,
        Err(error) => {
            let head = source.read(0..size.min(4)).map_err(io)?;
            return Err(no_archive(path, &head).unwrap_or_else(|| format(error)));
        }
    };
    let directory = source.read(ending.directory.range()).map_err(io)?;
    let listing = ending.directory.read(&directory).map_err(format)?;
    let part = |name: &str, cap: usize| -> io::Result<Part<Vec<u8>>> {
        let Some(entry) = listing.entry(name) else { return Ok(Ok(None)) };
        // What is no larger than its cap can't take more room than that, but for its header.
        let range = entry.extent().start
            ..entry.extent().end.min(entry.extent().start + ENTRY_HEADER + 2 * cap as u64);
        Ok(entry.contents(&source.read(range)?, cap).map(Some))
    };
    let text = part(TEXT_ENTRY, metadata::MAX_BYTES).map_err(io)?;
    let message = part(MESSAGE_ENTRY, metadata::MAX_BYTES).map_err(io)?;
    let properties = part(PROPERTIES, properties::MAX_BYTES).map_err(io)?;
    let properties = properties.and_then(|bytes| bytes.map(|bytes| properties::parse(&bytes)).transpose());
    let (payload, payload_at) = match listing.entry(PAYLOAD) {
        Some(entry) => payload_head(source, entry).map_err(io)?,
        None => (Ok(None), None),
    };
    let contradictions = match (&properties, &payload) {
        (Ok(Some(said)), Ok(Some(found))) => contradictions(said, found, listing.entry(PAYLOAD)),
        _ => Vec::new(),
    };
    Ok(Inspection {
        size,
        entries: listing.iter().len(),
        signature: ending.signature,
        metadata: both(text, message),
        properties,
        payload,
        contradictions,
        payload_at,
    })
}

/// What a file is that has no directory of an archive at its end; none if it begins as an archive does.
fn no_archive(path: &Path, bytes: &[u8]) -> Option<OtaError> {
    let (head, _) = bytes.split_at(bytes.len().min(4));
    let found = match head {
        [b'P', b'K', ..] => return None,
        [] => "an empty file".into(),
        b"CrAU" => "a payload without its package".into(),
        _ => format!("a file that begins with \"{}\"", head.escape_ascii()),
    };
    Some(OtaError::NoArchive(path.into(), found))
}

/// The metadata of a package, from the lines, the message or both.
fn both(text: Part<Vec<u8>>, message: Part<Vec<u8>>) -> Part<Metadata> {
    let text = text?.map(|bytes| parse_text(&bytes)).transpose()?;
    let message = message?.map(|bytes| parse_message(&bytes)).transpose()?;
    if let (Some(text), Some(message)) = (&text, &message) {
        text.agrees_with(message)?;
    }
    Ok(message.or(text))
}

/// What the payload begins with, and where it lies.
fn payload_head(
    source: &impl Source,
    entry: &Listed,
) -> io::Result<(Part<payload::Metadata>, Option<Range<u64>>)> {
    let extent = entry.extent();
    let head = source.read(extent.start..extent.end.min(extent.start + 3 * ENTRY_HEADER))?;
    let start = match entry.stored_at(&head) {
        Ok(at) => extent.start + at,
        Err(error) => return Ok((Err(error), None)),
    };
    // No more than the entry has: a header may say anything.
    let part = |length: u64| source.read(start..start + length.min(entry.size()));
    let metadata = match Header::read(&part(HEADER as u64)?) {
        Ok(header) => payload::Metadata::read(&part(header.metadata_size())?).map(Some),
        Err(error) => Err(error),
    };
    Ok((metadata, Some(start..start + entry.size())))
}

fn contradictions(said: &PropertiesFile, found: &payload::Metadata, entry: Option<&Listed>) -> Vec<String> {
    let said = &said.properties;
    let size = entry.map_or(0, Listed::size);
    let pairs = [
        ("METADATA_HASH", said.metadata_hash == found.hash),
        ("METADATA_SIZE", said.metadata_size == found.header.metadata_size()),
        ("FILE_SIZE", said.file_size == size),
    ];
    let differing = pairs.into_iter().filter(|(_, same)| !same);
    differing.map(|(key, _)| format!("{key} of {PROPERTIES}: expected that of {PAYLOAD}")).collect()
}
