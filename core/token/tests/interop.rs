//! What we sign, read by those who don't know us: `coset` and `ciborium` here, python-cwt where it can be had.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod sample;

use ciborium::Value;
use coset::iana::Algorithm;
use coset::{CoseSign1, Label, RegisteredLabelWithPrivate, TaggedCborSerializable};
use data_encoding::HEXLOWER;
use p256::ecdsa::SigningKey;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use std::path::Path;
use std::process::Command;
use trust_token::credential::CREDENTIAL_TYPE;
use trust_token::crypto::Sign;
use trust_token::issue;
use trust_token::revocation::REVOCATION_TYPE;
use trust_token::verify::TYPE;

const NONCE: [u8; 32] = [3; 32];

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

/// Every kind of statement: its type, the bytes, and the claims' keys in order.
fn statements() -> [(&'static str, Vec<u8>, Vec<i64>); 3] {
    let public = Sign::public_key(&key());
    let attested = [3, 4, 6, 7, 8, 10, 265, 266, 1000, 1004, -75_000, -75_001, -75_002, -75_003, -75_004];
    [
        (TYPE, issue(&sample::claims(NONCE), &key()).unwrap(), attested.to_vec()),
        (
            CREDENTIAL_TYPE,
            sample::credential(public).sign(&key()).unwrap(),
            vec![3, 4, 6, 8, -75_000, -75_020, -75_021, -75_022],
        ),
        (REVOCATION_TYPE, sample::revoked().sign(&key()).unwrap(), vec![3, 6, -75_030, -75_031]),
    ]
}

#[test]
fn coset_reads_and_verifies_what_we_sign() {
    let public = Sign::public_key(&key());
    for (typ, bytes, keys) in statements() {
        let message = CoseSign1::from_tagged_slice(&bytes).unwrap();
        let header = &message.protected.header;
        assert_eq!(header.alg, Some(RegisteredLabelWithPrivate::Assigned(Algorithm::ES256)));
        assert_eq!(header.key_id, public.thumbprint());
        assert_eq!(header.rest, [(Label::Int(16), coset::cbor::Value::Text(typ.into()))]);
        assert!(message.unprotected.is_empty());

        let raw = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public.point());
        raw.verify(&message.tbs_data(b""), &message.signature).unwrap();
        assert!(raw.verify(&message.tbs_data(b"external"), &message.signature).is_err());

        let payload = message.payload.as_deref().unwrap();
        let claims: Value = ciborium::from_reader(payload).unwrap();
        let found: Vec<i64> = claims
            .as_map()
            .unwrap()
            .iter()
            .map(|(key, _)| key.as_integer().unwrap().try_into().unwrap())
            .collect();
        assert_eq!(found, keys, "{typ}");

        // Encoded again, by each of the two: the header from what coset has understood of it, not from its bytes.
        let mut again = Vec::new();
        ciborium::into_writer(&claims, &mut again).unwrap();
        assert_eq!(again, payload, "{typ}");
        let mut understood = message.clone();
        understood.protected.original_data = None;
        assert_eq!(understood.to_tagged_vec().unwrap(), bytes, "{typ}");
        assert_eq!(message.to_tagged_vec().unwrap(), bytes, "{typ}");
    }
}

#[test]
fn ciborium_reads_the_claims_that_were_given() {
    let given = sample::claims(NONCE);
    let token = issue(&given, &key()).unwrap();
    let payload = CoseSign1::from_tagged_slice(&token).unwrap().payload.unwrap();
    let claims: Value = ciborium::from_reader(payload.as_slice()).unwrap();
    let claims = claims.as_map().unwrap();
    let claim = |number: i64| &claims.iter().find(|(key, _)| *key == Value::from(number)).unwrap().1;
    assert_eq!(claim(3), &Value::from(sample::AUDIENCE));
    assert_eq!(claim(4), &Value::from(given.expires_at));
    assert_eq!(claim(6), &Value::from(given.issued_at));
    assert_eq!(claim(7), &Value::Bytes(given.id.into()));
    assert_eq!(claim(10), &Value::Bytes(NONCE.into()));
    assert_eq!(claim(8), &Value::Map(vec![(5.into(), Value::Bytes(given.confirmation.into()))]));
    assert_eq!(claim(-75_000), &Value::Bytes(given.handle.into()));
    assert_eq!(claim(-75_002), &Value::Array(vec![41.into(), 1009.into()]));
    let gates = claim(266).as_map().unwrap();
    assert_eq!(gates.len(), 10);
    // affirming, in EAR's words.
    assert!(gates.iter().all(|(_, gate)| gate.as_map().unwrap()[0] == (1000.into(), 2.into())));
}

/// python-cwt, from PyPI, if python3 and pip are here and PyPI can be reached.
#[test]
fn python_cwt_decodes_and_verifies_our_token() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop.py");
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-cwt");
    let token = HEXLOWER.encode(&issue(&sample::claims(NONCE), &key()).unwrap());
    let public = Sign::public_key(&key());
    let run = |arguments: [&str; 4]| {
        Command::new("python3")
            .arg(&script)
            .arg(&packages)
            .args(arguments)
            .output()
            .map(|output| (output.status.code(), output))
    };
    let (x, y) = (HEXLOWER.encode(&public.x), HEXLOWER.encode(&public.y));
    let kid = HEXLOWER.encode(&public.thumbprint());
    let (code, output) = match run([&token, &x, &y, &kid]) {
        Ok(done) => done,
        Err(error) => return println!("SKIPPED: python-cwt: python3 does not start: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    if code == Some(77) {
        return println!("SKIPPED: python-cwt: {}", said.trim());
    }
    assert_eq!(code, Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("python-cwt: {}", said.trim());
}
