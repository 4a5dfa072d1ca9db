//! Envelopes and payloads that [`issue`](crate::issue) would not write, signed all the same.

use super::world::{Signer, device, public};
use crate::cbor::Writer;
use crate::cose;
use crate::crypto::{Sha256Digest, Sign, Signature, lowered};
use crate::verify::{TYPE, issue};
use alloc::boxed::Box;
use alloc::vec::Vec;
use p256::ecdsa::SigningKey;

/// How an envelope differs: the protected header, the unprotected one, and what becomes of the signature.
pub(crate) struct Envelope<P, U> {
    pub(crate) protected: P,
    pub(crate) unprotected: U,
    pub(crate) finish: fn(Signature) -> Signature,
}

impl<P: Fn(&mut Writer), U: Fn(&mut Writer)> Envelope<P, U> {
    pub(crate) fn sign(&self, payload: &[u8], key: &SigningKey) -> Vec<u8> {
        let mut header = Writer::default();
        (self.protected)(&mut header);
        let header = header.into_bytes();
        let mut structure = Writer::default();
        structure.array(4).text("Signature1").bytes(&header).bytes(&[]).bytes(payload);
        let signature = (self.finish)(Sign::sign(key, &structure.into_bytes()).unwrap());
        let mut message = Writer::default();
        message.tag(18).array(4).bytes(&header);
        (self.unprotected)(&mut message);
        message.bytes(payload).bytes(&signature);
        message.into_bytes()
    }
}

/// Signs claims in another envelope.
pub(crate) fn envelope(
    protected: impl Fn(&mut Writer) + 'static,
    unprotected: impl Fn(&mut Writer) + 'static,
    finish: fn(Signature) -> Signature,
) -> Signer {
    let envelope = Envelope { protected, unprotected, finish };
    Box::new(move |claims| envelope.sign(&claims.to_bytes(), &device()))
}

/// Changes a token's bytes.
pub(crate) fn damaged(change: fn(Vec<u8>) -> Vec<u8>) -> Signer {
    Box::new(move |claims| change(issue(claims, &device()).unwrap()))
}

/// Changes the payload's bytes, and signs them.
pub(crate) fn payload(change: fn(Vec<u8>) -> Vec<u8>) -> Signer {
    Box::new(move |claims| cose::sign(TYPE, &change(claims.to_bytes()), &device()).unwrap())
}

/// The bytes with the first place of some others replaced.
pub(crate) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("what is replaced");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

pub(crate) fn header(alg: i64, kid: Sha256Digest, typ: &'static str) -> impl Fn(&mut Writer) {
    move |writer| _ = writer.map(3).integer(1).integer(alg).integer(4).bytes(&kid).integer(16).text(typ)
}

/// An unprotected header as it has to be.
pub(crate) fn plain(writer: &mut Writer) {
    writer.map(0);
}

/// An unprotected header that names the algorithm.
pub(crate) fn named(writer: &mut Writer) {
    writer.map(1).integer(1).integer(-7);
}

pub(crate) fn same(signature: Signature) -> Signature {
    signature
}

pub(crate) fn wrong(mut signature: Signature) -> Signature {
    signature[0] ^= 1;
    signature
}

pub(crate) fn higher(signature: Signature) -> Signature {
    // n - s of the lower s: the other that verifies.
    let mut other = signature;
    let order = p256::elliptic_curve::bigint::U256::from_be_hex(
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    );
    let s = p256::elliptic_curve::bigint::U256::from_be_slice(&signature[32..]);
    other[32..].copy_from_slice(&order.wrapping_sub(&s).to_be_bytes());
    assert_eq!(lowered(other), signature);
    other
}

pub(crate) fn kid() -> Sha256Digest {
    public(&device()).thumbprint()
}
