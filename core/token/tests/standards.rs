//! The standards' own test vectors, through both libraries: Wycheproof's for ECDSA on P-256, and those of the COSE
//! working group for COSE_Sign1.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use coset::{CborSerializable, CoseSign1, TaggedCborSerializable};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use trust_token::credential::{Credential, CredentialRefusal};
use trust_token::crypto::{PublicKey, Pure, Ring, Signature, VerifySignature, lowered};

/// Where the vectors are, or none, and a line that says so.
fn vectors(directory: &str) -> Option<PathBuf> {
    let standards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/standards");
    let path = standards.join(directory);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: {} is not here", path.display());
    None
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    HEXLOWER_PERMISSIVE.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

/// What both libraries say; they never differ.
fn verified(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    let both = [Ring.verify(key, message, signature), Pure.verify(key, message, signature)];
    assert_eq!(both[0], both[1], "ring and p256 differ on {signature:02x?}");
    both[0]
}

/// An ECDSA-Sig-Value (RFC 3279 §2.2.3) in DER as r and s of 32 bytes; none where it is not the one encoding, or a
/// number is negative or larger.
fn raw(der: &[u8]) -> Option<Signature> {
    let mut rest = der.strip_prefix(&[0x30])?;
    let (length, content) = rest.split_first()?;
    // 72 bytes at most: the one length octet is the short form.
    if *length >= 0x80 || usize::from(*length) != content.len() {
        return None;
    }
    rest = content;
    let mut signature = [0; 64];
    for half in signature.chunks_mut(32) {
        let (length, content) = rest.strip_prefix(&[0x02])?.split_first()?;
        let (mut number, after) = content.split_at_checked(usize::from(*length))?;
        match number {
            [] | [0x80..=0xff, ..] | [0, 0..0x80, ..] => return None,
            [0, magnitude @ ..] if !magnitude.is_empty() => number = magnitude,
            _ => {}
        }
        half.get_mut(32_usize.checked_sub(number.len())?..)?.copy_from_slice(number);
        rest = after;
    }
    rest.is_empty().then_some(signature)
}

/// Wycheproof's signatures are over messages of its own, so that they never stand in our envelope. What is compared:
/// DER read strictly here, then what either library says, with the file's verdict; and for what is valid, whether the
/// envelope would ask for the other s, which is where `lowered` changes it.
#[test]
fn wycheproof_ecdsa_p256() {
    let Some(path) = vectors("wycheproof/ecdsa_secp256r1_sha256_test.json") else { return };
    let (mut valid, mut high, mut not_der, mut not_verified) = (0, 0, 0, 0);
    for group in json(&path)["testGroups"].as_array().unwrap() {
        let point = hex(&group["publicKey"]["uncompressed"]);
        let (x, y) = point.strip_prefix(&[4]).unwrap().split_at(32);
        let key = PublicKey { x: x.try_into().unwrap(), y: y.try_into().unwrap() };
        for test in group["tests"].as_array().unwrap() {
            let message = hex(&test["msg"]);
            let signature = raw(&hex(&test["sig"]));
            let accepted = signature.is_some_and(|signature| verified(&key, &message, &signature));
            let name = format!("{} {}", test["tcId"], test["comment"]);
            match (test["result"].as_str().unwrap(), signature) {
                ("valid", Some(signature)) => {
                    assert!(accepted, "{name}: valid, and refused");
                    valid += 1;
                    let low = lowered(signature);
                    high += u32::from(low != signature);
                    assert!(lowered(low) == low && verified(&key, &message, &low), "{name}: the other s");
                }
                ("invalid", signature) => {
                    assert!(!accepted, "{name}: invalid, and accepted");
                    *(if signature.is_none() { &mut not_der } else { &mut not_verified }) += 1;
                }
                (result, _) => panic!("{name}: {result}"),
            }
        }
    }
    println!(
        "Wycheproof: {valid} valid, {high} of them with the higher s, which the envelope refuses; \
         {not_der} refused as DER, {not_verified} by both libraries"
    );
    assert_eq!((valid, not_der + not_verified), (174, 310));
}

/// How far a message of the working group gets.
#[derive(Debug, PartialEq, Eq)]
enum Reached {
    /// Not a COSE_Sign1 that is known: its tag, or its algorithm.
    NotRead,
    /// Read, and the signature is not the key's.
    NotVerified,
    Verified,
}

/// COSE_Sign1 as the working group has it puts kid where we have nothing and leaves typ out, so that our reader takes
/// none of these, passing or failing. What is compared: `coset` takes the message apart and builds the Sig_structure;
/// the libraries below our envelope say whether the signature is the key's over it. Where the message was not changed
/// after it was signed, the Sig_structure is the file's, byte for byte. In one of them, sign-pass-01, `coset` alone
/// does not get there: its protected header is an empty map in one byte, which the Sig_structure has as no bytes (RFC
/// 9052 §4.4) and `coset` as they were received; here they are dropped for it. Ours has three parameters always.
#[test]
fn cose_working_group_sign1() {
    let Some(directory) = vectors("cose-wg") else { return };
    use Reached::{NotRead, NotVerified, Verified};
    let rows = [
        ("sign1-tests/sign-pass-01", Verified),
        ("sign1-tests/sign-pass-02", Verified),
        ("sign1-tests/sign-pass-03", Verified),
        ("RFC8152/Appendix_C_2_1", Verified),
        ("ecdsa-examples/ecdsa-sig-01", Verified),
        ("CWT/A_3", Verified),
        ("sign1-tests/sign-fail-01", NotRead),
        ("sign1-tests/sign-fail-02", NotVerified),
        ("sign1-tests/sign-fail-03", NotRead),
        ("sign1-tests/sign-fail-04", NotVerified),
        ("sign1-tests/sign-fail-06", NotVerified),
        ("sign1-tests/sign-fail-07", NotVerified),
    ];
    for (name, expected) in rows {
        let test = json(&directory.join(format!("{name}.json")));
        assert_eq!(test["fail"] == true, expected != Verified, "{name}");
        let bytes = hex(&test["output"]["cbor"]);
        let signer = &test["input"]["sign0"];
        let key = PublicKey { x: coordinate(signer, "x"), y: coordinate(signer, "y") };
        // One that passes says that it has lost its tag.
        let untagged = test["input"]["failures"]["RemoveCBORTag"] == 1;
        let read =
            if untagged { CoseSign1::from_slice(&bytes) } else { CoseSign1::from_tagged_slice(&bytes) };
        let reached = read.map_or(NotRead, |mut message| {
            if message.protected.header.is_empty() {
                message.protected.original_data = None;
            }
            let external = signer.get("external").map(hex).unwrap_or_default();
            let to_be_signed = message.tbs_data(&external);
            if expected == Verified {
                assert_eq!(to_be_signed, hex(&test["intermediates"]["ToBeSign_hex"]), "{name}");
            }
            let signature = message.signature.as_slice().try_into().unwrap();
            if verified(&key, &to_be_signed, &signature) { Verified } else { NotVerified }
        });
        assert_eq!(reached, expected, "{name}");

        let ours = Credential::verify(&bytes, &[key], 0, &Ring).unwrap_err();
        let by_form = matches!(ours, CredentialRefusal::Malformed(_) | CredentialRefusal::Unprotected);
        assert!(by_form, "{name}: {ours:?}");
    }
}

/// A coordinate, in base64url or in hex.
fn coordinate(signer: &Value, name: &str) -> [u8; 32] {
    let key = &signer["key"];
    match key[name].as_str() {
        Some(text) => BASE64URL_NOPAD.decode(text.as_bytes()).unwrap(),
        None => hex(&key[format!("{name}_hex")]),
    }
    .try_into()
    .unwrap()
}
