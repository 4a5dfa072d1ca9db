use super::{Envelope, NOW, another, higher, payload, public, reads_one_encoding, signing, withstands};
use crate::cbor::Malformed;
use crate::credential::{Credential, EvidenceLevel, Floors, VerifiedCredential};
use crate::crypto::Pure;
use crate::rollover::{MAX_ROLLOVER, ROLLOVER_TYPE, Rollover, RolloverRefusal, VerifiedRollover};
use alloc::vec;
use alloc::vec::Vec;
use std::boxed::Box;

const OLD: u8 = 7;

fn credential() -> VerifiedCredential {
    let credential = Credential {
        audience: "calls.enigm.example".into(),
        issued_at: NOW - 1000,
        expires_at: NOW + 1000,
        key: public(OLD),
        handle: [4; 32],
        evidence: EvidenceLevel::StrongBox,
        floors: Floors::default(),
        boot_key: [6; 32],
    };
    Credential::verify(&credential.sign(&signing(8)).unwrap(), &[public(8)], NOW, &Pure).unwrap()
}

fn good() -> Rollover {
    Rollover {
        audience: "calls.enigm.example".into(),
        issued_at: NOW,
        new_key: public(9),
        old_handle: [4; 32],
        new_handle: [5; 32],
    }
}

fn signed(rollover: &Rollover) -> Vec<u8> {
    rollover.sign(&signing(OLD)).unwrap()
}

fn verify(bytes: &[u8]) -> Result<VerifiedRollover, RolloverRefusal> {
    Rollover::verify(bytes, &credential(), &Pure)
}

#[test]
fn what_is_verified_is_what_was_signed() {
    let bytes = signed(&good());
    assert_eq!(verify(&bytes).unwrap().get(), &good());
    std::println!("a roll-over: {} bytes", bytes.len());
    assert!(bytes.len() < 420);
    #[cfg(feature = "ring")]
    assert_eq!(Rollover::verify(&bytes, &credential(), &crate::crypto::Ring).unwrap().get(), &good());
}

#[test]
fn every_refusal_is_reached() {
    let envelope = |change: fn(&mut Envelope)| {
        let mut envelope = Envelope::of(OLD, ROLLOVER_TYPE);
        change(&mut envelope);
        envelope.sign(&payload(&signed(&good())), OLD)
    };
    let changed = |change: &dyn Fn(&mut Rollover)| {
        let mut rollover = good();
        change(&mut rollover);
        signed(&rollover)
    };
    let claims = |bytes: &[u8]| Envelope::of(OLD, ROLLOVER_TYPE).sign(bytes, OLD);
    let wrong = |at, expected| RolloverRefusal::Malformed(Malformed { at, expected, lengths: None });
    let long: Box<str> = "a".repeat(65).into();
    let rows: Vec<(Vec<u8>, RolloverRefusal)> = vec![
        (vec![0; MAX_ROLLOVER + 1], RolloverRefusal::TooLarge),
        (vec![0xd2, 0x83], wrong(1, "an array of its one length")),
        (claims(&[0xa0]), wrong(1, "another key")),
        (envelope(|e| e.alg = -35), RolloverRefusal::Header),
        (envelope(|e| e.has_unprotected = true), RolloverRefusal::Header),
        (envelope(|e| e.typ = crate::verify::TYPE), RolloverRefusal::Type),
        (envelope(|e| e.typ = crate::credential::CREDENTIAL_TYPE), RolloverRefusal::Type),
        (envelope(|e| e.kid = [1; 32]), RolloverRefusal::UnknownKey),
        (good().sign(&signing(9)).unwrap(), RolloverRefusal::UnknownKey),
        (envelope(|e| e.finish = higher), RolloverRefusal::Signature),
        (envelope(|e| e.finish = another), RolloverRefusal::Signature),
        (Envelope::of(OLD, ROLLOVER_TYPE).sign(&payload(&signed(&good())), 9), RolloverRefusal::Signature),
        (changed(&|r| r.audience = "keys.enigm.example".into()), RolloverRefusal::Audience),
        (changed(&|r| r.old_handle = [9; 32]), RolloverRefusal::Handle),
        (changed(&|r| r.new_handle = [4; 32]), RolloverRefusal::Unchanged),
        (changed(&|r| r.new_key = public(OLD)), RolloverRefusal::Unchanged),
        (changed(&|r| r.issued_at = NOW - 1001), RolloverRefusal::Time),
        (changed(&|r| r.issued_at = NOW + 1000), RolloverRefusal::Time),
    ];
    for (nth, (bytes, expected)) in rows.into_iter().enumerate() {
        assert_eq!(verify(&bytes).unwrap_err(), expected, "row {nth}");
    }
    assert!(matches!(verify(&changed(&|r| r.audience = long.clone())), Err(RolloverRefusal::Malformed(_))));
    assert!(matches!(verify(&changed(&|r| r.audience = "".into())), Err(RolloverRefusal::Malformed(_))));
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    let credential = credential();
    let bytes = signed(&good());
    withstands(&bytes, |bytes| Rollover::verify(bytes, &credential, &Pure));
}

#[test]
fn there_is_one_encoding() {
    reads_one_encoding(&payload(&signed(&good())), |bytes| {
        Rollover::from_bytes(bytes).ok().map(|read| payload(&signed(&read)))
    });
}
