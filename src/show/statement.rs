//! What a statement says of itself, for people and for programs. Nothing of it is verified.

use super::token::{claims, claims_json, hex, level, when};
use serde_json::{Value, json};
use std::fmt::Display;
use trust_evidence::printable;
use trust_token::credential::Credential;
use trust_token::inspect::Stated;
use trust_token::revocation::Revoked;

/// As text.
pub fn text(stated: &Stated) -> String {
    let (kind, text) = match stated {
        Stated::Attestation(said) => ("a posture attestation".into(), claims(said)),
        Stated::Credential(said) => ("a credential".into(), credential(said)),
        Stated::Revoked(said) => ("a list of revoked handles".into(), revoked(said)),
        Stated::Other(typ) => (printable(typ).to_string(), String::new()),
    };
    format!("NOT VERIFIED: what it says of itself: {kind}\n{text}")
}

/// For programs.
pub fn json(stated: &Stated) -> Value {
    let (kind, mut value) = match stated {
        Stated::Attestation(said) => ("attestation", claims_json(said)),
        Stated::Credential(said) => ("credential", credential_json(said)),
        Stated::Revoked(said) => ("revoked", revoked_json(said)),
        Stated::Other(typ) => ("other", json!({ "typ": typ })),
    };
    if let Value::Object(fields) = &mut value {
        fields.insert("verified".into(), false.into());
        fields.insert("statement".into(), kind.into());
    }
    value
}

fn line(text: &mut String, name: &str, value: &dyn Display) {
    text.push_str(&format!("  {name:<14} {value}\n"));
}

/// What a credential says, as text.
pub fn credential(said: &Credential) -> String {
    let mut text = String::new();
    let mut line = |name, value: &dyn Display| line(&mut text, name, value);
    line("audience", &said.audience);
    line("handle", &hex(&said.handle));
    line("holds", &format_args!("from {} to before {}", when(said.issued_at), when(said.expires_at)));
    line("key", &format_args!("{}, its thumbprint", hex(&said.key.thumbprint())));
    line("kept by", &level(said.evidence));
    let floors = &said.floors;
    let [system, vendor, boot] = floors.patches;
    line(
        "floors",
        &format_args!(
            "policy version {}, boot {}, judgement {}, patch levels {system}, {vendor}, {boot}",
            floors.policy_version, floors.counters.boot, floors.counters.sequence
        ),
    );
    line("boot key", &hex(&said.boot_key));
    text
}

fn credential_json(said: &Credential) -> Value {
    let floors = &said.floors;
    json!({
        "audience": said.audience,
        "handle": hex(&said.handle),
        "issued_at": when(said.issued_at),
        "expires_at": when(said.expires_at),
        "key": {
            "x": hex(&said.key.x),
            "y": hex(&said.key.y),
            "thumbprint": hex(&said.key.thumbprint()),
        },
        "evidence": level(said.evidence),
        "floors": {
            "policy_version": floors.policy_version,
            "boot": floors.counters.boot,
            "sequence": floors.counters.sequence,
            "patches": floors.patches,
        },
        "boot_key": hex(&said.boot_key),
    })
}

fn revoked(said: &Revoked) -> String {
    let mut text = String::new();
    line(&mut text, "audience", &said.audience);
    line(&mut text, "of", &when(said.taken_at));
    line(&mut text, "number", &said.number);
    line(&mut text, "handles", &said.handles.len());
    for handle in &said.handles {
        text.push_str(&format!("    {}\n", hex(handle)));
    }
    text
}

fn revoked_json(said: &Revoked) -> Value {
    json!({
        "audience": said.audience,
        "taken_at": when(said.taken_at),
        "number": said.number,
        "handles": said.handles.iter().map(|handle| hex(handle)).collect::<Vec<_>>(),
    })
}
