//! The kernel's SELinux status page: /sys/fs/selinux/status.

use crate::FormatError;

/// The state of SELinux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Whether denials are enforced.
    pub enforcing: bool,
    /// How often a policy was loaded since boot.
    pub policy_loads: u32,
    /// Whether classes and permissions that the policy does not know are denied.
    pub deny_unknown: bool,
}

/// Reads /sys/fs/selinux/status: five 32-bit little-endian numbers.
pub fn status(_bytes: &[u8]) -> Result<Status, FormatError> {
    Err(FormatError::malformed("SELinux status", "not written yet"))
}
