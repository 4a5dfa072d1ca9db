//! A policy file: which gates bind, what is accepted, what does not apply, what is waived, who may ask, who
//! sees what. Strictly parsed.

use crate::access::{Access, RawAccess};
use crate::audience::{Audience, RawAudience};
use crate::provider::{Provider, RawProvider};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use trust_evidence::{LoadError, Time, Type, Value, from_toml};

/// The schema a policy names.
pub const POLICY_SCHEMA: &str = "com.enigm.policy/1";
/// The largest policy that is read, in bytes.
pub const MAX_POLICY: u64 = 1 << 20;

/// A policy file as it was read. [`crate::Plan::new`] resolves it against the gates.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The file's name, for errors.
    file: Box<str>,
    text: Box<str>,
    digest: [u8; 32],
    attestation: Option<Attestation>,
    bundle_signers: Vec<[u8; 65]>,
    enrolment_verifier: Option<[u8; 65]>,
    pub(crate) access: Vec<Access>,
    pub(crate) providers: Vec<Provider>,
    pub(crate) audiences: Vec<Audience>,
    pub(crate) raw: RawPolicy,
}

/// Operands of one section: keys and values with their places.
pub(crate) type Operands = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPolicy {
    pub schema: Spanned<String>,
    pub id: Spanned<String>,
    pub version: u32,
    #[serde(default)]
    pub lab: bool,
    pub gates: RawBinding,
    #[serde(default)]
    pub thresholds: Operands,
    #[serde(default)]
    pub accept: Operands,
    #[serde(default)]
    pub deny: Operands,
    #[serde(default)]
    pub boot: Vec<Operands>,
    #[serde(default)]
    pub release: Vec<Operands>,
    #[serde(default)]
    pub sources: Vec<RawSources>,
    pub managed: RawManaged,
    #[serde(default)]
    pub waiver: Vec<RawWaiver>,
    pub attestation: Option<RawAttestation>,
    #[serde(default)]
    pub bundles: RawBundles,
    #[serde(default)]
    pub enrolment: RawEnrolment,
    #[serde(default)]
    pub access: Vec<RawAccess>,
    #[serde(default)]
    pub provider: Vec<RawProvider>,
    #[serde(default)]
    pub audience: Vec<RawAudience>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAttestation {
    #[serde(default)]
    pub roots: Vec<Spanned<String>>,
    #[serde(default)]
    pub revocation_signers: Vec<Spanned<String>>,
    pub revocation_age_days: Spanned<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBundles {
    #[serde(default)]
    pub signers: Vec<Spanned<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEnrolment {
    pub verifier: Option<Spanned<String>>,
}

/// Whom key attestations are believed from, besides Google's roots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attestation {
    /// Roots: SHA-256 of their SubjectPublicKeyInfo.
    pub roots: Vec<[u8; 32]>,
    /// Signers of revocation snapshots: the same of theirs.
    pub revocation_signers: Vec<[u8; 32]>,
    /// How many days old a dated revocation list may be.
    pub revocation_age_days: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBinding {
    pub bind: Spanned<Vec<Spanned<String>>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSources {
    pub absent: Vec<Spanned<String>>,
    pub reason: Box<str>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawManaged {
    pub owner: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWaiver {
    pub check: Spanned<String>,
    pub reason: Box<str>,
    pub by: Box<str>,
    pub until: Spanned<String>,
}

impl Policy {
    /// Reads a policy's text. `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Policy, LoadError> {
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_POLICY {
            let message = format!("{} bytes: expected a policy of at most {MAX_POLICY}", text.len());
            return Err(LoadError::whole(file, message));
        }
        let raw: RawPolicy = from_toml(file, text)?;
        let mut policy = Policy {
            file: file.into(),
            text: text.into(),
            digest: Sha256::digest(text).into(),
            attestation: None,
            bundle_signers: Vec::new(),
            enrolment_verifier: None,
            access: Vec::new(),
            providers: Vec::new(),
            audiences: Vec::new(),
            raw,
        };
        if policy.raw.schema.as_ref() != POLICY_SCHEMA {
            let message =
                format!("schema = \"{}\": expected \"{POLICY_SCHEMA}\"", policy.raw.schema.as_ref());
            return Err(policy.error(policy.raw.schema.span(), message));
        }
        let id = policy.raw.id.as_ref();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
            let message =
                format!("id = \"{id}\": expected 1 to 64 letters, digits, dots, dashes and underscores");
            return Err(policy.error(policy.raw.id.span(), message));
        }
        policy.attestation =
            policy.raw.attestation.as_ref().map(|raw| policy.read_attestation(raw)).transpose()?;
        policy.bundle_signers = policy.read_bundle_signers()?;
        let verifier = policy.raw.enrolment.verifier.as_ref();
        policy.enrolment_verifier = verifier.map(|text| policy.read_point(text)).transpose()?;
        policy.access = policy.read_access()?;
        policy.providers = policy.read_providers()?;
        policy.audiences = policy.read_audiences()?;
        policy.refuse_shared_callers()?;
        Ok(policy)
    }

    fn read_attestation(&self, raw: &RawAttestation) -> Result<Attestation, LoadError> {
        let digest = |text: &Spanned<String>| match Type::Digest(32).parse(text.as_ref()) {
            Some(Value::Digest(digest)) => Ok(digest.as_ref().try_into().unwrap_or_default()),
            _ => {
                let message =
                    format!("\"{}\": expected the SHA-256 of a public key in lower-case hex", text.as_ref());
                Err(self.error(text.span(), message))
            }
        };
        let digests = |list: &[Spanned<String>]| list.iter().map(digest).collect::<Result<Vec<_>, _>>();
        let days = &raw.revocation_age_days;
        if !(1..=365).contains(days.as_ref()) {
            let message = format!("revocation_age_days = {}: expected 1 to 365", days.as_ref());
            return Err(self.error(days.span(), message));
        }
        Ok(Attestation {
            roots: digests(&raw.roots)?,
            revocation_signers: digests(&raw.revocation_signers)?,
            revocation_age_days: *days.as_ref(),
        })
    }

    /// Whom key attestations are believed from, where it says so.
    pub fn attestation(&self) -> Option<&Attestation> {
        self.attestation.as_ref()
    }

    fn read_bundle_signers(&self) -> Result<Vec<[u8; 65]>, LoadError> {
        let mut points = Vec::new();
        for text in &self.raw.bundles.signers {
            let point = self.read_point(text)?;
            if points.contains(&point) {
                let message = format!("\"{}\": is there twice: expected it once", text.as_ref());
                return Err(self.error(text.span(), message));
            }
            points.push(point);
        }
        Ok(points)
    }

    /// An uncompressed point (SEC 1 §2.3.3). Whether it lies on the curve, whoever uses it finds out.
    fn read_point(&self, text: &Spanned<String>) -> Result<[u8; 65], LoadError> {
        let point = match Type::Digest(65).parse(text.as_ref()) {
            Some(Value::Digest(point)) if point.first() == Some(&4) => point.as_ref().try_into().ok(),
            _ => None,
        };
        point.ok_or_else(|| {
            let expected = "expected the point of a P-256 key, 04 and its coordinates in 130 hex digits";
            self.error(text.span(), format!("\"{}\": {expected}", text.as_ref()))
        })
    }

    /// Who may sign bundles that take this policy's place: P-256 keys, each an uncompressed point (SEC 1 §2.3.3). It
    /// counts in a built-in policy alone, which is part of the program: a bundle can't say who signs the next one.
    pub fn bundle_signers(&self) -> &[[u8; 65]] {
        &self.bundle_signers
    }

    /// The enrolment verifier's key that enrolment evidence is sealed to: a P-256 key, an uncompressed point (SEC 1
    /// §2.3.3). Where there is none, no certificate chain leaves the device.
    pub fn enrolment_verifier(&self) -> Option<&[u8; 65]> {
        self.enrolment_verifier.as_ref()
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.raw.id.as_ref()
    }

    /// Its version, which only rises.
    pub fn version(&self) -> u32 {
        self.raw.version
    }

    /// Whether it is for laboratories, which every result says.
    pub fn is_lab(&self) -> bool {
        self.raw.lab
    }

    /// SHA-256 of the file's bytes.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The digest in lower-case hex.
    pub fn digest_hex(&self) -> String {
        Value::Digest(self.digest.into()).to_string()
    }

    /// Whether devices under this policy are managed: whether gate 8 applies.
    pub fn is_managed(&self) -> bool {
        self.raw.managed.owner.as_ref() != "none"
    }

    /// An error at a place of this file.
    pub(crate) fn error(&self, span: Range<usize>, message: impl std::fmt::Display) -> LoadError {
        LoadError::at(&self.file, &self.text, span, message)
    }

    /// An error of this file as a whole.
    pub(crate) fn whole(&self, message: impl std::fmt::Display) -> LoadError {
        LoadError::whole(&self.file, message)
    }

    pub(crate) fn time(&self, text: &Spanned<String>) -> Result<Time, LoadError> {
        text.as_ref().parse().map_err(|error| self.error(text.span(), error))
    }
}
