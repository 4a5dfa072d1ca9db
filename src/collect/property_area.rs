//! The live properties, from the areas that every process of an Android system maps.
//!
//! An area that may not be read costs its own properties, and only one that was read whole says that a property is
//! absent. init writes while we read: a value counts when its property has the same serial after it was read. Until the
//! system has started, what a property lacks may come: it is not yet available.

use super::context::{Context, Sink, names, text};
use std::collections::BTreeMap;
use trust_evidence::{Outcome, Reason, Signal, SignalIx, Source};
use trust_formats::property_area::{Area, Contexts, MAX_AREA, MAX_CONTEXTS, Property};

/// All the files of the areas.
pub const FILES: &str = "/dev/__properties__/*";
/// The area whose serial rises with every change.
pub const SERIAL: &str = "/dev/__properties__/properties_serial";
const CONTEXTS: &str = "/dev/__properties__/property_info";

/// How often an area is read anew because a property was written meanwhile.
const TRIES: usize = 4;

/// Whether a root holds areas.
pub fn is_in(context: &Context) -> bool {
    context.root.exists(CONTEXTS) == Ok(true)
}

/// Reads the area of each property once.
pub fn collect(context: &Context, sink: &mut Sink<'_>) {
    let contexts = match context.parse(CONTEXTS, MAX_CONTEXTS, Contexts::parse) {
        Ok(contexts) => contexts,
        Err(reason) => return sink.each(CONTEXTS, |_| Outcome::Missing(reason)),
    };
    let mut areas: BTreeMap<&str, Vec<(SignalIx, &Signal, &str)>> = BTreeMap::new();
    for (ix, signal) in sink.claimed() {
        match &signal.source {
            Source::Property(key) => match contexts.context_of(key) {
                Some(area) => areas.entry(area).or_default().push((ix, signal, key)),
                None => sink.put(ix, CONTEXTS, Outcome::Missing(Reason::NotPresent)),
            },
            // Unlike a text, an area has a name once.
            Source::Collector(_, item) if **item == *"duplicates" => {
                sink.put(ix, CONTEXTS, names::<&str>([]))
            }
            _ => sink.put(ix, CONTEXTS, Outcome::Missing(Reason::Unsupported)),
        }
    }
    let lacking = match has_started(context) {
        true => Outcome::Absent,
        false => Outcome::Missing(Reason::NotYetAvailable),
    };
    for (area, signals) in areas {
        let path = FILES.replace('*', area);
        let keys: Vec<&str> = signals.iter().map(|(_, _, key)| *key).collect();
        let area = read(context, &path, &keys);
        for (ix, signal, key) in signals {
            let outcome = match &area {
                Ok(area) => {
                    area.property(key).map_or(lacking.clone(), |property| text(signal, &property.value))
                }
                Err(reason) => Outcome::Missing(*reason),
            };
            sink.put(ix, &path, outcome);
        }
    }
}

/// Whether the system has started: init and system_server have set what they set at a start (`sys.boot_completed`, of
/// ActivityManagerService). What is no Android has; so has one that does not let us know.
pub fn has_started(context: &Context) -> bool {
    const KEY: &str = "sys.boot_completed";
    if !is_in(context) {
        return true;
    }
    let value = || -> Result<bool, Reason> {
        let contexts = context.parse(CONTEXTS, MAX_CONTEXTS, Contexts::parse)?;
        let area = contexts.context_of(KEY).ok_or(Reason::NotPresent)?;
        let area = read(context, &FILES.replace('*', area), &[KEY])?;
        Ok(area.property(KEY).is_some_and(|property| &*property.value == "1"))
    };
    value().unwrap_or(true)
}

/// An area in which none of these properties was being written while it was read.
fn read(context: &Context, path: &str, keys: &[&str]) -> Result<Area, Reason> {
    let look = || context.root.read(path, MAX_AREA).map(|bytes| Area::parse(&bytes));
    let serials = |area: &Area| -> Vec<Option<u32>> {
        let changing = keys.iter().filter(|key| !Property::is_constant(key));
        changing.map(|key| area.property(key).map(|property| property.serial)).collect()
    };
    for _ in 0..TRIES {
        // What is being written is no area for a moment.
        let Ok(area) = look()? else { continue };
        let before = serials(&area);
        if before.is_empty() || look()?.is_ok_and(|again| serials(&again) == before) {
            return Ok(area);
        }
    }
    // An area that is none by now never was one, and what is wrong with it is noted.
    context.parse(path, MAX_AREA, Area::parse)?;
    Err(Reason::TimedOut)
}
