//! The rules of Android's key attestation chains, in order. [`verify`] is the only maker of
//! [`VerifiedAttestation`].
//!
//! They follow Google's own verifier, <https://github.com/android/keyattestation>, and are stricter where no
//! known device needs otherwise:
//!
//! - A root counts by its key; its own dates do not, its own signature does.
//! - Dates: the target's (and an ATTEST_KEY's) are written on the device and not looked at. Above them, remotely
//!   provisioned chains must be valid; factory ones must have become valid, and may have expired.
//! - CA flag and keyCertSign are asked of every issuer above the attestation certificate. They are not asked of
//!   that one: devices are in use (Sony Xperia 10 III) whose attestation certificates say CA:FALSE and
//!   digitalSignature; nor of an ATTEST_KEY.
//! - The extension stands in the target alone, so that an attested key can't extend the chain with whatever it
//!   likes. One exception: an ATTEST_KEY above the target, a key that KeyMint lets sign nothing but attestations.

use super::chain::{Chain, Path, Provisioning, extension};
use super::key_description::{AuthorizationList, Origin, RootOfTrust};
use super::refusal::{Refusal, Rule};
use super::revocation::{RevocationList, Status};
use super::roots::{self, Root, Roots};
use super::{KeyDescription, ProvisioningInfo, SecurityLevel};
use crate::FormatError;
use crate::signature::{BadSignature, PublicKey, SignatureVerifier, bits};
use crate::utc::Utc;
use crate::x509::{Attribute, Certificate};

/// KeyPurpose ATTEST_KEY: KeyMint lets a key that has it have no other.
const ATTEST_KEY: u32 = 7;

/// What a chain is asked for.
#[derive(Clone, Copy)]
pub struct Demand<'d> {
    /// As of when it is judged, in seconds since 1970.
    pub at: i64,
    /// The roots that it may end in.
    pub roots: &'d Roots,
    /// The challenge that was issued, if one was.
    pub challenge: Option<&'d [u8]>,
    /// What is revoked, if a list is at hand, and how old, in seconds, a dated list may be.
    pub revocation: Option<(&'d RevocationList, i64)>,
    /// The purposes that the key must have, exactly (KeyPurpose of KeyMint), if that is asked.
    pub purposes: Option<&'d [u32]>,
}

/// What looking for revoked certificates came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationCheck {
    /// No list was at hand.
    NotChecked,
    /// None is on a list that does not say of when it is.
    Undated,
    /// None is on a list of this time, in seconds since 1970.
    Dated(i64),
}

/// A key attestation whose chain was verified. Only [`verify`] makes one; what it says held at
/// [`VerifiedAttestation::at`] and is not to be verified again later, since such chains expire within weeks.
#[derive(Clone, Debug)]
pub struct VerifiedAttestation<'a> {
    description: KeyDescription<'a>,
    attest_key: Option<KeyDescription<'a>>,
    root: Root,
    provisioning: Provisioning,
    provisioning_info: Option<Result<ProvisioningInfo, FormatError>>,
    public_key: PublicKey<'a>,
    public_key_info: &'a [u8],
    is_challenge_matched: bool,
    revocation: RevocationCheck,
    at: i64,
}

impl<'a> VerifiedAttestation<'a> {
    /// What the secure hardware said of the key and the device.
    pub fn description(&self) -> &KeyDescription<'a> {
        &self.description
    }

    /// What it had said of the ATTEST_KEY that signed, where one did.
    pub fn attest_key(&self) -> Option<&KeyDescription<'a>> {
        self.attest_key.as_ref()
    }

    /// Where key and attestation live: a TEE or a StrongBox, never software.
    pub fn level(&self) -> SecurityLevel {
        self.description.attestation_level
    }

    /// The root that the chain ends in.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// How the attestation key came to the device.
    pub fn provisioning(&self) -> Provisioning {
        self.provisioning
    }

    /// What the provisioning server wrote, where it wrote something that is there to be read.
    pub fn provisioning_info(&self) -> Option<&Result<ProvisioningInfo, FormatError>> {
        self.provisioning_info.as_ref()
    }

    /// The attested key.
    pub fn public_key(&self) -> PublicKey<'a> {
        self.public_key
    }

    /// The attested key's SubjectPublicKeyInfo.
    pub fn public_key_info(&self) -> &'a [u8] {
        self.public_key_info
    }

    /// Whether the challenge was asked for and is the one that was issued. If not, the chain may be old, and it
    /// may be another device's.
    pub fn is_challenge_matched(&self) -> bool {
        self.is_challenge_matched
    }

    /// What looking for revoked certificates came to.
    pub fn revocation(&self) -> RevocationCheck {
        self.revocation
    }

    /// As of when it was judged, in seconds since 1970.
    pub fn at(&self) -> i64 {
        self.at
    }
}

