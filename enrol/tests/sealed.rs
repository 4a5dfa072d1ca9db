//! Sealed evidence: who can open it, what is refused unopened, and that none of that uses a challenge up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod accepted;
mod desk;
mod phone;
mod place;

use accepted::rules;
use desk::{code, verifier};
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, single_shot_open};
use phone::sealing::{OPENER, opener, pem, sealed, sealed_to};
use phone::{CALLS, NOW, Phone};
use place::Place;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use trust_enrol::{FileKey, KeyError, Opener, Refusal, Rules};
use trust_token::evidence::Kept;
use trust_token::sealed::{BLOCK, INFO, SEALED_TYPE, Sealed, aad, pad};

/// A code, and the rule of sealed evidence.
fn word(answer: Result<Vec<u8>, Refusal>) -> String {
    match answer {
        Ok(_) => "given".into(),
        Err(Refusal::Sealed(rule)) => format!("sealed {}", rule.code()),
        Err(refusal) => refusal.code().into(),
    }
}

/// Clear evidence of a phone in hardware, and the verifier whose challenge it answers.
fn begun(name: &str, rules: Rules) -> (Place, trust_enrol::Verifier<FileKey>, Vec<u8>) {
    let (place, verifier) = verifier(name, rules);
    let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
    let clear = Phone::new(name, CALLS, 1).make(&challenge).clear(&challenge);
    (place, verifier, clear)
}

#[test]
fn what_must_fail_leaves_the_challenge_open() {
    let (_place, verifier, clear) = begun("must-fail", rules());
    let (ours, other) = (opener(OPENER).public_key(), opener("another").public_key());
    let (kid, padded) = (ours.thumbprint(), pad(&clear).unwrap());
    let to_us = |info: &[u8], aad: &[u8], plaintext: &[u8]| sealed_to(&ours, info, aad, plaintext).to_bytes();
    let padded_by = |change: fn(&mut Vec<u8>)| {
        let mut plaintext = padded.clone();
        change(&mut plaintext);
        to_us(INFO, &aad(&kid), &plaintext)
    };
    let to_another = sealed_to(&other, INFO, &aad(&other.thumbprint()), &padded);
    let good = Sealed::from_bytes(&sealed(&clear)).unwrap();
    let again = Sealed::from_bytes(&sealed(&clear)).unwrap();
    let mut of_another_type = good.to_bytes();
    let at = of_another_type.windows(4).position(|four| four == b"cose").unwrap();
    of_another_type[at] = b'C';
    let rows: Vec<(&str, Vec<u8>, &str)> = vec![
        ("clear", clear.clone(), "clear-chain"),
        ("sealed to another", to_another.to_bytes(), "recipient"),
        ("sealed to another in our name", Sealed { recipient: kid, ..to_another }.to_bytes(), "opening"),
        ("for another use", to_us(b"", &aad(&kid), &padded), "opening"),
        ("with another header", to_us(INFO, &aad(&[1; 32]), &padded), "opening"),
        ("without a header", to_us(INFO, b"", &padded), "opening"),
        ("another's ephemeral key", Sealed { ek: again.ek, ..good.clone() }.to_bytes(), "opening"),
        ("an ephemeral key off the curve", Sealed { ek: [4; 65], ..good.clone() }.to_bytes(), "opening"),
        ("another type", of_another_type, "sealed type"),
        ("nothing but its first byte", vec![0xd0], "sealed malformed"),
        ("too much", vec![0xd0; 30_000], "sealed too-large"),
        ("clear in its place", [&[0xd0][..], &clear[1..]].concat(), "sealed malformed"),
        ("dirty padding", padded_by(|text| *text.last_mut().unwrap() = 1), "sealed padding"),
        ("a block too many", padded_by(|text| text.resize(text.len() + BLOCK, 0)), "sealed padding"),
        ("nothing but zeros", padded_by(|text| text.fill(0)), "sealed padding"),
        ("no evidence in it", to_us(INFO, &aad(&kid), &pad(b"").unwrap()), "evidence"),
        ("sealed twice", sealed(&sealed(&clear[..3000])), "evidence"),
    ];
    for (name, bytes, expected) in rows {
        assert_eq!(word(verifier.enrol(NOW, &bytes)), expected, "{name}");
    }
    assert_eq!(word(verifier.enrol(NOW, &good.to_bytes())), "given");
    assert_eq!(word(verifier.enrol(NOW, &again.to_bytes())), "challenge", "the same evidence, sealed again");
}

