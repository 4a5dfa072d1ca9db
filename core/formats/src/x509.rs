//! X.509 certificates (RFC 5280 §4.1), read for what a chain check asks and borrowed from the bytes received.
//!
//! ```text
//! Certificate = SEQUENCE { tbs, AlgorithmIdentifier, signature BIT STRING }
//! tbs = SEQUENCE { [0] version 2, serial INTEGER, AlgorithmIdentifier, issuer Name,
//!                  SEQUENCE { notBefore Time, notAfter Time }, subject Name, SubjectPublicKeyInfo,
//!                  [3] SEQUENCE OF Extension }
//! ```
//!
//! Who issued it vouches for it, once its signature is checked; nothing here checks one. A key or a signature
//! algorithm that is not known is a value, not an error: the chain's rules say where that matters.

pub(crate) mod algorithm;
mod name;

use crate::FormatError;
use crate::der::{Element, Reader, Tag};
use crate::signature::{BadSignature, PublicKey, SignatureVerifier};
use algorithm::SignatureAlgorithm;
pub use name::{Attribute, Name};

/// The largest certificate, in bytes. ML-DSA-87 keys and signatures take some 8 KiB.
pub const MAX_CERTIFICATE: usize = 16 << 10;
/// The most extensions of a certificate.
pub const MAX_EXTENSIONS: usize = 32;
/// The longest serial number, in bytes (RFC 5280 §4.1.2.2).
const MAX_SERIAL: usize = 20;

const WHAT: &str = "certificate";
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];

/// A certificate.
#[derive(Clone, Debug)]
pub struct Certificate<'a> {
    /// The whole certificate.
    pub raw: &'a [u8],
    /// The serial number, big-endian without leading zeros.
    pub serial: &'a [u8],
    /// Who issued it.
    pub issuer: Name<'a>,
    /// Whom it names.
    pub subject: Name<'a>,
    /// From when it is valid, in seconds since 1970.
    pub not_before: i64,
    /// Until when, that second included.
    pub not_after: i64,
    /// The SubjectPublicKeyInfo: what a pin is the SHA-256 of.
    pub public_key_info: &'a [u8],
    /// Its key, where the algorithm is one of those read.
    pub public_key: Option<PublicKey<'a>>,
    /// Whether it may issue certificates (basicConstraints cA); false without the extension.
    pub is_ca: bool,
    /// What its key may be used for, where the extension is there.
    pub key_usage: Option<KeyUsage>,
    /// The extensions, in their order.
    pub extensions: Vec<Extension<'a>>,
    signed: Signed<'a>,
}

/// A keyUsage extension (RFC 5280 §4.2.1.3): the first flag, digitalSignature, is the highest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// keyCertSign: whether the key may sign certificates.
    pub fn signs_certificates(self) -> bool {
        self.0 & 0x0400 != 0
    }

    /// cRLSign: whether the key may sign revocation lists.
    pub fn signs_revocations(self) -> bool {
        self.0 & 0x0200 != 0
    }
}

/// An extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The content octets of its OBJECT IDENTIFIER.
    pub oid: &'a [u8],
    /// Whether one who does not know it must refuse the certificate.
    pub is_critical: bool,
    /// What its OCTET STRING holds.
    pub value: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate, which is all of `bytes`.
    pub fn parse(bytes: &'a [u8]) -> Result<Certificate<'a>, FormatError> {
        if bytes.len() > MAX_CERTIFICATE {
            return Err(FormatError::too_large(WHAT, "bytes", MAX_CERTIFICATE));
        }
        let certificate = Reader::single(WHAT, bytes, Tag::SEQUENCE)?;
        let (mut fields, signed) = Signed::read(&certificate)?;
        match fields.explicit(0, Tag::INTEGER)?.map(|version| version.unsigned()).transpose()? {
            Some(2) => {}
            _ => return Err(certificate.error("expected version 3")),
        }
        let serial = fields.expect(Tag::INTEGER)?;
        let serial = match serial.magnitude()? {
            number if number.len() > MAX_SERIAL => {
                return Err(serial.error(format_args!(
                    "a serial number of {} bytes: expected at most {MAX_SERIAL}",
                    number.len()
                )));
            }
            number => number,
        };
        signed.same_algorithm(&mut fields)?;
        let issuer = Name::read(fields.expect(Tag::SEQUENCE)?)?;
        let validity = fields.expect(Tag::SEQUENCE)?;
        let mut times = validity.reader();
        let (not_before, not_after) = (times.time()?, times.time()?);
        times.end()?;
        let subject = Name::read(fields.expect(Tag::SEQUENCE)?)?;
        let info = fields.expect(Tag::SEQUENCE)?;
        let extensions = match fields.explicit(3, Tag::SEQUENCE)? {
            Some(list) => extensions(list)?,
            None => Vec::new(),
        };
        fields.end()?;
        let find = |oid: &[u8]| extensions.iter().find(|extension| extension.oid == oid);
        Ok(Certificate {
            raw: bytes,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            public_key_info: info.raw,
            public_key: algorithm::public_key(&info)?,
            is_ca: find(BASIC_CONSTRAINTS).map(is_ca).transpose()?.unwrap_or(false),
            key_usage: find(KEY_USAGE).map(key_usage).transpose()?,
            signed,
            extensions,
        })
    }

    /// What the extension with this OBJECT IDENTIFIER holds.
    pub fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        self.extensions.iter().find(|extension| extension.oid == oid).map(|extension| extension.value)
    }

    /// The OBJECT IDENTIFIER of a critical extension that is not read here.
    pub fn unknown_critical(&self) -> Option<&'a [u8]> {
        let is_unknown = |extension: &&Extension<'a>| {
            extension.is_critical && ![KEY_USAGE, BASIC_CONSTRAINTS].contains(&extension.oid)
        };
        self.extensions.iter().find(is_unknown).map(|extension| extension.oid)
    }

    /// Whether this certificate's signature is `key`'s.
    pub fn verify(&self, key: PublicKey<'_>, signatures: &dyn SignatureVerifier) -> Result<(), BadSignature> {
        self.signed.verify(key, signatures)
    }
}

