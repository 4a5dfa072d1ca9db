//! A posture attestation, for people and for programs.

use serde_json::{Value, json};
use std::fmt::Display;
use trust_evidence::Time;
use trust_token::claims::{Boot, BootState, Claims};
use trust_token::credential::EvidenceLevel;
use trust_token::verify::{RULES, Refusal, Requirements, Verified};

/// What it says, as text.
pub fn claims(claims: &Claims) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn Display| text.push_str(&format!("  {name:<14} {value}\n"));
    line("audience", &claims.audience);
    line("handle", &hex(&claims.handle));
    line(
        "issued",
        &format_args!("{}, until {}, by the device's clock", when(claims.issued_at), when(claims.expires_at)),
    );
    line("answers", &format_args!("{} for the key {}", hex(&claims.nonce), hex(&claims.confirmation)));
    let policy = &claims.policy;
    let lab = if policy.is_lab { ", LAB" } else { "" };
    line("policy", &format_args!("{} version {}, {}{lab}", policy.id, policy.version, hex(&policy.digest)));
    line("build", &claims.build);
    line("counters", &format_args!("boot {}, judgement {}", claims.counters.boot, claims.counters.sequence));
    line("posture", &claims.posture);
    if claims.waivers > 0 {
        line("waivers", &claims.waivers);
    }
    for claim in &claims.gates {
        line(&format!("gate {}", claim.gate.number()), &format_args!("{:<23} {}", claim.gate, claim.verdict));
    }
    if let Some(boot) = &claims.boot {
        for (name, value) in facts(boot) {
            line(name, &value);
        }
    }
    text
}

/// The same for programs.
pub fn claims_json(claims: &Claims) -> Value {
    let gates = claims.gates.iter().map(|claim| (claim.gate.id().to_string(), claim.verdict.code().into()));
    let boot = claims.boot.iter().flat_map(facts).map(|(name, value)| (name.replace(' ', "_"), value.into()));
    json!({
        "audience": claims.audience,
        "handle": hex(&claims.handle),
        "issued_at": when(claims.issued_at),
        "expires_at": when(claims.expires_at),
        "id": hex(&claims.id),
        "nonce": hex(&claims.nonce),
        "confirmation": hex(&claims.confirmation),
        "build": claims.build,
        "policy": {
            "id": claims.policy.id,
            "version": claims.policy.version,
            "digest": hex(&claims.policy.digest),
            "lab": claims.policy.is_lab,
        },
        "counters": { "boot": claims.counters.boot, "sequence": claims.counters.sequence },
        "posture": claims.posture.code(),
        "waivers": claims.waivers,
        "gates": gates.collect::<serde_json::Map<_, _>>(),
        "boot": boot.collect::<serde_json::Map<_, Value>>(),
    })
}

/// What a relying party remembers from one run to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembers {
    /// Nothing: it has no ledger.
    Nothing,
    /// All that it must: every rule is asked.
    All,
}

/// What one run can't tell of a rule where nothing is remembered between two.
const UNASKED: [(&str, &str); 4] = [
    ("challenge-used", "not asked: nothing is remembered between runs"),
    ("revocation-older", "not asked: nothing is remembered between runs"),
    ("floor", "the credential's alone: nothing is remembered between runs"),
    ("ledger", "not asked: nothing is remembered between runs"),
];

impl Remembers {
    fn unasked(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Remembers::Nothing => &UNASKED,
            Remembers::All => &[],
        }
    }
}

