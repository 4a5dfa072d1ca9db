//! What docs/attestation.md says in numbers and codes is what the verifier does.

use super::{codes, good};
use crate::bundle::{BUNDLE_TYPE, MAX_BUNDLE};
use crate::claims::tests::good as claims;
use crate::claims::{Claims, GateClaim};
use crate::credential::CREDENTIAL_TYPE;
use crate::revocation::{MAX_HANDLES, MAX_LIST, REVOCATION_TYPE};
use crate::rollover::{MAX_ROLLOVER, ROLLOVER_TYPE};
use crate::verify::tests::world::World;
use crate::verify::{MAX_TOKEN, TYPE};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use std::fs;
use std::path::Path;
use trust_posture::{GateId, Verdict};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/attestation.md");
    fs::read_to_string(path).unwrap()
}

/// The codes in the last column under a heading.
fn codes_under(page: &str, heading: &str) -> Vec<String> {
    let (_, section) = page.split_once(&format!("\n{heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_suffix("` |")?.rsplit_once("| `"));
    rows.map(|(_, code)| code.into()).collect()
}

#[test]
fn the_page_has_every_refusal_once() {
    let page = page();
    for (heading, all) in [
        ("## Verification", codes::POSTURE),
        ("## Credential", codes::CREDENTIAL),
        ("## Revoked handles", codes::REVOKED),
    ] {
        let found = codes_under(&page, heading);
        let set: BTreeSet<&str> = found.iter().map(|code| &**code).collect();
        assert_eq!((found.len(), set), (all.len(), all.iter().copied().collect()), "{heading}");
    }
}

/// The last three bytes of a gate's claims, as the page's tables give them.
#[test]
fn the_page_has_the_words_of_every_gate_and_state() {
    let page = page();
    for gate in GateId::ALL {
        for (verdict, row) in [
            (Verdict::Fail, "| fail | 0 | 96, contraindicated | no |"),
            (Verdict::Unknown, "| unknown | 1 | 32, warning | no |"),
            (Verdict::Pass, "| pass | 2 | 2, affirming | yes |"),
            (Verdict::NotApplicable, "| not applicable | 3 | 0, none | no |"),
        ] {
            assert!(page.contains(row), "{row}");
            let mut cells = row.split(" | ").skip(1);
            let state: i64 = cells.next().unwrap().parse().unwrap();
            let tier: i64 = cells.next().unwrap().split(',').next().unwrap().parse().unwrap();
            let (_, rest) = page.split_once(&format!("| `{gate}` | ")).unwrap();
            let trust: i64 = rest[..1].parse().unwrap();
            let mut expected = crate::cbor::Writer::default();
            expected.text(gate.id()).map(3).integer(1000).integer(tier).integer(1001).map(1);
            expected.integer(trust).integer(tier).integer(-75_010).integer(state);
            let expected = expected.into_bytes();
            let written = Claims { gates: vec![GateClaim { gate, verdict }], ..claims() }.to_bytes();
            assert!(written.windows(expected.len()).any(|window| window == expected), "{gate}: {verdict}");
        }
    }
}

#[test]
fn the_page_has_the_sizes() {
    let page = page();
    let size_of = |name: &str| {
        let (_, _, change) = good::changes().into_iter().find(|(known, ..)| *known == name).unwrap();
        let mut world = World::good();
        change(&mut world);
        world.received(&[0; 32])
    };
    let whole = size_of("ten-gates");
    let without = size_of("ten-gates-without-boot-facts").token.len();
    let none = whole.revoked.len() - 33;
    for row in [
        format!("| ten gates, all boot facts | {} |", whole.token.len()),
        format!("| ten gates | {without} |"),
        format!("| two gates | {} |", size_of("two-gates").token.len()),
        format!("| credential | {} |", whole.credential.len()),
        format!("| revoked handles: none | {none} |"),
        format!("| revoked handles: one; 32 more for each further | {} |", whole.revoked.len()),
        format!("| at most {MAX_TOKEN} bytes | `too-large` |"),
        format!("| at most {MAX_LIST} bytes | `too-large` |"),
        format!("| revoked handles | `{REVOCATION_TYPE}` | {MAX_LIST} bytes, {MAX_HANDLES} handles |"),
        format!("| roll-over | `{ROLLOVER_TYPE}` | {MAX_ROLLOVER} bytes |"),
        format!("| policy bundle | `{BUNDLE_TYPE}` | {MAX_BUNDLE} bytes |"),
        format!("| `typ` is `{TYPE}` | `type` |"),
    ] {
        assert!(page.contains(&row), "expected {row}");
    }
}

/// Every statement that the page names has a grammar.
#[test]
fn the_grammar_has_every_statement() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("posture.cddl");
    let grammar = fs::read_to_string(path).unwrap();
    for typ in [TYPE, CREDENTIAL_TYPE, REVOCATION_TYPE, ROLLOVER_TYPE, BUNDLE_TYPE] {
        let (_, rest) = grammar.split_once(&format!("\"{typ}\"")).expect(typ);
        let (_, name) = rest.lines().next().unwrap().split_once("; ").unwrap();
        let name = name.split(' ').next().unwrap();
        assert!(grammar.contains(&format!("\n{name} = #6.18(")), "{name}");
        assert!(page().contains(&format!("`{typ}`")), "{typ}");
    }
}