/// What X.509 signs: a sequence of something, an algorithm and a signature. Certificates and revocation lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    message: &'a [u8],
    algorithm_raw: &'a [u8],
    algorithm: Option<SignatureAlgorithm>,
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Reads the outer sequence; what is signed is read by whoever knows what it is.
    pub(crate) fn read(outer: &Element<'a>) -> Result<(Reader<'a>, Signed<'a>), FormatError> {
        let mut parts = outer.reader();
        let message = parts.expect(Tag::SEQUENCE)?;
        let algorithm = parts.expect(Tag::SEQUENCE)?;
        let signature = parts.expect(Tag::BIT_STRING)?.octets_of_bits()?;
        parts.end()?;
        let signed = Signed {
            message: message.raw,
            algorithm_raw: algorithm.raw,
            algorithm: SignatureAlgorithm::read(&algorithm)?,
            signature,
        };
        Ok((message.reader(), signed))
    }

    /// Reads the algorithm that is written inside too: the same, or two readers might take either.
    pub(crate) fn same_algorithm(&self, fields: &mut Reader<'_>) -> Result<(), FormatError> {
        let inner = fields.expect(Tag::SEQUENCE)?;
        match inner.raw == self.algorithm_raw {
            true => Ok(()),
            false => Err(inner.error("another signature algorithm than outside: expected the same")),
        }
    }

    pub(crate) fn verify(
        &self,
        key: PublicKey<'_>,
        signatures: &dyn SignatureVerifier,
    ) -> Result<(), BadSignature> {
        let hash = match (self.algorithm, key) {
            (Some(SignatureAlgorithm::Ecdsa(hash)), PublicKey::Ec(..)) => hash,
            (Some(SignatureAlgorithm::RsaPkcs1(hash)), PublicKey::Rsa { .. }) => hash,
            (None, _) => return Err(BadSignature::Unsupported),
            (Some(_), _) => return Err(BadSignature::Wrong),
        };
        signatures.verify(key, hash, self.message, self.signature)
    }
}

/// Reads a list of extensions, each OBJECT IDENTIFIER once.
pub(crate) fn extensions(list: Element<'_>) -> Result<Vec<Extension<'_>>, FormatError> {
    let mut extensions: Vec<Extension<'_>> = Vec::new();
    let mut reader = list.reader();
    while !reader.is_empty() {
        let element = reader.expect(Tag::SEQUENCE)?;
        let mut fields = element.reader();
        let oid = fields.expect(Tag::OID)?.content;
        // DER leaves a default of false out; some certificates write it.
        let is_critical =
            fields.optional(Tag::BOOLEAN)?.map(|flag| flag.boolean()).transpose()?.unwrap_or(false);
        let value = fields.expect(Tag::OCTET_STRING)?.content;
        fields.end()?;
        if extensions.iter().any(|extension| extension.oid == oid) {
            return Err(element.error("a second extension of one kind: expected each once"));
        }
        if extensions.len() >= MAX_EXTENSIONS {
            return Err(FormatError::too_large(WHAT, "extensions", MAX_EXTENSIONS));
        }
        extensions.push(Extension { oid, is_critical, value });
    }
    Ok(extensions)
}

fn is_ca(extension: &Extension<'_>) -> Result<bool, FormatError> {
    let mut fields = Reader::single("basicConstraints", extension.value, Tag::SEQUENCE)?.reader();
    let is_ca = fields.optional(Tag::BOOLEAN)?.map(|flag| flag.boolean()).transpose()?.unwrap_or(false);
    // How long a chain may grow below it; the chain's own rules fix its length.
    fields.optional(Tag::INTEGER)?.map(|length| length.unsigned()).transpose()?;
    fields.end()?;
    Ok(is_ca)
}

fn key_usage(extension: &Extension<'_>) -> Result<KeyUsage, FormatError> {
    Reader::single("keyUsage", extension.value, Tag::BIT_STRING)?.flags().map(KeyUsage)
}

#[cfg(test)]
mod tests;