/// The verdict, what was asked, and what came of each rule: those before the one that is broken hold, those after it
/// were not asked, and some never are.
pub fn account<E>(
    verdict: &Result<Verified, Refusal<E>>,
    asked: &Requirements<'_>,
    remembers: Remembers,
) -> String {
    let mut text = match verdict {
        Ok(verified) => {
            let kept = level(verified.evidence());
            format!("VERIFIED  {}, its key kept by {kept}\n\n", verified.claims().posture)
        }
        Err(refusal) => format!("REFUSED  {refusal}\n\n"),
    };
    text.push_str(&requirements(asked));
    let broken = verdict.as_ref().err().map(Refusal::code);
    for (code, asks) in RULES {
        let is_broken = broken == Some(code);
        let unasked = remembers.unasked().iter().find(|(rule, _)| *rule == code && !is_broken);
        let (mark, words) = match unasked {
            Some((_, why)) => ("--", *why),
            None if is_broken => ("NO", asks),
            None => ("ok", asks),
        };
        text.push_str(&format!("  {mark}  {code:<20} {words}\n"));
        if is_broken {
            text.push_str("  what follows was not asked\n");
            return text;
        }
    }
    if let Ok(verified) = verdict {
        text.push_str("\nIt says\n");
        text.push_str(&claims(verified.claims()));
    }
    text
}

fn requirements(asked: &Requirements<'_>) -> String {
    let gates: Vec<&str> = asked.gates.iter().map(|gate| gate.id()).collect();
    let gates = if gates.is_empty() { "none".into() } else { gates.join(", ") };
    format!(
        "Asked\n  gates     {gates}\n  posture   {} or better, its key kept by {} or better, at most {} waivers\n  \
         seconds   answered within {}, clocks {} apart, revoked handles at most {} old\n\n",
        asked.posture,
        level(asked.evidence),
        asked.max_waivers,
        asked.max_age,
        asked.skew,
        asked.max_revocation_age
    )
}

/// The same for programs.
pub fn account_json<E>(
    verdict: &Result<Verified, Refusal<E>>,
    asked: &Requirements<'_>,
    remembers: Remembers,
) -> Value {
    let mut account = match verdict {
        Ok(verified) => json!({
            "verdict": "verified",
            "evidence": level(verified.evidence()),
            "claims": claims_json(verified.claims()),
        }),
        Err(refusal) => json!({
            "verdict": "refused",
            "refusal": refusal.code(),
            "message": refusal.to_string(),
        }),
    };
    if let Value::Object(fields) = &mut account {
        fields.insert("not_asked".into(), remembers.unasked().iter().map(|(code, _)| *code).collect());
        let gates: Vec<&str> = asked.gates.iter().map(|gate| gate.id()).collect();
        fields.insert("required_gates".into(), gates.into());
    }
    account
}

/// A credential, a list of revoked handles or a scanner's text that was refused, before the attestation was looked at.
pub fn refused(which: &str, why: &str) -> String {
    let which = match which {
        "revoked" => "list of revoked handles",
        "qr" => "text of a QR code",
        which => which,
    };
    format!("REFUSED  the {which}: {why}\n\n  the attestation was not looked at\n")
}

/// The same for programs, under the name that the faces for C and Java give it.
pub fn refused_json(which: &str, code: &str, why: &str) -> Value {
    json!({ "verdict": "refused", "refusal": format!("{which}-{code}"), "message": why })
}

/// Who keeps a key.
pub(super) fn level(level: EvidenceLevel) -> &'static str {
    match level {
        EvidenceLevel::Software => "software",
        EvidenceLevel::TrustedEnvironment => "a TEE",
        EvidenceLevel::StrongBox => "a StrongBox",
    }
}

/// The boot facts that are there, by name.
fn facts(boot: &Boot) -> Vec<(&'static str, String)> {
    let state = |state: BootState| match state {
        BootState::Verified => "verified",
        BootState::SelfSigned => "self-signed",
        BootState::Unverified => "unverified",
        BootState::Failed => "failed",
    };
    let month = |month: u32| format!("{}-{:02}", month / 100, month % 100);
    let facts = [
        ("boot state", boot.state.map(|found| state(found).to_string())),
        ("boot key", boot.key.map(|key| hex(&key))),
        ("vbmeta digest", boot.vbmeta.map(|digest| hex(&digest))),
        ("system patch", boot.os_patch.map(month)),
        ("vendor patch", boot.vendor_patch.map(month)),
        ("boot patch", boot.boot_patch.map(month)),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(super) fn when(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(Time::from_unix);
    time.map_or_else(|| format!("{seconds} s since 1970"), |time| time.to_string())
}
