//! A directory that is read like a running Android system, with properties that change as init changes them, and an
//! evaluator over it.

use crate::property_area::{SIZE, Writer, property_info};
use crate::scratch::Scratch;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use trust_evidence::Reason;
use trust_posture::{GateId, Verdict};
use trust_token::crypto::{PublicKey, Signature};
use trust_token::evidence::Kept;
use trustd::collect::Deadlines;
use trustd::cycle::House;
use trustd::engine::{Clock, Evaluator as Engine, Events, Handle, Live as LivePlace, Policies, Start};
use trustd::keys::{Chain, KeyError, Keys, Whose};
use trustd::policies;
use trustd::root::{Directory, Root};
use trustd::serve::access::{Access, Caller, Door};
use trustd::serve::limits::monotonic;
use trustd::serve::listeners::{Gone, Listener, Listeners, View};
use trustd::serve::wire::{Change, Evaluator};
use trustd::store::Store;
use trustd::watch::WatchRoot;

/// What comes within seconds on a machine that is idle may take a while on one that is busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The beginnings of names and the areas that hold them; the first is every other name's.
pub const CONTEXTS: [(&str, &str); 5] = [
    ("", "u:object_r:default_prop:s0"),
    ("ro.", "u:object_r:build_prop:s0"),
    ("init.svc.", "u:object_r:init_service_status_private_prop:s0"),
    ("sys.", "u:object_r:system_prop:s0"),
    ("persist.", "u:object_r:persist_prop:s0"),
];

