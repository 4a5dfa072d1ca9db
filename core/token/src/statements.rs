//! What every signed statement beside the attestation must withstand: evidence, sealed or not, roll-overs and bundles.
#![cfg(feature = "p256")]

mod bundle;
mod evidence;
mod rollover;
mod sealed;

use crate::cbor::Writer;
use crate::crypto::{PublicKey, Sha256Digest, Sign, Signature};
use alloc::vec::Vec;
use p256::ecdsa::SigningKey;

/// When things are judged.
const NOW: u64 = 1_793_610_003;

fn signing(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

fn public(number: u8) -> PublicKey {
    Sign::public_key(&signing(number))
}

/// A statement's envelope, to be changed in one place.
struct Envelope {
    alg: i64,
    kid: Sha256Digest,
    typ: &'static str,
    has_unprotected: bool,
    finish: fn(Signature) -> Signature,
}

impl Envelope {
    fn of(key: u8, typ: &'static str) -> Envelope {
        Envelope { alg: -7, kid: public(key).thumbprint(), typ, has_unprotected: false, finish: |s| s }
    }

    fn sign(&self, payload: &[u8], key: u8) -> Vec<u8> {
        let mut header = Writer::default();
        header.map(3).integer(1).integer(self.alg).integer(4).bytes(&self.kid).integer(16).text(self.typ);
        let header = header.into_bytes();
        let mut structure = Writer::default();
        structure.array(4).text("Signature1").bytes(&header).bytes(&[]).bytes(payload);
        let signature = (self.finish)(Sign::sign(&signing(key), &structure.into_bytes()).unwrap());
        let mut message = Writer::default();
        message.tag(18).array(4).bytes(&header);
        match self.has_unprotected {
            true => message.map(1).integer(1).integer(-7),
            false => message.map(0),
        };
        message.bytes(payload).bytes(&signature);
        message.into_bytes()
    }
}

/// n - s: the other that verifies.
fn higher(mut signature: Signature) -> Signature {
    use p256::elliptic_curve::bigint::U256;
    let order = U256::from_be_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let s = U256::from_be_slice(&signature[32..]);
    signature[32..].copy_from_slice(&order.wrapping_sub(&s).to_be_bytes());
    signature
}

fn another(mut signature: Signature) -> Signature {
    signature[0] ^= 1;
    signature
}

/// The payload of a signed statement.
fn payload(signed: &[u8]) -> Vec<u8> {
    crate::cose::Sign1::parse(signed).unwrap().payload.to_vec()
}

/// Every flipped bit, every truncation, a byte too many.
fn withstands<T, E>(good: &[u8], verify: impl Fn(&[u8]) -> Result<T, E>) {
    assert!(verify(good).is_ok());
    for bit in 0..good.len() * 8 {
        let mut flipped = good.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&flipped).is_err(), "bit {bit}");
    }
    for length in 0..good.len() {
        assert!(verify(&good[..length]).is_err(), "{length} bytes");
    }
    assert!(verify(&[good, &[0]].concat()).is_err());
}

/// The same of the payload, signed anew: nothing but the signature may hide a slack reader. What is read back must
/// be written as it was.
fn reads_one_encoding(payload: &[u8], rewritten: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let same = |bytes: &[u8]| rewritten(bytes).is_none_or(|again| again == bytes);
    for bit in 0..payload.len() * 8 {
        let mut flipped = payload.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(same(&flipped), "bit {bit}");
    }
    for length in 0..payload.len() {
        assert!(rewritten(&payload[..length]).is_none(), "{length} bytes");
    }
    assert!(rewritten(&[payload, &[0]].concat()).is_none());
}
