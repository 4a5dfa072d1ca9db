use super::{Envelope, NOW, another, higher, payload, public, reads_one_encoding, signing, withstands};
use crate::cbor::{Malformed, Writer};
use crate::crypto::{PublicKey, Pure, Sign, Signature, sha256};
use crate::enrolment::{ChallengeRequest, GivenChallenge, MAX_MESSAGE};
use crate::evidence::{
    EVIDENCE_TYPE, Evidence, EvidenceRefusal, Kept, MAX_CERTIFICATE, MAX_CERTIFICATES, MAX_EVIDENCE,
    SignedEvidence, attestation_challenge,
};
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;

const KEY: u8 = 4;

fn good() -> Evidence {
    Evidence {
        audience: "calls.enigm.example".into(),
        made_at: NOW,
        challenge: [5; 32],
        handle: [6; 32],
        epoch: 1,
        kept: Kept::Hardware(vec![[7; 400].into(), [8; 300].into(), [9; 20].into()]),
    }
}

fn file() -> Evidence {
    Evidence { kept: Kept::File, ..good() }
}

fn signed(evidence: &Evidence) -> Vec<u8> {
    evidence.sign(&signing(KEY)).unwrap()
}

fn verify(bytes: &[u8]) -> Result<SignedEvidence, EvidenceRefusal> {
    Evidence::verify(bytes, &Pure)
}

#[test]
fn what_is_verified_is_what_was_signed() {
    let most = vec![vec![7; (MAX_EVIDENCE - 700) / MAX_CERTIFICATES].into(); MAX_CERTIFICATES];
    for evidence in [good(), file(), Evidence { kept: Kept::Hardware(most), epoch: u32::MAX, ..good() }] {
        let verified = verify(&signed(&evidence)).unwrap();
        assert_eq!((verified.get(), verified.key()), (&evidence, &public(KEY)));
    }
}

/// A vector: the bytes of evidence of a key in a file, for whoever writes another encoder.
#[test]
fn the_bytes_are_these() {
    let bytes = signed(&file());
    let (key, claims) = (public(KEY), payload(&bytes));
    let expected = [
        &[0xa7, 0x03, 0x73][..], // map(7), aud: text(19)
        b"calls.enigm.example",
        &[0x06, 0x1a, 0x6a, 0xe8, 0x51, 0x13], // iat
        &[0x08, 0xa1, 0x01, 0xa4, 0x01, 0x02, 0x20, 0x01, 0x21, 0x58, 0x20], // cnf: COSE_Key, EC2 on P-256
        &key.x,
        &[0x22, 0x58, 0x20],
        &key.y,
        &[0x0a, 0x58, 0x20], // nonce: the challenge
        &[5; 32],
        &[0x3a, 0x00, 0x01, 0x24, 0xf7, 0x58, 0x20], // -75000: the handle
        &[6; 32],
        &[0x3a, 0x00, 0x01, 0x25, 0x33, 0x01], // -75060: the epoch
        &[0x3a, 0x00, 0x01, 0x25, 0x34, 0x00], // -75061: a key in a file
    ]
    .concat();
    assert_eq!(claims, expected);
    let head =
        [&[0xd2, 0x84, 0x58, 0x4f, 0xa3, 0x01, 0x26, 0x04, 0x58, 0x20][..], &key.thumbprint()].concat();
    assert!(bytes.starts_with(&head), "{:02x?}", &bytes[..48]);
}

#[test]
fn an_attestation_challenge_is_of_all_its_parts() {
    let made = attestation_challenge("calls.enigm.example", &[5; 32], &[6; 32], 1);
    assert_eq!(made, good().attestation_challenge());
    let parts = [&b"enigm/posture-key/1"[..], &[5; 32], &[6; 32], &[0, 0, 0, 1], b"calls.enigm.example"];
    assert_eq!(made, sha256(&[&parts.concat()]));
    for other in [
        Evidence { audience: "keys.enigm.example".into(), ..good() },
        Evidence { challenge: [6; 32], ..good() },
        Evidence { handle: [5; 32], ..good() },
        Evidence { epoch: 2, ..good() },
    ] {
        assert_ne!(other.attestation_challenge(), made);
    }
}

/// A payload whose last claim, the kind of the key, is this.
fn of_kind(kind: u8) -> Vec<u8> {
    let mut claims = payload(&signed(&file()));
    *claims.last_mut().unwrap() = kind;
    claims
}

/// Evidence whose header names this x5chain, whatever it is.
fn with_header(more: &[u8], keys: usize) -> Vec<u8> {
    let claims = of_kind(1);
    let mut header = Writer::default();
    header.map(keys).integer(1).integer(-7).integer(4).bytes(&public(KEY).thumbprint());
    header.integer(16).text(EVIDENCE_TYPE);
    let header = [header.into_bytes(), more.to_vec()].concat();
    let mut message = Writer::default();
    message.tag(18).array(4).bytes(&header).map(0).bytes(&claims).bytes(&[1; 64]);
    message.into_bytes()
}

