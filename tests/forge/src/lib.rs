//! For tests alone: certificates, chains and images, signed with keys that anybody can make again from their
//! labels. Nothing that the product ships may trust one of these keys.
//!
//! Everything is deterministic, so that what is written into the repository can be made again byte by byte.

pub mod certificate;
pub mod chain;
pub mod der;
pub mod key;
pub mod key_description;
pub mod package;
pub mod payload;
mod pem;
pub mod protobuf;
pub mod update;
pub mod vbmeta;

pub use certificate::Certificate;
pub use chain::Chain;
pub use key::{Hash, Key};
pub use key_description::{KeyDescription, RootOfTrust};
pub use pem::{base64, pem};
