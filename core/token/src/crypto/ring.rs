//! ES256 by the `ring` crate.

use super::{PublicKey, Signature, VerifySignature};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

/// `ring`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ring;

impl VerifySignature for Ring {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.point()).verify(message, signature).is_ok()
    }
}
