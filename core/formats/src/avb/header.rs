//! The first 256 bytes of a vbmeta image.

use super::fields::{Fields, region};
use super::{MAX_VBMETA, WHAT};
use crate::FormatError;
use crate::error::shown_bytes;
use crate::signature::Hash;
use std::fmt;

/// The size of the header, in bytes.
pub const HEADER_SIZE: usize = 256;

/// What a vbmeta image begins with.
pub const MAGIC: [u8; 4] = *b"AVB0";
/// The version of libavb whose rules are held to here.
const VERSION: (u32, u32) = (1, 3);
/// The size of both blocks is a multiple of this.
const BLOCK: u64 = 64;
const RESERVED: usize = 80;

/// The header of a vbmeta image. Who signed the image vouches for it.
///
/// Source: AvbVBMetaImageHeader in libavb/avb_vbmeta_image.h.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of libavb that the image requires: major and minor.
    pub required_libavb: (u32, u32),
    /// The size of the block of hash and signature, in bytes.
    pub authentication_size: u64,
    /// The size of the block of descriptors and key, in bytes.
    pub auxiliary_size: u64,
    /// How it is signed.
    pub algorithm: Algorithm,
    /// The lowest rollback index that the device shall accept from now on.
    pub rollback_index: u64,
    /// What is switched off.
    pub flags: Flags,
    /// Where the device keeps the rollback index; of the top-level image alone.
    pub rollback_index_location: u32,
    /// Who made it, `avbtool 1.3.0`.
    pub release: Box<str>,
    pub(super) hash: (u64, u64),
    pub(super) signature: (u64, u64),
    pub(super) key: (u64, u64),
    pub(super) key_metadata: (u64, u64),
    pub(super) descriptors: (u64, u64),
}

/// The blocks behind a header.
pub(super) struct Blocks<'a> {
    /// The whole image.
    pub(super) bytes: &'a [u8],
    pub(super) authentication: &'a [u8],
    pub(super) auxiliary: &'a [u8],
}

impl Header {
    pub(super) fn parse(bytes: &[u8]) -> Result<(Header, Blocks<'_>), FormatError> {
        let (head, _) = bytes.split_at(bytes.len().min(HEADER_SIZE));
        if head.is_empty() {
            return Err(FormatError::malformed(WHAT, "no bytes: expected an image, which begins with AVB0"));
        }
        if !head.starts_with(&MAGIC) {
            let (found, _) = head.split_at(head.len().min(MAGIC.len()));
            let message = format!("{}: expected AVB0", shown_bytes(found));
            return Err(FormatError::malformed(WHAT, message).at_byte(0));
        }
        let mut fields = Fields::new(head, 0);
        fields.chunk::<4>()?;
        let required_libavb = (fields.u32()?, fields.u32()?);
        if required_libavb.0 != VERSION.0 || required_libavb.1 > VERSION.1 {
            let (major, minor) = required_libavb;
            let message = format!("libavb {major}.{minor}: expected 1.0 to {}.{}", VERSION.0, VERSION.1);
            return Err(FormatError::unsupported(WHAT, message).at_byte(MAGIC.len()));
        }
        let authentication_size = block_size(&mut fields, "authentication block")?;
        let auxiliary_size = block_size(&mut fields, "auxiliary block")?;
        let at = fields.at;
        let number = fields.u32()?;
        let algorithm = Algorithm::ALL.into_iter().find(|known| known.number() == number);
        let algorithm = algorithm.ok_or_else(|| {
            let message = format!("algorithm {number}: expected 0 to {}", Algorithm::ALL.len() - 1);
            FormatError::unsupported(WHAT, message).at_byte(at)
        })?;
        let mut place = || Ok::<_, FormatError>((fields.u64()?, fields.u64()?));
        let (hash, signature, key) = (place()?, place()?, place()?);
        let (key_metadata, descriptors) = (place()?, place()?);
        let header = Header {
            required_libavb,
            authentication_size,
            auxiliary_size,
            algorithm,
            rollback_index: fields.u64()?,
            flags: Flags(fields.u32()?),
            rollback_index_location: fields.u32()?,
            release: fields.padded_text::<48>("release string")?,
            hash,
            signature,
            key,
            key_metadata,
            descriptors,
        };
        fields.zeros("reserved bytes", RESERVED)?;
        header.check_sizes()?;
        let blocks = header.blocks(bytes)?;
        Ok((header, blocks))
    }

