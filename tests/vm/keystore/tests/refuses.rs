//! Every refusal of the stand-in, and what it keeps. The numbers are AOSP's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod asked;

use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    Algorithm::Algorithm, Digest::Digest, EcCurve::EcCurve, ErrorCode::ErrorCode, KeyParameter::KeyParameter,
    KeyParameterValue::KeyParameterValue as Value, KeyPurpose::KeyPurpose, SecurityLevel::SecurityLevel,
    Tag::Tag,
};
use android_system_keystore2::aidl::android::system::keystore2::{
    Domain::Domain, KeyDescriptor::KeyDescriptor, ResponseCode::ResponseCode,
};
use asked::*;
use vm_keystore::{Caller, Fault, Keystore, MAX_OPERATIONS, Refusal, Setup};

fn code<T>(answer: Result<T, Refusal>) -> i32 {
    answer.map_or_else(Refusal::code, |_| 0)
}

#[test]
fn there_is_a_strongbox_where_one_was_asked_for() {
    let place = Place::new("levels");
    assert_eq!(place.keystore().has_level(STRONGBOX), Ok(()));
    let without = Keystore::open(Setup { has_strongbox: false, ..place.setup() }).unwrap();
    assert_eq!(without.has_level(TEE), Ok(()));
    for level in [STRONGBOX, SecurityLevel::SOFTWARE, SecurityLevel::KEYSTORE] {
        assert_eq!(code(without.has_level(level)), -68, "{level:?}");
    }
}

#[test]
fn parameters_that_keymint_refuses_are_refused_by_its_numbers() {
    let place = Place::new("parameters");
    let keystore = place.keystore();
    let ec = || ec(KeyPurpose::SIGN);
    let purpose = |purpose| said(Tag::PURPOSE, Value::KeyPurpose(purpose));
    let and = |mut params: Vec<KeyParameter>, more| {
        params.push(more);
        params
    };
    let rows: [(&str, Vec<KeyParameter>, ErrorCode); 19] = [
        ("nothing", vec![], ErrorCode::UNSUPPORTED_ALGORITHM),
        (
            "RSA",
            with(ec(), Tag::ALGORITHM, Value::Algorithm(Algorithm::RSA)),
            ErrorCode::UNSUPPORTED_ALGORITHM,
        ),
        (
            "a value of another kind",
            with(ec(), Tag::ALGORITHM, Value::Integer(3)),
            ErrorCode::UNSUPPORTED_ALGORITHM,
        ),
        ("no curve", without(ec(), Tag::EC_CURVE), ErrorCode::UNSUPPORTED_EC_CURVE),
        ("P-384", with(ec(), Tag::EC_CURVE, Value::EcCurve(EcCurve::P_384)), ErrorCode::UNSUPPORTED_EC_CURVE),
        (
            "a size of another curve",
            with(ec(), Tag::KEY_SIZE, Value::Integer(384)),
            ErrorCode::INVALID_ARGUMENT,
        ),
        ("no purpose", without(ec(), Tag::PURPOSE), ErrorCode::UNSUPPORTED_PURPOSE),
        ("to agree", and(ec(), purpose(KeyPurpose::AGREE_KEY)), ErrorCode::UNSUPPORTED_PURPOSE),
        ("signs and attests", and(ec(), purpose(KeyPurpose::ATTEST_KEY)), ErrorCode::INCOMPATIBLE_PURPOSE),
        ("no digest", without(ec(), Tag::DIGEST), ErrorCode::UNSUPPORTED_DIGEST),
        (
            "any digest",
            and(ec(), said(Tag::DIGEST, Value::Digest(Digest::NONE))),
            ErrorCode::UNSUPPORTED_DIGEST,
        ),
        ("for whom", without(ec(), Tag::NO_AUTH_REQUIRED), ErrorCode::INVALID_ARGUMENT),
        ("a limit", with(ec(), Tag::USAGE_COUNT_LIMIT, Value::Integer(1)), ErrorCode::UNSUPPORTED_TAG),
        ("a long challenge", attested(KeyPurpose::SIGN, &[0; 129]), ErrorCode::INVALID_INPUT_LENGTH),
        (
            "a short HMAC key",
            with(hmac(), Tag::KEY_SIZE, Value::Integer(128)),
            ErrorCode::UNSUPPORTED_KEY_SIZE,
        ),
        ("an HMAC key of any size", without(hmac(), Tag::KEY_SIZE), ErrorCode::UNSUPPORTED_KEY_SIZE),
        ("no shortest MAC", without(hmac(), Tag::MIN_MAC_LENGTH), ErrorCode::MISSING_MIN_MAC_LENGTH),
        (
            "a short MAC",
            with(hmac(), Tag::MIN_MAC_LENGTH, Value::Integer(128)),
            ErrorCode::UNSUPPORTED_MIN_MAC_LENGTH,
        ),
        (
            "HMAC to verify",
            with(hmac(), Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::VERIFY)),
            ErrorCode::UNSUPPORTED_PURPOSE,
        ),
    ];
    for (what, params, expected) in rows {
        assert_eq!(code(make(&keystore, &alias("key"), None, &params)), expected.0, "{what}");
    }
    let date = with(ec(), Tag::CREATION_DATETIME, Value::DateTime(0));
    assert_eq!(code(make(&keystore, &alias("key"), None, &date)), ResponseCode::INVALID_ARGUMENT.0);
    assert_eq!(code(keystore.entry(&trustd(), &alias("key"))), 7, "nothing was made of all that");
    make(&keystore, &alias("key"), None, &attested(KeyPurpose::SIGN, &[0; 128])).unwrap();
}

