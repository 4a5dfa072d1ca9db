//! Two audiences of one device that compare notes: what they have in common is what docs/attestation.md admits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod unlinkable;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::Path;
use trust_evidence::{Evidence, Time};
use trust_forge::Key;
use trust_gates::{Plan, Policy};
use trust_token::claims::Counters;
use trust_token::credential::{Credential, EvidenceLevel, Floors};
use trust_token::crypto::{Ring, Sign};
use trust_token::handle::{HandleOf, InMemory};
use trust_token::ledger::Memory;
use trust_token::revocation::Revoked;
use trust_token::{Against, Challenge, KnownPolicy, Requirements, issue, verify};
use trustd::attestation::Trust;
use trustd::cycle::{House, judge_at};
use trustd::disclosure::{Disclosure, Occasion, disclose};
use trustd::import::{Input, import};
use unlinkable::{Correlator, Leaf, correlators, statement};

/// 2026-11-02T09:00:00Z, when the sample was taken.
const TAKEN: u64 = 1_793_610_000;
/// A waiver, so that their number is shown.
const WAIVER: &str = r#"
[[waiver]]
check = "adb-daemon-stopped"
reason = "a test"
by = "the test"
until = "2026-12-01T00:00:00Z"
"#;
/// The sample device's verified boot key.
const BOOT_KEY: &str = "15e27238f65a0d13fc1619d00bb3b1dfbea7445c729b2e7de034f1722867471f";

/// One of the shipped audiences, and how it comes to be answered.
struct Audience {
    id: &'static str,
    /// When, in seconds after [`TAKEN`].
    at: u64,
    /// When it was given its credential, in seconds before.
    enrolled: u64,
    /// Whose key the caller proves.
    caller: &'static str,
    sees_patches: bool,
}

/// Calls and keys are answered in one minute and enrolled in one second; the app's caller uses one key with calls.
const AUDIENCES: [Audience; 4] = [
    Audience { id: "calls.enigm.example", at: 7, enrolled: 86_400, caller: "calls", sees_patches: false },
    Audience { id: "keys.enigm.example", at: 41, enrolled: 86_400, caller: "keys", sees_patches: true },
    Audience { id: "updates.enigm.example", at: 50, enrolled: 70_001, caller: "updates", sees_patches: true },
    Audience { id: "app.enigm.example", at: 95, enrolled: 50_003, caller: "calls", sees_patches: false },
];

/// What one audience holds of the device.
struct Held {
    id: &'static str,
    /// Token and credential.
    bytes: [Vec<u8>; 2],
    leaves: BTreeMap<String, Leaf>,
}

/// 32 bytes of a label, in the place of random ones.
fn random(audience: &Audience, what: &str) -> [u8; 32] {
    let label = format!("{what} of {}", audience.id);
    ring::digest::digest(&ring::digest::SHA256, label.as_bytes()).as_ref().try_into().unwrap()
}

fn key(label: &str) -> impl Sign<Error = Infallible> + use<> {
    let Key::P256(key) = Key::p256(label) else { panic!("expected P-256") };
    key
}

fn production(house: &House) -> Evidence {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices");
    let trust = Trust::google().and(&std::fs::read(home.join("roots.pem")).unwrap()).unwrap();
    let at = i64::try_from(TAKEN).ok().and_then(Time::from_unix);
    let input = Input { source: Some(home.join("production")), at, ..Input::default() };
    import(house, &input, &trust).unwrap_or_else(|error| panic!("{error}")).evidence
}

/// What the four audiences get to hold of the sample device.
fn all() -> Vec<Held> {
    let house = House::open().unwrap();
    let (_, _, text) = trustd::policies::BUILT_IN[0];
    let policy = Policy::parse("production.toml", &format!("{text}{WAIVER}")).unwrap();
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
    let evidence = production(&house);
    let report = judge_at(&plan, &evidence, evidence.source.taken_at);
    AUDIENCES.iter().map(|audience| hold(audience, &disclose(&report, audience.id).unwrap())).collect()
}

