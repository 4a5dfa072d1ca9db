//! A keystore that is Android's keystore2, over Binder.

use super::vault::{Entry, Fault, Name, Use, Vault, With};
use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    Algorithm::Algorithm, Digest::Digest, EcCurve::EcCurve, ErrorCode::ErrorCode, KeyParameter::KeyParameter,
    KeyParameterValue::KeyParameterValue as Value, KeyPurpose::KeyPurpose,
    SecurityLevel::SecurityLevel as Level, Tag::Tag,
};
use android_system_keystore2::aidl::android::system::keystore2::{
    Domain::Domain, IKeystoreSecurityLevel::IKeystoreSecurityLevel, IKeystoreService::IKeystoreService,
    KeyDescriptor::KeyDescriptor, KeyMetadata::KeyMetadata, ResponseCode::ResponseCode,
};
use binder::{Status, StatusCode, Strong};
use trust_formats::attestation::{SecurityLevel, split};

/// The name that keystore2 registers.
const SERVICE: &str = "android.system.keystore2.IKeystoreService/default";
/// trustd's namespace, which keystore2_key_contexts gives to the type trustd_key. AOSP's own are below 1000
/// (system/sepolicy/private/keystore2_key_contexts).
pub const NAMESPACE: i64 = 7001;
/// The dates that KeyStore writes into a key's certificate where nobody says, in milliseconds since 1970: 1970 and 2048
/// (frameworks/base/keystore/java/android/security/keystore/KeyGenParameterSpec.java).
const NOT_BEFORE: i64 = 0;
const NOT_AFTER: i64 = 2_461_449_600_000;

/// Android's keystore2. It is found when it is first asked, and again after it died.
#[derive(Default)]
pub struct Keystore2 {
    service: Option<Strong<dyn IKeystoreService>>,
    levels: Vec<(SecurityLevel, Strong<dyn IKeystoreSecurityLevel>)>,
}

impl Keystore2 {
    /// This one, until it dies.
    pub fn of(service: Strong<dyn IKeystoreService>) -> Keystore2 {
        Keystore2 { service: Some(service), levels: Vec::new() }
    }

    fn service(&mut self) -> Result<Strong<dyn IKeystoreService>, Fault> {
        if let Some(service) = &self.service {
            return Ok(service.clone());
        }
        let found: Strong<dyn IKeystoreService> = binder::check_interface(SERVICE)
            .map_err(|code| Fault::Unavailable(format!("{SERVICE} can't be reached: {code}")))?;
        self.service = Some(found.clone());
        Ok(found)
    }

    fn level(&mut self, level: SecurityLevel) -> Result<Strong<dyn IKeystoreSecurityLevel>, Fault> {
        if let Some((_, found)) = self.levels.iter().find(|(known, _)| *known == level) {
            return Ok(found.clone());
        }
        let of = match level {
            SecurityLevel::StrongBox => Level::STRONGBOX,
            SecurityLevel::TrustedEnvironment => Level::TRUSTED_ENVIRONMENT,
            SecurityLevel::Software => return Err(Fault::NoHardware),
        };
        let service = self.service()?;
        let found = service.getSecurityLevel(of).map_err(|status| self.failed(&status))?;
        self.levels.push((level, found.clone()));
        Ok(found)
    }

    /// What a refused call says. After one that did not arrive, keystore2 is looked for anew.
    fn failed(&mut self, status: &Status) -> Fault {
        let (transport, code) = (status.transaction_error(), status.service_specific_error());
        if transport != StatusCode::OK {
            (self.service, self.levels) = (None, Vec::new());
        }
        match transport {
            StatusCode::OK => fault(code, status),
            StatusCode::DEAD_OBJECT | StatusCode::NAME_NOT_FOUND => {
                Fault::Unavailable("keystore2 died".into())
            }
            other => Fault::Refused(format!("keystore2: {other}")),
        }
    }
}

impl Vault for Keystore2 {
    fn find(&mut self, name: &Name) -> Result<Entry, Fault> {
        let service = self.service()?;
        let found = service.getKeyEntry(&descriptor(name)).map_err(|status| self.failed(&status))?;
        entry(found.metadata)
    }

    fn make(&mut self, name: &Name, level: SecurityLevel, for_what: &Use) -> Result<Entry, Fault> {
        let by = match for_what {
            Use::Sign { by, .. } => Some(descriptor(by)),
            Use::Attest(_) | Use::Mac => None,
        };
        let keymint = self.level(level)?;
        let made = keymint.generateKey(&descriptor(name), by.as_ref(), &of_key(for_what), 0, &[]);
        entry(made.map_err(|status| self.failed(&status))?)
    }

    fn keep(&mut self, name: &Name, chain: &[Box<[u8]>]) -> Result<(), Fault> {
        let Some((own, above)) = chain.split_first() else { return Ok(()) };
        let service = self.service()?;
        let kept = service.updateSubcomponent(&descriptor(name), Some(own), Some(&above.concat()));
        kept.map_err(|status| self.failed(&status))
    }

    fn sign(
        &mut self,
        name: &Name,
        level: SecurityLevel,
        with: With,
        message: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let keymint = self.level(level)?;
        let begun = keymint.createOperation(&descriptor(name), &of_operation(with), false);
        let operation = begun.map_err(|status| self.failed(&status))?.iOperation;
        let operation =
            operation.ok_or_else(|| Fault::Refused("no operation: expected one to have begun".into()))?;
        let signature = operation.finish(Some(message), None).map_err(|status| self.failed(&status))?;
        signature.ok_or_else(|| Fault::Refused("no signature: expected one from finish".into()))
    }

