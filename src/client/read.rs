//! The records of the D-Bus door, read back: `a{sv}` with the keys that docs/dbus.xml names. Keys that this build does
//! not know are a later version's, and are left out.

use super::ClientError;
use crate::serve::wire::{
    Cause, CheckWords, Finding, GateFindings, GateSummary, GateWords, Head, HistoryEntry, ObjectiveFindings,
    PolicyName, ProviderState, Reading, Summary, WaiverName,
};
use trust_posture::{GateId, Posture, Severity, Verdict};
use zbus::Variant;

type Read<T> = Result<T, ClientError>;

/// One record.
pub struct Record<'r>(Vec<(&'r str, &'r Variant<'r>)>);

fn wrong(what: &str, expected: &str) -> ClientError {
    ClientError::Malformed(format!("{what}: expected {expected}"))
}

fn bare<'r>(variant: &'r Variant<'r>) -> &'r Variant<'r> {
    match variant {
        Variant::Variant(inner) => bare(inner),
        other => other,
    }
}

/// A record.
pub fn record<'r>(variant: &'r Variant<'r>) -> Read<Record<'r>> {
    let Variant::Dict(dict) = bare(variant) else { return Err(wrong("an answer", "a record")) };
    let entry = |(key, value): (&'r Variant<'r>, &'r Variant<'r>)| match key {
        Variant::Str(key) => Ok((key.as_str(), bare(value))),
        _ => Err(wrong("a key", "a text")),
    };
    dict.iter().map(entry).collect::<Read<_>>().map(Record)
}

/// An array's elements, each read.
pub fn list<'r, T>(variant: &'r Variant<'r>, one: impl Fn(&'r Variant<'r>) -> Read<T>) -> Read<Vec<T>> {
    let Variant::Array(array) = bare(variant) else { return Err(wrong("an answer", "an array")) };
    array.inner().iter().map(one).collect()
}

fn text<'r>(variant: &'r Variant<'r>) -> Read<&'r str> {
    match bare(variant) {
        Variant::Str(text) => Ok(text.as_str()),
        _ => Err(wrong("a value", "a text")),
    }
}

fn bytes<const N: usize>(variant: &Variant<'_>) -> Read<[u8; N]> {
    let byte = |variant: &Variant<'_>| match bare(variant) {
        Variant::U8(byte) => Ok(*byte),
        _ => Err(wrong("bytes", "bytes")),
    };
    let Variant::Array(array) = bare(variant) else { return Err(wrong("bytes", "an array of bytes")) };
    let all: Vec<u8> = array.inner().iter().map(byte).collect::<Read<_>>()?;
    all.try_into().map_err(|_| wrong("bytes", &format!("{N} bytes")))
}

/// A code out of a fixed set.
fn code<T: Copy>(found: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Read<T> {
    let known = all.iter().copied().find(|known| name(*known) == found);
    known.ok_or_else(|| wrong(&trust_evidence::printable(found), "a name that this build knows"))
}

const POSTURES: [Posture; 4] =
    [Posture::NonCompliant, Posture::Indeterminate, Posture::AtRisk, Posture::Compliant];
const VERDICTS: [Verdict; 4] = [Verdict::Fail, Verdict::Unknown, Verdict::Pass, Verdict::NotApplicable];
const SEVERITIES: [Severity; 3] = [Severity::Critical, Severity::Major, Severity::Minor];

/// A posture by its code.
pub fn posture(found: &str) -> Read<Posture> {
    code(found, &POSTURES, Posture::code)
}

fn verdict(found: &str) -> Read<Verdict> {
    code(found, &VERDICTS, Verdict::code)
}

/// A gate by its id.
pub fn gate_id(found: &str) -> Read<GateId> {
    code(found, &GateId::ALL, GateId::id)
}

impl<'r> Record<'r> {
    fn find(&self, key: &str) -> Option<&'r Variant<'r>> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn value(&self, key: &str) -> Read<&'r Variant<'r>> {
        self.find(key).ok_or_else(|| wrong(key, "it to be there"))
    }

    fn text(&self, key: &str) -> Read<&'r str> {
        text(self.value(key)?).map_err(|_| wrong(key, "a text"))
    }

    fn bytes<const N: usize>(&self, key: &str) -> Read<[u8; N]> {
        bytes(self.value(key)?).map_err(|_| wrong(key, &format!("{N} bytes")))
    }

    fn bool(&self, key: &str) -> Read<bool> {
        match self.value(key)? {
            Variant::Bool(value) => Ok(*value),
            _ => Err(wrong(key, "a boolean")),
        }
    }

    fn u32(&self, key: &str) -> Read<u32> {
        match self.value(key)? {
            Variant::U32(value) => Ok(*value),
            _ => Err(wrong(key, "a uint32")),
        }
    }

    fn u64(&self, key: &str) -> Read<u64> {
        match self.value(key)? {
            Variant::U64(value) => Ok(*value),
            _ => Err(wrong(key, "a uint64")),
        }
    }

    fn i64(&self, key: &str) -> Read<i64> {
        match self.value(key)? {
            Variant::I64(value) => Ok(*value),
            _ => Err(wrong(key, "an int64")),
        }
    }

    fn verdict(&self) -> Read<Verdict> {
        verdict(self.text("verdict")?)
    }
}

/// See GetSummary.
pub fn summary(of: &Record<'_>) -> Read<Summary> {
    Ok(Summary {
        posture: posture(of.text("posture")?)?,
        sequence: of.u64("sequence")?,
        judged_at: of.i64("judged-at")?,
        policy: policy(&record(of.value("policy")?)?)?,
        gates: list(of.value("gates")?, |gate| gate_summary(&record(gate)?))?,
        waivers: of.u32("waivers")?,
        head: of.find("head").map(|found| head(&record(found)?)).transpose()?,
    })
}

