//! The house rules that a test can hold: what depends on what, words in one home, pages as generated.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::fs;
use std::path::{Path, PathBuf};
use trust_evidence::Source;
use trust_gates::{Plan, Rule};
use trustd::cycle::House;
use trustd::engine::{ASKED, MEASURED};
use trustd::show::pages;
use trustd::{collect, policies};

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn read(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// Compares a generated page with the committed one; with BLESS=1, writes it.
fn blessed(relative: &str, generated: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path(relative), generated).unwrap();
    }
    assert!(
        read(relative) == generated,
        "{relative} is not as generated: BLESS=1 cargo test --test house writes it"
    );
}

#[test]
fn generated_pages_are_as_generated() {
    let house = House::open().unwrap();
    blessed("docs/gates.md", &pages::gates(&house));
    blessed("docs/signals.md", &pages::signals(&house));
}

#[test]
fn no_page_holds_two_versions_of_itself() {
    let pages = fs::read_dir(path("docs")).unwrap().map(|entry| entry.unwrap().path());
    let own = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(path);
    for page in pages.filter(|page| page.is_file()).chain(own) {
        let text = fs::read_to_string(&page).unwrap();
        let conflict = text.lines().find(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "));
        assert_eq!(conflict, None, "{}", page.display());
    }
}

#[test]
fn the_lower_floors_name_no_crate_that_does_io() {
    let pure = ["core/evidence", "core/formats", "core/posture", "core/token", "gates"];
    // What each floor may depend on, apart from the floors below it.
    let allowed = [
        "flate2",
        "jiff",
        "quick-xml",
        // Arithmetic: it opens nothing, and asks for no randomness to verify.
        "ring",
        "serde",
        "serde_json",
        "sha2",
        "thiserror",
        "toml",
        "zip",
        "base64",
        "data-encoding",
    ];
    for floor in pure {
        let manifest: toml::Table = toml::from_str(&read(&format!("{floor}/Cargo.toml"))).unwrap();
        for name in manifest
            .get("dependencies")
            .and_then(|d| d.as_table())
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            let below = match floor {
                "gates" => name == "trust_evidence" || name == "trust_posture",
                "core/token" => ["trust_posture", "p256", "hmac"].contains(&name.as_str()),
                _ => false,
            };
            assert!(below || allowed.contains(&name.as_str()), "{floor} depends on {name}");
        }
        for file in sources(&path(&format!("{floor}/src"))) {
            let text = fs::read_to_string(&file).unwrap();
            for forbidden in [
                "std::fs",
                "std::net::Tcp",
                "std::net::Udp",
                "std::process",
                "std::env",
                "SystemTime",
                "Instant",
            ] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", file.display());
            }
        }
    }
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => files.extend(sources(&path)),
            path if path.extension().is_some_and(|extension| extension == "rs") => files.push(path),
            _ => {}
        }
    }
    files
}

#[test]
fn the_command_line_collector_keeps_every_parameter_that_a_gate_asks_for() {
    let house = House::open().unwrap();
    let ix = house.catalogue.find("cmdline.parameters").unwrap();
    let checks = house.gates.checks().iter().filter(|check| check.reads.contains(&ix));
    for check in checks {
        let asks = check.asks(&house.catalogue);
        let list = asks.strip_prefix("Holds none of: ").and_then(|asks| asks.strip_suffix('.')).unwrap();
        for parameter in list.split(", ") {
            let key = parameter.split(['=', '*']).next().unwrap();
            assert!(collect::KEPT_PARAMETERS.contains(&key), "{}: {parameter} is not collected", check.code);
        }
    }
}

#[test]
fn every_check_speaks_in_sentences() {
    let house = House::open().unwrap();
    for check in house.gates.checks() {
        for text in [&check.says.pass, &check.says.fail, &check.says.unknown, &check.impact, &check.remedy] {
            assert!(text.len() > 10 && text.ends_with(['.', '!', '?']), "{}: {text:?}", check.code);
            assert!(!text.contains("TODO"), "{}: {text:?}", check.code);
        }
        assert!(
            check.sources.iter().all(|source| source.starts_with("https://")),
            "{}: {:?}",
            check.code,
            check.sources
        );
        let codes = check.code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(codes, "{}", check.code);
    }
    for gate in house.gates.iter() {
        assert!(!gate.asks.contains("TODO") && !gate.matters.contains("TODO"), "{}", gate.id);
    }
}

