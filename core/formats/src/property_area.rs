//! Android's live properties, as init keeps them in /dev/__properties__ and every process maps them.
//!
//! ```text
//! property_info       which area holds a property                    [`Contexts`]
//! u:object_r:…:s0     an area: the properties of one SELinux type    [`Area`]
//! properties_serial   an area without properties, whose serial rises with every change of any    [`serial`]
//! ```
//!
//! init writes them and vouches for them; whoever can write the memory (root) can change them behind its back.
//! Numbers are the processor's: little-endian on every Android. Source: bionic/libc/system_properties (prop_area.h,
//! prop_info.h, system_properties.cpp) and system/core/property_service/libpropertyinfoparser of AOSP.

mod area;
mod contexts;
#[cfg(test)]
mod tests;
mod words;

pub use area::{Area, MAX_AREA, Property, serial};
pub use contexts::{Contexts, MAX_CONTEXTS};

/// The longest name of a property, in bytes.
pub const MAX_KEY: usize = 256;
/// The longest value of a property, in bytes: init takes at most 91 for one that can change; others may be longer.
pub const MAX_VALUE: usize = 8 << 10;
