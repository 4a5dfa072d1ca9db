//! Android key attestation: what the secure hardware says of a key and of the device it runs on, and the rules
//! by which a chain of certificates makes that worth something.
//!
//! [`KeyDescription`] alone is only what somebody wrote; [`verify()`] makes a [`VerifiedAttestation`] of it, for
//! which the hardware vouches, and the root that the chain ends in for the hardware.
//!
//! Sources: <https://source.android.com/docs/security/features/keystore/attestation>,
//! <https://github.com/android/keyattestation>.

mod cbor;
mod chain;
pub mod key_description;
pub mod provisioning;
mod refusal;
mod revocation;
mod roots;
mod verify;

pub use chain::{Chain, MAX_CERTIFICATES, Provisioning, split};
pub use key_description::{KeyDescription, SecurityLevel};
pub use provisioning::ProvisioningInfo;
pub use refusal::{Refusal, Rule};
pub use revocation::{MAX_ENTRIES, MAX_LIST, RevocationList, Status};
pub use roots::{GOOGLE_EC, GOOGLE_RSA, Pin, Root, Roots, pin};
pub use verify::{Demand, RevocationCheck, VerifiedAttestation, verify};

#[cfg(test)]
mod tests;
