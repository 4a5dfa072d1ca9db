//! The native side of `com.enigm.trust.token.Native`.
//!
//! A ledger is a number to Java, never an address: what a caller makes up is no ledger. A function answers by its
//! result; it throws nothing but what the virtual machine itself throws (no memory).

mod ledgers;

use jni::errors::{Error, ErrorPolicy};
use jni::objects::{JByteArray, JClass, JLongArray, JObjectArray, JString};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use trust_token::KnownPolicy;
use trust_token::credential::MAX_CREDENTIAL;
use trust_token::crypto::PublicKey;
use trust_token::revocation::MAX_LIST;
use trust_token::verify::MAX_TOKEN;
use trust_token_face::{Answer, Asked, BAD_ARGUMENT, Found, INTERNAL, Kept, LEDGER, Refused};

/// Why a function did not do what it was asked.
enum Fault {
    Result(i32),
    Jni(Error),
}

impl From<i32> for Fault {
    fn from(result: i32) -> Fault {
        Fault::Result(result)
    }
}

/// An answer that was given, or why none was: its number to Java, its words into `why`.
enum Given<T> {
    Value(T),
    Refused(Refused),
}

impl<T> Given<T> {
    fn or_say(self, env: &mut Env<'_>, why: &JObjectArray<'_, JString<'_>>) -> Result<T, Fault> {
        match self {
            Given::Value(value) => Ok(value),
            Given::Refused(Refused { result, why: words }) => {
                let words = env.new_string(words)?;
                why.set_element(env, 0, words)?;
                Err(Fault::Result(result))
            }
        }
    }
}

/// What a function of the face gives.
fn given<T>(result: Result<T, Refused>) -> Result<Given<T>, Fault> {
    Ok(result.map_or_else(Given::Refused, Given::Value))
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Jni(error)
    }
}

/// Answers by a result, and throws nothing.
struct ByResult;

impl ErrorPolicy<jint, Fault> for ByResult {
    type Captures<'unowned: 'native, 'native> = ();

    fn on_error<'unowned: 'native, 'native>(
        _: &mut Env<'unowned>,
        (): &mut (),
        fault: Fault,
    ) -> jni::errors::Result<jint> {
        Ok(match fault {
            Fault::Result(result) => result,
            Fault::Jni(Error::NullPtr(_)) => BAD_ARGUMENT,
            Fault::Jni(_) => INTERNAL,
        })
    }

    fn on_panic<'unowned: 'native, 'native>(
        _: &mut Env<'unowned>,
        (): &mut (),
        _: Box<dyn std::any::Any + Send>,
    ) -> jni::errors::Result<jint> {
        Ok(INTERNAL)
    }

    fn on_internal_jni_error<'unowned: 'native, 'native>((): &mut (), _: Error) -> jint {
        INTERNAL
    }

    fn on_internal_panic<'unowned: 'native, 'native>((): &mut (), _: Box<dyn std::any::Any + Send>) -> jint {
        INTERNAL
    }
}

/// The most bytes of a path, an exporter, the issuers' keys and the known policies; no audience is longer than a text
/// of the profile.
const MAX_BYTES: usize = 1 << 16;

/// Bytes of Java's, of at most so many: the length is looked at before they are copied.
fn bytes(env: &Env<'_>, array: &JByteArray<'_>) -> Result<Vec<u8>, Fault> {
    match array.len(env)? {
        0..=MAX_BYTES => Ok(env.convert_byte_array(array)?),
        _ => Err(Fault::Result(BAD_ARGUMENT)),
    }
}

/// A statement; of one that is longer than any, as many bytes as say so.
fn statement(env: &Env<'_>, array: &JByteArray<'_>, most: usize) -> Result<Vec<u8>, Fault> {
    match array.len(env)? <= most {
        true => Ok(env.convert_byte_array(array)?),
        false => Ok(vec![0; most + 1]),
    }
}

fn fixed(env: &Env<'_>, array: &JByteArray<'_>) -> Result<[u8; 32], Fault> {
    match array.len(env)? {
        32 => bytes(env, array)?.try_into().map_err(|_| Fault::Result(BAD_ARGUMENT)),
        _ => Err(Fault::Result(BAD_ARGUMENT)),
    }
}

