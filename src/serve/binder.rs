//! The Binder door: `com.enigm.trust.ITrustService`, documented in `aidl/com/enigm/trust/ITrustService.aidl`.
//!
//! Who calls is what the driver says: the SELinux context that it adds to every call, and the effective uid. The pid
//! is never looked at; on oneway calls there is none. A call without a context is a stranger's.

mod answer;
pub mod client;
pub mod convert;
mod ears;
#[cfg(not(soong))]
mod porter;

use super::access::{Caller, Door, Method, type_of};
use super::desk::Desk;
use super::wire::Refusal;
use answer::answer;
use binder::{BinderFeatures, Interface, ProcessState, SpIBinder, StatusCode, Strong, ThreadState};
use com_enigm_trust::aidl::com::enigm::trust::{
    Attestation::Attestation, EnrolmentEvidence::EnrolmentEvidence, GateFindings::GateFindings,
    GateId::GateId, GateWords::GateWords, Head::Head, HistoryEntry::HistoryEntry,
    ITrustService::BnTrustService, ITrustService::HASH, ITrustService::ITrustService,
    ProviderState::ProviderState, SignalReport::SignalReport, Summary::Summary,
};
use ears::Ears;
use std::sync::Arc;

/// The name that the service is registered under.
pub const SERVICE: &str = "com.enigm.trust.ITrustService/default";
/// How many threads the driver may ask for beside the first. More than this many calls at once wait in the driver.
const MAX_THREADS: u32 = 15;

/// Why nothing is served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BinderError {
    /// There is no driver, or this process may not open it.
    #[error("binder: no driver at /dev/binderfs/binder or /dev/binder that this process may open")]
    NoDriver,
    /// The service manager did not take the service.
    #[error("binder: the service manager did not take {name}: {code}")]
    NotTaken {
        /// The name.
        name: Box<str>,
        /// What it said.
        code: StatusCode,
    },
}

/// Serves the desk under a name ([`SERVICE`]) on Binder's threads, from now until this process ends. Threads are
/// started here, and later as the driver asks for them.
///
/// # Errors
/// [`BinderError`].
pub fn serve(desk: Arc<Desk>, name: &str) -> Result<(), BinderError> {
    ProcessState::set_thread_pool_max_thread_count(MAX_THREADS);
    ProcessState::start_thread_pool();
    Service::guarded(desk, calling).and_then(|service| binder::add_service(name, service)).map_err(|code| {
        match code {
            StatusCode::NO_INIT => BinderError::NoDriver,
            code => BinderError::NotTaken { name: name.into(), code },
        }
    })
}

/// Whom the current thread serves.
fn calling() -> Caller {
    Caller {
        door: Door::Binder,
        uid: ThreadState::get_calling_uid(),
        selinux_type: ThreadState::with_calling_sid(|sid| {
            sid?.to_str().ok().and_then(type_of).map(Into::into)
        }),
        name: "binder".into(),
    }
}

/// The service: every method asks the desk.
pub struct Service {
    desk: Arc<Desk>,
    ears: Arc<Ears>,
    caller: fn() -> Caller,
}

impl Service {
    /// The desk as an object that is called in this process. `caller` says who calls.
    // Not Self: what is called is the object around it.
    #[allow(clippy::new_ret_no_self)]
    pub fn new(desk: Arc<Desk>, caller: fn() -> Caller) -> Strong<dyn ITrustService> {
        BnTrustService::new_binder(Service::at(desk, caller), BinderFeatures::default())
    }

    /// The desk as an object that other processes can call: whoever may not is refused before its arguments are read.
    ///
    /// # Errors
    /// None that is known: an object that was just made is of its interface.
    pub fn guarded(desk: Arc<Desk>, caller: fn() -> Caller) -> Result<SpIBinder, StatusCode> {
        let features = BinderFeatures { set_requesting_sid: true, ..BinderFeatures::default() };
        // libbinder_rs has no place for a porter. Nor has he the work there: it reads an object without asking it what
        // it is (AParcel_readStrongBinder), and every method asks the desk first. Arguments are read before that.
        #[cfg(soong)]
        return Ok(BnTrustService::new_binder(Service::at(desk, caller), features).as_binder());
        #[cfg(not(soong))]
        {
            let porter = porter::Porter::new(desk.clone(), caller);
            BnTrustService::new_guarded(Service::at(desk, caller), move |code| porter.admit(code), features)
        }
    }

