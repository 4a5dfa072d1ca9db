//! What belongs together and what does not: enrolment verifiers, credentials, challenges, postures and what stands
//! beside them.

use super::world::{AUDIENCE, MADE, World, public, revoked, scalar};
use super::*;
use crate::challenge::Challenge;
use crate::claims::tests::good;
use crate::claims::{BootState, Counters};
use crate::credential::Credential;
use crate::revocation::Revoked;

/// Lists of two enrolment verifiers are numbered apart, and neither speaks of the other's devices.
#[test]
fn another_enrolment_verifiers_list_neither_frees_nor_shuts_out() {
    let mut world = World::good();
    world.revoked = revoked(&[[4; 32]]);
    assert_eq!(world.judge().unwrap_err(), Refusal::Revoked);
    world.revoked = Revoked { number: u64::MAX, ..revoked(&[]) };
    world.list_signer = 9;
    assert_eq!(world.judge().unwrap_err().code(), "revocation-issuer");
    (world.list_signer, world.revoked) = (8, Revoked { number: 4, ..revoked(&[]) });
    let _ = world.judge().unwrap();
    // A number that the other has come to by its own devices changes nothing here.
    let other = public(&scalar(9)).thumbprint();
    world.ledger.list(AUDIENCE, &other, u64::MAX).unwrap().unwrap();
    let _ = world.judge().unwrap();
}

/// Another enrolment verifier may give its device the same handle: it has floors of its own.
#[test]
fn a_handle_of_another_enrolment_verifier_has_its_own_floors() {
    let mut world = World::good();
    let counters = Counters { boot: u64::MAX, sequence: u64::MAX };
    let shown = Floors { policy_version: u32::MAX, counters, patches: [209_912; 3] };
    let other = Device { issuer: public(&scalar(9)).thumbprint(), handle: world.credential.handle };
    world.ledger.raise(&other, &shown).unwrap().unwrap();
    world.ledger.credential(&other, u64::MAX).unwrap().unwrap();
    let _ = world.judge().unwrap();
}

/// A credential that says less replaces the one before it as soon as it is seen, also where it is not good enough.
#[test]
fn an_older_credential_is_refused_after_a_newer_one() {
    let mut world = World::good();
    let good = world.credential.clone();
    world.credential = Credential { evidence: EvidenceLevel::Software, issued_at: MADE - 1, ..good.clone() };
    assert_eq!(
        world.judge().unwrap_err(),
        Refusal::Evidence(EvidenceLevel::Software, EvidenceLevel::TrustedEnvironment)
    );
    world.credential = good;
    assert_eq!(world.judge().unwrap_err(), Refusal::CredentialOlder(MADE - 86_400, MADE - 1));
    world.credential.issued_at = MADE - 1;
    let _ = world.judge().unwrap();
}

/// What a challenge was made for is the ledger's to say, not whoever kept its nonce.
#[test]
fn a_challenge_holds_for_its_audience_and_its_confirmation_alone() {
    let mut world = World::good();
    let made = world.challenge();
    let nonce = *made.nonce();
    world.claims.confirmation = [66; 32];
    assert_eq!(world.answer(Challenge::kept(nonce, [66; 32])).unwrap_err(), Refusal::ChallengeUsed);
    world.claims.confirmation = good().confirmation;
    // It stays open for what it was made for.
    let _ = world.answer(Challenge::kept(nonce, good().confirmation)).unwrap();
}

/// What could be and what could not, beside a posture.
#[test]
fn a_posture_fits_what_stands_beside_it() {
    fn boots(claims: &mut Claims, state: BootState) {
        claims.boot.as_mut().unwrap().state = Some(state);
    }
    type Edit = fn(&mut Claims);
    let rows: [(&str, bool, Edit); 9] = [
        ("a gate that need not bind fails", true, |claims| claims.gates[4].verdict = Verdict::Fail),
        ("a core gate fails", false, |claims| claims.gates[0].verdict = Verdict::Fail),
        ("a core gate is unknown", false, |claims| claims.gates[1].verdict = Verdict::Unknown),
        ("a core gate fails in a laboratory", true, |claims| {
            (claims.gates[0].verdict, claims.policy.is_lab) = (Verdict::Fail, true);
        }),
        ("a core gate fails, and it says so", true, |claims| {
            (claims.gates[0].verdict, claims.posture) = (Verdict::Fail, Posture::NonCompliant);
        }),
        ("boot verification failed", false, |claims| boots(claims, BootState::Failed)),
        ("in a laboratory", true, |claims| {
            boots(claims, BootState::Unverified);
            claims.policy.is_lab = true;
        }),
        ("waived", true, |claims| {
            boots(claims, BootState::Unverified);
            claims.waivers = 1;
        }),
        ("boot verification failed, and the gate says so", true, |claims| {
            boots(claims, BootState::Failed);
            (claims.gates[1].verdict, claims.posture) = (Verdict::Fail, Posture::NonCompliant);
        }),
    ];
    for (row, expected, change) in rows {
        let mut claims = Claims { posture: Posture::AtRisk, ..good() };
        change(&mut claims);
        assert_eq!(bounds::is_consistent(&claims), expected, "{row}");
    }
}
