//! `com.enigm.trust`. As in every crate of AIDL bindings, a type `Foo` is `Foo::Foo`.

#![allow(non_snake_case, reason = "modules are named as their types are")]

pub use crate::generated::com::enigm::trust::*;

/// The service.
pub mod ITrustService {
    use crate::generated::com::enigm::trust::ITrustService as generated;
    use binder::{BinderFeatures, Strong};
    pub use generated::{BpTrustService, HASH, ITrustService, VERSION};

    /// The service's side, which takes calls off parcels. Its maker has libbinder_rs's arguments.
    pub struct BnTrustService;

    impl BnTrustService {
        /// An object of this process that others can call.
        pub fn new_binder<T: ITrustService + Send + Sync + 'static>(
            inner: T,
            features: BinderFeatures,
        ) -> Strong<dyn ITrustService> {
            generated::BnTrustService::new_binder_with_features(inner, features.into())
        }

        /// What a call of this code comes to whose parcel holds these bytes after the interface's token: the reply's
        /// bytes. No driver is asked, so whoever implements the service has to know who calls. For tests and fuzzing.
        #[doc(hidden)]
        pub fn transact(
            service: &Strong<dyn ITrustService>,
            code: u32,
            bytes: &[u8],
        ) -> Result<Vec<u8>, binder::StatusCode> {
            use binder::Interface;
            use binder::generated::{Binder, Parcel, Remotable};
            let native = Binder::<generated::BnTrustService>::try_from(service.as_binder())?;
            let mut data = Parcel::new();
            for word in bytes.chunks(4) {
                let padded = word.iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
                data.write_u32(padded)?;
            }
            data.set_data_position(0);
            let mut reply = Parcel::new();
            native.on_transact(code, &mut data, &mut reply)?;
            reply.set_data_position(0);
            let mut words = Vec::new();
            while reply.data_avail() >= 4 {
                words.extend_from_slice(&reply.read_u32()?.to_le_bytes());
            }
            Ok(words)
        }
    }
}

/// The listener.
pub mod ITrustListener {
    use crate::generated::com::enigm::trust::ITrustListener as generated;
    use binder::{BinderFeatures, Strong};
    pub use generated::{BpTrustListener, ITrustListener};

    /// The listener's side, which takes calls off parcels. Its maker has libbinder_rs's arguments.
    pub struct BnTrustListener;

    impl BnTrustListener {
        /// An object of this process that others can call.
        pub fn new_binder<T: ITrustListener + Send + Sync + 'static>(
            inner: T,
            features: BinderFeatures,
        ) -> Strong<dyn ITrustListener> {
            generated::BnTrustListener::new_binder_with_features(inner, features.into())
        }
    }
}