#[test]
fn descriptors_are_of_their_domain() {
    let place = Place::new("domains");
    let keystore = place.keystore();
    let params = ec(KeyPurpose::SIGN);
    let of = |domain, alias: Option<&str>| KeyDescriptor {
        domain,
        nspace: 0,
        alias: alias.map(str::to_owned),
        blob: None,
    };
    let rows = [
        (of(Domain::APP, None), ErrorCode::INVALID_ARGUMENT.0, ResponseCode::SYSTEM_ERROR.0),
        (of(Domain::BLOB, Some("a")), ResponseCode::PERMISSION_DENIED.0, ResponseCode::PERMISSION_DENIED.0),
        (of(Domain::KEY_ID, Some("a")), ResponseCode::SYSTEM_ERROR.0, ResponseCode::KEY_NOT_FOUND.0),
        (of(Domain::GRANT, Some("a")), ResponseCode::SYSTEM_ERROR.0, ResponseCode::KEY_NOT_FOUND.0),
        (of(Domain(9), Some("a")), ResponseCode::INVALID_ARGUMENT.0, ResponseCode::INVALID_ARGUMENT.0),
    ];
    for (key, made, found) in rows {
        assert_eq!(code(make(&keystore, &key, None, &params)), made, "{key:?}");
        assert_eq!(code(keystore.entry(&trustd(), &key)), found, "{key:?}");
    }
}

#[test]
fn in_domain_app_the_namespace_is_the_callers_uid_whatever_it_says() {
    let place = Place::new("app");
    let keystore = place.keystore();
    let mine = make(&keystore, &alias("key"), None, &ec(KeyPurpose::SIGN)).unwrap();
    let elsewhere = KeyDescriptor { nspace: 10_101, ..alias("key") };
    assert_eq!(keystore.entry(&trustd(), &elsewhere).unwrap().key, mine.key);
    let as_trustds = KeyDescriptor { nspace: 1000, ..alias("key") };
    assert_eq!(code(keystore.entry(&app(), &as_trustds)), 7);
    // Not by its number either.
    assert_eq!(code(keystore.entry(&app(), &mine.key)), 6);
    assert_eq!(code(keystore.begin(&app(), TEE, &mine.key, &signing())), 6);
    assert_eq!(code(keystore.delete(&app(), &mine.key)), 6);
    keystore.entry(&trustd(), &mine.key).unwrap();
}

