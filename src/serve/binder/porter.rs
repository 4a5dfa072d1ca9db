//! Who is let in, by the code of the call alone: before Binder reads an argument of it.
//!
//! rsbinder asks every object among a call's arguments what it is while it reads them, and waits for the answer. One that
//! never answers holds a thread for as long as its process lives, and there are few threads. So whoever may not register
//! listeners is refused before that, and of those who may each holds a thread or two.
//!
//! What is asked most has its answer here: the summary, written out once a posture.

use super::answer::answer;
use crate::serve::access::{Caller, Method};
use crate::serve::desk::Desk;
use crate::serve::wire::{self, Refusal};
use com_enigm_trust::aidl::com::enigm::trust::ITrustService::{Admission, Answer, transactions};
use com_enigm_trust::aidl::com::enigm::trust::Summary::Summary;
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
    last: Mutex<Option<(Arc<wire::Summary>, Answer)>>,
}

type Inside = Mutex<Vec<u32>>;

impl Porter {
    pub fn new(desk: Arc<Desk>, caller: fn() -> Caller) -> Porter {
        Porter { desk, caller, inside: Arc::default(), last: Mutex::default() }
    }

    /// What becomes of a call of this code. Of a method without arguments there is nothing to read: the desk says
    /// whether it may be called.
    pub fn admit(&self, code: u32) -> binder::Result<Admission> {
        if code == transactions::getSummary {
            return answer(|| self.summary().map(Admission::Answer));
        }
        let Some(method) = reads(code) else { return Ok(Admission::Call(None)) };
        answer(|| {
            let caller = (self.caller)();
            self.desk.permits(&caller, method)?;
            Ok(Admission::Call(match method {
                Method::Listen | Method::Unlisten => Some(Box::new(self.enter(caller.uid)?)),
                _ => None,
            }))
        })
    }

    fn summary(&self) -> Result<Answer, Refusal> {
        let summary = self.desk.summary(&(self.caller)())?;
        let mut last = lock(&self.last);
        if let Some((_, written)) = last.as_ref().filter(|(of, _)| Arc::ptr_eq(of, &summary)) {
            return Ok(written.clone());
        }
        let written = Answer::of(&Summary::from(&*summary)).map_err(|_| Refusal::Internal)?;
        // An audience's is made for it at each call.
        if Arc::strong_count(&summary) > 1 {
            *last = Some((summary, written.clone()));
        }
        Ok(written)
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
        transactions::installPolicy => Method::InstallPolicy,
        transactions::installRevocations => Method::InstallRevocations,
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

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
