//! Posture keys in Android's keystore: the daemon's client of keystore2, and a stand-in for keystore2 over a KeyMint in
//! software, in one process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod scratch;

use android_system_keystore2::aidl::android::system::keystore2::IKeystoreService::IKeystoreService;
use binder::Strong;
use scratch::Scratch;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use trust_enrol::{Audience, BootKey, Opener, Release, Revocation, Rules, State, Verifier};
use trust_forge::Key;
use trust_formats::attestation::key_description::VerifiedBootState;
use trust_formats::attestation::{self, Demand, RevocationList, SecurityLevel};
use trust_formats::signature::Ring as Certificates;
use trust_token::credential::{Credential, EvidenceLevel};
use trust_token::crypto::{Ring, VerifySignature};
use trust_token::evidence::{Evidence, Kept, attestation_challenge};
use trustd::attestation::Trust;
use trustd::keys::{
    EPOCH, Entry, Fault, KeyError, Keys, Keystore2, KeystoreKeys, NAMESPACE, Name, PostureKey, Use, Vault,
    Whose, With,
};
use trustd::sealing::seal;
use vm_keystore::{Caller, Faults, Keystore, Setup, boot_key, service, vbmeta_digest};

/// 2026-11-02T09:00:00Z, when the samples were taken, in seconds since 1970.
const TAKEN: u64 = 1_793_610_000;
const CALLS: Whose<'_> = Whose { audience: "calls.enigm.example", user: 0 };
const OTHERS: [Whose<'_>; 3] = [
    CALLS,
    Whose { audience: "keys.enigm.example", user: 0 },
    Whose { audience: "calls.enigm.example", user: 10 },
];

/// A phone with keystore2's state, whose faults are a file.
struct Phone {
    scratch: Scratch,
    has_strongbox: bool,
}

impl Phone {
    fn new(name: &str) -> Phone {
        Phone { scratch: Scratch::new(&format!("keystore-{name}")), has_strongbox: true }
    }

    /// keystore2, which was started again.
    fn keystore2(&self) -> Strong<dyn IKeystoreService> {
        let trustd = || Caller { uid: 1000, selinux_type: Some("trustd".into()) };
        let setup = Setup {
            has_strongbox: self.has_strongbox,
            namespaces: vec![(NAMESPACE, "trustd".into())],
            state: self.scratch.0.join("keystore"),
            faults: Faults { always: Vec::new(), file: Some(self.scratch.0.join("faults")) },
            now: Some(TAKEN as i64 * 1000),
            ..Setup::default()
        };
        service(Keystore::open(setup).unwrap(), trustd)
    }

    /// trustd's keys, which was started again.
    fn keys(&self) -> KeystoreKeys {
        let keystore2 = self.keystore2();
        KeystoreKeys::start(|| Box::new(Keystore2::of(keystore2.clone()))).unwrap()
    }

    fn suffers(&self, faults: &str) {
        self.scratch.write("faults", faults);
    }

    /// What is kept, as words.
    fn kept(&self) -> String {
        std::fs::read_to_string(self.scratch.0.join("keystore/keys.json")).unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.kept().matches("\"alias\"").count()
    }
}

fn devices(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices").join(path)).unwrap()
}

fn trust() -> Trust {
    Trust::google().and(&devices("roots.pem")).unwrap()
}

/// An enrolment verifier that accepts the sample device's hardware, boot key and release.
fn verifier(state: &Path) -> Verifier<p256::ecdsa::SigningKey> {
    let trust = trust();
    let list = devices("production/attestation/revocation.pem");
    let list = RevocationList::snapshot(&list, &trust.revocation_signers, &Certificates).unwrap();
    let audience =
        |whose: Whose<'_>| Audience { id: whose.audience.into(), sees: [false; 3], policy_version: 1 };
    let rules = Rules {
        roots: trust.roots,
        revocation: Some(Revocation { list, max_age: 7 * 86_400 }),
        boot_keys: vec![BootKey { key: boot_key(), state: VerifiedBootState::Verified }],
        releases: vec![Release { name: "sample".into(), vbmeta: vbmeta_digest() }],
        patches: [202_608; 3],
        audiences: vec![audience(OTHERS[0]), audience(OTHERS[1])],
        openers: vec![Opener::create(&state.with_extension("pem")).unwrap().into()],
        ..Rules::none()
    };
    let Key::P256(issuer) = Key::p256("enrolment") else { panic!("expected P-256") };
    Verifier::start(State::create(state, TAKEN).unwrap(), rules, issuer).unwrap()
}