/// A credential, a challenge and the token that answers it, verified as the relying party would.
fn hold(audience: &Audience, disclosure: &Disclosure) -> Held {
    let (device, issuer) = (InMemory::new([0xde; 32]), key("enrolment verifier"));
    let posture_key = key(&format!("posture key of {}", audience.id));
    let salt = random(audience, "salt");
    let handle = HandleOf { audience: audience.id, epoch: 0, user: 0, salt: &salt }.handle(&device).unwrap();
    // Each begins at a random number, and has risen since.
    let start = random(audience, "counters");
    let start = |at: usize| u64::from(u32::from_be_bytes(start[at..at + 4].try_into().unwrap()));
    let enrolled = Counters { boot: start(0), sequence: start(4) };
    let counters = Counters { boot: enrolled.boot + 3, sequence: enrolled.sequence + 200 };
    let credential = Credential {
        audience: audience.id.into(),
        issued_at: TAKEN - audience.enrolled,
        expires_at: TAKEN - audience.enrolled + 30 * 86_400,
        key: posture_key.public_key(),
        handle,
        evidence: EvidenceLevel::StrongBox,
        floors: Floors {
            policy_version: 1,
            // Not where it stands: together with an attestation's, that would be the rise since enrolment, which all
            // audiences share.
            counters: Counters::default(),
            patches: if audience.sees_patches { [202_610; 3] } else { [0; 3] },
        },
        boot_key: data_encoding::HEXLOWER.decode(BOOT_KEY.as_bytes()).unwrap().try_into().unwrap(),
    };
    let credential = credential.sign(&issuer).unwrap();
    let now = TAKEN + audience.at;
    let mut ledger = Memory::new(1);
    let confirmation = random(&Audience { id: audience.caller, ..*audience }, "caller's key");
    let challenge = random(audience, "challenge");
    let challenge = Challenge::make(audience.id, &challenge, confirmation, &[], now, &mut ledger).unwrap();
    let occasion = Occasion {
        now,
        id: random(audience, "cti")[..16].try_into().unwrap(),
        nonce: *challenge.nonce(),
        confirmation,
        handle,
        counters,
        build: "trustd-0.1.0",
    };
    let token = issue(&disclosure.claims(&occasion), &posture_key).unwrap();

    let issuers = [issuer.public_key()];
    let revoked =
        Revoked { audience: audience.id.into(), taken_at: now, number: 1, handles: BTreeSet::new() };
    let revoked = Revoked::verify(&revoked.sign(&issuer).unwrap(), &issuers, &Ring).unwrap();
    let gates: Vec<_> = disclosure.gates.iter().map(|claim| claim.gate).collect();
    let requirements = Requirements {
        audience: audience.id,
        gates: &gates,
        posture: disclosure.posture,
        policies: &[KnownPolicy {
            digest: disclosure.policy.digest,
            version: disclosure.policy.version,
            is_lab: false,
        }],
        accepts_lab: false,
        max_waivers: 1,
        evidence: EvidenceLevel::StrongBox,
        max_age: disclosure.ttl.into(),
        skew: 0,
        max_revocation_age: 600,
    };
    // As late as half of the lifetime allows, with a clock that is right.
    let now = now + u64::from(disclosure.ttl) / 2;
    let verified = Credential::verify(&credential, &issuers, now, &Ring).unwrap();
    let against = Against { credential: &verified, requirements: &requirements, revoked: &revoked, now };
    let claims = verify(&token, challenge, against, &mut ledger, &Ring).unwrap();
    assert_eq!(claims.claims().waivers, 1, "{}", audience.id);

    let mut leaves = BTreeMap::new();
    statement("token", &token, &mut leaves);
    statement("credential", &credential, &mut leaves);
    Held { id: audience.id, bytes: [token, credential], leaves }
}

/// The leaves at one path with one value.
fn shared<'h>(one: &'h Held, other: &'h Held) -> BTreeSet<&'h str> {
    let is_shared = |(path, leaf): &(&String, &Leaf)| other.leaves.get(*path) == Some(leaf);
    one.leaves.iter().filter(is_shared).map(|(path, _)| path.as_str()).collect()
}

fn pairs(all: &[Held]) -> impl Iterator<Item = (&Held, &Held)> {
    all.iter().flat_map(|one| all.iter().filter(|other| other.id != one.id).map(move |other| (one, other)))
}