#[test]
fn a_namespace_is_one_types_whatever_its_uid() {
    let place = Place::new("namespace");
    let keystore = place.keystore();
    let key = in_namespace("key");
    let params = ec(KeyPurpose::SIGN);
    assert_eq!(code(keystore.generate(&app(), TEE, &key, None, &params, 0)), 6);
    let made = make(&keystore, &key, None, &params).unwrap();
    let elsewhere = Caller { uid: 1073, ..trustd() };
    assert_eq!(keystore.entry(&elsewhere, &key).unwrap().key, made.key);
    for stranger in [app(), Caller { selinux_type: None, ..trustd() }] {
        assert_eq!(code(keystore.entry(&stranger, &key)), 6, "{stranger:?}");
        assert_eq!(code(keystore.begin(&stranger, TEE, &key, &signing())), 6, "{stranger:?}");
        assert_eq!(code(keystore.delete(&stranger, &key)), 6, "{stranger:?}");
        // What is not there is not there for everybody.
        assert_eq!(code(keystore.entry(&stranger, &in_namespace("no key"))), 7, "{stranger:?}");
    }
    let nobodys = KeyDescriptor { nspace: 105, ..key };
    assert_eq!(code(make(&keystore, &nobodys, None, &params)), 6);
}

#[test]
fn who_attests_is_as_keystore2_chooses() {
    let place = Place::new("attesters");
    let keystore = place.keystore();
    let wanted = attested(KeyPurpose::SIGN, b"challenge");
    make(&keystore, &alias("attest"), None, &attested(KeyPurpose::ATTEST_KEY, b"once")).unwrap();
    make(&keystore, &alias("signs"), None, &ec(KeyPurpose::SIGN)).unwrap();
    make(&keystore, &alias("mac"), None, &hmac()).unwrap();
    let blob = KeyDescriptor { domain: Domain::BLOB, blob: Some(vec![1]), ..alias("attest") };
    let by = |key: KeyDescriptor| code(make(&keystore, &alias("key"), Some(&key), &wanted));
    assert_eq!(by(alias("attest")), 0);
    assert_eq!(by(alias("nobody")), ResponseCode::KEY_NOT_FOUND.0);
    assert_eq!(by(alias("signs")), ErrorCode::INCOMPATIBLE_PURPOSE.0);
    assert_eq!(by(alias("mac")), ResponseCode::INVALID_ARGUMENT.0, "it has no certificate to be the issuer");
    assert_eq!(by(blob), ErrorCode::INVALID_ARGUMENT.0);
    // In a namespace there is no key from the server, but the client's own do.
    let key = in_namespace("key");
    assert_eq!(code(make(&keystore, &key, None, &wanted)), ErrorCode::ATTESTATION_KEYS_NOT_PROVISIONED.0);
    assert_eq!(code(make(&keystore, &key, Some(&alias("attest")), &wanted)), 0);
    // Nothing to answer, and the other KeyMint's key.
    let unasked = ec(KeyPurpose::SIGN);
    let attest = alias("attest");
    assert_eq!(
        code(make(&keystore, &alias("key"), Some(&attest), &unasked)),
        ErrorCode::ATTESTATION_CHALLENGE_MISSING.0
    );
    let other = keystore.generate(&trustd(), STRONGBOX, &alias("key"), Some(&attest), &wanted, 0);
    assert_eq!(code(other), ErrorCode::INVALID_KEY_BLOB.0);
    // Nobody of the package manager's.
    let app = keystore.generate(&app(), TEE, &alias("key"), None, &wanted, 0);
    assert_eq!(code(app), ResponseCode::GET_ATTESTATION_APPLICATION_ID_FAILED.0);
}

#[test]
fn an_operation_signs_once_and_is_used_up() {
    let place = Place::new("operations");
    let keystore = place.keystore();
    make(&keystore, &alias("key"), None, &ec(KeyPurpose::SIGN)).unwrap();
    make(&keystore, &alias("mac"), None, &hmac()).unwrap();
    let operation = keystore.begin(&trustd(), TEE, &alias("mac"), &macing()).unwrap();
    keystore.update(operation, b"mess").unwrap();
    assert_eq!(
        code(keystore.update(operation, &[0; 0x8001])),
        ResponseCode::TOO_MUCH_DATA.0,
        "which ends nothing"
    );
    let mac = keystore.finish(operation, b"age").unwrap();
    let again = keystore.begin(&trustd(), TEE, &alias("mac"), &macing()).unwrap();
    assert_eq!(keystore.finish(again, b"message").unwrap(), mac);
    assert_eq!(mac.len(), 32);
    for used_up in [
        code(keystore.finish(operation, b"")),
        code(keystore.update(operation, b"")),
        code(keystore.abort(operation)),
    ] {
        assert_eq!(used_up, -28);
    }
    let aborted = keystore.begin(&trustd(), TEE, &alias("key"), &signing()).unwrap();
    keystore.abort(aborted).unwrap();
    assert_eq!(code(keystore.finish(aborted, b"")), -28);
}

