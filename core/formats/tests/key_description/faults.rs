//! What is refused, one fault a row, and what is accepted though it departs from DER.

use super::rewritten::rewritten;
use trust_forge::key_description::{application_id, authorizations, numbers};
use trust_forge::{KeyDescription as Forged, RootOfTrust as ForgedRoot, der};
use trust_formats::attestation::key_description::*;

/// The default with these entries for hardwareEnforced.
fn listed(entries: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let list = authorizations(entries.iter().map(|(tag, inner)| (*tag, &inner[..])));
    der::sequence(&Forged::default().elements(authorizations([]), list))
}

/// The default with one entry changed in hardwareEnforced.
fn with(tag: u32, inner: Vec<u8>) -> Vec<u8> {
    Forged::default().with_hardware(tag, inner).encode()
}

fn element(index: usize, bytes: Vec<u8>) -> Vec<u8> {
    let mut elements = Forged::default().elements(authorizations([]), authorizations([]));
    elements[index] = bytes;
    der::sequence(&elements)
}

fn root(elements: &[Vec<u8>]) -> Vec<u8> {
    with(704, der::sequence(elements))
}

#[test]
fn what_is_malformed_is_refused() {
    let all = || Forged::default().elements(authorizations([]), authorizations([]));
    let key = || der::octets(&[1; 32]);
    let rows: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", vec![], "byte 0: the end: expected SEQUENCE"),
        ("another type", der::octets(b""), "byte 0: OCTET STRING: expected SEQUENCE"),
        (
            "a byte after it",
            [&Forged::default().encode()[..], &[0]].concat(),
            "1 bytes more: expected the end",
        ),
        ("too long", vec![0; MAX_SIZE + 1], "expected at most 8192 bytes"),
        ("an indefinite length", vec![0x30, 0x80, 0, 0], "expected a definite length"),
        ("seven elements", der::sequence(&all()[..7]), "the end: expected SEQUENCE"),
        (
            "nine elements",
            der::sequence(&[all(), vec![der::null()]].concat()),
            "2 bytes more: expected the end",
        ),
        ("version 0", element(0, der::integer(0)), "attestation version 0: expected 1 to 4 or a multiple"),
        ("version 5", element(0, der::integer(5)), "attestation version 5: expected"),
        ("version 450", element(0, der::integer(450)), "attestation version 450: expected"),
        ("version 10100", element(0, der::integer(10_100)), "attestation version 10100: expected"),
        ("a version of 33 bits", element(0, der::integer(1 << 32)), "4294967296: expected at most 32 bits"),
        ("a padded version", element(0, der::element(2, &[0, 3])), "a padded INTEGER"),
        ("a negative version", element(0, der::element(2, &[0xff])), "a negative INTEGER"),
        ("level 3", element(1, der::enumerated(3)), "security level 3: expected 0, 1 or 2"),
        ("a level as INTEGER", element(1, der::integer(1)), "INTEGER: expected ENUMERATED"),
        ("KeyMint 46", element(2, der::integer(46)), "KeyMint version 46: expected 0 to 45"),
        ("KeyMint level 100", element(3, der::enumerated(100)), "security level 100: expected"),
        ("a long challenge", element(4, der::octets(&[7; 129])), "129 bytes: expected at most 128"),
        ("a long unique ID", element(5, der::octets(&[7; 33])), "33 bytes: expected at most 32"),
        ("a list as SET", element(6, der::set_of(&[])), "SET: expected SEQUENCE"),
        (
            "a bare element in a list",
            element(6, der::sequence(&[der::null()])),
            "NULL: expected a context tag",
        ),
        ("a primitive tag", element(7, der::sequence(&[der::element(0x82, &[3])])), "expected a context tag"),
        ("a tag twice", listed(&[(2, der::integer(3)), (2, der::integer(1))]), "[2] a second time"),
        (
            "a tag twice, not side by side",
            listed(&[(702, der::integer(0)), (999, der::null()), (702, der::integer(2))]),
            "[702] a second time: expected it once",
        ),
        (
            "an unknown tag twice",
            listed(&[(999, der::null()), (999, der::null())]),
            "[999] a second time: expected it once",
        ),
        (
            "many tags",
            listed(&(800..865).map(|tag| (tag, der::null())).collect::<Vec<_>>()),
            "expected at most 64 authorizations in a list",
        ),
        ("an unknown tag around nothing", with(999, vec![]), "expected 1 bytes, found 0"),
        ("an unknown tag around two", with(999, [der::null(), der::null()].concat()), "2 bytes more"),
        ("a number around nothing", with(2, vec![]), "the end: expected INTEGER"),
        (
            "two numbers",
            with(2, [der::integer(3), der::integer(3)].concat()),
            "3 bytes more: expected the end",
        ),
        ("a number as ENUMERATED", with(2, der::enumerated(3)), "ENUMERATED: expected INTEGER"),
        ("a number of 33 bits", with(3, der::integer(1 << 32)), "4294967296: expected at most 32 bits"),
        ("a time of 65 bits", with(400, der::unsigned(&[1; 9])), "INTEGER of 9 octets: expected at most 8"),
        ("a flag as BOOLEAN", with(503, der::boolean(true)), "BOOLEAN: expected NULL"),
        ("a flag with content", with(503, der::element(5, &[0])), "a NULL: expected no content"),
        ("purposes as SEQUENCE", with(1, der::sequence(&[der::integer(2)])), "SEQUENCE: expected SET"),
        ("a purpose as NULL", with(1, der::element(0x31, &der::null())), "NULL: expected INTEGER"),
        (
            "a purpose twice",
            with(1, der::element(0x31, &[der::integer(2), der::integer(2)].concat())),
            "2 a second time: expected it once",
        ),
        (
            "a purpose twice, not side by side",
            with(1, der::element(0x31, &[der::integer(2), der::integer(3), der::integer(2)].concat())),
            "2 a second time: expected it once",
        ),
        (
            "many purposes",
            with(1, numbers(&(0..17).collect::<Vec<_>>())),
            "expected at most 16 numbers in a set",
        ),
        ("a long application ID", with(709, der::octets(&[0; 1025])), "1025 bytes: expected at most 1024"),
        ("a long brand", with(710, der::octets(&[b'x'; 257])), "257 bytes: expected at most 256"),
        ("a brand as UTF8String", with(710, der::utf8("brand")), "expected OCTET STRING"),
        ("a root of trust of two", root(&[key(), der::boolean(true)]), "the end: expected ENUMERATED"),
        (
            "a root of trust of five",
            root(&[key(), der::boolean(true), der::enumerated(0), key(), key()]),
            "34 bytes more: expected the end",
        ),
        (
            "a long boot key",
            with(704, ForgedRoot { verified_boot_key: vec![1; 65], ..ForgedRoot::default() }.encode()),
            "65 bytes: expected at most 64",
        ),
        (
            "deviceLocked neither 00, 01 nor ff",
            root(&[key(), der::element(1, &[2]), der::enumerated(0), key()]),
            "a BOOLEAN: expected 00 or ff",
        ),
        (
            "deviceLocked of two bytes",
            root(&[key(), der::element(1, &[0, 1]), der::enumerated(0), key()]),
            "a BOOLEAN: expected 00 or ff",
        ),
        (
            "verified boot state 4",
            root(&[key(), der::boolean(true), der::enumerated(4), key()]),
            "verified boot state 4: expected 0 to 3",
        ),
        (
            "a boot hash as NULL",
            root(&[key(), der::boolean(true), der::enumerated(0), der::null()]),
            "NULL: expected OCTET STRING",
        ),
    ];
    for (fault, bytes, message) in rows {
        let error = KeyDescription::parse(&bytes).expect_err(fault).to_string();
        assert!(error.starts_with("key attestation") && error.contains(message), "{fault}: {error}");
    }
}

