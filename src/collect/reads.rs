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

#[cfg(test)]
mod tests {
    use super::super::{Context, Sink, mounts};
    use super::*;
    use crate::root::{Directory, Root};
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::sync::{Arc, Mutex};
    use trust_evidence::Reason;

    /// A root that keeps what is asked of it: paths, and directories with a `/` at their end.
    struct Recorded {
        root: Directory,
        live: bool,
        asked: Arc<Mutex<BTreeSet<String>>>,
    }

    impl Recorded {
        fn ask(&self, path: String) {
            self.asked.lock().unwrap().insert(path);
        }
    }

    impl Root for Recorded {
        fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, Reason> {
            self.ask(path.into());
            self.root.read(path, cap)
        }
        fn entries(&self, path: &str) -> Result<Vec<String>, Reason> {
            self.ask(format!("{path}/"));
            self.root.entries(path)
        }
        fn exists(&self, path: &str) -> Result<bool, Reason> {
            self.ask(path.into());
            self.root.exists(path)
        }
        fn subdirectories(&self, path: &str) -> Result<i64, Reason> {
            self.ask(format!("{path}/"));
            self.root.subdirectories(path)
        }
        // What file system a path is on changes with the mount table.
        fn filesystem(&self, _: &str) -> Option<u64> {
            None
        }
        fn verity(&self, path: &str) -> Result<crate::verity::Measured, Reason> {
            self.ask(path.into());
            self.root.verity(path)
        }
        fn is_live(&self) -> bool {
            self.live
        }
    }

    /// Whether a declared place is the one asked for, or one that lies below it: whether a path exists takes its
    /// parent, and what leads to a place is watched.
    fn covers(declared: &str, asked: &str) -> bool {
        let mut declared = declared.split('/');
        asked.split('/').all(|name| match declared.next() {
            Some("*") => !name.is_empty(),
            Some(expected) => expected == name || name.is_empty(),
            None => false,
        })
    }

    #[test]
    fn a_place_covers_itself_and_what_leads_to_it() {
        for (declared, asked, expected) in [
            ("/a/b", "/a/b", true),
            ("/a/b", "/a", true),
            ("/a/*", "/a/x", true),
            ("/a/*/c/", "/a/x/c/", true),
            ("/a/b", "/a/b/c", false),
            ("/a/b", "/a/c", false),
            ("/a/b/", "/a/b/c", false),
        ] {
            assert_eq!(covers(declared, asked), expected, "{declared} {asked}");
        }
    }

    #[test]
    fn no_collector_reads_what_it_does_not_declare() {
        let catalogue = Arc::new(Catalogue::built_in().unwrap());
        let devices = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices");
        let entries = std::fs::read_dir(devices).unwrap().map(|entry| entry.unwrap().path());
        let mut roots: Vec<_> = entries.filter(|path| path.is_dir()).collect();
        roots.push("/".into());
        for (path, live) in roots.iter().flat_map(|path| [(path, false), (path, true)]) {
            let asked = Arc::default();
            let root = Recorded { root: Directory::open(path).unwrap(), live, asked: Arc::clone(&asked) };
            let context = Context::new(std::sync::Arc::new(root), catalogue.clone(), true);
            let take = || std::mem::take(&mut *asked.lock().unwrap());
            context.mount(mounts::mounted(&context));
            let vouching = take();
            let undeclared: Vec<&String> =
                vouching.iter().filter(|asked| !VOUCHING.iter().any(|place| covers(place, asked))).collect();
            assert!(undeclared.is_empty(), "mount table of {}: {undeclared:?}", path.display());
            for collector in &ROSTER {
                let own = |source: &Source| collector.kinds.contains(&source.kind());
                let claimed = catalogue.iter().filter(|(_, signal)| own(&signal.source)).map(|(ix, _)| ix);
                (collector.run)(&context, &mut Sink::new(&context, claimed.collect()));
                let declared = collector.places(&catalogue);
                let mut declared: Vec<&str> = declared.iter().map(String::as_str).collect();
                if collector.name == "packages.xml" {
                    declared.extend(INDEXED);
                }
                for asked in take() {
                    let is_declared = declared.iter().any(|place| covers(place, &asked));
                    assert!(is_declared, "{} of {} reads {asked}", collector.name, path.display());
                }
            }
        }
    }

    #[test]
    fn every_declared_place_is_absolute_and_every_collector_has_one() {
        let catalogue = Catalogue::built_in().unwrap();
        for collector in &ROSTER {
            let places = collector.places(&catalogue);
            assert!(!places.is_empty(), "{}", collector.name);
            for place in places {
                assert!(place.starts_with('/') && !place.contains("//"), "{place}");
            }
        }
    }
}