/// Values of so many bytes each, one after the other.
fn rows<const N: usize>(env: &Env<'_>, array: &JByteArray<'_>) -> Result<Vec<[u8; N]>, Fault> {
    let bytes = bytes(env, array)?;
    let (rows, rest) = bytes.as_chunks::<N>();
    if rest.is_empty() { Ok(rows.to_vec()) } else { Err(Fault::Result(BAD_ARGUMENT)) }
}

/// A known policy of its row: digest, version (big-endian), laboratory.
fn known(row: &[u8; 37]) -> Option<KnownPolicy> {
    let (digest, rest) = row.split_first_chunk()?;
    let (version, rest) = rest.split_first_chunk()?;
    Some(KnownPolicy { digest: *digest, version: u32::from_be_bytes(*version), is_lab: rest == [1] })
}

/// Java's integers have signs; no number here has.
fn unsigned<T: TryFrom<jlong>>(value: jlong) -> Result<T, Fault> {
    value.try_into().map_err(|_| Fault::Result(BAD_ARGUMENT))
}

fn write(env: &Env<'_>, array: &JByteArray<'_>, bytes: &[u8]) -> Result<(), Fault> {
    let signed: Vec<i8> = bytes.iter().map(|byte| byte.cast_signed()).collect();
    Ok(array.set_region(env, 0, &signed)?)
}

/// `Native.openMemory`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_com_enigm_trust_token_Native_openMemory<'caller>(
    mut env: EnvUnowned<'caller>,
    _: JClass<'caller>,
    most: jint,
    ledger: JLongArray<'caller>,
) -> jint {
    let opened = env.with_env(|env| -> Result<jint, Fault> {
        let number = ledgers::put(Kept::in_memory(unsigned(most.into())?));
        ledger.set_region(env, 0, &[number])?;
        Ok(0)
    });
    opened.resolve::<ByResult>()
}

/// `Native.openFile`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_com_enigm_trust_token_Native_openFile<'caller>(
    mut env: EnvUnowned<'caller>,
    _: JClass<'caller>,
    path: JByteArray<'caller>,
    is_new: jboolean,
    most: jint,
    ledger: JLongArray<'caller>,
    why: JObjectArray<'caller, JString<'caller>>,
) -> jint {
    let opened = env.with_env(|env| -> Result<jint, Fault> {
        let path = PathBuf::from(OsString::from_vec(bytes(env, &path)?));
        match Kept::in_file(&path, unsigned(most.into())?, is_new) {
            Ok(kept) => {
                ledger.set_region(env, 0, &[ledgers::put(kept)])?;
                Ok(0)
            }
            Err(error) => {
                let words = env.new_string(error.to_string())?;
                why.set_element(env, 0, words)?;
                Ok(LEDGER)
            }
        }
    });
    opened.resolve::<ByResult>()
}

/// `Native.close`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_com_enigm_trust_token_Native_close<'caller>(
    mut env: EnvUnowned<'caller>,
    _: JClass<'caller>,
    ledger: jlong,
) -> jint {
    let closed = env.with_env(|_| -> Result<jint, Fault> {
        ledgers::remove(ledger);
        Ok(0)
    });
    closed.resolve::<ByResult>()
}

/// `Native.challenge`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_com_enigm_trust_token_Native_challenge<'caller>(
    mut env: EnvUnowned<'caller>,
    _: JClass<'caller>,
    ledger: jlong,
    audience: JByteArray<'caller>,
    random: JByteArray<'caller>,
    confirmation: JByteArray<'caller>,
    exporter: JByteArray<'caller>,
    now: jlong,
    nonce: JByteArray<'caller>,
    why: JObjectArray<'caller, JString<'caller>>,
) -> jint {
    let made = env.with_env(|env| -> Result<jint, Fault> {
        let (random, confirmation) = (fixed(env, &random)?, fixed(env, &confirmation)?);
        let (audience, exporter, now) = (bytes(env, &audience)?, bytes(env, &exporter)?, unsigned(now)?);
        let made = ledgers::with(ledger, |kept| {
            given(trust_token_face::challenge(kept, &audience, &random, confirmation, &exporter, now))
        });
        let made = made?.or_say(env, &why)?;
        write(env, &nonce, &made)?;
        Ok(0)
    });
    made.resolve::<ByResult>()
}

