//! What evidence is worth: what is given for good evidence, and all that must fail.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod accepted;
mod desk;
mod phone;
mod place;

use accepted::{revocation, rules};
use desk::{again, code, detailed, first, open, serial, verifier};
use phone::{CALLS, KEYS, NOW, Phone, boot};
use trust_enrol::{BootKey, Rules, State};
use trust_forge::KeyDescription;
use trust_formats::attestation::key_description::VerifiedBootState;
use trust_token::credential::EvidenceLevel;

#[test]
fn a_good_phone_is_given_a_credential_of_what_its_hardware_said() {
    let (_place, verifier) = verifier("good", rules());
    let mut phone = Phone::new("good", CALLS, 1);
    let given = first(&verifier, &mut phone, NOW + 7);
    let credential = open(&verifier, &verifier.enrol(NOW + 9, &given).unwrap(), NOW + 9);
    assert_eq!((&*credential.audience, credential.handle), (CALLS, [1; 32]));
    assert_eq!(
        (credential.key, credential.evidence),
        (phone.public_key(), EvidenceLevel::TrustedEnvironment)
    );
    assert_eq!(credential.boot_key, boot().0);
    // Rounded down, and of the patch levels what this audience sees.
    assert_eq!((credential.issued_at, credential.expires_at), (NOW, NOW + 30 * 86_400));
    assert_eq!((credential.floors.policy_version, credential.floors.patches), (3, [202_610, 0, 0]));
    assert_eq!(credential.floors.counters, Default::default());
}

#[test]
fn a_strongbox_says_so() {
    let (_place, verifier) = verifier("strongbox", rules());
    let attest_key = KeyDescription::strongbox().with_purposes(&[7]);
    let mut phone = Phone {
        description: KeyDescription::strongbox(),
        attest_key,
        level: "StrongBox",
        ..Phone::new("strongbox", CALLS, 1)
    };
    let given = first(&verifier, &mut phone, NOW);
    let credential = open(&verifier, &verifier.enrol(NOW, &given).unwrap(), NOW);
    assert_eq!(credential.evidence, EvidenceLevel::StrongBox);
}

/// With an ATTEST_KEY or without, from a server or from the factory.
#[test]
fn chains_of_every_shape_that_devices_have_are_taken() {
    let factory = trust_forge::Chain::factory(phone::HARDWARE, "TEE", &[]).certificates().pop().unwrap();
    let pin = trust_formats::attestation::pin(&trust_formats::x509::Certificate::parse(&factory).unwrap());
    let with_factory = Rules { roots: rules().roots.and("the factory's", pin), ..rules() };
    let (_place, verifier) = verifier("shapes", with_factory);
    for (nth, (is_factory, has_attest_key)) in
        (1..).zip([(false, false), (false, true), (true, false), (true, true)])
    {
        let mut phone =
            Phone { is_factory, has_attest_key, ..Phone::new(&format!("shape {nth}"), CALLS, nth) };
        let evidence = first(&verifier, &mut phone, NOW);
        // Two blocks, sealed.
        assert!(evidence.len() < 8192 + 256, "{}", evidence.len());
        assert_eq!(detailed(verifier.enrol(NOW, &evidence)), "given", "{is_factory} {has_attest_key}");
    }
}

#[test]
fn a_key_in_a_file_is_taken_in_a_laboratory_alone_and_the_credential_says_so() {
    let (_place, lab) = verifier("lab", Rules { accept_file_keys: true, ..rules() });
    let challenge = lab.challenge(NOW, CALLS).unwrap().challenge;
    let mut phone = Phone::new("file", CALLS, 1);
    let credential = lab.enrol(NOW, &phone.file().evidence(&challenge)).unwrap();
    let credential = open(&lab, &credential, NOW);
    assert_eq!((credential.evidence, credential.boot_key), (EvidenceLevel::Software, [0; 32]));
    assert_eq!(credential.floors.patches, [0; 3]);
}

