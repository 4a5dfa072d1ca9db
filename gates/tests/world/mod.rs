//! The shipped gates under shipped policies, and evidence around the sample production device.

#![allow(dead_code)] // not every test file that shares this module asks for all of it

use proptest::prelude::*;
use std::path::Path;
use trust_evidence::{
    CAPTURE_SCHEMA, Catalogue, Class, Evidence, Month, Names, Observation, Outcome, Reason, SignalIx, Time,
    Type, Value, Version,
};
use trust_gates::{Gates, Plan, Policy};
use trust_posture::GateId;

pub struct World {
    pub catalogue: Catalogue,
    pub gates: Gates,
    pub policy: Policy,
    good: Evidence,
}

/// A file of the repository.
pub fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl World {
    /// The production policy, and the sample device.
    pub fn production() -> World {
        Self::build(None, true, true)
    }

    /// The production policy for managed devices, so that all ten gates are asked.
    pub fn managed() -> World {
        Self::build(Some("com.enigm.command/.Admin"), true, true)
    }

    /// As managed, with every agree check taken out of the gate files.
    pub fn without_agree() -> World {
        Self::build(Some("com.enigm.command/.Admin"), false, true)
    }

    /// Under a policy for laboratories that says that no source of an anchor's class is there: what is left to
    /// pass is what userland and the bootloader say.
    pub fn unanchored(agree: bool) -> World {
        Self::build(None, agree, false)
    }

    fn build(owner: Option<&str>, agree: bool, anchored: bool) -> World {
        let catalogue = Catalogue::built_in().unwrap_or_else(|error| panic!("{error}"));
        let texts: Vec<(GateId, String, String)> = GateId::ALL
            .into_iter()
            .map(|id| {
                let file = format!("gates/{id}/gate.toml");
                let text = read(&file);
                let text = if agree { text } else { strip_agree(&text) };
                (id, file, text)
            })
            .collect();
        let files = texts.iter().map(|(id, file, text)| (*id, file.as_str(), text.as_str()));
        let gates = Gates::load(&catalogue, files).unwrap_or_else(|error| panic!("{error}"));
        let mut text = read("etc/policy/production.toml");
        let mut good = Evidence::example(&catalogue);
        if let Some(owner) = owner {
            text = text.replace("owner = \"none\"", &format!("owner = \"{owner}\""));
            let cases: toml::Table = toml::from_str(&read("gates/device-management/cases.toml")).unwrap();
            lay(&catalogue, &mut good, cases["baseline"].as_table().unwrap());
        }
        if !anchored {
            let strong = catalogue.iter().filter(|(_, signal)| signal.ceiling >= Class::K);
            let strong: Vec<&str> = strong.map(|(_, signal)| &*signal.id).collect();
            text = text.replacen("version = 1", "version = 1\nlab = true", 1);
            text.push_str(&format!("\n[[sources]]\nabsent = {strong:?}\nreason = \"a test\"\n"));
        }
        let policy =
            Policy::parse("etc/policy/production.toml", &text).unwrap_or_else(|error| panic!("{error}"));
        World { catalogue, gates, policy, good }
    }

    pub fn plan(&self) -> Plan<'_> {
        Plan::new(&self.catalogue, &self.gates, &self.policy).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn good(&self) -> Evidence {
        self.good.clone()
    }

    pub fn signal(&self, at: prop::sample::Index) -> SignalIx {
        self.catalogue.iter().nth(at.index(self.catalogue.len())).unwrap().0
    }

    /// The sample device with some observations changed.
    pub fn changed(&self, changes: &[(prop::sample::Index, u64)]) -> Evidence {
        let mut evidence = self.good();
        for (at, seed) in changes {
            change(&self.catalogue, &mut evidence, self.signal(*at), *seed);
        }
        evidence
    }
}

/// Lays observations, written as a capture writes them, over evidence.
pub fn lay<'a>(
    catalogue: &Catalogue,
    evidence: &mut Evidence,
    set: impl IntoIterator<Item = (&'a String, &'a toml::Value)>,
) {
    let mut text = format!("schema = \"{CAPTURE_SCHEMA}\"\n[observations]\n");
    for (id, observation) in set {
        text.push_str(&format!("\"{id}\" = {observation}\n"));
    }
    evidence
        .overlay(Evidence::from_capture(catalogue, "cases.toml", &text).unwrap_or_else(|e| panic!("{e}")));
}

/// A few changes, or very many.
pub fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u64)>> {
    prop_oneof![
        prop::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 0..4),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 0..400),
    ]
}

/// Gives a signal another outcome and perhaps a weaker class.
pub fn change(catalogue: &Catalogue, evidence: &mut Evidence, ix: SignalIx, seed: u64) {
    let signal = catalogue.signal(ix).unwrap();
    let outcome = match seed % 8 {
        0 => Outcome::Absent,
        1 => Outcome::Missing(Reason::ALL[(seed / 8 % 7) as usize]),
        2 => Outcome::Withheld((seed / 8 % 9) as usize),
        _ => Outcome::Seen(value(&signal.ty, seed / 8)),
    };
    let class = if seed >> 60 == 0 { Class::ALL[(seed >> 32) as usize % 9] } else { signal.ceiling };
    evidence.record(catalogue, ix, Observation { outcome, class, taken_at: None });
}

fn value(ty: &Type, seed: u64) -> Value {
    match ty {
        Type::Bool => Value::Bool(seed.is_multiple_of(2)),
        Type::Int => Value::Int((seed % 7) as i64 - 1),
        Type::Word(words) => Value::Word(words[seed as usize % words.len()].clone()),
        Type::Digest(bytes) => Value::Digest(vec![(seed % 3) as u8; *bytes].into()),
        Type::Month => {
            Value::Month(Month::parse(&format!("{}-{:02}", 2025 + seed % 3, 1 + seed / 3 % 12)).unwrap())
        }
        Type::Time => Value::Time(Time::from_unix(1_790_000_000 + (seed % 20_000_000) as i64).unwrap()),
        Type::Version => Value::Version(Version([14 + (seed % 4) as u32, 0, 0])),
        Type::Name => Value::Name(["magisk", "adb", "recovery", "x/y"][seed as usize % 4].into()),
        Type::Names => {
            let names = ["magisk", "su", "0", "com.example.app", "/system/bin", "5555"];
            Value::Names(
                Names::new(names.into_iter().filter(|name| seed >> (name.len() % 7) & 1 == 1)).unwrap(),
            )
        }
    }
}

/// A gate file without its agree checks.
fn strip_agree(text: &str) -> String {
    let mut parts = text.split("\n[[check]]\n");
    let head = parts.next().unwrap_or_default().to_string();
    parts
        .filter(|check| !check.contains("agree = true"))
        .fold(head, |text, check| text + "\n[[check]]\n" + check)
}
