//! Android key attestation: what a KeyMint implementation says of a key and of the device it runs on.
//!
//! Nothing here checks a signature: a value is worth what the certificate chain around it is worth.

mod cbor;
pub mod key_description;
pub mod provisioning;
