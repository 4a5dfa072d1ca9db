//! The Signatures message: signatures of one thing by any of several keys.
//!
//! ```text
//! message Signatures { repeated Signature signatures = 1; }                                      // proto2
//! message Signature { uint32 version = 1; bytes data = 2; fixed32 unpadded_signature_size = 3; }
//! ```
//!
//! A signature of an EC key is shorter than the longest one now and then: it is padded to that, and its own size
//! told. update_engine cuts the padding off unseen; here it must be zeros. Source: update_metadata.proto and
//! payload_consumer/payload_verifier.cc of system/update_engine.

use crate::FormatError;
use crate::ota::{Keyring, Refusal};
use crate::protobuf::fields;
use crate::signature::SignatureVerifier;

const WHAT: &str = "update payload signatures";
/// The most signatures of one thing.
const MAX_SIGNATURES: usize = 16;

/// The certificate that has made one of the signatures: SHA-256 of its DER.
pub(super) fn signer(
    signed: &[u8],
    message: &[u8],
    keyring: &Keyring,
    verifier: &dyn SignatureVerifier,
    what: &'static str,
) -> Result<[u8; 32], Refusal> {
    let signatures = read(message)?;
    if signatures.is_empty() {
        return Err(Refusal::Unsigned(what));
    }
    let mut signers = signatures.iter().map(|signature| keyring.payload_signer(verifier, signed, signature));
    signers.find_map(|signer| signer).ok_or(Refusal::Signature(what))
}

/// The signatures of a message without their padding.
fn read(message: &[u8]) -> Result<Vec<&[u8]>, FormatError> {
    let mut signatures = Vec::new();
    for field in fields(WHAT, message) {
        let field = field?;
        if field.number != 1 {
            continue;
        }
        if signatures.len() >= MAX_SIGNATURES {
            return Err(FormatError::too_large(WHAT, "signatures", MAX_SIGNATURES));
        }
        signatures.push(signature(field.bytes()?)?);
    }
    Ok(signatures)
}

fn signature(message: &[u8]) -> Result<&[u8], FormatError> {
    let (mut data, mut size) = (None, None);
    for field in fields(WHAT, message) {
        let field = field?;
        match field.number {
            2 => field.once(&mut data, field.bytes()?)?,
            3 => field.once(&mut size, field.fixed32()?)?,
            _ => {}
        }
    }
    let data: &[u8] =
        data.ok_or_else(|| FormatError::malformed(WHAT, "a signature without data: expected some"))?;
    let Some(size) = size else { return Ok(data) };
    let parts = usize::try_from(size).ok().and_then(|size| data.split_at_checked(size));
    match parts {
        Some((signature, padding)) if padding.iter().all(|byte| *byte == 0) => Ok(signature),
        Some((_, padding)) => {
            Err(FormatError::malformed(WHAT, format!("{} bytes of padding: expected zeros", padding.len())))
        }
        None => {
            let message = format!("a signature of {size} bytes in {}: expected it to fit", data.len());
            Err(FormatError::malformed(WHAT, message))
        }
    }
}
