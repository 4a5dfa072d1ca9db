//! That what is sent has Android's numbers. They stand here again, from AOSP's frozen versions: the bindings are made
//! of our .aidl files, where a method out of order would still be a method.
//!
//! `system/hardware/interfaces/keystore2/aidl/aidl_api/android.system.keystore2/5`,
//! `hardware/interfaces/security/keymint/aidl/aidl_api/android.hardware.security.keymint/4`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use android_system_keystore2::aidl::android::system::keystore2::{
    CreateOperationResponse::CreateOperationResponse, Domain::Domain, IKeystoreOperation,
    IKeystoreSecurityLevel, IKeystoreService, KeyDescriptor::KeyDescriptor, KeyMetadata::KeyMetadata,
    ResponseCode::ResponseCode,
};
use android_system_keystore2::keymint::android::hardware::security::keymint::{
    Algorithm::Algorithm, BlockMode::BlockMode, Digest::Digest, EcCurve::EcCurve, ErrorCode::ErrorCode,
    HardwareAuthenticatorType::HardwareAuthenticatorType, KeyOrigin::KeyOrigin, KeyParameter::KeyParameter,
    KeyParameterValue::KeyParameterValue, KeyPurpose::KeyPurpose, PaddingMode::PaddingMode,
    SecurityLevel::SecurityLevel, Tag::Tag,
};
use binder::generated::{Deserialize, Parcel, Serialize};

#[test]
fn methods_have_androids_codes() {
    use IKeystoreOperation::transactions as operation;
    use IKeystoreSecurityLevel::transactions as level;
    use IKeystoreService::transactions as service;
    let codes = [
        (service::getSecurityLevel, 1),
        (service::getKeyEntry, 2),
        (service::updateSubcomponent, 3),
        (service::listEntries, 4),
        (service::deleteKey, 5),
        (service::grant, 6),
        (service::ungrant, 7),
        (service::getNumberOfEntries, 8),
        (service::listEntriesBatched, 9),
        (service::getSupplementaryAttestationInfo, 10),
        (level::createOperation, 1),
        (level::generateKey, 2),
        (level::importKey, 3),
        (level::importWrappedKey, 4),
        (level::convertStorageKeyToEphemeral, 5),
        (level::deleteKey, 6),
        (operation::updateAad, 1),
        (operation::update, 2),
        (operation::finish, 3),
        (operation::abort, 4),
    ];
    for (ours, androids) in codes {
        assert_eq!(ours, androids);
    }
}

#[test]
fn interfaces_have_androids_names() {
    use IKeystoreOperation::{BpKeystoreOperation, IKeystoreOperation as Operation};
    use IKeystoreSecurityLevel::{BpKeystoreSecurityLevel, IKeystoreSecurityLevel as Level};
    use IKeystoreService::{BpKeystoreService, IKeystoreService as Service};
    assert_eq!(<BpKeystoreService as Service>::descriptor(), "android.system.keystore2.IKeystoreService");
    assert_eq!(
        <BpKeystoreSecurityLevel as Level>::descriptor(),
        "android.system.keystore2.IKeystoreSecurityLevel"
    );
    assert_eq!(
        <BpKeystoreOperation as Operation>::descriptor(),
        "android.system.keystore2.IKeystoreOperation"
    );
}

#[test]
fn values_have_androids_union_tags() {
    use KeyParameterValue as Value;
    let members = [
        Value::Invalid(7),
        Value::Algorithm(Algorithm::EC),
        Value::BlockMode(BlockMode::GCM),
        Value::PaddingMode(PaddingMode::PKCS7),
        Value::Digest(Digest::SHA_2_256),
        Value::EcCurve(EcCurve::P_256),
        Value::Origin(KeyOrigin::GENERATED),
        Value::KeyPurpose(KeyPurpose::ATTEST_KEY),
        Value::HardwareAuthenticatorType(HardwareAuthenticatorType::ANY),
        Value::SecurityLevel(SecurityLevel::STRONGBOX),
        Value::BoolValue(true),
        Value::Integer(256),
        Value::LongInteger(-1),
        Value::DateTime(1_700_000_000_000),
        Value::Blob(vec![1, 2, 3]),
    ];
    for (tag, value) in members.into_iter().enumerate() {
        let words = words(&value);
        // Not null, the member's number, its value.
        assert_eq!(words[..2], [1, tag as i32], "{value:?}");
        assert_eq!(again(&value), value);
    }
}