#[test]
fn known_departures_are_read_and_recorded() {
    const HARDWARE: Enforced = Enforced::Hardware;
    let of_root = |change: fn(&mut ForgedRoot)| {
        let mut root = ForgedRoot::default();
        change(&mut root);
        Forged::default().with_root_of_trust(root)
    };
    let version = |version, keymint_version| Forged { version, keymint_version, ..Forged::default() };
    let old = |root: ForgedRoot| version(2, 3).with_root_of_trust(root).encode();
    let loose_true = der::sequence(&[
        der::octets(&[1; 32]),
        der::element(1, &[1]),
        der::enumerated(0),
        der::octets(&[2; 32]),
    ]);
    let unsorted = |values: &[u64]| {
        der::element(0x31, &values.iter().flat_map(|value| der::integer(*value)).collect::<Vec<u8>>())
    };
    let without_hash = ForgedRoot { verified_boot_hash: None, ..ForgedRoot::default() };
    let unreadable = |tag, value| Deviation::UnreadablePatchLevel { list: HARDWARE, tag, value };
    let rows = [
        (Forged::default().encode(), vec![]),
        (Forged::strongbox().encode(), vec![]),
        (version(4, 41).encode(), vec![]),
        (version(3, 0).encode(), vec![]),
        (old(without_hash.clone()), vec![]),
        (Forged::default().with_root_of_trust(ForgedRoot::unlocked()).encode(), vec![]),
        (
            version(500, 600).encode(),
            vec![Deviation::NewerAttestationVersion(500), Deviation::NewerKeymintVersion(600)],
        ),
        (
            listed(&[(2, der::integer(3)), (1, numbers(&[2])), (3, der::integer(256))]),
            vec![Deviation::TagsNotAscending { list: HARDWARE, tag: 1 }],
        ),
        (with(1, unsorted(&[3, 2])), vec![Deviation::SetNotSorted { list: HARDWARE, tag: 1 }]),
        (with(5, unsorted(&[4, 6, 5])), vec![Deviation::SetNotSorted { list: HARDWARE, tag: 5 }]),
        (with(704, loose_true), vec![Deviation::TrueAsOne(HARDWARE)]),
        (
            Forged::default().with_root_of_trust(without_hash).encode(),
            vec![Deviation::NoVerifiedBootHash(HARDWARE)],
        ),
        (old(ForgedRoot::default()), vec![Deviation::EarlyVerifiedBootHash(HARDWARE)]),
        (
            of_root(|root| root.verified_boot_key.clear()).encode(),
            vec![Deviation::EmptyVerifiedBootKey(HARDWARE)],
        ),
        (
            of_root(|root| root.verified_boot_key = vec![1; 20]).encode(),
            vec![Deviation::OddVerifiedBootKey { list: HARDWARE, length: 20 }],
        ),
        (
            of_root(|root| root.verified_boot_hash = Some(vec![1; 64])).encode(),
            vec![Deviation::OddVerifiedBootHash { list: HARDWARE, length: 64 }],
        ),
        (
            Forged::default().with_number(719, 20_190_700).encode(),
            vec![Deviation::ZeroPatchDay { list: HARDWARE, tag: 719 }],
        ),
        (Forged::default().with_number(706, 0).encode(), vec![unreadable(706, 0)]),
        (Forged::default().with_number(718, 202_400).encode(), vec![unreadable(718, 202_400)]),
        (
            Forged::default().with_software(705, der::integer(160_000)).encode(),
            vec![Deviation::Misplaced { list: Enforced::Software, tag: 705 }],
        ),
        (
            Forged::default().with_hardware(724, der::octets(&[1; 32])).encode(),
            vec![Deviation::Misplaced { list: HARDWARE, tag: 724 }],
        ),
        (Forged { level: 0, ..Forged::default() }.with_software(705, der::integer(1)).encode(), vec![]),
    ];
    for (bytes, expected) in rows {
        let found = KeyDescription::parse(&bytes).unwrap();
        assert_eq!(found.deviations, expected);
        let is_der = expected.iter().all(|deviation| !deviation.is_of_encoding());
        assert_eq!(rewritten(&found) == bytes, is_der, "{expected:?}");
    }
}