/// What the daemon would give out, to be brought to this enrolment verifier.
fn sealed(verifier: &Verifier<p256::ecdsa::SigningKey>, signed: &[u8]) -> Vec<u8> {
    seal(signed, &verifier.rules().openers[0].public_key().point()).unwrap()
}

fn evidence(
    keys: &dyn Keys,
    whose: Whose<'_>,
    challenge: [u8; 32],
    anew: bool,
) -> Result<Evidence, KeyError> {
    let (public, kept) = keys.show(whose, &challenge, anew)?;
    let handle = keys.handle(whose)?;
    let evidence =
        Evidence { audience: whose.audience.into(), made_at: TAKEN, challenge, handle, epoch: EPOCH, kept };
    let signed = evidence.sign(&PostureKey::new(keys, whose, public))?;
    let read = Evidence::verify(&signed, &Ring).unwrap();
    assert_eq!((read.get(), read.key()), (&evidence, &public));
    Ok(evidence)
}

fn chain(evidence: &Evidence) -> &[Box<[u8]>] {
    match &evidence.kept {
        Kept::Hardware(chain) => chain,
        Kept::File => panic!("a file"),
    }
}

#[test]
fn a_posture_key_is_attested_for_its_challenge_and_stays() {
    let phone = Phone::new("stays");
    let keys = phone.keys();
    assert_eq!(keys.public_key(CALLS), Err(KeyError::NotEnrolled));
    assert_eq!(keys.sign(CALLS, b"message"), Err(KeyError::NotEnrolled));

    let first = evidence(&keys, CALLS, [1; 32], false).unwrap();
    let public = keys.public_key(CALLS).unwrap();
    let attested = attestation_challenge(CALLS.audience, &[1; 32], &first.handle, EPOCH);
    let trust = trust();
    let parsed = attestation::Chain::parse(chain(&first)).unwrap();
    let demand = Demand {
        at: TAKEN as i64,
        roots: &trust.roots,
        challenge: Some(&attested),
        revocation: None,
        purposes: Some(&[2]),
    };
    let verified = attestation::verify(&parsed, &demand, &Certificates).unwrap();
    assert_eq!(verified.level(), SecurityLevel::StrongBox);
    assert!(verified.attest_key().is_some() && verified.is_challenge_matched());

    // Asked again, and started again, it is the same key with the same chain.
    for keys in [&keys, &phone.keys()] {
        let again = evidence(keys, CALLS, [2; 32], false).unwrap();
        assert_eq!((chain(&again), again.handle), (chain(&first), first.handle));
        let signature = keys.sign(CALLS, b"message").unwrap();
        assert!(Ring.verify(&public, b"message", &signature));
    }
    let anew = evidence(&keys, CALLS, [3; 32], true).unwrap();
    assert_eq!(anew.handle, first.handle);
    assert_ne!(keys.public_key(CALLS), Ok(public));
    assert_ne!(chain(&anew)[0], chain(&first)[0]);
}

#[test]
fn nobody_has_the_key_or_the_handle_of_another() {
    let phone = Phone::new("pairwise");
    let keys = phone.keys();
    let (mut public, mut handles) = (BTreeSet::new(), BTreeSet::new());
    for whose in OTHERS {
        handles.insert(evidence(&keys, whose, [1; 32], false).unwrap().handle);
        public.insert(keys.public_key(whose).unwrap().point());
    }
    assert_eq!((public.len(), handles.len()), (3, 3));
    let again = phone.keys();
    assert!(OTHERS.iter().all(|whose| handles.contains(&again.handle(*whose).unwrap())));
    assert!(!phone.kept().contains("enigm.example"), "an alias says whose key it is");
    // A device that was wiped is another one.
    let phone = Phone::new("pairwise-wiped");
    let wiped = phone.keys();
    assert_eq!(wiped.handle(CALLS), Err(KeyError::NotEnrolled));
    for whose in OTHERS {
        assert!(!handles.contains(&evidence(&wiped, whose, [1; 32], false).unwrap().handle));
    }
}

#[test]
fn the_device_attests_itself_by_all_its_hardware_and_leaves_no_key() {
    for (has_strongbox, levels) in [
        (true, &[SecurityLevel::TrustedEnvironment, SecurityLevel::StrongBox][..]),
        (false, &[SecurityLevel::TrustedEnvironment]),
    ] {
        let phone = Phone { has_strongbox, ..Phone::new(&format!("device-{has_strongbox}")) };
        let keys = phone.keys();
        let mut found = Vec::new();
        for chain in keys.attest_device(&[7; 32]).unwrap() {
            let trust = trust();
            let parsed = attestation::Chain::parse(&chain).unwrap();
            let demand = Demand {
                at: TAKEN as i64,
                roots: &trust.roots,
                challenge: Some(&[7; 32]),
                revocation: None,
                purposes: None,
            };
            found.push(attestation::verify(&parsed, &demand, &Certificates).unwrap().level());
        }
        assert_eq!(found, levels);
        assert_eq!(phone.count(), levels.len(), "the keys that attest others: {}", phone.kept());
    }
}

