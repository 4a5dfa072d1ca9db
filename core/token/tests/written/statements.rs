//! Credentials and lists of revoked handles, good and refused.

use crate::bundle::Bundle;
use crate::cbor::Writer;
use crate::cose;
use crate::credential::{CREDENTIAL_TYPE, Credential, MAX_CREDENTIAL};
use crate::crypto::PublicKey;
use crate::evidence::{Evidence, Kept};
use crate::revocation::REVOCATION_TYPE;
use crate::rollover::Rollover;
use crate::sealed::{BLOCK, Sealed, TAG_LENGTH};
use crate::verify::tests::forge::{Envelope, header, higher, named, plain, same, wrong};
use crate::verify::tests::world::{MADE, credential, device, enrolment, public, revoked, scalar};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// A statement of the enrolment verifier's, when it is read, and what comes of it.
pub(super) struct Statement {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) now: u64,
    pub(super) expected: &'static str,
}

/// The keys that may sign both.
pub(super) fn issuers() -> Vec<PublicKey> {
    vec![public(&enrolment())]
}

/// What a signed statement is within its envelope.
fn payload_of(statement: &[u8]) -> Vec<u8> {
    cose::Sign1::parse(statement).unwrap().payload.to_vec()
}

/// The same faults of the envelope for both kinds: name and bytes.
fn forged(good: &[u8], typ: &'static str) -> Vec<(&'static str, Vec<u8>)> {
    let payload = payload_of(good);
    let kid = public(&enrolment()).thumbprint();
    let sign = |alg, typ, unprotected: fn(&mut Writer), finish| {
        Envelope { protected: header(alg, kid, typ), unprotected, finish }.sign(&payload, &enrolment())
    };
    let stranger = Envelope {
        protected: header(-7, public(&scalar(9)).thumbprint(), typ),
        unprotected: plain,
        finish: same,
    };
    vec![
        ("cut", good[..good.len() - 1].to_vec()),
        ("followed", [good, &[0]].concat()),
        ("algorithm", sign(-35, typ, plain, same)),
        ("unprotected-header", sign(-7, typ, named, same)),
        ("type", sign(-7, "application/cwt", plain, same)),
        ("unknown-signer", stranger.sign(&payload, &scalar(9))),
        ("high-s", sign(-7, typ, plain, higher)),
        ("signature", sign(-7, typ, plain, wrong)),
        ("claims-empty", cose::sign(typ, &[0xa0], &enrolment()).unwrap()),
        ("claims-followed", cose::sign(typ, &[&payload[..], &[0]].concat(), &enrolment()).unwrap()),
    ]
}

pub(super) fn credentials() -> Vec<Statement> {
    let good = credential().sign(&enrolment()).unwrap();
    let at = |name, now, expected| Statement { name, bytes: good.clone(), now, expected };
    let mut statements = vec![
        at("good", MADE, "verified"),
        at("first-second", credential().issued_at, "verified"),
        at("not-yet", credential().issued_at - 1, "expired"),
        at("expired", credential().expires_at, "expired"),
    ];
    statements.push(Statement {
        name: "too-large",
        bytes: vec![0; MAX_CREDENTIAL + 1],
        now: MADE,
        expected: "too-large",
    });
    statements.extend(forged(&good, CREDENTIAL_TYPE).into_iter().map(|(name, bytes)| {
        let expected = match name {
            "cut" | "followed" | "claims-empty" | "claims-followed" => "malformed",
            "unknown-signer" => "unknown-issuer",
            same => same,
        };
        Statement { name, bytes, now: MADE, expected }
    }));
    statements
}

/// A roll-over of the device's, and a policy bundle, both good at [`MADE`]: seeds alone.
pub(super) fn besides() -> (Vec<u8>, Vec<u8>) {
    let Credential { audience, handle, .. } = credential();
    let new_key = public(&scalar(9));
    let rollover = Rollover { audience, issued_at: MADE, new_key, old_handle: handle, new_handle: [5; 32] };
    let bundle = Bundle {
        issued_at: MADE - 86_400,
        expires_at: MADE + 86_400,
        id: "production".into(),
        version: 3,
        policy: (*b"schema = \"com.enigm.policy/1\"\n").into(),
    };
    (rollover.sign(&device()).unwrap(), bundle.sign(&enrolment()).unwrap())
}

/// Enrolment evidence of the device's: of a key in a file, and of one with certificates that are none. Seeds alone.
pub(super) fn evidence() -> [(&'static str, Vec<u8>); 2] {
    let Credential { audience, handle, .. } = credential();
    let chain: Vec<Box<[u8]>> = (1..=4).map(|nth| Box::from([nth; 40])).collect();
    [("file", Kept::File), ("hardware", Kept::Hardware(chain))].map(|(name, kept)| {
        let evidence = Evidence {
            audience: audience.clone(),
            made_at: MADE,
            challenge: [6; 32],
            handle,
            epoch: 1,
            kept,
        };
        (name, evidence.sign(&device()).unwrap())
    })
}

/// Sealed evidence whose ciphertext is none, of one block and of two. Seeds alone.
pub(super) fn sealed() -> [(&'static str, Vec<u8>); 2] {
    let recipient = public(&enrolment()).thumbprint();
    [("one-block", 1), ("two-blocks", 2)].map(|(name, blocks)| {
        let ciphertext = vec![blocks; usize::from(blocks) * BLOCK + TAG_LENGTH];
        (name, Sealed { recipient, ek: public(&scalar(9)).point(), ciphertext }.to_bytes())
    })
}

pub(super) fn lists() -> Vec<Statement> {
    let sign = |handles: &[[u8; 32]]| revoked(handles).sign(&enrolment()).unwrap();
    let good = sign(&[[4; 32], [98; 32], [99; 32]]);
    let statement = |name, bytes, expected| Statement { name, bytes, now: MADE, expected };
    let mut statements =
        vec![statement("good", good.clone(), "verified"), statement("of-none", sign(&[]), "verified")];
    let mut out_of_order = payload_of(&good);
    let end = out_of_order.len();
    out_of_order[end - 64..].rotate_left(32);
    let mut twice = payload_of(&good);
    twice[end - 64..].fill(99);
    for (name, payload) in [("handles-out-of-order", out_of_order), ("handle-twice", twice)] {
        let bytes = cose::sign(REVOCATION_TYPE, &payload, &enrolment()).unwrap();
        statements.push(statement(name, bytes, "malformed"));
    }
    statements.extend(forged(&good, REVOCATION_TYPE).into_iter().map(|(name, bytes)| {
        let expected = match name {
            "cut" | "followed" | "claims-empty" | "claims-followed" => "malformed",
            "algorithm" | "unprotected-header" => "header",
            "high-s" => "signature",
            same => same,
        };
        statement(name, bytes, expected)
    }));
    statements
}
