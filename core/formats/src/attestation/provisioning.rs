//! The provisioning information of a remotely provisioned attestation certificate.
//!
//! ```text
//! ProvisioningInfo = { ? 1 => uint, * any => any }     ; 1: certificates issued to the device lately
//! ```
//!
//! Google's provisioning server writes it into the certificate above the leaf, and vouches for it with the
//! chain's signatures. Source: developer.android.com/privacy-and-security/security-key-attestation,
//! "Provisioning information extension". Real ones also have 2 (a boolean) and 3 (a text), which are skipped.

use super::cbor::{Item, Reader};
use crate::FormatError;

/// The content of the extension's OBJECT IDENTIFIER, 1.3.6.1.4.1.11129.2.1.30.
pub const OID: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x1e];
/// The longest extension value, in bytes. Real ones have 3 to 14.
pub const MAX_SIZE: usize = 1024;

const WHAT: &str = "provisioning information";
const CERTIFICATES_ISSUED: Item = Item::Unsigned(1);

/// What the provisioning server says of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvisioningInfo {
    /// About how many certificates the device was given in the last 30 days. Many may be a sign of abuse.
    pub certificates_issued: Option<u64>,
}

impl ProvisioningInfo {
    /// Reads the content of the extension's OCTET STRING (extnValue): one CBOR map in deterministic encoding,
    /// the keys that are not known skipped.
    pub fn parse(extension_value: &[u8]) -> Result<ProvisioningInfo, FormatError> {
        if extension_value.len() > MAX_SIZE {
            return Err(FormatError::too_large(WHAT, "bytes", MAX_SIZE));
        }
        let mut reader = Reader::new(WHAT, extension_value);
        let mut certificates_issued = None;
        reader.map(|key, value, at| {
            certificates_issued = match (key, value) {
                (CERTIFICATES_ISSUED, Item::Unsigned(count)) => Some(count),
                (CERTIFICATES_ISSUED, Item::Other) => {
                    let message = "the certificates issued: expected an unsigned integer";
                    return Err(FormatError::malformed(WHAT, message).at_byte(at));
                }
                _ => certificates_issued,
            };
            Ok(())
        })?;
        reader.end()?;
        Ok(ProvisioningInfo { certificates_issued })
    }
}

#[cfg(test)]
mod tests;
