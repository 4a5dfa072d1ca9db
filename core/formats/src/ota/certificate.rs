//! What a verifier of updates takes from a certificate (RFC 5280 §4.1): its public key and the hash of its own
//! signature. Nobody checks that signature, nor its dates: the certificates are the device's own, in its image.

use crate::FormatError;
use crate::der::{Element, Reader, Tag};
use crate::signature::{Hash, PublicKey};
use crate::x509::algorithm;

const WHAT: &str = "update certificate";

/// A certificate's key.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    pub(super) key: PublicKey<'a>,
    /// The hash of the certificate's own signature; `None` for one that is not known here. Recovery expects the
    /// same of the updates that the key signs.
    pub(super) hash: Option<Hash>,
}

/// The public key of a certificate in DER.
pub(super) fn public_key(der: &[u8]) -> Result<Certificate<'_>, FormatError> {
    let mut whole = Reader::single(WHAT, der, Tag::SEQUENCE)?.reader();
    let mut body = whole.expect(Tag::SEQUENCE)?.reader();
    body.explicit(0, Tag::INTEGER)?;
    body.expect(Tag::INTEGER)?;
    let inner = body.expect(Tag::SEQUENCE)?;
    // issuer, validity, subject
    for _ in 0..3 {
        body.expect(Tag::SEQUENCE)?;
    }
    let key = subject_public_key(&body.expect(Tag::SEQUENCE)?)?;
    let outer = whole.expect(Tag::SEQUENCE)?;
    whole.expect(Tag::BIT_STRING)?.octets_of_bits()?;
    whole.end()?;
    if inner.raw != outer.raw {
        return Err(outer.error("another signature algorithm than inside: expected the same"));
    }
    let hash = match outer.reader().expect(Tag::OID)?.content {
        // sha1WithRSAEncryption; sha256WithRSAEncryption; ecdsa-with-SHA256
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05" => Some(Hash::Sha1),
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b" | b"\x2a\x86\x48\xce\x3d\x04\x03\x02" => Some(Hash::Sha256),
        _ => None,
    };
    Ok(Certificate { key, hash })
}

fn subject_public_key<'a>(info: &Element<'a>) -> Result<PublicKey<'a>, FormatError> {
    algorithm::public_key(info)?.ok_or_else(|| unsupported("another key: expected RSA, EC P-256 or EC P-384"))
}

fn unsupported(message: &str) -> FormatError {
    FormatError::unsupported(WHAT, message)
}