    /// Sizes that the algorithm decides.
    fn check_sizes(&self) -> Result<(), FormatError> {
        let expected = self.algorithm.sizes();
        for (name, (_, size), expected) in [
            ("hash", self.hash, expected.hash),
            ("signature", self.signature, expected.signature),
            ("public key", self.key, expected.key),
        ] {
            if size != expected {
                let message = format!("{name} of {size} bytes: expected {expected} for {}", self.algorithm);
                return Err(FormatError::malformed(WHAT, message));
            }
        }
        if !self.descriptors.0.is_multiple_of(8) {
            let message = format!("descriptors at {}: expected a multiple of 8", self.descriptors.0);
            return Err(FormatError::malformed(WHAT, message));
        }
        Ok(())
    }

    fn blocks<'a>(&self, bytes: &'a [u8]) -> Result<Blocks<'a>, FormatError> {
        let size =
            (HEADER_SIZE as u64).saturating_add(self.authentication_size).saturating_add(self.auxiliary_size);
        if size > MAX_VBMETA as u64 {
            return Err(FormatError::too_large(WHAT, "bytes in all blocks", MAX_VBMETA));
        }
        let bytes = region(bytes, "all blocks", (0, size))?;
        let (_, blocks) = bytes.split_at(bytes.len().min(HEADER_SIZE));
        let authentication = region(blocks, "authentication block", (0, self.authentication_size))?;
        let auxiliary = region(blocks, "auxiliary block", (self.authentication_size, self.auxiliary_size))?;
        Ok(Blocks { bytes, authentication, auxiliary })
    }
}

fn block_size(fields: &mut Fields<'_>, name: &str) -> Result<u64, FormatError> {
    let at = fields.at;
    let size = fields.u64()?;
    if !size.is_multiple_of(BLOCK) {
        let message = format!("{name} of {size} bytes: expected a multiple of {BLOCK}");
        return Err(FormatError::malformed(WHAT, message).at_byte(at));
    }
    Ok(size)
}

/// How an image is signed: RSASSA-PKCS1-v1_5 (RFC 8017) with the exponent 65537, or not at all.
///
/// Source: AvbAlgorithmType in libavb/avb_crypto.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Not signed.
    None,
    /// This hash, and a key of so many bits.
    Rsa(Hash, u32),
}

/// In bytes.
struct Sizes {
    hash: u64,
    signature: u64,
    key: u64,
}

impl Algorithm {
    /// Every algorithm, at the place of its number.
    pub const ALL: [Algorithm; 7] = [
        Algorithm::None,
        Algorithm::Rsa(Hash::Sha256, 2048),
        Algorithm::Rsa(Hash::Sha256, 4096),
        Algorithm::Rsa(Hash::Sha256, 8192),
        Algorithm::Rsa(Hash::Sha512, 2048),
        Algorithm::Rsa(Hash::Sha512, 4096),
        Algorithm::Rsa(Hash::Sha512, 8192),
    ];

    fn number(self) -> u32 {
        (0..).zip(Algorithm::ALL).find(|(_, known)| *known == self).map_or(u32::MAX, |(number, _)| number)
    }

    /// The hash that a vbmeta digest is made with; SHA-256 for an unsigned image, as in libavb.
    pub fn digest_hash(self) -> Hash {
        match self {
            Algorithm::Rsa(hash, _) => hash,
            Algorithm::None => Hash::Sha256,
        }
    }

    fn sizes(self) -> Sizes {
        match self {
            Algorithm::None => Sizes { hash: 0, signature: 0, key: 0 },
            Algorithm::Rsa(hash, bits) => {
                let hash = if hash == Hash::Sha512 { 64 } else { 32 };
                let number = u64::from(bits / 8);
                // The key: its bits and n0inv, then two numbers of its size.
                Sizes { hash, signature: number, key: 8 + 2 * number }
            }
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Algorithm::None => f.write_str("NONE"),
            Algorithm::Rsa(Hash::Sha512, bits) => write!(f, "SHA512_RSA{bits}"),
            Algorithm::Rsa(_, bits) => write!(f, "SHA256_RSA{bits}"),
        }
    }
}

/// The flags of a top-level image. Bits that have no name are kept, as libavb keeps them, and mean nothing to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u32);

impl Flags {
    /// HASHTREE_DISABLED: dm-verity is off.
    pub fn disables_hashtrees(self) -> bool {
        self.0 & 1 != 0
    }

    /// VERIFICATION_DISABLED: no descriptor is looked at, so nothing else is verified.
    pub fn disables_verification(self) -> bool {
        self.0 & 2 != 0
    }
}
