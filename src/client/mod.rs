//! The other side of the doors: what `trustctl` asks the daemon, over Binder or D-Bus, whichever is there.

mod binder;
#[cfg(not(target_os = "android"))]
mod dbus;
#[cfg(not(target_os = "android"))]
mod read;

use crate::serve::binder::SERVICE;
#[cfg(not(target_os = "android"))]
use crate::serve::dbus::Bus;
use crate::serve::wire::{
    Change, GateFindings, GateWords, Head, HistoryEntry, ProviderState, Question, Refusal, Summary,
};
use trust_posture::GateId;

/// Why the daemon gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No door could be found.
    #[error("{0}: no daemon answers there: {1}")]
    Unreachable(String, String),
    /// The daemon refused.
    #[error("the daemon refuses: {0}{hint}", hint = hint(*.0))]
    Refused(Refusal),
    /// The daemon says something that this build can't read.
    #[error("the daemon's answer can't be read: {0}")]
    Malformed(String),
}

fn hint(refusal: Refusal) -> String {
    match refusal {
        Refusal::NotPermitted => {
            let user = rustix::process::geteuid().as_raw();
            format!(": its policy does not let user {user} ask this (docs/access.md)")
        }
        _ => String::new(),
    }
}

/// A connection to the daemon.
pub trait Link {
    /// The posture in short.
    fn summary(&self) -> Result<Summary, ClientError>;
    /// One gate's findings.
    fn gate(&self, gate: GateId) -> Result<GateFindings, ClientError>;
    /// The words of all gates.
    fn words(&self) -> Result<Vec<GateWords>, ClientError>;
    /// Entries of the history after this number, oldest first.
    fn history(&self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, ClientError>;
    /// The history's end.
    fn head(&self) -> Result<Head, ClientError>;
    /// Has everything read and judged again; the sequence number then.
    fn evaluate(&self) -> Result<u64, ClientError>;
    /// The providers.
    fn providers(&self) -> Result<Vec<ProviderState>, ClientError>;
    /// Installs a policy bundle; the version that holds then.
    fn install_policy(&self, bundle: &[u8]) -> Result<u32, ClientError>;
    /// Installs a signed snapshot of a revocation list; its number.
    fn install_revocations(&self, snapshot: &[u8]) -> Result<u64, ClientError>;
    /// A signed attestation for the audience that this process is.
    fn attest(&self, question: &Question) -> Result<Vec<u8>, ClientError>;
    /// Evidence of the key that those are signed with, for an enrolment verifier's challenge.
    fn enrolment_evidence(&self, challenge: &[u8; 32], anew: bool) -> Result<Vec<u8>, ClientError>;
    /// Asks to be told of each change from now on.
    fn subscribe(&self) -> Result<Box<dyn Changes + '_>, ClientError>;
}

/// The changes from a moment on.
pub trait Changes {
    /// Tells of each until `told` says false; an error when the daemon goes.
    fn each(self: Box<Self>, told: &mut dyn FnMut(Change) -> bool) -> Result<(), ClientError>;
}

/// Connects to the daemon: on a D-Bus (`system`, `session` or an address), on `binder`, or, where nobody says, on
/// Binder if this machine has it, else on the system bus.
///
/// # Errors
/// There is no such door, or no daemon behind it.
pub fn connect(door: Option<&str>) -> Result<Box<dyn Link>, ClientError> {
    match door {
        None if crate::daemon::Doors::has_binder() => Ok(Box::new(binder::Connection::open(SERVICE)?)),
        Some("binder") => Ok(Box::new(binder::Connection::open(SERVICE)?)),
        #[cfg(not(target_os = "android"))]
        bus => Ok(Box::new(dbus::Connection::open(Bus::of(bus.unwrap_or("system")))?)),
        #[cfg(target_os = "android")]
        Some(other) => Err(ClientError::Unreachable(other.into(), "there is no D-Bus on Android".into())),
        #[cfg(target_os = "android")]
        None => Err(ClientError::Unreachable("binder".into(), "there is no driver".into())),
    }
}