/// Verifies a chain. A refusal names the first rule that it breaks, in the order of [`Rule`].
pub fn verify<'a>(
    chain: &Chain<'a>,
    demand: &Demand<'_>,
    signatures: &dyn SignatureVerifier,
) -> Result<VerifiedAttestation<'a>, Refusal> {
    let path = chain.path()?;
    let root = pinned(&path, demand.roots)?;
    let provisioning = path.provisioning();
    check_length(chain, &path, provisioning)?;
    let public_key = check_links(chain, &path, signatures)?;
    let attest_key = path.attest_key.map(|key| attest_key(key)).transpose()?;
    check_dates(&path, provisioning, demand.at)?;
    let revocation = check_revocation(&path, demand)?;
    let description = describe(path.target, 0)?;
    check_challenge(&description, demand)?;
    check_level(&path, &description, provisioning)?;
    check_key(&description, demand)?;
    if let Some(key) = &attest_key {
        check_same_state(key, &description)?;
    }
    Ok(VerifiedAttestation {
        description,
        attest_key,
        root,
        provisioning,
        provisioning_info: path.provisioning_info().map(ProvisioningInfo::parse),
        public_key,
        public_key_info: path.target.public_key_info,
        is_challenge_matched: demand.challenge.is_some(),
        revocation,
        at: demand.at,
    })
}

