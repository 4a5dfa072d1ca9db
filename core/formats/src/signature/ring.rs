//! Signature checks by the `ring` crate.

use super::{BadSignature, Curve, Hash, PublicKey, SignatureVerifier};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

/// `ring`: P-256 and P-384 with SHA-256 or SHA-384, RSA from 2048 to 8192 bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ring;

impl SignatureVerifier for Ring {
    fn verify(
        &self,
        key: PublicKey<'_>,
        hash: Hash,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let verified = match key {
            PublicKey::Ec(curve, point) => {
                let algorithm = match (curve, hash) {
                    (Curve::P256, Hash::Sha256) => &ECDSA_P256_SHA256_ASN1,
                    (Curve::P256, Hash::Sha384) => &ECDSA_P256_SHA384_ASN1,
                    (Curve::P384, Hash::Sha256) => &ECDSA_P384_SHA256_ASN1,
                    (Curve::P384, Hash::Sha384) => &ECDSA_P384_SHA384_ASN1,
                    (_, Hash::Sha1 | Hash::Sha512) => return Err(BadSignature::Unsupported),
                };
                UnparsedPublicKey::new(algorithm, point).verify(message, signature)
            }
            PublicKey::Rsa { modulus, exponent } => {
                if !(2048..=8192).contains(&super::bits(modulus)) {
                    return Err(BadSignature::Unsupported);
                }
                let algorithm: &RsaParameters = match hash {
                    Hash::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
                    Hash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
                    Hash::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
                    Hash::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
                };
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(algorithm, message, signature)
            }
        };
        verified.map_err(|_| BadSignature::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trust_forge::{Hash as ForgeHash, Key};

    const HASHES: [(Hash, ForgeHash); 4] = [
        (Hash::Sha1, ForgeHash::Sha1),
        (Hash::Sha256, ForgeHash::Sha256),
        (Hash::Sha384, ForgeHash::Sha384),
        (Hash::Sha512, ForgeHash::Sha512),
    ];

    #[test]
    fn every_key_and_hash_verifies_its_own_message_only() {
        let keys = [
            Key::p256("ring"),
            Key::p384("ring"),
            Key::rsa("ring", 2048),
            Key::rsa("ring", 4096),
            Key::rsa("ring", 8192),
            Key::rsa_with_exponent("ring", 2048, 3),
        ];
        let mut verified = 0;
        for key in &keys {
            let spki = key.public();
            let (modulus, exponent) =
                key.as_rsa().map(|rsa| (rsa.modulus(), rsa.exponent())).unwrap_or_default();
            let public = match key {
                Key::P256(_) => PublicKey::Ec(Curve::P256, spki.split_at(spki.len() - 65).1),
                Key::P384(_) => PublicKey::Ec(Curve::P384, spki.split_at(spki.len() - 97).1),
                Key::Rsa(_) => PublicKey::Rsa { modulus: &modulus, exponent: &exponent },
            };
            for (hash, forge) in HASHES {
                let mut signature = key.sign(forge, b"message");
                let found = Ring.verify(public, hash, b"message", &signature);
                if found == Err(BadSignature::Unsupported) {
                    assert!(matches!(public, PublicKey::Ec(..)) && matches!(hash, Hash::Sha1 | Hash::Sha512));
                    continue;
                }
                assert_eq!(found, Ok(()), "{public} {hash}");
                verified += 1;
                assert_eq!(Ring.verify(public, hash, b"massage", &signature), Err(BadSignature::Wrong));
                *signature.last_mut().unwrap() ^= 1;
                assert_eq!(Ring.verify(public, hash, b"message", &signature), Err(BadSignature::Wrong));
            }
        }
        assert_eq!(verified, 2 * 2 + 4 * 4);
    }

    #[test]
    fn a_short_rsa_key_is_unsupported() {
        let key = Key::rsa("ring", 1024);
        let rsa = key.as_rsa().unwrap();
        let public = PublicKey::Rsa { modulus: &rsa.modulus(), exponent: &rsa.exponent() };
        let signature = key.sign(ForgeHash::Sha256, b"message");
        assert_eq!(public.to_string(), "RSA-1024");
        let found = Ring.verify(public, Hash::Sha256, b"message", &signature);
        assert_eq!(found, Err(BadSignature::Unsupported));
    }
}