/// Every bit around the ciphertext, one bit of each byte of it, every truncation.
#[test]
fn what_was_changed_on_its_way_is_refused() {
    let (_place, verifier, clear) = begun("changed", rules());
    let good = sealed(&clear);
    let head = good.len() - Sealed::from_bytes(&good).unwrap().ciphertext.len();
    let bits = (0..head * 8).chain((head..good.len()).map(|byte| byte * 8 + byte % 8));
    for bit in bits {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let found = code(verifier.enrol(NOW, &flipped));
        // The first byte says what it is at all.
        let expected: &[&str] = if bit < 8 { &["evidence"] } else { &["sealed", "recipient", "opening"] };
        assert!(expected.contains(&found), "bit {bit}: {found}");
    }
    for length in 0..good.len() {
        let expected = if length == 0 { "evidence" } else { "sealed" };
        assert_eq!(code(verifier.enrol(NOW, &good[..length])), expected, "{length} bytes");
    }
    assert_eq!(code(verifier.enrol(NOW, &[&good[..], &[0]].concat())), "sealed");
    assert_eq!(code(verifier.enrol(NOW, &good)), "given");
}

#[test]
fn of_several_openers_each_opens_its_own_until_it_is_taken_out() {
    let two = Rules { openers: vec![opener("new"), opener(OPENER)], ..rules() };
    let (_place, verifier) = verifier("rotation", two);
    let evidence = |handle: u8, label: &str| {
        let challenge = verifier.challenge(NOW, CALLS).unwrap().challenge;
        let clear =
            Phone::new(&format!("rotation {handle}"), CALLS, handle).make(&challenge).clear(&challenge);
        let key = opener(label).public_key();
        sealed_to(&key, INFO, &aad(&key.thumbprint()), &pad(&clear).unwrap()).to_bytes()
    };
    let sealed = [(1, OPENER), (2, "new"), (3, OPENER), (4, "new")].map(|(nth, label)| evidence(nth, label));
    assert_eq!(code(verifier.enrol(NOW, &sealed[0])), "given");
    assert_eq!(code(verifier.enrol(NOW, &sealed[1])), "given");
    verifier.reload(Rules { openers: vec![opener("new")], ..rules() }).unwrap();
    assert_eq!(code(verifier.enrol(NOW, &sealed[2])), "recipient");
    assert_eq!(code(verifier.enrol(NOW, &sealed[3])), "given");
    verifier.reload(Rules { openers: vec![], ..rules() }).unwrap();
    assert_eq!(code(verifier.enrol(NOW, &sealed[2])), "recipient");
}

#[test]
fn a_key_in_a_file_may_be_sealed_or_clear_in_a_laboratory_and_neither_elsewhere() {
    let (_place, lab) = verifier("file", Rules { accept_file_keys: true, ..rules() });
    let answer = |handle: u8, is_sealed: bool| {
        let challenge = lab.challenge(NOW, CALLS).unwrap().challenge;
        let clear = Phone::new(&format!("file {handle}"), CALLS, handle).file().clear(&challenge);
        code(lab.enrol(NOW, &if is_sealed { sealed(&clear) } else { clear }))
    };
    assert_eq!((answer(1, false), answer(2, true)), ("given", "given"));
    // A chain in clear is none of a file's, there either.
    let challenge = lab.challenge(NOW, CALLS).unwrap().challenge;
    let clear = Phone::new("file 3", CALLS, 3).make(&challenge).clear(&challenge);
    assert_eq!(code(lab.enrol(NOW, &clear)), "clear-chain");
    lab.reload(rules()).unwrap();
    assert_eq!((answer(4, false), answer(5, true)), ("file-key", "file-key"));
}

#[test]
fn a_chain_in_clear_is_refused_before_anything_is_asked_of_it() {
    let (_place, verifier) = verifier("before", rules());
    let mut nobody = Phone::new("before", "nobody.example", 1);
    let clear = nobody.make(&[9; 32]).clear(&[9; 32]);
    assert!(matches!(nobody.kept, Some(Kept::Hardware(_))));
    assert_eq!(code(verifier.enrol(NOW, &clear)), "clear-chain");
    assert_eq!(code(verifier.enrol(NOW, &sealed(&clear))), "audience");
}

