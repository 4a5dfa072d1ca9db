//! A public key in AVB's form.
//!
//! ```text
//! key = bits n0inv n rr              ; u32 u32, and two numbers of that many bits, all big-endian
//! ```
//!
//! The exponent is 65537. `n0inv` and `rr` are what Montgomery multiplication wants: -1/n mod 2^32, and
//! 2^(2·bits) mod n. libavb computes with them and does not check them, so a key whose parts disagree verifies
//! other signatures there than it does here: both are computed again. Source: AvbRSAPublicKeyHeader in
//! libavb/avb_crypto.h, libavb/avb_rsa.c.

use super::fields::Fields;
use crate::FormatError;
use crate::digest::sha256;
use crate::signature::PublicKey;
use data_encoding::HEXLOWER;

const WHAT: &str = "AVB public key";
const EXPONENT: [u8; 3] = [1, 0, 1];
const SIZES: [u32; 3] = [2048, 4096, 8192];

/// The keys that AOSP publishes with their private halves (external/avb/test/data, `NAME.pem`), by the SHA-256 of
/// their form here. Whoever wants to can sign with them. The gates' denylist holds the same.
pub const TEST_KEYS: [(&str, &str); 7] = [
    ("testkey_rsa2048", "22de3994532196f61c039e90260d78a93a4c57362c7e789be928036e80b77c8c"),
    ("testkey_rsa4096", "7728e30f50bfa5cea165f473175a08803f6a8346642b5aa10913e9d9e6defef6"),
    ("testkey_rsa8192", "e15e2365469ce672a91d02cc8d9c2f29b787481e574d3b56ac774153d7ced614"),
    ("testkey_cert_pik", "ce464c0fefc023760adc3fe0207c282d337e1b91e3df7ab4fee43fcd620db46d"),
    ("testkey_cert_prk", "86b04a9d62807fda80cbf445118e8a4a73aa5937283b49e018e432dd8e3a76a1"),
    ("testkey_cert_psk", "7ec02ee1be696366f3fa91240a8ec68125c4145d698f597aa2b3464b59ca7fc3"),
    ("testkey_cert_puk", "c608ffa5e7ee92984f4486e03088440c360cf315ec6a5f52aef790cb30efcec9"),
];

/// The name of a published test key.
pub fn test_key(digest: &[u8; 32]) -> Option<&'static str> {
    let digest = HEXLOWER.encode(digest);
    TEST_KEYS.iter().find(|(_, known)| *known == digest).map(|(name, _)| *name)
}

/// A key whose parts agree with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    bytes: &'a [u8],
    modulus: &'a [u8],
    /// The modulus has exactly as many.
    pub bits: u32,
}

impl<'a> Key<'a> {
    /// Reads a key and checks its parts against each other.
    pub fn parse(bytes: &'a [u8]) -> Result<Key<'a>, FormatError> {
        let mut fields = Fields::named(WHAT, bytes, 0);
        let bits = fields.u32()?;
        if !SIZES.contains(&bits) {
            let message = format!("{bits} bits: expected 2048, 4096 or 8192");
            return Err(FormatError::unsupported(WHAT, message));
        }
        let n0inv = fields.u32()?;
        let size = u64::from(bits / 8);
        let (modulus, rr) = (fields.take(size)?, fields.take(size)?);
        if !fields.rest.is_empty() {
            return Err(fields.error(format_args!("{} bytes more: expected the end", fields.rest.len())));
        }
        let error = |message: &str| Err(FormatError::malformed(WHAT, message));
        let lowest = modulus.last_chunk().map_or(0, |word| u32::from_be_bytes(*word));
        if modulus.first().is_none_or(|first| *first < 0x80) || lowest.is_multiple_of(2) {
            return error("n: expected an odd number of all its bits");
        }
        if lowest.wrapping_mul(n0inv) != u32::MAX {
            return error("n0inv: expected -1/n mod 2^32");
        }
        if !square_of_radix(modulus).eq(limbs(rr)) {
            return error("rr: expected 2^(2 bits) mod n");
        }
        Ok(Key { bytes, modulus, bits })
    }

    /// SHA-256 of its form here: what KeyMint attests as verifiedBootKey, and the boot loader reports as
    /// `androidboot.vbmeta.public_key_digest`.
    pub fn digest(&self) -> [u8; 32] {
        sha256(self.bytes)
    }

    /// For a signature check.
    pub fn public(&self) -> PublicKey<'a> {
        PublicKey::Rsa { modulus: self.modulus, exponent: &EXPONENT }
    }
}

/// The words of a big-endian number of a multiple of 64 bits, lowest first.
fn limbs(number: &[u8]) -> impl Iterator<Item = u64> {
    number.as_rchunks::<8>().1.iter().rev().map(|word| u64::from_be_bytes(*word))
}

/// 2^(2·bits) mod n, lowest word first, where n is odd and has all its bits.
fn square_of_radix(modulus: &[u8]) -> impl Iterator<Item = u64> {
    let modulus: Vec<u64> = limbs(modulus).collect();
    // 2^bits - n, which is 2^bits mod n since n is more than half of that.
    let mut value: Vec<u64> = modulus.iter().map(|limb| !limb).collect();
    if let Some(lowest) = value.first_mut() {
        // An odd n has an even complement: nothing carries.
        *lowest |= 1;
    }
    for _ in 0..64 * modulus.len() {
        let mut carry = 0;
        for limb in &mut value {
            (*limb, carry) = (*limb << 1 | carry, *limb >> 63);
        }
        if carry != 0 || value.iter().rev().cmp(modulus.iter().rev()).is_ge() {
            let mut borrow = false;
            for (limb, less) in value.iter_mut().zip(&modulus) {
                let (difference, first) = limb.overflowing_sub(*less);
                let (difference, second) = difference.overflowing_sub(borrow.into());
                (*limb, borrow) = (difference, first || second);
            }
        }
    }
    value.into_iter()
}
