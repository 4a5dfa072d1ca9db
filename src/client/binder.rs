//! The daemon over Binder.

use super::{Changes, ClientError, Link};
use crate::serve::binder::client::{CallError, Client, Listening};
use crate::serve::wire::{
    Change, GateFindings, GateWords, Head, HistoryEntry, ProviderState, Question, Summary,
};
use std::sync::mpsc;
use trust_posture::GateId;

/// A connection over Binder.
pub struct Connection(Client);

impl Connection {
    /// The daemon, if it is there.
    ///
    /// # Errors
    /// No driver, no service, or none that this caller may find.
    pub fn open(service: &str) -> Result<Connection, ClientError> {
        Ok(Connection(Client::connect(service)?))
    }
}

impl From<CallError> for ClientError {
    fn from(error: CallError) -> ClientError {
        match error {
            CallError::Refused(refusal) => ClientError::Refused(refusal),
            CallError::NotUnderstood(what) => ClientError::Malformed(what.to_string()),
            other => ClientError::Unreachable("binder".into(), other.to_string()),
        }
    }
}

impl Link for Connection {
    fn summary(&self) -> Result<Summary, ClientError> {
        Ok(self.0.summary()?)
    }

    fn gate(&self, gate: GateId) -> Result<GateFindings, ClientError> {
        Ok(self.0.gate(gate)?)
    }

    fn words(&self) -> Result<Vec<GateWords>, ClientError> {
        Ok(self.0.words()?)
    }

    fn history(&self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, ClientError> {
        Ok(self.0.history(after, most)?)
    }

    fn head(&self) -> Result<Head, ClientError> {
        Ok(self.0.head()?)
    }

    fn evaluate(&self) -> Result<u64, ClientError> {
        Ok(self.0.evaluate()?)
    }

    fn providers(&self) -> Result<Vec<ProviderState>, ClientError> {
        Ok(self.0.providers()?)
    }

    fn install_policy(&self, bundle: &[u8]) -> Result<u32, ClientError> {
        Ok(self.0.install_policy(bundle)?)
    }

    fn install_revocations(&self, snapshot: &[u8]) -> Result<u64, ClientError> {
        Ok(self.0.install_revocations(snapshot)?)
    }

    fn attest(&self, question: &Question) -> Result<Vec<u8>, ClientError> {
        Ok(self.0.attest(question)?)
    }

    fn enrolment_evidence(&self, challenge: &[u8; 32], anew: bool) -> Result<Vec<u8>, ClientError> {
        Ok(self.0.enrolment_evidence(challenge, anew)?)
    }

    fn subscribe(&self) -> Result<Box<dyn Changes + '_>, ClientError> {
        let (changes, told_of) = mpsc::channel();
        let end = changes.clone();
        let listening = self.0.listen(move |change| drop(changes.send(Some(change))))?;
        let death = self.0.on_death(move || drop(end.send(None)))?;
        Ok(Box::new(Heard { told_of, _listening: listening, _death: death }))
    }
}

/// What a listener heard; none when the daemon died.
struct Heard {
    told_of: mpsc::Receiver<Option<Change>>,
    _listening: Listening,
    _death: binder::DeathRecipient,
}

impl Changes for Heard {
    fn each(self: Box<Self>, told: &mut dyn FnMut(Change) -> bool) -> Result<(), ClientError> {
        while let Ok(Some(change)) = self.told_of.recv() {
            if !told(change) {
                return Ok(());
            }
        }
        Err(ClientError::Unreachable("binder".into(), "it died".into()))
    }
}
