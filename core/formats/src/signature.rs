//! The one door to signature checks.
//!
//! Parsers here are pure; the arithmetic is a library's, behind [`SignatureVerifier`], so that a relying
//! party can put its own in. [`Ring`] is the one that trustd uses.

mod ecdsa;
#[cfg(feature = "ring")]
mod ring;

pub use ecdsa::p256_fixed;
#[cfg(feature = "ring")]
pub use ring::Ring;
use std::fmt;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1: broken for signatures; formats that are older than that still name it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A named elliptic curve (SEC 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
}

/// A public key, borrowed from the bytes it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKey<'a> {
    /// For ECDSA: the point in its uncompressed form (SEC 1 §2.3.3).
    Ec(Curve, &'a [u8]),
    /// For RSASSA-PKCS1-v1_5.
    Rsa {
        /// Big-endian, without leading zeros.
        modulus: &'a [u8],
        /// Big-endian, without leading zeros.
        exponent: &'a [u8],
    },
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSignature {
    /// This verifier does not do this key or this hash.
    Unsupported,
    /// It is not this key's signature of this message.
    Wrong,
}

/// Checks signatures: ECDSA with an ASN.1 signature value (RFC 3279 §2.2.3), RSASSA-PKCS1-v1_5 (RFC 8017).
pub trait SignatureVerifier {
    /// Whether `signature` is the key's over the hash of the message.
    fn verify(
        &self,
        key: PublicKey<'_>,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature>;
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hash::Sha1 => "SHA-1",
            Hash::Sha256 => "SHA-256",
            Hash::Sha384 => "SHA-384",
            Hash::Sha512 => "SHA-512",
        })
    }
}

impl fmt::Display for PublicKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublicKey::Ec(Curve::P256, _) => f.write_str("EC P-256"),
            PublicKey::Ec(Curve::P384, _) => f.write_str("EC P-384"),
            PublicKey::Rsa { modulus, .. } => write!(f, "RSA-{}", bits(modulus)),
        }
    }
}

/// The bits of a big-endian number without leading zeros.
pub(crate) fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| 8 * number.len() - usize::try_from(first.leading_zeros()).unwrap_or(8))
}
