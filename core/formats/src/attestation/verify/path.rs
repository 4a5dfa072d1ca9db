//! The rules of the certificates: root, number, names, rights, signatures, dates, revocation.

use super::super::chain::{Chain, Path, Provisioning};
use super::super::refusal::{Refusal, Rule};
use super::super::revocation::Status;
use super::super::roots::{self, Root, Roots};
use super::{Demand, RevocationCheck};
use crate::signature::{BadSignature, PublicKey, SignatureVerifier, bits};
use crate::utc::Utc;
use crate::x509::Certificate;

pub(super) fn pinned(path: &Path<'_, '_>, roots: &Roots) -> Result<Root, Refusal> {
    let pin = roots::pin(path.root);
    let nth = path.first + path.issuers.len() - 1;
    let (subject, is_software) = (&path.root.subject, roots::is_software(path.root, &pin));
    // Not even where somebody pinned it.
    if let Some(root) = roots.find(&pin).filter(|_| !is_software) {
        return Ok(root.clone());
    }
    Err(if is_software {
        let message = format_args!(
            "{subject}: a software keystore's root, whose private key is published: expected a hardware root"
        );
        Refusal::new(Rule::SoftwareRoot, message).of(nth)
    } else {
        let hex = data_encoding::HEXLOWER.encode(&pin);
        let message =
            format_args!("{subject}, key SHA-256 {hex}: expected one of {} pinned roots", roots.iter().len());
        Refusal::new(Rule::UnknownRoot, message).of(nth)
    })
}

pub(super) fn check_length(
    chain: &Chain<'_>,
    path: &Path<'_, '_>,
    provisioning: Provisioning,
) -> Result<(), Refusal> {
    let (is_right, expected) = match (provisioning, path.issuers.len()) {
        (Provisioning::Factory, found) => (found == 3, "4 for a factory-provisioned chain"),
        (Provisioning::Remote, found) => (found == 4, "5 for a remotely provisioned chain"),
        (Provisioning::Other, found) => ((2..=4).contains(&found), "3 to 5"),
    };
    match is_right {
        true => Ok(()),
        false if path.attest_key.is_some() => {
            Err(chain.wrong_length(&format!("{expected}, and one for the ATTEST_KEY")))
        }
        false => Err(chain.wrong_length(expected)),
    }
}

/// Names, rights and signatures of every certificate against the next; the target's key.
pub(super) fn check_links<'a>(
    chain: &Chain<'a>,
    path: &Path<'_, 'a>,
    signatures: &dyn SignatureVerifier,
) -> Result<PublicKey<'a>, Refusal> {
    let certificates = chain.certificates();
    let keys = certificates.iter().enumerate().map(|(nth, certificate)| supported(certificate, nth));
    let keys: Vec<PublicKey<'a>> = keys.collect::<Result<_, _>>()?;
    for (nth, pair) in certificates.windows(2).enumerate() {
        let [certificate, issuer] = pair else { continue };
        if certificate.issuer != issuer.subject {
            let message = format_args!(
                "issued by {}: expected {}, the next one's subject",
                certificate.issuer, issuer.subject
            );
            return Err(Refusal::new(Rule::NameChaining, message).of(nth));
        }
        // What is above the attestation certificate must say that it may sign certificates.
        let may_sign = issuer.is_ca && issuer.key_usage.is_none_or(|usage| usage.signs_certificates());
        if nth + 1 > path.first && !may_sign {
            let message = format_args!(
                "{}: expected basicConstraints CA:TRUE, and keyCertSign if it has a keyUsage",
                issuer.subject
            );
            return Err(Refusal::new(Rule::NotAnIssuer, message).of(nth + 1));
        }
    }
    for (nth, certificate) in certificates.iter().enumerate() {
        if let Some(oid) = certificate.unknown_critical() {
            let hex = data_encoding::HEXLOWER.encode(oid);
            let message = format_args!(
                "OBJECT IDENTIFIER {hex} (DER): expected only keyUsage and basicConstraints to be critical"
            );
            return Err(Refusal::new(Rule::CriticalExtension, message).of(nth));
        }
    }
    for (nth, certificate) in certificates.iter().enumerate() {
        // The root is the last, and its own issuer.
        let Some(key) = keys.get(nth + 1).or_else(|| keys.get(nth)) else { continue };
        certificate.verify(*key, signatures).map_err(|bad| {
            let refusal = match bad {
                BadSignature::Wrong => {
                    let message = format_args!("{}: expected a signature by {}, {key}", certificate.subject, certificate.issuer);
                    Refusal::new(Rule::Signature, message)
                }
                BadSignature::Unsupported => {
                    let message = "expected ECDSA or RSASSA-PKCS1-v1_5 with SHA-256 or SHA-384, or the latter with SHA-512";
                    Refusal::new(Rule::UnsupportedSignature, message)
                }
            };
            refusal.of(nth)
        })?;
    }
    keys.first().copied().ok_or_else(|| chain.wrong_length("3 or more"))
}

