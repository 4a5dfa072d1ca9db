//! Our snapshot: an X.509 CRL.

use super::super::roots::{self, Pin};
use super::{MAX_LIST, RevocationList, Status, WHAT};
use crate::FormatError;
use crate::der::{Reader, Tag};
use crate::pem;
use crate::signature::{BadSignature, SignatureVerifier};
use crate::x509::{Certificate, Extension, Name, Signed, extensions};

const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
const REASON_CODE: &[u8] = &[0x55, 0x1d, 0x15];
const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];
/// deltaCRLIndicator and issuingDistributionPoint.
const DELTA: &[u8] = &[0x55, 0x1d, 0x1b];
const PART: &[u8] = &[0x55, 0x1d, 0x1c];
/// CRLReason certificateHold.
const HOLD: u64 = 6;

pub(super) fn read(
    text: &[u8],
    signers: &[Pin],
    signatures: &dyn SignatureVerifier,
) -> Result<RevocationList, FormatError> {
    let [signer, list] = parts(text)?;
    let signer = Certificate::parse(&signer.bytes)?;
    if !signers.contains(&roots::pin(&signer)) {
        return Err(refused(format_args!(
            "signed by {}: expected one of {} pinned signers",
            signer.subject,
            signers.len()
        )));
    }
    // A CA's own CRL lists its own certificates, and would pass for a list of everybody's.
    if signer.is_ca || !signer.key_usage.is_some_and(|usage| usage.signs_revocations()) {
        return Err(refused(format_args!(
            "signed by {}: expected a signer with keyUsage cRLSign that is no CA",
            signer.subject
        )));
    }
    let key = signer
        .public_key
        .ok_or_else(|| refused("a signer's key of another algorithm: expected EC P-256 or P-384, or RSA"))?;
    if list.bytes.len() > MAX_LIST {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_LIST));
    }
    let outer = Reader::single(WHAT, &list.bytes, Tag::SEQUENCE)?;
    let (fields, signed) = Signed::read(&outer)?;
    signed.verify(key, signatures).map_err(|bad| match bad {
        BadSignature::Wrong => refused(format_args!("expected a signature by {}, {key}", signer.subject)),
        BadSignature::Unsupported => {
            refused("another signature algorithm: expected ECDSA or RSASSA-PKCS1-v1_5")
        }
    })?;
    contents(fields, &signed, &signer)
}

/// Whether one of the signers signed what has the form of a snapshot, whatever it holds.
pub(super) fn is_signed(
    text: &[u8],
    signers: &[Pin],
    signatures: &dyn SignatureVerifier,
) -> Result<bool, FormatError> {
    let [signer, list] = parts(text)?;
    let signer = Certificate::parse(&signer.bytes)?;
    let outer = Reader::single(WHAT, &list.bytes, Tag::SEQUENCE)?;
    let (_, signed) = Signed::read(&outer)?;
    let is_pinned = signers.contains(&roots::pin(&signer));
    Ok(is_pinned && signer.public_key.is_some_and(|key| signed.verify(key, signatures).is_ok()))
}

/// The signer's certificate and the list.
fn parts(text: &[u8]) -> Result<[pem::Block; 2], FormatError> {
    let blocks: [pem::Block; 2] =
        pem::blocks(WHAT, text)?.try_into().map_err(|blocks: Vec<pem::Block>| {
            let found = blocks.len();
            refused(format_args!("{found} PEM blocks: expected its signer's CERTIFICATE and an X509 CRL"))
        })?;
    match blocks.each_ref().map(|block| &*block.label) {
        ["CERTIFICATE", "X509 CRL"] => Ok(blocks),
        _ => Err(refused("expected its signer's CERTIFICATE, then an X509 CRL")),
    }
}

fn contents(
    mut fields: Reader<'_>,
    signed: &Signed<'_>,
    signer: &Certificate<'_>,
) -> Result<RevocationList, FormatError> {
    let version = fields.expect(Tag::INTEGER)?;
    if version.unsigned()? != 1 {
        return Err(version.error("expected a CRL of version 2"));
    }
    signed.same_algorithm(&mut fields)?;
    let issuer = fields.expect(Tag::SEQUENCE)?;
    if Name::read(issuer)? != signer.subject {
        return Err(issuer.error(format_args!("expected the signer's name, {}", signer.subject)));
    }
    let mut list = RevocationList {
        taken_at: Some(fields.time()?),
        next_update: Some(fields.time()?),
        ..RevocationList::default()
    };
    if let Some(revoked) = fields.optional(Tag::SEQUENCE)? {
        let mut entries = revoked.reader();
        while !entries.is_empty() {
            let mut entry = entries.expect(Tag::SEQUENCE)?.reader();
            let serial = entry.expect(Tag::INTEGER)?.magnitude()?;
            entry.time()?;
            let reason = match entry.optional(Tag::SEQUENCE)? {
                Some(given) => reason(&extensions(given)?)?,
                None => None,
            };
            entry.end()?;
            list.add(serial, if reason == Some(HOLD) { Status::Suspended } else { Status::Revoked })?;
        }
    }
    let given = fields.explicit(0, Tag::SEQUENCE)?.map(extensions).transpose()?.unwrap_or_default();
    fields.end()?;
    let number = find(&given, CRL_NUMBER).ok_or_else(|| refused("expected a cRLNumber"))?;
    list.number = Some(Reader::single(WHAT, number.value, Tag::INTEGER)?.unsigned()?);
    known(&given, &[CRL_NUMBER, AUTHORITY_KEY])?;
    // Critical or not, these say that the list is a part of another.
    if let Some(partial) = [DELTA, PART].into_iter().find(|oid| find(&given, oid).is_some()) {
        let which = if partial == DELTA { "a delta" } else { "a part (issuingDistributionPoint)" };
        return Err(refused(format_args!("{which}: expected a whole list")));
    }
    Ok(list)
}

fn reason(given: &[Extension<'_>]) -> Result<Option<u64>, FormatError> {
    known(given, &[REASON_CODE])?;
    find(given, REASON_CODE)
        .map(|extension| Reader::single(WHAT, extension.value, Tag::ENUMERATED)?.unsigned())
        .transpose()
}

fn find<'a, 'e>(given: &'a [Extension<'e>], oid: &[u8]) -> Option<&'a Extension<'e>> {
    given.iter().find(|extension| extension.oid == oid)
}

/// A critical extension that is not known here may say that the list is of something else.
fn known(given: &[Extension<'_>], known: &[&[u8]]) -> Result<(), FormatError> {
    match given.iter().find(|extension| extension.is_critical && !known.contains(&extension.oid)) {
        None => Ok(()),
        Some(_) => Err(refused("a critical extension that is not known: expected none")),
    }
}

fn refused(message: impl std::fmt::Display) -> FormatError {
    FormatError::malformed("revocation snapshot", message)
}
