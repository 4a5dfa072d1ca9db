//! The rules of Android's key attestation chains, in order. [`verify()`] is the only maker of
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

mod key;
mod path;

use super::chain::{Chain, Provisioning};
use super::key_description::RootOfTrust;
use super::refusal::Refusal;
use super::revocation::RevocationList;
use super::roots::{Root, Roots};
use super::{KeyDescription, ProvisioningInfo, SecurityLevel};
use crate::FormatError;
use crate::signature::{PublicKey, SignatureVerifier};
use key::{attest_key, check_challenge, check_key, check_level, check_purposes, check_same_state, describe};
use path::{check_dates, check_length, check_links, check_revocation, pinned};

/// What a chain is asked for.
#[derive(Clone, Copy)]
pub struct Demand<'d> {
    /// As of when it is judged, in seconds since 1970 (not milliseconds).
    pub at: i64,
    /// The roots that it may end in.
    pub roots: &'d Roots,
    /// The challenge that was issued, if one was; never an empty one. Without it, what is accepted may be old, and
    /// may be another device's.
    pub challenge: Option<&'d [u8]>,
    /// What is revoked, if a list is at hand, and how many seconds old a list that has a date may be.
    pub revocation: Option<(&'d RevocationList, i64)>,
    /// The purposes that the key must have, these and no other (KeyPurpose of KeyMint), if that is asked.
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
    root_of_trust: RootOfTrust<'a>,
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

    /// How the device booted, as the hardware said.
    pub fn root_of_trust(&self) -> &RootOfTrust<'a> {
        &self.root_of_trust
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

/// Verifies a chain. A refusal names the first rule that was found broken.
///
/// What it accepts is genuine, and no more: whether it answers *this* challenge is in
/// [`VerifiedAttestation::is_challenge_matched`], false where none was demanded; whether its certificates were looked
/// up is in [`VerifiedAttestation::revocation`]; and whether the device is locked and what it booted is what the
/// attestation says, in [`VerifiedAttestation::root_of_trust`]. Each is the caller's to ask.
///
/// ```
/// use trust_formats::attestation::{Chain, Demand, RevocationList, Roots, Rule, split, verify};
/// use trust_formats::signature::Ring;
/// # let chain = trust_forge::Chain::remote("doc", "TEE", 8, &trust_forge::KeyDescription::default().encode());
/// # let (pem, list) = (chain.pem(), br#"{"entries": {}}"#);
/// // `pem` is what the device sent, `list` is <https://android.googleapis.com/attestation/status>.
/// let certificates = split(pem.as_bytes())?;
/// let list = RevocationList::google(list)?.fetched_at(1_793_660_000);
/// let demand = Demand {
///     at: 1_793_664_000,
///     roots: &Roots::google(),
///     challenge: Some(b"challenge"),
///     revocation: Some((&list, 86_400)),
///     purposes: None,
/// };
/// match verify(&Chain::parse(&certificates)?, &demand, &Ring) {
///     Ok(attestation) => {
///         let root = attestation.root_of_trust();
///         println!("locked: {}, {:?}", root.device_locked, root.verified_boot_state);
///     }
///     // This chain ends in a root of our own.
///     Err(refusal) => assert_eq!(refusal.rule(), Rule::UnknownRoot),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    check_level(&path, &description, provisioning, 0)?;
    let root_of_trust = check_key(&description, 0)?;
    check_purposes(&description, demand)?;
    if let Some(key) = &attest_key {
        check_level(&path, key, provisioning, 1)?;
        check_key(key, 1)?;
        check_same_state(key, &description)?;
    }
    Ok(VerifiedAttestation {
        description,
        root_of_trust,
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