#[test]
fn every_built_in_policy_resolves() {
    let house = House::open().unwrap();
    for (name, ..) in policies::BUILT_IN {
        let policy = policies::built_in(name).unwrap().unwrap_or_else(|error| panic!("{error}"));
        Plan::new(&house.catalogue, &house.gates, &policy).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(policy.id(), name);
        assert_eq!(policy.is_lab(), name == "lab");
    }
}

/// What nobody gives yet, and why.
const NOT_YET: [(&str, &str); 4] = [
    ("ota_server.eligible", "the OTA server's token is a later release's"),
    ("trustd.enrolment", "device management's record is a later release's"),
    ("trustd.reboot_pending_since", "it needs the history of service.engine_status"),
    ("trustd.report_acknowledged", "reports to device management are a later release's"),
];

#[test]
fn every_signal_has_a_supplier_or_a_reason_why_not() {
    let house = House::open().unwrap();
    let policy = policies::built_in("production").unwrap().unwrap();
    let plan = Plan::new(&house.catalogue, &house.gates, &policy).unwrap();
    let mut unsupplied = Vec::new();
    for (ix, signal) in house.catalogue.iter() {
        let id = &*signal.id;
        let is_supplied = match &signal.source {
            Source::Service(_) | Source::Pushed(_) => plan.provider_of(ix).is_some(),
            Source::Kernel(_) => ASKED.contains(&id),
            Source::Own(_) => MEASURED.contains(&id),
            Source::Attested(_) => true,
            source => collect::Collector::of(source).is_some(),
        };
        if !is_supplied {
            unsupplied.push(id);
        }
        assert_eq!(
            pages::fed_by(signal) == "nobody",
            !is_supplied && !matches!(signal.source, Source::Own(_)),
            "{id}"
        );
    }
    unsupplied.sort_unstable();
    assert_eq!(unsupplied, NOT_YET.map(|(id, _)| id));
}

#[test]
fn init_gives_the_daemon_nothing_to_spare() {
    let text = read("etc/trustd.rc");
    let mut section = "";
    let mut lines: Vec<(&str, &str)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#')) {
        match line.strip_prefix("    ") {
            Some(option) => lines.push((section, option)),
            None => section = line,
        }
    }
    let of = |section: &str, option: &str| lines.contains(&(section, option));
    let service = "service trustd /system_ext/bin/trustd --bus none";
    for option in ["class core", "user system", "capabilities", "restart_period 5"] {
        assert!(of(service, option), "{option}");
    }
    assert!(of(service, "interface aidl com.enigm.trust.ITrustService/default"));
    assert!(of("on post-fs-data", "mkdir /data/misc/trustd 0700 system system"));
    // A daemon that fails must not restart the device, and keeps no right that it has no use for.
    let words = |option: &&(&str, &str)| option.1.split(' ').next().unwrap_or_default().to_string();
    let options: Vec<String> =
        lines.iter().filter(|line| line.0 == service).map(|line| words(&line)).collect();
    for never in ["critical", "seclabel", "oneshot", "disabled", "socket", "file", "shutdown", "override"] {
        assert!(!options.iter().any(|option| option == never), "{never}");
    }
}

#[test]
fn an_agree_check_compares_sources_of_one_fact() {
    // Files of settings lag behind the live values, partitions are built apart: differing is no contradiction.
    let house = House::open().unwrap();
    for check in house.gates.checks().iter().filter(|check| check.rule == Rule::Agree) {
        let ids: Vec<&str> = check.reads.iter().map(|ix| house.catalogue.id(*ix)).collect();
        assert!(!ids.iter().any(|id| id.starts_with("settings_")), "{}: {ids:?}", check.code);
        let partitions =
            ids.iter().filter(|id| id.contains("vendor_fingerprint") || id.contains("build_fingerprint"));
        assert_eq!(partitions.count(), 0, "{}: {ids:?}", check.code);
        let os = ids.iter().any(|id| id.ends_with(".os_patch"));
        assert!(!os || ids.iter().all(|id| id.ends_with(".os_patch")), "{}: {ids:?}", check.code);
    }
}
