//! Whether the precompiled policy was compiled from the policies of the images that it lies beside.
//!
//! ```text
//! /odm or /vendor  etc/selinux/precompiled_sepolicy           the whole policy
//!                  precompiled_sepolicy.plat_sepolicy_and_mapping.sha256, … of each image it was compiled from
//! /system          etc/selinux/plat_sepolicy_and_mapping.sha256, …  of each image as it is
//! file             64( digit / "a"-"f" ) [ LF ]
//! ```
//!
//! Where a pair differs, or one of it is missing, init compiles another policy at start. The build writes the
//! files; dm-verity vouches for them. Source: FindPrecompiledSplitPolicy in init/selinux.cpp of system/core.

use crate::FormatError;
use crate::error::shown_bytes;
use data_encoding::HEXLOWER;

/// The places of a precompiled policy: init takes the first that is there.
pub const PRECOMPILED: [&str; 2] =
    ["/odm/etc/selinux/precompiled_sepolicy", "/vendor/etc/selinux/precompiled_sepolicy"];

/// The pairs: where an image keeps its digest, and what follows the precompiled policy's path in the name of the
/// file with the digest that it was compiled from. The platform's comes first.
pub const PAIRS: [(&str, &str); 3] = [
    ("/system/etc/selinux/plat_sepolicy_and_mapping.sha256", ".plat_sepolicy_and_mapping.sha256"),
    (
        "/system_ext/etc/selinux/system_ext_sepolicy_and_mapping.sha256",
        ".system_ext_sepolicy_and_mapping.sha256",
    ),
    ("/product/etc/selinux/product_sepolicy_and_mapping.sha256", ".product_sepolicy_and_mapping.sha256"),
];

/// The largest digest file, in bytes.
pub const MAX_DIGEST: usize = 128;

const WHAT: &str = "SELinux policy digest";

/// The digests of one image; absent where there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Of the image as it is.
    pub actual: Option<[u8; 32]>,
    /// Of the image that the precompiled policy was compiled from.
    pub precompiled: Option<[u8; 32]>,
}

impl Pair {
    /// Whether both are the same, or neither is there.
    pub fn matches(&self) -> bool {
        self.actual == self.precompiled
    }
}

/// Reads a digest file: SHA-256 in lower-case hex on one line. Init compares first lines as they are, so that a file
/// which is refused here might be equal to another there; the build writes none.
pub fn digest(bytes: &[u8]) -> Result<[u8; 32], FormatError> {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let digest = HEXLOWER.decode(line).ok().and_then(|digest| digest.try_into().ok());
    digest.ok_or_else(|| {
        FormatError::malformed(
            WHAT,
            format!("{}: expected 64 lower-case hex digits on a line", shown_bytes(bytes)),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";

    #[test]
    fn a_digest_is_read_with_and_without_its_line_end() {
        let expected = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef].repeat(4);
        assert_eq!(digest(LINE).unwrap().to_vec(), expected);
        assert_eq!(digest(LINE.strip_suffix(b"\n").unwrap()).unwrap().to_vec(), expected);
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        for bytes in [
            &b""[..],
            b"\n",
            b"0123",
            &LINE.to_ascii_uppercase(),
            &[LINE, b"\n"].concat(),
            &[LINE, LINE].concat(),
            &[b" ", LINE].concat(),
            &[LINE.strip_suffix(b"\n").unwrap(), b"\r\n"].concat(),
            &[LINE.strip_suffix(b"\n").unwrap(), b"  plat_sepolicy.cil\n"].concat(),
            &LINE.repeat(100),
        ] {
            let error = digest(bytes).unwrap_err().to_string();
            assert!(
                error.starts_with("SELinux policy digest: \"") && error.ends_with("on a line"),
                "{error}"
            );
        }
    }

    #[test]
    fn no_truncation_and_no_flipped_bit_is_the_same_digest() {
        let whole = digest(LINE).unwrap();
        for end in 0..LINE.len() - 1 {
            assert!(digest(&LINE[..end]).is_err(), "{end}");
        }
        for bit in 0..8 * LINE.len() {
            let mut bytes = LINE.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(digest(&bytes), Ok(whole), "{bit}");
        }
    }

    #[test]
    fn a_pair_matches_where_both_are_the_same_or_missing() {
        let (one, other) = (Some([1; 32]), Some([2; 32]));
        for (actual, precompiled, matches) in [
            (one, one, true),
            (None, None, true),
            (one, other, false),
            (one, None, false),
            (None, one, false),
        ] {
            assert_eq!(Pair { actual, precompiled }.matches(), matches);
        }
    }
}
