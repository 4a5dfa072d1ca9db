//! The daemon's Binder door without a driver: who calls is what a test says.

use binder::SpIBinder;
use com_enigm_trust::aidl::com::enigm::trust::ITrustService::{BnTrustService, transactions};
use std::sync::Arc;
use trustd::serve::access::{Caller, Door};
use trustd::serve::binder::Service;
use trustd::serve::desk::Desk;

/// Who calls.
#[derive(Clone, Copy)]
pub enum Side {
    /// The platform's provider.
    Provider,
    /// Trust Security Center.
    Center,
    /// An app.
    Stranger,
}

fn caller(uid: u32, selinux_type: &str) -> Caller {
    Caller { door: Door::Binder, uid, selinux_type: Some(selinux_type.into()), name: "binder".into() }
}

/// The service as this one reaches it. The policy knows them by their types and app ids.
pub fn served(desk: &Arc<Desk>, side: Side) -> SpIBinder {
    use binder::Interface;
    let who: fn() -> Caller = match side {
        Side::Provider => || caller(1000, "enigm_trust_provider"),
        Side::Center => || caller(10_050, "enigm_trust_center"),
        Side::Stranger => || caller(10_123, "untrusted_app"),
    };
    Service::new(desk.clone(), who).as_binder()
}

/// What a call comes to: the reply's bytes, or none where Binder itself refuses it.
pub fn transact(service: &SpIBinder, code: u32, bytes: &[u8]) -> Option<Vec<u8>> {
    BnTrustService::transact(service, code, bytes).ok()
}

/// The codes that the daemon's own bindings have.
pub const CODES: [(&str, u32); 14] = [
    ("getSummary", transactions::getSummary),
    ("getGate", transactions::getGate),
    ("getWords", transactions::getWords),
    ("getHistory", transactions::getHistory),
    ("getHead", transactions::getHead),
    ("evaluate", transactions::evaluate),
    ("registerListener", transactions::registerListener),
    ("unregisterListener", transactions::unregisterListener),
    ("reportSignals", transactions::reportSignals),
    ("getProviders", transactions::getProviders),
    ("attest", transactions::attest),
    ("getEnrolmentEvidence", transactions::getEnrolmentEvidence),
    ("installPolicy", transactions::installPolicy),
    ("installRevocations", transactions::installRevocations),
];
