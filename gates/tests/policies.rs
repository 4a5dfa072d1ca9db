//! Policies: what is refused, with its line; what a waiver, a lab and a managed device change.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod world;

use trust_evidence::{Evidence, LoadError, Observation, Outcome, Time, Value};
use trust_gates::{Fact, Plan, Policy, judge};
use trust_posture::{GateId, Posture, Verdict};
use world::World;

fn production() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../etc/policy/production.toml");
    std::fs::read_to_string(path).unwrap()
}

fn resolve(world: &World, text: &str) -> Result<(), LoadError> {
    let policy = Policy::parse("p.toml", text)?;
    Plan::new(&world.catalogue, &world.gates, &policy).map(drop)
}

/// The line that an error must name: that of `marker` in the policy.
fn line_of(text: &str, marker: &str) -> usize {
    text.lines().position(|line| line.contains(marker)).unwrap() + 1
}

/// One audience more than the shipped ones.
const AUDIENCE: &str = r#"
[[audience]]
id = "one"
gates = ["boot-integrity"]
facts = ["boot-key"]
ttl = 60
callers = ["one_app"]
"#;

/// What is replaced by what, and what the error must say.
const AUDIENCE_FAULTS: [(&str, &str, &str); 23] = [
    (r#"id = "one""#, r#"id = """#, r#"id = "": expected 1 to 64 printable ASCII characters without spaces"#),
    (r#"id = "one""#, r#"id = "o ne""#, r#"id = "o ne": expected 1 to 64"#),
    (r#"id = "one""#, r#"id = "ön""#, r#"id = "ön": expected 1 to 64"#),
    (
        r#"id = "one""#,
        r#"id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#,
        "expected 1 to 64 printable",
    ),
    (
        r#"id = "one""#,
        r#"id = "calls.enigm.example""#,
        r#"audience "calls.enigm.example" is there twice: expected one table for it"#,
    ),
    (r#"id = "one""#, "id = 1", "expected a string"),
    (r#"id = "one""#, "", "missing field `id`"),
    (r#"["boot-integrity"]"#, "[]", "gates = []: expected at least one gate"),
    ("gates = [\"boot-integrity\"]\nfacts", "facts", "missing field `gates`"),
    (
        "[\"boot-integrity\"]\nfacts",
        "[\"boot\"]\nfacts",
        r#"gate "boot": expected one of build-integrity, boot-integrity"#,
    ),
    (
        "[\"boot-integrity\"]\nfacts",
        "[\"boot-integrity\", \"boot-integrity\"]\nfacts",
        r#"gate "boot-integrity" is there twice: expected it once"#,
    ),
    (
        r#"["boot-key"]"#,
        r#"["serial"]"#,
        r#"fact "serial": expected one of boot-state, boot-key, vbmeta-digest"#,
    ),
    (
        r#"["boot-key"]"#,
        r#"["boot-key", "os-patch", "boot-key"]"#,
        r#"fact "boot-key" is there twice: expected it once"#,
    ),
    ("ttl = 60\n", "ttl = 0\n", "ttl = 0: expected 1 to 600 seconds"),
    ("ttl = 60\n", "ttl = 601\n", "ttl = 601: expected 1 to 600 seconds"),
    ("ttl = 60\n", "ttl = 65537\n", "ttl = 65537: expected 1 to 600 seconds"),
    ("ttl = 60\n", "ttl = -1\n", "ttl = -1: expected 1 to 600 seconds"),
    ("ttl = 60\n", "", "missing field `ttl`"),
    (r#"callers = ["one_app"]"#, "", "missing field `callers`"),
    (r#"["one_app"]"#, "[]", "callers = []: expected at least one SELinux type"),
    (
        r#"["one_app"]"#,
        r#"["u:r:one_app:s0"]"#,
        r#"caller "u:r:one_app:s0": expected an SELinux type, 1 to 128 small letters, digits and underscores"#,
    ),
    (
        r#"["one_app"]"#,
        r#"["enigm_calls"]"#,
        r#"caller "enigm_calls" is there twice: expected it once among access, providers and audiences"#,
    ),
    (r#"["one_app"]"#, "[\"one_app\"]\nuser = 0", "unknown field `user`"),
];

#[test]
fn an_audience_is_found_by_its_id_and_by_who_calls() {
    let facts = r#"facts = ["boot-patch", "boot-state"]"#;
    let text = format!("{}\n{}", production(), AUDIENCE.replacen(r#"facts = ["boot-key"]"#, facts, 1));
    let policy = Policy::parse("p.toml", &text).unwrap();
    let audience = policy.audience("one").unwrap();
    assert_eq!((audience.ttl, &*audience.gates), (60, &[GateId::BootIntegrity][..]));
    assert_eq!(audience.facts, [Fact::BootState, Fact::BootPatch], "in their own order");
    assert_eq!(policy.audience_of("one_app"), Some(audience));
    assert_eq!(policy.audience_of("one"), None);
    assert_eq!(policy.audiences().len(), 5);
    // Each bound is allowed; no facts are none.
    for (from, to) in
        [("ttl = 60\n", "ttl = 1\n"), ("ttl = 60\n", "ttl = 600\n"), ("facts = [\"boot-key\"]\n", "")]
    {
        let text = format!("{}\n{}", production(), AUDIENCE.replacen(from, to, 1));
        Policy::parse("p.toml", &text).unwrap_or_else(|error| panic!("{error}"));
    }
    let longest = AUDIENCE.replacen("one_app", &"t".repeat(128), 1).replacen(
        "\"one\"",
        &format!("\"{}\"", "a".repeat(64)),
        1,
    );
    Policy::parse("p.toml", &format!("{}\n{longest}", production()))
        .unwrap_or_else(|error| panic!("{error}"));
    let longer = format!("{}\n{}", production(), AUDIENCE.replacen("one_app", &"t".repeat(129), 1));
    assert!(Policy::parse("p.toml", &longer).unwrap_err().to_string().contains("1 to 128"));
}

#[test]
fn what_a_policy_gets_wrong_is_refused_with_its_line() {
    let world = World::production();
    let good = production();
    resolve(&world, &good).unwrap_or_else(|error| panic!("{error}"));
    // What is replaced by what, and what the error must say.
    for (from, to, expected) in [
        (
            "schema = \"com.enigm.policy/1\"",
            "schema = \"com.enigm.policy/2\"",
            "expected \"com.enigm.policy/1\"",
        ),
        ("version = 1", "version = \"1\"", "expected u32"),
        ("version = 1", "version = 1\ncolour = \"red\"", "unknown field `colour`"),
        ("thresholds.patch_age_days = 90", "thresholds.patch_age_days = \"90\"", "expected a whole number"),
        (
            "thresholds.patch_age_days = 90",
            "thresholds.patch_age_dayz = 90",
            "expected [thresholds] patch_age_days",
        ),
        (
            "thresholds.patch_age_days = 90",
            "thresholds.patch_age_days = 90\nthresholds.extra = 1",
            "[thresholds] extra: expected one of",
        ),
        ("\"update-integrity\",", "\"update-integrty\",", "expected one of build-integrity"),
        ("\"update-integrity\",", "", "update-integrity does not bind: expected it to, or lab = true"),
        ("\"update-integrity\",", "\"update-integrity\", \"update-integrity\",", "bound twice"),
        ("owner = \"none\"", "owner = \"two words\"", "expected \"none\" or"),
        ("owner = \"none\"", "owner = \"none\"\nkind = 1", "unknown field `kind`"),
        (
            "owner = \"none\"",
            "owner = \"none\"\n[attestation]\nroots = []",
            "missing field `revocation_age_days`",
        ),
        (
            "owner = \"none\"",
            "owner = \"none\"\n[attestation]\nrevocation_age_days = 0",
            "revocation_age_days = 0: expected 1 to 365",
        ),
        (
            "owner = \"none\"",
            "owner = \"none\"\n[attestation]\nroots = [\"FEB2\"]\nrevocation_age_days = 7",
            "\"FEB2\": expected the SHA-256 of a public key",
        ),
        (
            "owner = \"none\"",
            "owner = \"none\"\n[attestation]\nissuers = []\nrevocation_age_days = 7",
            "unknown field `issuers`",
        ),
        ("state = \"verified\"", "state = \"unverified\"", "expected \"verified\" or \"self-signed\""),
        ("state = \"verified\"", "state = \"failed\"", "expected \"verified\" or \"self-signed\""),
        (
            "state = \"self-signed\"",
            "color = \"x\"\nstate = \"self-signed\"",
            "[[boot]] color: expected one of key, state",
        ),
        ("key = \"d79b", "key = \"xyz", "expected 64 lower-case hex digits"),
        ("os_patch = \"2026-10\"", "os_patch = \"October\"", "expected a month"),
    ] {
        assert!(good.contains(from), "{from}");
        let bad = good.replacen(from, to, 1);
        let error = resolve(&world, &bad).unwrap_err();
        assert!(error.to_string().contains(expected), "{to}: {error}");
        let whole = expected.starts_with("expected [thresholds]");
        assert!(error.to_string().starts_with("p.toml"), "{error}");
        assert_eq!(error.line().is_none(), whole, "{error}");
    }
    for (tail, expected) in [
        ("[[sources]]\nabsent = [\"nothing.*\"]\nreason = \"r\"", "expected signals of the catalogue"),
        ("[[sources]]\nabsent = [\"*\"]\nreason = \"r\"", "expected signals of the catalogue"),
        ("[[sources]]\nabsent = [\"property.debuggable\"]", "missing field `reason`"),
        (
            "[[waiver]]\ncheck = \"no-such\"\nreason = \"r\"\nby = \"b\"\nuntil = \"2027-01-01T00:00:00Z\"",
            "trustctl gates",
        ),
        (
            "[[waiver]]\ncheck = \"selinux-enforcing\"\nreason = \"r\"\nby = \"b\"\nuntil = \"2027-01-01T00:00:00Z\"",
            "critical",
        ),
        (
            "[[waiver]]\ncheck = \"selinux-enforcing\"\nreason = \"r\"\nuntil = \"2027-01-01T00:00:00Z\"",
            "missing field `by`",
        ),
        ("[[release]]\nfingerprint = 7", "printable ASCII"),
        ("[[boot]]\nstate = \"self-signed\"", "expected key"),
        (
            "[[boot]]\nkey = \"d79b5be6d5e80b53a2a39b140e1cc4e5177ac6539e755c5d416f43fda9bb0eab\"",
            "[[boot]]: expected state",
        ),
        (
            "[[sources]]\nabsent = [\"selinux.enforcing\"]\nreason = \"r\"",
            "critical check \"selinux-enforcing\"",
        ),
        (
            "[[sources]]\nabsent = [\"*.verified_boot_key\"]\nreason = \"r\"",
            "expected signals of the catalogue",
        ),
        ("[[sources]]\nabsent = [\"selinux.permissive_domains\"]\nreason = \"r\"", "critical check"),
        ("[[sources]]\nabsent = [\"attested.*\"]\nreason = \"r\"", "critical check"),
    ] {
        let bad = format!("{good}\n{tail}\n");
        let error = resolve(&world, &bad).unwrap_err();
        assert!(error.to_string().contains(expected), "{tail}: {error}");
    }
    for (from, to, expected) in AUDIENCE_FAULTS {
        assert!(AUDIENCE.contains(from), "{from}");
        let bad = format!("{good}\n{}", AUDIENCE.replacen(from, to, 1));
        let error = resolve(&world, &bad).unwrap_err();
        assert!(error.to_string().contains(expected), "{to}: {error}");
        // The last table's, not the shipped ones'.
        assert!(error.line() >= Some(good.lines().count()) && error.to_string().contains('^'), "{error}");
    }
    let error = resolve(&world, &good.replacen("version = 1", "version = x", 1)).unwrap_err();
    assert_eq!(error.line(), Some(line_of(&good, "version = 1")));
    assert!(error.to_string().contains('^'), "{error}");
}

#[test]
fn who_may_sign_bundles_is_a_list_of_points() {
    let point = |prefix: &str, digit: &str| format!("{prefix}{}", digit.repeat(128));
    let (one, two) = (point("04", "a"), point("04", "b"));
    let signers = |list: &str| Policy::parse("p.toml", &production().replace("\nsigners = []\n", list));
    assert_eq!(Policy::parse("p.toml", &production()).unwrap().bundle_signers(), &[] as &[[u8; 65]]);
    let policy = signers(&format!("\nsigners = [\"{one}\", \"{two}\"]\n")).unwrap();
    let [first, second] = policy.bundle_signers() else { panic!("{:?}", policy.bundle_signers()) };
    assert_eq!((first[0], first[64], second[0], second[1]), (4, 0xaa, 4, 0xbb));
    let is_none = "expected the point of a P-256 key";
    for (list, expected) in [
        (format!("[\"{one}\", \"{one}\"]"), "is there twice"),
        (format!("[\"{}\"]", point("02", "a")), is_none),
        (format!("[\"{}\"]", point("04", "g")), is_none),
        (format!("[\"{one}0\"]"), is_none),
        (format!("[\"{one}00\"]"), is_none),
        ("[\"\"]".into(), is_none),
        (format!("\"{one}\""), "expected a sequence"),
        ("[]\nsigner = []".into(), "unknown field `signer`"),
    ] {
        let error = signers(&format!("\nsigners = {list}\n")).unwrap_err().to_string();
        assert!(error.contains(expected), "{list}: {error}");
    }
}

#[test]
fn who_evidence_is_sealed_to_is_one_point_or_nobody() {
    let place = production().lines().position(|line| line == "[enrolment]").unwrap();
    let with = |table: &str| {
        Policy::parse(
            "p.toml",
            &production().replace("\n[enrolment]\n", &format!("\n[enrolment]\n{table}\n")),
        )
    };
    let one = format!("04{}", "a".repeat(128));
    assert_eq!(with("").unwrap().enrolment_verifier(), None);
    let without = production().replace("\n[enrolment]\n", "\n");
    assert_eq!(Policy::parse("p.toml", &without).unwrap().enrolment_verifier(), None);
    let policy = with(&format!("verifier = \"{one}\"")).unwrap();
    let mut expected = [0xaa; 65];
    expected[0] = 4;
    assert_eq!(policy.enrolment_verifier(), Some(&expected));
    let is_none = "expected the point of a P-256 key";
    for (table, expected) in [
        (format!("verifier = \"02{}\"", &one[2..]), is_none),
        (format!("verifier = \"{one}0\""), is_none),
        (format!("verifier = \"{}\"", &one[2..]), is_none),
        ("verifier = \"\"".into(), is_none),
        (format!("verifier = [\"{one}\"]"), "expected a string"),
        (format!("verifiers = \"{one}\""), "unknown field `verifiers`"),
        (format!("verifier = \"{one}\"\nverifier = \"{one}\""), "duplicate key"),
    ] {
        let error = with(&table).unwrap_err();
        assert!(error.to_string().contains(expected), "{table}: {error}");
        assert!(error.line() > Some(place + 1), "{error}");
    }
}

#[test]
fn no_policy_drops_a_denylist_or_hollows_a_gate() {
    let world = World::production();
    let key = "7728e30f50bfa5cea165f473175a08803f6a8346642b5aa10913e9d9e6defef6";
    // A policy that accepts AOSP's test key as a root of trust.
    let text = production().replace("15e27238f65a0d13fc1619d00bb3b1dfbea7445c729b2e7de034f1722867471f", key);
    let error = resolve(&world, &text).unwrap_err();
    assert!(error.to_string().contains("whose private half is not public"), "{error}");
    // One that accepts any key, and denies none itself.
    let text = production().replacen(
        "key = \"15e27238f65a0d13fc1619d00bb3b1dfbea7445c729b2e7de034f1722867471f\"",
        "",
        1,
    );
    let policy = Policy::parse("p.toml", &text).unwrap();
    let plan = Plan::new(&world.catalogue, &world.gates, &policy).unwrap();
    let mut evidence = world.good();
    for id in ["attested.verified_boot_key", "bootconfig.verified_boot_key", "property.verified_boot_key"] {
        let ix = world.catalogue.find(id).unwrap();
        let signal = world.catalogue.signal(ix).unwrap();
        let outcome = Outcome::Seen(signal.ty.parse(key).unwrap());
        evidence.record(&world.catalogue, ix, Observation { outcome, class: signal.ceiling, taken_at: None });
    }
    let report = judge(&plan, &evidence, evidence.source.taken_at.unwrap());
    assert_eq!(report.posture(), Posture::NonCompliant);
    for gate in report.gates().take(2) {
        assert_eq!(gate.verdict, Verdict::Fail, "{}", gate.gate.id);
    }

    let hollow = format!(
        "{}\n[[sources]]\nabsent = [\"settings_*\", \"pushed.*\", \"service.*\", \"sensors.*\", \"property.keyguard_camera\"]\nreason = \"r\"\n",
        production()
    );
    let error = resolve(&world, &hollow).unwrap_err();
    assert!(error.to_string().contains("privacy-controls would be wholly not applicable"), "{error}");
    let lab_without_gates = production().replacen("version = 1", "version = 1\nlab = true", 1);
    let start = lab_without_gates.find("bind = [").unwrap();
    let end = start + lab_without_gates[start..].find(']').unwrap();
    let unbound = format!("{}bind = [{}", &lab_without_gates[..start], &lab_without_gates[end..]);
    let error = resolve(&world, &unbound).unwrap_err();
    assert!(error.to_string().contains("no gate binds"), "{error}");
}

#[test]
fn a_waiver_is_visible_ends_and_leaves_the_posture_at_risk() {
    let world = World::production();
    let waiver = "\n[[waiver]]\ncheck = \"adb-daemon-stopped\"\nreason = \"a test bench\"\nby = \"the test\"\nuntil = \"2026-12-01T00:00:00Z\"\n";
    let policy = Policy::parse("p.toml", &format!("{}{waiver}", production())).unwrap();
    let plan = Plan::new(&world.catalogue, &world.gates, &policy).unwrap();
    let mut evidence = world.good();
    let ix = world.catalogue.find("property.svc_adbd").unwrap();
    let signal = world.catalogue.signal(ix).unwrap();
    let running = Observation {
        outcome: Outcome::Seen(Value::Word("running".into())),
        class: signal.ceiling,
        taken_at: None,
    };
    evidence.record(&world.catalogue, ix, running);
    let taken = evidence.source.taken_at.unwrap();
    let report = judge(&plan, &evidence, taken);
    assert_eq!(report.posture(), Posture::AtRisk);
    assert_eq!(report.waivers().count(), 1);
    let finding = report.findings().find(|finding| finding.waiver.is_some()).unwrap();
    assert_eq!((&*finding.check.code, finding.verdict), ("adb-daemon-stopped", Verdict::Fail));

    // The same evidence, taken again after the waiver ended.
    let later: Time = "2026-12-01T00:00:01Z".parse().unwrap();
    evidence.source.taken_at = Some(later);
    let report = judge(&plan, &evidence, later);
    assert_eq!(report.posture(), Posture::NonCompliant);
    assert_eq!(report.waivers().count(), 0);
}

#[test]
fn an_owner_makes_gate_8_apply_and_none_makes_every_owner_foreign() {
    for (world, verdict) in [(World::production(), Verdict::NotApplicable), (World::managed(), Verdict::Pass)]
    {
        let plan = world.plan();
        let good = world.good();
        let report = judge(&plan, &good, good.source.taken_at.unwrap());
        let gate = report.gates().find(|gate| gate.gate.id == GateId::DeviceManagement).unwrap();
        assert_eq!(gate.verdict, verdict);
    }
    let (world, managed) = (World::production(), World::managed());
    let plan = world.plan();
    let owned: Evidence = managed.good();
    let report = judge(&plan, &owned, owned.source.taken_at.unwrap());
    let gate = report.gates().find(|gate| gate.gate.id == GateId::ApplicationExposure).unwrap();
    assert_eq!((gate.verdict, report.posture()), (Verdict::Fail, Posture::NonCompliant));
}
