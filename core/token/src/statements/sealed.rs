use super::reads_one_encoding;
use crate::cbor::{Malformed, Writer};
use crate::evidence::MAX_EVIDENCE;
use crate::sealed::{
    BLOCK, FIRST_BYTE, INFO, MAX_PLAINTEXT, MAX_SEALED, SEALED_TYPE, Sealed, SealedRefusal, TAG_LENGTH, aad,
    pad, unpad,
};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn good() -> Sealed {
    let mut ek = [5; 65];
    ek[0] = 4;
    Sealed { recipient: [6; 32], ek, ciphertext: vec![7; BLOCK + TAG_LENGTH] }
}

#[test]
fn what_is_read_is_what_was_written() {
    for blocks in 1..=MAX_PLAINTEXT / BLOCK {
        let sealed = Sealed { ciphertext: vec![7; blocks * BLOCK + TAG_LENGTH], ..good() };
        let bytes = sealed.to_bytes();
        assert!(bytes.len() <= MAX_SEALED && bytes.len() - sealed.ciphertext.len() < 200, "{}", bytes.len());
        assert_eq!(Sealed::from_bytes(&bytes), Ok(sealed));
    }
    // The largest evidence fits.
    assert_eq!(pad(&vec![1; MAX_EVIDENCE]).unwrap().len(), MAX_PLAINTEXT);
}

/// A vector: the bytes around a ciphertext, and HPKE's aad, for whoever writes another encoder.
#[test]
fn the_bytes_are_these() {
    let header = [
        &[0xa3, 0x01, 0x18, 0x23, 0x04, 0x58, 0x20][..], // map(3), alg: HPKE-0, kid
        &[6; 32],
        &[0x10, 0x78, 0x27], // typ: text(39)
        b"application/enigm-posture-evidence+cose",
    ]
    .concat();
    let expected = [
        &[FIRST_BYTE, 0x83, 0x58, 0x51][..], // tag(16), array(3), the protected header
        &header,
        &[0xa1, 0x23, 0x58, 0x41, 0x04], // map(1), ek
        &[5; 64],
        &[0x59, 0x10, 0x10], // the ciphertext
        &[7; BLOCK + TAG_LENGTH],
    ]
    .concat();
    assert_eq!(good().to_bytes(), expected);
    let structure = [&[0x83, 0x68][..], b"Encrypt0", &[0x58, 0x51], &header, &[0x40]].concat();
    assert_eq!((good().aad(), aad(&[6; 32])), (structure.clone(), structure));
    assert_eq!(INFO, b"enigm/posture-evidence/1");
    assert_eq!(pad(b"abc").unwrap(), [&b"\x43abc"[..], &[0; BLOCK - 4]].concat());
}

/// Its parts, to be changed one at a time.
struct Parts {
    tag: u64,
    items: usize,
    keys: usize,
    alg: i64,
    kid: Vec<u8>,
    typ: &'static str,
    header_more: Vec<u8>,
    unprotected: usize,
    ek_label: i64,
    ek: Vec<u8>,
    unprotected_more: Vec<u8>,
    ciphertext: usize,
    more: Vec<u8>,
}

fn with(change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = Parts {
        tag: 16,
        items: 3,
        keys: 3,
        alg: 35,
        kid: vec![6; 32],
        typ: SEALED_TYPE,
        header_more: vec![],
        unprotected: 1,
        ek_label: -4,
        ek: good().ek.to_vec(),
        unprotected_more: vec![],
        ciphertext: BLOCK + TAG_LENGTH,
        more: vec![],
    };
    change(&mut parts);
    let mut header = Writer::default();
    header.map(parts.keys).integer(1).integer(parts.alg).integer(4).bytes(&parts.kid);
    header.integer(16).text(parts.typ);
    let header = [header.into_bytes(), parts.header_more].concat();
    let mut message = Writer::default();
    message.tag(parts.tag).array(parts.items).bytes(&header).map(parts.unprotected);
    message.integer(parts.ek_label).bytes(&parts.ek);
    let mut rest = Writer::default();
    rest.bytes(&vec![7; parts.ciphertext]);
    [message.into_bytes(), parts.unprotected_more, rest.into_bytes(), parts.more].concat()
}