/// A phone whose key these packages asked for.
fn of_application(phone: Phone, packages: &[(&str, u64)], digests: &[&[u8]]) -> Phone {
    let application = trust_forge::key_description::application_id(packages, digests);
    phone.with(|description| description.with_software(709, trust_forge::der::octets(&application)))
}

/// A row of what must fail: its name, the rules, the phone, the code.
type Row = (&'static str, fn(Rules) -> Rules, fn(Phone) -> Phone, &'static str);

const ROWS: &[Row] = &[
    (
        "a key in a file",
        |r| r,
        |mut p| {
            p.file();
            p
        },
        "file-key",
    ),
    ("a clock that is behind", |r| r, |p| Phone { made_at: NOW - 400, ..p }, "device-clock"),
    ("a clock that is ahead", |r| r, |p| Phone { made_at: NOW + 400, ..p }, "device-clock"),
    ("another root", |r| r, |p| Phone { hardware: "somebody's hardware", ..p }, "chain unknown-root"),
    ("no list of revoked certificates", |r| Rules { revocation: None, ..r }, |p| p, "revocation-list"),
    (
        "an old list of revoked certificates",
        |mut r| {
            r.revocation.as_mut().unwrap().max_age = 86_400;
            r
        },
        |p| p,
        "revocation-list",
    ),
    (
        "a revoked certificate",
        |r| Rules { revocation: Some(revocation(&[serial(2)], 2)), ..r },
        |p| p,
        "chain revoked",
    ),
    (
        "a revoked one on an old list",
        |r| {
            let mut list = revocation(&[serial(3)], 2);
            list.max_age = 0;
            Rules { revocation: Some(list), ..r }
        },
        |p| p,
        "chain revoked",
    ),
    (
        "a key of software",
        |r| r,
        |p| p.with(|d| KeyDescription { level: 0, keymint_level: 0, ..d }),
        "chain software-level",
    ),
    (
        "a level of another chain",
        |r| r,
        |p| p.with(|d| KeyDescription { level: 2, keymint_level: 2, ..d }),
        "chain level-not-the-chains",
    ),
    ("an imported key", |r| r, |p| p.with(|d| d.with_number(702, 2)), "chain key-not-generated"),
    (
        "a key of every application",
        |r| r,
        |p| p.with(|d| d.with_hardware(600, trust_forge::der::null())),
        "chain all-applications",
    ),
    ("a key that also decrypts", |r| r, |p| p.with(|d| d.with_purposes(&[1, 2])), "chain purpose"),
    ("a key that attests", |r| r, |p| p.with(|d| d.with_purposes(&[7])), "chain purpose"),
    (
        "a key that signs above it",
        |r| r,
        |p| {
            let attest_key = p.attest_key.clone().with_purposes(&[2]);
            Phone { attest_key, ..p }
        },
        "chain extended-chain",
    ),
    (
        "an attest key of another boot key",
        |r| r,
        |p| {
            let root = trust_forge::RootOfTrust { verified_boot_key: vec![3; 32], ..Default::default() };
            let attest_key = p.attest_key.clone().with_root_of_trust(root);
            Phone { attest_key, ..p }
        },
        "chain attest-key-differs",
    ),
    ("no root of trust", |r| r, |p| p.with(|d| d.without(704)), "chain no-root-of-trust"),
    ("RSA", |r| r, |p| p.with(|d| d.with_number(2, 1)), "key-use"),
    ("another curve", |r| r, |p| p.with(|d| d.with_number(10, 2)), "key-use"),
    (
        "another digest",
        |r| r,
        |p| p.with(|d| d.with_hardware(5, trust_forge::key_description::numbers(&[4, 6]))),
        "key-use",
    ),
    ("no digest", |r| r, |p| p.with(|d| d.without(5)), "key-use"),
    ("an exportable key", |r| r, |p| p.with(|d| d.with_hardware(602, trust_forge::der::null())), "key-use"),
    ("a key for one use", |r| r, |p| p.with(|d| d.with_number(405, 1)), "key-use"),
    // Any app of a good device has its keys attested for whatever challenge it likes.
    ("an app's own key", |r| r, |p| of_application(p, &[("org.example.app", 1)], &[&[7; 32]]), "key-owner"),
    (
        "an app's that shares its uid",
        |r| r,
        |p| of_application(p, &[("AndroidSystem", 1), ("org.example.app", 1)], &[&[7; 32]]),
        "key-owner",
    ),
    (
        "an app's that calls itself the system",
        |r| r,
        |p| of_application(p, &[("AndroidSystem", 1)], &[&[7; 32]]),
        "key-owner",
    ),
    ("nobody's key", |r| r, |p| p.with(|d| d.without(709)), "key-owner"),
    ("unlocked", |r| r, |p| p.with_root(|t| *t = trust_forge::RootOfTrust::unlocked()), "boot-state"),
    ("not locked", |r| r, |p| p.with_root(|t| t.device_locked = false), "boot-state"),
    ("a self-signed boot", |r| r, |p| p.with_root(|t| t.verified_boot_state = 1), "boot-state"),
    ("a boot that failed", |r| r, |p| p.with_root(|t| t.verified_boot_state = 3), "boot-state"),
    (
        "an accepted key in another's state",
        |mut r| {
            r.boot_keys.push(BootKey { key: [9; 32], state: VerifiedBootState::SelfSigned });
            r
        },
        |p| p.with_root(|t| t.verified_boot_state = 1),
        "boot-state",
    ),
    ("another boot key", |r| r, |p| p.with_root(|t| t.verified_boot_key = vec![3; 32]), "boot-key"),
    (
        "a boot key of no digest's length",
        |r| r,
        |p| p.with_root(|t| t.verified_boot_key = vec![3; 20]),
        "boot-key",
    ),
    ("no boot key accepted", |r| Rules { boot_keys: vec![], ..r }, |p| p, "boot-state"),
    ("another vbmeta", |r| r, |p| p.with_root(|t| t.verified_boot_hash = Some(vec![3; 32])), "release"),
    ("no vbmeta", |r| r, |p| p.with_root(|t| t.verified_boot_hash = None), "release"),
    ("a withdrawn release", |r| Rules { releases: vec![], ..r }, |p| p, "release"),
    ("an old system", |r| r, |p| p.with(|d| d.with_number(706, 202_608)), "patch"),
    ("an old vendor image", |r| r, |p| p.with(|d| d.with_number(718, 20_260_805)), "patch"),
    ("an old boot image", |r| r, |p| p.with(|d| d.with_number(719, 20_260_805)), "patch"),
    ("no patch level", |r| r, |p| p.with(|d| d.without(706)), "patch"),
    ("a patch level that is no month", |r| r, |p| p.with(|d| d.with_number(706, 202_613)), "patch"),
];

