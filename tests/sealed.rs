//! Sealed enrolment evidence: what the daemon seals, the enrolment verifier opens, and nobody between them reads.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod governed;

use governed::{Built, Device, Key, TAKEN, me};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use trust_enrol::{Audience, FileKey, Opener, Rules, State, Verifier};
use trust_token::credential::{Credential, EvidenceLevel};
use trust_token::crypto::{Ring, Sign};
use trust_token::evidence::{Evidence, MAX_EVIDENCE};
use trust_token::sealed::{BLOCK, MAX_SEALED, SEALED_TYPE, Sealed, TAG_LENGTH, unpad};
use trustd::daemon::Daemon;
use trustd::sealing::{SealError, seal};
use trustd::serve::access::{Caller, Door};
use trustd::serve::wire::Refusal;

const CALLS: &str = "calls.enigm.example";
/// What comes before ek in every message: tag, header, the map with its one key, the head of a byte string.
const HEADER: usize = 89;
/// The bytes of a message that hold no ciphertext.
const AROUND: usize = HEADER + 65 + 3;

/// An opener of its own.
fn opener(folder: &Path, name: &str) -> Arc<Opener> {
    let path = folder.join(format!("{name}.pem"));
    Arc::new(Opener::create(&path).unwrap())
}

fn opened(opener: &Opener, message: &[u8]) -> Option<Vec<u8>> {
    let plaintext = opener.plaintext(&Sealed::from_bytes(message).unwrap())?;
    Some(unpad(&plaintext).unwrap().to_vec())
}

