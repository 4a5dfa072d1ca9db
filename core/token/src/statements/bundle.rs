use super::{Envelope, NOW, another, higher, payload, public, reads_one_encoding, signing, withstands};
use crate::bundle::{BUNDLE_TYPE, Bundle, BundleRefusal, MAX_BUNDLE, MAX_POLICY, VerifiedBundle};
use crate::cbor::Malformed;
use crate::crypto::{Pure, sha256};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;
use std::boxed::Box;

const SIGNER: u8 = 7;

fn good() -> Bundle {
    Bundle {
        issued_at: NOW - 10,
        expires_at: NOW + 10,
        id: "production".into(),
        version: 3,
        policy: (*b"schema = \"com.enigm.policy/1\"\n").into(),
    }
}

fn signed(bundle: &Bundle) -> Vec<u8> {
    bundle.sign(&signing(SIGNER)).unwrap()
}

fn verify(bytes: &[u8]) -> Result<VerifiedBundle, BundleRefusal> {
    Bundle::verify(bytes, &[public(8), public(SIGNER)], "production", NOW, Some(3), &Pure)
}

#[test]
fn what_is_verified_is_what_was_signed() {
    let verified = verify(&signed(&good())).unwrap();
    assert_eq!(verified.get(), &good());
    assert_eq!(verified.signer(), &public(SIGNER).thumbprint());
    assert_eq!(verified.get().digest(), sha256(&[b"schema = \"com.enigm.policy/1\"\n"]));
    let largest = Bundle { policy: vec![b'#'; MAX_POLICY].into(), ..good() };
    let bytes =
        signed(&Bundle { issued_at: NOW, expires_at: u64::MAX, version: u32::MAX, ..largest.clone() });
    assert!(bytes.len() <= MAX_BUNDLE);
    assert_eq!(verify(&bytes).unwrap().get().policy, largest.policy);
}

#[test]
fn every_refusal_is_reached() {
    let envelope = |change: fn(&mut Envelope)| {
        let mut envelope = Envelope::of(SIGNER, BUNDLE_TYPE);
        change(&mut envelope);
        envelope.sign(&payload(&signed(&good())), SIGNER)
    };
    let changed = |change: fn(&mut Bundle)| {
        let mut bundle = good();
        change(&mut bundle);
        signed(&bundle)
    };
    let claims = |bytes: &[u8]| Envelope::of(SIGNER, BUNDLE_TYPE).sign(bytes, SIGNER);
    let wrong = |at, expected| BundleRefusal::Malformed(Malformed { at, expected, lengths: None });
    let rows: Vec<(Vec<u8>, BundleRefusal)> = vec![
        (vec![0; MAX_BUNDLE + 1], BundleRefusal::TooLarge),
        (vec![0xd2, 0x83], wrong(1, "an array of its one length")),
        (claims(&[0xa0]), wrong(1, "another key")),
        (changed(|b| b.policy = Box::new([])), wrong(40, "a policy of 1 byte to 1 MiB")),
        (changed(|b| b.policy = vec![b'#'; MAX_POLICY + 1].into()), wrong(40, "a policy of 1 byte to 1 MiB")),
        (envelope(|e| e.alg = -35), BundleRefusal::Header),
        (envelope(|e| e.has_unprotected = true), BundleRefusal::Header),
        (envelope(|e| e.typ = crate::rollover::ROLLOVER_TYPE), BundleRefusal::Type),
        (envelope(|e| e.kid = [1; 32]), BundleRefusal::UnknownSigner),
        (good().sign(&signing(9)).unwrap(), BundleRefusal::UnknownSigner),
        (envelope(|e| e.finish = higher), BundleRefusal::Signature),
        (envelope(|e| e.finish = another), BundleRefusal::Signature),
        (Envelope::of(SIGNER, BUNDLE_TYPE).sign(&payload(&signed(&good())), 8), BundleRefusal::Signature),
        // Of a higher version than the floor, which is another policy's.
        (changed(|b| (b.id, b.version) = ("lab".into(), 9)), BundleRefusal::Id("lab".into())),
        (changed(|b| b.issued_at = NOW + 1), BundleRefusal::NotYetValid),
        (changed(|b| b.expires_at = NOW), BundleRefusal::Expired),
        (changed(|b| b.expires_at = 0), BundleRefusal::Expired),
        (changed(|b| b.version = 2), BundleRefusal::Rollback(3)),
    ];
    for (nth, (bytes, expected)) in rows.into_iter().enumerate() {
        let refusal = verify(&bytes).unwrap_err();
        assert_eq!(refusal, expected, "row {nth}");
        assert!(!refusal.to_string().is_empty());
    }
    for id in ["".into(), "a".repeat(65)] {
        let bytes = signed(&Bundle { id: id.into(), ..good() });
        assert!(matches!(verify(&bytes), Err(BundleRefusal::Malformed(_))));
    }
}

#[test]
fn nobodys_bundle_is_taken() {
    let bytes = signed(&good());
    assert_eq!(
        Bundle::verify(&bytes, &[], "production", NOW, None, &Pure).unwrap_err(),
        BundleRefusal::UnknownSigner
    );
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    withstands(&signed(&good()), verify);
}

#[test]
fn there_is_one_encoding() {
    reads_one_encoding(&payload(&signed(&good())), |bytes| {
        Bundle::from_bytes(bytes).ok().map(|read| payload(&signed(&read)))
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Taken exactly between issue and expiry and from the floor up.
    #[test]
    fn it_is_taken_in_its_time_and_from_its_floor(
        issued_at in 0..6_u64, expires_at in 0..6_u64, now in 0..6_u64,
        version in 0..4_u32, floor in proptest::option::of(0..4_u32),
    ) {
        let bytes = signed(&Bundle { issued_at, expires_at, version, ..good() });
        let taken = Bundle::verify(&bytes, &[public(SIGNER)], "production", now, floor, &Pure).is_ok();
        let holds = issued_at <= now && now < expires_at && floor.is_none_or(|floor| version >= floor);
        prop_assert_eq!(taken, holds);
    }
}
