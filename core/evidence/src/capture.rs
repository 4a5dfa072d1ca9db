//! A capture: evidence as a TOML file, to be judged elsewhere, later, under another policy.

use crate::evidence::{Evidence, SourceInfo, SourceKind};
use crate::load::{LoadError, from_toml};
use crate::{Catalogue, Class, Observation, Outcome, Reason, Sensitivity, Signal, Time};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use toml::Spanned;

/// The schema a capture names.
pub const CAPTURE_SCHEMA: &str = "com.enigm.capture/1";
/// The largest capture that is read, in bytes.
pub const MAX_CAPTURE: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCapture {
    schema: Spanned<String>,
    taken_at: Option<Spanned<String>>,
    #[serde(default)]
    complete_properties: bool,
    #[serde(default)]
    observations: BTreeMap<Spanned<String>, Spanned<RawObservation>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawObservation {
    seen: Option<toml::Value>,
    absent: Option<bool>,
    missing: Option<Reason>,
    withheld: Option<usize>,
    class: Option<Class>,
    at: Option<String>,
}

impl Evidence {
    /// Reads a capture, or the fragment of one that a root directory carries as `observations.toml`.
    /// `file` names it in errors. A signal, a type or a class that the catalogue does not have is refused.
    pub fn from_capture(catalogue: &Catalogue, file: &str, text: &str) -> Result<Evidence, LoadError> {
        if text.len() > MAX_CAPTURE {
            return Err(LoadError::whole(
                file,
                format!("{} bytes: expected a capture of at most {MAX_CAPTURE}", text.len()),
            ));
        }
        let raw: RawCapture = from_toml(file, text).map_err(LoadError::without_content)?;
        if raw.schema.as_ref() != CAPTURE_SCHEMA {
            let message = format!("schema = \"{}\": expected \"{CAPTURE_SCHEMA}\"", raw.schema.as_ref());
            return Err(LoadError::at(file, text, raw.schema.span(), message));
        }
        let time =
            |at: &str, span| at.parse::<Time>().map_err(|error| LoadError::at(file, text, span, error));
        let taken_at = match &raw.taken_at {
            Some(at) => Some(time(at.as_ref(), at.span())?),
            None => None,
        };
        let source =
            SourceInfo { kind: SourceKind::Capture, taken_at, complete_properties: raw.complete_properties };
        let mut evidence = Evidence::empty(catalogue, source);
        for (id, observation) in raw.observations {
            let Some((ix, signal)) =
                catalogue.find(id.as_ref()).and_then(|ix| Some((ix, catalogue.signal(ix)?)))
            else {
                let message =
                    format!("signal \"{}\": expected one that `trustctl signals` lists", id.as_ref());
                return Err(LoadError::at(file, text, id.span(), message));
            };
            let span = observation.span();
            let raw = observation.into_inner();
            let at = raw.at.as_deref().map(|at| time(at, span.clone())).transpose()?;
            let (outcome, class) = raw
                .outcome(signal)
                .map_err(|message| LoadError::at(file, text, span, format!("{}: {message}", id.as_ref())))
                .map_err(LoadError::without_excerpt)?;
            evidence.record(catalogue, ix, Observation { outcome, class, taken_at: at });
        }
        Ok(evidence)
    }

    /// The capture's text. [`Evidence::from_capture`] reads the same evidence back.
    pub fn to_capture(&self, catalogue: &Catalogue) -> String {
        let mut text = format!("schema = \"{CAPTURE_SCHEMA}\"\n");
        if let Some(at) = self.source.taken_at {
            let _ = writeln!(text, "taken_at = \"{at}\"");
        }
        if self.source.complete_properties {
            text.push_str("complete_properties = true\n");
        }
        text.push_str("\n[observations]\n");
        for (ix, signal) in catalogue.iter() {
            let Some(observation) = self.get(ix) else { continue };
            let outcome = match &observation.outcome {
                Outcome::Seen(value) => format!("seen = {}", value.to_toml()),
                Outcome::Absent => "absent = true".into(),
                Outcome::Missing(reason) => format!("missing = \"{}\"", reason.code()),
                Outcome::Withheld(count) => format!("withheld = {count}"),
            };
            let at = observation.taken_at.map(|at| format!(", at = \"{at}\"")).unwrap_or_default();
            let _ =
                writeln!(text, "\"{}\" = {{ {outcome}, class = \"{}\"{at} }}", signal.id, observation.class);
        }
        text
    }
}

impl RawObservation {
    fn outcome(self, signal: &Signal) -> Result<(Outcome, Class), String> {
        let outcome = match (self.seen, self.absent, self.missing, self.withheld) {
            (Some(value), None, None, None) => {
                Outcome::Seen(signal.ty.from_toml(&value).ok_or_else(|| match signal.sensitivity {
                    Sensitivity::Private => format!("seen: expected {}", signal.ty.expects()),
                    Sensitivity::Public => format!("seen = {value}: expected {}", signal.ty.expects()),
                })?)
            }
            (None, Some(true), None, None) => Outcome::Absent,
            (None, None, Some(reason), None) => Outcome::Missing(reason),
            (None, None, None, Some(count)) => Outcome::Withheld(count),
            _ => {
                return Err(
                    "expected exactly one of seen = …, absent = true, missing = …, withheld = …".into()
                );
            }
        };
        let class = self.class.unwrap_or(signal.ceiling);
        if class > signal.ceiling {
            return Err(format!(
                "class = \"{class}\": expected {} (the signal's ceiling) or weaker",
                signal.ceiling
            ));
        }
        Ok((outcome, class))
    }
}
