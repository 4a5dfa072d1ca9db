//! Strict, bounded parsers of the bytes that a device's state is read from.
//!
//! Pure: bytes in, values or a [`FormatError`] out. Every byte is taken for an attacker's: no input makes a
//! parser panic, hang or use more memory than a small multiple of the (capped) input. Formats that people
//! collect by hand (getprop texts, mount tables, module lists, package lists) are read leniently: a line that
//! can't be used is dropped and reported in [`Drops`], and the parse fails only if nothing usable is found or
//! a cap is met. Every other format is read whole or not at all.

pub mod abx;
pub mod apex;
pub mod attestation;
pub mod avb;
pub mod boot_params;
pub mod bugreport;
pub mod certs;
mod der;
pub mod device_mapper;
pub mod device_policies;
pub mod digest;
mod drops;
mod error;
pub mod kconfig;
pub mod modules;
pub mod mounts;
pub mod netlink;
pub mod ota;
pub mod owners;
pub mod packages;
pub mod packages_xml;
pub mod pem;
pub mod permissions;
pub mod properties;
pub mod property_area;
mod protobuf;
pub mod routing_rules;
pub mod selinux;
pub mod sensors;
pub mod settings;
pub mod signature;
pub mod snapshot;
pub mod sockets;
pub mod text;
pub mod users;
mod utc;
#[cfg(test)]
#[path = "../../../tests/sample/abx.rs"]
mod written;
#[cfg(test)]
#[path = "../../../tests/sample/property_area.rs"]
mod written_properties;
pub mod x509;
mod xml;
mod zip;

pub use drops::{Dropped, Drops};
pub use error::{ErrorKind, FormatError};
