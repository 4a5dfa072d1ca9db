//! The daemon as a whole: what it is set up with, and the threads that it starts.

#[cfg(target_os = "linux")]
use crate::confine;
use crate::cycle::House;
use crate::engine::{Clock, Evaluator, Events, Handle, Live, Place, Policies, Start};
#[cfg(not(target_os = "android"))]
use crate::keys::FileKeys;
use crate::keys::{Keys, Keystore2, KeystoreKeys};
use crate::policies;
use crate::serve::access::{Access, Entry, Grant, Tier};
use crate::serve::binder;
#[cfg(not(target_os = "android"))]
use crate::serve::dbus::{self, Bus};
use crate::serve::desk::Desk;
use crate::serve::limits::{Bounds, monotonic};
use crate::serve::listeners::Listeners;
use crate::store::Store;
use crate::watch::WatchRoot;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};
use trust_evidence::LoadError;
use trust_gates::{Callers, Policy, Reader};

/// Why the daemon could not start.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A policy that is not one.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// No policy of this name.
    #[error("policy \"{0}\": expected production, stock or lab; a development build takes a policy file too")]
    NoPolicy(String),
    /// A file that can't be read.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// The running system's root can't be opened.
    #[error("/: can't be opened: {0}")]
    Live(rustix::io::Errno),
    /// A root that can't be read.
    #[error("{0}")]
    Root(#[from] crate::import::ImportError),
    /// Roots that can't be read.
    #[error("{0}: {1}")]
    Roots(PathBuf, crate::attestation::TrustError),
    /// The kernel gave no way to wait for events.
    #[error("no events can be waited for: {0}")]
    Events(io::Error),
    /// The evaluator ended, which it never should by itself; why stands in the log.
    #[error("the evaluator ended: expected it to go on until this is stopped")]
    Ended,
    /// Signals can't be waited for.
    #[error("signals can't be waited for: {0}")]
    Signals(io::Error),
    /// The kernel's boot id can't be read.
    #[error("/proc/sys/kernel/random/boot_id: {0}")]
    BootId(String),
    /// A thread can't be started.
    #[error("a thread can't be started: {0}")]
    Thread(io::Error),
    /// The daemon could not give up what it need not be able to do.
    #[cfg(target_os = "linux")]
    #[error("confining: {0}")]
    Confine(#[from] confine::ConfineError),
    /// The D-Bus door can't be opened.
    #[cfg(not(target_os = "android"))]
    #[error("{0}")]
    DBus(#[from] dbus::DoorError),
    /// The Binder door can't be opened.
    #[error("{0}")]
    Binder(#[from] binder::BinderError),
}

/// The file of software's keys, in the state directory.
#[cfg(not(target_os = "android"))]
pub const KEYS: &str = "posture-keys";

/// How long an evaluator is waited for when the daemon ends.
const PATIENCE: Duration = Duration::from_secs(6);

/// What a daemon is set up with.
pub struct Setup {
    house: Arc<House>,
    policy: Policy,
    state: PathBuf,
    place: Box<dyn Place>,
    root: WatchRoot,
    clock: Clock,
    /// Keys in the place of the system's: in development alone.
    keys: Option<Arc<dyn Keys>>,
    /// Who may ask everything, unless the policy names them for something else: in development alone.
    me: Option<u32>,
    keeper: Keeper,
}

/// Who keeps the posture keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keeper {
    /// A file in the state directory: software's keys, and said so in all that they sign for.
    #[cfg(not(target_os = "android"))]
    #[default]
    File,
    /// Android's keystore2, over Binder.
    #[cfg_attr(target_os = "android", default)]
    Keystore,
}

/// Where a daemon serves.
pub struct Doors {
    /// The D-Bus: `system`, `session`, `none`, or an address.
    pub bus: String,
    /// Whether to serve on Binder.
    pub binder: bool,
}

impl Doors {
    /// Whether this machine has a binder driver.
    pub fn has_binder() -> bool {
        ["/dev/binderfs/binder", "/dev/binder"].iter().any(|path| Path::new(path).exists())
    }
}

/// A running daemon.
pub struct Daemon {
    handle: Handle,
    desk: Arc<Desk>,
    evaluator: Option<std::thread::JoinHandle<()>>,
    #[cfg(not(target_os = "android"))]
    _dbus: Option<dbus::Door>,
}

fn policy(name: &str) -> Result<Policy, DaemonError> {
    match policies::built_in(name) {
        Some(policy) => Ok(policy?),
        None if cfg!(debug_assertions) && Path::new(name).is_file() => {
            let text = std::fs::read_to_string(name).map_err(|error| DaemonError::Io(name.into(), error))?;
            Ok(Policy::parse(name, &text)?)
        }
        None => Err(DaemonError::NoPolicy(name.into())),
    }
}

impl Setup {
    /// The running system, under a policy.
    ///
    /// # Errors
    /// A policy that is not one, or a root that can't be opened.
    pub fn live(state: PathBuf, policy_name: &str) -> Result<Setup, DaemonError> {
        Ok(Setup {
            house: Arc::new(House::open()?),
            policy: policy(policy_name)?,
            state,
            place: Box::new(Live::open().map_err(DaemonError::Live)?),
            root: WatchRoot { live: true, base: "/".into() },
            clock: Clock::default(),
            keys: None,
            me: None,
            keeper: Keeper::default(),
        })
    }

    /// A root that stands for a device. Whoever runs the daemon may ask everything.
    ///
    /// # Errors
    /// A policy, a root or roots that can't be read.
    #[cfg(debug_assertions)]
    pub fn sample(
        state: PathBuf,
        policy_name: &str,
        root: &Path,
        roots: Option<&Path>,
        clock: Option<trust_evidence::Time>,
    ) -> Result<Setup, DaemonError> {
        let house = Arc::new(House::open()?);
        let policy = policy(policy_name)?;
        let mut text = None;
        if let Some(path) = roots {
            let read = std::fs::read(path).map_err(|error| DaemonError::Io(path.into(), error))?;
            crate::engine::Sample::trusting(&policy, Some(&read))
                .map_err(|error| DaemonError::Roots(path.into(), error))?;
            text = Some(read);
        }
        let place = Box::new(crate::engine::Sample::open(&house, root, &policy, text)?);
        Ok(Setup {
            house,
            policy,
            state,
            place,
            root: WatchRoot { live: false, base: root.into() },
            clock: clock.map_or_else(Clock::default, Clock::from),
            keys: None,
            me: Some(rustix::process::geteuid().as_raw()),
            keeper: Keeper::default(),
        })
    }

    /// With posture keys that somebody else keeps.
    #[must_use]
    pub fn keeping_keys(self, keeper: Keeper) -> Setup {
        Setup { keeper, ..self }
    }
}

#[cfg(debug_assertions)]
impl Setup {
    /// These keys in the place of the system's. They attest the device too, even one that a root stands for, in the place of
    /// what its files say.
    pub fn with_keys(self, keys: Arc<dyn Keys>) -> Setup {
        Setup { keys: Some(keys), ..self }
    }

    /// The clocks ahead by these milliseconds, which a test lets pass.
    pub fn passing(self, passed: &'static std::sync::atomic::AtomicU64) -> Setup {
        Setup { clock: self.clock.passing(passed), ..self }
    }
}

/// Gives up what a daemon with this state directory need not be able to do. For the threads that start after it: before
/// the first.
///
/// # Errors
/// The kernel has the means and refuses.
#[cfg(target_os = "linux")]
pub fn confine(state: &Path) -> Result<(), DaemonError> {
    use std::os::unix::fs::DirBuilderExt;

    // init and systemd have made it already; what can't be made is the history's to tell.
    match std::fs::DirBuilder::new().mode(0o700).create(state) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            tracing::warn!("{}: {error}", state.display());
        }
        _ => {}
    }
    match confine::files(state) {
        Ok(confine::Files::Whole) => {}
        Ok(confine::Files::Partly) => {
            tracing::info!("files are confined as far as this kernel's Landlock goes")
        }
        Ok(confine::Files::Not) => tracing::info!("files are not confined: this kernel has no Landlock"),
        Err(error) => return Err(error.into()),
    }
    Ok(confine::calls()?)
}

