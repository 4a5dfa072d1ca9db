//! SELinux: the kernel's status page here, whether the precompiled policy belongs to its images in [`pairing`],
//! and what the policy in force leaves permissive in [`policy`].
//!
//! The page, /sys/fs/selinux/status:
//!
//! ```text
//! u32 version = 1 | u32 sequence | u32 enforcing | u32 policyload | u32 deny_unknown ; little-endian, packed
//! ```
//!
//! The kernel writes it and vouches for it, if the file lies on a real selinuxfs: the caller checks that.
//! Source: struct selinux_kernel_status in security/selinux/include/security.h of Linux.

pub mod pairing;
pub mod policy;

use crate::FormatError;

const WHAT: &str = "SELinux status";
const SIZE: usize = 20;
/// The version of the page that this module knows.
const VERSION: u32 = 1;

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

/// Reads /sys/fs/selinux/status. Another version is unsupported; an odd sequence, which the kernel sets while
/// it writes, and a flag that is neither 0 nor 1 are errors.
pub fn status(bytes: &[u8]) -> Result<Status, FormatError> {
    let words = match <&[u8; SIZE]>::try_from(bytes) {
        Ok(bytes) => bytes.as_chunks::<4>().0,
        Err(_) => {
            let message = format!("{} bytes: expected {SIZE}", bytes.len());
            return Err(FormatError::malformed(WHAT, message));
        }
    };
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    let mut word = |name| Word { name, value: words.next().unwrap_or_default() };
    let [version, sequence, enforcing, policy_loads, deny_unknown] =
        ["version", "sequence", "enforcing", "policyload", "deny_unknown"].map(&mut word);
    if version.value != VERSION {
        return Err(FormatError::unsupported(WHAT, format!("version {}: expected {VERSION}", version.value)));
    }
    if sequence.value % 2 != 0 {
        let message = format!("sequence {}: expected an even one; it is being written", sequence.value);
        return Err(FormatError::malformed(WHAT, message));
    }
    Ok(Status {
        enforcing: enforcing.flag()?,
        policy_loads: policy_loads.value,
        deny_unknown: deny_unknown.flag()?,
    })
}

struct Word {
    name: &'static str,
    value: u32,
}

impl Word {
    fn flag(&self) -> Result<bool, FormatError> {
        match self.value {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(FormatError::malformed(WHAT, format!("{} = {other}: expected 0 or 1", self.name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(words: [u32; 5]) -> Vec<u8> {
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn a_page_is_read() {
        let status = status(&page([1, 4, 1, 2, 0])).unwrap();
        assert_eq!(status, Status { enforcing: true, policy_loads: 2, deny_unknown: false });
    }

    #[test]
    fn what_is_no_status_is_refused() {
        let whole = page([1, 4, 1, 2, 0]);
        for (bytes, message) in [
            (vec![], "SELinux status: 0 bytes: expected 20"),
            (whole.split_at(19).0.to_vec(), "19 bytes: expected 20"),
            ([&whole[..], &[0]].concat(), "21 bytes: expected 20"),
            (page([0, 4, 1, 2, 0]), "version 0: expected 1"),
            (page([1, 5, 1, 2, 0]), "sequence 5: expected an even one"),
            (page([1, 4, 2, 2, 0]), "enforcing = 2: expected 0 or 1"),
            (page([1, 4, 1, 2, u32::MAX]), "deny_unknown = 4294967295: expected 0 or 1"),
        ] {
            let error = status(&bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{bytes:02x?} {error}");
        }
        assert!(status(&page([2, 4, 1, 2, 0])).unwrap_err().is_unsupported());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
            let _ = status(&bytes);
        }

        #[test]
        fn what_the_kernel_writes_reads_back(half in 0u32..1 << 30, policy_loads: u32, flags: (bool, bool)) {
            let (enforcing, deny_unknown) = flags;
            let words = [1, half * 2, enforcing.into(), policy_loads, deny_unknown.into()];
            prop_assert_eq!(status(&page(words)).unwrap(), Status { enforcing, policy_loads, deny_unknown });
        }
    }
}
