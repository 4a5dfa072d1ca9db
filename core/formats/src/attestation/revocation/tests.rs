use super::super::{Chain, Demand, Refusal, RevocationCheck, Roots, Rule, pin, verify};
use super::*;
use crate::signature::Ring;
use crate::x509::Certificate;
use proptest::prelude::*;
use trust_forge::certificate::{self, basic_constraints, extension, key_usage};
use trust_forge::{Certificate as Forged, Hash, Key};

/// 2026-11-03T00:00:00Z.
const AT: i64 = 1_793_664_000;
const DAY: i64 = 86_400;

fn signer() -> (Forged, Key) {
    let key = Key::p256("revocation");
    let name = certificate::name(&[("CN", "Sample revocation")]);
    (Forged { extensions: vec![basic_constraints(false), key_usage(0x02)], ..Forged::ca(name, &key) }, key)
}

fn list() -> certificate::RevocationList {
    certificate::RevocationList {
        issuer: signer().0.issuer,
        this_update: "261101000000Z".into(),
        next_update: "261115000000Z".into(),
        number: 7,
        revoked: vec![(vec![0x0b, 0xad], 1), (vec![0xcc; 16], 6)],
        extensions: vec![],
    }
}

fn armour(signer: &Forged, key: &Key, list: &certificate::RevocationList) -> String {
    let crl = list.sign(key, Hash::Sha256);
    trust_forge::pem("CERTIFICATE", [&signer.sign(key, Hash::Sha256)]) + &trust_forge::pem("X509 CRL", [&crl])
}

fn pins(signer: &Forged, key: &Key) -> [super::super::Pin; 1] {
    [pin(&Certificate::parse(&signer.sign(key, Hash::Sha256)).unwrap())]
}

fn snapshot(text: &str) -> Result<RevocationList, FormatError> {
    let (certificate, key) = signer();
    RevocationList::snapshot(text.as_bytes(), &pins(&certificate, &key), &Ring)
}

#[test]
fn googles_list_is_read() {
    let list = RevocationList::google(
        br#"{"entries": {
            "bad": {"status": "REVOKED", "reason": "KEY_COMPROMISE", "expires": "2030-01-01"},
            "cc66e9a93713b6e643b26c15879786f7": {"status": "SUSPENDED", "comment": "for testing"},
            "c0ffee": {"status": "UNHEARD_OF"}
        }, "later": [1]}"#,
    )
    .unwrap();
    assert_eq!((list.len(), list.taken_at(), list.next_update(), list.number()), (3, None, None, None));
    assert_eq!(list.status(&[0x0b, 0xad]), Some(Status::Revoked));
    assert_eq!(list.status(&[0xc0, 0xff, 0xee]), Some(Status::Revoked));
    let suspended =
        [0xcc, 0x66, 0xe9, 0xa9, 0x37, 0x13, 0xb6, 0xe6, 0x43, 0xb2, 0x6c, 0x15, 0x87, 0x97, 0x86, 0xf7];
    assert_eq!(list.status(&suspended), Some(Status::Suspended));
    assert_eq!(list.status(&[1]), None);
    let empty = RevocationList::google(br#"{"entries": {}}"#).unwrap();
    assert!(empty.is_empty());
    assert_eq!(empty.fetched_at(5).taken_at(), Some(5));
}

