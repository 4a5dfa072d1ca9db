//! The tests' opener, which anybody can make again, and sealing to it by the `hpke` crate: the daemon's own sealer is
//! tested against the opener in `tests/sealed.rs` of the daemon.

use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeS, Serializable, single_shot_seal};
use std::sync::Arc;
use trust_enrol::Opener;
use trust_forge::Key;
use trust_token::crypto::{PublicKey, Sign};
use trust_token::sealed::{INFO, Sealed, aad, pad};

/// A private key of this label: PEM, PKCS#8.
pub fn pem(label: &str) -> String {
    let Key::P256(key) = Key::p256(label) else { unreachable!("asked for P-256") };
    let before = [
        0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01,
        0x04, 0x20,
    ];
    let point = Sign::public_key(&key).point();
    let der = [&before[..], &key.to_bytes(), &[0xa1, 0x44, 0x03, 0x42, 0x00], &point].concat();
    trust_forge::pem("PRIVATE KEY", &[der])
}

/// The opener of this label.
pub fn opener(label: &str) -> Arc<Opener> {
    Arc::new(Opener::from_pem(pem(label).as_bytes()).expect("made above"))
}

/// The label of the opener that the tests' rules have.
pub const OPENER: &str = "enrolment test opener";

/// Evidence, sealed to that one.
pub fn sealed(evidence: &[u8]) -> Vec<u8> {
    let key = opener(OPENER).public_key();
    sealed_to(&key, INFO, &aad(&key.thumbprint()), &pad(evidence).expect("small")).to_bytes()
}

/// A plaintext, sealed to a key with HPKE's info and aad.
pub fn sealed_to(key: &PublicKey, info: &[u8], aad: &[u8], plaintext: &[u8]) -> Sealed {
    type Point = <DhP256HkdfSha256 as Kem>::PublicKey;
    let point = Point::from_bytes(&key.point()).expect("on the curve");
    let (ek, ciphertext) = single_shot_seal::<AesGcm128, HkdfSha256, DhP256HkdfSha256>(
        &OpModeS::Base,
        &point,
        info,
        plaintext,
        aad,
    )
    .expect("sealing never fails");
    Sealed { recipient: key.thumbprint(), ek: ek.to_bytes().into(), ciphertext }
}
