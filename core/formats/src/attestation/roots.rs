//! The roots that chains may end in, pinned by their public keys.
//!
//! Google re-issues a root's certificate under the same key (the RSA one four times so far, the first of which
//! expired on 2026-05-24), so the SHA-256 of the SubjectPublicKeyInfo is the pin, and a root's dates are not
//! looked at.

use crate::digest::sha256;
use crate::x509::{Attribute, Certificate};

/// SHA-256 of a SubjectPublicKeyInfo.
pub type Pin = [u8; 32];

/// A pinned root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// What to call it.
    pub name: Box<str>,
    /// Its key.
    pub pin: Pin,
}

/// The roots that somebody trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots(Vec<Root>);

/// Google's RSA-4096 root, serialNumber=f92009e853b6b045.
/// <https://developer.android.com/privacy-and-security/security-key-attestation#root_certificate>
pub const GOOGLE_RSA: Pin = [
    0xfe, 0xb2, 0xea, 0x75, 0x51, 0xee, 0x31, 0x6e, 0xd4, 0xbb, 0x44, 0x3c, 0x82, 0x93, 0xb8, 0x84, 0xdb,
    0xfd, 0xea, 0x40, 0xb6, 0x03, 0xee, 0x3e, 0x4f, 0x4a, 0x89, 0x7e, 0x45, 0x80, 0xfb, 0xae,
];

/// Google's P-384 root, CN=Key Attestation CA1, from which remotely provisioned chains come since 2026.
/// <https://developer.android.com/privacy-and-security/security-key-attestation#root_certificate>
pub const GOOGLE_EC: Pin = [
    0x3e, 0xe4, 0x45, 0x12, 0xa1, 0xaf, 0x2b, 0xeb, 0x39, 0xc8, 0x89, 0x49, 0x0c, 0x60, 0xea, 0x3f, 0x82,
    0xe4, 0x3f, 0x5d, 0x5a, 0x55, 0x32, 0xf5, 0xab, 0x94, 0x19, 0xf6, 0x76, 0xcd, 0x07, 0xec,
];

/// The keys of Android's two software roots, whose private keys are published with AOSP.
/// <https://android.googlesource.com/platform/system/core/+/main/trusty/keymaster/set_attestation_key/keymaster_soft_attestation_keys.xml>
const SOFTWARE: [Pin; 2] = [SOFTWARE_EC, SOFTWARE_RSA];

const SOFTWARE_EC: Pin = [
    0xd5, 0x10, 0x0c, 0x79, 0x42, 0xef, 0x2e, 0x83, 0x10, 0xdc, 0x30, 0xef, 0x82, 0x72, 0x96, 0x80, 0xcf,
    0x48, 0xd6, 0x90, 0x73, 0x5c, 0x3f, 0x68, 0x17, 0x9a, 0x33, 0xc7, 0xc3, 0x70, 0xf2, 0x86,
];

const SOFTWARE_RSA: Pin = [
    0xf2, 0xc4, 0x74, 0x6f, 0x54, 0x59, 0x46, 0xc1, 0x00, 0xe7, 0x22, 0x97, 0xf8, 0xf9, 0x46, 0x34, 0x4d,
    0x70, 0x52, 0xf0, 0x3a, 0x2f, 0x69, 0x42, 0x21, 0xf9, 0xc8, 0x93, 0xb0, 0xe6, 0xf7, 0x11,
];

impl Roots {
    /// Google's two roots.
    pub fn google() -> Roots {
        let root = |name: &str, pin| Root { name: name.into(), pin };
        Roots(vec![root("Google RSA-4096 (2016)", GOOGLE_RSA), root("Google P-384 (2025)", GOOGLE_EC)])
    }

    /// No root at all.
    pub fn none() -> Roots {
        Roots(Vec::new())
    }

    /// These and another.
    pub fn and(mut self, name: &str, pin: Pin) -> Roots {
        if self.find(&pin).is_none() {
            self.0.push(Root { name: name.into(), pin });
        }
        self
    }

    /// The root with this key.
    pub fn find(&self, pin: &Pin) -> Option<&Root> {
        self.0.iter().find(|root| root.pin == *pin)
    }

    /// Every root.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Root> {
        self.0.iter()
    }
}

/// The pin of a certificate's key.
pub fn pin(certificate: &Certificate<'_>) -> Pin {
    sha256(certificate.public_key_info)
}

/// Whether a root is one of Android's software keystore: by its key, or by the name that it goes under.
pub(super) fn is_software(root: &Certificate<'_>, pin: &Pin) -> bool {
    SOFTWARE.contains(pin)
        || root.subject.get(Attribute::CommonName) == Some(b"Android Keystore Software Attestation Root")
}