#[test]
fn hardware_s_keys_are_enrolled_and_another_key_waits_for_a_person() {
    let phone = Phone::new("enrols");
    let keys = phone.keys();
    let verifier = verifier(&phone.scratch.0.join("enrolments.db"));
    let shown = |whose, anew| {
        let given = verifier.challenge(TAKEN, CALLS.audience).unwrap();
        let evidence = evidence(&keys, whose, given.challenge, anew).unwrap();
        let signed = evidence.sign(&PostureKey::of(&keys, whose).unwrap()).unwrap();
        verifier.enrol(TAKEN, &sealed(&verifier, &signed)).map_err(|refusal| refusal.code())
    };
    let credential = shown(CALLS, false).unwrap();
    let Key::P256(issuer) = Key::p256("enrolment") else { panic!("expected P-256") };
    let issuers = [trust_token::crypto::Sign::public_key(&issuer)];
    let credential = Credential::verify(&credential, &issuers, TAKEN, &Ring).unwrap();
    let said = credential.get();
    assert_eq!((said.evidence, said.boot_key), (EvidenceLevel::StrongBox, boot_key()));
    assert_eq!(Ok(said.key), keys.public_key(CALLS));
    // Again: the chain of before counts, for the same key.
    assert!(shown(CALLS, false).is_ok());
    // Another key of the handle: a person's to approve.
    assert_eq!(shown(CALLS, true), Err("approval"));
}

/// What was made for a challenge that came to nothing is of no use for the next; a new key is.
#[test]
fn a_key_whose_enrolment_was_lost_is_made_anew() {
    let phone = Phone::new("lost");
    let keys = phone.keys();
    let verifier = verifier(&phone.scratch.0.join("enrolments.db"));
    let enrol = |anew| {
        let given = verifier.challenge(TAKEN, CALLS.audience).unwrap();
        let evidence = evidence(&keys, CALLS, given.challenge, anew).unwrap();
        let signed = evidence.sign(&PostureKey::of(&keys, CALLS).unwrap()).unwrap();
        verifier.enrol(TAKEN, &sealed(&verifier, &signed)).map_err(|refusal| refusal.to_string())
    };
    drop(evidence(&keys, CALLS, [9; 32], false).unwrap());
    let refused = enrol(false).unwrap_err();
    assert!(refused.contains("challenge"), "{refused}");
    assert!(enrol(true).is_ok());
}

#[test]
fn what_a_keystore_does_wrong_is_refused_and_leaves_nothing() {
    type Is = fn(&KeyError) -> bool;
    let unusable: Is = |error| matches!(error, KeyError::Unusable(_));
    let unavailable: Is = |error| matches!(error, KeyError::Unavailable(_));
    let not_enrolled: Is = |error| *error == KeyError::NotEnrolled;
    let faults: [(&str, Is, Option<Is>, Is); 9] = [
        // What goes wrong; making a key, signing with one that is there, the device's own attestation.
        ("garbage-certificate", unusable, None, unusable),
        ("others-chain", unusable, None, unusable),
        ("old-challenge", unusable, None, unusable),
        ("software", unusable, None, unusable),
        ("garbage-signature", unusable, Some(unusable), |_| false),
        ("vanished", unusable, Some(not_enrolled), unusable),
        ("invalid-blob", unusable, Some(not_enrolled), |_| false),
        ("locked", unavailable, Some(unavailable), unavailable),
        ("busy", unavailable, Some(unavailable), unavailable),
    ];
    for (fault, made, signed, device) in faults {
        let phone = Phone::new(fault);
        let keys = phone.keys();
        let before = evidence(&keys, CALLS, [1; 32], false).unwrap();
        keys.attest_device(&[1; 32]).unwrap();
        let count = phone.count();
        phone.suffers(fault);
        if fault != "garbage-signature" && fault != "invalid-blob" {
            let error = keys.show(CALLS, &[2; 32], true).unwrap_err();
            assert!(made(&error), "{fault}: a key: {error:?}");
            let error = keys.attest_device(&[2; 32]).unwrap_err();
            assert!(device(&error), "{fault}: the device: {error:?}");
        }
        match signed {
            None => {}
            Some(signed) => {
                let error = keys.sign(CALLS, b"message").unwrap_err();
                assert!(signed(&error), "{fault}: a signature: {error:?}");
            }
        }
        phone.suffers("");
        // All is well again, with the key of before.
        let after = evidence(&keys, CALLS, [3; 32], false).unwrap();
        assert_eq!((chain(&after), after.handle), (chain(&before), before.handle), "{fault}");
        assert_eq!(keys.attest_device(&[3; 32]).map(|chains| chains.len()), Ok(2), "{fault}");
        assert_eq!(phone.count(), count, "{fault}: {}", phone.kept());
    }
}

