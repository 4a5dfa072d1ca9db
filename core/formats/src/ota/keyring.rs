//! The certificates whose keys may sign an update.

use super::certificate::public_key;
use crate::certs::{ota_der, pem_der};
use crate::digest::sha256;
use crate::signature::{Curve, Hash, PublicKey, SignatureVerifier, bits};
use crate::{Drops, FormatError};

/// The most certificates.
pub const MAX_CERTIFICATES: usize = 64;

/// Certificates that the caller trusts, each with a key that can be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keyring {
    certificates: Vec<Vec<u8>>,
}

impl Keyring {
    /// Adds every certificate of an otacerts.zip; what the archive holds besides. See [`crate::certs::ota`].
    pub fn add_otacerts(&mut self, bytes: &[u8]) -> Result<Drops, FormatError> {
        let (certificates, dropped) = ota_der(bytes)?;
        certificates.into_iter().try_for_each(|der| self.add_der(der))?;
        Ok(dropped)
    }

    /// Adds the one certificate of a PEM text. See [`crate::certs::pem_sha256`].
    pub fn add_pem(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        self.add_der(pem_der(bytes)?)
    }

    /// Adds a certificate in DER.
    pub fn add_der(&mut self, der: Vec<u8>) -> Result<(), FormatError> {
        public_key(&der)?;
        if self.certificates.len() >= MAX_CERTIFICATES {
            return Err(FormatError::too_large("update certificates", "of them", MAX_CERTIFICATES));
        }
        self.certificates.push(der);
        Ok(())
    }

    /// SHA-256 of each certificate, in the order in which they were added.
    pub fn digests(&self) -> impl Iterator<Item = [u8; 32]> {
        self.certificates.iter().map(|der| sha256(der))
    }

    /// Whether some key can sign whole packages with this hash, as recovery decides it.
    pub(super) fn has_signer(&self, hash: Hash) -> bool {
        self.signers(hash).next().is_some()
    }

    /// A hash that some key can sign whole packages with.
    pub(super) fn package_hash(&self) -> Option<Hash> {
        self.keys().find_map(|(_, key, own)| own.filter(|_| is_recoverys(key)))
    }

    /// The certificate whose key made a package's signature: SHA-256 of its DER.
    pub(super) fn package_signer(
        &self,
        verifier: &dyn SignatureVerifier,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Option<[u8; 32]> {
        self.signers(hash)
            .find(|(_, key)| verifier.verify(*key, hash, message, signature) == Ok(()))
            .map(|(der, _)| sha256(der))
    }

    /// Keys that recovery takes for this hash: RSA of 2048 or 4096 bits with the exponent 3 or 65537 and EC P-256,
    /// in certificates that are signed with that hash themselves (LoadCertificateFromBuffer of verifier.cpp).
    fn signers(&self, hash: Hash) -> impl Iterator<Item = (&Vec<u8>, PublicKey<'_>)> {
        self.keys()
            .filter(move |(_, key, own)| *own == Some(hash) && is_recoverys(*key))
            .map(|(der, key, _)| (der, key))
    }

    /// The certificate whose key made a payload's signature of SHA-256; update_engine takes RSA of 2048 or 4096
    /// bits, and any EC key, whatever its certificate is signed with.
    pub(super) fn payload_signer(
        &self,
        verifier: &dyn SignatureVerifier,
        message: &[u8],
        signature: &[u8],
    ) -> Option<[u8; 32]> {
        let is_taken = |key: PublicKey<'_>| match key {
            PublicKey::Ec(..) => true,
            PublicKey::Rsa { modulus, .. } => matches!(bits(modulus), 2048 | 4096),
        };
        let mut keys = self.keys().filter(|(_, key, _)| is_taken(*key));
        keys.find(|(_, key, _)| verifier.verify(*key, Hash::Sha256, message, signature) == Ok(()))
            .map(|(der, ..)| sha256(der))
    }

    fn keys(&self) -> impl Iterator<Item = (&Vec<u8>, PublicKey<'_>, Option<Hash>)> {
        self.certificates.iter().filter_map(|der| {
            let certificate = public_key(der).ok()?;
            Some((der, certificate.key, certificate.hash))
        })
    }
}

fn is_recoverys(key: PublicKey<'_>) -> bool {
    match key {
        PublicKey::Ec(curve, _) => curve == Curve::P256,
        PublicKey::Rsa { modulus, exponent } => {
            matches!(bits(modulus), 2048 | 4096) && matches!(exponent, [3] | [1, 0, 1])
        }
    }
}