impl Daemon {
    /// Subscribes, reads, judges, then opens the doors. `at_end` is called when the evaluator ends, however it does:
    /// without one there is nothing to serve, and whoever supervises the process starts it again.
    ///
    /// # Errors
    /// What a daemon can't do without: a policy, events, threads, and each door that was asked for.
    pub fn start(
        setup: Setup,
        doors: &Doors,
        at_end: impl FnOnce() + Send + 'static,
    ) -> Result<Daemon, DaemonError> {
        let Setup { house, policy, state, place, root, clock, keys: given, me, keeper } = setup;
        let boot_id = boot_id()?;
        let mut store = Store::open(&state, boot_id, clock.now().unix()).store;
        let policies = Policies::open(&house, policy, &mut store);
        let first = access(policies.policy(), me);
        if doors.bus != "none" && !first.names_users() {
            let policy = policies.policy().id();
            tracing::warn!("the policy {policy} names nobody on D-Bus: every call there will be refused");
        }
        let listeners = Arc::new(Listeners::new(monotonic()));
        let seat: Arc<OnceLock<Weak<Desk>>> = Arc::default();
        let at = seat.clone();
        let appoint = move |policy: &Policy| {
            let access = access(policy, me);
            if let Some(desk) = at.get().and_then(Weak::upgrade) {
                desk.replace_access(access.clone());
            }
            access
        };
        let keys = keys(keeper, &state);
        // What another device attested stands among its files.
        let attester = given.clone().or_else(|| keys.clone().filter(|_| !place.is_another_device()));
        let keys = given.or(keys);
        let start = Start {
            events: Events::open(root, &house.catalogue)
                .map_err(|errno| DaemonError::Events(errno.into()))?,
            store,
            house,
            policies,
            place,
            clock,
            listeners: listeners.clone(),
            appoint: Box::new(appoint),
            keys,
            attester,
            boot_id,
        };
        let (evaluator, handle) = Evaluator::new(start);
        let desk =
            Arc::new(Desk::new(Arc::new(handle.clone()), first, listeners, Bounds::default(), monotonic()));
        let _ = seat.set(Arc::downgrade(&desk));
        let thread = std::thread::Builder::new().name("evaluator".into()).spawn(move || {
            match catch_unwind(AssertUnwindSafe(|| evaluator.run())) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!("{error}"),
                Err(_) => tracing::error!("the evaluator panicked"),
            }
            at_end();
        });
        #[cfg(not(target_os = "android"))]
        let door = match &*doors.bus {
            "none" => None,
            bus => Some(dbus::Door::open(Bus::of(bus), desk.clone())?),
        };
        if doors.binder {
            binder::serve(desk.clone(), binder::SERVICE)?;
        }
        Ok(Daemon {
            handle,
            desk,
            evaluator: Some(thread.map_err(DaemonError::Thread)?),
            #[cfg(not(target_os = "android"))]
            _dbus: door,
        })
    }

    /// The evaluator.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The desk before it.
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Ends the evaluator, once what it is at is done; one that hangs is left behind.
    pub fn stop(mut self) {
        let Some(thread) = self.evaluator.take() else { return };
        let start = Instant::now();
        let mut is_told = false;
        while !thread.is_finished() {
            is_told = is_told || self.handle.stop();
            if start.elapsed() > PATIENCE {
                tracing::error!("the evaluator hangs: it is not waited for");
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        // It panics no more: it has caught that.
        let _ = thread.join();
    }
}

/// The posture keys. Without them nothing is signed, and everything else goes on.
#[cfg_attr(target_os = "android", expect(unused_variables, reason = "no keys in files there"))]
fn keys(keeper: Keeper, state: &Path) -> Option<Arc<dyn Keys>> {
    let keys: Result<Arc<dyn Keys>, String> = match keeper {
        #[cfg(not(target_os = "android"))]
        Keeper::File => match FileKeys::open(&state.join(KEYS)) {
            Ok(keys) => Ok(Arc::new(keys)),
            Err(error) => Err(error.to_string()),
        },
        Keeper::Keystore => match KeystoreKeys::start(|| Box::new(Keystore2::default())) {
            Ok(keys) => Ok(Arc::new(keys)),
            Err(error) => Err(format!("a thread can't be started: {error}")),
        },
    };
    keys.inspect_err(|error| tracing::error!("attestations can't be signed: {error}")).ok()
}

/// Whom the policy lets ask what.
fn access(policy: &Policy, me: Option<u32>) -> Access {
    let entry = |grant, callers: &Callers| Entry { grant, callers: callers.clone() };
    let mine = me.map(|user| entry(Grant::Center, &Callers { users: vec![user], ..Callers::default() }));
    let readers = policy.access().iter().map(|access| {
        let grant = match access.reader {
            Reader::Center => Grant::Center,
            Reader::Auditor => Grant::Auditor,
            Reader::Manager => Grant::Manager,
        };
        entry(grant, &access.callers)
    });
    let providers =
        policy.providers().iter().map(|own| entry(Grant::Provider(own.name.clone()), &own.callers));
    let audiences = policy.audiences().iter().map(|audience| {
        let tier = Tier { id: audience.id.clone(), gates: audience.gates.clone() };
        entry(Grant::Audience(tier), &audience.callers)
    });
    Access::new(readers.chain(providers).chain(audiences).chain(mine).collect())
}

/// The kernel's random id of this boot, a UUID (Documentation/admin-guide/sysctl/kernel.rst).
fn boot_id() -> Result<[u8; 16], DaemonError> {
    const PATH: &str = "/proc/sys/kernel/random/boot_id";
    let text = std::fs::read_to_string(PATH).map_err(|error| DaemonError::Io(PATH.into(), error))?;
    let hex: String = text.trim().chars().filter(|c| *c != '-').collect();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap_or_default();
    <[u8; 16]>::try_from(bytes).map_err(|_| {
        DaemonError::BootId(format!("\"{}\": expected a UUID", trust_evidence::printable(text.trim())))
    })
}
