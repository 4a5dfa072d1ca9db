//! keystore2: whose keys are whose, what is asked of KeyMint, and what is kept.

use crate::attestation::{Attester, certify};
use crate::faults::{Fault, Faults, Now};
use crate::key::{Key, Kind, Name};
use crate::operations::Operations;
use crate::parameters::{self, Wanted};
use crate::refusal::Refusal;
use crate::store::Store;
use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    ErrorCode::ErrorCode, KeyParameter::KeyParameter, SecurityLevel::SecurityLevel,
};
use android_system_keystore2::aidl::android::system::keystore2::{
    Domain::Domain, KeyDescriptor::KeyDescriptor, KeyMetadata::KeyMetadata, ResponseCode::ResponseCode,
};
use data_encoding::HEXLOWER;
use ring::rand::{SecureRandom, SystemRandom};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use trust_formats::digest::sha256;

/// The one uid that the package manager is not asked about: its attestations say "AndroidSystem".
const SYSTEM: u32 = 1000;

/// What stands in for the device.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Whether there is a StrongBox, beside the trusted environment.
    pub has_strongbox: bool,
    /// Namespaces of domain SELINUX, each with the one SELinux type that may use it: keystore2_key_contexts and policy.
    pub namespaces: Vec<(i64, String)>,
    /// Where keys are kept.
    pub state: PathBuf,
    /// What secrets are made of, instead of chance.
    pub seed: Option<String>,
    /// What goes wrong.
    pub faults: Faults,
    /// What time it is, in milliseconds since 1970, instead of the system's.
    pub now: Option<i64>,
}

/// Who calls, by the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The effective uid.
    pub uid: u32,
    /// The type in the SELinux context.
    pub selinux_type: Option<String>,
}

/// The stand-in. Each method is a method of keystore2's: what it answers is kept before it answers.
#[derive(Debug)]
pub struct Keystore {
    setup: Setup,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    operations: Operations,
}

impl Keystore {
    /// With the keys that are kept.
    ///
    /// # Errors
    /// The file of keys can't be read, or is not one.
    pub fn open(setup: Setup) -> io::Result<Keystore> {
        let inner = Inner { store: Store::open(&setup.state)?, operations: Operations::default() };
        Ok(Keystore { setup, inner: Mutex::new(inner) })
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        let system = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.setup.now.unwrap_or_else(|| i64::try_from(system()).unwrap_or(0))
    }

    /// Whether this call is never to be answered.
    pub fn hangs(&self) -> bool {
        self.setup.faults.now().is_ok_and(|now| now.has(Fault::Hang))
    }

    /// IKeystoreService.getSecurityLevel: whether there is one.
    ///
    /// # Errors
    /// HARDWARE_TYPE_UNAVAILABLE.
    pub fn has_level(&self, level: SecurityLevel) -> Result<(), Refusal> {
        match level {
            SecurityLevel::TRUSTED_ENVIRONMENT => Ok(()),
            SecurityLevel::STRONGBOX if self.setup.has_strongbox => Ok(()),
            _ => Err(ErrorCode::HARDWARE_TYPE_UNAVAILABLE.into()),
        }
    }

    /// IKeystoreService.getKeyEntry.
    ///
    /// # Errors
    /// KEY_NOT_FOUND, PERMISSION_DENIED.
    pub fn entry(&self, caller: &Caller, key: &KeyDescriptor) -> Result<KeyMetadata, Refusal> {
        let faults = self.setup.faults.now()?;
        self.find(&self.lock(), caller, key, &faults).map(Key::metadata)
    }

    /// deleteKey of both interfaces. Operations with the key run on, as KeyMint has it in memory.
    ///
    /// # Errors
    /// KEY_NOT_FOUND, PERMISSION_DENIED.
    pub fn delete(&self, caller: &Caller, key: &KeyDescriptor) -> Result<(), Refusal> {
        let faults = self.setup.faults.now()?;
        let mut inner = self.lock();
        let id = self.find(&inner, caller, key, &faults)?.id;
        inner.store.remove(id).map_err(|_| ResponseCode::SYSTEM_ERROR.into())
    }

    /// IKeystoreService.updateSubcomponent: from now on these are the key's certificates. (AOSP's keeps a chain without
    /// a key too.)
    ///
    /// # Errors
    /// KEY_NOT_FOUND, PERMISSION_DENIED.
    pub fn update_subcomponent(
        &self,
        caller: &Caller,
        key: &KeyDescriptor,
        certificate: Option<&[u8]>,
        chain: Option<&[u8]>,
    ) -> Result<(), Refusal> {
        let faults = self.setup.faults.now()?;
        let mut inner = self.lock();
        let hex = |bytes: Option<&[u8]>| HEXLOWER.encode(bytes.unwrap_or_default());
        let found = self.find(&inner, caller, key, &faults)?.clone();
        let updated = Key { certificate: hex(certificate), chain: hex(chain), ..found };
        inner.store.put(updated).map_err(|_| ResponseCode::SYSTEM_ERROR.into())
    }

