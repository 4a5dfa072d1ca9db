//! The enrolment verifier's own key, in a file of its owner's alone, and the public keys that it is told of.

use crate::keyfile::{self, KeyError, PRIVATE, armour};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use std::path::Path;
use trust_formats::pem;
use trust_token::crypto::{PublicKey, Sign, Signature};

/// The DER of a P-256 SubjectPublicKeyInfo (RFC 5480 §2) before its point of 65 bytes: there is one.
const P256_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A P-256 key in a file: PEM, PKCS#8 (RFC 5958), mode 600.
#[derive(Debug)]
pub struct FileKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
    random: SystemRandom,
}

impl FileKey {
    /// Reads the key of a file.
    pub fn open(path: &Path) -> Result<FileKey, KeyError> {
        FileKey::from_pem(&keyfile::read(path)?)
    }

    /// Of a PEM text with one P-256 private key, with its public key in it.
    pub fn from_pem(bytes: &[u8]) -> Result<FileKey, KeyError> {
        let random = SystemRandom::new();
        let (pair, public) = pair(&keyfile::private(bytes)?, &random)?;
        Ok(FileKey { pair, public, random })
    }

    /// Makes a key and its file, of mode 600; an error if there is one already. The file is there whole or not at all.
    pub fn create(path: &Path) -> Result<FileKey, KeyError> {
        let (random, der) = (SystemRandom::new(), generate()?);
        let (pair, public) = pair(&der, &random)?;
        keyfile::create(path, &der)?;
        Ok(FileKey { pair, public, random })
    }

    /// Its public key as PEM: what relying parties pin.
    pub fn public_pem(&self) -> String {
        armour("PUBLIC KEY", &[&P256_INFO[..], &self.public.point()].concat())
    }
}

impl Sign for FileKey {
    type Error = KeyError;

    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| KeyError::Random)?;
        signature.as_ref().try_into().map_err(|_| PRIVATE)
    }
}

/// The DER of a new P-256 private key, PKCS#8, with its public key in it.
pub(crate) fn generate() -> Result<Vec<u8>, KeyError> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    made.map(|der| der.as_ref().into()).map_err(|_| KeyError::Random)
}

/// A P-256 private key's DER, verified: its public key is in it and is its own.
pub(crate) fn pair(der: &[u8], random: &SystemRandom) -> Result<(EcdsaKeyPair, PublicKey), KeyError> {
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, random).map_err(|_| PRIVATE)?;
    let public = PublicKey::from_point(pair.public_key().as_ref()).ok_or(PRIVATE)?;
    Ok((pair, public))
}

/// The public key of a PEM text: one block PUBLIC KEY.
pub fn public_key(bytes: &[u8]) -> Result<PublicKey, KeyError> {
    let [block] =
        <[pem::Block; 1]>::try_from(pem::blocks("key", bytes)?).map_err(|_| KeyError::Kind("PUBLIC KEY"))?;
    let is_public = *block.label == *"PUBLIC KEY";
    let key = block.bytes.strip_prefix(&P256_INFO).and_then(PublicKey::from_point).filter(|_| is_public);
    key.ok_or(KeyError::Kind("PUBLIC KEY"))
}
