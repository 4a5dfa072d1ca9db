//! The sample device before a running evaluator, read as the running system is.

use super::root::{Faults, Faulty};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use trust_evidence::{Evidence, Outcome, Reason};
use trust_gates::Policy;
use trust_posture::{GateId, Posture, Verdict};
use trustd::attestation::Trust;
use trustd::collect::{COLLECTORS, Collected, Deadlines, ROSTER};
use trustd::cycle::House;
use trustd::engine::{Clock, Evaluator as Engine, Events, Handle, Live, Place, Policies, Start};
use trustd::import::{Input, Kind, import};
use trustd::policies;
use trustd::serve::access::Access;
use trustd::serve::limits::monotonic;
use trustd::serve::listeners::Listeners;
use trustd::serve::wire::Evaluator;
use trustd::store::Store;
use trustd::watch::WatchRoot;

pub const TAKEN: &str = "2026-11-02T09:00:00Z";
const BOOT: [u8; 16] = [0xfa; 16];

/// What was read last.
#[derive(Default)]
pub struct LastRead {
    pub outcomes: BTreeMap<String, Outcome>,
    pub failed: Vec<&'static str>,
}

/// The files are read by the collectors as the running system's are; what has no file is the sample's.
struct Watched {
    live: Live,
    base: Evidence,
    last: Arc<Mutex<LastRead>>,
}

impl Place for Watched {
    fn read(&mut self, house: &House, with: &[bool; COLLECTORS], clock: Clock) -> Collected {
        let mut collected = self.live.read(house, with, clock);
        let mut last = self.last.lock().unwrap();
        for (ix, signal) in house.catalogue.iter() {
            let is_read = ROSTER.iter().any(|collector| collector.kinds.contains(&signal.source.kind()));
            let found = collected.evidence.get(ix).unwrap();
            let base = self.base.get(ix).unwrap();
            // The sample says of itself that its getprop is complete.
            let is_lacking =
                base.outcome == Outcome::Absent && found.outcome == Outcome::Missing(Reason::NotPresent);
            let observation = if is_read && !is_lacking { found.clone() } else { base.clone() };
            last.outcomes.insert(signal.id.to_string(), observation.outcome.clone());
            collected.evidence.record(&house.catalogue, ix, observation);
        }
        last.failed.clone_from(&collected.failed);
        collected
    }

    fn is_another_device(&self) -> bool {
        true
    }
}

pub fn devices() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices")
}

pub fn policy() -> Policy {
    policies::built_in("production").unwrap().unwrap()
}

/// What the device's files come to as they are.
pub fn sample(house: &House, name: &str) -> Collected {
    let trust = Trust::of(&policy()).and(&std::fs::read(devices().join("roots.pem")).unwrap()).unwrap();
    let at = Some(TAKEN.parse().unwrap());
    let input =
        Input { source: Some(devices().join(name)), kind: Some(Kind::Root), at, ..Default::default() };
    import(house, &input, &trust).unwrap()
}

/// A running evaluator.
pub struct Device {
    pub house: Arc<House>,
    pub faults: Arc<Faults>,
    pub handle: Handle,
    last: Arc<Mutex<LastRead>>,
    state: PathBuf,
    thread: Option<JoinHandle<()>>,
}

/// What it all came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub outcomes: BTreeMap<String, Outcome>,
    pub failed: Vec<&'static str>,
    pub posture: Posture,
    /// Of each check.
    pub verdicts: BTreeMap<String, Verdict>,
    /// The checks of gate 10 that do not pass.
    pub noticed: Vec<String>,
}

impl Device {
    /// Each collector may take so long. `base` is what has no file.
    pub fn new(house: &Arc<House>, name: &str, base: Evidence, each: Duration) -> Device {
        let house = house.clone();
        let state = std::env::temp_dir().join(format!("trustd-faults-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&state);
        std::fs::create_dir_all(&state).unwrap();
        let root = Faulty::new(&devices().join("production"));
        let faults = root.faults.clone();
        let last = Arc::new(Mutex::new(LastRead::default()));
        let deadlines = Deadlines { each, total: Duration::from_secs(30) };
        let live = Live::of(Arc::new(root), deadlines);
        let watch = WatchRoot { live: false, base: devices().join("production") };
        let mut store = Store::open(&state, BOOT, 0).store;
        let policies = Policies::open(&house, policy(), &mut store);
        let start = Start {
            events: Events::open(watch, &house.catalogue).unwrap(),
            store,
            house: house.clone(),
            policies,
            place: Box::new(Watched { live, base, last: last.clone() }),
            clock: Clock::from(TAKEN.parse().unwrap()),
            listeners: Arc::new(Listeners::new(monotonic())),
            appoint: Box::new(|_| Access::default()),
            keys: None,
            attester: None,
            boot_id: BOOT,
        };
        let (engine, handle) = Engine::new(start);
        let thread = Some(std::thread::spawn(move || engine.run().unwrap()));
        super::until("a first posture", || handle.summary().is_ok());
        Device { house, faults, handle, last, state, thread }
    }

    /// Reads and judges everything, and says what that came to.
    pub fn look(&self) -> Seen {
        // Who waits longer than a caller may is answered in vain; the next one is told.
        super::until("an evaluation", || self.handle.evaluate().is_ok());
        let mut verdicts = BTreeMap::new();
        let mut noticed = Vec::new();
        for gate in GateId::ALL {
            let findings = self.handle.gate(gate).unwrap().objectives.into_iter().flat_map(|o| o.findings);
            for finding in findings {
                if gate == GateId::SecurityMonitoring && finding.verdict != Verdict::Pass {
                    noticed.push(finding.code.to_string());
                }
                verdicts.insert(finding.code.into(), finding.verdict);
            }
        }
        let last = self.last.lock().unwrap();
        let posture = self.handle.summary().unwrap().posture;
        Seen { outcomes: last.outcomes.clone(), failed: last.failed.clone(), posture, verdicts, noticed }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.faults.set(None);
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking(), "the evaluator panicked");
        }
        let _ = std::fs::remove_dir_all(&self.state);
    }
}