#[test]
fn a_keystore_that_hangs_holds_nobody_for_long() {
    let phone = Phone::new("hangs");
    let keys = phone.keys();
    evidence(&keys, CALLS, [1; 32], false).unwrap();
    phone.suffers("hang");
    let asked = || keys.sign(CALLS, b"message").unwrap_err();
    thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(asked)).collect();
        assert!(all.into_iter().all(|one| one.join().unwrap() == KeyError::TimedOut));
    });
    // Whoever asks now is told at once.
    assert!((0..1000).all(|_| asked() == KeyError::TimedOut));
}

/// The key of the handles is of no use any more: nobody is enrolled, and whoever enrols makes another device of it.
#[test]
fn a_key_for_handles_that_is_gone_is_made_by_who_enrols_and_nobody_else() {
    let phone = Phone::new("handles");
    let before = evidence(&phone.keys(), CALLS, [1; 32], false).unwrap();
    for fault in ["vanished", "invalid-blob"] {
        phone.suffers(fault);
        let keys = phone.keys();
        assert_eq!(keys.public_key(CALLS), Err(KeyError::NotEnrolled), "{fault}");
        assert_eq!(keys.sign(CALLS, b"message"), Err(KeyError::NotEnrolled), "{fault}");
        phone.suffers("");
        let again = phone.keys();
        assert_eq!(again.handle(CALLS), Ok(before.handle), "{fault}: asking for a signature changed it");
    }
    phone.suffers("invalid-blob");
    let refused = phone.keys().show(CALLS, &[2; 32], false).unwrap_err();
    assert!(matches!(&refused, KeyError::Unusable(_)), "{refused:?}");
    phone.suffers("");
    let after = evidence(&phone.keys(), CALLS, [3; 32], false).unwrap();
    assert_ne!(after.handle, before.handle);
}

#[test]
fn a_device_without_certificates_yet_says_so() {
    let phone = Phone::new("no-keys");
    phone.suffers("no-keys");
    let keys = phone.keys();
    let error = keys.show(CALLS, &[1; 32], false).unwrap_err();
    assert!(matches!(&error, KeyError::Unavailable(_)), "{error:?}");
    phone.suffers("");
    assert!(evidence(&keys, CALLS, [2; 32], false).is_ok());
}

/// An unlocked device attests that it is: its evidence is as good as any, and refused for what it says.
#[test]
fn an_unlocked_device_is_not_enrolled() {
    let phone = Phone::new("unlocked");
    phone.suffers("unlocked");
    let keys = phone.keys();
    let verifier = verifier(&phone.scratch.0.join("enrolments.db"));
    let given = verifier.challenge(TAKEN, CALLS.audience).unwrap();
    let evidence = evidence(&keys, CALLS, given.challenge, false).unwrap();
    let signed = evidence.sign(&PostureKey::of(&keys, CALLS).unwrap()).unwrap();
    assert_eq!(
        verifier.enrol(TAKEN, &sealed(&verifier, &signed)).map_err(|refusal| refusal.code()),
        Err("boot-state")
    );
}

/// What attests others lies where all of uid 1000 may change it, and may have been made on a bad day: one by which
/// nothing good is made does not stay.
#[test]
fn a_key_that_attests_others_and_is_of_no_use_is_made_again() {
    for fault in ["garbage-certificate", "others-chain"] {
        let phone = Phone::new(&format!("attest-{fault}"));
        let keys = phone.keys();
        phone.suffers(fault);
        assert!(keys.show(CALLS, &[1; 32], false).is_err() && keys.attest_device(&[1; 32]).is_err());
        phone.suffers("");
        keys.attest_device(&[2; 32]).unwrap_or_else(|error| panic!("{fault}: {error}"));
        evidence(&keys, CALLS, [2; 32], false).unwrap_or_else(|error| panic!("{fault}: {error}"));
    }
    // Another of the same uid gives it the certificates of another key.
    let phone = Phone::new("attest-others");
    let keystore2 = phone.keystore2();
    let keys = KeystoreKeys::start(|| Box::new(Keystore2::of(keystore2.clone()))).unwrap();
    keys.attest_device(&[1; 32]).unwrap();
    let mut others = Keystore2::of(keystore2.clone());
    let [first, second] =
        ["trusted-environment", "strongbox"].map(|level| Name::Shared(format!("trustd attest key {level}")));
    let chain = others.find(&second).unwrap().chain;
    others.keep(&first, &chain).unwrap();
    assert!(keys.attest_device(&[2; 32]).is_err());
    assert_eq!(keys.attest_device(&[3; 32]).map(|chains| chains.len()), Ok(2));
}