    fn remove(&mut self, name: &Name) -> Result<(), Fault> {
        let service = self.service()?;
        match service.deleteKey(&descriptor(name)).map_err(|status| self.failed(&status)) {
            Err(Fault::NotFound) => Ok(()),
            done => done,
        }
    }

    fn has(&mut self, level: SecurityLevel) -> Result<bool, Fault> {
        match self.level(level) {
            Ok(_) => Ok(true),
            Err(Fault::NoHardware) => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}

fn descriptor(name: &Name) -> KeyDescriptor {
    let (domain, nspace, alias) = match name {
        Name::Own(alias) => (Domain::SELINUX, NAMESPACE, alias),
        // The namespace is the caller's uid, whatever stands here.
        Name::Shared(alias) => (Domain::APP, -1, alias),
    };
    KeyDescriptor { domain, nspace, alias: Some(alias.clone()), blob: None }
}

fn entry(found: KeyMetadata) -> Result<Entry, Fault> {
    let level = match found.keySecurityLevel {
        Level::STRONGBOX => SecurityLevel::StrongBox,
        Level::TRUSTED_ENVIRONMENT => SecurityLevel::TrustedEnvironment,
        _ => SecurityLevel::Software,
    };
    let mut chain: Vec<Box<[u8]>> = found.certificate.into_iter().map(Into::into).collect();
    if let Some(above) = found.certificateChain.filter(|above| !above.is_empty()) {
        let above =
            split(&above).map_err(|error| Fault::Refused(format!("a chain of keystore2's: {error}")))?;
        chain.extend(above.into_iter().map(Into::into));
    }
    Ok(Entry { level, chain })
}

fn of_key(for_what: &Use) -> Vec<KeyParameter> {
    let any =
        [(Tag::DIGEST, Value::Digest(Digest::SHA_2_256)), (Tag::NO_AUTH_REQUIRED, Value::BoolValue(true))];
    let pair = |purpose, challenge: &[u8; 32]| {
        vec![
            (Tag::PURPOSE, Value::KeyPurpose(purpose)),
            (Tag::ALGORITHM, Value::Algorithm(Algorithm::EC)),
            (Tag::EC_CURVE, Value::EcCurve(EcCurve::P_256)),
            (Tag::ATTESTATION_CHALLENGE, Value::Blob(challenge.to_vec())),
            (Tag::CERTIFICATE_NOT_BEFORE, Value::DateTime(NOT_BEFORE)),
            (Tag::CERTIFICATE_NOT_AFTER, Value::DateTime(NOT_AFTER)),
        ]
    };
    let own = match for_what {
        Use::Sign { challenge, .. } => pair(KeyPurpose::SIGN, challenge),
        Use::Attest(challenge) => pair(KeyPurpose::ATTEST_KEY, challenge),
        Use::Mac => vec![
            (Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::SIGN)),
            (Tag::ALGORITHM, Value::Algorithm(Algorithm::HMAC)),
            (Tag::KEY_SIZE, Value::Integer(256)),
            (Tag::MIN_MAC_LENGTH, Value::Integer(256)),
        ],
    };
    parameters(own.into_iter().chain(any))
}

fn of_operation(with: With) -> Vec<KeyParameter> {
    let any = [
        (Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::SIGN)),
        (Tag::DIGEST, Value::Digest(Digest::SHA_2_256)),
    ];
    let length = (with == With::Hmac).then_some((Tag::MAC_LENGTH, Value::Integer(256)));
    parameters(any.into_iter().chain(length))
}

fn parameters(all: impl Iterator<Item = (Tag, Value)>) -> Vec<KeyParameter> {
    all.map(|(tag, value)| KeyParameter { tag, value }).collect()
}

/// What a service-specific error of keystore2's means.
fn fault(code: i32, status: &Status) -> Fault {
    let is = |known: ResponseCode| known.0 == code;
    let is_keymints = |known: ErrorCode| known.0 == code;
    let says = || format!("keystore2 refuses with {code}: {}", status.get_description());
    let is_invalid = [ResponseCode::VALUE_CORRUPTED, ResponseCode::KEY_PERMANENTLY_INVALIDATED];
    let passes = [
        ResponseCode::LOCKED,
        ResponseCode::UNINITIALIZED,
        ResponseCode::BACKEND_BUSY,
        ResponseCode::OPERATION_BUSY,
        ResponseCode::OUT_OF_KEYS,
        ResponseCode::OUT_OF_KEYS_PENDING_INTERNET_CONNECTIVITY,
        ResponseCode::OUT_OF_KEYS_TRANSIENT_ERROR,
        ResponseCode::GET_ATTESTATION_APPLICATION_ID_FAILED,
    ];
    let passes_in_keymint = [
        // Another operation took its place.
        ErrorCode::INVALID_OPERATION_HANDLE,
        ErrorCode::TOO_MANY_OPERATIONS,
        ErrorCode::CONCURRENT_ACCESS_CONFLICT,
        ErrorCode::SECURE_HW_BUSY,
        ErrorCode::HARDWARE_NOT_YET_AVAILABLE,
        ErrorCode::ATTESTATION_KEYS_NOT_PROVISIONED,
    ];
    if is(ResponseCode::KEY_NOT_FOUND) {
        Fault::NotFound
    } else if is_keymints(ErrorCode::INVALID_KEY_BLOB) || is_invalid.into_iter().any(is) {
        Fault::Invalid
    } else if is_keymints(ErrorCode::HARDWARE_TYPE_UNAVAILABLE) {
        Fault::NoHardware
    } else if passes.into_iter().any(is) || passes_in_keymint.into_iter().any(is_keymints) {
        Fault::Unavailable(says())
    } else {
        Fault::Refused(says())
    }
}