#[test]
fn two_audiences_share_what_the_page_admits_and_nothing_else() {
    let all = all();
    // Of the table the rows of what is looked at here. tests/vm_unlinkable.rs has the rest.
    let mut correlators = correlators();
    let is_here = |path: &String| path.starts_with("token/") || path.starts_with("credential/");
    correlators.iter_mut().for_each(|row| row.paths.retain(is_here));
    let named: Vec<&String> = correlators.iter().flat_map(|row| &row.paths).collect();
    for (one, other) in pairs(&all) {
        let shared = shared(one, other);
        for leaf in &shared {
            let rows = named.iter().filter(|path| Correlator::has(path, leaf)).count();
            assert_eq!(rows, 1, "{} and {} share {leaf}: {:?}", one.id, other.id, one.leaves[*leaf]);
        }
        for row in correlators.iter().filter(|row| row.is_always) {
            for path in &row.paths {
                let mut leaves = one.leaves.keys().filter(|leaf| Correlator::has(path, leaf)).peekable();
                assert!(leaves.peek().is_some(), "{}: {} has no {path}", row.name, one.id);
                for leaf in leaves {
                    assert!(
                        shared.contains(leaf.as_str()),
                        "{}: {} and {} differ in {leaf}",
                        row.name,
                        one.id,
                        other.id
                    );
                }
            }
        }
    }
    // What is shared under a condition, some two share.
    for row in correlators.iter().filter(|row| !row.is_always) {
        for path in &row.paths {
            let shares = |(one, other): (&Held, &Held)| {
                shared(one, other).iter().any(|leaf| Correlator::has(path, leaf))
            };
            assert!(pairs(&all).any(shares), "{}: no two share {path}", row.name);
        }
    }
}

/// The same value under another name would be as good.
#[test]
fn nothing_that_differs_stands_elsewhere_in_the_others() {
    let all = all();
    for (one, other) in pairs(&all) {
        let shared: BTreeSet<&Leaf> = shared(one, other).into_iter().map(|path| &one.leaves[path]).collect();
        for (path, leaf) in one.leaves.iter().filter(|(_, leaf)| leaf.is_telling() && !shared.contains(leaf))
        {
            let elsewhere = other.leaves.iter().find(|(_, known)| *known == leaf);
            assert_eq!(elsewhere, None, "{path} of {}, at {}", one.id, other.id);
            let Leaf::Bytes(bytes) = leaf else { continue };
            for part in bytes.windows(8) {
                let is_there = other.bytes.iter().any(|held| held.windows(8).any(|known| known == part));
                assert!(!is_there, "a part of {path} of {}, at {}", one.id, other.id);
            }
        }
    }
}

/// What must never be shared, by name, whatever the page says.
#[test]
fn handle_key_counters_and_signature_are_each_audiences_own() {
    let all = all();
    for (one, other) in pairs(&all) {
        let shared = shared(one, other);
        for path in [
            "token/3",
            "token/7",
            "token/10",
            "token/-75000",
            "token/-75002/0",
            "token/-75002/1",
            "token/protected/4",
            "token/signature",
            "credential/3",
            "credential/8/1/-2",
            "credential/8/1/-3",
            "credential/-75000",
            "credential/signature",
        ] {
            assert!(one.leaves.contains_key(path), "{path}");
            assert!(!shared.contains(path), "{} and {} share {path}", one.id, other.id);
        }
    }
}

/// How far the counters have risen since enrolment is the same for all audiences: none may be able to tell.
#[test]
fn no_difference_of_counters_is_shared() {
    let all = all();
    let rises = |held: &Held| -> BTreeSet<(usize, i128)> {
        let number = |path: String| match held.leaves[&path] {
            Leaf::Integer(number) => number,
            _ => panic!("{path}: expected a number"),
        };
        let rise = |at: usize| {
            number(format!("token/-75002/{at}")) - number(format!("credential/-75021/{}", at + 1))
        };
        (0..2).map(|at| (at, rise(at))).collect()
    };
    for (one, other) in pairs(&all) {
        assert!(rises(one).is_disjoint(&rises(other)), "{} and {} share a rise", one.id, other.id);
    }
}

/// Seconds after which the time shown differs, and those in which it doesn't.
#[test]
fn times_are_of_the_minute() {
    let held = all();
    let by = |id: &str| held.iter().find(|held| held.id.starts_with(id)).unwrap();
    let iat = |id| by(id).leaves["token/6"].clone();
    assert_eq!(iat("calls"), Leaf::Integer(TAKEN.into()));
    assert_eq!((iat("keys"), iat("updates")), (iat("calls"), iat("calls")));
    assert_eq!(iat("app"), Leaf::Integer((TAKEN + 60).into()));
}