#[test]
fn every_refusal_is_reached() {
    assert_eq!(with(|_| ()), good().to_bytes());
    let wrong = |at, expected| SealedRefusal::Malformed(Malformed { at, expected, lengths: None });
    let lengths = |at, expected, lengths| Malformed { at, expected, lengths: Some(lengths) }.into();
    let of_a_plaintext = || wrong(154, "as many bytes as a padded plaintext has, and its tag");
    let rows: Vec<(&str, Vec<u8>, SealedRefusal)> = vec![
        ("too large", vec![FIRST_BYTE; MAX_SEALED + 1], SealedRefusal::TooLarge),
        ("nothing", vec![], lengths(0, "as many bytes as announced", (1, 0))),
        ("signed, not sealed", with(|p| p.tag = 18), wrong(0, "another tag")),
        ("with recipients", with(|p| p.items = 4), wrong(1, "an array of its one length")),
        ("another algorithm", with(|p| p.alg = 1), SealedRefusal::Algorithm(1)),
        ("key encryption", with(|p| p.alg = 46), SealedRefusal::Algorithm(46)),
        (
            "a short kid",
            with(|p| p.kid = vec![6; 31]),
            lengths(9, "a byte string of its one length", (32, 31)),
        ),
        (
            "another statement",
            with(|p| p.typ = crate::evidence::EVIDENCE_TYPE),
            SealedRefusal::Type(crate::evidence::EVIDENCE_TYPE.into()),
        ),
        (
            "a further key of the header",
            with(|p| (p.keys, p.header_more) = (4, vec![0x24, 0x41, 0x00])),
            wrong(85, "no further key"),
        ),
        ("a header that goes on", with(|p| p.header_more = vec![0]), wrong(85, "the end")),
        ("no key of the sender", with(|p| p.unprotected = 0), wrong(86, "another key")),
        ("another parameter in its place", with(|p| p.ek_label = -5), wrong(86, "another key")),
        (
            "a compressed point",
            with(|p| p.ek = vec![2; 33]),
            lengths(87, "a byte string of its one length", (65, 33)),
        ),
        ("a point of another form", with(|p| p.ek[0] = 6), wrong(87, "an uncompressed point")),
        (
            "a further parameter",
            with(|p| (p.unprotected, p.unprotected_more) = (2, vec![0x24, 0x41, 0x00])),
            wrong(154, "no further key"),
        ),
        ("an empty ciphertext", with(|p| p.ciphertext = 0), of_a_plaintext()),
        ("a tag alone", with(|p| p.ciphertext = TAG_LENGTH), of_a_plaintext()),
        ("a plaintext that is not padded", with(|p| p.ciphertext -= 1), of_a_plaintext()),
        ("a plaintext too long", with(|p| p.ciphertext = MAX_PLAINTEXT + 1), of_a_plaintext()),
        ("followed", with(|p| p.more = vec![0]), wrong(4268, "the end")),
    ];
    for (name, bytes, expected) in rows {
        let refusal = Sealed::from_bytes(&bytes).unwrap_err();
        assert_eq!(refusal, expected, "{name}");
        assert!(!refusal.to_string().is_empty() && !refusal.code().is_empty());
    }
}

#[test]
fn there_is_one_encoding() {
    let again = |bytes: &[u8]| Sealed::from_bytes(bytes).ok().map(|read| read.to_bytes());
    reads_one_encoding(&good().to_bytes(), again);
}

#[test]
fn a_plaintext_is_padded_with_zeros_and_with_no_more_than_needed() {
    let padded = pad(&[9; 500]).unwrap();
    assert_eq!(unpad(&padded), Ok(&[9; 500][..]));
    assert_eq!(pad(&vec![1; MAX_EVIDENCE + 1]), None);
    let mut dirty = padded.clone();
    dirty[BLOCK - 1] = 1;
    let mut large = vec![1; MAX_EVIDENCE + 4];
    large[..3].copy_from_slice(&[0x59, 0x60, 0x01]);
    let mut longer = vec![0; 3 * BLOCK];
    longer[..503].copy_from_slice(&padded[..503]);
    for (name, plaintext, expected) in [
        ("nothing", vec![], "byte 0: expected as many bytes as announced: 1, found 0"),
        ("no byte string", vec![0; BLOCK], "byte 0: expected a byte string"),
        ("a byte that is not zero", dirty, "byte 4095: expected zero bytes after the evidence"),
        (
            "cut",
            padded[..503].to_vec(),
            "byte 503: expected as few zero bytes as fill the block: 3593, found 0",
        ),
        (
            "a block too many",
            longer,
            "byte 503: expected as few zero bytes as fill the block: 3593, found 11785",
        ),
        ("too large", large, "byte 0: expected evidence that is not larger than allowed"),
        ("a longer head", vec![0x59, 0, 1, 0], "byte 0: expected the shortest form"),
    ] {
        assert_eq!(unpad(&plaintext).unwrap_err().to_string(), expected, "{name}");
    }
    reads_one_encoding(&padded, |bytes| unpad(bytes).ok().map(|evidence| pad(evidence).unwrap()));
}

/// Around every length at which a head or a block grows, and for the rest by chance.
#[test]
fn what_is_padded_comes_back() {
    for length in [0, 1, 23, 24, 255, 256, BLOCK - 4, BLOCK - 3, BLOCK - 2, 2 * BLOCK - 3, MAX_EVIDENCE] {
        let evidence = vec![3; length];
        let plaintext = pad(&evidence).unwrap();
        assert_eq!(plaintext.len() % BLOCK, 0);
        assert_eq!(unpad(&plaintext), Ok(&evidence[..]), "{length}");
    }
}

proptest! {
    #[test]
    fn what_is_padded_by_chance_comes_back(evidence in proptest::collection::vec(any::<u8>(), 0..9000)) {
        let plaintext = pad(&evidence).unwrap();
        prop_assert_eq!(plaintext.len(), (evidence.len() + 3).next_multiple_of(BLOCK).max(BLOCK));
        prop_assert_eq!(unpad(&plaintext), Ok(&evidence[..]));
    }
}
