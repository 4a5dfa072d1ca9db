//! The signature block of an update package: CMS SignedData (RFC 5652 §5), as SignApk writes it.
//!
//! ```text
//! ContentInfo { id-signedData, [0] SignedData { version, SET { digest algorithm }, { id-data },
//!     [0] certificates OPTIONAL,
//!     SET { { version 1, { issuer, serial }, digest algorithm, signature algorithm, signature } } } }
//! ```
//!
//! Exactly one signer, over the package itself: no content inside, no signed attributes. Recovery takes the
//! signature's octets and nothing else of all this (read_pkcs7 of verifier.cpp): here what it skips must at
//! least agree with the signature. The certificates and the signer's name and serial number inside are said by
//! whoever made the block and prove nothing.

use crate::FormatError;
use crate::der::{Element, Reader, Tag};
use crate::digest::sha256;
use crate::signature::Hash;

const WHAT: &str = "update package signature";
/// The most certificates inside.
const MAX_CERTIFICATES: usize = 16;
const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";

/// A signature block.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) hash: Hash,
    pub(super) signature: &'a [u8],
    /// SHA-256 of each certificate inside: what the signer says of itself.
    pub(super) certificates: Vec<[u8; 32]>,
}

impl<'a> Block<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Block<'a>, FormatError> {
        let mut info = Reader::single(WHAT, bytes, Tag::SEQUENCE)?.reader();
        identifier(&mut info, SIGNED_DATA, "signed data")?;
        let data = info.expect(Tag::context(0))?.only(Tag::SEQUENCE)?;
        info.end()?;
        let mut data = data.reader();
        // 1 as RFC 5652 has it for certificates and signers of the plain kinds; 3 is written by some tools.
        let version = data.expect(Tag::INTEGER)?;
        if !matches!(version.unsigned()?, 1 | 3) {
            return Err(version.error("another version of SignedData: expected 1 or 3"));
        }
        let digest = hash(&data.expect(Tag::SET)?.only(Tag::SEQUENCE)?)?;
        let mut content = data.expect(Tag::SEQUENCE)?.reader();
        identifier(&mut content, DATA, "data")?;
        content.end()?;
        let certificates = match data.optional(Tag::context(0))? {
            Some(set) => certificates(&set)?,
            None => Vec::new(),
        };
        let signer = data.expect(Tag::SET)?.only(Tag::SEQUENCE)?;
        data.end()?;
        let (hash, signature) = signer_info(&signer)?;
        if hash != digest {
            return Err(
                signer.error(format_args!("a signer with {hash} in data of {digest}: expected one hash"))
            );
        }
        Ok(Block { hash, signature, certificates })
    }
}

fn signer_info<'a>(signer: &Element<'a>) -> Result<(Hash, &'a [u8]), FormatError> {
    let mut fields = signer.reader();
    let version = fields.expect(Tag::INTEGER)?;
    if version.unsigned()? != 1 {
        return Err(
            version.error("a signer of another version: expected 1, named by issuer and serial number")
        );
    }
    let mut name = fields.expect(Tag::SEQUENCE)?.reader();
    name.expect(Tag::SEQUENCE)?;
    name.expect(Tag::INTEGER)?.integer()?;
    name.end()?;
    let hash = hash(&fields.expect(Tag::SEQUENCE)?)?;
    if fields.peek() == Some(Tag::context(0)) {
        return Err(fields.error("signed attributes: expected a signature of the package itself"));
    }
    agrees(&fields.expect(Tag::SEQUENCE)?, hash)?;
    let signature = fields.expect(Tag::OCTET_STRING)?.content;
    fields.end()?;
    Ok((hash, signature))
}

/// The hash of a digest AlgorithmIdentifier; its parameters are absent or NULL (RFC 5754 §2).
fn hash(algorithm: &Element<'_>) -> Result<Hash, FormatError> {
    let mut parts = algorithm.reader();
    let hash = match parts.expect(Tag::OID)?.content {
        b"\x2b\x0e\x03\x02\x1a" => Hash::Sha1,
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x01" => Hash::Sha256,
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x02" => Hash::Sha384,
        b"\x60\x86\x48\x01\x65\x03\x04\x02\x03" => Hash::Sha512,
        _ => return Err(algorithm.error("another digest algorithm: expected SHA-1 or SHA-2")),
    };
    no_parameters(parts)?;
    Ok(hash)
}

/// The signature algorithm must name the key's kind alone, or with the same hash.
fn agrees(algorithm: &Element<'_>, hash: Hash) -> Result<(), FormatError> {
    let mut parts = algorithm.reader();
    let named = match parts.expect(Tag::OID)?.content {
        // rsaEncryption, id-ecPublicKey
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" | b"\x2a\x86\x48\xce\x3d\x02\x01" => hash,
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05" | b"\x2a\x86\x48\xce\x3d\x04\x01" => Hash::Sha1,
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b" | b"\x2a\x86\x48\xce\x3d\x04\x03\x02" => Hash::Sha256,
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c" | b"\x2a\x86\x48\xce\x3d\x04\x03\x03" => Hash::Sha384,
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d" | b"\x2a\x86\x48\xce\x3d\x04\x03\x04" => Hash::Sha512,
        _ => return Err(algorithm.error("another signature algorithm: expected RSA (PKCS #1 v1.5) or ECDSA")),
    };
    no_parameters(parts)?;
    match named == hash {
        true => Ok(()),
        false => Err(algorithm.error(format_args!("a signature algorithm of {named}: expected {hash}"))),
    }
}

fn no_parameters(mut parts: Reader<'_>) -> Result<(), FormatError> {
    if let Some(null) = parts.optional(Tag::NULL)? {
        null.null()?;
    }
    parts.end()
}

fn certificates(set: &Element<'_>) -> Result<Vec<[u8; 32]>, FormatError> {
    let (mut reader, mut digests) = (set.reader(), Vec::new());
    while !reader.is_empty() {
        if digests.len() >= MAX_CERTIFICATES {
            return Err(FormatError::too_large(WHAT, "certificates", MAX_CERTIFICATES));
        }
        digests.push(sha256(reader.expect(Tag::SEQUENCE)?.raw));
    }
    Ok(digests)
}

fn identifier(reader: &mut Reader<'_>, expected: &[u8], name: &str) -> Result<(), FormatError> {
    let found = reader.expect(Tag::OID)?;
    match found.content == expected {
        true => Ok(()),
        false => Err(found.error(format_args!("another content type: expected {name}"))),
    }
}
