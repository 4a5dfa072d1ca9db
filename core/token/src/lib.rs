//! The posture attestation: a short signed statement of a device's posture, fresh, for one audience, and the
//! verifier that the calling stack, the key stack and apps link.
//!
//! Without std (alloc alone), without a clock, randomness or I/O: what they give is in the arguments.

#![cfg_attr(not(android_dylib), no_std)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bundle;
mod cbor;
pub mod challenge;
pub mod claims;
mod cose;
pub mod credential;
pub mod crypto;
pub mod enrolment;
pub mod evidence;
pub mod handle;
pub mod inspect;
pub mod ledger;
pub mod qr;
pub mod revocation;
pub mod rollover;
pub mod sealed;
#[cfg(test)]
mod statements;
pub mod verify;

pub use cbor::Malformed;
pub use challenge::Challenge;
pub use claims::Claims;
pub use inspect::inspect;
pub use verify::{Against, KnownPolicy, Refusal, Requirements, Verified, issue, verify};

// It forges envelopes, and so needs the inside; it writes files, which nothing under src does.
#[cfg(test)]
#[path = "../tests/written/mod.rs"]
mod written;
