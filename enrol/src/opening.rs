//! Opening sealed evidence (`trust_token::sealed`), by the `hpke` crate: an implementation that is not the sealer's.

use crate::keyfile::{self, KeyError, PRIVATE};
use crate::refusal::Refusal;
use crate::signing;
use data_encoding::HEXLOWER;
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, single_shot_open};
use ring::rand::SystemRandom;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use trust_token::crypto::PublicKey;
use trust_token::sealed::{FIRST_BYTE, INFO, Sealed, SealedRefusal, unpad};

/// The PKCS#8 (RFC 5958) of a P-256 key with its ECPrivateKey (RFC 5915) and its public key: 32 bytes of the one between
/// these two, 65 of the other after the second. It is what `ring`, `openssl genpkey` and others write.
const BEFORE_SCALAR: [u8; 36] = [
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01,
    0x04, 0x20,
];
const BEFORE_POINT: [u8; 5] = [0xa1, 0x44, 0x03, 0x42, 0x00];

/// A key that opens what is sealed to it, from a file like the signing key's. It is another key than that one: nothing
/// that it opens is signed with it.
pub struct Opener {
    secret: <DhP256HkdfSha256 as Kem>::PrivateKey,
    public: PublicKey,
}

impl Opener {
    /// Reads the key of a file.
    pub fn open(path: &Path) -> Result<Opener, KeyError> {
        Opener::from_pem(&keyfile::read(path)?)
    }

    /// Of a PEM text with one P-256 private key, with its public key in it.
    pub fn from_pem(bytes: &[u8]) -> Result<Opener, KeyError> {
        Opener::from_der(&keyfile::private(bytes)?)
    }

    fn from_der(der: &[u8]) -> Result<Opener, KeyError> {
        let (_, public) = signing::pair(der, &SystemRandom::new())?;
        let scalar = der.strip_prefix(&BEFORE_SCALAR).and_then(|rest| rest.split_first_chunk::<32>());
        let (scalar, rest) = scalar.ok_or(PRIVATE)?;
        rest.strip_prefix(&BEFORE_POINT).filter(|point| **point == public.point()).ok_or(PRIVATE)?;
        let secret = Deserializable::from_bytes(scalar).map_err(|_| PRIVATE)?;
        Ok(Opener { secret, public })
    }

    /// Makes a key and its file, of mode 600; an error if there is one already. The file is there whole or not at all.
    pub fn create(path: &Path) -> Result<Opener, KeyError> {
        let der = signing::generate()?;
        let opener = Opener::from_der(&der)?;
        keyfile::create(path, &der)?;
        Ok(opener)
    }

    /// Its public key.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Its public key as `verifier` of a policy's `[enrolment]` has it: the uncompressed point in 130 hexadecimal digits.
    pub fn policy_hex(&self) -> String {
        HEXLOWER.encode(&self.public.point())
    }

    /// The padded plaintext (`trust_token::sealed::unpad`), if it was sealed to this key and nothing of it was changed.
    pub fn plaintext(&self, sealed: &Sealed) -> Option<Vec<u8>> {
        let ek = Deserializable::from_bytes(&sealed.ek).ok()?;
        let (mode, aad) = (OpModeR::Base, sealed.aad());
        single_shot_open::<AesGcm128, HkdfSha256, DhP256HkdfSha256>(
            &mode,
            &self.secret,
            &ek,
            INFO,
            &sealed.ciphertext,
            &aad,
        )
        .ok()
    }
}

/// Its public key alone.
impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The evidence in what was received, opened if it is sealed; none if it is clear.
pub(crate) fn opened(openers: &[Arc<Opener>], received: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    if received.first() != Some(&FIRST_BYTE) {
        return Ok(None);
    }
    let sealed = Sealed::from_bytes(received).map_err(Refusal::Sealed)?;
    let is_its = |opener: &&Arc<Opener>| opener.public.thumbprint() == sealed.recipient;
    let opener = openers.iter().find(is_its).ok_or(Refusal::Recipient)?;
    let plaintext = opener.plaintext(&sealed).ok_or(Refusal::Opening)?;
    let evidence = unpad(&plaintext).map_err(|found| Refusal::Sealed(SealedRefusal::Padding(found)))?;
    Ok(Some(evidence.into()))
}
