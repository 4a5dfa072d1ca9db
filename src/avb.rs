//! Verified Boot images as a person hands them over: read from files, and judged without a device.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};
use trust_formats::FormatError;
use trust_formats::avb::{
    Algorithm, Chain, ChainError, Descriptor, Digest, FOOTER_SIZE, Footer, MAGIC, Named, Place, Vbmeta,
    Verified, test_key,
};
use trust_formats::digest::sha256;
use trust_formats::signature::SignatureVerifier;

/// The largest image that is read from a pipe, in bytes. Of a file only the metadata is read, however large it is.
pub const MAX_PIPE: u64 = 256 << 20;

/// A file that holds a vbmeta image.
#[derive(Debug)]
pub struct Image {
    /// What the person called it.
    pub path: PathBuf,
    /// The partition that it is of, without A/B suffix.
    pub partition: String,
    /// The file's size, in bytes.
    pub size: u64,
    /// The footer, where one says where the vbmeta image lies.
    pub footer: Option<Footer>,
    bytes: Vec<u8>,
}

const HINT: &str = " (a vbmeta image begins with it; a partition image ends in a footer, AVBf)";

/// Why an image can't be read.
#[derive(Debug, thiserror::Error)]
pub enum AvbError {
    /// It can't be opened or read.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// It is a directory, a device or a socket.
    #[error("{0}: expected a file or a pipe")]
    NoFile(PathBuf),
    /// A pipe that does not end.
    #[error("{0}: expected at most {MAX_PIPE} bytes from a pipe")]
    TooLarge(PathBuf),
    /// It holds no vbmeta image: neither it nor a footer says that there is one.
    #[error("{0}: {1}{hint}", hint = if .1.is_unsupported() { "" } else { HINT })]
    NoVbmeta(PathBuf, FormatError),
    /// Its footer, or the vbmeta image that it holds, is not well-formed.
    #[error("{0}: {1}")]
    Malformed(PathBuf, FormatError),
}

impl Image {
    /// Opens `NAME=FILE`, or a `FILE` whose partition is its name without extension and A/B suffix; `-` is standard
    /// input.
    pub fn open(argument: &Path) -> Result<Image, AvbError> {
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        let named = argument.to_str().and_then(|text| text.split_once('=')).filter(|(name, _)| is_name(name));
        let (partition, path) = match named {
            Some((name, path)) => (name.to_string(), PathBuf::from(path)),
            None => {
                let stem = argument.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
                let name = stem.strip_suffix("_a").or_else(|| stem.strip_suffix("_b")).unwrap_or(&stem);
                (name.to_string(), argument.to_path_buf())
            }
        };
        let failed = |error| AvbError::Io(path.clone(), error);
        if path.as_os_str() == "-" {
            return Image::piped(path, partition, &mut io::stdin().lock());
        }
        let mut file = File::open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.file_type().is_fifo() {
            return Image::piped(path, partition, &mut file);
        }
        if !found.is_file() {
            return Err(AvbError::NoFile(path));
        }
        let size = found.len();
        let mut last = vec![0; FOOTER_SIZE.min(usize::try_from(size).unwrap_or(FOOTER_SIZE))];
        let before = size - last.len() as u64;
        file.read_exact_at(&mut last, before).map_err(failed)?;
        let place = Place::find(&partition, size, &last);
        let place = place.map_err(|error| AvbError::Malformed(path.clone(), error))?;
        let mut bytes = vec![0; place.size];
        file.read_exact_at(&mut bytes, place.offset).map_err(failed)?;
        Ok(Image { path, partition, size, footer: place.footer, bytes })
    }

    fn piped(path: PathBuf, partition: String, pipe: &mut dyn Read) -> Result<Image, AvbError> {
        let mut whole = Vec::new();
        pipe.take(MAX_PIPE + 1).read_to_end(&mut whole).map_err(|error| AvbError::Io(path.clone(), error))?;
        let size = whole.len() as u64;
        if size > MAX_PIPE {
            return Err(AvbError::TooLarge(path));
        }
        let found = Place::of(&partition, &whole);
        let (place, bytes) = found.map_err(|error| AvbError::Malformed(path.clone(), error))?;
        Ok(Image { partition, size, footer: place.footer, bytes: bytes.to_vec(), path })
    }

    /// Its vbmeta image.
    pub fn named(&self) -> Result<Named<'_>, AvbError> {
        let is_vbmeta = self.footer.is_some() || self.bytes.starts_with(&MAGIC);
        let why = if is_vbmeta { AvbError::Malformed } else { AvbError::NoVbmeta };
        let vbmeta = Vbmeta::parse(&self.bytes).map_err(|error| why(self.path.clone(), error))?;
        Ok(Named { partition: &self.partition, vbmeta })
    }
}

