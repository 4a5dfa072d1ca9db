//! A daemon that attests, and relying parties that decide on what it says.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod governed;

use governed::{Built, Device, TAKEN};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use trust_enrol::{Audience, Rules, State, Verifier};
use trust_forge::Key;
use trust_posture::{GateId, Posture};
use trust_token::challenge::binding;
use trust_token::credential::{Credential, EvidenceLevel, Floors};
use trust_token::crypto::{PublicKey, Ring, Sign, Signature};
use trust_token::evidence::Kept;
use trust_token::inspect::{Stated, stated};
use trust_token::ledger::{Ledger, Memory};
use trust_token::revocation::Revoked;
use trust_token::{Against, Challenge, KnownPolicy, Requirements, verify};
use trustd::daemon::{Daemon, KEYS};
use trustd::engine::Handle;
use trustd::keys::{Chain, FileKeys, KeyError, Keys, Whose};
use trustd::serve::access::{Caller, Door};
use trustd::serve::wire::{Evaluator, Refusal};
use trustd::store::{FILE, RESERVED};

const CALLS: &str = "calls.enigm.example";
const CONFIRMATION: [u8; 32] = [7; 32];

/// Who asks over Binder: an app of this SELinux type, for this Android user.
fn app(selinux_type: &str, user: u32) -> Caller {
    let uid = user * 100_000 + 10_101;
    Caller { door: Door::Binder, uid, selinux_type: Some(selinux_type.into()), name: "binder".into() }
}

/// A relying party that knows a device by its keys: in place of an enrolment verifier, the test looks into the file.
struct Party {
    audience: &'static str,
    gates: Vec<GateId>,
    policy: KnownPolicy,
    ledger: Memory,
    credential: Vec<u8>,
    least: EvidenceLevel,
}

impl Party {
    fn of(device: &Device, audience: &'static str, policy: &Built) -> Party {
        let keys = FileKeys::open(&device.state().join(KEYS)).unwrap();
        let whose = Whose { audience, user: 0 };
        let known = KnownPolicy { digest: policy.digest(), version: 1, is_lab: false };
        Party {
            audience,
            gates: vec![GateId::BuildIntegrity, GateId::BootIntegrity, GateId::RuntimeSecurity],
            policy: known,
            ledger: Memory::new(100),
            credential: signed(&Credential {
                audience: audience.into(),
                issued_at: TAKEN - 60,
                expires_at: TAKEN + 86_400,
                key: keys.public_key(whose).unwrap(),
                handle: keys.handle(whose).unwrap(),
                evidence: EvidenceLevel::Software,
                floors: Floors::default(),
                boot_key: boot_key(),
            }),
            least: EvidenceLevel::Software,
        }
    }

    fn challenge(&mut self, nonce: u8) -> Challenge {
        self.ledger.open(&[nonce; 32], &binding(self.audience, &CONFIRMATION), TAKEN).unwrap();
        Challenge::kept([nonce; 32], CONFIRMATION)
    }

    /// The posture, or the rule that refuses.
    fn decide(&mut self, token: &[u8], nonce: u8) -> Result<Posture, String> {
        let issuer = issuer();
        let issuers = [issuer.public_key()];
        let credential = Credential::verify(&self.credential, &issuers, TAKEN, &Ring).unwrap();
        let revoked =
            Revoked { audience: self.audience.into(), taken_at: TAKEN - 60, number: 1, handles: [].into() };
        let revoked = Revoked::verify(&revoked.sign(&issuer).unwrap(), &issuers, &Ring).unwrap();
        let requirements = Requirements {
            audience: self.audience,
            gates: &self.gates,
            posture: Posture::Compliant,
            policies: &[self.policy],
            accepts_lab: false,
            max_waivers: 0,
            evidence: self.least,
            max_age: 600,
            skew: 120,
            max_revocation_age: 3600,
        };
        let against =
            Against { credential: &credential, requirements: &requirements, revoked: &revoked, now: TAKEN };
        let challenge = Challenge::kept([nonce; 32], CONFIRMATION);
        let verified = verify(token, challenge, against, &mut self.ledger, &Ring);
        verified.map(|verified| verified.claims().posture).map_err(|refusal| refusal.code().into())
    }
}

/// The enrolment verifier's key.
fn issuer() -> impl Sign<Error = Infallible> + Send + Sync + 'static {
    let Key::P256(issuer) = Key::p256("enrolment") else { panic!("expected P-256") };
    issuer
}

fn signed(credential: &Credential) -> Vec<u8> {
    credential.sign(&issuer()).unwrap()
}

