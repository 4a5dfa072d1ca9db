//! The vbmeta images of one slot: the top-level one, and those that it leaves partitions to.

use super::{Refusal, Vbmeta, Verified};
use crate::signature::{Hash, SignatureVerifier};
use sha2::{Digest as _, Sha256, Sha512};
use std::fmt;

/// libavb's MAX_NUMBER_OF_VBMETA_IMAGES.
const MAX_IMAGES: usize = 32;
/// libavb's AVB_MAX_NUMBER_OF_ROLLBACK_INDEX_LOCATIONS: locations are below it.
const LOCATIONS: u32 = 32;

/// An image and the partition that it lies on, without A/B suffix.
#[derive(Clone, Debug)]
pub struct Named<'a> {
    /// The partition.
    pub partition: &'a str,
    /// The image.
    pub vbmeta: Vbmeta<'a>,
}

/// The images of a slot in the order in which a boot loader loads them: the top-level one, then the chained ones
/// as its descriptors name them. What libavb refuses of their shape is refused; no signature is checked yet.
#[derive(Clone, Debug)]
pub struct Chain<'i, 'a> {
    top: &'i Named<'a>,
    chained: Vec<&'i Named<'a>>,
    missing: Vec<&'a str>,
}

/// A slot's images with good signatures, each chained one's by the key that the top-level image names for it. Only
/// [`Chain::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedChain<'i, 'a> {
    top: Verified<'i, 'a>,
    chained: Vec<(&'a str, Verified<'i, 'a>)>,
    missing: Vec<&'a str>,
}

/// A vbmeta digest: `androidboot.vbmeta.digest`, and verifiedBootHash of an attestation where it has 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The hash function: that of the top-level image's signature.
    pub hash: Hash,
    /// 32 or 64 bytes.
    pub bytes: Box<[u8]>,
}

/// Why images are no slot's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainError {
    /// Several images, and none of a partition that a boot loader begins with.
    NoTop,
    /// Two images of one partition.
    Twice(Box<str>),
    /// An image that the top-level one does not chain to.
    NotChained(Box<str>),
    /// Images that the top-level one chains to and that were not given.
    Missing(Vec<Box<str>>),
    /// The top-level image chains to more images than libavb loads.
    TooMany,
    /// The top-level image chains to the partition that it was said to lie on.
    ToItself(Box<str>),
    /// Two descriptors chain to this partition.
    ChainedTwice(Box<str>),
    /// This partition's rollback index location is out of range, or another's.
    Location(Box<str>, u32),
    /// A chained image has flags, or a rollback index location of its own.
    NotZero(Box<str>, &'static str),
    /// A chained image chains on.
    Nested(Box<str>),
    /// A chained image has another key than its descriptor.
    OtherKey(Box<str>),
}

