//! Who could have forged an observation.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The evidence class of an observation: who could have forged it. Stronger classes order higher.
///
/// The catalogue gives a signal's ceiling; the collector may lower it; nothing raises it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Pushed by a platform component (a system_server service or the platform app).
    J,
    /// A file that its writer in userland vouches for, or one whose mount could not be shown to be verified.
    F,
    /// Asserted by another userspace service.
    S,
    /// Measured by trustd on itself.
    O,
    /// A property set by init or by a privileged domain: one root process forges them all.
    I,
    /// Written by the bootloader: /proc/bootconfig, /proc/cmdline.
    B,
    /// Read from the kernel by our own system call, or from a file on a dm-verity mount.
    K,
    /// hardwareEnforced in a key attestation whose challenge the device itself issued and matched.
    L,
    /// hardwareEnforced in a key attestation whose challenge a judge off the device issued.
    H,
}

impl Class {
    /// Every class, weakest first.
    pub const ALL: [Class; 9] =
        [Class::J, Class::F, Class::S, Class::O, Class::I, Class::B, Class::K, Class::L, Class::H];

    /// Whether a signal of this class can stand behind a Pass of an objective anchored at `anchor`.
    /// Only K, L and H ever anchor: the bootloader's own words, properties, services and files do not.
    pub fn anchors(self, anchor: Class) -> bool {
        self >= Class::K && self >= anchor
    }

    /// Whether a reading of this class is as strong as its signal's ceiling asks. One that is weaker is not what
    /// it claims to be: an attestation without a matched challenge (it may be another phone's), a file of the
    /// kernel's or the image's that something is mounted over. It can count against a device, never for it.
    pub fn upholds(self, ceiling: Class) -> bool {
        match ceiling {
            Class::H | Class::L => self >= Class::L,
            Class::K | Class::B => self >= ceiling,
            _ => true,
        }
    }

    /// Who could forge it, in a few words.
    pub fn forged_by(self) -> &'static str {
        match self {
            Class::H => "a broken TEE, or a leaked attestation key that is not yet revoked",
            Class::L => "as H, and whoever controls trustd on the device",
            Class::K => "a compromised kernel",
            Class::B => "a compromised bootloader or kernel",
            Class::I => "any root process (one resetprop forges every property)",
            Class::O => "whoever controls trustd",
            Class::S => "the service that asserts it",
            Class::F => "its writer, or root",
            Class::J => "the component that pushed it, or root",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
