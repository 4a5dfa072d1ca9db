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
