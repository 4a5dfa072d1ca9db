//! What a client asks of a key, and of an operation, as KeyMint reads it.

use crate::Refusal;
use crate::key::Kind;
use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    Algorithm::Algorithm, Digest::Digest, EcCurve::EcCurve, ErrorCode::ErrorCode, KeyParameter::KeyParameter,
    KeyParameterValue::KeyParameterValue as Value, KeyPurpose::KeyPurpose, Tag::Tag,
};
use android_system_keystore2::aidl::android::system::keystore2::ResponseCode::ResponseCode;

/// What keystore2 adds where there is none (UNDEFINED_NOT_AFTER in `utils.rs`): the last millisecond of RFC 5280.
const UNDEFINED_NOT_AFTER: i64 = 253_402_300_799_000;
/// By KeyMint's Tag.aidl.
const MAX_CHALLENGE: usize = 128;

/// A key that is wanted.
pub struct Wanted {
    pub kind: Kind,
    /// Whether a digest was said.
    pub has_digest: bool,
    pub challenge: Option<Vec<u8>>,
    /// Milliseconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
    /// Big-endian.
    pub serial: Vec<u8>,
}

/// The values of one tag. A tag with the value of another kind has none.
struct Said<'p>(&'p [KeyParameter]);

impl<'p> Said<'p> {
    fn all<T>(&self, tag: Tag, read: impl Fn(&'p Value) -> Option<T>) -> Vec<T> {
        self.0.iter().filter(|said| said.tag == tag).filter_map(|said| read(&said.value)).collect()
    }

    fn one<T>(&self, tag: Tag, read: impl Fn(&'p Value) -> Option<T>) -> Option<T> {
        self.all(tag, read).into_iter().next()
    }

    fn has(&self, tag: Tag) -> bool {
        self.0.iter().any(|said| said.tag == tag)
    }

    fn purposes(&self) -> Vec<KeyPurpose> {
        self.all(
            Tag::PURPOSE,
            |value| if let Value::KeyPurpose(purpose) = value { Some(*purpose) } else { None },
        )
    }

    fn digests(&self) -> Vec<Digest> {
        self.all(Tag::DIGEST, |value| if let Value::Digest(digest) = value { Some(*digest) } else { None })
    }

    fn integer(&self, tag: Tag) -> Option<i32> {
        self.one(tag, |value| if let Value::Integer(number) = value { Some(*number) } else { None })
    }

    fn date(&self, tag: Tag) -> Option<i64> {
        self.one(tag, |value| if let Value::DateTime(date) = value { Some(*date) } else { None })
    }

    fn blob(&self, tag: Tag) -> Option<&'p Vec<u8>> {
        self.one(tag, |value| if let Value::Blob(blob) = value { Some(blob) } else { None })
    }
}

const KNOWN: [Tag; 12] = [
    Tag::PURPOSE,
    Tag::ALGORITHM,
    Tag::KEY_SIZE,
    Tag::DIGEST,
    Tag::EC_CURVE,
    Tag::MIN_MAC_LENGTH,
    Tag::MAC_LENGTH,
    Tag::NO_AUTH_REQUIRED,
    Tag::ATTESTATION_CHALLENGE,
    Tag::CERTIFICATE_NOT_BEFORE,
    Tag::CERTIFICATE_NOT_AFTER,
    Tag::CERTIFICATE_SERIAL,
];

/// The challenge, which decides on what keystore2 does before KeyMint reads anything.
pub fn challenge(params: &[KeyParameter]) -> Option<&Vec<u8>> {
    Said(params).blob(Tag::ATTESTATION_CHALLENGE)
}

/// Whether it is a key that can be attested.
pub fn is_asymmetric(params: &[KeyParameter]) -> bool {
    matches!(algorithm(&Said(params)), Some(Algorithm::EC | Algorithm::RSA))
}

fn algorithm(said: &Said<'_>) -> Option<Algorithm> {
    said.one(Tag::ALGORITHM, |value| if let Value::Algorithm(name) = value { Some(*name) } else { None })
}

/// Reads what a new key is to be.
pub fn wanted(params: &[KeyParameter]) -> Result<Wanted, Refusal> {
    let said = Said(params);
    let is = |holds: bool, otherwise: ErrorCode| if holds { Ok(()) } else { Err(Refusal::from(otherwise)) };
    // keystore2's own tag.
    if said.has(Tag::CREATION_DATETIME) {
        return Err(ResponseCode::INVALID_ARGUMENT.into());
    }
    is(params.iter().all(|said| KNOWN.contains(&said.tag)), ErrorCode::UNSUPPORTED_TAG)?;
    let algorithm = algorithm(&said);
    let size = said.integer(Tag::KEY_SIZE);
    let purposes = said.purposes();
    let kind =
        match algorithm {
            Some(Algorithm::EC) => {
                let curve = said.one(Tag::EC_CURVE, |value| {
                    if let Value::EcCurve(curve) = value { Some(*curve) } else { None }
                });
                is(curve == Some(EcCurve::P_256), ErrorCode::UNSUPPORTED_EC_CURVE)?;
                is(size.is_none_or(|size| size == 256), ErrorCode::INVALID_ARGUMENT)?;
                match *purposes {
                    [KeyPurpose::SIGN] => Kind::Sign,
                    [KeyPurpose::ATTEST_KEY] => Kind::Attest,
                    // An ATTEST_KEY does nothing else.
                    _ if purposes.contains(&KeyPurpose::ATTEST_KEY) => {
                        return Err(ErrorCode::INCOMPATIBLE_PURPOSE.into());
                    }
                    _ => return Err(ErrorCode::UNSUPPORTED_PURPOSE.into()),
                }
            }
            Some(Algorithm::HMAC) => {
                is(size == Some(256), ErrorCode::UNSUPPORTED_KEY_SIZE)?;
                is(*purposes == [KeyPurpose::SIGN], ErrorCode::UNSUPPORTED_PURPOSE)?;
                let shortest = said.integer(Tag::MIN_MAC_LENGTH).ok_or(ErrorCode::MISSING_MIN_MAC_LENGTH)?;
                is(shortest == 256, ErrorCode::UNSUPPORTED_MIN_MAC_LENGTH)?;
                Kind::Mac
            }
            _ => return Err(ErrorCode::UNSUPPORTED_ALGORITHM.into()),
        };
    // What an ATTEST_KEY signs is KeyMint's to hash: it needs no digest (AttestKeyTest in KeyMint's VTS).
    let digests = said.digests();
    let has_digest = !(kind == Kind::Attest && digests.is_empty());
    is(!has_digest || *digests == [Digest::SHA_2_256], ErrorCode::UNSUPPORTED_DIGEST)?;
    // KeyMint would make a key that nobody can use.
    is(said.has(Tag::NO_AUTH_REQUIRED), ErrorCode::INVALID_ARGUMENT)?;
    let challenge = challenge(params).cloned();
    is(challenge.as_ref().is_none_or(|given| given.len() <= MAX_CHALLENGE), ErrorCode::INVALID_INPUT_LENGTH)?;
    Ok(Wanted {
        kind,
        has_digest,
        challenge,
        not_before: said.date(Tag::CERTIFICATE_NOT_BEFORE).unwrap_or(0),
        not_after: said.date(Tag::CERTIFICATE_NOT_AFTER).unwrap_or(UNDEFINED_NOT_AFTER),
        serial: said.blob(Tag::CERTIFICATE_SERIAL).cloned().unwrap_or_else(|| vec![1]),
    })
}

/// Whether an operation of a key of this kind may begin with these parameters.
pub fn may_begin(kind: Kind, params: &[KeyParameter]) -> Result<(), Refusal> {
    let said = Said(params);
    let is = |holds: bool, otherwise: ErrorCode| if holds { Ok(()) } else { Err(Refusal::from(otherwise)) };
    let purpose = said.purposes().first().copied().ok_or(ErrorCode::INVALID_ARGUMENT)?;
    is(purpose == KeyPurpose::SIGN && kind != Kind::Attest, ErrorCode::INCOMPATIBLE_PURPOSE)?;
    let digests = said.digests();
    is(digests.len() == 1, ErrorCode::UNSUPPORTED_DIGEST)?;
    is(*digests == [Digest::SHA_2_256], ErrorCode::INCOMPATIBLE_DIGEST)?;
    if kind == Kind::Mac {
        let length = said.integer(Tag::MAC_LENGTH).ok_or(ErrorCode::MISSING_MAC_LENGTH)?;
        is(length <= 256, ErrorCode::UNSUPPORTED_MAC_LENGTH)?;
        is(length == 256, ErrorCode::INVALID_MAC_LENGTH)?;
    }
    Ok(())
}
