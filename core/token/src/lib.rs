//! The posture attestation: a short signed statement of a device's posture, fresh, for one audience, and the
//! verifier that the calling stack, the key stack and apps link.
//!
//! Without std (alloc alone), without a clock, randomness or I/O: what they give is in the arguments.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod cbor;
pub mod claims;
mod cose;
pub mod crypto;

pub use cbor::Malformed;