#[test]
fn what_is_appraised_and_must_fail() {
    for (name, change_rules, change_phone, expected) in ROWS {
        let (place, verifier) = verifier("rows", change_rules(rules()));
        let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
        let mut phone = change_phone(Phone::new("rows", CALLS, 1));
        if phone.kept.is_none() {
            phone.make(&challenge);
        }
        let evidence = phone.evidence(&challenge);
        assert_eq!(detailed(verifier.enrol(NOW, &evidence)), *expected, "{name}");
        // Its challenge is closed, unless the fault is ours; and nothing was enrolled.
        let after = if *expected == "revocation-list" { "revocation-list" } else { "challenge" };
        assert_eq!(code(verifier.enrol(NOW, &evidence)), after, "{name}, again");
        assert!(State::open(&place.file("state.db")).unwrap().devices().unwrap().is_empty(), "{name}");
    }
}

/// What is wrong between the device and the challenge, the handle and the key.
#[test]
fn what_answers_something_else_must_fail() {
    let (_place, verifier) = verifier("else", rules());
    let mut phone = Phone::new("else", CALLS, 1);
    let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
    // A challenge of nobody's.
    assert_eq!(code(verifier.enrol(NOW, &phone.make(&[9; 32]).evidence(&[9; 32]))), "challenge");
    // Another audience's.
    let of_keys = verifier.challenge(NOW, KEYS).unwrap().challenge;
    assert_eq!(code(verifier.enrol(NOW, &phone.make(&of_keys).evidence(&of_keys))), "challenge");
    // A key made for another challenge, handle, epoch or audience: an old chain, or another phone's.
    for change in [
        (|_, challenge| challenge[0] ^= 1) as fn(&mut Phone, &mut [u8; 32]),
        |phone, _| phone.handle = [2; 32],
        |phone, _| phone.epoch = 2,
        |phone, _| phone.audience = KEYS.into(),
    ] {
        let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
        let (mut made, mut made_for) = (Phone::new("else", CALLS, 1), challenge);
        change(&mut made, &mut made_for);
        made.make(&made_for);
        let says = Phone { kept: made.kept, ..Phone::new("else", CALLS, 1) };
        assert_eq!(detailed(verifier.enrol(NOW, &says.evidence(&challenge))), "chain challenge-mismatch");
    }
    // Another phone's chain under this phone's key.
    let mut thief = Phone::new("thief", CALLS, 1);
    phone.make(&challenge);
    thief.kept = phone.kept.clone();
    assert_eq!(code(verifier.enrol(NOW, &thief.evidence(&challenge))), "other-key");
    // An audience that nobody configured, garbage, too much.
    assert_eq!(verifier.challenge(NOW, "nobody.example").unwrap_err().code(), "audience");
    let mut nobody = Phone::new("else", "nobody.example", 1);
    assert_eq!(code(verifier.enrol(NOW, &nobody.make(&challenge).evidence(&challenge))), "audience");
    for garbage in [&b""[..], &[0; 100], &[0xd2, 0x84], &vec![0xd2; 30_000]] {
        assert_eq!(code(verifier.enrol(NOW, garbage)), "evidence");
    }
}