#[test]
fn an_operation_begins_with_what_keymint_asks() {
    let place = Place::new("begins");
    let keystore = place.keystore();
    make(&keystore, &alias("key"), None, &ec(KeyPurpose::SIGN)).unwrap();
    make(&keystore, &alias("mac"), None, &hmac()).unwrap();
    make(&keystore, &alias("attest"), None, &ec(KeyPurpose::ATTEST_KEY)).unwrap();
    let verify = with(signing(), Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::VERIFY));
    let sha512 = with(signing(), Tag::DIGEST, Value::Digest(Digest::SHA_2_512));
    let rows = [
        ("no key", TEE, signing(), ResponseCode::KEY_NOT_FOUND.0),
        ("key", STRONGBOX, signing(), ErrorCode::INVALID_KEY_BLOB.0),
        ("key", TEE, vec![], ErrorCode::INVALID_ARGUMENT.0),
        ("key", TEE, verify, ErrorCode::INCOMPATIBLE_PURPOSE.0),
        ("key", TEE, without(signing(), Tag::DIGEST), ErrorCode::UNSUPPORTED_DIGEST.0),
        ("key", TEE, sha512, ErrorCode::INCOMPATIBLE_DIGEST.0),
        ("attest", TEE, signing(), ErrorCode::INCOMPATIBLE_PURPOSE.0),
        ("mac", TEE, signing(), ErrorCode::MISSING_MAC_LENGTH.0),
        ("mac", TEE, with(macing(), Tag::MAC_LENGTH, Value::Integer(128)), ErrorCode::INVALID_MAC_LENGTH.0),
        (
            "mac",
            TEE,
            with(macing(), Tag::MAC_LENGTH, Value::Integer(264)),
            ErrorCode::UNSUPPORTED_MAC_LENGTH.0,
        ),
    ];
    for (key, level, params, expected) in rows {
        let begun = keystore.begin(&trustd(), level, &alias(key), &params);
        assert_eq!(code(begun), expected, "{key} {params:?}");
    }
}

#[test]
fn where_there_is_no_room_the_operation_that_rested_longest_is_pruned() {
    let place = Place::new("pruned");
    let keystore = place.keystore();
    make(&keystore, &alias("key"), None, &ec(KeyPurpose::SIGN)).unwrap();
    let begin = || keystore.begin(&trustd(), TEE, &alias("key"), &signing()).unwrap();
    let open: Vec<u64> = (0..MAX_OPERATIONS).map(|_| begin()).collect();
    keystore.update(open[0], b"still there").unwrap();
    let newest = begin();
    assert_eq!(code(keystore.update(open[1], b"")), -28, "it rested longest");
    for operation in [open[0], open[2], newest] {
        keystore.finish(operation, b"message").unwrap();
    }
    keystore.release(open[3]);
    assert_eq!(code(keystore.update(open[3], b"")), -28);
}

#[test]
fn an_alias_is_replaced_and_deleted() {
    let place = Place::new("replaced");
    let keystore = place.keystore();
    let params = ec(KeyPurpose::SIGN);
    let first = make(&keystore, &alias("key"), None, &params).unwrap();
    let second = make(&keystore, &alias("key"), None, &params).unwrap();
    assert!(second.key.nspace > first.key.nspace && second.certificate != first.certificate);
    assert_eq!(code(keystore.entry(&trustd(), &first.key)), 7);
    assert_eq!(keystore.entry(&trustd(), &alias("key")).unwrap().certificate, second.certificate);
    keystore.delete(&trustd(), &alias("key")).unwrap();
    for gone in [alias("key"), second.key] {
        assert_eq!(code(keystore.entry(&trustd(), &gone)), 7);
        assert_eq!(code(keystore.delete(&trustd(), &gone)), 7);
    }
}

