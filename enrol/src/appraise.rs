//! What evidence is worth: pure, of bytes, rules and a time.

use crate::refusal::Refusal;
use crate::rules::{BootKey, Release, Rules};
use trust_formats::attestation::key_description::{AuthorizationList, Package, PatchLevel};
use trust_formats::attestation::{
    Chain, Demand, KeyDescription, RevocationCheck, Rule, SecurityLevel, VerifiedAttestation, verify,
};
use trust_formats::signature::{Curve, PublicKey as Attested, SignatureVerifier};
use trust_token::credential::EvidenceLevel;
use trust_token::crypto::{PublicKey, Sha256Digest};
use trust_token::evidence::{Kept, SignedEvidence};

/// KeyPurpose SIGN, Algorithm EC, EcCurve P_256, Digest SHA_2_256 (hardware/interfaces/security/keymint).
const SIGN: u32 = 2;
const EC: u32 = 3;
const P_256: u32 = 1;
const SHA_256: u32 = 4;
/// EXPORTABLE, which Keymaster had before version 3 (keymaster_defs.h): the reader does not know it.
const EXPORTABLE: u32 = 602;
/// What keystore2 calls uid 0 and 1000, of version 1 and without a signer (keystore/keystore_attestation_id.cpp of AOSP's
/// system/security). No app is called so: a package's name has a dot.
const SYSTEM: &str = "AndroidSystem";

/// What a chain must have been made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// [`trust_token::evidence::attestation_challenge`] of a challenge that the enrolment verifier issued.
    pub attested: Sha256Digest,
    /// When the chain was first verified, in seconds since 1970: its certificates expire within weeks, and what was
    /// valid then is judged as of then.
    pub judged_at: u64,
}

/// What evidence came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appraised {
    /// How well the key is kept.
    pub level: EvidenceLevel,
    /// The attested boot key; zeros of a key in a file, which nothing attests.
    pub boot_key: Sha256Digest,
    /// The attested patch levels of system, vendor and boot image, YYYYMM; 0 where none is attested.
    pub patches: [u32; 3],
}

/// Appraises evidence as of `now`, in seconds since 1970. Its challenge and its signature are not looked at here: the
/// one is the state's, the other was verified to make `evidence`.
pub fn appraise(
    evidence: &SignedEvidence,
    expected: &Expected,
    rules: &Rules,
    now: u64,
    signatures: &dyn SignatureVerifier,
) -> Result<Appraised, Refusal> {
    let chain = match &evidence.get().kept {
        Kept::Hardware(chain) => chain,
        Kept::File if rules.accept_file_keys => {
            return Ok(Appraised { level: EvidenceLevel::Software, boot_key: [0; 32], patches: [0; 3] });
        }
        Kept::File => return Err(Refusal::FileKey),
    };
    let revocation = rules.revocation.as_ref().ok_or(Refusal::RevocationList)?;
    let (now, judged_at) = (seconds(now), seconds(expected.judged_at));
    // How old the list is counts as of now, whenever the certificates count as of.
    let (taken_at, until) = (revocation.list.taken_at(), revocation.list.next_update());
    let until = taken_at.map(|at| at.saturating_add(revocation.max_age).min(until.unwrap_or(i64::MAX)));
    let is_recent = taken_at.is_some_and(|at| at <= now) && until.is_some_and(|until| now <= until);
    let demand = Demand {
        at: judged_at,
        roots: &rules.roots,
        challenge: Some(&expected.attested),
        revocation: Some((&revocation.list, i64::MAX)),
        purposes: Some(&[SIGN]),
    };
    let refused = |refusal: trust_formats::attestation::Refusal| match refusal.rule() {
        Rule::RevocationStale => Refusal::RevocationList,
        rule => Refusal::Chain(rule),
    };
    let verified =
        Chain::parse(chain).and_then(|chain| verify(&chain, &demand, signatures)).map_err(refused)?;
    // After the chain: a certificate that is listed refuses it, however old the list.
    if !is_recent || !matches!(verified.revocation(), RevocationCheck::Dated(_)) {
        return Err(Refusal::RevocationList);
    }
    is_the_key(&verified, evidence.key())?;
    check_use(verified.description())?;
    check_owner(verified.description())?;
    let boot_key = check_boot(&verified, &rules.boot_keys, &rules.releases)?;
    let patches = patches(&verified.description().hardware);
    check_patches(&patches, &rules.patches)?;
    let level = match verified.level() {
        SecurityLevel::StrongBox => EvidenceLevel::StrongBox,
        SecurityLevel::TrustedEnvironment => EvidenceLevel::TrustedEnvironment,
        // `verify` makes none of these.
        SecurityLevel::Software => return Err(Refusal::Chain(Rule::SoftwareLevel)),
    };
    Ok(Appraised { level, boot_key, patches })
}

