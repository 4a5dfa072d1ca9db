//! Whether a vbmeta image is what its key signed.

use super::{Algorithm, Key, Vbmeta};
use crate::FormatError;
use crate::signature::{BadSignature, Hash, SignatureVerifier};
use sha2::{Digest, Sha256, Sha512};
use std::fmt;

/// An image whose hash and signature are right. Only [`Vbmeta::verify`] makes one.
///
/// Right means: made by the key that stands in the image. Whoever made the key made it so; that it is the device's
/// own key, and that the flags leave verification on, is still to be asked.
#[derive(Clone, Debug)]
pub struct Verified<'v, 'a> {
    vbmeta: &'v Vbmeta<'a>,
    key: Key<'a>,
}

impl<'v, 'a> Verified<'v, 'a> {
    /// The image.
    pub fn vbmeta(&self) -> &'v Vbmeta<'a> {
        self.vbmeta
    }

    /// The key that signed it.
    pub fn key(&self) -> &Key<'a> {
        &self.key
    }
}

/// Which rule an image breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The algorithm is NONE.
    Unsigned,
    /// The hash is not that of header and auxiliary block.
    WrongHash,
    /// The key can't be used: its size is not the algorithm's, or its parts disagree.
    BadKey(FormatError),
    /// The signature is not the key's over header and auxiliary block.
    WrongSignature,
    /// The verifier does not do this algorithm.
    Unsupported(Algorithm),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unsigned => f.write_str("unsigned (algorithm NONE): expected a signature"),
            Refusal::WrongHash => f.write_str("wrong hash: expected that of header and auxiliary block"),
            Refusal::BadKey(error) => write!(f, "unusable key: {error}"),
            Refusal::WrongSignature => {
                f.write_str("wrong signature: expected that of its own key over header and auxiliary block")
            }
            Refusal::Unsupported(algorithm) => {
                write!(f, "{algorithm}: expected an algorithm that signatures can be checked with here")
            }
        }
    }
}

impl std::error::Error for Refusal {}

impl<'a> Vbmeta<'a> {
    /// Checks hash, key and signature, in libavb's order (avb_vbmeta_image_verify).
    pub fn verify<'v>(&'v self, signatures: &dyn SignatureVerifier) -> Result<Verified<'v, 'a>, Refusal> {
        let Algorithm::Rsa(hash, bits) = self.header.algorithm else { return Err(Refusal::Unsigned) };
        let (header, _) = self.bytes.split_at(self.bytes.len().min(super::HEADER_SIZE));
        let message = [header, self.auxiliary].concat();
        let digest = match hash {
            Hash::Sha512 => Sha512::digest(&message).to_vec(),
            _ => Sha256::digest(&message).to_vec(),
        };
        if digest != self.hash {
            return Err(Refusal::WrongHash);
        }
        let key = Key::parse(self.key).map_err(Refusal::BadKey)?;
        if key.bits != bits {
            let message = format!("{} bits: expected the {bits} of {}", key.bits, self.header.algorithm);
            return Err(Refusal::BadKey(FormatError::malformed(super::WHAT, message)));
        }
        signatures.verify(key.public(), hash, &message, self.signature).map_err(|bad| match bad {
            BadSignature::Wrong => Refusal::WrongSignature,
            BadSignature::Unsupported => Refusal::Unsupported(self.header.algorithm),
        })?;
        Ok(Verified { vbmeta: self, key })
    }
}