    /// IKeystoreSecurityLevel.generateKey at a time, in milliseconds since 1970.
    ///
    /// # Errors
    /// By AOSP's order: the alias, the permission, the attestation key, the application, the parameters.
    pub fn generate(
        &self,
        caller: &Caller,
        level: SecurityLevel,
        key: &KeyDescriptor,
        attestation_key: Option<&KeyDescriptor>,
        params: &[KeyParameter],
        now: i64,
    ) -> Result<KeyMetadata, Refusal> {
        let faults = self.setup.faults.now()?;
        let name = named(caller, key).map_err(|refusal| match key.alias {
            Some(_) => refusal,
            None => ErrorCode::INVALID_ARGUMENT.into(),
        })?;
        self.may(caller, &name)?;
        faults.refuse(Fault::Locked, ResponseCode::LOCKED)?;
        faults.refuse(Fault::Busy, ResponseCode::BACKEND_BUSY)?;
        let mut inner = self.lock();
        let attest_key =
            attestation_key.map(|key| self.attest_key(&inner, caller, key, &faults)).transpose()?;
        let is_attested = parameters::challenge(params).is_some();
        let is_provisioned = is_attested
            && attest_key.is_none()
            && parameters::is_asymmetric(params)
            && key.domain == Domain::APP;
        if is_provisioned {
            faults.refuse(Fault::NoKeys, ResponseCode::OUT_OF_KEYS_TRANSIENT_ERROR)?;
        }
        if is_attested && caller.uid != SYSTEM {
            return Err(ResponseCode::GET_ATTESTATION_APPLICATION_ID_FAILED.into());
        }

        let wanted = parameters::wanted(params)?;
        let attester = attester(&wanted, attest_key.as_ref(), is_provisioned, level)?;
        let id = inner.store.fresh();
        let secret = self.secret(id)?;
        let mut made = Key {
            id,
            name,
            level: level.0,
            kind: wanted.kind,
            has_digest: wanted.has_digest,
            certificate: String::new(),
            chain: String::new(),
            made_at: now,
            secret,
        };
        if wanted.kind != Kind::Mac {
            let mut certified = certify(&made.secret, level.0, &wanted, attester, now, &faults);
            if faults.has(Fault::GarbageCertificate) {
                certified.certificate = b"no certificate ".repeat(20);
            }
            made.certificate = HEXLOWER.encode(&certified.certificate);
            made.chain = HEXLOWER.encode(&certified.chain);
        }
        let metadata = made.metadata();
        inner.store.put(made).map_err(|_| ResponseCode::SYSTEM_ERROR)?;
        Ok(metadata)
    }

    /// IKeystoreSecurityLevel.createOperation: its handle.
    ///
    /// # Errors
    /// KEY_NOT_FOUND, PERMISSION_DENIED, LOCKED, BACKEND_BUSY; KeyMint's of the parameters.
    pub fn begin(
        &self,
        caller: &Caller,
        level: SecurityLevel,
        key: &KeyDescriptor,
        params: &[KeyParameter],
    ) -> Result<u64, Refusal> {
        let faults = self.setup.faults.now()?;
        let mut inner = self.lock();
        let key = self.find(&inner, caller, key, &faults)?.clone();
        faults.refuse(Fault::Locked, ResponseCode::LOCKED)?;
        faults.refuse(Fault::Busy, ResponseCode::BACKEND_BUSY)?;
        faults.refuse(Fault::InvalidBlob, ErrorCode::INVALID_KEY_BLOB)?;
        // One KeyMint does not read another's.
        if key.level != level.0 {
            return Err(ErrorCode::INVALID_KEY_BLOB.into());
        }
        parameters::may_begin(key.kind, params)?;
        Ok(inner.operations.begin(key))
    }

    /// IKeystoreOperation.update.
    ///
    /// # Errors
    /// INVALID_OPERATION_HANDLE: used up, or pruned; TOO_MUCH_DATA.
    pub fn update(&self, operation: u64, input: &[u8]) -> Result<(), Refusal> {
        self.lock().operations.update(operation, input)
    }

    /// IKeystoreOperation.finish: the signature.
    ///
    /// # Errors
    /// As `update`.
    pub fn finish(&self, operation: u64, input: &[u8]) -> Result<Vec<u8>, Refusal> {
        let signature = self.lock().operations.finish(operation, input)?;
        match self.setup.faults.now()?.has(Fault::GarbageSignature) {
            true => Ok(vec![0x5a; signature.len()]),
            false => Ok(signature),
        }
    }