#[test]
fn a_clients_certificates_take_the_place_of_a_keys() {
    let place = Place::new("certificates");
    let keystore = place.keystore();
    let made = make(&keystore, &alias("key"), None, &ec(KeyPurpose::SIGN)).unwrap();
    keystore.update_subcomponent(&trustd(), &alias("key"), Some(b"leaf"), Some(b"above")).unwrap();
    let now = keystore.entry(&trustd(), &alias("key")).unwrap();
    assert_eq!((now.certificate, now.certificateChain), (Some(b"leaf".to_vec()), Some(b"above".to_vec())));
    assert_eq!(now.key, made.key);
    sign(&keystore, &alias("key"), b"message").unwrap();
    keystore.update_subcomponent(&trustd(), &made.key, None, None).unwrap();
    let none = keystore.entry(&trustd(), &alias("key")).unwrap();
    assert_eq!((none.certificate, none.certificateChain), (None, None));
    assert_eq!(code(keystore.update_subcomponent(&app(), &made.key, None, None)), 6);
    assert_eq!(code(keystore.update_subcomponent(&trustd(), &alias("no key"), None, None)), 7);
}

#[test]
fn keys_outlive_the_process_and_half_of_one_is_none() {
    let place = Place::new("kept");
    let keystore = place.keystore();
    let key = make(&keystore, &alias("key"), None, &attested(KeyPurpose::SIGN, b"challenge")).unwrap();
    make(&keystore, &in_namespace("mac"), None, &hmac()).unwrap();
    drop(keystore);
    // What a process that was killed while it wrote leaves.
    std::fs::write(place.0.join("state/keys.json.next"), "{\"last\": 9, \"keys\": [{").unwrap();
    let again = place.keystore();
    let kept = again.entry(&trustd(), &alias("key")).unwrap();
    assert_eq!((kept.certificate, kept.certificateChain), (key.certificate, key.certificateChain));
    assert_eq!((&kept.key, kept.modificationTimeMs), (&key.key, NOW * 1000));
    sign(&again, &alias("key"), b"message").unwrap();
    again.entry(&trustd(), &in_namespace("mac")).unwrap();
    let next = make(&again, &alias("next"), None, &ec(KeyPurpose::SIGN)).unwrap();
    assert!(next.key.nspace > kept.key.nspace + 1, "an id is never given twice");
    std::fs::write(place.0.join("state/keys.json"), "{").unwrap();
    assert!(Keystore::open(place.setup()).is_err());
}

#[test]
fn a_seed_makes_the_same_keys_again_and_chance_does_not() {
    let certificate = |seed: Option<&str>, name: &str| {
        let place = Place::new(name);
        let seed = seed.map(str::to_owned);
        let keystore = Keystore::open(Setup { seed, ..place.setup() }).unwrap();
        make(&keystore, &alias("key"), None, &ec(KeyPurpose::SIGN)).unwrap().certificate
    };
    assert_eq!(certificate(Some("a"), "seed-1"), certificate(Some("a"), "seed-2"));
    assert_ne!(certificate(Some("a"), "seed-3"), certificate(Some("b"), "seed-4"));
    assert_ne!(certificate(None, "seed-5"), certificate(None, "seed-6"));
}

#[test]
fn faults_come_and_go_by_their_file() {
    let place = Place::new("faults");
    let keystore = place.keystore();
    let params = attested(KeyPurpose::SIGN, b"challenge");
    let make = || code(make(&keystore, &alias("key"), None, &params));
    let begin = || code(keystore.begin(&trustd(), TEE, &alias("key"), &signing()));
    let entry = || code(keystore.entry(&trustd(), &alias("key")));
    assert_eq!([make(), begin(), entry()], [0, 0, 0]);
    for (names, expected) in [
        ("vanished", [0, 7, 7]),
        ("invalid-blob", [0, -33, 0]),
        ("locked\n", [2, 2, 0]),
        ("busy", [18, 18, 0]),
        ("no-keys", [25, 0, 0]),
        ("busy vanished", [18, 7, 7]),
        ("nonsense", [4, 4, 4]),
        ("", [0, 0, 0]),
    ] {
        place.faults(names);
        assert_eq!([make(), begin(), entry()], expected, "{names}");
    }
    place.faults("garbage-signature");
    let signature = sign(&keystore, &alias("key"), b"message").unwrap();
    assert_ne!(signature[0], 0x30, "no SEQUENCE");
    assert!(!keystore.hangs());
    place.faults("hang");
    assert!(keystore.hangs());
    assert_eq!(Fault::named("garbage-certificate"), Some(Fault::GarbageCertificate));
    assert_eq!(Fault::named("garbage"), None);
}
