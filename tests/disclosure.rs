//! What an audience is shown of a judged device: what its policy grants it, and no byte more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use proptest::prelude::*;
use std::convert::Infallible;
use std::sync::LazyLock;
use trust_evidence::{Class, Evidence, Month, Observation, Outcome, Reason, Time, Value};
use trust_forge::Key;
use trust_gates::{Fact, Plan, Policy, judge};
use trust_posture::{GateId, Verdict};
use trust_token::claims::{Boot, BootState, Claims, Counters};
use trust_token::crypto::Sign;
use trust_token::{inspect, issue};
use trustd::cycle::House;
use trustd::disclosure::{Disclosure, Occasion, disclose, sources};
use trustd::policies::BUILT_IN;

static HOUSE: LazyLock<House> = LazyLock::new(|| House::open().unwrap());

/// The sample device, but that no two facts have one value.
fn device() -> Evidence {
    let mut evidence = Evidence::example(&HOUSE.catalogue);
    for fact in Fact::ALL {
        for id in sources(fact) {
            tell(&mut evidence, id, value(fact));
        }
    }
    evidence
}

fn value(fact: Fact) -> Value {
    let month = |text| Value::Month(Month::parse(text).unwrap());
    match fact {
        Fact::BootState => Value::Word("self-signed".into()),
        Fact::BootKey => Value::Digest([0xb1; 32].into()),
        Fact::VbmetaDigest => Value::Digest([0xb2; 32].into()),
        Fact::OsPatch => month("2026-09"),
        Fact::VendorPatch => month("2026-08"),
        Fact::BootPatch => month("2026-07"),
    }
}

/// All that a device knows of its boot, as [`device`] tells it.
const BOOT: Boot = Boot {
    state: Some(BootState::SelfSigned),
    key: Some([0xb1; 32]),
    vbmeta: Some([0xb2; 32]),
    os_patch: Some(202_609),
    vendor_patch: Some(202_608),
    boot_patch: Some(202_607),
};

/// A fact's value as the token's bytes have it.
fn encoded(fact: Fact) -> Option<Vec<u8>> {
    let month = |number: u32| [&[0x1a][..], &number.to_be_bytes()].concat();
    match fact {
        // One small number: the decoded claims show whether it is there.
        Fact::BootState => None,
        Fact::BootKey => Some(vec![0xb1; 8]),
        Fact::VbmetaDigest => Some(vec![0xb2; 8]),
        Fact::OsPatch => BOOT.os_patch.map(month),
        Fact::VendorPatch => BOOT.vendor_patch.map(month),
        Fact::BootPatch => BOOT.boot_patch.map(month),
    }
}

/// Some of the facts.
fn only(facts: &[Fact]) -> Option<Boot> {
    let mut boot = Boot::default();
    for fact in facts {
        match fact {
            Fact::BootState => boot.state = BOOT.state,
            Fact::BootKey => boot.key = BOOT.key,
            Fact::VbmetaDigest => boot.vbmeta = BOOT.vbmeta,
            Fact::OsPatch => boot.os_patch = BOOT.os_patch,
            Fact::VendorPatch => boot.vendor_patch = BOOT.vendor_patch,
            Fact::BootPatch => boot.boot_patch = BOOT.boot_patch,
        }
    }
    (boot != Boot::default()).then_some(boot)
}

fn tell(evidence: &mut Evidence, id: &str, value: Value) {
    record(evidence, id, Outcome::Seen(value), Class::L);
}

fn record(evidence: &mut Evidence, id: &str, outcome: Outcome, class: Class) {
    let ix = HOUSE.catalogue.find(id).unwrap_or_else(|| panic!("{id}: expected a signal"));
    evidence.record(&HOUSE.catalogue, ix, Observation { outcome, class, taken_at: None });
}

fn taken_at() -> Time {
    "2026-11-02T09:00:00Z".parse().unwrap()
}

/// A policy with one audience more than the production policy's.
fn policy(gates: &[GateId], facts: &[Fact], ttl: u16) -> Policy {
    let gates: Vec<&str> = gates.iter().map(|gate| gate.id()).collect();
    let facts: Vec<&str> = facts.iter().map(|fact| fact.name()).collect();
    let audience = format!(
        "[[audience]]\nid = \"one\"\ngates = {gates:?}\nfacts = {facts:?}\nttl = {ttl}\ncallers = [\"one\"]\n"
    );
    Policy::parse("production.toml", &format!("{}\n{audience}", BUILT_IN[0].2)).unwrap()
}

