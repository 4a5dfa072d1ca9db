//! ES256 by the `p256` crate, without std.

use super::{PublicKey, Sign, Signature, VerifySignature, lowered};
use core::convert::Infallible;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature as P256Signature, SigningKey, VerifyingKey};

/// `p256`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pure;

impl PublicKey {
    /// Whether it lies on the curve.
    pub fn is_on_curve(&self) -> bool {
        VerifyingKey::from_sec1_bytes(&self.point()).is_ok()
    }
}

impl VerifySignature for Pure {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        let key = VerifyingKey::from_sec1_bytes(&key.point());
        let signature = P256Signature::from_slice(signature);
        matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(message, &signature).is_ok())
    }
}

impl Sign for SigningKey {
    type Error = Infallible;

    fn public_key(&self) -> PublicKey {
        let point = self.verifying_key().to_sec1_point(false);
        let (mut x, mut y) = ([0; 32], [0; 32]);
        if let [_, coordinates @ ..] = point.as_bytes() {
            let (first, second) = coordinates.split_at(coordinates.len() / 2);
            x.iter_mut().zip(first).for_each(|(to, from)| *to = *from);
            y.iter_mut().zip(second).for_each(|(to, from)| *to = *from);
        }
        PublicKey { x, y }
    }

    /// The same each time (RFC 6979).
    fn sign(&self, message: &[u8]) -> Result<Signature, Infallible> {
        let signature: P256Signature = Signer::sign(self, message);
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(signature.to_bytes()).for_each(|(to, from)| *to = from);
        Ok(lowered(bytes))
    }
}
