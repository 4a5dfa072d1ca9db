//! The interfaces. What serves one has libbinder_rs's arguments to its maker.

#![allow(non_snake_case, reason = "modules are named as their types are")]

use crate::generated::android::system::keystore2 as generated;
use binder::{BinderFeatures, Strong};

/// keystore2.
pub mod IKeystoreService {
    use super::{BinderFeatures, Strong, generated::IKeystoreService as generated};
    pub use generated::{BpKeystoreService, IKeystoreService, transactions};

    /// The service's side, which takes calls off parcels.
    pub struct BnKeystoreService;

    impl BnKeystoreService {
        /// An object of this process that others can call.
        pub fn new_binder<T: IKeystoreService + Send + Sync + 'static>(
            inner: T,
            features: BinderFeatures,
        ) -> Strong<dyn IKeystoreService> {
            generated::BnKeystoreService::new_binder_with_features(inner, features.into())
        }
    }
}

/// One KeyMint, with keystore2 before it.
pub mod IKeystoreSecurityLevel {
    use super::{BinderFeatures, Strong, generated::IKeystoreSecurityLevel as generated};
    pub use generated::{
        BpKeystoreSecurityLevel, IKeystoreSecurityLevel,
        KEY_FLAG_AUTH_BOUND_WITHOUT_CRYPTOGRAPHIC_LSKF_BINDING, transactions,
    };

    /// The service's side, which takes calls off parcels.
    pub struct BnKeystoreSecurityLevel;

    impl BnKeystoreSecurityLevel {
        /// An object of this process that others can call.
        pub fn new_binder<T: IKeystoreSecurityLevel + Send + Sync + 'static>(
            inner: T,
            features: BinderFeatures,
        ) -> Strong<dyn IKeystoreSecurityLevel> {
            generated::BnKeystoreSecurityLevel::new_binder_with_features(inner, features.into())
        }
    }
}

/// An operation with a key.
pub mod IKeystoreOperation {
    use super::{BinderFeatures, Strong, generated::IKeystoreOperation as generated};
    pub use generated::{BpKeystoreOperation, IKeystoreOperation, transactions};

    /// The service's side, which takes calls off parcels.
    pub struct BnKeystoreOperation;

    impl BnKeystoreOperation {
        /// An object of this process that others can call.
        pub fn new_binder<T: IKeystoreOperation + Send + Sync + 'static>(
            inner: T,
            features: BinderFeatures,
        ) -> Strong<dyn IKeystoreOperation> {
            generated::BnKeystoreOperation::new_binder_with_features(inner, features.into())
        }
    }
}