#[test]
fn what_is_no_list_of_googles_is_refused() {
    for (json, message) in [
        ("", "EOF"),
        ("[]", "expected struct List"),
        ("{}", "missing field `entries`"),
        (r#"{"entries": []}"#, "expected an object with an entry a serial number"),
        (r#"{"entries": {}, "entries": {}}"#, "duplicate field"),
        (r#"{"entries": {}} x"#, "trailing characters"),
        (
            r#"{"entries": {"0bad": {"status": "REVOKED"}}}"#,
            "\"0bad\": expected a serial number in lower-case hex",
        ),
        (r#"{"entries": {"BAD": {"status": "REVOKED"}}}"#, "expected a serial number"),
        (r#"{"entries": {"": {"status": "REVOKED"}}}"#, "expected a serial number"),
        (r#"{"entries": {"0x1": {"status": "REVOKED"}}}"#, "expected a serial number"),
        (r#"{"entries": {"bad": {}}}"#, "missing field `status`"),
        (r#"{"entries": {"bad": {"status": 1}}}"#, "expected a string"),
        (
            r#"{"entries": {"bad": {"status": "REVOKED"}, "bad": {"status": "SUSPENDED"}}}"#,
            "a serial number twice",
        ),
    ] {
        let error = RevocationList::google(json.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{json}: {error}");
    }
    let long = format!(r#"{{"entries": {{"{}": {{"status": "REVOKED"}}}}}}"#, "a".repeat(65));
    RevocationList::google(long.as_bytes()).unwrap_err();
    assert!(RevocationList::google(&vec![b' '; MAX_LIST + 1]).unwrap_err().is_too_large());
}

#[test]
fn a_snapshot_is_read() {
    let (certificate, key) = signer();
    let found = snapshot(&armour(&certificate, &key, &list())).unwrap();
    assert_eq!((found.len(), found.number()), (2, Some(7)));
    assert_eq!((found.taken_at(), found.next_update()), (Some(AT - 2 * DAY), Some(AT + 12 * DAY)));
    assert_eq!(found.status(&[0x0b, 0xad]), Some(Status::Revoked));
    assert_eq!(found.status(&[0xcc; 16]), Some(Status::Suspended));
    let none = certificate::RevocationList { revoked: vec![], ..list() };
    assert!(snapshot(&armour(&certificate, &key, &none)).unwrap().is_empty());
}

#[test]
fn what_is_no_snapshot_of_ours_is_refused() {
    let (certificate, key) = signer();
    let thief = Key::p256("thief");
    let crl = list().sign(&key, Hash::Sha256);
    let bare = trust_forge::pem("X509 CRL", [&crl]);
    let twice = certificate::RevocationList { revoked: vec![(vec![1], 1), (vec![1], 6)], ..list() };
    let delta = certificate::RevocationList {
        extensions: vec![extension(&[2, 5, 29, 27], true, &[2, 1, 1])],
        ..list()
    };
    let quiet_delta = certificate::RevocationList {
        extensions: vec![extension(&[2, 5, 29, 27], false, &[2, 1, 1])],
        ..list()
    };
    let part = certificate::RevocationList {
        extensions: vec![extension(&[2, 5, 29, 28], false, &[0x30, 0])],
        ..list()
    };
    let elsewhere =
        certificate::RevocationList { issuer: certificate::name(&[("CN", "Sample Revocation")]), ..list() };
    for (name, text, message) in [
        ("no signer", bare.clone(), "1 PEM blocks: expected its signer's CERTIFICATE and an X509 CRL"),
        ("two lists", bare.repeat(2), "expected its signer's CERTIFICATE, then an X509 CRL"),
        (
            "another signer",
            armour(&Forged::ca(certificate.subject.clone(), &thief), &thief, &list()),
            "expected one of 1 pinned signers",
        ),
        (
            "another's signature",
            trust_forge::pem("CERTIFICATE", [&certificate.sign(&key, Hash::Sha256)])
                + &trust_forge::pem("X509 CRL", [&list().sign(&thief, Hash::Sha256)]),
            "expected a signature by CN=Sample revocation, EC P-256",
        ),
        ("another's name", armour(&certificate, &key, &elsewhere), "expected the signer's name"),
        ("a serial number twice", armour(&certificate, &key, &twice), "a serial number twice"),
        ("a delta", armour(&certificate, &key, &delta), "a critical extension that is not known"),
        ("a delta, not critical", armour(&certificate, &key, &quiet_delta), "a delta: expected a whole list"),
        ("a part", armour(&certificate, &key, &part), "a part (issuingDistributionPoint)"),
    ] {
        let error = snapshot(&text).unwrap_err().to_string();
        assert!(error.contains(message), "{name}: {error}");
    }
    for extensions in [vec![key_usage(0x04)], vec![basic_constraints(true), key_usage(0x06)]] {
        let usage = Forged { extensions, ..certificate.clone() };
        let error = snapshot(&armour(&usage, &key, &list())).unwrap_err().to_string();
        assert!(error.contains("expected a signer with keyUsage cRLSign that is no CA"), "{error}");
    }
}

#[test]
fn every_flipped_bit_and_every_truncation_of_a_snapshot_is_refused() {
    let (certificate, key) = signer();
    let (pins, crl) = (pins(&certificate, &key), list().sign(&key, Hash::Sha256));
    let signer = trust_forge::pem("CERTIFICATE", [&certificate.sign(&key, Hash::Sha256)]);
    let read = |crl: &Vec<u8>| {
        let text = signer.clone() + &trust_forge::pem("X509 CRL", [crl]);
        RevocationList::snapshot(text.as_bytes(), &pins, &Ring)
    };
    read(&crl).unwrap();
    let mut flipped = crl.clone();
    for bit in 0..crl.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        read(&flipped).unwrap_err();
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
    for length in 0..crl.len() {
        read(&crl[..length].to_vec()).unwrap_err();
    }
}

/// What a chain comes to with a list that has these serial numbers.
fn judge(revoked: Vec<(Vec<u8>, u8)>, at: i64, max_age: i64) -> Result<RevocationCheck, Refusal> {
    let description = trust_forge::KeyDescription::default().encode();
    let chain = trust_forge::Chain::remote("revoked", "TEE", 8, &description);
    let certificates = chain.certificates();
    let roots = Roots::none().and("test", pin(&Certificate::parse(certificates.last().unwrap()).unwrap()));
    let (certificate, key) = signer();
    let list =
        snapshot(&armour(&certificate, &key, &certificate::RevocationList { revoked, ..list() })).unwrap();
    let demand =
        Demand { at, roots: &roots, challenge: None, revocation: Some((&list, max_age)), purposes: None };
    verify(&Chain::parse(&certificates)?, &demand, &Ring).map(|verified| verified.revocation())
}

#[test]
fn a_listed_serial_number_refuses_the_chain_and_an_old_list_does_too() {
    let chain =
        trust_forge::Chain::remote("revoked", "TEE", 8, &trust_forge::KeyDescription::default().encode());
    for (nth, link) in chain.links.iter().enumerate().skip(1) {
        for (reason, rule) in [(1, Rule::Revoked), (6, Rule::Suspended)] {
            let revoked = vec![(link.certificate.serial.clone(), reason)];
            let refusal = judge(revoked, AT, 7 * DAY).unwrap_err();
            assert_eq!((refusal.rule(), refusal.certificate()), (rule, Some(nth)), "{refusal}");
        }
    }
    assert_eq!(judge(vec![], AT, 7 * DAY), Ok(RevocationCheck::Dated(AT - 2 * DAY)));
    assert_eq!(judge(vec![], AT, 2 * DAY), Ok(RevocationCheck::Dated(AT - 2 * DAY)));
    let refusal = judge(vec![], AT, 2 * DAY - 1).unwrap_err();
    assert_eq!(refusal.rule(), Rule::RevocationStale, "{refusal}");
    // A listed one counts however old the list is.
    let listed = vec![(chain.links[1].certificate.serial.clone(), 1)];
    assert_eq!(judge(listed, AT, 0).unwrap_err().rule(), Rule::Revoked);
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}") {
        let _ = RevocationList::google(text.as_bytes());
        let _ = snapshot(&text);
    }

    #[test]
    fn a_serial_number_in_hex_is_its_bytes(bytes in proptest::collection::vec(any::<u8>(), 1..20)) {
        let hex = data_encoding::HEXLOWER.encode(&bytes);
        let hex = hex.trim_start_matches('0');
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        if !hex.is_empty() {
            let json = format!(r#"{{"entries": {{"{hex}": {{"status": "REVOKED"}}}}}}"#);
            let list = RevocationList::google(json.as_bytes()).unwrap();
            prop_assert_eq!(list.status(&bytes[first..]), Some(Status::Revoked));
        }
    }
}

#[test]
fn who_signed_is_told_apart_from_what_is_malformed() {
    let (certificate, key) = signer();
    let good = armour(&certificate, &key, &list());
    let pins = pins(&certificate, &key);
    let is_signed =
        |text: &str, pins: &[super::super::Pin]| RevocationList::is_signed(text.as_bytes(), pins, &Ring);
    assert_eq!(is_signed(&good, &pins), Ok(true));
    assert_eq!(is_signed(&good, &[]), Ok(false));
    let crl = list().sign(&Key::p256("another"), Hash::Sha256);
    let other = trust_forge::pem("CERTIFICATE", [&certificate.sign(&key, Hash::Sha256)])
        + &trust_forge::pem("X509 CRL", [&crl]);
    assert_eq!(is_signed(&other, &pins), Ok(false), "a wrong signature");
    let partial = certificate::RevocationList {
        extensions: vec![extension(&[2, 5, 29, 28], true, &[0x30, 0])],
        ..list()
    };
    let partial = armour(&certificate, &key, &partial);
    assert_eq!(is_signed(&partial, &pins), Ok(true), "signed, and no list");
    snapshot(&partial).unwrap_err();
    for text in ["", "x", &good[..good.len() / 2]] {
        assert!(is_signed(text, &pins).is_err(), "{text}");
    }
}
