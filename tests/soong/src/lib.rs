//! For tests alone: what the Android tree's build reads of this project, Blueprint files and AIDL, compared with what
//! Cargo reads.

pub mod aidl;
