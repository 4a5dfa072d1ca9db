//! Listeners in other processes: which object is which of the desk's listeners, and their deaths.
//!
//! The lock is never held while the desk or the driver is called: both call back.

use crate::serve::access::Caller;
use crate::serve::desk::Desk;
use crate::serve::listeners::{Gone, Listener, ListenerId};
use crate::serve::wire::{self, Refusal};
use binder::{DeathRecipient, IBinder, SpIBinder, StatusCode, Strong};
use com_enigm_trust::aidl::com::enigm::trust::{Change::Change, ITrustListener::ITrustListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// All of them.
pub struct Ears {
    desk: Arc<Desk>,
    last: AtomicU64,
    known: Mutex<Vec<Ear>>,
}

struct Ear {
    token: u64,
    owner: Caller,
    object: SpIBinder,
    /// None while the desk is asked.
    id: Option<ListenerId>,
    /// Whoever drops it is not told of the death.
    _death: Option<DeathRecipient>,
}

impl Ears {
    /// None yet.
    pub fn new(desk: Arc<Desk>) -> Arc<Ears> {
        Arc::new(Ears { desk, last: AtomicU64::new(0), known: Mutex::default() })
    }

    /// Has a listener told of changes, until it dies. One that its owner registered already stays registered.
    pub fn register(self: &Arc<Self>, owner: Caller, object: &SpIBinder) -> Result<(), Refusal> {
        let token = self.last.fetch_add(1, Ordering::Relaxed);
        {
            let mut known = self.lock();
            if known.iter().any(|ear| ear.owner == owner && ear.object == *object) {
                return Ok(());
            }
            let (owner, object) = (owner.clone(), object.clone());
            known.push(Ear { token, owner, object, id: None, _death: None });
        }
        let told = Told { object: object.clone(), listener: None, ears: Arc::downgrade(self), token };
        let id = match self.desk.listen(&owner, Box::new(told)) {
            Ok(id) => id,
            Err(refusal) => {
                self.forget(token);
                return Err(refusal);
            }
        };
        self.with(token, |ear| ear.id = Some(id));
        self.watch(token, id, object.clone())
    }

    fn watch(self: &Arc<Self>, token: u64, id: ListenerId, mut object: SpIBinder) -> Result<(), Refusal> {
        let ears = Arc::downgrade(self);
        let mut death = DeathRecipient::new(move || {
            if let Some(ears) = ears.upgrade() {
                ears.forget(token);
                ears.desk.gone(id);
            }
        });
        match object.link_to_death(&mut death) {
            Err(StatusCode::DEAD_OBJECT) => {
                self.forget(token);
                self.desk.gone(id);
                Err(Refusal::BadArgument)
            }
            // An object of this process has no death to tell of.
            Ok(()) | Err(_) => {
                self.with(token, |ear| ear._death = Some(death));
                Ok(())
            }
        }
    }

    /// Has it told no more. One that is not known is not told already.
    pub fn unregister(&self, owner: &Caller, object: &SpIBinder) -> Result<(), Refusal> {
        let found = self.lock().iter().find_map(|ear| {
            let id = ear.id.filter(|_| ear.owner == *owner && ear.object == *object)?;
            Some((ear.token, id))
        });
        let Some((token, id)) = found else { return Ok(()) };
        match self.desk.unlisten(owner, id) {
            // Or the desk dropped it just now.
            Ok(()) | Err(Refusal::BadArgument) => {
                self.forget(token);
                Ok(())
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn with(&self, token: u64, change: impl FnOnce(&mut Ear)) {
        let mut known = self.lock();
        if let Some(ear) = known.iter_mut().find(|ear| ear.token == token) {
            change(ear);
        }
    }

    /// The ear is dropped outside the lock: that calls the driver.
    fn forget(&self, token: u64) {
        let _forgotten = {
            let mut known = self.lock();
            known.iter().position(|ear| ear.token == token).map(|at| known.swap_remove(at))
        };
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Ear>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener as the desk knows it. The desk drops it when it is done with it, whatever the reason.
struct Told {
    object: SpIBinder,
    /// Once it is known to be one.
    listener: Option<Strong<dyn ITrustListener>>,
    ears: Weak<Ears>,
    token: u64,
}

impl Listener for Told {
    /// The first time the object is asked what it is, which may take as long as its process likes: this thread is its
    /// own. Then a oneway call, which returns once the driver has it. It fails where the process is dead, or has not
    /// taken calls for so long that its buffer is full.
    fn changed(&mut self, change: &wire::Change) -> Result<(), Gone> {
        let listener = match &mut self.listener {
            Some(listener) => listener,
            none => none.insert(self.object.clone().into_interface().map_err(|_| Gone)?),
        };
        listener.onPostureChanged(&Change::from(change)).map_err(|_| Gone)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(ears) = self.ears.upgrade() {
            ears.forget(self.token);
        }
    }
}