/// What is to be said of the images of a slot.
#[derive(Debug, Default)]
pub struct Judged {
    /// Images with a good signature.
    pub signed: Vec<Signed>,
    /// Why the slot is refused.
    pub findings: Vec<String>,
    /// What was not compared or not there.
    pub notes: Vec<String>,
    /// Whether somebody said which key the top-level image's should be.
    is_key_named: bool,
}

/// What the images of a slot come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is against them, and the key is the expected one.
    Accepted,
    /// Nothing is against them, and nobody said whose key to expect: anybody could have signed them.
    UnnamedKey,
    /// Something is against them.
    Refused,
}

impl Judged {
    /// Of images that are none: why.
    pub fn refused(finding: String) -> Judged {
        Judged { findings: vec![finding], ..Judged::default() }
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        match (self.findings.is_empty(), self.is_key_named) {
            (false, _) => Verdict::Refused,
            (true, true) => Verdict::Accepted,
            (true, false) => Verdict::UnnamedKey,
        }
    }
}

/// An image with a good signature.
#[derive(Debug)]
pub struct Signed {
    /// The partition.
    pub partition: String,
    /// How it is signed.
    pub algorithm: Algorithm,
    /// SHA-256 of the key in AVB's form.
    pub key: [u8; 32],
    /// Its name, if the key is one that AOSP publishes.
    pub test_key: Option<&'static str>,
}

impl Signed {
    fn of(partition: &str, verified: &Verified<'_, '_>) -> Signed {
        let key = verified.key().digest();
        let algorithm = verified.vbmeta().header().algorithm;
        Signed { partition: partition.into(), algorithm, key, test_key: test_key(&key) }
    }
}

/// Verifies the images of one slot. Refused are a shape that no boot loader accepts, a missing or wrong signature,
/// flags that switch verification off, a top-level key other than the expected one, and a published test key
/// anywhere in the chain, expected or not: anybody can sign with it. The error is of images that don't belong
/// together, or not under the names that they were given.
pub fn judge(
    images: &[Named<'_>],
    signatures: &dyn SignatureVerifier,
    expected: Option<[u8; 32]>,
) -> Result<Judged, ChainError> {
    let mut judged = Judged { is_key_named: expected.is_some(), ..Judged::default() };
    let chain = match Chain::of(images) {
        Ok(chain) => chain,
        Err(
            error @ (ChainError::NoTop
            | ChainError::Twice(_)
            | ChainError::NotChained(_)
            | ChainError::ToItself(_)),
        ) => return Err(error),
        Err(error) => {
            judged.findings.push(error.to_string());
            return Ok(judged);
        }
    };
    let verified = match chain.verify(signatures) {
        Ok(verified) => verified,
        Err(refused) => {
            let sentence = |(partition, refusal)| format!("{partition}: {refusal}");
            judged.findings.extend(refused.into_iter().map(sentence));
            return Ok(judged);
        }
    };
    let (top, vbmeta) = (chain.top().partition, verified.top().vbmeta());
    judged.signed.push(Signed::of(top, verified.top()));
    judged.signed.extend(verified.chained().iter().map(|(name, verified)| Signed::of(name, verified)));
    let flags = vbmeta.header().flags;
    if flags.disables_verification() {
        judged.findings.push(format!("{top}: verification is switched off (VERIFICATION_DISABLED)"));
    }
    if flags.disables_hashtrees() {
        judged.findings.push(format!("{top}: dm-verity is switched off (HASHTREE_DISABLED)"));
    }
    let key = verified.top().key().digest();
    if expected.is_some_and(|expected| expected != key) {
        judged.findings.push(format!("{top}: signed by another key than the expected one"));
    }
    let keys = vbmeta.chained().map(|chain| (chain.partition, sha256(chain.key)));
    for (partition, key) in std::iter::once((top, key)).chain(keys) {
        if let Some(name) = test_key(&key) {
            let message = format!("{partition}: AOSP's test key {name}, with which anybody can sign");
            judged.findings.push(message);
        }
    }
    let is_digest =
        |descriptor: &Descriptor<'_>| matches!(descriptor, Descriptor::Hash(_) | Descriptor::Hashtree(_));
    if images.iter().any(|image| image.vbmeta.descriptors().iter().any(is_digest)) {
        judged.notes.push("what the partitions hold was not compared with the hashes in the images".into());
    }
    if !verified.missing().is_empty() {
        let names = verified.missing().join(", ");
        judged.notes.push(format!("chained to and not given, so not verified: {names}"));
    }
    Ok(judged)
}

/// The vbmeta digest of the images of one slot.
pub fn digest(images: &[Named<'_>]) -> Result<Digest, ChainError> {
    Chain::of(images)?.digest()
}
