//! What the tests ask of the stand-in, and of whom.

#![allow(dead_code)] // not every test file that shares this module asks for all of it

use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    Algorithm::Algorithm, Digest::Digest, EcCurve::EcCurve, KeyParameter::KeyParameter,
    KeyParameterValue::KeyParameterValue as Value, KeyPurpose::KeyPurpose, SecurityLevel::SecurityLevel,
    Tag::Tag,
};
use android_system_keystore2::aidl::android::system::keystore2::{
    Domain::Domain, KeyDescriptor::KeyDescriptor, KeyMetadata::KeyMetadata,
};
use std::path::PathBuf;
use vm_keystore::{Caller, Fault, Faults, Keystore, Refusal, Setup};

/// 2026-11-03T00:00:00Z.
pub const NOW: i64 = 1_793_664_000;
pub const TEE: SecurityLevel = SecurityLevel::TRUSTED_ENVIRONMENT;
pub const STRONGBOX: SecurityLevel = SecurityLevel::STRONGBOX;
pub const NAMESPACE: i64 = 104;

/// A directory of its own, gone at the end.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("trust-keystore-{}-{name}", std::process::id()));
        let _gone_or_not_there = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    pub fn setup(&self) -> Setup {
        Setup {
            has_strongbox: true,
            namespaces: vec![(NAMESPACE, "trustd".to_owned())],
            state: self.0.join("state"),
            faults: Faults { always: vec![], file: Some(self.0.join("faults")) },
            ..Setup::default()
        }
    }

    pub fn keystore(&self) -> Keystore {
        Keystore::open(self.setup()).unwrap()
    }

    /// From now on these go wrong.
    pub fn faults(&self, names: &str) {
        std::fs::write(self.0.join("faults"), names).unwrap();
    }

    pub fn with(&self, fault: Fault) -> Keystore {
        let faults = Faults { always: vec![fault], file: None };
        Keystore::open(Setup { faults, ..self.setup() }).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

pub fn trustd() -> Caller {
    Caller { uid: 1000, selinux_type: Some("trustd".to_owned()) }
}

pub fn app() -> Caller {
    Caller { uid: 10_101, selinux_type: Some("untrusted_app".to_owned()) }
}

pub fn alias(name: &str) -> KeyDescriptor {
    KeyDescriptor { domain: Domain::APP, nspace: -1, alias: Some(name.to_owned()), blob: None }
}

pub fn in_namespace(name: &str) -> KeyDescriptor {
    KeyDescriptor { domain: Domain::SELINUX, nspace: NAMESPACE, ..alias(name) }
}

pub fn numbered(id: i64) -> KeyDescriptor {
    KeyDescriptor { domain: Domain::KEY_ID, nspace: id, alias: None, blob: None }
}

pub fn said(tag: Tag, value: Value) -> KeyParameter {
    KeyParameter { tag, value }
}

pub fn ec(purpose: KeyPurpose) -> Vec<KeyParameter> {
    vec![
        said(Tag::PURPOSE, Value::KeyPurpose(purpose)),
        said(Tag::ALGORITHM, Value::Algorithm(Algorithm::EC)),
        said(Tag::EC_CURVE, Value::EcCurve(EcCurve::P_256)),
        said(Tag::DIGEST, Value::Digest(Digest::SHA_2_256)),
        said(Tag::NO_AUTH_REQUIRED, Value::BoolValue(true)),
    ]
}

pub fn attested(purpose: KeyPurpose, challenge: &[u8]) -> Vec<KeyParameter> {
    let mut params = ec(purpose);
    params.push(said(Tag::ATTESTATION_CHALLENGE, Value::Blob(challenge.to_vec())));
    params
}

pub fn hmac() -> Vec<KeyParameter> {
    vec![
        said(Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::SIGN)),
        said(Tag::ALGORITHM, Value::Algorithm(Algorithm::HMAC)),
        said(Tag::KEY_SIZE, Value::Integer(256)),
        said(Tag::DIGEST, Value::Digest(Digest::SHA_2_256)),
        said(Tag::MIN_MAC_LENGTH, Value::Integer(256)),
        said(Tag::NO_AUTH_REQUIRED, Value::BoolValue(true)),
    ]
}

/// The same without a tag.
pub fn without(mut params: Vec<KeyParameter>, tag: Tag) -> Vec<KeyParameter> {
    params.retain(|said| said.tag != tag);
    params
}

/// The same with another value, or with one more.
pub fn with(params: Vec<KeyParameter>, tag: Tag, value: Value) -> Vec<KeyParameter> {
    let mut params = without(params, tag);
    params.push(said(tag, value));
    params
}

pub fn signing() -> Vec<KeyParameter> {
    vec![
        said(Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::SIGN)),
        said(Tag::DIGEST, Value::Digest(Digest::SHA_2_256)),
    ]
}

pub fn macing() -> Vec<KeyParameter> {
    with(signing(), Tag::MAC_LENGTH, Value::Integer(256))
}

/// trustd makes a key in the TEE.
pub fn make(
    keystore: &Keystore,
    key: &KeyDescriptor,
    by: Option<&KeyDescriptor>,
    params: &[KeyParameter],
) -> Result<KeyMetadata, Refusal> {
    keystore.generate(&trustd(), TEE, key, by, params, NOW * 1000)
}

/// trustd signs with a key in the TEE.
pub fn sign(keystore: &Keystore, key: &KeyDescriptor, message: &[u8]) -> Result<Vec<u8>, Refusal> {
    let operation = keystore.begin(&trustd(), TEE, key, &signing())?;
    keystore.finish(operation, message)
}
