//! For tests alone: what the Android tree's build reads of this project, Blueprint files and AIDL, compared with what
//! Cargo reads.

pub mod aidl;
pub mod blueprint;
pub mod cargo;
mod others;
pub mod page;
pub mod sources;
pub mod twin;
pub mod vendored;
