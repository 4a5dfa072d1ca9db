//! Properties: the live ones, a getprop text, and the build.prop files of the image.

use super::context::{Context, MAX_FILE, Sink, names, text};
use super::property_area;
use super::reads::Reads;
use std::collections::BTreeMap;
use trust_evidence::{Outcome, Reason, Source};
use trust_formats::properties::Properties;

/// Where a root holds the output of getprop.
pub const GETPROP: &str = "/getprop.txt";

/// What [`properties`] reads.
pub const READS: Reads = Reads::These(&[GETPROP, property_area::FILES]);
/// What [`build_prop`] reads.
pub const BUILD_PROP_READS: Reads = Reads::OfSignals(|source| match source {
    Source::BuildProp(path, _) => Some(path.to_string()),
    _ => None,
});

/// The properties: those of a running system, or of a root that holds their areas, and else a text that somebody took of
/// them. On a running system anybody could put such a text at /.
pub fn properties(context: &Context, sink: &mut Sink<'_>) {
    if context.root.is_live() || context.root.exists(GETPROP) != Ok(true) && property_area::is_in(context) {
        return property_area::collect(context, sink);
    }
    let properties = match context.parse(GETPROP, MAX_FILE, Properties::parse) {
        Ok(properties) => properties,
        Err(reason) => return sink.each(GETPROP, |_| Outcome::Missing(reason)),
    };
    context.dropped(GETPROP, properties.dropped());
    // A line that could not be read may be the one that a key is missing for.
    let complete = context.complete_properties && properties.dropped().is_empty();
    let lacking = || if complete { Outcome::Absent } else { Outcome::Missing(Reason::NotPresent) };
    sink.each(GETPROP, |signal| match &signal.source {
        Source::Property(key) => properties.value(key).map_or_else(lacking, |value| text(signal, value)),
        Source::Collector(_, item) if **item == *"duplicates" => names(properties.duplicates()),
        _ => Outcome::Missing(Reason::Unsupported),
    });
}

/// The build.prop files. A file that is there is read whole, so a key that it lacks is absent.
pub fn build_prop(context: &Context, sink: &mut Sink<'_>) {
    let mut files: BTreeMap<&str, Result<Properties, Reason>> = BTreeMap::new();
    for (ix, signal) in sink.claimed() {
        let Source::BuildProp(path, key) = &signal.source else { continue };
        let file = files.entry(path).or_insert_with(|| {
            let file = context.parse(path, MAX_FILE, Properties::parse)?;
            context.dropped(path, file.dropped());
            Ok(file)
        });
        let outcome = match file {
            // init takes the last of several values; that there are several is no sign of a sound image.
            Ok(file) if file.duplicates().any(|duplicate| duplicate == &**key) => {
                Outcome::Missing(Reason::Malformed)
            }
            Ok(file) => match file.value(key) {
                Some(value) => text(signal, value),
                None if file.dropped().is_empty() => Outcome::Absent,
                None => Outcome::Missing(Reason::Malformed),
            },
            Err(reason) => Outcome::Missing(*reason),
        };
        sink.put(ix, path, outcome);
    }
}