/// The sample's verified boot key, as its attestation gives it.
fn boot_key() -> [u8; 32] {
    let (_, _, text) = trustd::policies::BUILT_IN[0];
    let key = text.split("[[boot]]").nth(1).unwrap().split("key = \"").nth(1).unwrap();
    data_encoding::HEXLOWER.decode(&key.as_bytes()[..64]).unwrap().try_into().unwrap()
}

fn attest(daemon: &Daemon, caller: &Caller, nonce: u8) -> Result<Vec<u8>, Refusal> {
    daemon.desk().attest(caller, &[nonce; 32], &CONFIRMATION)
}

#[test]
fn a_relying_party_believes_an_answer_to_its_challenge_once() {
    let policy = Built::production();
    let device = Device::new("believes", &policy);
    let daemon = device.start();
    let mut calls = Party::of(&device, CALLS, &policy);
    let caller = app("enigm_calls", 0);

    let _ = calls.challenge(1);
    let token = attest(&daemon, &caller, 1).unwrap();
    assert_eq!(calls.decide(&token, 1), Ok(Posture::Compliant));
    assert_eq!(calls.decide(&token, 1), Err("challenge-used".into()), "a replay");
    let _ = calls.challenge(2);
    assert_eq!(calls.decide(&token, 2), Err("nonce".into()), "yesterday's");

    // Another audience's, and another Android user's of the same one.
    let other = attest(&daemon, &app("enigm_keys", 0), 2).unwrap();
    assert_eq!(calls.decide(&other, 2), Err("unknown-key".into()));
    let other = attest(&daemon, &app("enigm_calls", 10), 2).unwrap();
    assert_eq!(calls.decide(&other, 2), Err("unknown-key".into()));

    // Another device's.
    let another = Device::new("another", &policy);
    let second = another.start();
    assert_eq!(calls.decide(&attest(&second, &caller, 2).unwrap(), 2), Err("unknown-key".into()));
    second.stop();

    // The key is a file's, and says so.
    calls.least = EvidenceLevel::TrustedEnvironment;
    assert_eq!(calls.decide(&attest(&daemon, &caller, 2).unwrap(), 2), Err("evidence-level".into()));
    daemon.stop();
    assert_eq!(
        attest(&device.start(), &caller, 3).map(|token| token.is_empty()),
        Ok(false),
        "the same keys again"
    );
}

#[test]
fn a_device_enrols_and_its_attestations_count_where_software_will_do() {
    let policy = Built::production();
    let device = Device::new("enrols", &policy);
    let daemon = device.start();
    let caller = app("enigm_calls", 0);
    let audience = Audience { id: CALLS.into(), sees: [false; 3], policy_version: 1 };
    let rules = Rules { audiences: vec![audience], accept_file_keys: true, ..Rules::none() };
    let state = State::create(&device.state().join("enrolments.db"), TAKEN).unwrap();
    let verifier = Verifier::start(state, rules.clone(), issuer()).unwrap();

    let given = verifier.challenge(TAKEN, CALLS).unwrap();
    for length in [0, 16, 31, 33, 64] {
        let answer = daemon.desk().enrolment_evidence(&caller, &vec![1; length], false);
        assert_eq!(answer, Err(Refusal::BadArgument), "{length}");
    }
    for caller in [app("enigm_trust_center", 0), app("platform_app", 0), governed::me()] {
        let answer = daemon.desk().enrolment_evidence(&caller, &given.challenge, false);
        assert_eq!(answer, Err(Refusal::NotPermitted), "{caller:?}");
    }
    let evidence = daemon.desk().enrolment_evidence(&caller, &given.challenge, false).unwrap();
    let other = daemon.desk().enrolment_evidence(&app("enigm_keys", 0), &given.challenge, false).unwrap();
    assert!(verifier.enrol(TAKEN, &other).is_err(), "another audience's evidence");
    let mut calls = Party::of(&device, CALLS, &policy);
    calls.credential = verifier.enrol(TAKEN, &evidence).unwrap();
    assert_eq!(verifier.enrol(TAKEN, &evidence).map_err(|refusal| refusal.code()), Err("challenge"), "twice");

    let _ = calls.challenge(1);
    let token = attest(&daemon, &caller, 1).unwrap();
    assert_eq!(calls.decide(&token, 1), Ok(Posture::Compliant));
    let _ = calls.challenge(2);
    calls.least = EvidenceLevel::TrustedEnvironment;
    assert_eq!(calls.decide(&attest(&daemon, &caller, 2).unwrap(), 2), Err("evidence-level".into()));

    // Where no laboratory is meant, a file's key is not taken in at all.
    verifier.reload(Rules { accept_file_keys: false, ..rules }).unwrap();
    let given = verifier.challenge(TAKEN, CALLS).unwrap();
    let evidence = daemon.desk().enrolment_evidence(&caller, &given.challenge, false).unwrap();
    assert!(verifier.enrol(TAKEN, &evidence).is_err());
    daemon.stop();
}