fn seconds(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

fn is_the_key(verified: &VerifiedAttestation<'_>, key: &PublicKey) -> Result<(), Refusal> {
    match verified.public_key() {
        Attested::Ec(Curve::P256, point) if *point == key.point() => Ok(()),
        _ => Err(Refusal::OtherKey),
    }
}

/// A key that signs with SHA-256 on P-256 and does nothing else, made in the hardware and bound to it.
fn check_use(description: &KeyDescription<'_>) -> Result<(), Refusal> {
    let (hardware, software) = (&description.hardware, &description.software);
    let is = |holds: bool, expected| if holds { Ok(()) } else { Err(Refusal::KeyUse(expected)) };
    is(hardware.algorithm == Some(EC) && hardware.ec_curve == Some(P_256), "ECDSA on P-256")?;
    is(hardware.digests.is_some_and(|digests| digests.as_slice() == [SHA_256]), "SHA-256 as its one digest")?;
    let is_exportable =
        [hardware, software].iter().any(|list| list.unknown.iter().any(|(tag, _)| *tag == EXPORTABLE));
    is(!is_exportable, "a key that can't be exported")?;
    // A key that is deleted with a user's lock, or used up, would end in the middle of its credential.
    is(hardware.usage_count_limit.is_none(), "a key that may be used without limit")
}

/// A key that uid 0 or 1000 asked for: trustd has the one, and no app either. Any app of a good device may have a key of
/// its own attested, for whatever challenge it likes, and would say with it whatever it likes.
fn check_owner(description: &KeyDescription<'_>) -> Result<(), Refusal> {
    let application = description.software.application().and_then(Result::ok).ok_or(Refusal::KeyOwner)?;
    let is_system = matches!(*application.packages, [Package { name: SYSTEM, version: 1 }]);
    if is_system && application.signatures.is_empty() { Ok(()) } else { Err(Refusal::KeyOwner) }
}

/// The boot key of a locked device that runs an accepted release.
fn check_boot(
    verified: &VerifiedAttestation<'_>,
    boot_keys: &[BootKey],
    releases: &[Release],
) -> Result<Sha256Digest, Refusal> {
    let root = verified.root_of_trust();
    if !root.device_locked || !boot_keys.iter().any(|known| known.state == root.verified_boot_state) {
        return Err(Refusal::BootState);
    }
    let found = root.boot_key().ok_or(Refusal::BootKey)?;
    let known = boot_keys.iter().filter(|known| known.key == *found).collect::<Vec<_>>();
    if known.is_empty() {
        return Err(Refusal::BootKey);
    }
    if !known.iter().any(|known| known.state == root.verified_boot_state) {
        return Err(Refusal::BootState);
    }
    let vbmeta = root.boot_hash().ok_or(Refusal::Release)?;
    match releases.iter().any(|release| release.vbmeta == *vbmeta) {
        true => Ok(*found),
        false => Err(Refusal::Release),
    }
}

/// What the hardware attests; a number that is no month counts as none.
fn patches(hardware: &AuthorizationList<'_>) -> [u32; 3] {
    let month = |level: Option<PatchLevel>| {
        level.and_then(PatchLevel::date).map_or(0, |date| u32::from(date.year) * 100 + u32::from(date.month))
    };
    [hardware.os_patch_level, hardware.vendor_patch_level, hardware.boot_patch_level].map(month)
}

fn check_patches(found: &[u32; 3], floors: &[u32; 3]) -> Result<(), Refusal> {
    let whose = ["the system", "the vendor image", "the boot image"];
    let mut all = whose.iter().zip(found.iter().zip(floors));
    match all.find(|(_, (found, floor))| found < floor) {
        Some((whose, _)) => Err(Refusal::Patch(whose)),
        None => Ok(()),
    }
}
