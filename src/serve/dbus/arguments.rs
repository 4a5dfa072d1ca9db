//! The arguments of a call: of the right types and in bounds, or [`Refusal::BadArgument`].

use super::contract::Entry;
use crate::serve::access::Method;
use crate::serve::wire::{MAX_BUNDLE, MAX_NAMES, MAX_REPORTED, MAX_REVOCATIONS, Refusal, Report, Reported};
use zbus::message::Body;
use zbus::wire::DynamicDeserialize;
use zbus::{Str, Variant};

/// The longest body of a call, in bytes: twice that of a report of 64 long texts and a long list of names.
pub const MAX_BODY: usize = 256 * 1024;

/// The length of an array, in bytes, before its bytes.
const LENGTH: usize = 4;

/// A call that a worker makes.
#[derive(Debug)]
pub enum Call {
    /// GetSummary.
    Summary,
    /// GetGate.
    Gate(i32),
    /// GetWords.
    Words,
    /// GetHistory.
    History(i64, i32),
    /// GetHead.
    Head,
    /// Evaluate.
    Evaluate,
    /// ReportSignals.
    Report(Report),
    /// GetProviders.
    Providers,
    /// Attest.
    Attest(Vec<u8>, Vec<u8>),
    /// GetEnrolmentEvidence.
    EnrolmentEvidence(Vec<u8>, bool),
    /// InstallPolicy.
    InstallPolicy(Vec<u8>),
    /// InstallRevocations.
    InstallRevocations(Vec<u8>),
    /// Subscribe: not a worker's, but the door's own.
    Subscribe,
    /// Unsubscribe, likewise.
    Unsubscribe,
    /// Properties.Get, of a property that there is.
    Property(&'static str),
    /// Properties.GetAll.
    Properties,
}

/// Reads the arguments of this method.
///
/// # Errors
/// [`Refusal::BadArgument`].
pub fn read(entry: &Entry, body: &Body) -> Result<Call, Refusal> {
    let most = match entry.method {
        Method::InstallPolicy => MAX_BUNDLE + LENGTH,
        Method::InstallRevocations => MAX_REVOCATIONS + LENGTH,
        _ => MAX_BODY,
    };
    if body.len() > most || !has_signature(body, &entry.signature()) {
        return Err(Refusal::BadArgument);
    }
    Ok(match entry.method {
        // A property alone.
        Method::Version => return Err(Refusal::BadArgument),
        Method::Summary => Call::Summary,
        Method::Gate => Call::Gate(one(body)?),
        Method::Words => Call::Words,
        Method::History => {
            let (after, most) = one(body)?;
            Call::History(after, most)
        }
        Method::Head => Call::Head,
        Method::Evaluate => Call::Evaluate,
        Method::Report => Call::Report(report(body)?),
        Method::Providers => Call::Providers,
        Method::Listen => Call::Subscribe,
        Method::Unlisten => Call::Unsubscribe,
        Method::Attest => {
            let (nonce, confirmation) = one(body)?;
            Call::Attest(nonce, confirmation)
        }
        Method::EnrolmentEvidence => {
            let (challenge, anew) = one(body)?;
            Call::EnrolmentEvidence(challenge, anew)
        }
        Method::InstallPolicy => Call::InstallPolicy(one(body)?),
        Method::InstallRevocations => Call::InstallRevocations(one(body)?),
    })
}

/// Whether a body is of exactly these types.
pub fn has_signature(body: &Body, expected: &str) -> bool {
    body.signature().to_string_no_parens() == expected
}

fn one<'b, T: DynamicDeserialize<'b>>(body: &'b Body) -> Result<T, Refusal> {
    body.deserialize().map_err(|_| Refusal::BadArgument)
}

/// On the wire a dictionary's entries are structures, so they are read as such: a dictionary would hide a signal that is
/// named twice.
type RawReport<'b> = (Vec<u8>, u64, u32, Vec<(&'b str, Variant<'b>)>, Vec<&'b str>, Vec<&'b str>);

fn report(body: &Body) -> Result<Report, Refusal> {
    let raw: RawReport<'_> = body.deserialize_ignore_signature().map_err(|_| Refusal::BadArgument)?;
    let (boot_id, sequence, ttl, values, absent, missing) = raw;
    if values.len() + absent.len() + missing.len() > MAX_REPORTED {
        return Err(Refusal::BadArgument);
    }
    let boot_id = boot_id.try_into().map_err(|_| Refusal::BadArgument)?;
    let mut signals = Vec::new();
    for (id, value) in &values {
        signals.push((String::from(*id), reported(value)?));
    }
    signals.extend(absent.iter().map(|id| (String::from(*id), Reported::Absent)));
    signals.extend(missing.iter().map(|id| (String::from(*id), Reported::Missing)));
    Ok(Report { boot_id, sequence, ttl, signals })
}

fn reported(value: &Variant<'_>) -> Result<Reported, Refusal> {
    let text = |text: &Str<'_>| String::from(text.as_str());
    match value {
        Variant::Str(found) => Ok(Reported::Text(text(found))),
        Variant::Array(found)
            if found.len() <= MAX_NAMES && *found.element_signature() == zbus::Signature::Str =>
        {
            let names = found.inner().iter().map(|name| match name {
                Variant::Str(name) => Ok(text(name)),
                _ => Err(Refusal::BadArgument),
            });
            names.collect::<Result<_, _>>().map(Reported::Names)
        }
        _ => Err(Refusal::BadArgument),
    }
}