#[test]
fn what_changed_a_moment_ago_is_attested() {
    let policy = Built::production();
    let device = Device::new("changes", &policy);
    let daemon = device.start();
    let mut calls = Party::of(&device, CALLS, &policy);
    let caller = app("enigm_calls", 0);
    for round in 0..10 {
        device.replace("getprop.txt", "[ro.debuggable]: [0]", "[ro.debuggable]: [1]");
        let _ = calls.challenge(round * 2 + 1);
        let token = attest(&daemon, &caller, round * 2 + 1).unwrap();
        assert_eq!(calls.decide(&token, round * 2 + 1), Err("gate".into()), "round {round}");
        device.replace("getprop.txt", "[ro.debuggable]: [1]", "[ro.debuggable]: [0]");
        let _ = calls.challenge(round * 2 + 2);
        let token = attest(&daemon, &caller, round * 2 + 2).unwrap();
        assert_eq!(calls.decide(&token, round * 2 + 2), Ok(Posture::Compliant), "round {round}");
    }
    daemon.stop();
}

#[test]
fn who_is_no_audience_gets_none_and_bad_questions_no_answer() {
    let device = Device::new("refuses", &Built::production());
    let daemon = device.start();
    for caller in [app("enigm_trust_center", 0), app("platform_app", 0), governed::me()] {
        assert_eq!(attest(&daemon, &caller, 1), Err(Refusal::NotPermitted), "{caller:?}");
    }
    let caller = app("enigm_calls", 0);
    for (nonce, confirmation) in [(0, 32), (31, 32), (33, 32), (32, 31), (32, 0), (32, 64)] {
        let answer = daemon.desk().attest(&caller, &vec![1; nonce], &vec![1; confirmation]);
        assert_eq!(answer, Err(Refusal::BadArgument), "{nonce}, {confirmation}");
    }
    daemon.stop();
}

#[test]
fn counters_rise_for_good_and_are_each_audiences_own() {
    let device = Device::new("counts", &Built::production());
    let counters = |daemon: &Daemon, selinux_type, user| {
        let token = attest(daemon, &app(selinux_type, user), 1).unwrap();
        let Stated::Attestation(claims) = stated(&token).unwrap() else { panic!("no posture") };
        (claims.counters.boot, claims.counters.sequence, claims.id)
    };
    let mut ids = BTreeSet::new();
    let mut begun = BTreeMap::new();
    let mut rise = |who, (boot, sequence, _): (u64, u64, [u8; 16])| {
        let (first_boot, first) = *begun.entry(who).or_insert((boot, sequence));
        (boot - first_boot, sequence - first)
    };
    for run in 0..3 {
        let daemon = device.start();
        for once in 0..4 {
            let counted = counters(&daemon, "enigm_calls", 0);
            assert_eq!(rise("calls", counted), (0, run * RESERVED + once), "one boot of the kernel");
            ids.insert(counted.2);
        }
        assert_eq!(rise("keys", counters(&daemon, "enigm_keys", 0)), (0, run * RESERVED));
        assert_eq!(rise("another user's", counters(&daemon, "enigm_calls", 10)), (0, run * RESERVED));
        daemon.stop();
    }
    assert_eq!(ids.len(), 12);
    let boots: BTreeSet<u64> = begun.values().map(|(boot, _)| *boot).collect();
    assert_eq!(boots.len(), 3, "how often the device was booted is nobody's to compare: {begun:?}");
}

#[test]
fn without_keys_nothing_is_signed_and_everything_else_goes_on() {
    let device = Device::new("keyless", &Built::production());
    let caller = app("enigm_calls", 0);
    let keys = device.state().join(KEYS);
    fs::write(&keys, "damaged").unwrap();
    fs::set_permissions(&keys, PermissionsExt::from_mode(0o600)).unwrap();
    let daemon = device.start();
    assert_eq!(attest(&daemon, &caller, 1), Err(Refusal::Unsupported));
    assert_eq!(daemon.handle().summary().unwrap().posture, Posture::Compliant);
    daemon.stop();
    assert_eq!(fs::read(&keys).unwrap(), b"damaged", "nothing takes its place");
}