fn policy(of: &Record<'_>) -> Read<PolicyName> {
    Ok(PolicyName {
        id: of.text("id")?.into(),
        version: of.u32("version")?,
        digest: of.bytes("digest")?,
        is_lab: of.bool("lab")?,
    })
}

fn head(of: &Record<'_>) -> Read<Head> {
    Ok(Head { sequence: of.u64("sequence")?, digest: of.bytes("digest")? })
}

fn gate_summary(of: &Record<'_>) -> Read<GateSummary> {
    let failing = |variant: &Variant<'_>| match variant {
        Variant::Structure(counts) => match counts.fields() {
            [Variant::U32(critical), Variant::U32(major), Variant::U32(minor)] => {
                Ok([*critical, *major, *minor])
            }
            _ => Err(wrong("failing", "three numbers")),
        },
        _ => Err(wrong("failing", "three numbers")),
    };
    Ok(GateSummary {
        gate: gate_id(of.text("id")?)?,
        verdict: of.verdict()?,
        is_binding: of.bool("binding")?,
        failing: of.find("failing").map(failing).transpose()?,
    })
}

/// See GetGate.
pub fn findings(of: &Record<'_>) -> Read<GateFindings> {
    Ok(GateFindings {
        summary: gate_summary(of)?,
        sequence: of.u64("sequence")?,
        objectives: list(of.value("objectives")?, |found| objective(&record(found)?))?,
    })
}

fn objective(of: &Record<'_>) -> Read<ObjectiveFindings> {
    Ok(ObjectiveFindings {
        id: of.text("id")?.into(),
        verdict: of.verdict()?,
        lacks_anchor: of.bool("lacks-anchor")?,
        findings: list(of.value("findings")?, |found| finding(&record(found)?))?,
    })
}

fn finding(of: &Record<'_>) -> Read<Finding> {
    let reading = |variant: &Variant<'_>| match bare(variant) {
        Variant::Structure(fields) => match fields.fields() {
            [signal, class, observed] => Ok(Reading {
                signal: text(signal)?.into(),
                class: text(class)?.chars().next().ok_or_else(|| wrong("a class", "a letter"))?,
                observed: text(observed)?.into(),
            }),
            _ => Err(wrong("a reading", "three texts")),
        },
        _ => Err(wrong("a reading", "three texts")),
    };
    let waiver = |variant| {
        let of = record(variant)?;
        let (reason, by) = (of.text("reason")?.into(), of.text("by")?.into());
        Ok::<_, ClientError>(WaiverName { reason, by, until: of.i64("until")? })
    };
    Ok(Finding {
        code: of.text("code")?.into(),
        verdict: of.verdict()?,
        severity: code(of.text("severity")?, &SEVERITIES, Severity::code)?,
        is_contradiction: of.bool("contradiction")?,
        waiver: of.find("waiver").map(waiver).transpose()?,
        says: of.text("says")?.into(),
        reads: list(of.value("reads")?, reading)?,
    })
}

/// See GetWords.
pub fn words(of: &Record<'_>) -> Read<GateWords> {
    let pair = |variant: &Variant<'_>| match bare(variant) {
        Variant::Structure(fields) => match fields.fields() {
            [id, title] => Ok((text(id)?.into(), text(title)?.into())),
            _ => Err(wrong("an objective", "two texts")),
        },
        _ => Err(wrong("an objective", "two texts")),
    };
    let check = |variant| {
        let of = record(variant)?;
        Ok(CheckWords {
            code: of.text("code")?.into(),
            impact: of.text("impact")?.into(),
            remedy: of.text("remedy")?.into(),
            sources: list(of.value("sources")?, |source| Ok(text(source)?.into()))?,
        })
    };
    Ok(GateWords {
        gate: gate_id(of.text("id")?)?,
        title: of.text("title")?.into(),
        asks: of.text("asks")?.into(),
        matters: of.text("matters")?.into(),
        objectives: list(of.value("objectives")?, pair)?,
        checks: list(of.value("checks")?, check)?,
    })
}

/// See GetHistory.
pub fn entry(of: &Record<'_>) -> Read<HistoryEntry> {
    let gates = list(of.value("gates")?, |found| verdict(text(found)?))?;
    Ok(HistoryEntry {
        sequence: of.u64("sequence")?,
        at: of.i64("at")?,
        boot_id: of.bytes("boot-id")?,
        since_boot: of.u64("since-boot")?,
        cause: code(of.text("cause")?, &Cause::ALL, Cause::code)?,
        posture: posture(of.text("posture")?)?,
        gates: gates.try_into().map_err(|_| wrong("gates", "ten verdicts"))?,
        checks_digest: of.bytes("checks-digest")?,
        policy_digest: of.bytes("policy-digest")?,
        previous: of.bytes("previous")?,
        digest: of.bytes("digest")?,
    })
}

/// See GetProviders.
pub fn provider(of: &Record<'_>) -> Read<ProviderState> {
    let age = |variant: &Variant<'_>| match variant {
        Variant::U64(age) => Ok(*age),
        _ => Err(wrong("age", "a uint64")),
    };
    Ok(ProviderState {
        name: of.text("name")?.into(),
        signals: list(of.value("signals")?, |signal| Ok(text(signal)?.into()))?,
        sequence: of.u64("sequence")?,
        age: of.find("age").map(age).transpose()?,
        refused: of.u64("refused")?,
    })
}
