//! Whom a call is let in for, by its code alone: before Binder reads an argument of it.
//!
//! rsbinder asks every object among a call's arguments what it is while it reads them, and waits for the answer. One that
//! never answers holds a thread for as long as its process lives, and there are few threads. So whoever may not register
//! listeners is refused before that, and of those who may each holds a thread or two.

use super::answer::answer;
use crate::serve::access::{Caller, Method};
use crate::serve::desk::Desk;
use crate::serve::wire::Refusal;
use com_enigm_trust::aidl::com::enigm::trust::ITrustService::{Pass, transactions};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many calls that bring an object one user may have under way.
const MAX_EACH: usize = 2;
/// How many of all: half of the threads.
const MAX_ALL: usize = 8;

/// The guard of the service.
pub struct Porter {
    desk: Arc<Desk>,
    caller: fn() -> Caller,
    /// The users whose calls with an object are under way, each as often as it has one.
    inside: Arc<Inside>,
}

type Inside = Mutex<Vec<u32>>;

impl Porter {
    pub fn new(desk: Arc<Desk>, caller: fn() -> Caller) -> Porter {
        Porter { desk, caller, inside: Arc::default() }
    }

    /// Whether a call of this code may be read. Of a method without arguments there is nothing to read: the desk says
    /// whether it may be called.
    pub fn admit(&self, code: u32) -> binder::Result<Pass> {
        let Some(method) = reads(code) else { return Ok(None) };
        answer(|| {
            let caller = (self.caller)();
            self.desk.permits(&caller, method)?;
            Ok(match method {
                Method::Listen | Method::Unlisten => Some(Box::new(self.enter(caller.uid)?) as Box<_>),
                _ => None,
            })
        })
    }

    fn enter(&self, user: u32) -> Result<Visit, Refusal> {
        let mut inside = lock(&self.inside);
        let own = inside.iter().filter(|other| **other == user).count();
        if own >= MAX_EACH || inside.len() >= MAX_ALL {
            return Err(Refusal::Busy);
        }
        inside.push(user);
        Ok(Visit { user, inside: self.inside.clone() })
    }
}

/// The methods that have arguments, by their codes.
fn reads(code: u32) -> Option<Method> {
    Some(match code {
        transactions::getGate => Method::Gate,
        transactions::getWords => Method::Words,
        transactions::getHistory => Method::History,
        transactions::registerListener => Method::Listen,
        transactions::unregisterListener => Method::Unlisten,
        transactions::reportSignals => Method::Report,
        transactions::attest => Method::Attest,
        transactions::getEnrolmentEvidence => Method::EnrolmentEvidence,
        _ => return None,
    })
}

struct Visit {
    user: u32,
    inside: Arc<Inside>,
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut inside = lock(&self.inside);
        if let Some(at) = inside.iter().position(|user| *user == self.user) {
            inside.swap_remove(at);
        }
    }
}

fn lock(inside: &Inside) -> MutexGuard<'_, Vec<u32>> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}