    /// IKeystoreOperation.abort.
    ///
    /// # Errors
    /// INVALID_OPERATION_HANDLE.
    pub fn abort(&self, operation: u64) -> Result<(), Refusal> {
        self.lock().operations.abort(operation)
    }

    /// The client's last reference to the operation is gone.
    pub fn release(&self, operation: u64) {
        self.lock().operations.drop_silently(operation);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key is looked up first and permission checked then (`load_key_entry` in `database.rs`): of what is not there
    /// everybody is told so.
    fn find<'i>(
        &self,
        inner: &'i Inner,
        caller: &Caller,
        key: &KeyDescriptor,
        faults: &Now,
    ) -> Result<&'i Key, Refusal> {
        faults.refuse(Fault::Vanished, ResponseCode::KEY_NOT_FOUND)?;
        let found = match key.domain {
            Domain::KEY_ID => inner.store.numbered(key.nspace),
            // Nobody was granted anything.
            Domain::GRANT => None,
            _ => inner.store.named(&named(caller, key)?),
        };
        let found = found.ok_or(ResponseCode::KEY_NOT_FOUND)?;
        self.may(caller, &found.name)?;
        Ok(found)
    }

    fn may(&self, caller: &Caller, name: &Name) -> Result<(), Refusal> {
        let may = match Domain(name.domain) {
            Domain::APP => name.namespace == i64::from(caller.uid),
            _ => self.setup.namespaces.iter().any(|(namespace, selinux_type)| {
                *namespace == name.namespace && Some(selinux_type) == caller.selinux_type.as_ref()
            }),
        };
        if may { Ok(()) } else { Err(ResponseCode::PERMISSION_DENIED.into()) }
    }

    /// `attestation_key_utils.rs`.
    fn attest_key(
        &self,
        inner: &Inner,
        caller: &Caller,
        key: &KeyDescriptor,
        faults: &Now,
    ) -> Result<Key, Refusal> {
        if key.domain == Domain::BLOB {
            return Err(ErrorCode::INVALID_ARGUMENT.into());
        }
        let key = self.find(inner, caller, key, faults)?;
        // It has a certificate, whose subject is the issuer.
        if key.certificate.is_empty() {
            return Err(ResponseCode::INVALID_ARGUMENT.into());
        }
        Ok(key.clone())
    }

    fn secret(&self, id: i64) -> Result<String, Refusal> {
        let mut secret = [0; 32];
        match &self.setup.seed {
            Some(seed) => secret = sha256(format!("{seed} {id}").as_bytes()),
            None => SystemRandom::new().fill(&mut secret).map_err(|_| ErrorCode::UNKNOWN_ERROR)?,
        }
        Ok(HEXLOWER.encode(&secret))
    }
}

/// Who attests a key that is wanted, by KeyMint's rules.
fn attester<'k>(
    wanted: &Wanted,
    attest_key: Option<&'k Key>,
    is_provisioned: bool,
    level: SecurityLevel,
) -> Result<Attester<'k>, Refusal> {
    match attest_key {
        // What is not asymmetric has no certificate, whoever would sign it.
        _ if wanted.kind == Kind::Mac => Ok(Attester::Itself),
        Some(key) if key.level != level.0 => Err(ErrorCode::INVALID_KEY_BLOB.into()),
        Some(key) if key.kind != Kind::Attest => Err(ErrorCode::INCOMPATIBLE_PURPOSE.into()),
        Some(_) if wanted.challenge.is_none() => Err(ErrorCode::ATTESTATION_CHALLENGE_MISSING.into()),
        Some(key) => Ok(Attester::Client(key)),
        None if is_provisioned => Ok(Attester::Provisioned),
        // The server's keys are for domain APP (`remote_provisioning.rs`), and this KeyMint has none of the factory's.
        None if wanted.challenge.is_some() => Err(ErrorCode::ATTESTATION_KEYS_NOT_PROVISIONED.into()),
        None => Ok(Attester::Itself),
    }
}

/// Where a descriptor's key lies.
fn named(caller: &Caller, key: &KeyDescriptor) -> Result<Name, Refusal> {
    let namespace = match key.domain {
        Domain::APP => i64::from(caller.uid),
        Domain::SELINUX => key.nspace,
        // Nobody here may manage blobs.
        Domain::BLOB => return Err(ResponseCode::PERMISSION_DENIED.into()),
        Domain::GRANT | Domain::KEY_ID => return Err(ResponseCode::SYSTEM_ERROR.into()),
        _ => return Err(ResponseCode::INVALID_ARGUMENT.into()),
    };
    let alias = key.alias.clone().ok_or(ResponseCode::SYSTEM_ERROR)?;
    Ok(Name { domain: key.domain.0, namespace, alias })
}
