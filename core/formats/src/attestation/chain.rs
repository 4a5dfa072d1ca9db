//! A chain of certificates as it was received, and what each of them is in it.
//!
//! ```text
//! target ◄─ [user's ATTEST_KEY] ◄─ attestation ◄─ intermediate                ◄─ root    factory, 4 (5)
//! target ◄─ [user's ATTEST_KEY] ◄─ attestation ◄─ intermediate ◄─ intermediate ◄─ root    remote, 5 (6)
//! ```

use super::refusal::{Refusal, Rule};
use super::{key_description, provisioning};
use crate::FormatError;
use crate::der::Reader;
use crate::pem;
use crate::x509::{Attribute, Certificate};

/// The most certificates of a chain.
pub const MAX_CERTIFICATES: usize = 8;

const WHAT: &str = "certificate chain";
/// A chain of certificates, the target's first, the root's last. Nothing in it is checked yet.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    certificates: Vec<Certificate<'a>>,
}

/// How the device came by the key that its attestations are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// In the factory, one key for a batch of devices, for the device's life: such certificates count after
    /// they expired too, as the keys can't be replaced.
    Factory,
    /// From a server, one key for a device and for some weeks.
    Remote,
    /// Neither kind's marks are there.
    Other,
}

impl Provisioning {
    /// Its name in results and evidence.
    pub fn word(self) -> &'static str {
        match self {
            Provisioning::Factory => "factory",
            Provisioning::Remote => "remote",
            Provisioning::Other => "other",
        }
    }
}

/// Splits what holds a chain into its certificates: PEM, or DER one after the other as KeyMint returns it.
pub fn split(bytes: &[u8]) -> Result<Vec<Vec<u8>>, FormatError> {
    if bytes.first() == Some(&0x30) {
        let mut reader = Reader::new(WHAT, bytes);
        let mut certificates = Vec::new();
        while !reader.is_empty() {
            if certificates.len() >= MAX_CERTIFICATES {
                return Err(FormatError::too_large(WHAT, "certificates", MAX_CERTIFICATES));
            }
            certificates.push(reader.next()?.raw.to_vec());
        }
        return Ok(certificates);
    }
    let mut certificates = Vec::new();
    for block in pem::blocks(WHAT, bytes)? {
        if *block.label != *"CERTIFICATE" {
            let message =
                format_args!("a block {}: expected only CERTIFICATE", crate::error::shown(&block.label));
            return Err(FormatError::malformed(WHAT, message));
        }
        certificates.push(block.bytes);
    }
    Ok(certificates)
}

impl<'a> Chain<'a> {
    /// Reads the certificates of a chain, the target's first.
    pub fn parse<B: AsRef<[u8]>>(certificates: &'a [B]) -> Result<Chain<'a>, Refusal> {
        if certificates.len() > MAX_CERTIFICATES {
            let message =
                format_args!("{} certificates: expected at most {MAX_CERTIFICATES}", certificates.len());
            return Err(Refusal::new(Rule::Length, message));
        }
        let parse = |(nth, bytes): (usize, &'a B)| {
            Certificate::parse(bytes.as_ref()).map_err(|error| Refusal::new(Rule::Malformed, error).of(nth))
        };
        Ok(Chain { certificates: certificates.iter().enumerate().map(parse).collect::<Result<_, _>>()? })
    }

    /// The certificates.
    pub fn certificates(&self) -> &[Certificate<'a>] {
        &self.certificates
    }

    /// What the certificates are, by their number, their names and where the extension stands. A path can't be
    /// had of a chain that an attested key may have extended.
    pub(super) fn path(&self) -> Result<Path<'_, 'a>, Refusal> {
        let [target, above @ ..] = self.certificates.as_slice() else {
            return Err(Refusal::new(
                Rule::Length,
                "no certificate: expected a chain from the target to a root",
            ));
        };
        let root = above.last().ok_or_else(|| self.wrong_length("3 or more"))?;
        if root.issuer != root.subject {
            let message =
                format_args!("issued by {}: expected a root, its own issuer, at the end", root.issuer);
            return Err(Refusal::new(Rule::NoRoot, message).of(self.certificates.len() - 1));
        }
        let (attest_key, issuers) = match above {
            [key, rest @ ..] if attests(key) => (Some(key), rest),
            issuers => (None, issuers),
        };
        let first = self.certificates.len() - issuers.len();
        if let Some(nth) = issuers.iter().position(attests) {
            let message = "an attestation extension: expected it in the target's certificate alone, or in one ATTEST_KEY's above it";
            return Err(Refusal::new(Rule::ExtendedChain, message).of(first + nth));
        }
        let below = issuers.split_last().map_or(&[][..], |(_root, below)| below);
        if let Some(nth) = below.iter().position(|certificate| certificate.issuer == certificate.subject) {
            let message = "its own issuer: expected only the last to be a root";
            return Err(Refusal::new(Rule::NoRoot, message).of(first + nth));
        }
        let [attestation, .., _] = issuers else { return Err(self.wrong_length("3 or more")) };
        let intermediates = issuers.get(1..issuers.len() - 1).unwrap_or_default();
        Ok(Path { target, attest_key, attestation, intermediates, root, issuers, first })
    }

    /// A refusal of a chain that has not the expected number of certificates.
    pub(super) fn wrong_length(&self, expected: &str) -> Refusal {
        let message = format_args!("{} certificates: expected {expected}", self.certificates.len());
        Refusal::new(Rule::Length, message)
    }
}

fn attests(certificate: &Certificate<'_>) -> bool {
    certificate.extension(&key_description::OID).is_some()
}

/// A chain with a name for each certificate.
pub(super) struct Path<'p, 'a> {
    pub(super) target: &'p Certificate<'a>,
    /// An attested key of the device's user that signed the target instead of the attestation key.
    pub(super) attest_key: Option<&'p Certificate<'a>>,
    pub(super) attestation: &'p Certificate<'a>,
    /// Between the attestation certificate and the root.
    pub(super) intermediates: &'p [Certificate<'a>],
    pub(super) root: &'p Certificate<'a>,
    /// The attestation certificate, the intermediates and the root.
    pub(super) issuers: &'p [Certificate<'a>],
    /// Where in the chain the attestation certificate stands.
    pub(super) first: usize,
}

impl<'a> Path<'_, 'a> {
    /// How the attestation key came to the device, as the names under the root say; these are the root's to
    /// give. Source: KeyAttestationCertPath.kt of Google's verifier.
    pub(super) fn provisioning(&self) -> Provisioning {
        let Some(first) = self.intermediates.last() else { return Provisioning::Other };
        let is_droid_ca2 = first.subject.get(Attribute::CommonName) == Some(b"Droid CA2")
            && first.subject.get(Attribute::Organization) == Some(b"Google LLC");
        if is_droid_ca2 || self.provisioning_info().is_some() {
            Provisioning::Remote
        } else if first.subject.get(Attribute::SerialNumber).is_some() {
            Provisioning::Factory
        } else {
            Provisioning::Other
        }
    }

    /// What the server that provisioned the key wrote into the attestation certificate.
    pub(super) fn provisioning_info(&self) -> Option<&'a [u8]> {
        self.attestation.extension(&provisioning::OID)
    }
}

/// The attestation extension of a certificate.
pub(super) fn extension<'a>(certificate: &Certificate<'a>) -> Option<&'a [u8]> {
    certificate.extension(&key_description::OID)
}
