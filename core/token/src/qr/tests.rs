use super::*;
use alloc::string::ToString;
use alloc::vec;
use proptest::prelude::*;

fn base45(bytes: &[u8]) -> String {
    let mut text = String::new();
    base45::encode(bytes, &mut text);
    text
}

fn asked() -> Asked {
    Asked { audience: "calls.enigm.example".into(), confirmation: [2; 32], nonce: [3; 32] }
}

/// RFC 9285 §4.3 and §4.4.
#[test]
fn the_examples_of_the_rfc_read_and_write() {
    for (bytes, text) in [
        (&b"AB"[..], "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"\xff\xff", "FGW"),
        (b"\x00", "00"),
    ] {
        assert_eq!(base45(bytes), text);
        assert_eq!(base45::decode(text.as_bytes(), 0).as_deref(), Ok(bytes));
    }
}

#[test]
fn what_is_no_text_is_refused_at_its_place() {
    let long = [ATTESTATION_PREFIX.as_bytes(), &vec![b'0'; MAX_TEXT]].concat();
    let large = [ATTESTATION_PREFIX.as_bytes(), &vec![b'0'; 3 * (Asked::MOST / 2 + 1)]].concat();
    let large = String::from_utf8(large).unwrap().replace(ATTESTATION_PREFIX, CHALLENGE_PREFIX);
    let attestations: [(&[u8], &str); 17] = [
        (b"", "character 0: expected a text that begins with ENIGM-POSTURE:1:"),
        (b"ENIGM-POSTURE:1", "character 0: expected a text that begins with ENIGM-POSTURE:1:"),
        (b"ENIGM-POSTURE:2:BB8", "character 0: expected a text that begins with ENIGM-POSTURE:1:"),
        (b"ENIGM-CHALLENGE:1:BB8", "character 0: expected a text that begins with ENIGM-POSTURE:1:"),
        (b"enigm-posture:1:BB8", "character 0: expected a text that begins with ENIGM-POSTURE:1:"),
        (b" ENIGM-POSTURE:1:BB8", "character 0: expected a text that begins with ENIGM-POSTURE:1:"),
        (b"ENIGM-POSTURE:1:", "nothing after the prefix, expected base45"),
        (b"ENIGM-POSTURE:1:B", "character 16: it is the last, expected one or two more"),
        (b"ENIGM-POSTURE:1:BB8B", "character 19: it is the last, expected one or two more"),
        (b"ENIGM-POSTURE:1:bB8", "character 16: 'b', expected one of base45: 0-9, A-Z, space, $%*+-./:"),
        (b"ENIGM-POSTURE:1:BB8\n", "character 19: '\\n', expected one of base45: 0-9, A-Z, space, $%*+-./:"),
        (b"ENIGM-POSTURE:1:BB8\n8", "character 19: '\\n', expected one of base45: 0-9, A-Z, space, $%*+-./:"),
        (
            b"ENIGM-POSTURE:1:B\x00008",
            "character 17: '\\0', expected one of base45: 0-9, A-Z, space, $%*+-./:",
        ),
        (
            b"ENIGM-POSTURE:1:BB\xff",
            "character 18: '\u{ff}', expected one of base45: 0-9, A-Z, space, $%*+-./:",
        ),
        (b"ENIGM-POSTURE:1:GGW", "character 16: a group that comes to 65536, expected at most 65535"),
        (b"ENIGM-POSTURE:1:BB8:::", "character 19: a group that comes to 91124, expected at most 65535"),
        (b"ENIGM-POSTURE:1:BB8V5", "character 19: a group that comes to 256, expected at most 255"),
    ];
    for (text, expected) in
        attestations.into_iter().chain([(&long[..], "4312 characters: expected at most 4296")])
    {
        let refusal = attestation(text).expect_err(expected).to_string();
        assert_eq!(refusal, expected, "{}", text.escape_ascii());
    }
    let challenge = asked().to_text();
    let cbor = |bytes: &[u8]| CHALLENGE_PREFIX.to_string() + &base45(bytes);
    for (text, expected) in [
        (attestation_text(b"AB"), "character 0: expected a text that begins with ENIGM-CHALLENGE:1:"),
        (large, "162 bytes: expected at most 160"),
        (cbor(&[0xd2]), "no challenge: byte 0: expected a map"),
        (cbor(&[0xa2, 3, 0x61, b'x']), "no challenge: byte 4: "),
        (
            cbor(&[0xa3, 3, 0x60]),
            "no challenge: byte 2: expected 1 to 64 printable ASCII characters without spaces",
        ),
        (challenge.clone() + "00", "no challenge: byte 94: expected the end"),
    ] {
        let refusal = Asked::from_text(text.as_bytes()).expect_err(expected).to_string();
        assert!(refusal.starts_with(expected), "{text}: {refusal}");
    }
    assert_eq!(Asked::from_text(challenge.as_bytes()), Ok(asked()));
}

/// Cut or changed by one bit, a text is refused, or is the one text of other bytes.
#[test]
fn every_truncation_and_every_flipped_bit_is_an_error_or_another_statement() {
    let good = asked().to_text().into_bytes();
    for end in 0..good.len() {
        assert!(Asked::from_text(&good[..end]).is_err(), "{end}");
    }
    let shown = attestation_text(&[0xd2, 0x84, 0x58]).into_bytes();
    for text in [good, shown] {
        for bit in 0..text.len() * 8 {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(other) = Asked::from_text(&flipped) {
                assert_eq!(other.to_text().into_bytes(), flipped, "{bit}");
                assert_ne!(other, asked(), "{bit}");
            }
            if let Ok(other) = attestation(&flipped) {
                assert_eq!(attestation_text(&other).into_bytes(), flipped, "{bit}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(bytes in proptest::collection::vec(any::<u8>(), 1..2853)) {
        let text = attestation_text(&bytes);
        prop_assert!(text.len() <= MAX_TEXT);
        prop_assert_eq!(attestation(text.as_bytes()), Ok(bytes));
    }

    #[test]
    fn what_reads_is_the_one_text_of_its_bytes(body in "[0-9A-Z $%*+./:-]{1,60}") {
        let text = String::from(ATTESTATION_PREFIX) + &body;
        if let Ok(bytes) = attestation(text.as_bytes()) {
            prop_assert_eq!(attestation_text(&bytes), text);
        }
    }
}
