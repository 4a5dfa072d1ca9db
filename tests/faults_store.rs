//! The daemon whose state is broken under it or while it does not run: what gate 10 says after one judgement, what is
//! still served, what was set aside, what `trustctl history verify` tells, and whether it heals. The second table of
//! docs/faults.md is generated from the table here.

#![cfg(all(debug_assertions, target_os = "linux"))] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod bus;
mod faults;
mod stand_in;
