//! The key attestation extension: what it says, what is refused, and what real devices make of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod certificate;
mod faults;
mod real_devices;
mod rewritten;
mod seeds;
mod table;

use proptest::prelude::*;
use rewritten::rewritten;
use std::collections::BTreeMap;
use trust_forge::{KeyDescription as Forged, RootOfTrust as ForgedRoot, der};
use trust_formats::attestation::key_description::*;

#[test]
fn a_key_of_a_locked_phone_is_read_field_by_field() {
    let bytes = Forged::default().encode();
    let found = KeyDescription::parse(&bytes).unwrap();
    assert_eq!((found.attestation_version, found.keymint_version), (400, 400));
    assert_eq!(found.attestation_level, SecurityLevel::TrustedEnvironment);
    assert_eq!(found.keymint_level, SecurityLevel::TrustedEnvironment);
    assert_eq!((found.challenge, found.unique_id), (&b"challenge"[..], &[][..]));
    assert_eq!(found.deviations, []);
    let hardware = &found.hardware;
    assert_eq!(hardware.purposes.unwrap().as_slice(), [keymint::PURPOSE_SIGN]);
    assert_eq!(hardware.digests.unwrap().as_slice(), [keymint::DIGEST_SHA_2_256]);
    assert_eq!((hardware.algorithm, hardware.key_size), (Some(keymint::ALGORITHM_EC), Some(256)));
    assert_eq!(hardware.ec_curve, Some(keymint::EC_CURVE_P_256));
    assert_eq!((hardware.no_auth_required, hardware.origin), (true, Some(Origin::Generated)));
    assert_eq!(hardware.os_version, Some(160_000));
    let root = hardware.root_of_trust.unwrap();
    assert!(root.device_locked && root.verified_boot_state == VerifiedBootState::Verified);
    assert!(root.boot_key().is_some() && root.boot_hash().is_some());
    let date = PatchDate { year: 2026, month: 10, day: None };
    assert_eq!(hardware.os_patch_level.unwrap().date(), Some(date));
    let date = PatchDate { day: Some(5), ..date };
    assert_eq!(hardware.vendor_patch_level.unwrap().date(), Some(date));
    assert_eq!(hardware.boot_patch_level.unwrap().date(), Some(date));
    let application = found.software.application().unwrap().unwrap();
    assert_eq!(application.packages, [Package { name: "AndroidSystem", version: 1 }]);
    assert_eq!(application.signatures, Vec::<&[u8; 32]>::new());
    assert_eq!(found.software.module_hash.map(<[u8]>::len), Some(32));
    assert_eq!(rewritten(&found), bytes);
}

#[test]
fn an_unknown_tag_is_kept() {
    let element = der::sequence(&[der::integer(7)]);
    let bytes =
        Forged::default().with_hardware(9, der::null()).with_hardware(16_383, element.clone()).encode();
    let found = KeyDescription::parse(&bytes).unwrap();
    assert_eq!(found.hardware.unknown, [(9, &[5, 0][..]), (16_383, &element)]);
    assert_eq!(found.deviations, []);
}

/// Nothing in the extension authenticates it: a flip may give another description. Then it says just what the
/// changed bytes say, or the deviation that was read is recorded.
#[test]
fn a_changed_bit_is_refused_or_read_as_it_stands() {
    for bytes in samples() {
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            if let Ok(found) = KeyDescription::parse(&changed) {
                assert_says(&found, &changed);
            }
        }
    }
}

#[test]
fn a_part_is_refused() {
    for bytes in samples() {
        for end in 0..bytes.len() {
            assert!(KeyDescription::parse(&bytes[..end]).is_err(), "{end}");
        }
    }
}

/// Together they have every deviation that one changed bit can give.
fn samples() -> [Vec<u8>; 3] {
    [
        Forged::default().encode(),
        Forged::strongbox().with_root_of_trust(ForgedRoot::unlocked()).with_purposes(&[2, 3]).encode(),
        Forged { version: 2, keymint_version: 3, level: 0, ..Forged::default() }
            .with_root_of_trust(ForgedRoot { verified_boot_hash: None, ..ForgedRoot::default() })
            .with_software(999, der::null())
            .encode(),
    ]
}

/// What was read is what the bytes say: written again, it is the same bytes, but for the deviations in the
/// encoding, and those are on record and nothing else changes without them.
fn assert_says(found: &KeyDescription<'_>, bytes: &[u8]) {
    let again = rewritten(found);
    if found.deviations.iter().all(|deviation| !deviation.is_of_encoding()) {
        assert_eq!(again, bytes);
    }
    let mut expected = found.clone();
    expected.deviations.retain(|deviation| !deviation.is_of_encoding());
    let mut read = KeyDescription::parse(&again).unwrap();
    for description in [&mut expected, &mut read] {
        description.software.unknown.sort_unstable();
        description.hardware.unknown.sort_unstable();
        description.deviations.sort_unstable_by_key(|deviation| format!("{deviation:?}"));
    }
    assert_eq!(read, expected);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = KeyDescription::parse(&bytes);
        let _ = AttestationApplicationId::parse(&bytes);
    }

    /// Any field of the right type, in any list, is read without loss.
    #[test]
    fn every_field_is_read(
        software in proptest::collection::btree_map(0usize..48, any::<u64>(), 0..48),
        hardware in proptest::collection::btree_map(0usize..48, any::<u64>(), 0..48),
    ) {
        let list = |fields: BTreeMap<usize, u64>| fields.into_iter().map(|(index, value)| field(index, value)).collect();
        let forged = Forged { software: list(software), hardware: list(hardware), ..Forged::default() };
        let bytes = forged.encode();
        let found = KeyDescription::parse(&bytes).unwrap();
        assert_says(&found, &bytes);
        prop_assert!(found.software.unknown.is_empty() && found.hardware.unknown.is_empty());
    }
}

/// A known field with a value of its type.
fn field(index: usize, value: u64) -> (u32, Vec<u8>) {
    const SETS: [u32; 5] = [1, 4, 5, 6, 203];
    const FLAGS: [u32; 12] = [7, 303, 305, 503, 506, 507, 508, 509, 600, 703, 720, 720];
    const NUMBERS: [u32; 13] = [2, 3, 8, 10, 11, 405, 504, 505, 702, 705, 706, 718, 719];
    const LONGS: [u32; 6] = [200, 400, 401, 402, 502, 701];
    let bytes = || der::octets(&value.to_le_bytes()[..(value % 9) as usize]);
    let sets =
        SETS.map(|tag| (tag, trust_forge::key_description::numbers(&[value & 0xff, 256 + (value >> 56)])));
    let flags = FLAGS.map(|tag| (tag, der::null()));
    let numbers = NUMBERS.map(|tag| (tag, der::integer(value & 0xffff_ffff)));
    let longs = LONGS.map(|tag| (tag, der::integer(value)));
    let octets = [601, 709, 710, 711, 712, 713, 714, 715, 716, 717, 723, 724].map(|tag| (tag, bytes()));
    let fields = [&sets[..], &flags, &numbers, &longs, &octets].concat();
    fields[index % fields.len()].clone()
}