fn pinned(path: &Path<'_, '_>, roots: &Roots) -> Result<Root, Refusal> {
    let pin = roots::pin(path.root);
    let nth = path.first + path.issuers.len() - 1;
    if let Some(root) = roots.find(&pin) {
        return Ok(root.clone());
    }
    let subject = &path.root.subject;
    Err(if roots::is_software(path.root, &pin) {
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

fn check_length(chain: &Chain<'_>, path: &Path<'_, '_>, provisioning: Provisioning) -> Result<(), Refusal> {
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
fn check_links<'a>(
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

/// The description of a user's ATTEST_KEY. Any other attested key could have signed the target as it liked.
fn attest_key<'a>(certificate: &Certificate<'a>) -> Result<KeyDescription<'a>, Refusal> {
    let description = describe(certificate, 1)?;
    if has_purposes(&description, &[ATTEST_KEY]) {
        return Ok(description);
    }
    let message = format_args!(
        "an attested key whose purposes are {}: expected the extension in the target's certificate alone, or above it in one of a key that can do nothing but attest (ATTEST_KEY, enforced by hardware)",
        purposes(&description.hardware)
    );
    Err(Refusal::new(Rule::ExtendedChain, message).of(1))
}

fn check_dates(path: &Path<'_, '_>, provisioning: Provisioning, at: i64) -> Result<(), Refusal> {
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

fn check_revocation(path: &Path<'_, '_>, demand: &Demand<'_>) -> Result<RevocationCheck, Refusal> {
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

fn describe<'a>(certificate: &Certificate<'a>, nth: usize) -> Result<KeyDescription<'a>, Refusal> {
    let value = extension(certificate).ok_or_else(|| {
        Refusal::new(Rule::NoExtension, "expected a key attestation extension (1.3.6.1.4.1.11129.2.1.17)")
            .of(nth)
    })?;
    KeyDescription::parse(value).map_err(|error| Refusal::new(Rule::Description, error).of(nth))
}

fn check_challenge(description: &KeyDescription<'_>, demand: &Demand<'_>) -> Result<(), Refusal> {
    match demand.challenge {
        Some(issued) if issued != description.challenge => {
            let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
            let message = format_args!(
                "\"{}\": expected the challenge that was issued, \"{}\"",
                hex(description.challenge),
                hex(issued)
            );
            Err(Refusal::new(Rule::Challenge, message).of(0))
        }
        _ => Ok(()),
    }
}

fn check_level(
    path: &Path<'_, '_>,
    description: &KeyDescription<'_>,
    provisioning: Provisioning,
) -> Result<(), Refusal> {
    let (level, key) = (description.attestation_level, description.keymint_level);
    let refuse = |rule, message: std::fmt::Arguments<'_>| Err(Refusal::new(rule, message).of(0));
    if level == SecurityLevel::Software || key == SecurityLevel::Software {
        return refuse(
            Rule::SoftwareLevel,
            format_args!("attested by {}, kept by {}: expected a TEE or StrongBox", level.word(), key.word()),
        );
    }
    if level != key {
        return refuse(
            Rule::LevelsDiffer,
            format_args!("attested by {}, kept by {}: expected one of them", level.word(), key.word()),
        );
    }
    // Remote chains name the level; of the factory's, only StrongBox ones do, in either certificate.
    let of_chain = match provisioning {
        Provisioning::Remote => match path.attestation.subject.get(Attribute::Organization) {
            Some(b"TEE") => Some(SecurityLevel::TrustedEnvironment),
            Some(b"StrongBox") => Some(SecurityLevel::StrongBox),
            _ => Some(SecurityLevel::Software),
        },
        Provisioning::Factory | Provisioning::Other => {
            let mut names = [Some(path.attestation), path.intermediates.last()].into_iter().flatten();
            let named = names.any(|certificate| certificate.subject.values().any(names_strongbox));
            named.then_some(SecurityLevel::StrongBox)
        }
    };
    let is_right = match of_chain {
        Some(of_chain) => of_chain == level,
        None => level == SecurityLevel::TrustedEnvironment,
    };
    match is_right {
        true => Ok(()),
        false => {
            let of_chain = of_chain.map_or("a TEE, or none that it names", |level| level.word());
            refuse(
                Rule::LevelOfChain,
                format_args!("{}: expected the level that the chain is for, {of_chain}", level.word()),
            )
        }
    }
}

fn names_strongbox(value: &[u8]) -> bool {
    value.windows(b"strongbox".len()).any(|part| part.eq_ignore_ascii_case(b"strongbox"))
}

fn check_key(description: &KeyDescription<'_>, demand: &Demand<'_>) -> Result<(), Refusal> {
    let (hardware, software) = (&description.hardware, &description.software);
    let refuse = |rule, message: std::fmt::Arguments<'_>| Err(Refusal::new(rule, message).of(0));
    if hardware.origin != Some(Origin::Generated) {
        let found = hardware.origin.map_or("none".into(), |origin| format!("{origin:?}"));
        return refuse(
            Rule::Origin,
            format_args!("origin {found}: expected Generated, enforced by hardware"),
        );
    }
    if hardware.all_applications || software.all_applications {
        return refuse(
            Rule::AllApplications,
            format_args!("allApplications: expected a key of one application"),
        );
    }
    if let Some(expected) = demand.purposes {
        if !has_purposes(description, expected) {
            return refuse(
                Rule::Purpose,
                format_args!("purposes {}: expected {expected:?}, enforced by hardware", purposes(hardware)),
            );
        }
    }
    if hardware.root_of_trust.is_none() {
        return refuse(Rule::NoRootOfTrust, format_args!("expected a rootOfTrust, enforced by hardware"));
    }
    Ok(())
}

/// KeyMint binds a key to the root of trust that it was made under: another one can't have signed.
fn check_same_state(key: &KeyDescription<'_>, target: &KeyDescription<'_>) -> Result<(), Refusal> {
    let state =
        |root: &RootOfTrust<'_>| (root.boot_key().copied(), root.device_locked, root.verified_boot_state);
    let state = |description: &KeyDescription<'_>| description.hardware.root_of_trust.as_ref().map(state);
    match key.attestation_level == target.attestation_level && state(key) == state(target) {
        true => Ok(()),
        false => {
            let message = "another security level, boot key, boot state or lock state than the target's: expected the same";
            Err(Refusal::new(Rule::AttestKeyDiffers, message).of(1))
        }
    }
}

/// Whether the hardware lets the key do these things and no other.
fn has_purposes(description: &KeyDescription<'_>, expected: &[u32]) -> bool {
    let by_hardware = description.hardware.purposes.is_some_and(|found| found.as_slice() == expected);
    by_hardware && description.software.purposes.is_none()
}

fn purposes(list: &AuthorizationList<'_>) -> String {
    list.purposes.map_or("none".into(), |found| format!("{:?}", found.as_slice()))
}
