//! For tests alone: keystore2 as its clients see it, over a *KeyMint in software*. No key in it is safe: secrets lie
//! readable in a file, and the attestations are signed by keys that anybody can make again (`tests/forge`). Only what
//! names `tests/devices/roots.pem` believes them.
//!
//! Here is the state machine, which knows no Binder: who calls is an argument, as are the time and what goes wrong
//! ([`Fault`]). [`service()`] is the object around it that answers calls, in this process or, by `keystore2_stand_in`, for
//! others.
//!
//! What it does and answers is AOSP's: `system/security/keystore2/src` (`security_level.rs`, `service.rs`,
//! `permission.rs`, `operation.rs`, `attestation_key_utils.rs`, `remote_provisioning.rs`, `error.rs`) and
//! `hardware/interfaces/security/keymint/aidl`. It is stricter where leniency would hide a client's mistake: parameters
//! that it does not know are refused.
//!
//! What it leaves out: grants, blobs, imports, listings, users and their locks, upgrades of keys, the package manager
//! (only uid 1000 is somebody), and keystore2's own right to say no to a type in domain APP, which is SELinux's.

mod attestation;
mod faults;
mod key;
mod keystore;
mod operations;
mod parameters;
mod refusal;
mod service;
mod store;

pub use attestation::{HARDWARE, boot_key, vbmeta_digest};
pub use faults::{Fault, Faults};
pub use keystore::{Caller, Keystore, Setup};
pub use operations::MAX_OPERATIONS;
pub use refusal::Refusal;
pub use service::{serve, service};
