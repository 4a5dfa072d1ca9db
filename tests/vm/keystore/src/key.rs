//! A key, whose it is, and what it may do.

use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    Algorithm::Algorithm, Digest::Digest, EcCurve::EcCurve, KeyOrigin::KeyOrigin, KeyParameter::KeyParameter,
    KeyParameterValue::KeyParameterValue as Value, KeyPurpose::KeyPurpose, SecurityLevel::SecurityLevel,
    Tag::Tag,
};
use android_system_keystore2::aidl::android::system::keystore2::{
    Authorization::Authorization, Domain::Domain, KeyDescriptor::KeyDescriptor, KeyMetadata::KeyMetadata,
};
use data_encoding::HEXLOWER;
use ring::hmac;
use serde::{Deserialize, Serialize};
use trust_forge::Hash;

/// What KeyMint attests of the system, and what a key is bound to: as `trust_forge::KeyDescription` has it.
const SYSTEM: [(Tag, i32); 4] = [
    (Tag::OS_VERSION, 160_000),
    (Tag::OS_PATCHLEVEL, 202_610),
    (Tag::VENDOR_PATCHLEVEL, 20_261_005),
    (Tag::BOOT_PATCHLEVEL, 20_261_005),
];

/// The kinds of keys that trustd has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// ECDSA on P-256 with SHA-256.
    Sign,
    /// The same, for certificates of other keys alone.
    Attest,
    /// HMAC with SHA-256.
    Mac,
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// Domain APP or SELINUX.
    pub domain: i32,
    /// The uid, or the namespace's number.
    pub namespace: i64,
    pub alias: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    pub id: i64,
    #[serde(flatten)]
    pub name: Name,
    /// TRUSTED_ENVIRONMENT or STRONGBOX.
    pub level: i32,
    pub kind: Kind,
    /// Whether SHA-256 is said to be its digest: an ATTEST_KEY needs none.
    pub has_digest: bool,
    /// In hexadecimal. Nothing else here is a secret, and this is none either.
    pub secret: String,
    /// In hexadecimal, DER; empty where there is none.
    pub certificate: String,
    /// The same, of what stands above.
    pub chain: String,
    /// Milliseconds since 1970.
    pub made_at: i64,
}

impl Key {
    /// The signing key of a secret. forge makes keys of labels.
    pub fn pair(secret: &str) -> trust_forge::Key {
        trust_forge::Key::p256(&format!("keystore2 stand-in {secret}"))
    }

    /// A DER ECDSA-Sig-Value, or 32 bytes of HMAC.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self.kind {
            Kind::Sign | Kind::Attest => Key::pair(&self.secret).sign(Hash::Sha256, message),
            Kind::Mac => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
        }
    }

    pub fn metadata(&self) -> KeyMetadata {
        let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).ok().filter(|bytes| !bytes.is_empty());
        KeyMetadata {
            key: KeyDescriptor { domain: Domain::KEY_ID, nspace: self.id, alias: None, blob: None },
            keySecurityLevel: SecurityLevel(self.level),
            authorizations: self.authorizations(),
            certificate: bytes(&self.certificate),
            certificateChain: bytes(&self.chain),
            modificationTimeMs: self.made_at,
        }
    }

    fn authorizations(&self) -> Vec<Authorization> {
        let mut enforced = match self.kind {
            Kind::Sign | Kind::Attest => {
                let purpose = if self.kind == Kind::Sign { KeyPurpose::SIGN } else { KeyPurpose::ATTEST_KEY };
                vec![
                    (Tag::PURPOSE, Value::KeyPurpose(purpose)),
                    (Tag::ALGORITHM, Value::Algorithm(Algorithm::EC)),
                    (Tag::EC_CURVE, Value::EcCurve(EcCurve::P_256)),
                ]
            }
            Kind::Mac => vec![
                (Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::SIGN)),
                (Tag::ALGORITHM, Value::Algorithm(Algorithm::HMAC)),
                (Tag::MIN_MAC_LENGTH, Value::Integer(256)),
            ],
        };
        enforced.extend([
            (Tag::KEY_SIZE, Value::Integer(256)),
            (Tag::NO_AUTH_REQUIRED, Value::BoolValue(true)),
            (Tag::ORIGIN, Value::Origin(KeyOrigin::GENERATED)),
        ]);
        enforced.extend(self.has_digest.then_some((Tag::DIGEST, Value::Digest(Digest::SHA_2_256))));
        enforced.extend(SYSTEM.map(|(tag, value)| (tag, Value::Integer(value))));
        let by = |level| {
            move |(tag, value)| Authorization {
                securityLevel: level,
                keyParameter: KeyParameter { tag, value },
            }
        };
        let mut authorizations: Vec<Authorization> =
            enforced.into_iter().map(by(SecurityLevel(self.level))).collect();
        // keystore2 adds these itself.
        authorizations
            .push(by(SecurityLevel::KEYSTORE)((Tag::CREATION_DATETIME, Value::DateTime(self.made_at))));
        authorizations.push(by(SecurityLevel::SOFTWARE)((Tag::USER_ID, Value::Integer(0))));
        authorizations
    }
}