/// The file of the area that holds a property.
pub fn area_of(key: &str) -> String {
    let longest =
        CONTEXTS.iter().filter(|(start, _)| key.starts_with(start)).max_by_key(|(start, _)| start.len());
    format!("dev/__properties__/{}", longest.unwrap().1)
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A running Android's properties, and nothing else.
pub struct Phone {
    pub root: Scratch,
    areas: Mutex<BTreeMap<String, Writer>>,
}

const SERIAL: &str = "dev/__properties__/properties_serial";

impl Phone {
    pub fn new(name: &str, properties: &[(&str, &str)]) -> Phone {
        let root = Scratch::new(name);
        let rules = CONTEXTS.map(|(start, area)| (start, false, area));
        root.write("dev/__properties__/property_info", property_info(rules[0].2, &rules[1..]));
        let mut areas = BTreeMap::from([(SERIAL.to_string(), Writer::new(SIZE))]);
        for (_, area) in CONTEXTS {
            areas.insert(format!("dev/__properties__/{area}"), Writer::new(SIZE));
        }
        areas.iter().for_each(|(path, area)| root.write(path, &area.bytes));
        let phone = Phone { root, areas: Mutex::new(areas) };
        properties.iter().for_each(|(key, value)| phone.add(key, value));
        phone
    }

    pub fn add(&self, key: &str, value: &str) {
        self.change(key, |area| area.add(key, value));
    }

    pub fn set(&self, key: &str, value: &str) {
        self.change(key, |area| area.update(key, value));
    }

    /// In place, as a mapping is written: the area first, then the serial of all.
    fn change(&self, key: &str, change: impl FnOnce(&mut Writer)) {
        let (mut areas, own) = (self.areas.lock().unwrap(), area_of(key));
        change(areas.get_mut(&own).unwrap());
        areas.get_mut(SERIAL).unwrap().rise();
        for path in [&*own, SERIAL] {
            self.write(path, &areas[path].bytes);
        }
    }

    /// Writes a file in place.
    pub fn write(&self, path: impl AsRef<str>, bytes: &[u8]) {
        let file = OpenOptions::new().write(true).open(self.root.0.join(path.as_ref())).unwrap();
        file.write_all_at(bytes, 0).unwrap();
        file.set_len(bytes.len().try_into().unwrap()).unwrap();
    }
}

type Hook = Box<dyn Fn(&str, Result<Vec<u8>, Reason>) -> Result<Vec<u8>, Reason> + Send + Sync>;

/// A phone's files as the running system's; what is read may be made another.
pub struct Looked {
    files: Directory,
    hook: Hook,
}

impl Looked {
    pub fn at(phone: &Phone) -> Looked {
        Looked { files: Directory::open(&phone.root.0).unwrap(), hook: Box::new(|_, read| read) }
    }

    pub fn with(
        self,
        hook: impl Fn(&str, Result<Vec<u8>, Reason>) -> Result<Vec<u8>, Reason> + Send + Sync + 'static,
    ) -> Looked {
        Looked { hook: Box::new(hook), ..self }
    }
}

impl Root for Looked {
    fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, Reason> {
        (self.hook)(path, self.files.read(path, cap))
    }

    fn entries(&self, path: &str) -> Result<Vec<String>, Reason> {
        self.files.entries(path)
    }

    fn exists(&self, path: &str) -> Result<bool, Reason> {
        self.files.exists(path)
    }

    fn subdirectories(&self, path: &str) -> Result<i64, Reason> {
        self.files.subdirectories(path)
    }

    fn filesystem(&self, path: &str) -> Option<u64> {
        self.files.filesystem(path)
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// An evaluator over a phone.
pub struct Live {
    pub handle: Handle,
    listeners: Arc<Listeners>,
    _state: Scratch,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    pub fn start(phone: &Phone, attester: Option<Arc<dyn Keys>>) -> Live {
        let house = Arc::new(House::open().unwrap());
        let name = phone.root.0.file_name().unwrap().to_str().unwrap();
        let state = Scratch::new(&format!("state-of-{name}"));
        let mut store = Store::open(&state.0, [7; 16], 0).store;
        let policy = policies::built_in("production").unwrap().unwrap();
        let policies = Policies::open(&house, policy, &mut store);
        let deadlines = Deadlines { each: PATIENCE, total: PATIENCE };
        let watch = WatchRoot { live: true, base: phone.root.0.clone() };
        let listeners = Arc::new(Listeners::new(monotonic()));
        let start = Start {
            events: Events::open(watch, &house.catalogue).unwrap(),
            store,
            policies,
            place: Box::new(LivePlace::of(Arc::new(Looked::at(phone)), deadlines)),
            clock: Clock::default(),
            listeners: listeners.clone(),
            appoint: Box::new(|_| Access::default()),
            keys: None,
            attester,
            boot_id: [7; 16],
            house,
        };
        let (engine, handle) = Engine::new(start);
        let thread = Some(std::thread::spawn(move || engine.run().unwrap()));
        until("a first posture", || handle.summary().is_ok());
        Live { handle, listeners, _state: state, thread }
    }

    pub fn verdict(&self, gate: GateId, code: &str) -> Verdict {
        let findings = self.handle.gate(gate).unwrap().objectives.into_iter().flat_map(|o| o.findings);
        findings.into_iter().find(|finding| &*finding.code == code).unwrap().verdict
    }

    pub fn listen(&self) -> Receiver<Change> {
        let (ear, heard) = channel();
        let caller = Caller { door: Door::DBus, uid: 0, selinux_type: None, name: "test".into() };
        self.listeners.add(&caller, View::All, Box::new(Ear(ear))).unwrap();
        heard
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking(), "the evaluator panicked");
        }
    }
}

struct Ear(Sender<Change>);

impl Listener for Ear {
    fn changed(&mut self, change: &Change) -> Result<(), Gone> {
        self.0.send(change.clone()).map_err(|_| Gone)
    }
}

/// Keys that count how often they are asked to attest the device, and have none.
struct Counting(Arc<AtomicUsize>);

pub fn fake_keys() -> (Arc<dyn Keys>, Arc<AtomicUsize>) {
    let asked = Arc::default();
    (Arc::new(Counting(Arc::clone(&asked))), asked)
}

impl Keys for Counting {
    fn public_key(&self, _: Whose<'_>) -> Result<PublicKey, KeyError> {
        Err(KeyError::NotEnrolled)
    }

    fn sign(&self, _: Whose<'_>, _: &[u8]) -> Result<Signature, KeyError> {
        Err(KeyError::NotEnrolled)
    }

    fn handle(&self, _: Whose<'_>) -> Result<[u8; 32], KeyError> {
        Err(KeyError::NotEnrolled)
    }

    fn show(&self, _: Whose<'_>, _: &[u8; 32], _: bool) -> Result<(PublicKey, Kept), KeyError> {
        Err(KeyError::NotEnrolled)
    }

    fn attest_device(&self, _: &[u8; 32]) -> Result<Vec<Chain>, KeyError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Vec::new())
    }
}
