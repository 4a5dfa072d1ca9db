//! For tests alone: calls keystore2, and prints what came of it: `ok` and words, or `error` and why. The exit code is 0
//! for `ok`, 1 for `error`, 2 for wrong use.

use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    Algorithm::Algorithm, Digest::Digest, EcCurve::EcCurve, KeyParameter::KeyParameter,
    KeyParameterValue::KeyParameterValue as Value, KeyPurpose::KeyPurpose, SecurityLevel::SecurityLevel,
    Tag::Tag,
};
use android_system_keystore2::aidl::android::system::keystore2::{
    Domain::Domain, IKeystoreSecurityLevel::IKeystoreSecurityLevel, IKeystoreService::IKeystoreService,
    KeyDescriptor::KeyDescriptor, KeyMetadata::KeyMetadata,
};
use binder::{ExceptionCode, Status, Strong};
use data_encoding::HEXLOWER;
use std::process::ExitCode;

const SERVICE: &str = "android.system.keystore2.IKeystoreService/default";
const USAGE: &str = "usage: keystore2_client [--strongbox] WHAT

attest ALIAS CHALLENGE        makes an ATTEST_KEY
key ALIAS ATTEST CHALLENGE    makes a signing key that the ATTEST_KEY of that alias attests; prints the chain
mac ALIAS                     makes an HMAC key
show ALIAS                    prints the key's id, and its certificate
sign ALIAS MESSAGE            prints the signature
authenticate ALIAS MESSAGE    prints the HMAC
delete ALIAS

An alias is one of the caller's own uid, or NAMESPACE:ALIAS. Challenges, certificates and signatures are in hexadecimal.
";

type Outcome = Result<String, String>;

#[allow(clippy::print_stderr, reason = "a program for the test machine")]
fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let has_strongbox = args.iter().position(|arg| arg == "--strongbox").map(|at| args.remove(at)).is_some();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let level = if has_strongbox { SecurityLevel::STRONGBOX } else { SecurityLevel::TRUSTED_ENVIRONMENT };
    let outcome = Client::find(level).map_or_else(|words| Some(Err(words)), |client| client.run(&args));
    match outcome {
        Some(Ok(line)) => {
            println!("ok {line}");
            ExitCode::SUCCESS
        }
        Some(Err(line)) => {
            println!("error {line}");
            ExitCode::from(1)
        }
        None => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

struct Client {
    service: Strong<dyn IKeystoreService>,
    level: Strong<dyn IKeystoreSecurityLevel>,
}

impl Client {
    fn find(level: SecurityLevel) -> Result<Client, String> {
        let service: Strong<dyn IKeystoreService> =
            binder::check_interface(SERVICE).map_err(|code| format!("find {code:?}"))?;
        let level = service.getSecurityLevel(level).map_err(|status| said(&status))?;
        Ok(Client { service, level })
    }

    fn run(&self, args: &[&str]) -> Option<Outcome> {
        let done = match args {
            ["attest", alias, challenge] => {
                self.make(alias, None, &attested(KeyPurpose::ATTEST_KEY, &bytes(challenge)?))
            }
            ["key", alias, attest, challenge] => {
                let attest = descriptor(attest);
                self.make(alias, Some(&attest), &attested(KeyPurpose::SIGN, &bytes(challenge)?)).and_then(
                    |leaf| {
                        let above = self.service.getKeyEntry(&attest)?.metadata;
                        Ok(leaf + &certificates(&above))
                    },
                )
            }
            ["mac", alias] => self.make(alias, None, &hmac()),
            ["show", alias] => self
                .service
                .getKeyEntry(&descriptor(alias))
                .map(|entry| format!("id {} {}", entry.metadata.key.nspace, certificates(&entry.metadata))),
            ["sign", alias, message] => self.sign(alias, message, &[]),
            ["authenticate", alias, message] => {
                self.sign(alias, message, &[said_of(Tag::MAC_LENGTH, Value::Integer(256))])
            }
            ["delete", alias] => self.level.deleteKey(&descriptor(alias)).map(|()| String::new()),
            _ => return None,
        };
        Some(done.map_err(|status| said(&status)))
    }

    fn make(
        &self,
        alias: &str,
        attestation_key: Option<&KeyDescriptor>,
        params: &[KeyParameter],
    ) -> binder::Result<String> {
        let made = self.level.generateKey(&descriptor(alias), attestation_key, params, 0, &[])?;
        Ok(certificates(&made))
    }

    fn sign(&self, alias: &str, message: &str, more: &[KeyParameter]) -> binder::Result<String> {
        let mut params = vec![
            said_of(Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::SIGN)),
            said_of(Tag::DIGEST, Value::Digest(Digest::SHA_2_256)),
        ];
        params.extend_from_slice(more);
        let begun = self.level.createOperation(&descriptor(alias), &params, false)?;
        let operation = begun.iOperation.ok_or(binder::StatusCode::UNEXPECTED_NULL)?;
        operation.update(message.as_bytes())?;
        let signature = operation.finish(None, None)?.unwrap_or_default();
        let again = operation.finish(None, None).map_or_else(|status| said(&status), |_| "taken".to_owned());
        Ok(format!("{} again: {again}", HEXLOWER.encode(&signature)))
    }
}

fn descriptor(alias: &str) -> KeyDescriptor {
    let (domain, nspace, alias) = match alias.split_once(':') {
        Some((namespace, alias)) => (Domain::SELINUX, namespace.parse().unwrap_or(-1), alias),
        None => (Domain::APP, -1, alias),
    };
    KeyDescriptor { domain, nspace, alias: Some(alias.to_owned()), blob: None }
}

/// The leaf, and what stands above it, one behind the other.
fn certificates(key: &KeyMetadata) -> String {
    [&key.certificate, &key.certificateChain].into_iter().flatten().map(|der| HEXLOWER.encode(der)).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(hex.as_bytes()).ok()
}

fn said_of(tag: Tag, value: Value) -> KeyParameter {
    KeyParameter { tag, value }
}

fn attested(purpose: KeyPurpose, challenge: &[u8]) -> Vec<KeyParameter> {
    vec![
        said_of(Tag::PURPOSE, Value::KeyPurpose(purpose)),
        said_of(Tag::ALGORITHM, Value::Algorithm(Algorithm::EC)),
        said_of(Tag::EC_CURVE, Value::EcCurve(EcCurve::P_256)),
        said_of(Tag::DIGEST, Value::Digest(Digest::SHA_2_256)),
        said_of(Tag::NO_AUTH_REQUIRED, Value::BoolValue(true)),
        said_of(Tag::ATTESTATION_CHALLENGE, Value::Blob(challenge.to_vec())),
    ]
}

fn hmac() -> Vec<KeyParameter> {
    vec![
        said_of(Tag::PURPOSE, Value::KeyPurpose(KeyPurpose::SIGN)),
        said_of(Tag::ALGORITHM, Value::Algorithm(Algorithm::HMAC)),
        said_of(Tag::KEY_SIZE, Value::Integer(256)),
        said_of(Tag::DIGEST, Value::Digest(Digest::SHA_2_256)),
        said_of(Tag::MIN_MAC_LENGTH, Value::Integer(256)),
        said_of(Tag::NO_AUTH_REQUIRED, Value::BoolValue(true)),
    ]
}

/// A refusal by its number, another failure as Binder says it.
fn said(status: &Status) -> String {
    if status.exception_code() == ExceptionCode::SERVICE_SPECIFIC {
        format!("code {}", status.service_specific_error())
    } else {
        format!("binder {:?}", status.transaction_error())
    }
}