#[test]
fn a_file_of_an_opener_is_its_owners_and_made_once() {
    let place = Place::new("opener");
    let path = place.file("opener.pem");
    let made = Opener::create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(matches!(Opener::create(&path), Err(KeyError::File { .. })), "never another in its place");
    let opener = Opener::open(&path).unwrap();
    assert_eq!(opener.public_key(), made.public_key());
    assert!(opener.policy_hex().len() == 130 && opener.policy_hex().starts_with("04"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Opener::open(&path), Err(KeyError::NotPrivate { mode: 0o640, .. })));
    // Another's public key in it.
    let text = pem("one");
    let der = data_encoding::BASE64
        .decode(text.lines().filter(|line| !line.starts_with('-')).collect::<String>().as_bytes());
    let mut der = der.unwrap();
    der.truncate(der.len() - 65);
    der.extend(Opener::from_pem(pem("two").as_bytes()).unwrap().public_key().point());
    let mixed = trust_forge::pem("PRIVATE KEY", &[der]);
    for bad in [mixed, trust_forge::pem("PUBLIC KEY", &[vec![1; 91]]), pem("one") + &pem("two")] {
        assert!(matches!(Opener::from_pem(bad.as_bytes()), Err(KeyError::Kind(_))), "{bad}");
    }
}

#[test]
fn an_opener_shows_nothing_of_its_secret() {
    let text = pem(OPENER);
    let base64: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let scalar = data_encoding::BASE64.decode(base64.as_bytes()).unwrap()[36..68].to_vec();
    let shown = format!("{:?}", Rules { openers: vec![opener(OPENER)], ..rules() });
    assert!(
        !shown.contains(&data_encoding::HEXLOWER.encode(&scalar)) && !shown.contains(&format!("{scalar:?}"))
    );
    assert!(shown.contains("Opener { public: PublicKey"), "{shown}");
}

/// What of a message nobody but its opener can tell apart: of two phones, and of a key in a file and one in hardware of
/// the same block, the header and the length are the same.
#[test]
fn messages_of_two_phones_share_the_header_and_their_length() {
    let challenge = [9; 32];
    let chain = |label: &str, certificates: usize| {
        let mut phone = Phone { has_attest_key: certificates > 4, ..Phone::new(label, CALLS, 1) };
        sealed(&phone.make(&challenge).clear(&challenge))
    };
    let (one, other) = (chain("one", 5), chain("other", 5));
    assert_eq!(one.len(), other.len());
    let header = one.windows(SEALED_TYPE.len()).position(|window| window == SEALED_TYPE.as_bytes()).unwrap();
    let header = header + SEALED_TYPE.len();
    assert_eq!(one[..header], other[..header]);
    let same =
        one[header + 5..].windows(8).filter(|window| other[header + 5..].windows(8).any(|o| o == *window));
    assert_eq!(same.count(), 0);
}

/// The draft's own example of the Integrated Encryption mode (draft-ietf-cose-hpke-25, appendix A.1): HPKE's aad is the
/// Enc_structure, its info empty there.
#[test]
fn the_drafts_example_opens() {
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let secret = hex("eca39300147c91a2a65d17e00ea278b57a14178245bf5686d9a404cca1816b8e");
    let ek = hex(concat!(
        "0457229bdd99407b384a9e59fa1553224d58b106e9ebebdaa06d2126bd96757674",
        "847669966ecb0dcdf21af5623f19f0b799b0cddf3ee930b739dd474f6282de01"
    ));
    let ciphertext = hex("3f3c1595e9d252e816215a9ce73f47ba4b57acb06ecc39ca5a03a14108bbe7807af5688d61");
    let structure = [&[0x83, 0x68][..], b"Encrypt0", &[0x44, 0xa1, 0x01, 0x18, 0x23, 0x40]].concat();
    let secret = <DhP256HkdfSha256 as Kem>::PrivateKey::from_bytes(&secret).unwrap();
    let ek = <DhP256HkdfSha256 as Kem>::EncappedKey::from_bytes(&ek).unwrap();
    let plaintext = single_shot_open::<AesGcm128, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Base,
        &secret,
        &ek,
        b"",
        &ciphertext,
        &structure,
    );
    assert_eq!(plaintext.unwrap(), b"This is the content.\n");
}
