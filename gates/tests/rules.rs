//! Each rule on its own, over a small gate: what it accepts, what it refuses, and law 2b.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use proptest::prelude::*;
use trust_evidence::{Catalogue, Class, Evidence, Observation, Outcome, SignalIx, Value};
use trust_gates::{Gates, Plan, Policy, judge};
use trust_posture::{GateId, Verdict};

/// Gate 1 with one check, under a policy that has what it asks for.
fn judged(reads: &str, rule: &str, policy: &str, observations: &[(&str, Outcome)]) -> Verdict {
    let catalogue = Catalogue::built_in().unwrap();
    let gates = gate(&catalogue, reads, rule).unwrap_or_else(|error| panic!("{error}"));
    let policy = format!(
        "schema = \"com.enigm.policy/1\"\nid = \"t\"\nversion = 1\nlab = true\n{policy}\n[gates]\nbind = [\"build-integrity\"]\n[managed]\nowner = \"none\"\n"
    );
    let policy = Policy::parse("p.toml", &policy).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::new(&catalogue, &gates, &policy).unwrap_or_else(|error| panic!("{error}"));
    let mut evidence = Evidence::example(&catalogue);
    for (id, outcome) in observations {
        let ix: SignalIx = catalogue.find(id).unwrap();
        evidence.record(
            &catalogue,
            ix,
            Observation { outcome: outcome.clone(), class: Class::H, taken_at: None },
        );
    }
    let report = judge(&plan, &evidence, evidence.source.taken_at.unwrap());
    report.findings().next().unwrap().verdict
}

fn gate(catalogue: &Catalogue, reads: &str, rule: &str) -> Result<Gates, trust_evidence::LoadError> {
    let text = format!(
        "number = 1\nid = \"build-integrity\"\ntitle = \"t\"\nasks = \"a\"\nmatters = \"m\"\n\
         [[objective]]\nid = \"o\"\ntitle = \"O\"\n\
         [[check]]\ncode = \"c\"\nobjective = \"o\"\nreads = {reads}\nrule = {{ {rule} }}\nseverity = \"major\"\n\
         impact = \"i\"\nremedy = \"r\"\nsources = [\"s\"]\nsays = {{ pass = \"p\", fail = \"f\", unknown = \"u\" }}\n"
    );
    Gates::load(catalogue, [(GateId::BuildIntegrity, "gate.toml", text.as_str())])
}

fn seen(id: &str, text: &str) -> Outcome {
    let catalogue = Catalogue::built_in().unwrap();
    let signal = catalogue.signal(catalogue.find(id).unwrap()).unwrap();
    Outcome::Seen(signal.ty.parse(text).unwrap_or_else(|| panic!("{id} = {text}")))
}

#[test]
fn lists_match_whole_values_and_the_beginnings_of_names() {
    let kernel = "bootconfig.hardware";
    for (rule, value, expected) in [
        ("one_of = [\"halcyon\"]", "halcyon", Verdict::Pass),
        ("one_of = [\"halcyon\"]", "halcyon2", Verdict::Fail),
        ("one_of = [\"hal*\"]", "halcyon2", Verdict::Pass),
        ("one_of = []", "halcyon", Verdict::Fail),
        ("none_of = [\"hal*\"]", "halcyon", Verdict::Fail),
        ("none_of = [\"hal\"]", "halcyon", Verdict::Pass),
    ] {
        assert_eq!(
            judged(&format!("[\"{kernel}\"]"), rule, "", &[(kernel, seen(kernel, value))]),
            expected,
            "{rule} {value}"
        );
    }
}

#[test]
fn a_row_passes_only_if_one_row_has_every_column() {
    let reads = "[\"bootconfig.verified_boot_state\", \"bootconfig.verified_boot_key\"]";
    let rule = "row = { table = \"policy.boot\", state = \"bootconfig.verified_boot_state\", key = \"bootconfig.verified_boot_key\" }";
    let key = |byte: &str| byte.repeat(32);
    let policy = format!(
        "boot = [{{ state = \"verified\", key = \"{}\" }}, {{ state = \"self-signed\", key = \"{}\" }}]",
        key("11"),
        key("22")
    );
    let judge = |state: Outcome, digest: Outcome| {
        judged(
            reads,
            rule,
            &policy,
            &[("bootconfig.verified_boot_state", state), ("bootconfig.verified_boot_key", digest)],
        )
    };
    let state = |word| seen("bootconfig.verified_boot_state", word);
    let digest = |byte: &str| seen("bootconfig.verified_boot_key", &key(byte));
    let missing = || Outcome::Missing(trust_evidence::Reason::NotPresent);
    assert_eq!(judge(state("verified"), digest("11")), Verdict::Pass);
    assert_eq!(judge(state("self-signed"), digest("22")), Verdict::Pass);
    // Each value is in the table, but in no one row.
    assert_eq!(judge(state("self-signed"), digest("11")), Verdict::Fail);
    assert_eq!(judge(state("unverified"), missing()), Verdict::Fail);
    assert_eq!(judge(state("self-signed"), missing()), Verdict::Unknown);
    assert_eq!(judge(missing(), digest("33")), Verdict::Fail);
    assert_eq!(judge(state("verified"), Outcome::Absent), Verdict::Unknown);
}

