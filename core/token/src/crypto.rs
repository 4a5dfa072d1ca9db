//! Signatures and digests behind traits: ES256 (ECDSA on P-256 with SHA-256, RFC 9053 §2.1) and nothing else.

#[cfg(feature = "p256")]
mod pure;
#[cfg(feature = "ring")]
mod ring;

#[cfg(feature = "p256")]
pub use self::pure::Pure;
#[cfg(feature = "ring")]
pub use self::ring::Ring;
use core::fmt;
use sha2::{Digest, Sha256};

/// A signature: r and s, 32 bytes each, big-endian.
pub type Signature = [u8; 64];
/// A digest.
pub type Sha256Digest = [u8; 32];

/// A P-256 public key: its point's coordinates, big-endian. Whether it lies on the curve, the verifier finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The x coordinate.
    pub x: [u8; 32],
    /// The y coordinate.
    pub y: [u8; 32],
}

/// Checks ES256 signatures.
pub trait VerifySignature {
    /// Whether the signature is the key's over the message. Both s and n - s may be taken: the caller has refused
    /// the higher.
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool;
}

/// Makes ES256 signatures. The key never leaves it.
pub trait Sign {
    /// Why no signature was made.
    type Error;

    /// The key that the signatures are of.
    fn public_key(&self) -> PublicKey;

    /// Signs a message.
    fn sign(&self, message: &[u8]) -> Result<Signature, Self::Error>;
}

impl PublicKey {
    /// The COSE key thumbprint (RFC 9679 §3): SHA-256 of the key's deterministic COSE_Key with kty, crv, x and y.
    pub fn thumbprint(&self) -> Sha256Digest {
        let mut key = crate::cbor::Writer::default();
        key.map(4)
            .integer(1)
            .integer(2)
            .integer(-1)
            .integer(1)
            .integer(-2)
            .bytes(&self.x)
            .integer(-3)
            .bytes(&self.y);
        sha256(&[&key.into_bytes()])
    }

    /// The key of an uncompressed point (SEC 1 §2.3.3).
    pub fn from_point(point: &[u8]) -> Option<PublicKey> {
        let (x, y) = point.strip_prefix(&[4])?.split_first_chunk()?;
        Some(PublicKey { x: *x, y: y.try_into().ok()? })
    }

    /// The uncompressed point (SEC 1 §2.3.3).
    pub fn point(&self) -> [u8; 65] {
        let mut point = [4; 65];
        let (x, y) = point[1..].split_at_mut(32);
        x.copy_from_slice(&self.x);
        y.copy_from_slice(&self.y);
        point
    }
}

/// Bytes as hexadecimal digits, for refusals.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// SHA-256 of parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> Sha256Digest {
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().into()
}

/// Half of the order of P-256, rounded down (SEC 2 §2.4.2).
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde,
    0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// The order of P-256.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Whether s is the lower of the two that verify: a statement has one byte string then.
pub(crate) fn is_low(signature: &Signature) -> bool {
    let (_, s) = signature.split_at(32);
    s <= HALF_ORDER.as_slice()
}

/// The same signature with the lower s.
pub fn lowered(mut signature: Signature) -> Signature {
    if !is_low(&signature) {
        let mut borrow = false;
        let (_, s) = signature.split_at_mut(32);
        for (digit, order) in s.iter_mut().zip(ORDER).rev() {
            let (less, first) = order.overflowing_sub(*digit);
            let (less, second) = less.overflowing_sub(u8::from(borrow));
            (*digit, borrow) = (less, first || second);
        }
    }
    signature
}

#[cfg(test)]
mod tests;