#[test]
fn only_a_digest_is_a_boot_key() {
    for (key, is_key) in [(vec![0; 32], false), (vec![], false), (vec![1; 31], false), (vec![1; 32], true)] {
        let root = ForgedRoot {
            verified_boot_key: key.clone(),
            verified_boot_hash: Some(key.clone()),
            ..ForgedRoot::default()
        };
        let bytes = Forged::default().with_root_of_trust(root).encode();
        let root = KeyDescription::parse(&bytes).unwrap().hardware.root_of_trust.unwrap();
        assert_eq!(root.boot_key().map(|key| key.to_vec()), is_key.then(|| key.clone()));
        assert_eq!(root.boot_hash().map(|key| key.to_vec()), is_key.then_some(key));
    }
}

#[test]
fn a_patch_level_is_a_month_or_a_day() {
    let date = |value| PatchLevel { value }.date().map(|date| (date.year, date.month, date.day));
    assert_eq!(date(201_908), Some((2019, 8, None)));
    assert_eq!(date(20_180_905), Some((2018, 9, Some(5))));
    assert_eq!(date(20_190_700), Some((2019, 7, None)));
    assert_eq!(date(20_991_231), Some((2099, 12, Some(31))));
    for value in
        [0, 202_400, 202_413, 2_000_231, 20_261_032, 20_260_015, 199_912, 210_001, 21_000_101, u32::MAX]
    {
        assert_eq!(date(value), None, "{value}");
    }
}