#[test]
fn every_refusal_is_reached() {
    let envelope = |change: fn(&mut Envelope)| {
        let mut envelope = Envelope::of(KEY, EVIDENCE_TYPE);
        change(&mut envelope);
        envelope.sign(&payload(&signed(&file())), KEY)
    };
    let kept = |chain: Vec<Box<[u8]>>| signed(&Evidence { kept: Kept::Hardware(chain), ..good() });
    let claims = |bytes: &[u8]| Envelope::of(KEY, EVIDENCE_TYPE).sign(bytes, KEY);
    let wrong = |at, expected| EvidenceRefusal::Malformed(Malformed { at, expected, lengths: None });
    let of_a_chain = |at| wrong(at, "an array of as many certificates as a chain has");
    let one: Box<[u8]> = [7; 20].into();
    let rows: Vec<(&str, Vec<u8>, EvidenceRefusal)> = vec![
        ("too large", vec![0; MAX_EVIDENCE + 1], EvidenceRefusal::TooLarge),
        ("no envelope", vec![0xd2, 0x83], wrong(1, "an array of its one length")),
        ("no claims", claims(&[0xa0]), wrong(1, "another key")),
        ("another kind of key", claims(&of_kind(2)), wrong(191, "a kind of key, 0 or 1")),
        ("another algorithm", envelope(|e| e.alg = -35), EvidenceRefusal::Header),
        ("an unprotected header", envelope(|e| e.has_unprotected = true), EvidenceRefusal::Header),
        (
            "another statement",
            envelope(|e| e.typ = crate::rollover::ROLLOVER_TYPE),
            EvidenceRefusal::Type(crate::rollover::ROLLOVER_TYPE.into()),
        ),
        ("another key named", envelope(|e| e.kid = [1; 32]), EvidenceRefusal::Key),
        ("another key in it", claims(&payload(&file().sign(&signing(9)).unwrap())), EvidenceRefusal::Key),
        ("the higher s", envelope(|e| e.finish = higher), EvidenceRefusal::Signature),
        ("another signature", envelope(|e| e.finish = another), EvidenceRefusal::Signature),
        (
            "another's signature",
            Envelope::of(KEY, EVIDENCE_TYPE).sign(&payload(&signed(&file())), 9),
            EvidenceRefusal::Signature,
        ),
        ("hardware without a chain", claims(&of_kind(1)), EvidenceRefusal::Chain),
        ("hardware with none", kept(vec![]), EvidenceRefusal::Chain),
        ("a chain too short", kept(vec![one.clone(); 2]), of_a_chain(85)),
        ("a chain too long", kept(vec![one.clone(); 9]), of_a_chain(86)),
        (
            "an empty certificate",
            kept(vec![one.clone(), [].into(), one.clone()]),
            wrong(107, "a certificate that is not empty and not larger than allowed"),
        ),
        (
            "a certificate too large",
            kept(vec![vec![0; MAX_CERTIFICATE + 1].into(), one.clone(), one.clone()]),
            wrong(87, "a certificate that is not empty and not larger than allowed"),
        ),
        (
            "another key of the header",
            with_header(&[0x18, 34, 0x00], 4),
            wrong(83, "x5chain, or no further key"),
        ),
        (
            "two chains",
            with_header(&[0x18, 33, 0x83, 0x41, 1, 0x41, 1, 0x41, 1, 0x18, 33, 0x80], 5),
            wrong(92, "no further key"),
        ),
    ];
    for (name, bytes, expected) in rows {
        let refusal = verify(&bytes).unwrap_err();
        assert_eq!(refusal, expected, "{name}");
        assert!(!refusal.to_string().is_empty() && !refusal.code().is_empty());
    }
    // A key in a file with a chain.
    let three: Vec<Box<[u8]>> = vec![[7; 4].into(), [8; 4].into(), [9; 4].into()];
    let chained = crate::cose::sign_with_chain(EVIDENCE_TYPE, &three, &of_kind(0), &signing(KEY));
    assert_eq!(verify(&chained.unwrap()).unwrap_err(), EvidenceRefusal::Chain);
    for audience in ["".into(), "a b".into(), "a".repeat(65)] {
        let bytes = signed(&Evidence { audience: audience.into(), ..good() });
        assert!(matches!(verify(&bytes), Err(EvidenceRefusal::Malformed(_))));
    }
}

#[test]
fn a_chain_is_for_evidence_alone() {
    let bytes = signed(&good());
    assert!(crate::cose::Sign1::parse(&bytes).is_err());
    assert!(crate::cose::Sign1::parse(&signed(&file())).is_ok());
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    withstands(&signed(&file()), verify);
    let short = Kept::Hardware(vec![[7; 3].into(), [8; 3].into(), [9; 3].into()]);
    withstands(&signed(&Evidence { kept: short, ..good() }), verify);
}

/// Signs whatever it is with nothing.
struct As(PublicKey);

impl Sign for As {
    type Error = Infallible;

    fn public_key(&self) -> PublicKey {
        self.0
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, Infallible> {
        Ok([0; 64])
    }
}

#[test]
fn there_is_one_encoding() {
    reads_one_encoding(&payload(&signed(&file())), |bytes| {
        let (mut read, key) = crate::evidence::from_bytes(bytes).ok()?;
        // An empty chain is not written: the kind is.
        let kind = u8::from(read.kept != Kept::File);
        read.kept = Kept::File;
        let mut again = payload(&read.sign(&As(key)).unwrap());
        *again.last_mut()? = kind;
        Some(again)
    });
    let request = ChallengeRequest { audience: "a".repeat(64).into() };
    let given = GivenChallenge { expires_at: u64::MAX, challenge: [3; 32] };
    assert!(request.to_bytes().len() <= MAX_MESSAGE && given.to_bytes().len() <= MAX_MESSAGE);
    reads_one_encoding(&request.to_bytes(), |bytes| {
        ChallengeRequest::from_bytes(bytes).ok().map(|read| read.to_bytes())
    });
    reads_one_encoding(&given.to_bytes(), |bytes| {
        GivenChallenge::from_bytes(bytes).ok().map(|read| read.to_bytes())
    });
    assert_eq!(ChallengeRequest::from_bytes(&request.to_bytes()), Ok(request));
    assert_eq!(GivenChallenge::from_bytes(&given.to_bytes()), Ok(given));
}
