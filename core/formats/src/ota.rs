//! Update packages: who signed one, and what it says that it holds.
//!
//! An update is a zip archive. Its comment holds a signature of the whole file, which recovery checks
//! ([`package`]); its payload.bin bears two signatures of its own, which update_engine checks ([`payload`],
//! [`payload_properties`]); and its metadata says which build it is and which devices it is for ([`metadata`]).
//! Who signs vouches for all of it: what is read before a signature was checked is a claim.

mod certificate;
mod cms;
mod keyring;
pub mod metadata;
pub mod package;
pub mod payload;
pub mod payload_properties;
mod refusal;

pub use crate::zip::{Directory, Listed, Listing};
pub use keyring::Keyring;
pub use refusal::{Policy, Refusal};
