//! Reads the vectors from their files alone. Shared with the tests of the faces for other languages.

use data_encoding::HEXLOWER;
use std::fs;
use std::path::Path;
use toml::{Table, Value};
use trust_posture::Posture;
use trust_token::KnownPolicy;
use trust_token::claims::Counters;
use trust_token::credential::{EvidenceLevel, Floors};
use trust_token::crypto::PublicKey;

/// The folder's file, read.
pub struct Vectors(Table);

/// A vector; what it does not say is as in the common one.
pub struct Vector<'v> {
    own: &'v Table,
    common: Option<&'v Table>,
}

impl Vectors {
    pub fn read() -> Vectors {
        Vectors(text("vectors.toml").parse().unwrap())
    }

    pub fn of(&self, kind: &str) -> Vec<Vector<'_>> {
        let common = (kind == "posture").then(|| self.0["common"].as_table().unwrap());
        let vectors = self.0[kind].as_array().unwrap();
        assert!(!vectors.is_empty());
        vectors.iter().map(|vector| Vector { own: vector.as_table().unwrap(), common }).collect()
    }

    pub fn key(&self, name: &str) -> PublicKey {
        let key = &self.0["keys"][name];
        let public = PublicKey { x: fixed(&key["x"]), y: fixed(&key["y"]) };
        assert_eq!(public.thumbprint(), fixed::<32>(&key["kid"]));
        public
    }

    pub fn issuers(&self, vector: &Vector<'_>) -> Vec<PublicKey> {
        vector.list("issuers").iter().map(|name| self.key(name)).collect()
    }
}

impl<'v> Vector<'v> {
    pub fn find(&self, key: &str) -> Option<&'v Value> {
        self.own.get(key).or_else(|| self.common?.get(key))
    }

    pub fn value(&self, key: &str) -> &'v Value {
        self.find(key).unwrap_or_else(|| panic!("{key} is missing"))
    }

    pub fn text(&self, key: &str) -> &'v str {
        self.value(key).as_str().unwrap()
    }

    pub fn number(&self, key: &str) -> u64 {
        self.value(key).as_integer().unwrap().try_into().unwrap()
    }

    pub fn list(&self, key: &str) -> Vec<&'v str> {
        self.value(key).as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
    }

    pub fn file(&self, key: &str) -> Vec<u8> {
        unhex(&text(&format!("{}.hex", self.text(key))))
    }
}

pub fn text(name: &str) -> String {
    // Of whichever crate the test is: its own folder's parents hold core/token.
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = home.parent().and_then(Path::parent).unwrap();
    let path = root.join("core/token/vectors").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.replace('\n', "").as_bytes()).unwrap()
}

pub fn fixed<const N: usize>(value: &Value) -> [u8; N] {
    unhex(value.as_str().unwrap()).try_into().unwrap()
}

pub fn policies(vector: &Vector<'_>) -> Vec<KnownPolicy> {
    let policy = |known: &Value| KnownPolicy {
        digest: fixed(&known["digest"]),
        version: known["version"].as_integer().unwrap().try_into().unwrap(),
        is_lab: known["lab"].as_bool().unwrap(),
    };
    vector.value("policies").as_array().unwrap().iter().map(policy).collect()
}

pub fn posture(name: &str) -> Posture {
    let all = [Posture::NonCompliant, Posture::Indeterminate, Posture::AtRisk, Posture::Compliant];
    all.into_iter().find(|posture| posture.code() == name).unwrap()
}

pub fn evidence(name: &str) -> EvidenceLevel {
    match name {
        "software" => EvidenceLevel::Software,
        "trusted-environment" => EvidenceLevel::TrustedEnvironment,
        "strongbox" => EvidenceLevel::StrongBox,
        other => panic!("{other}: expected an evidence level"),
    }
}

pub fn floors(value: &Value) -> Floors {
    let numbers: Vec<u64> = value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_integer().unwrap().try_into().unwrap())
        .collect();
    let small = |nth: usize| u32::try_from(numbers[nth]).unwrap();
    Floors {
        policy_version: small(0),
        counters: Counters { boot: numbers[1], sequence: numbers[2] },
        patches: [small(3), small(4), small(5)],
    }
}
