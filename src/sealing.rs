//! Seals enrolment evidence to the enrolment verifier that the policy names, so that who carries it can't read it:
//! HPKE's sender (RFC 9180) in base mode, with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM, over `ring`.
//! `trust_token::sealed` has the message around it.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Prk};
use ring::hmac;
use ring::rand::SystemRandom;
use trust_token::crypto::PublicKey;
use trust_token::evidence::Kept;
use trust_token::sealed::{INFO, Sealed, aad, pad};

/// "KEM" and the number of DHKEM(P-256, HKDF-SHA256) (RFC 9180 §4.1, §7.1).
const KEM: &[u8] = b"KEM\x00\x10";
/// "HPKE", that number, and those of HKDF-SHA256 and AES-128-GCM (RFC 9180 §5.1, §7.2, §7.3).
const SUITE: &[u8] = b"HPKE\x00\x10\x00\x01\x00\x01";
/// mode_base (RFC 9180 §5).
const BASE: u8 = 0;

/// Why evidence does not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It has a chain, and nobody is named who may read it.
    #[error(
        "[enrolment] verifier: the policy names no enrolment verifier to seal evidence with a certificate chain to: \
             expected the point that `trust_enrold init-key` prints"
    )]
    NoVerifier,
    /// The point that the policy names is none of the curve.
    #[error("[enrolment] verifier: expected a point of P-256")]
    Point,
    /// The evidence is larger than evidence may be.
    #[error("the evidence is larger than allowed")]
    TooLarge,
    /// The system gave no randomness, or the library failed.
    #[error("nothing was sealed: no randomness, or a fault of the library")]
    Failed,
}

/// Whether evidence could leave the daemon at all, with a chain or without one: asked before a key is made for it.
///
/// # Errors
/// [`SealError::NoVerifier`]; [`SealError::Point`].
pub fn check(has_chain: bool, verifier: Option<&[u8; 65]>) -> Result<(), SealError> {
    let sealed = match (verifier, has_chain) {
        (None, true) => return Err(SealError::NoVerifier),
        (None, false) => return Ok(()),
        (Some(verifier), _) => seal(&[], verifier),
    };
    sealed.map(drop)
}

/// Signed evidence as it may leave the daemon: sealed to the enrolment verifier that the policy names, by its
/// uncompressed point. Where it names none, clear evidence of a key in a file, and none with a chain: a chain is the same
/// for all audiences of a device, and one of them would carry it.
///
/// # Errors
/// Each of [`SealError`].
pub fn outgoing(signed: Vec<u8>, kept: &Kept, verifier: Option<&[u8; 65]>) -> Result<Vec<u8>, SealError> {
    match (verifier, kept) {
        (Some(verifier), _) => seal(&signed, verifier),
        (None, Kept::File) => Ok(signed),
        (None, Kept::Hardware(_)) => Err(SealError::NoVerifier),
    }
}

/// Evidence, padded and sealed to the key of this uncompressed point: another message each time.
///
/// # Errors
/// All but [`SealError::NoVerifier`].
pub fn seal(evidence: &[u8], verifier: &[u8; 65]) -> Result<Vec<u8>, SealError> {
    let recipient = PublicKey::from_point(verifier).ok_or(SealError::Point)?.thumbprint();
    let mut text = pad(evidence).ok_or(SealError::TooLarge)?;
    let random = SystemRandom::new();
    let ephemeral = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(|_| SealError::Failed)?;
    let ek = ephemeral.compute_public_key().map_err(|_| SealError::Failed)?;
    let ek: [u8; 65] = ek.as_ref().try_into().map_err(|_| SealError::Failed)?;
    // It fails where the other point is none of the curve (NIST SP 800-56A §5.6.2.3.4).
    let peer = UnparsedPublicKey::new(&ECDH_P256, verifier);
    let agreed = agree_ephemeral(ephemeral, &peer, |secret| Schedule::of(secret, &ek, verifier, INFO));
    let schedule = agreed.map_err(|_| SealError::Point)?.map_err(|_| SealError::Failed)?;
    schedule.seal(&aad(&recipient), &mut text).map_err(|_| SealError::Failed)?;
    Ok(Sealed { recipient, ek, ciphertext: text }.to_bytes())
}

/// The key and the nonce of the one message of a context.
struct Schedule {
    key: [u8; 16],
    nonce: [u8; 12],
}

impl Schedule {
    /// Of the Diffie-Hellman of `enc` and the recipient's point.
    fn of(secret: &[u8], enc: &[u8; 65], recipient: &[u8; 65], info: &[u8]) -> Result<Schedule, Unspecified> {
        Schedule::of_shared(&shared_secret(secret, enc, recipient)?, info)
    }