#[test]
fn a_chain_that_expired_since_still_speaks_for_its_key_until_it_is_revoked() {
    let with = |revoked: &[Vec<u8>], number| {
        let mut list = revocation(revoked, number);
        list.max_age = 200 * 86_400;
        Rules { revocation: Some(list), ..rules() }
    };
    let (_place, verifier) = verifier("expired", with(&[], 1));
    let mut phone = Phone { until: "261231000000Z", ..Phone::new("expired", CALLS, 1) };
    let evidence = first(&verifier, &mut phone, NOW);
    verifier.enrol(NOW, &evidence).unwrap();
    let later = NOW + 120 * 86_400;
    let evidence = again(&verifier, &mut phone, later);
    assert_eq!(code(verifier.enrol(later, &evidence)), "given");
    // A phone that comes only then with such a chain is too late.
    let mut late = Phone { until: "261231000000Z", ..Phone::new("late", CALLS, 2) };
    let evidence = first(&verifier, &mut late, later);
    assert_eq!(detailed(verifier.enrol(later, &evidence)), "chain expired");
    verifier.reload(with(&[serial(3)], 2)).unwrap();
    let evidence = again(&verifier, &mut phone, later);
    assert_eq!(detailed(verifier.enrol(later, &evidence)), "chain revoked");
    // And the list itself must be of now, not of when the chain was.
    verifier.reload(Rules { revocation: Some(revocation(&[], 3)), ..rules() }).unwrap();
    let evidence = again(&verifier, &mut phone, later);
    assert_eq!(code(verifier.enrol(later, &evidence)), "revocation-list");
}
