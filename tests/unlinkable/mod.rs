//! What two audiences that compare notes have in common: leaves of statements by their paths, and the table of
//! docs/attestation.md that says which of them may be alike.

#![allow(dead_code)] // not every test file that shares this module asks for all of it

use ciborium::Value;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaf {
    Integer(i128),
    Bytes(Vec<u8>),
    Text(String),
    Bool(bool),
    Empty,
}

impl Leaf {
    /// Whether the same value elsewhere is no accident.
    pub fn is_telling(&self) -> bool {
        match self {
            Leaf::Integer(number) => number.unsigned_abs() > 0xffff,
            Leaf::Bytes(_) | Leaf::Text(_) => true,
            Leaf::Bool(_) | Leaf::Empty => false,
        }
    }
}

/// Every leaf of a statement, by the path that leads to it.
pub fn statement(name: &str, bytes: &[u8], leaves: &mut BTreeMap<String, Leaf>) {
    let Value::Tag(tag, content) = decode(bytes) else { panic!("{name}: expected a tag") };
    leaves.insert(format!("{name}/tag"), Leaf::Integer(tag.into()));
    let [Value::Bytes(protected), unprotected, Value::Bytes(payload), rest @ ..] =
        &content.as_array().unwrap()[..]
    else {
        panic!("{name}: expected a COSE_Sign1 or a COSE_Encrypt0")
    };
    walk(&format!("{name}/protected"), &decode(protected), leaves);
    walk(&format!("{name}/unprotected"), unprotected, leaves);
    match rest {
        [Value::Bytes(signature)] => {
            walk(name, &decode(payload), leaves);
            leaves.insert(format!("{name}/signature"), Leaf::Bytes(signature.clone()));
        }
        [] => {
            leaves.insert(format!("{name}/length"), Leaf::Integer(payload.len().try_into().unwrap()));
            leaves.insert(format!("{name}/ciphertext"), Leaf::Bytes(payload.clone()));
        }
        other => panic!("{name}: {other:?}"),
    }
}

pub fn decode(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).unwrap()
}

pub fn walk(path: &str, value: &Value, leaves: &mut BTreeMap<String, Leaf>) {
    let leaf = match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, value) in map {
                let key = match key {
                    Value::Integer(number) => i128::from(*number).to_string(),
                    Value::Text(text) => text.clone(),
                    other => panic!("{path}: key {other:?}"),
                };
                walk(&format!("{path}/{key}"), value, leaves);
            }
            return;
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, value) in items.iter().enumerate() {
                walk(&format!("{path}/{at}"), value, leaves);
            }
            return;
        }
        Value::Map(_) | Value::Array(_) => Leaf::Empty,
        Value::Integer(number) => Leaf::Integer((*number).into()),
        Value::Bytes(bytes) => Leaf::Bytes(bytes.clone()),
        Value::Text(text) => Leaf::Text(text.clone()),
        Value::Bool(value) => Leaf::Bool(*value),
        other => panic!("{path}: {other:?}"),
    };
    assert!(leaves.insert(path.into(), leaf).is_none(), "{path} is there twice");
}

/// A row of the page's table: the paths of a correlator, and whether two statements always share it.
pub struct Correlator {
    pub name: String,
    pub paths: Vec<String>,
    pub is_always: bool,
}

impl Correlator {
    pub fn has(path: &str, leaf: &str) -> bool {
        leaf.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The table of residual correlators in docs/attestation.md.
pub fn correlators() -> Vec<Correlator> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/attestation.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("\n| residual correlator | in | shared | why it stays |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let [name, paths, shared, _] = line.trim_matches('|').split('|').collect::<Vec<_>>()[..] else {
            panic!("{line}: expected four cells")
        };
        let paths: Vec<String> = match paths.trim() {
            "-" => vec![],
            paths => paths.split(' ').map(|path| path.trim_matches('`').into()).collect(),
        };
        let shared = shared.trim();
        let words = if paths.is_empty() { "not in " } else { "where " };
        assert!(shared == "always" && !paths.is_empty() || shared.starts_with(words), "{line}");
        Correlator { name: name.trim().into(), paths, is_always: shared == "always" }
    };
    rows.map(row).collect()
}
