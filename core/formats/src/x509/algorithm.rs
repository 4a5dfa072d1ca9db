//! The algorithms of keys and signatures that are read: ECDSA on P-256 and P-384, RSA (RFC 3279, 4055, 5480).

use crate::FormatError;
use crate::der::{Element, Tag};
use crate::signature::{Curve, Hash, PublicKey};

const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 4, 0, 34];
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureAlgorithm {
    Ecdsa(Hash),
    RsaPkcs1(Hash),
}

impl SignatureAlgorithm {
    /// Reads an AlgorithmIdentifier; none for one that is not known.
    pub(crate) fn read(identifier: &Element<'_>) -> Result<Option<SignatureAlgorithm>, FormatError> {
        let mut fields = identifier.reader();
        let algorithm = match fields.expect(Tag::OID)?.content {
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2] => SignatureAlgorithm::Ecdsa(Hash::Sha256),
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3] => SignatureAlgorithm::Ecdsa(Hash::Sha384),
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11] => SignatureAlgorithm::RsaPkcs1(Hash::Sha256),
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12] => SignatureAlgorithm::RsaPkcs1(Hash::Sha384),
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13] => SignatureAlgorithm::RsaPkcs1(Hash::Sha512),
            _ => return Ok(None),
        };
        // RFC 4055 wants RSA's parameters NULL and lets them be absent; RFC 5758 wants ECDSA's absent, and the
        // StrongBox of some devices of 2018 (Keymaster 4) writes NULL.
        if let Some(parameters) = fields.optional(Tag::NULL)? {
            parameters.null()?;
        }
        fields.end()?;
        Ok(Some(algorithm))
    }
}

/// The key of a SubjectPublicKeyInfo; none for an algorithm that is not known.
pub(crate) fn public_key<'a>(info: &Element<'a>) -> Result<Option<PublicKey<'a>>, FormatError> {
    let mut fields = info.reader();
    let algorithm = fields.expect(Tag::SEQUENCE)?;
    let bits = fields.expect(Tag::BIT_STRING)?;
    fields.end()?;
    let mut parameters = algorithm.reader();
    match parameters.expect(Tag::OID)?.content {
        EC_PUBLIC_KEY => {
            let curve = parameters.next()?;
            parameters.end()?;
            let (curve, size) = match curve.content {
                P256 if curve.tag == Tag::OID => (Curve::P256, 65),
                P384 if curve.tag == Tag::OID => (Curve::P384, 97),
                // Another curve, or one that is described instead of named.
                _ => return Ok(None),
            };
            match bits.octets_of_bits()? {
                point @ [4, ..] if point.len() == size => Ok(Some(PublicKey::Ec(curve, point))),
                _ => Err(bits.error(format_args!("an EC point: expected {size} bytes, uncompressed"))),
            }
        }
        RSA_ENCRYPTION => {
            parameters.expect(Tag::NULL)?.null()?;
            parameters.end()?;
            let content = bits.octets_of_bits()?;
            let mut numbers = bits.inside(content, Tag::SEQUENCE)?.reader();
            let modulus = numbers.expect(Tag::INTEGER)?.magnitude()?;
            let exponent = numbers.expect(Tag::INTEGER)?.magnitude()?;
            numbers.end()?;
            Ok(Some(PublicKey::Rsa { modulus, exponent }))
        }
        _ => Ok(None),
    }
}
