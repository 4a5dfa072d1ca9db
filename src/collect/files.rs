//! Single files: whether they exist, their one line, the names in a directory, a digest.

use super::context::{Context, MAX_FILE, Sink, names, text, truth};
use super::reads::Reads;
use trust_evidence::{Outcome, Reason, Source, Value};
use trust_formats::digest::sha256;

const HOSTS: &str = "/system/etc/hosts";
/// The longest one-line file, in bytes.
const MAX_LINE: usize = 4096;

const ADB: &str = "/data/adb";

/// What [`files`] reads.
pub const READS: Reads = Reads::OfSignals(|source| match source {
    Source::Exists(path) | Source::Line(path) => Some(path.to_string()),
    Source::Entries(path) => Some(format!("{path}/")),
    _ => None,
});
/// What [`adb_directory`] reads.
pub const ADB_READS: Reads = Reads::These(&[ADB, "/data/adb/"]);
/// What [`hosts`] reads.
pub const HOSTS_READS: Reads = Reads::These(&[HOSTS]);

/// Existence, lines, directories.
pub fn files(context: &Context, sink: &mut Sink<'_>) {
    for (ix, signal) in sink.claimed() {
        let (path, outcome) = match &signal.source {
            Source::Exists(path) => (path, context.root.exists(path).map(truth)),
            Source::Line(path) => (path, line(context, path).map(|line| text(signal, line.trim()))),
            Source::Entries(path) => (path, context.root.entries(path).map(names)),
            _ => continue,
        };
        sink.put(ix, path, outcome.unwrap_or_else(Outcome::Missing));
    }
}

fn line(context: &Context, path: &str) -> Result<String, Reason> {
    String::from_utf8(context.root.read(path, MAX_LINE)?).map_err(|_| Reason::Malformed)
}

/// /data/adb, where root managers keep their directories: how many it holds.
pub fn adb_directory(context: &Context, sink: &mut Sink<'_>) {
    let held = match context.root.exists(ADB) {
        Ok(false) => Ok(Outcome::Absent),
        Ok(true) => context.root.subdirectories(ADB).map(|number| Outcome::Seen(Value::Int(number))),
        Err(reason) => Err(reason),
    };
    sink.each(ADB, |_| held.clone().unwrap_or_else(Outcome::Missing));
}

/// The hosts file.
pub fn hosts(context: &Context, sink: &mut Sink<'_>) {
    let digest = context.root.read(HOSTS, MAX_FILE).map(|bytes| sha256(&bytes));
    sink.each(HOSTS, |_| match digest {
        Ok(digest) => Outcome::Seen(Value::Digest(digest.into())),
        Err(reason) => Outcome::Missing(reason),
    });
}
