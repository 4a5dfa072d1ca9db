//! Bindings of `com.enigm.trust`, made from `aidl/com/enigm/trust/*.aidl`, where they are documented.
//!
//! Names and paths are those of the crate that the Android tree's own compiler makes of the same files
//! (`com_enigm_trust`, module `com.enigm.trust-rust`), so that a service or a client is the same code under both.

pub use binder;

/// Packages, as in AIDL.
pub mod aidl {
    /// `com`
    pub mod com {
        /// `com.enigm`
        pub mod enigm {
            pub mod trust;
        }
    }
}

#[allow(missing_docs, clippy::all, reason = "generated")]
#[rustfmt::skip]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/com_enigm_trust.rs"));
}