#[test]
fn enums_have_androids_numbers() {
    let numbers = [
        // TagType << 28 | the number in an attestation.
        (Tag::PURPOSE.0, 2 << 28 | 1),
        (Tag::ALGORITHM.0, 1 << 28 | 2),
        (Tag::KEY_SIZE.0, 3 << 28 | 3),
        (Tag::DIGEST.0, 2 << 28 | 5),
        (Tag::MIN_MAC_LENGTH.0, 3 << 28 | 8),
        (Tag::EC_CURVE.0, 1 << 28 | 10),
        (Tag::USAGE_COUNT_LIMIT.0, 3 << 28 | 405),
        (Tag::NO_AUTH_REQUIRED.0, 7 << 28 | 503),
        (Tag::CREATION_DATETIME.0, 6 << 28 | 701),
        (Tag::ORIGIN.0, 1 << 28 | 702),
        (Tag::OS_PATCHLEVEL.0, 805307074),
        (Tag::ATTESTATION_CHALLENGE.0, -1879047484),
        (Tag::ATTESTATION_APPLICATION_ID.0, -1879047483),
        (Tag::MODULE_HASH.0, -1879047468),
        (Tag::MAC_LENGTH.0, 805307371),
        (Tag::CERTIFICATE_SERIAL.0, -2147482642),
        (Tag::CERTIFICATE_SUBJECT.0, -1879047185),
        (Tag::CERTIFICATE_NOT_BEFORE.0, 1610613744),
        (Tag::CERTIFICATE_NOT_AFTER.0, 1610613745),
        (Tag::MAX_BOOT_LEVEL.0, 805307378),
        (Algorithm::EC.0, 3),
        (Algorithm::HMAC.0, 128),
        (Digest::SHA_2_256.0, 4),
        (EcCurve::P_256.0, 1),
        (KeyPurpose::SIGN.0, 2),
        (KeyPurpose::ATTEST_KEY.0, 7),
        (HardwareAuthenticatorType::ANY.0, -1),
        (SecurityLevel::TRUSTED_ENVIRONMENT.0, 1),
        (SecurityLevel::STRONGBOX.0, 2),
        (SecurityLevel::KEYSTORE.0, 100),
        (Domain::APP.0, 0),
        (Domain::SELINUX.0, 2),
        (Domain::KEY_ID.0, 4),
        (ResponseCode::LOCKED.0, 2),
        (ResponseCode::PERMISSION_DENIED.0, 6),
        (ResponseCode::KEY_NOT_FOUND.0, 7),
        (ResponseCode::BACKEND_BUSY.0, 18),
        (ResponseCode::OUT_OF_KEYS.0, 22),
        (ResponseCode::OUT_OF_KEYS_TRANSIENT_ERROR.0, 25),
        (ResponseCode::GET_ATTESTATION_APPLICATION_ID_FAILED.0, 27),
        (ErrorCode::INVALID_INPUT_LENGTH.0, -21),
        (ErrorCode::INVALID_OPERATION_HANDLE.0, -28),
        (ErrorCode::INVALID_KEY_BLOB.0, -33),
        (ErrorCode::HARDWARE_TYPE_UNAVAILABLE.0, -68),
        (ErrorCode::MISSING_NOT_BEFORE.0, -80),
        (ErrorCode::MISSING_NOT_AFTER.0, -81),
        (ErrorCode::UNKNOWN_ERROR.0, -1000),
    ];
    for (row, (ours, androids)) in numbers.into_iter().enumerate() {
        assert_eq!(ours, androids, "row {row}");
    }
}

#[test]
fn a_number_without_a_name_stays_that_number() {
    assert_eq!(again(&Tag(-5)), Tag(-5));
    assert_eq!(again(&Algorithm(4)), Algorithm(4));
    assert_eq!(again(&SecurityLevel(3)), SecurityLevel(3));
}

#[test]
fn fields_are_sent_in_androids_order() {
    let key = KeyDescriptor { domain: Domain::SELINUX, nspace: 104, alias: Some("a".to_owned()), blob: None };
    // Not null, size; domain, namespace in two words, the alias' length, its UTF-16 with an end, no blob.
    assert_eq!(words(&key), [1, 28, 2, 104, 0, 1, 'a' as i32, -1]);

    let parameter = KeyParameter { tag: Tag::KEY_SIZE, value: KeyParameterValue::Integer(256) };
    assert_eq!(words(&parameter), [1, 20, Tag::KEY_SIZE.0, 1, 11, 256]);

    let metadata = KeyMetadata {
        key,
        keySecurityLevel: SecurityLevel::STRONGBOX,
        authorizations: Vec::new(),
        certificate: Some(vec![7, 0, 0, 0]),
        certificateChain: None,
        modificationTimeMs: 9,
    };
    let sent = words(&metadata);
    assert_eq!(sent[..2], [1, 4 * (sent.len() as i32 - 1)]);
    assert_eq!(sent[10..], [SecurityLevel::STRONGBOX.0, 0, 4, 7, -1, 9, 0]);
}

/// A reply without its object is refused, and is no null that a caller would have to look for.
#[test]
fn an_operation_is_never_null() {
    let mut parcel = Parcel::new();
    assert!(parcel.write(&CreateOperationResponse::default()).is_err());
}

/// What is sent, in words.
fn words<T: Serialize>(value: &T) -> Vec<i32> {
    let mut parcel = sent(value);
    std::iter::from_fn(|| (parcel.data_avail() >= 4).then(|| parcel.read::<i32>().unwrap())).collect()
}

fn again<T: Serialize + Deserialize>(value: &T) -> T {
    sent(value).read().unwrap()
}

fn sent<T: Serialize>(value: &T) -> Parcel {
    let mut parcel = Parcel::new();
    parcel.write(value).unwrap();
    parcel.set_data_position(0);
    parcel
}