#[test]
fn a_bound_can_be_another_signal() {
    let reads = "[\"attested.boot_patch\"]";
    let rule = "within = { min = \"trustd.boot_patch_floor\" }";
    let month = |id, text| seen(id, text);
    let judge = |patch, floor| {
        judged(reads, rule, "", &[("attested.boot_patch", patch), ("trustd.boot_patch_floor", floor)])
    };
    let (patch, floor) = ("attested.boot_patch", "trustd.boot_patch_floor");
    assert_eq!(judge(month(patch, "2026-10"), month(floor, "2026-10")), Verdict::Pass);
    assert_eq!(judge(month(patch, "2026-09"), month(floor, "2026-10")), Verdict::Fail);
    assert_eq!(judge(month(patch, "2026-10"), Outcome::Absent), Verdict::Unknown);
}

proptest! {
    /// Law 2b.
    #[test]
    fn further_outside_never_judges_better(min in -50i64..50, width in 0i64..50, near in -200i64..200, further in 0i64..200) {
        let max = min + width;
        let far = if near < min { near - further } else if near > max { near + further } else { near };
        let rule = format!("within = {{ min = {min}, max = {max} }}");
        let judge = |value| judged("[\"sysctl.sysrq\"]", &rule, "", &[("sysctl.sysrq", Outcome::Seen(Value::Int(value)))]);
        prop_assert!(judge(far) <= judge(near));
        prop_assert_eq!(judge(near) == Verdict::Pass, (min..=max).contains(&near));
    }

    /// Law 2b, for ages: an older patch level never judges better.
    #[test]
    fn an_older_month_never_judges_better(near in 0u32..40, further in 0u32..40, days in 0i64..900) {
        let month = |back: u32| {
            let months = 2026 * 12 + 9 - back;
            seen("property.os_patch", &format!("{}-{:02}", months / 12, months % 12 + 1))
        };
        let rule = format!("within = {{ max_age_days = {days}, not_after_now = true }}");
        let judge = |back| judged("[\"property.os_patch\"]", &rule, "", &[("property.os_patch", month(back))]);
        prop_assert!(judge(near + further) <= judge(near));
    }
}

#[test]
fn a_gate_file_that_makes_no_sense_is_refused_with_its_line() {
    let catalogue = Catalogue::built_in().unwrap();
    for (reads, rule, expected) in [
        ("[\"nothing.here\"]", "one_of = [true]", "gate.toml:12: signal \"nothing.here\""),
        ("[\"property.secure\", \"property.secure\"]", "one_of = [true]", "read twice"),
        ("[]", "one_of = [true]", "expected one or more signals of one type"),
        ("[\"property.secure\", \"property.os_patch\"]", "one_of = [true]", "of one type"),
        ("[\"property.secure\"]", "one_of = [\"yes\"]", "list of true or false"),
        ("[\"property.secure\"]", "one_of = true", "list of true or false"),
        ("[\"property.secure\"]", "one_off = [true]", "unknown variant"),
        ("[\"property.secure\"]", "one_of = [true], none_of = [false]", "gate.toml:13"),
        ("[\"property.secure\"]", "subset_of = []", "expected sets of names"),
        ("[\"packages.names\"]", "one_of = []", "expected single values"),
        ("[\"property.secure\"]", "agree = true", "two or more signals"),
        (
            "[\"property.secure\", \"property.adb_secure\"]",
            "agree = true",
            "critical or major check that is not agree",
        ),
        ("[\"property.secure\"]", "within = { min = 1 }", "expected int, version, month or time"),
        ("[\"sysctl.sysrq\"]", "within = { }", "expected min, max"),
        ("[\"sysctl.sysrq\"]", "within = { max_age_days = 3 }", "expected a month or a time"),
        ("[\"sysctl.sysrq\"]", "within = { min = \"property.os_patch\" }", "expected a signal of type int"),
        ("[\"sysctl.sysrq\"]", "within = { least = 1 }", "unknown field"),
        ("[\"property.secure\"]", "row = { state = \"property.secure\" }", "expected table"),
        (
            "[\"property.secure\"]",
            "row = { table = \"policy.boots\", state = \"property.secure\" }",
            "policy.release",
        ),
        ("[\"property.secure\"]", "row = { table = \"policy.boot\" }", "one column for each"),
    ] {
        let error = gate(&catalogue, reads, rule).unwrap_err().to_string();
        assert!(error.contains(expected), "{rule}: {error}");
    }
}