/// The key of a certificate, of a kind that attestations use.
fn supported<'a>(certificate: &Certificate<'a>, nth: usize) -> Result<PublicKey<'a>, Refusal> {
    let message = match certificate.public_key {
        Some(key @ PublicKey::Ec(..)) => return Ok(key),
        Some(key @ PublicKey::Rsa { modulus, .. }) if (2048..=4096).contains(&bits(modulus)) => {
            return Ok(key);
        }
        Some(key) => format!("{key}: expected EC P-256 or P-384, or RSA of 2048 to 4096 bits"),
        None => "expected EC P-256 or P-384, or RSA of 2048 to 4096 bits".into(),
    };
    Err(Refusal::new(Rule::UnsupportedKey, message).of(nth))
}

pub(super) fn check_dates(path: &Path<'_, '_>, provisioning: Provisioning, at: i64) -> Result<(), Refusal> {
    let dated = path.issuers.split_last().map_or(&[][..], |(_root, dated)| dated);
    for (nth, certificate) in (path.first..).zip(dated) {
        let (subject, at) = (&certificate.subject, Utc(at));
        if certificate.not_before > at.0 {
            let message =
                format_args!("{subject}: valid from {}, judged as of {at}", Utc(certificate.not_before));
            return Err(Refusal::new(Rule::NotYetValid, message).of(nth));
        }
        if certificate.not_after < at.0 && provisioning != Provisioning::Factory {
            let message =
                format_args!("{subject}: valid until {}, judged as of {at}", Utc(certificate.not_after));
            return Err(Refusal::new(Rule::Expired, message).of(nth));
        }
    }
    Ok(())
}

pub(super) fn check_revocation(path: &Path<'_, '_>, demand: &Demand<'_>) -> Result<RevocationCheck, Refusal> {
    let Some((list, max_age)) = demand.revocation else { return Ok(RevocationCheck::NotChecked) };
    for (nth, certificate) in (path.first..).zip(path.issuers) {
        let rule = match list.status(certificate.serial) {
            None => continue,
            Some(Status::Revoked) => Rule::Revoked,
            Some(Status::Suspended) => Rule::Suspended,
        };
        let serial = data_encoding::HEXLOWER.encode(certificate.serial);
        let message =
            format_args!("{}: serial number {serial} is on the revocation list", certificate.subject);
        return Err(Refusal::new(rule, message).of(nth));
    }
    // A list that lists a certificate counts however old it is; one that does not must be recent.
    let Some(taken_at) = list.taken_at() else { return Ok(RevocationCheck::Undated) };
    let until = taken_at.saturating_add(max_age).min(list.next_update().unwrap_or(i64::MAX));
    if demand.at > until {
        let message = format_args!(
            "a list of {}, good until {}: expected one for {}",
            Utc(taken_at),
            Utc(until),
            Utc(demand.at)
        );
        return Err(Refusal::new(Rule::RevocationStale, message));
    }
    Ok(RevocationCheck::Dated(taken_at))
}
