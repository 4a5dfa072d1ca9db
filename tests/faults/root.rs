//! The sample device's files, of which one collector's places can be made to fail.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use trust_evidence::Reason;
use trustd::root::{Directory, Root};

/// What happens to whoever asks for one of the places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call does not return until the fault is taken away.
    Hang,
    /// EIO.
    Broken,
    /// Any bytes.
    Garbage(&'static [u8]),
    /// More bytes than any cap, more names than are read.
    Endless,
    /// Names that no directory should have.
    Names,
    /// EACCES.
    Denied,
    /// The collector has a defect.
    Panic,
}

/// What the panic of [`Fault::Panic`] says.
pub const DEFECT: &str = "a defect in the collector";

/// One fault at a time, at some places.
#[derive(Default)]
pub struct Faults {
    now: Mutex<Option<(Fault, Vec<String>)>>,
    gone: Condvar,
}

impl Faults {
    pub fn set(&self, fault: Option<(Fault, Vec<String>)>) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        self.gone.notify_all();
    }

    /// The fault that whoever asks for a place meets; it is met here.
    fn meet(&self, asked: &str) -> Option<Fault> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let at = |now: &Option<(Fault, Vec<String>)>| {
            let (fault, places) = now.as_ref()?;
            places.iter().any(|place| is_at(place, asked)).then_some(*fault)
        };
        let met = at(&now)?;
        while met == Fault::Hang && at(&now) == Some(Fault::Hang) {
            now = self.gone.wait(now).unwrap_or_else(PoisonError::into_inner);
        }
        drop(now);
        assert!(met != Fault::Panic, "{DEFECT} that reads {asked}");
        Some(met)
    }
}

/// Whether a path is a place as collectors declare them: `*` is any name, a list of names ends in `/`.
fn is_at(place: &str, asked: &str) -> bool {
    let (mut place, mut asked) = (place.split('/'), asked.split('/'));
    loop {
        match (place.next(), asked.next()) {
            (None, None) => return true,
            (Some("*"), Some(name)) if !name.is_empty() => {}
            (Some(expected), Some(name)) if expected == name => {}
            _ => return false,
        }
    }
}

/// A directory with those faults.
pub struct Faulty {
    pub files: Directory,
    pub faults: Arc<Faults>,
}

impl Faulty {
    pub fn new(path: &Path) -> Faulty {
        Faulty { files: Directory::open(path).unwrap(), faults: Arc::default() }
    }
}

/// What the kernel's EIO comes to: nobody can read address 0 of a process.
pub fn broken() -> Reason {
    Directory::open(Path::new("/proc/self")).unwrap().read("/mem", 4096).unwrap_err()
}

fn errors(met: Option<Fault>) -> Result<Option<Fault>, Reason> {
    match met {
        Some(Fault::Broken) => Err(broken()),
        Some(Fault::Denied) => Err(Reason::PermissionDenied),
        met => Ok(met),
    }
}

impl Root for Faulty {
    fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, Reason> {
        match errors(self.faults.meet(path))? {
            Some(Fault::Garbage(bytes)) if bytes.len() <= cap => Ok(bytes.to_vec()),
            Some(Fault::Garbage(_) | Fault::Endless) => Err(Reason::Malformed),
            _ => self.files.read(path, cap),
        }
    }

    fn entries(&self, path: &str) -> Result<Vec<String>, Reason> {
        match errors(self.faults.meet(&format!("{path}/")))? {
            Some(Fault::Names) => Ok(vec![
                String::new(),
                "\u{1}\u{fffd}\n".into(),
                "../../../etc".into(),
                "dm-".into(),
                "dm-99999999999".into(),
                "x".repeat(100_000),
            ]),
            Some(Fault::Endless) => Err(Reason::Malformed),
            _ => self.files.entries(path),
        }
    }

    fn exists(&self, path: &str) -> Result<bool, Reason> {
        match errors(self.faults.meet(path))? {
            // There is garbage.
            Some(Fault::Garbage(_) | Fault::Endless) => Ok(true),
            _ => self.files.exists(path),
        }
    }

    fn subdirectories(&self, path: &str) -> Result<i64, Reason> {
        match errors(self.faults.meet(&format!("{path}/")))? {
            Some(Fault::Names) => Ok(i64::MAX),
            Some(Fault::Endless) => Err(Reason::Malformed),
            _ => self.files.subdirectories(path),
        }
    }

    fn filesystem(&self, path: &str) -> Option<u64> {
        self.files.filesystem(path)
    }
}
