//! Whom chains and revocation lists are believed from.

use trust_formats::FormatError;
use trust_formats::attestation::{Pin, Roots, pin};
use trust_formats::pem;
use trust_formats::x509::Certificate;
use trust_gates::Policy;

/// How old a dated revocation list may be where no policy says, in seconds: a week.
const REVOCATION_AGE: i64 = 7 * 86_400;

/// The keys that are trusted.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The roots that a chain may end in: Google's, and those of a policy or of `--roots`.
    pub roots: Roots,
    /// The signers of revocation snapshots.
    pub revocation_signers: Vec<Pin>,
    /// How old, in seconds, a dated revocation list may be.
    pub revocation_age: i64,
}

/// Why a file of roots was refused.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It is no PEM, or a certificate in it can't be read.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// A certificate whose key may sign neither certificates nor revocation lists.
    #[error("certificate {0}, {1}: expected a CA with keyCertSign, or a signer with cRLSign that is no CA")]
    Neither(usize, String),
    /// Something else than a certificate.
    #[error("a block {0}: expected only CERTIFICATE")]
    Label(String),
}

impl Trust {
    /// Google's roots, and nobody's revocation snapshots.
    pub fn google() -> Trust {
        Trust { roots: Roots::google(), revocation_signers: Vec::new(), revocation_age: REVOCATION_AGE }
    }

    /// What a policy trusts.
    pub fn of(policy: &Policy) -> Trust {
        let mut trust = Trust::google();
        if let Some(attestation) = policy.attestation() {
            for pin in &attestation.roots {
                trust.roots = trust.roots.and(&format!("pinned by policy {}", policy.id()), *pin);
            }
            trust.revocation_signers.extend(&attestation.revocation_signers);
            trust.revocation_age = attestation.revocation_age_days.saturating_mul(86_400);
        }
        trust
    }

    /// These and the keys of the certificates in a PEM text: of a CA with keyCertSign as a root, of a certificate
    /// with cRLSign that is no CA's as a signer of revocation snapshots.
    pub fn and(mut self, text: &[u8]) -> Result<Trust, TrustError> {
        for (nth, block) in pem::blocks("roots", text)?.into_iter().enumerate() {
            if *block.label != *"CERTIFICATE" {
                return Err(TrustError::Label(trust_evidence::printable(&block.label).into()));
            }
            let certificate = Certificate::parse(&block.bytes)?;
            let usage = certificate.key_usage;
            let is_root = certificate.is_ca && usage.is_none_or(|usage| usage.signs_certificates());
            let is_signer = !certificate.is_ca && usage.is_some_and(|usage| usage.signs_revocations());
            if !is_root && !is_signer {
                return Err(TrustError::Neither(nth, certificate.subject.to_string()));
            }
            if is_root {
                let name = format!("named by --roots: {}", certificate.subject);
                self.roots = self.roots.and(&name, pin(&certificate));
            }
            if is_signer {
                self.revocation_signers.push(pin(&certificate));
            }
        }
        Ok(self)
    }
}
