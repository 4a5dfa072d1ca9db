//! Bindings of `android.system.keystore2`, made from `keystore/android/**/*.aidl`, where they are documented.
//!
//! Names and paths are those of the crate of the Android tree (`android.system.keystore2-V5-rust`), which a device's
//! build takes instead, so that a client is the same code under both.
//!
//! The numbers are Android's: of keystore2's version 5 (`system/hardware/interfaces/keystore2/aidl/aidl_api`) and
//! KeyMint's version 4 (`hardware/interfaces/security/keymint/aidl/aidl_api`), both of Android 16. Later versions append
//! methods, fields and numbers and change none, so an older or a newer keystore2 understands what both know; a method
//! that it has not is answered by UNKNOWN_TRANSACTION. A number that an enum has no name for stays that number.
//!
//! What a build takes of this crate says nothing of its peer's version: there is no `getInterfaceVersion` here.

pub use binder;

mod services;

/// Packages, as in AIDL.
pub mod aidl {
    /// `android`
    pub mod android {
        /// `android.system`
        pub mod system {
            /// `android.system.keystore2`. A type `Foo` is `Foo::Foo`.
            #[allow(non_snake_case, reason = "modules are named as their types are")]
            pub mod keystore2 {
                pub use crate::generated::android::system::keystore2::*;
                pub use crate::services::{IKeystoreOperation, IKeystoreSecurityLevel, IKeystoreService};
            }
        }
    }
}

/// The packages of the crate `android_hardware_security_keymint`.
pub mod keymint {
    /// `android`
    pub mod android {
        /// `android.hardware`
        pub mod hardware {
            /// `android.hardware.security`
            pub mod security {
                /// `android.hardware.security.keymint`. A type `Foo` is `Foo::Foo`.
                pub mod keymint {
                    pub use crate::generated::android::hardware::security::keymint::*;
                }
            }
        }
    }
}

#[allow(missing_docs, clippy::all, reason = "generated")]
#[rustfmt::skip]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/android_system_keystore2.rs"));
}