impl<'i, 'a> Chain<'i, 'a> {
    /// Puts images in their order. The top-level one is the only one, or `vbmeta`'s, or else `boot`'s.
    pub fn of(images: &'i [Named<'a>]) -> Result<Chain<'i, 'a>, ChainError> {
        for (n, image) in images.iter().enumerate() {
            if images.iter().take(n).any(|other| other.partition == image.partition) {
                return Err(ChainError::Twice(image.partition.into()));
            }
        }
        let named = |partition: &str| images.iter().find(|image| image.partition == partition);
        let top = match images {
            [only] => only,
            _ => named("vbmeta").or_else(|| named("boot")).ok_or(ChainError::NoTop)?,
        };
        // With this flag a boot loader reads no descriptor: the top-level image is all there is.
        let is_alone = top.vbmeta.header().flags.disables_verification();
        let (mut chained, mut missing, mut locations) = (Vec::new(), Vec::new(), Vec::new());
        let location = top.vbmeta.header().rollback_index_location;
        if location >= LOCATIONS {
            return Err(ChainError::Location(top.partition.into(), location));
        }
        locations.push(location);
        let mut known = vec![top.partition];
        for descriptor in top.vbmeta.chained() {
            let (partition, location) = (descriptor.partition, descriptor.rollback_index_location);
            if known.len() == MAX_IMAGES {
                return Err(ChainError::TooMany);
            }
            if partition == top.partition {
                return Err(ChainError::ToItself(partition.into()));
            }
            if known.contains(&partition) {
                return Err(ChainError::ChainedTwice(partition.into()));
            }
            known.push(partition);
            if location >= LOCATIONS || locations.contains(&location) {
                return Err(ChainError::Location(partition.into(), location));
            }
            locations.push(location);
            match named(partition) {
                Some(image) => {
                    check(image, descriptor.key)?;
                    chained.push(image);
                }
                None => missing.push(partition),
            }
        }
        if let Some(image) = images.iter().find(|image| !known.contains(&image.partition)) {
            return Err(ChainError::NotChained(image.partition.into()));
        }
        if is_alone {
            (chained, missing) = (Vec::new(), Vec::new());
        }
        Ok(Chain { top, chained, missing })
    }

    /// The top-level image.
    pub fn top(&self) -> &'i Named<'a> {
        self.top
    }

    /// The partitions that the top-level image chains to and whose images were not given.
    pub fn missing(&self) -> &[&'a str] {
        &self.missing
    }

    /// The vbmeta digest, for which every image must be there.
    pub fn digest(&self) -> Result<Digest, ChainError> {
        if !self.missing.is_empty() {
            return Err(ChainError::Missing(self.missing.iter().map(|name| (*name).into()).collect()));
        }
        let hash = self.top.vbmeta.header().algorithm.digest_hash();
        let images = || std::iter::once(&self.top).chain(&self.chained).map(|image| image.vbmeta.bytes());
        let bytes: Box<[u8]> = match hash {
            Hash::Sha512 => {
                images().fold(Sha512::new(), |hash, bytes| hash.chain_update(bytes)).finalize().to_vec()
            }
            _ => images().fold(Sha256::new(), |hash, bytes| hash.chain_update(bytes)).finalize().to_vec(),
        }
        .into();
        Ok(Digest { hash, bytes })
    }

    /// Checks the signature of every image that is there; else names each that is refused, and why.
    pub fn verify(
        &self,
        signatures: &dyn SignatureVerifier,
    ) -> Result<VerifiedChain<'i, 'a>, Vec<(&'a str, Refusal)>> {
        let (mut chained, mut refused) = (Vec::new(), Vec::new());
        let top = self.top.vbmeta.verify(signatures);
        for image in &self.chained {
            match image.vbmeta.verify(signatures) {
                Ok(verified) => chained.push((image.partition, verified)),
                Err(refusal) => refused.push((image.partition, refusal)),
            }
        }
        match top {
            Ok(top) if refused.is_empty() => {
                Ok(VerifiedChain { top, chained, missing: self.missing.clone() })
            }
            Ok(_) => Err(refused),
            Err(refusal) => {
                refused.insert(0, (self.top.partition, refusal));
                Err(refused)
            }
        }
    }
}

/// What libavb, and its header's word, ask of a chained image.
fn check(image: &Named<'_>, key: &[u8]) -> Result<(), ChainError> {
    let (name, header) = (|| image.partition.into(), image.vbmeta.header());
    if header.flags.0 != 0 {
        return Err(ChainError::NotZero(name(), "flags"));
    }
    if header.rollback_index_location != 0 {
        return Err(ChainError::NotZero(name(), "a rollback index location"));
    }
    if image.vbmeta.chained().next().is_some() {
        return Err(ChainError::Nested(name()));
    }
    if image.vbmeta.key() != key {
        return Err(ChainError::OtherKey(name()));
    }
    Ok(())
}

impl<'i, 'a> VerifiedChain<'i, 'a> {
    /// The top-level image.
    pub fn top(&self) -> &Verified<'i, 'a> {
        &self.top
    }

    /// The chained ones, by partition, in their order.
    pub fn chained(&self) -> &[(&'a str, Verified<'i, 'a>)] {
        &self.chained
    }

    /// The partitions whose images were not given: nothing is known of what is on them.
    pub fn missing(&self) -> &[&'a str] {
        &self.missing
    }
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChainError::NoTop => {
                f.write_str("no top-level image: expected one of the partition vbmeta, or of boot")
            }
            ChainError::Twice(name) => write!(f, "two images of {name}: expected one a partition"),
            ChainError::NotChained(name) => {
                write!(f, "{name}: expected an image that the top-level one chains to")
            }
            ChainError::Missing(names) => {
                write!(f, "expected the images of all chained partitions, missing: {}", names.join(", "))
            }
            ChainError::TooMany => write!(f, "expected a chain of at most {MAX_IMAGES} images"),
            ChainError::ToItself(name) => write!(
                f,
                "the top-level image was named {name}, and it chains to {name}: expected the name of the \
                 partition that it lies on, mostly vbmeta"
            ),
            ChainError::ChainedTwice(name) => write!(f, "{name} chained twice: expected once"),
            ChainError::Location(name, location) => write!(
                f,
                "{name} with rollback index location {location}: expected one below {LOCATIONS} of its own"
            ),
            ChainError::NotZero(name, what) => {
                write!(f, "{name} has {what}: expected none in a chained image")
            }
            ChainError::Nested(name) => {
                write!(f, "{name} chains on: expected that of the top-level image alone")
            }
            ChainError::OtherKey(name) => {
                write!(f, "{name}: expected to be signed by the key that the top-level image names for it")
            }
        }
    }
}

impl std::error::Error for ChainError {}