#[test]
fn a_malformed_application_spoils_nothing_else() {
    let package = |name: &[u8], version: Vec<u8>| der::sequence(&[der::octets(name), version]);
    let set = |elements: &[Vec<u8>]| der::element(0x31, &elements.concat());
    let (a, b) = (package(b"a", der::integer(1)), package(b"b", der::integer(1)));
    let digest = |byte| der::octets(&[byte; 32]);
    let whole = application_id(&[("com.example", 85_162_330), ("a", 0)], &[&[9; 32], &[7; 32]]);
    let read = AttestationApplicationId::parse(&whole).unwrap();
    assert_eq!(read.packages[1], Package { name: "com.example", version: 85_162_330 });
    assert_eq!(read.signatures, [&[7; 32], &[9; 32]]);
    let negative = der::sequence(&[set(&[package(b"a", der::element(2, &[0xfe, 0xd4]))]), set(&[])]);
    assert_eq!(AttestationApplicationId::parse(&negative).unwrap().packages[0].version, -300);
    for (bytes, message) in [
        (vec![], "byte 0: the end: expected SEQUENCE"),
        (vec![0; 1025], "expected at most 1024 bytes"),
        (der::sequence(&[set(&[])]), "the end: expected SET"),
        (der::sequence(&[set(&[]), set(&[]), set(&[])]), "2 bytes more: expected the end"),
        (der::sequence(&[set(&[b.clone(), a.clone()]), set(&[])]), "out of order in a SET"),
        (der::sequence(&[set(&[a.clone(), a]), set(&[])]), "out of order in a SET"),
        (der::sequence(&[set(&[]), set(&[digest(2), digest(1)])]), "out of order in a SET"),
        (der::sequence(&[set(&[]), set(&[der::octets(b"short")])]), "5 bytes: expected a digest of 32"),
        (der::sequence(&[set(&[package(&[0xff], der::integer(1))]), set(&[])]), "expected UTF-8"),
        (
            der::sequence(&[set(&[package(b"a", der::element(2, &[1; 9]))]), set(&[])]),
            "a version of 9 octets: expected at most 8",
        ),
        (der::sequence(&[set(&[package(b"a", der::octets(b"1"))]), set(&[])]), "expected INTEGER"),
        (
            application_id(&(0..129).map(|version| ("", version)).collect::<Vec<_>>(), &[]),
            "expected at most 128 entries of a SET",
        ),
    ] {
        let error = AttestationApplicationId::parse(&bytes).unwrap_err().to_string();
        assert!(error.starts_with("attestation application ID") && error.contains(message), "{error}");
        if bytes.len() <= MAX_APPLICATION_ID {
            let description = Forged::default().with_software(709, der::octets(&bytes)).encode();
            let found = KeyDescription::parse(&description).unwrap();
            assert!(found.software.application().unwrap().is_err());
            assert_eq!(found.hardware.os_version, Some(160_000));
        }
    }
}