    /// KeySchedule (RFC 9180 §5.1), without a pre-shared key.
    fn of_shared(shared: &[u8; 32], info: &[u8]) -> Result<Schedule, Unspecified> {
        let psk_id_hash = extract(SUITE, &[], b"psk_id_hash", &[]);
        let info_hash = extract(SUITE, &[], b"info_hash", info);
        let context = [&[BASE], psk_id_hash.as_ref(), info_hash.as_ref()].concat();
        let secret = extract(SUITE, shared, b"secret", &[]);
        Ok(Schedule {
            key: expand(SUITE, secret.as_ref(), b"key", &context)?,
            nonce: expand(SUITE, secret.as_ref(), b"base_nonce", &context)?,
        })
    }

    /// Encrypts in place and adds the tag. A context seals once: its nonce is the base nonce (RFC 9180 §5.2).
    fn seal(self, aad: &[u8], text: &mut Vec<u8>) -> Result<(), Unspecified> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &self.key)?);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(self.nonce), Aad::from(aad), text)
    }
}

/// ExtractAndExpand (RFC 9180 §4.1).
fn shared_secret(secret: &[u8], enc: &[u8; 65], recipient: &[u8; 65]) -> Result<[u8; 32], Unspecified> {
    let prk = extract(KEM, &[], b"eae_prk", secret);
    expand(KEM, prk.as_ref(), b"shared_secret", &[&enc[..], &recipient[..]].concat())
}

/// LabeledExtract (RFC 9180 §4). HKDF's extraction is an HMAC (RFC 5869 §2.2), and `ring::hkdf` gives no key out.
fn extract(suite: &[u8], salt: &[u8], label: &[u8], input: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt));
    [b"HPKE-v1", suite, label, input].iter().for_each(|part| context.update(part));
    context.sign()
}

/// LabeledExpand (RFC 9180 §4).
fn expand<const N: usize>(
    suite: &[u8],
    prk: &[u8],
    label: &[u8],
    info: &[u8],
) -> Result<[u8; N], Unspecified> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let length = u16::try_from(N).map_err(|_| Unspecified)?.to_be_bytes();
    let parts = [&length[..], b"HPKE-v1", suite, label, info];
    let mut key = [0; N];
    Prk::new_less_safe(HKDF_SHA256, prk).expand(&parts, Length(N))?.fill(&mut key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
    }

    /// RFC 9180, appendix A.3.1: all but the ephemeral key, which ring makes alone.
    #[test]
    fn the_schedule_is_the_standards() {
        let info = HEXLOWER.decode(b"4f6465206f6e2061204772656369616e2055726e").unwrap();
        let recipient = hex(concat!(
            "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82",
            "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0"
        ));
        let enc = hex(concat!(
            "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9",
            "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
        ));
        // skEm with pkRm, by the p256 crate.
        let ephemeral = hex::<32>("4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb");
        let ephemeral = p256::NonZeroScalar::try_from(&ephemeral[..]).unwrap();
        let peer = p256::PublicKey::from_sec1_bytes(&recipient).unwrap();
        let product = (p256::ProjectivePoint::from(*peer.as_affine()) * *ephemeral).to_affine();
        let secret = p256::elliptic_curve::point::AffineCoordinates::x(&product);
        let shared = shared_secret(&secret, &enc, &recipient).unwrap();
        assert_eq!(shared, hex("c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8"));
        let schedule = Schedule::of(&secret, &enc, &recipient, &info).unwrap();
        assert_eq!(schedule.key, hex("868c066ef58aae6dc589b6cfdd18f97e"));
        assert_eq!(schedule.nonce, hex("4e0bc5018beba4bf004cca59"));
        let mut text = b"Beauty is truth, truth beauty".to_vec();
        schedule.seal(b"Count-0", &mut text).unwrap();
        let expected = concat!(
            "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f",
            "9076ac232e3ab2523f39513434"
        );
        assert_eq!(HEXLOWER.encode(&text), expected);
    }

    #[test]
    fn what_can_t_be_sealed() {
        let mut point = [4; 65];
        assert_eq!(seal(b"evidence", &point), Err(SealError::Point), "off the curve");
        point[0] = 2;
        assert_eq!(seal(b"evidence", &point), Err(SealError::Point), "another form");
        let chain = Kept::Hardware(vec![]);
        assert_eq!(outgoing(vec![1], &chain, None), Err(SealError::NoVerifier));
        assert_eq!(outgoing(vec![1], &Kept::File, None), Ok(vec![1]));
        assert_eq!(
            outgoing(vec![1], &Kept::File, Some(&point)),
            Err(SealError::Point),
            "never in clear then"
        );
        assert_eq!(outgoing(vec![1], &chain, Some(&point)), Err(SealError::Point));
    }
}