/// A keystore whose StrongBox takes three seconds for a posture key and a third of one for a signature, and whose disk may be full.
struct Slow(Keystore2, bool);

impl Vault for Slow {
    fn find(&mut self, name: &Name) -> Result<Entry, Fault> {
        self.0.find(name)
    }

    fn make(&mut self, name: &Name, level: SecurityLevel, for_what: &Use) -> Result<Entry, Fault> {
        if matches!(name, Name::Own(name) if name.starts_with("trustd posture ")) {
            thread::sleep(Duration::from_secs(3));
        }
        self.0.make(name, level, for_what)
    }

    fn keep(&mut self, name: &Name, chain: &[Box<[u8]>]) -> Result<(), Fault> {
        match self.1 {
            true => Err(Fault::Refused("the disk is full".into())),
            false => self.0.keep(name, chain),
        }
    }

    fn sign(
        &mut self,
        name: &Name,
        level: SecurityLevel,
        with: With,
        message: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        if matches!(name, Name::Own(name) if name.starts_with("trustd posture ")) {
            thread::sleep(Duration::from_millis(300));
        }
        self.0.sign(name, level, with, message)
    }

    fn remove(&mut self, name: &Name) -> Result<(), Fault> {
        self.0.remove(name)
    }

    fn has(&mut self, level: SecurityLevel) -> Result<bool, Fault> {
        self.0.has(level)
    }
}

/// As many calls as one uid may have under way: the device is attested all the same, and another audience has its key.
#[test]
fn one_audience_that_asks_for_keys_without_end_keeps_none_from_anybody_else() {
    let phone = Phone::new("crowd");
    let keystore2 = phone.keystore2();
    let keys = KeystoreKeys::start(|| Box::new(Slow(Keystore2::of(keystore2.clone()), false))).unwrap();
    thread::scope(|scope| {
        let crowd: Vec<_> =
            (0..8).map(|_| scope.spawn(|| keys.show(CALLS, &[1; 32], true).map(drop))).collect();
        thread::sleep(Duration::from_millis(500));
        assert_eq!(keys.attest_device(&[2; 32]).map(|chains| chains.len()), Ok(2));
        assert!(keys.show(OTHERS[1], &[2; 32], false).is_ok());
        let crowd: Vec<_> = crowd.into_iter().map(|one| one.join().unwrap()).collect();
        let busy = crowd.iter().filter(|made| **made == Err(KeyError::Busy)).count();
        assert_eq!((crowd.iter().filter(|made| made.is_ok()).count(), busy), (1, 7), "{crowd:?}");
    });
}

#[test]
fn a_new_key_whose_chain_can_t_be_kept_leaves_the_old_one() {
    let phone = Phone::new("unkept");
    let keystore2 = phone.keystore2();
    let keys =
        |is_full| KeystoreKeys::start(|| Box::new(Slow(Keystore2::of(keystore2.clone()), is_full))).unwrap();
    let before = evidence(&keys(false), CALLS, [1; 32], false).unwrap();
    let full = keys(true);
    assert!(full.show(CALLS, &[2; 32], true).is_err());
    for keys in [full, keys(false)] {
        assert!(keys.sign(CALLS, b"message").is_ok());
        assert_eq!(chain(&evidence(&keys, CALLS, [3; 32], false).unwrap()), chain(&before));
    }
}

/// Two audiences sign without end, as often at once as they may: a third is answered all the same.
#[test]
fn nobody_s_signatures_wait_behind_those_of_others() {
    let phone = Phone::new("starve");
    let keystore2 = phone.keystore2();
    let keys = KeystoreKeys::start(|| Box::new(Slow(Keystore2::of(keystore2.clone()), false))).unwrap();
    assert!(OTHERS.iter().all(|whose| keys.show(*whose, &[1; 32], false).is_ok()));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for nth in 0..16 {
            let (keys, is_over) = (&keys, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let _ = keys.sign(OTHERS[nth % 2], b"message");
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        let signed: Vec<_> = (0..5).map(|_| keys.sign(OTHERS[2], b"message").map(drop)).collect();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(signed, [const { Ok(()) }; 5]);
    });
}
