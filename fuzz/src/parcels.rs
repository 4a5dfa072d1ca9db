//! What comes over Binder: the parcel of a call, as the driver brings it, and the values in it.

#[path = "../../tests/vm/clients/src/stand_in.rs"]
#[allow(dead_code)]
mod stand_in;

use binder::SpIBinder;
use binder::generated::{Interface, from_bytes, to_bytes};
use com_enigm_trust::aidl::com::enigm::trust::{
    ITrustService::BnTrustService, SignalReport::SignalReport, Summary::Summary,
};
use stand_in::{StandIn, access};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use trustd::serve::access::{Caller, Door};
use trustd::serve::binder::Service;
use trustd::serve::desk::Desk;
use trustd::serve::limits::{Bounds, Rate, monotonic};
use trustd::serve::listeners::Listeners;
use trustd::serve::wire;

/// How many methods there are: the first byte of an input picks one, or the value that the rest is read as.
const METHODS: u8 = 12;

/// As a provider: everybody else's methods are refused whatever their arguments, which are read all the same.
fn provider() -> Caller {
    Caller { door: Door::Binder, uid: 1000, selinux_type: Some("provider".into()), name: "binder".into() }
}

static SERVICE: LazyLock<SpIBinder> = LazyLock::new(|| {
    let roles = [("provider".to_owned(), "provider".to_owned())];
    let open = Rate { burst: u32::MAX, interval: Duration::from_nanos(1) };
    let bounds = Bounds { each: open, all: open, ..Bounds::default() };
    let listeners = Arc::new(Listeners::new(monotonic()));
    let evaluator = Arc::new(StandIn::new(Duration::ZERO));
    let access = access(&roles).unwrap_or_default();
    Service::new(Arc::new(Desk::new(evaluator, access, listeners, bounds, monotonic())), provider).as_binder()
});

/// A call: accepted if Binder could read its arguments. Or a value: what is read, written and read again is the same,
/// and what our own values accept of it is the same there and back.
pub fn binder_parcel(bytes: &[u8]) -> bool {
    let Some((which, bytes)) = bytes.split_first() else { return false };
    match which {
        method @ 1..=METHODS => {
            let Ok(reply) = BnTrustService::transact(&SERVICE, (*method).into(), bytes) else { return false };
            assert!(reply.len() >= 4, "a reply begins with its status");
            true
        }
        0 => {
            let Ok(report) = from_bytes::<SignalReport>(bytes) else { return false };
            if let Ok(ours) = wire::Report::try_from(&report) {
                assert_eq!(wire::Report::try_from(&SignalReport::from(&ours)).as_ref(), Ok(&ours));
            }
            is_fixed(&report)
        }
        _ => {
            let Ok(summary) = from_bytes::<Summary>(bytes) else { return false };
            if let Ok(ours) = wire::Summary::try_from(&summary) {
                assert_eq!(wire::Summary::try_from(&Summary::from(&ours)).as_ref(), Ok(&ours));
            }
            is_fixed(&summary)
        }
    }
}

/// Written and read again it is written the same.
fn is_fixed<T: binder::generated::Serialize + binder::generated::Deserialize>(value: &T) -> bool {
    let written = to_bytes(value).unwrap_or_default();
    let again = from_bytes::<T>(&written).ok().and_then(|again| to_bytes(&again).ok());
    assert_eq!(again, Some(written));
    true
}
