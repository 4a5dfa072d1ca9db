//! Serving: one desk that decides who may ask what, and two thin doors before it.
//!
//! ```text
//! Binder ─┐
//!         ├─► desk (who, how often, what) ──► evaluator
//! D-Bus ──┘          └──► listeners
//! ```

pub mod access;
pub mod binder;
#[cfg(not(target_os = "android"))]
pub mod dbus;
pub mod desk;
pub mod limits;
pub mod listeners;
pub mod numbers;
pub mod render;
pub mod turns;
pub mod wire;