fn disclosed(policy: &Policy, evidence: &Evidence) -> Disclosure {
    let plan = Plan::new(&HOUSE.catalogue, &HOUSE.gates, policy).unwrap();
    disclose(&judge(&plan, evidence, taken_at()), "one").unwrap()
}

fn occasion(now: u64) -> Occasion<'static> {
    Occasion {
        now,
        id: [1; 16],
        nonce: [2; 32],
        confirmation: [3; 32],
        handle: [4; 32],
        counters: Counters { boot: 7, sequence: 1234 },
        build: "trustd-0.1.0",
    }
}

fn key() -> impl Sign<Error = Infallible> + use<> {
    let Key::P256(key) = Key::p256("posture key") else { panic!("expected P-256") };
    key
}

/// What all sources of every fact tell is shown; without them nothing is.
fn boot(evidence: &Evidence) -> Option<Boot> {
    disclosed(&policy(&GateId::ALL, &Fact::ALL, 60), evidence).boot
}

#[test]
fn a_fact_is_shown_where_what_tells_it_agrees() {
    assert_eq!(boot(&device()), Some(BOOT));
    assert_eq!(boot(&Evidence::empty(&HOUSE.catalogue, device().source)), None, "no empty map");
    for fact in Fact::ALL {
        let others: Vec<Fact> = Fact::ALL.into_iter().filter(|other| *other != fact).collect();
        let ids = sources(fact);
        // Each of its sources alone.
        for id in ids {
            let mut evidence = device();
            for other in ids.iter().filter(|other| *other != id) {
                record(&mut evidence, other, Outcome::Missing(Reason::NotPresent), Class::L);
            }
            assert_eq!(boot(&evidence), Some(BOOT), "{fact}: {id} alone");
            record(&mut evidence, id, Outcome::Absent, Class::L);
            assert_eq!(boot(&evidence), only(&others), "{fact}: none");
        }
        // One that contradicts, however weak.
        for id in ids.iter().filter(|_| ids.len() > 1) {
            for class in [Class::L, Class::F] {
                let mut evidence = device();
                let other = match fact {
                    Fact::BootState => Value::Word("verified".into()),
                    Fact::BootKey | Fact::VbmetaDigest => Value::Digest([0xb9; 32].into()),
                    _ => Value::Month(Month::parse("2026-10").unwrap()),
                };
                record(&mut evidence, id, Outcome::Seen(other), class);
                assert_eq!(boot(&evidence), only(&others), "{fact}: {id} differs");
            }
        }
    }
}

#[test]
fn what_nothing_vouches_for_is_not_shown() {
    let patches = [Fact::OsPatch, Fact::VendorPatch];
    let others: Vec<Fact> = Fact::ALL.into_iter().filter(|fact| *fact != Fact::BootPatch).collect();
    // An attestation without a matched challenge: it may be another phone's.
    let mut evidence = device();
    record(&mut evidence, "attested.boot_patch", Outcome::Seen(value(Fact::BootPatch)), Class::S);
    assert_eq!(boot(&evidence), only(&others));
    // One that was taken too long ago.
    let mut evidence = device();
    let ix = HOUSE.catalogue.find("attested.boot_patch").unwrap();
    let outcome = Outcome::Seen(value(Fact::BootPatch));
    let old =
        Observation { outcome, class: Class::L, taken_at: Some("2026-10-01T00:00:00Z".parse().unwrap()) };
    evidence.record(&HOUSE.catalogue, ix, old);
    assert_eq!(boot(&evidence), only(&others));
    // A month that the attestation has no number for, and one that it has.
    for (month, shown) in [("1999-12", None), ("2100-01", None), ("2099-12", Some(209_912))] {
        let mut evidence = device();
        for id in patches.iter().flat_map(|fact| sources(*fact)) {
            tell(&mut evidence, id, Value::Month(Month::parse(month).unwrap()));
        }
        let boot = boot(&evidence).unwrap();
        assert_eq!((boot.os_patch, boot.vendor_patch), (shown, shown), "{month}");
    }
}

#[test]
fn an_audience_that_the_policy_does_not_name_sees_nothing() {
    let policy = policy(&GateId::ALL, &[], 60);
    let plan = Plan::new(&HOUSE.catalogue, &HOUSE.gates, &policy).unwrap();
    let evidence = device();
    let report = judge(&plan, &evidence, taken_at());
    assert_eq!(disclose(&report, "two"), None);
    assert_eq!(disclose(&report, ""), None);
}

