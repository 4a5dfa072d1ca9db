//! Android Verified Boot metadata: vbmeta images, alone or at the end of a partition behind a footer.
//!
//! ```text
//! vbmeta         = header authentication auxiliary           ; all numbers big-endian
//! header         = 256 bytes, see [`Header`]
//! authentication = hash signature *%x00                      ; over header and auxiliary
//! auxiliary      = *descriptor key [metadata] *%x00          ; see [`Descriptor`], [`Key`]
//! partition      = content … vbmeta … footer                 ; see [`Footer`]
//! ```
//!
//! The build's signer wrote it. [`Vbmeta::parse`] says what it claims; [`Vbmeta::verify`] says which key signed
//! it, and that this key is the device's own is for the caller to know; [`Chain`] puts the images of one slot
//! together as a boot loader does. Source: AOSP external/avb, libavb/*.h and README.md; what libavb refuses is
//! refused here, and so is what its headers say must be so and its code does not look at.

mod chain;
mod descriptor;
mod fields;
mod footer;
mod header;
mod key;
mod verify;

pub use chain::{Chain, ChainError, Digest, Named, VerifiedChain};
pub use descriptor::{ChainPartition, Descriptor, HashDescriptor, Hashtree, KernelCmdline};
pub use footer::{FOOTER_SIZE, Footer, Place};
pub use header::{Algorithm, Flags, HEADER_SIZE, Header, MAGIC};
pub use key::{Key, TEST_KEYS, test_key};
pub use verify::{Refusal, Verified};

use crate::FormatError;
use fields::region;

/// The largest vbmeta image, in bytes: libavb's VBMETA_MAX_SIZE. No more of a partition is looked at.
pub const MAX_VBMETA: usize = 64 << 10;
/// The most descriptors in an image.
pub const MAX_DESCRIPTORS: usize = 1024;
/// The longest name of a partition, in bytes: libavb's AVB_PART_NAME_MAX_SIZE without its NUL.
pub const MAX_PARTITION_NAME: usize = 31;

const WHAT: &str = "vbmeta";
/// The first bytes of an Android sparse image (system/core/libsparse/sparse_format.h).
const SPARSE_MAGIC: [u8; 4] = [0x3a, 0xff, 0x26, 0xed];

/// A well-formed vbmeta image. Nothing in it is verified: see [`Vbmeta::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vbmeta<'a> {
    header: Header,
    descriptors: Vec<Descriptor<'a>>,
    bytes: &'a [u8],
    hash: &'a [u8],
    signature: &'a [u8],
    auxiliary: &'a [u8],
    key: &'a [u8],
    key_metadata: &'a [u8],
}

impl<'a> Vbmeta<'a> {
    /// Reads the image that the bytes begin with; what follows it is a partition's and is not looked at.
    pub fn parse(bytes: &'a [u8]) -> Result<Vbmeta<'a>, FormatError> {
        if bytes.starts_with(&SPARSE_MAGIC) {
            let message = "an Android sparse image: expected a raw one (simg2img makes it)";
            return Err(FormatError::unsupported(WHAT, message));
        }
        let (header, raw) = Header::parse(bytes)?;
        let (authentication, auxiliary) = (raw.authentication, raw.auxiliary);
        let hash = region(authentication, "hash", header.hash)?;
        let signature = region(authentication, "signature", header.signature)?;
        let key = region(auxiliary, "public key", header.key)?;
        let key_metadata = match header.key_metadata {
            (_, 0) => &[],
            place => region(auxiliary, "public key metadata", place)?,
        };
        let descriptors = region(auxiliary, "descriptors", header.descriptors)?;
        // The bytes of the image before them.
        let before = usize::try_from(header.descriptors.0).unwrap_or(usize::MAX);
        let at = (raw.bytes.len() - auxiliary.len()).saturating_add(before);
        let descriptors = descriptor::all(descriptors, at)?;
        Ok(Vbmeta { header, descriptors, bytes: raw.bytes, hash, signature, auxiliary, key, key_metadata })
    }

    /// What the header says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The descriptors in their order.
    pub fn descriptors(&self) -> &[Descriptor<'a>] {
        &self.descriptors
    }

    /// The partitions that it leaves to other images, in the order in which a boot loader loads them.
    pub fn chained(&self) -> impl Iterator<Item = &ChainPartition<'a>> {
        self.descriptors.iter().filter_map(|descriptor| match descriptor {
            Descriptor::ChainPartition(chain) => Some(chain),
            _ => None,
        })
    }

    /// The public key in AVB's form (see [`Key`]), empty where it is unsigned.
    pub fn key(&self) -> &'a [u8] {
        self.key
    }

    /// What the signer says of the key, in no form that AVB knows; mostly empty.
    pub fn key_metadata(&self) -> &'a [u8] {
        self.key_metadata
    }

    /// The image itself: its three blocks and nothing after them. This is what a vbmeta digest is made over.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

#[cfg(test)]
mod tests;
