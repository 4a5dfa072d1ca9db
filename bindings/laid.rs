//! Lays the vectors out as files for programs in other languages: a folder each.

#[path = "../core/token/tests/read/mod.rs"]
mod read;

use read::{Vector, Vectors, evidence, floors, policies, posture, unhex};
use std::fs;
use std::path::{Path, PathBuf};
use trust_ledger::SqliteLedger;
use trust_posture::{GateId, Posture};
use trust_token::credential::{Credential, EvidenceLevel};
use trust_token::crypto::{PublicKey, Ring};
use trust_token::ledger::Ledger;
use trust_token::revocation::Revoked;

const POSTURES: [Posture; 4] =
    [Posture::NonCompliant, Posture::Indeterminate, Posture::AtRisk, Posture::Compliant];
const LEVELS: [EvidenceLevel; 3] =
    [EvidenceLevel::Software, EvidenceLevel::TrustedEnvironment, EvidenceLevel::StrongBox];

/// A vector, its folder, and the name of the result that is expected.
pub struct Laid {
    pub folder: PathBuf,
    pub expected: String,
}

/// Lays out every vector: of postures, and the credentials and lists that are refused.
pub fn lay(scratch: &Path) -> Vec<Laid> {
    let vectors = Vectors::read();
    let mut laid = Vec::new();
    for vector in vectors.of("posture") {
        let folder = scratch.join("posture").join(vector.text("name"));
        let expected = expected(&vectors, &vector);
        write(&folder, &vectors, &vector);
        laid.push(Laid { folder, expected });
    }
    // The first posture, with the statement in place of its own.
    for (kind, file, prefix) in
        [("credential", "credential", "credential-"), ("revoked", "revoked", "revoked-")]
    {
        let first = vectors.of("posture").into_iter().next().unwrap();
        for vector in vectors.of(kind).iter().filter(|vector| vector.text("expected") != "verified") {
            let folder = scratch.join(kind).join(vector.text("name"));
            write(&folder, &vectors, &first);
            fs::write(folder.join(file), vector.file("file")).unwrap();
            put_issuers(&folder, &vectors.issuers(vector));
            if let Some(now) = vector.find("now") {
                numbers(&folder, &first, now.as_integer().unwrap().try_into().unwrap());
            }
            laid.push(Laid { folder, expected: format!("{prefix}{}", vector.text("expected")) });
        }
    }
    laid
}

/// The faces look at the credential at the time of the answer alone.
fn expected(vectors: &Vectors, vector: &Vector<'_>) -> String {
    let (issuers, now) = (vectors.issuers(vector), vector.number("now"));
    match Credential::verify(&vector.file("credential"), &issuers, now, &Ring) {
        Ok(_) => vector.text("expected").to_owned(),
        Err(refusal) => format!("credential-{}", refusal.code()),
    }
}

fn write(folder: &Path, vectors: &Vectors, vector: &Vector<'_>) {
    fs::create_dir_all(folder).unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
    for name in ["token", "credential", "revoked"] {
        put(name, &vector.file(name));
    }
    for name in ["random", "confirmation", "exporter", "nonce"] {
        put(name, &unhex(vector.text(name)));
    }
    put("audience", vector.text("audience").as_bytes());
    put("opened_for", vector.text("opened_for").as_bytes());
    // Digest, version (big-endian), laboratory: 37 bytes each.
    let known = policies(vector).into_iter();
    let known = known
        .flat_map(|known| [&known.digest[..], &known.version.to_be_bytes(), &[known.is_lab.into()]].concat());
    put("policies", &known.collect::<Vec<u8>>());
    put_issuers(folder, &vectors.issuers(vector));
    numbers(folder, vector, vector.number("now"));
    // What was seen before is in a ledger that is there already.
    let mut ledger = SqliteLedger::create(&folder.join("ledger")).unwrap();
    if let Some(stood) = vector.find("stood") {
        let issuers = vectors.issuers(vector);
        let credential =
            Credential::verify(&vector.file("credential"), &issuers, vector.number("now"), &Ring);
        ledger.raise(&credential.unwrap().device(), &floors(stood)).unwrap().unwrap();
    }
    if vector.find("given").is_some() {
        let issuers = vectors.issuers(vector);
        let credential =
            Credential::verify(&vector.file("credential"), &issuers, vector.number("now"), &Ring);
        ledger.credential(&credential.unwrap().device(), vector.number("given")).unwrap().unwrap();
    }
    if vector.find("listed").is_some() {
        let list = Revoked::verify(&vector.file("revoked"), &vectors.issuers(vector), &Ring).unwrap();
        ledger.list(vector.text("audience"), list.signer(), vector.number("listed")).unwrap().unwrap();
    }
}

fn put_issuers(folder: &Path, issuers: &[PublicKey]) {
    let bytes: Vec<u8> = issuers.iter().flat_map(|key| [key.x, key.y].concat()).collect();
    fs::write(folder.join("issuers"), bytes).unwrap();
}

/// In the order of the programs: gates, posture, evidence, laboratory, waivers, age, skew, age of the list, when the
/// challenge was made, now, and whether it was.
fn numbers(folder: &Path, vector: &Vector<'_>, now: u64) {
    let gates = vector.list("gates").iter().fold(0, |bits, id| {
        let gate = GateId::from_id(id).unwrap();
        bits | 1_u64 << (gate.number() - 1)
    });
    let (least, level) = (posture(vector.text("posture")), evidence(vector.text("evidence")));
    let is = |name: &str| u64::from(vector.value(name).as_bool().unwrap());
    let numbers = [
        gates,
        POSTURES.iter().position(|posture| *posture == least).unwrap() as u64 + 1,
        LEVELS.iter().position(|known| *known == level).unwrap() as u64 + 1,
        is("accepts_lab"),
        vector.number("max_waivers"),
        vector.number("max_age"),
        vector.number("skew"),
        vector.number("max_revocation_age"),
        vector.number("made_at"),
        now,
        is("is_open"),
    ];
    let text: Vec<String> = numbers.iter().map(u64::to_string).collect();
    fs::write(folder.join("numbers"), text.join(" ")).unwrap();
}

/// The number of a result by its name.
pub fn number(code: &str) -> i32 {
    let found = trust_token_face::results().find(|(_, known, _)| *known == code);
    found.unwrap_or_else(|| panic!("{code}: expected a result")).0
}
