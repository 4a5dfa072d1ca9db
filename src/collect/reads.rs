//! What a collector reads, declared beside it, so that a change of a place leads to the collectors to run again.

use super::{Collector, ROSTER, mounts};
use trust_evidence::{Catalogue, Source};

/// The places that a collector reads. A place is an absolute path in which `*` stands for any one name; one that
/// ends in `/` is the list of names in a directory, any other is what lies there.
#[derive(Clone, Copy)]
pub enum Reads {
    /// These.
    These(&'static [&'static str]),
    /// One for each of its signals, by the signal's source.
    OfSignals(fn(&Source) -> Option<String>),
}

/// Places that are read after another one named them, and change with it: no event of their own is asked for. A
/// file that is swapped there behind its index is seen when it is read again.
pub const INDEXED: [&str; 3] = ["/data/app/*/", "/data/app/*/*/", "/data/app/*/*/*"];

/// The places of the mount table and the device-mapper. They decide what every collector's files are worth, and
/// what is mounted over a file changes its content, so a change of one is a change for all.
pub const VOUCHING: [&str; 6] =
    [mounts::TABLE, mounts::OTHERS[0], mounts::OTHERS[1], mounts::DEVICES, mounts::NUMBERS, mounts::NAMES];

impl Collector {
    /// The places that it reads, each once, sorted; [`INDEXED`] ones left out.
    pub fn places(&self, catalogue: &Catalogue) -> Vec<String> {
        let mut places: Vec<String> = match self.reads {
            Reads::These(places) => places.iter().map(ToString::to_string).collect(),
            Reads::OfSignals(place) => catalogue
                .iter()
                .filter(|(_, signal)| self.kinds.contains(&signal.source.kind()))
                .filter_map(|(_, signal)| place(&signal.source))
                .collect(),
        };
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The one place that it reads for a source, where each has its own.
    pub fn place_of(&self, source: &Source) -> Option<String> {
        match self.reads {
            Reads::These(_) => None,
            Reads::OfSignals(place) => place(source),
        }
    }

    /// The collector whose signals a source's are, as an index into the roster.
    pub fn of(source: &Source) -> Option<usize> {
        ROSTER.iter().position(|collector| collector.kinds.contains(&source.kind()))
    }
}