/// Keys that take their time to sign: so long that the device turns, each time, for so many times.
struct Slow {
    keys: FileKeys,
    device: PathBuf,
    turns: AtomicUsize,
    signed: AtomicUsize,
    daemon: OnceLock<Handle>,
}

impl Slow {
    /// Makes what was good bad, or what was bad good, and waits until the daemon knows.
    fn turn(&self) {
        let daemon = self.daemon.get().unwrap();
        let before = daemon.summary().unwrap().sequence;
        let path = self.device.join("getprop.txt");
        let text = fs::read_to_string(&path).unwrap();
        let (good, bad) = ("[ro.debuggable]: [0]", "[ro.debuggable]: [1]");
        let turned = if text.contains(good) { text.replace(good, bad) } else { text.replace(bad, good) };
        fs::write(path.with_extension("new"), turned).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
        while daemon.summary().unwrap().sequence == before {
            std::thread::yield_now();
        }
    }
}

impl Keys for Slow {
    fn public_key(&self, whose: Whose<'_>) -> Result<PublicKey, KeyError> {
        self.keys.public_key(whose)
    }

    fn sign(&self, whose: Whose<'_>, message: &[u8]) -> Result<Signature, KeyError> {
        let nth = self.signed.fetch_add(1, Ordering::SeqCst);
        let signature = self.keys.sign(whose, message);
        if nth < self.turns.load(Ordering::SeqCst) {
            self.turn();
        }
        signature
    }

    fn handle(&self, whose: Whose<'_>) -> Result<[u8; 32], KeyError> {
        self.keys.handle(whose)
    }

    fn show(
        &self,
        whose: Whose<'_>,
        challenge: &[u8; 32],
        anew: bool,
    ) -> Result<(PublicKey, Kept), KeyError> {
        self.keys.show(whose, challenge, anew)
    }

    fn attest_device(&self, challenge: &[u8; 32]) -> Result<Vec<Chain>, KeyError> {
        self.keys.attest_device(challenge)
    }

    fn attests(&self) -> bool {
        self.keys.attests()
    }
}

/// The device turns between judging and signing: what was signed is not handed out, and what is was judged after it.
#[test]
fn a_posture_that_changes_while_it_is_signed_is_judged_again() {
    let said = |token: &[u8]| match stated(token).unwrap() {
        Stated::Attestation(claims) => claims.posture,
        other => panic!("{other:?}"),
    };
    for (turns, expected, signed) in [
        (0, Ok(Posture::Indeterminate), 1),
        (1, Ok(Posture::NonCompliant), 2),
        (2, Ok(Posture::Indeterminate), 3),
        // It never stands still: no answer.
        (9, Err(Refusal::Busy), 3),
    ] {
        let device = Device::new(&format!("turns-{turns}"), &Built::production());
        let keys = Arc::new(Slow {
            keys: FileKeys::open(&device.state().join(KEYS)).unwrap(),
            device: device.state().with_file_name("root"),
            turns: AtomicUsize::new(turns),
            signed: AtomicUsize::new(0),
            daemon: OnceLock::new(),
        });
        let daemon = device.start_as(TAKEN, |setup| setup.with_keys(keys.clone()));
        assert!(keys.daemon.set(daemon.handle().clone()).is_ok());
        // These keys attest no device, and the daemon has heard that.
        while daemon.handle().counts().attested.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let token = attest(&daemon, &app("enigm_calls", 0), 1);
        assert_eq!(token.map(|token| said(&token)), expected, "{turns} turns");
        assert_eq!(keys.signed.load(Ordering::SeqCst), signed, "{turns} turns");
        daemon.stop();
    }
}

/// Somebody writes over the history: the next answer says so, not one after hours.
#[test]
fn an_answer_knows_of_a_history_that_was_lost_just_before_it() {
    let policy = Built::production();
    let device = Device::new("lost", &policy);
    let daemon = device.start();
    let caller = app("enigm_calls", 0);
    let answered = |nonce| match stated(&attest(&daemon, &caller, nonce).unwrap()) {
        Ok(Stated::Attestation(claims)) => claims.posture,
        other => panic!("{other:?}"),
    };
    assert_eq!(answered(1), Posture::Compliant);
    std::fs::write(device.state().join(FILE), [0x5a; 20_000]).unwrap();
    assert_eq!(answered(2), Posture::NonCompliant);
}
