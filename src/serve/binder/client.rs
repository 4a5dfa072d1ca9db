//! The other end: what `trustctl` asks over Binder, in the daemon's own values.

use super::convert::{ToAidl, ToOurs, Unknown};
use crate::serve::wire::{self, Refusal};
use binder::{BinderFeatures, ExceptionCode, Interface, ProcessState, Status, StatusCode, Strong};
use com_enigm_trust::aidl::com::enigm::trust::{
    Change::Change, ErrorCode::ErrorCode, ITrustListener::BnTrustListener, ITrustListener::ITrustListener,
    ITrustService::ITrustService,
};
use trust_posture as posture;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The daemon refused.
    #[error("trustd: {0}")]
    Refused(Refusal),
    /// There is no Binder driver here.
    #[error("binder: no driver that this process may open")]
    NoDriver,
    /// There is no such service, or this caller may not find or call it.
    #[error("binder: no service {0}, or none that you may call")]
    NoService(Box<str>),
    /// The daemon died, or the call did not reach it.
    #[error("binder: the call did not go through: {0}")]
    NotDelivered(Box<str>),
    /// It answers what this build does not understand.
    #[error("trustd answers what this build does not understand: {0}")]
    NotUnderstood(#[from] Unknown),
}

/// A connection to the daemon.
pub struct Client {
    service: Strong<dyn ITrustService>,
}

impl Client {
    /// The daemon under this name ([`SERVICE`](super::SERVICE)), if it is there now.
    ///
    /// # Errors
    /// [`CallError::NoDriver`], [`CallError::NoService`].
    pub fn connect(name: &str) -> Result<Client, CallError> {
        match binder::check_interface(name) {
            Ok(service) => Ok(Client { service }),
            Err(StatusCode::NO_INIT) => Err(CallError::NoDriver),
            Err(_) => Err(CallError::NoService(name.into())),
        }
    }

    /// The posture in short. Errors, here and below: [`CallError`].
    pub fn summary(&self) -> Result<wire::Summary, CallError> {
        Ok((&self.service.getSummary().map_err(failed)?).try_into()?)
    }

    /// One gate's findings.
    pub fn gate(&self, gate: posture::GateId) -> Result<wire::GateFindings, CallError> {
        Ok((&self.service.getGate(gate.to_aidl()).map_err(failed)?).try_into()?)
    }

    /// The words of all gates, one call a gate.
    pub fn words(&self) -> Result<Vec<wire::GateWords>, CallError> {
        let words =
            |gate: posture::GateId| Ok((&self.service.getWords(gate.to_aidl()).map_err(failed)?).try_into()?);
        posture::GateId::ALL.into_iter().map(words).collect()
    }

    /// Entries of the history after this number, oldest first.
    pub fn history(&self, after: u64, most: u32) -> Result<Vec<wire::HistoryEntry>, CallError> {
        let most = i32::try_from(most).map_err(|_| CallError::Refused(Refusal::BadArgument))?;
        let entries = self.service.getHistory(super::convert::long(after), most).map_err(failed)?;
        Ok(entries.iter().map(wire::HistoryEntry::try_from).collect::<Result<_, _>>()?)
    }

    /// The history's end.
    pub fn head(&self) -> Result<wire::Head, CallError> {
        Ok((&self.service.getHead().map_err(failed)?).try_into()?)
    }

    /// Has everything read and judged again; the sequence number then.
    pub fn evaluate(&self) -> Result<u64, CallError> {
        let number = self.service.evaluate().map_err(failed)?;
        u64::try_from(number).map_err(|_| Unknown { what: "sequence", number }.into())
    }

    /// The providers.
    pub fn providers(&self) -> Result<Vec<wire::ProviderState>, CallError> {
        let providers = self.service.getProviders().map_err(failed)?;
        Ok(providers.iter().map(wire::ProviderState::try_from).collect::<Result<_, _>>()?)
    }

    /// Pushes a report.
    pub fn report(&self, report: &wire::Report) -> Result<(), CallError> {
        self.service.reportSignals(&report.into()).map_err(failed)
    }

    /// Installs a policy bundle; the version that holds then.
    pub fn install_policy(&self, bundle: &[u8]) -> Result<u32, CallError> {
        let number = self.service.installPolicy(bundle).map_err(failed)?;
        u32::try_from(number).map_err(|_| Unknown { what: "version", number: number.into() }.into())
    }

    /// Installs a signed snapshot of a revocation list; its number.
    pub fn install_revocations(&self, snapshot: &[u8]) -> Result<u64, CallError> {
        let number = self.service.installRevocations(snapshot).map_err(failed)?;
        u64::try_from(number).map_err(|_| Unknown { what: "number", number }.into())
    }

    /// A signed attestation for the audience that this process is.
    pub fn attest(&self, question: &wire::Question) -> Result<Vec<u8>, CallError> {
        let answer = self.service.attest(&question.nonce, &question.confirmation).map_err(failed)?;
        Ok(answer.token)
    }

    /// Evidence of the key that those are signed with, for an enrolment verifier's challenge.
    pub fn enrolment_evidence(&self, challenge: &[u8; 32], anew: bool) -> Result<Vec<u8>, CallError> {
        Ok(self.service.getEnrolmentEvidence(challenge, anew).map_err(failed)?.evidence)
    }

    /// Calls `told` at every change from now on, on a thread of Binder's, for as long as what is given back lives.
    /// Changes that this build does not understand are left out.
    pub fn listen(
        &self,
        told: impl Fn(wire::Change) + Send + Sync + 'static,
    ) -> Result<Listening, CallError> {
        ProcessState::start_thread_pool();
        let listener = BnTrustListener::new_binder(Told(Box::new(told)), BinderFeatures::default());
        self.service.registerListener(&listener.as_binder()).map_err(failed)?;
        Ok(Listening { service: self.service.clone(), listener })
    }

    /// Calls `died` once, on a thread of Binder's, when the daemon's process ends, for as long as what is given back
    /// lives.
    pub fn on_death(
        &self,
        died: impl Fn() + Send + Sync + 'static,
    ) -> Result<binder::DeathRecipient, CallError> {
        use binder::IBinder;
        ProcessState::start_thread_pool();
        let mut recipient = binder::DeathRecipient::new(died);
        let linked = self.service.as_binder().link_to_death(&mut recipient);
        linked.map_err(|code| CallError::NotDelivered(code.to_string().into()))?;
        Ok(recipient)
    }
}

/// A listener that is registered; it is taken away when this is dropped.
pub struct Listening {
    service: Strong<dyn ITrustService>,
    listener: Strong<dyn ITrustListener>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        // A daemon that is gone has forgotten it anyway.
        let _ended = self.service.unregisterListener(&self.listener.as_binder());
    }
}

struct Told(Box<dyn Fn(wire::Change) + Send + Sync>);

impl Interface for Told {}

#[allow(non_snake_case, reason = "as in AIDL")]
impl ITrustListener for Told {
    fn onPostureChanged(&self, change: &Change) -> binder::Result<()> {
        if let Ok(change) = change.try_into() {
            (self.0)(change);
        }
        Ok(())
    }
}

fn failed(status: Status) -> CallError {
    let code = ErrorCode(status.service_specific_error());
    match code.to_ours() {
        Ok(refusal) if status.exception_code() == ExceptionCode::SERVICE_SPECIFIC => {
            CallError::Refused(refusal)
        }
        _ => CallError::NotDelivered(status.get_description().into()),
    }
}