    fn at(desk: Arc<Desk>, caller: fn() -> Caller) -> Service {
        Service { ears: Ears::new(desk.clone()), desk, caller }
    }

    /// Permission first: what an argument is worth is nothing to whoever may not call.
    fn permitted(&self, method: Method) -> Result<Caller, Refusal> {
        let caller = (self.caller)();
        self.desk.permits(&caller, method)?;
        Ok(caller)
    }
}

impl Interface for Service {}

#[allow(non_snake_case, reason = "as in AIDL")]
impl ITrustService for Service {
    fn getSummary(&self) -> binder::Result<Summary> {
        answer(|| Ok(Summary::from(&*self.desk.summary(&(self.caller)())?)))
    }

    fn getGate(&self, gate: GateId) -> binder::Result<GateFindings> {
        answer(|| Ok(GateFindings::from(&self.desk.gate(&(self.caller)(), gate.0)?)))
    }

    fn getWords(&self, gate: GateId) -> binder::Result<GateWords> {
        answer(|| {
            let words = self.desk.words(&(self.caller)())?;
            let words = words.iter().find(|words| i32::from(words.gate.number()) == gate.0);
            Ok(GateWords::from(words.ok_or(Refusal::BadArgument)?))
        })
    }

    fn getHistory(&self, after: i64, most: i32) -> binder::Result<Vec<HistoryEntry>> {
        answer(|| {
            Ok(self.desk.history(&(self.caller)(), after, most)?.iter().map(HistoryEntry::from).collect())
        })
    }

    fn getHead(&self) -> binder::Result<Head> {
        answer(|| Ok(Head::from(self.desk.head(&(self.caller)())?)))
    }

    fn evaluate(&self) -> binder::Result<i64> {
        answer(|| Ok(convert::long(self.desk.evaluate(&(self.caller)())?)))
    }

    fn registerListener(&self, listener: &SpIBinder) -> binder::Result<()> {
        answer(|| self.ears.register(self.permitted(Method::Listen)?, listener))
    }

    fn unregisterListener(&self, listener: &SpIBinder) -> binder::Result<()> {
        answer(|| self.ears.unregister(&self.permitted(Method::Unlisten)?, listener))
    }

    fn reportSignals(&self, report: &SignalReport) -> binder::Result<()> {
        answer(|| {
            let caller = self.permitted(Method::Report)?;
            self.desk.report(&caller, report.try_into().map_err(|_| Refusal::BadArgument)?)
        })
    }

    fn getProviders(&self) -> binder::Result<Vec<ProviderState>> {
        answer(|| Ok(self.desk.providers(&(self.caller)())?.iter().map(ProviderState::from).collect()))
    }

    fn attest(&self, nonce: &[u8], confirmation: &[u8]) -> binder::Result<Attestation> {
        answer(|| Ok(Attestation { token: self.desk.attest(&(self.caller)(), nonce, confirmation)? }))
    }

    fn getInterfaceVersion(&self) -> binder::Result<i32> {
        answer(|| self.desk.version(&(self.caller)()))
    }

    fn getInterfaceHash(&self) -> binder::Result<String> {
        answer(|| self.desk.version(&(self.caller)()).map(|_| HASH.to_owned()))
    }

    fn getEnrolmentEvidence(&self, challenge: &[u8], anew: bool) -> binder::Result<EnrolmentEvidence> {
        answer(|| {
            Ok(EnrolmentEvidence {
                evidence: self.desk.enrolment_evidence(&(self.caller)(), challenge, anew)?,
            })
        })
    }

    fn installPolicy(&self, bundle: &[u8]) -> binder::Result<i32> {
        answer(|| Ok(convert::int(self.desk.install_policy(&(self.caller)(), bundle)?)))
    }

    fn installRevocations(&self, snapshot: &[u8]) -> binder::Result<i64> {
        answer(|| Ok(convert::long(self.desk.install_revocations(&(self.caller)(), snapshot)?)))
    }
}