/// `Native.expire`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_com_enigm_trust_token_Native_expire<'caller>(
    mut env: EnvUnowned<'caller>,
    _: JClass<'caller>,
    ledger: jlong,
    before: jlong,
    closed: JLongArray<'caller>,
    why: JObjectArray<'caller, JString<'caller>>,
) -> jint {
    let expired = env.with_env(|env| -> Result<jint, Fault> {
        let before = unsigned(before)?;
        let found = ledgers::with(ledger, |kept| given(trust_token_face::expire(kept, before)));
        let found = found?.or_say(env, &why)?;
        closed.set_region(env, 0, &[found.try_into().unwrap_or(jlong::MAX)])?;
        Ok(0)
    });
    expired.resolve::<ByResult>()
}

/// `Native.kid`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_com_enigm_trust_token_Native_kid<'caller>(
    mut env: EnvUnowned<'caller>,
    _: JClass<'caller>,
    token: JByteArray<'caller>,
    kid: JByteArray<'caller>,
    why: JObjectArray<'caller, JString<'caller>>,
) -> jint {
    let found = env.with_env(|env| -> Result<jint, Fault> {
        let found = given(trust_token_face::kid(&statement(env, &token, MAX_TOKEN)?))?.or_say(env, &why)?;
        write(env, &kid, &found)?;
        Ok(0)
    });
    found.resolve::<ByResult>()
}

/// `Native.verify`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_com_enigm_trust_token_Native_verify<'caller>(
    mut env: EnvUnowned<'caller>,
    _: JClass<'caller>,
    ledger: jlong,
    token: JByteArray<'caller>,
    nonce: JByteArray<'caller>,
    confirmation: JByteArray<'caller>,
    credential: JByteArray<'caller>,
    revoked: JByteArray<'caller>,
    issuers: JByteArray<'caller>,
    audience: JByteArray<'caller>,
    policies: JByteArray<'caller>,
    asked: JLongArray<'caller>,
    now: jlong,
    found: JLongArray<'caller>,
    own: JByteArray<'caller>,
    why: JObjectArray<'caller, JString<'caller>>,
) -> jint {
    let verified = env.with_env(|env| -> Result<jint, Fault> {
        let issuers: Vec<[[u8; 32]; 2]> =
            rows::<64>(env, &issuers)?.iter().filter_map(|key| key.as_chunks().0.try_into().ok()).collect();
        let issuers: Vec<PublicKey> = issuers.into_iter().map(|[x, y]| PublicKey { x, y }).collect();
        let (audience, policies) = (bytes(env, &audience)?, rows::<37>(env, &policies)?);
        let policies: Vec<KnownPolicy> = policies.iter().filter_map(known).collect();
        let mut numbers = [0; 8];
        asked.get_region(env, 0, &mut numbers)?;
        let [gates, posture, evidence, lab, max_waivers, max_age, skew, max_revocation_age] = numbers;
        let asked = Asked {
            audience: &audience,
            gates: unsigned(gates)?,
            posture: unsigned(posture)?,
            evidence: unsigned(evidence)?,
            accepts_lab: lab == 1,
            policies: &policies,
            max_waivers: unsigned(max_waivers)?,
            max_age: unsigned(max_age)?,
            skew: unsigned(skew)?,
            max_revocation_age: unsigned(max_revocation_age)?,
        };
        let answer = Answer {
            token: &statement(env, &token, MAX_TOKEN)?,
            nonce: fixed(env, &nonce)?,
            confirmation: fixed(env, &confirmation)?,
            credential: &statement(env, &credential, MAX_CREDENTIAL)?,
            revoked: &statement(env, &revoked, MAX_LIST)?,
            issuers: &issuers,
            now: unsigned(now)?,
        };
        // The signatures are verified while others use the ledger.
        let mut ledger = ledgers::Asked::of(ledger)?;
        let verified = given(trust_token_face::verify(&mut ledger, answer, asked));
        let verified: Found = verified?.or_say(env, &why)?;
        let numbers: [jlong; 7] = [
            verified.posture.into(),
            verified.evidence.into(),
            verified.is_lab.into(),
            verified.gates_passing.into(),
            verified.gates_shown.into(),
            verified.waivers.try_into().map_err(|_| Fault::Result(INTERNAL))?,
            verified.policy_version.into(),
        ];
        found.set_region(env, 0, &numbers)?;
        write(env, &own, &[&verified.handle[..], &verified.id, &verified.policy].concat())?;
        Ok(0)
    });
    verified.resolve::<ByResult>()
}