fn folder(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("trustd-sealed-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir(&path).unwrap();
    path
}

/// The built-in policy, which seals to this key.
fn sealing_to(policy: Built, opener: &Opener) -> Built {
    let table = format!("\n[enrolment]\nverifier = \"{}\"\n", opener.policy_hex());
    policy.but(&[("\n[enrolment]\n", &table)])
}

fn app(selinux_type: &str) -> Caller {
    Caller { door: Door::Binder, uid: 10_101, selinux_type: Some(selinux_type.into()), name: "binder".into() }
}

fn evidence(daemon: &Daemon, selinux_type: &str, challenge: [u8; 32]) -> Result<Vec<u8>, Refusal> {
    daemon.desk().enrolment_evidence(&app(selinux_type), &challenge, false)
}

/// One implementation over ring, another by the hpke crate.
#[test]
fn what_is_sealed_is_opened_whatever_its_size() {
    let folder = folder("sizes");
    let (ours, other) = (opener(&folder, "ours"), opener(&folder, "other"));
    let point = ours.public_key().point();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    let sizes = prop_oneof![
        0..=MAX_EVIDENCE,
        (0..=6_usize, 0..8_usize).prop_map(|(blocks, more)| (blocks * BLOCK + more).saturating_sub(5)),
    ];
    let sealed = runner.run(&(sizes, any::<u8>()), |(size, byte)| {
        let evidence = vec![byte; size.min(MAX_EVIDENCE)];
        let message = seal(&evidence, &point).unwrap();
        let head = if evidence.len() < 24 {
            1
        } else if evidence.len() < 256 {
            2
        } else {
            3
        };
        let padded = (evidence.len() + head).next_multiple_of(BLOCK);
        prop_assert_eq!(message.len(), AROUND + padded + TAG_LENGTH);
        prop_assert!(message.len() <= MAX_SEALED);
        prop_assert_eq!(opened(&ours, &message), Some(evidence));
        prop_assert_eq!(opened(&other, &message), None);
        Ok(())
    });
    sealed.unwrap();
    assert_eq!(seal(&vec![0; MAX_EVIDENCE + 1], &point), Err(SealError::TooLarge));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_device_enrols_with_evidence_that_its_app_can_t_read() {
    let folder = folder("enrols");
    let (gone, ours) = (opener(&folder, "gone"), opener(&folder, "ours"));
    let policy = sealing_to(Built::production(), &ours);
    let device = Device::new("sealed", &policy);
    let daemon = device.start();
    let audience = Audience { id: CALLS.into(), sees: [false; 3], policy_version: 1 };
    let rules = Rules {
        audiences: vec![audience],
        accept_file_keys: true,
        openers: vec![gone.clone(), ours.clone()],
        ..Rules::none()
    };
    let state = State::create(&folder.join("enrolments.db"), TAKEN).unwrap();
    let key = FileKey::create(&folder.join("signing.pem")).unwrap();
    let verifier = Verifier::start(state, rules.clone(), key).unwrap();

    let given = verifier.challenge(TAKEN, CALLS).unwrap();
    let message = evidence(&daemon, "enigm_calls", given.challenge).unwrap();
    let clear = opened(&ours, &message).unwrap();
    let verified = Evidence::verify(&clear, &Ring).unwrap();
    let said = verified.get();
    for part in [&said.challenge[..], &said.handle, &verified.key().x, said.audience.as_bytes()] {
        assert!(!message.windows(part.len()).any(|window| window == part), "{part:02x?}");
    }
    let credential = verifier.enrol(TAKEN, &message).unwrap();
    let issuers = [verifier.key().public_key()];
    let credential = Credential::verify(&credential, &issuers, TAKEN, &Ring).unwrap();
    assert_eq!((credential.get().handle, credential.get().evidence), (said.handle, EvidenceLevel::Software));

    // A verifier that no longer has that key can't read it.
    verifier.reload(Rules { openers: vec![gone], ..rules }).unwrap();
    let given = verifier.challenge(TAKEN, CALLS).unwrap();
    let message = evidence(&daemon, "enigm_calls", given.challenge).unwrap();
    assert_eq!(verifier.enrol(TAKEN, &message).map_err(|refusal| refusal.code()), Err("recipient"));
    daemon.stop();
    std::fs::remove_dir_all(folder).unwrap();
}

/// Whom the policy names that holds, not the one that is built in; and never in clear where one is named.
#[test]
fn another_policy_names_another_verifier() {
    let folder = folder("policies");
    let (first, second) = (opener(&folder, "first"), opener(&folder, "second"));
    let key = Key::new();
    let device = Device::new("sealed-policies", &Built::pinning(&key));
    let daemon = device.start();
    let clear = evidence(&daemon, "enigm_calls", [1; 32]).unwrap();
    assert!(Evidence::verify(&clear, &Ring).is_ok(), "a key in a file, and nobody named");
    let install = |policy: Built, version| {
        let installed = daemon.desk().install_policy(&me(), &key.sign(&policy.version(version)));
        assert_eq!(installed, Ok(version));
    };
    for (version, ours, other) in [(2, &first, &second), (3, &second, &first)] {
        install(sealing_to(Built::pinning(&key), ours), version);
        let message = evidence(&daemon, "enigm_calls", [1; 32]).unwrap();
        assert!(opened(ours, &message).is_some() && opened(other, &message).is_none());
    }
    let off_the_curve = format!("\n[enrolment]\nverifier = \"04{}\"\n", "11".repeat(64));
    install(Built::pinning(&key).but(&[("\n[enrolment]\n", &off_the_curve)]), 4);
    assert_eq!(evidence(&daemon, "enigm_calls", [1; 32]), Err(Refusal::Unsupported));
    daemon.stop();
    std::fs::remove_dir_all(folder).unwrap();
}

/// Two audiences of one device put what they carried side by side, many times: the header and the length are everybody's,
/// and after them no eight bytes are the same.
#[test]
fn what_two_audiences_carried_has_nothing_in_common_but_what_everybodys_has() {
    let folder = folder("audiences");
    let ours = opener(&folder, "ours");
    let policy = sealing_to(Built::production(), &ours);
    let device = Device::new("sealed-audiences", &policy);
    let another = Device::new("sealed-another", &policy);
    let (daemon, other) = (device.start(), another.start());
    let windows = |message: &[u8]| -> BTreeSet<Vec<u8>> {
        let sealed = Sealed::from_bytes(message).unwrap();
        // The first byte of ek is its form.
        sealed.ek[1..].windows(8).chain(sealed.ciphertext.windows(8)).map(<[u8]>::to_vec).collect()
    };
    let others = evidence(&other, "enigm_calls", [0; 32]).unwrap();
    assert_eq!(
        HEADER,
        others.windows(65).position(|w| *w == Sealed::from_bytes(&others).unwrap().ek).unwrap()
    );
    assert!(others.windows(SEALED_TYPE.len()).any(|window| window == SEALED_TYPE.as_bytes()));
    let mut all = BTreeSet::new();
    for round in 0..40 {
        for audience in ["enigm_calls", "enigm_keys"] {
            // Even of one challenge, as colluding audiences could ask.
            let message = evidence(&daemon, audience, [round / 4; 32]).unwrap();
            assert_eq!((message.len(), &message[..HEADER]), (others.len(), &others[..HEADER]));
            for window in windows(&message) {
                assert!(all.insert(window), "round {round}, {audience}");
            }
            assert!(opened(&ours, &message).is_some());
        }
    }
    daemon.stop();
    other.stop();
    std::fs::remove_dir_all(folder).unwrap();
}
