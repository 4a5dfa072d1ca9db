//! Binder by the names of Android's own crate, over `rsbinder`.
//!
//! Inside the Android tree the daemon links the platform's `libbinder_rs`, whose crate is called `binder`; this crate
//! has the same name and the same names in it, as far as `trustd` and `trustctl` use them, and nothing else. So their
//! code is the same under both. Signatures: AOSP `frameworks/native/libs/binder/rust/src`.
//!
//! What differs is said where it does. In short: without a driver libbinder aborts the process, this crate answers
//! [`StatusCode::NO_INIT`]; `Interface::dump` has other arguments, and we don't use it.

mod death;
mod error;
mod features;
mod process;
mod service;

pub use death::{DeathRecipient, IBinder};
pub use error::{ExceptionCode, Result, Status, StatusCode};
pub use features::BinderFeatures;
pub use process::{ProcessState, ThreadState};
pub use service::{add_service, check_interface, check_service, wait_for_interface};

/// What makes a typed interface of an object.
pub use rsbinder::FromIBinder;
/// What every interface has.
pub use rsbinder::Interface;
/// An object, here or in another process.
pub use rsbinder::SIBinder as SpIBinder;
/// A strong reference to a typed interface.
pub use rsbinder::Strong;

/// What generated bindings are made of: rsbinder's own names, but for the two types that stand in their signatures.
#[doc(hidden)]
pub mod generated {
    pub use crate::{Result as BinderResult, Status};
    pub use rsbinder::*;
}