#[test]
fn the_posture_is_of_all_ten_gates_and_waivers_are_counted() {
    let mut evidence = device();
    tell(&mut evidence, "property.svc_adbd", Value::Word("running".into()));
    // The gate that fails is not shown; that one fails, is.
    let seen = disclosed(&policy(&[GateId::BuildIntegrity], &[], 60), &evidence);
    assert_eq!(seen.posture, trust_posture::Posture::NonCompliant);
    assert_eq!(seen.gates.iter().map(|claim| claim.gate).collect::<Vec<_>>(), [GateId::BuildIntegrity]);
    assert_eq!(seen.waivers, 0);
    let waivers = |until: &str, count: usize| {
        let waiver = format!(
            "[[waiver]]\ncheck = \"adb-daemon-stopped\"\nreason = \"r\"\nby = \"b\"\nuntil = \"{until}\"\n"
        );
        let audience =
            "[[audience]]\nid = \"one\"\ngates = [\"build-integrity\"]\nttl = 60\ncallers = [\"one\"]\n";
        let text = format!("{}\n{audience}{}", BUILT_IN[0].2, waiver.repeat(count));
        disclosed(&Policy::parse("p.toml", &text).unwrap(), &evidence).waivers
    };
    assert_eq!(waivers("2026-12-01T00:00:00Z", 1), 1);
    assert_eq!(waivers("2026-11-01T00:00:00Z", 1), 0, "ended");
    assert_eq!(waivers("2026-12-01T00:00:00Z", 1001), 1000, "more than the claim has numbers for");
}

#[test]
fn an_attestation_holds_for_its_ttl_and_from_now_on_for_half_of_it() {
    for ttl in 1..=600 {
        let disclosure = disclosed_for(ttl);
        for now in (0..7).chain(1_793_610_000..1_793_610_121) {
            let Claims { issued_at, expires_at, .. } = disclosure.claims(&occasion(now));
            let ttl = u64::from(ttl);
            assert_eq!(expires_at - issued_at, ttl);
            assert!(issued_at <= now && now - issued_at < 60, "{ttl} {now}");
            assert!((expires_at - now) * 2 >= ttl, "{ttl} {now}");
            assert!(ttl < 120 || issued_at.is_multiple_of(60), "{ttl} {now}");
        }
    }
}

fn disclosed_for(ttl: u16) -> Disclosure {
    static ONE: LazyLock<Disclosure> =
        LazyLock::new(|| disclosed(&policy(&[GateId::BootIntegrity], &[], 60), &device()));
    Disclosure { ttl, ..ONE.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever an audience is granted: that, and no byte of the rest.
    #[test]
    fn what_is_not_granted_is_in_no_byte_of_the_token(
        gates in prop::sample::subsequence(GateId::ALL.to_vec(), 1..=10),
        facts in prop::sample::subsequence(Fact::ALL.to_vec(), 0..=6),
        ttl in 1_u16..=600,
        now in 0_u64..4_000_000_000,
        missing in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let mut evidence = device();
        // Gates fail and don't know, whatever of their signals; facts stay.
        let ids: Vec<String> = HOUSE.catalogue.iter().map(|(_, signal)| signal.id.to_string()).collect();
        let tells = |id: &str| Fact::ALL.iter().any(|fact| sources(*fact).contains(&id));
        for at in missing {
            let id = at.get(&ids);
            if !tells(id) {
                record(&mut evidence, id, Outcome::Missing(Reason::TimedOut), Class::L);
            }
        }
        let policy = policy(&gates, &facts, ttl);
        let plan = Plan::new(&HOUSE.catalogue, &HOUSE.gates, &policy).unwrap();
        let report = judge(&plan, &evidence, taken_at());
        let disclosure = disclose(&report, "one").unwrap();
        let token = issue(&disclosure.claims(&occasion(now)), &key()).unwrap();
        let claims = inspect(&token).unwrap();

        let found: Vec<(GateId, Verdict)> = claims.gates.iter().map(|claim| (claim.gate, claim.verdict)).collect();
        let expected: Vec<(GateId, Verdict)> = report
            .gates()
            .map(|view| (view.gate.id, view.verdict))
            .filter(|(gate, _)| gates.contains(gate))
            .collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(claims.boot, only(&facts));
        prop_assert_eq!(claims.posture, report.posture());
        let has = |part: &[u8]| token.windows(part.len()).any(|window| window == part);
        for gate in GateId::ALL {
            prop_assert_eq!(has(gate.id().as_bytes()), gates.contains(&gate), "{}", gate);
        }
        for fact in Fact::ALL {
            if let Some(bytes) = encoded(fact) {
                prop_assert_eq!(has(&bytes), facts.contains(&fact), "{}", fact);
            }
        }
    }
}
