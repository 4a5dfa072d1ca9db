//! The Binder half: who calls, by the driver, and what the stand-in answers.

use crate::{Caller, Keystore, Refusal};
use android_hardware_security_keymint::aidl::android::hardware::security::keymint::{
    ErrorCode::ErrorCode, KeyParameter::KeyParameter, SecurityLevel::SecurityLevel, Tag::Tag,
};
use android_system_keystore2::aidl::android::system::keystore2::{
    AuthenticatorSpec::AuthenticatorSpec,
    CreateOperationResponse::CreateOperationResponse,
    Domain::Domain,
    EphemeralStorageKeyResponse::EphemeralStorageKeyResponse,
    IKeystoreOperation::{BnKeystoreOperation, IKeystoreOperation},
    IKeystoreSecurityLevel::{BnKeystoreSecurityLevel, IKeystoreSecurityLevel},
    IKeystoreService::{BnKeystoreService, IKeystoreService},
    KeyDescriptor::KeyDescriptor,
    KeyEntryResponse::KeyEntryResponse,
    KeyMetadata::KeyMetadata,
};
use binder::{BinderFeatures, Interface, ProcessState, Result, Status, StatusCode, Strong, ThreadState};
use std::sync::Arc;

/// As keystore2 asks (`service.rs`, `security_level.rs`): it has to know who calls.
const FEATURES: BinderFeatures = BinderFeatures { set_requesting_sid: true, _non_exhaustive: () };
const MAX_THREADS: u32 = 15;

/// Who calls.
type Calling = fn() -> Caller;

/// Serves on Binder's threads, from now until this process ends.
///
/// # Errors
/// The driver's, the service manager's.
pub fn serve(keystore: Keystore, name: &str) -> std::result::Result<(), StatusCode> {
    ProcessState::set_thread_pool_max_thread_count(MAX_THREADS);
    ProcessState::start_thread_pool();
    binder::add_service(name, service(keystore, calling).as_binder())
}

/// The object, which asks `calling` who calls.
pub fn service(keystore: Keystore, calling: Calling) -> Strong<dyn IKeystoreService> {
    let keystore = Arc::new(Desk { keystore, calling });
    let level = |level| Level { keystore: keystore.clone(), level };
    let service = Service {
        keystore: keystore.clone(),
        trusted_environment: BnKeystoreSecurityLevel::new_binder(
            level(SecurityLevel::TRUSTED_ENVIRONMENT),
            FEATURES,
        ),
        strongbox: BnKeystoreSecurityLevel::new_binder(level(SecurityLevel::STRONGBOX), FEATURES),
    };
    BnKeystoreService::new_binder(service, FEATURES)
}

struct Desk {
    keystore: Keystore,
    calling: Calling,
}

impl std::ops::Deref for Desk {
    type Target = Keystore;

    fn deref(&self) -> &Keystore {
        &self.keystore
    }
}

/// Whom the current thread serves.
fn calling() -> Caller {
    let selinux_type = ThreadState::with_calling_sid(|context| {
        // u:r:TYPE:s0
        context?.to_str().ok()?.split(':').nth(2).map(str::to_owned)
    });
    Caller { uid: ThreadState::get_calling_uid(), selinux_type }
}

/// Does it, says so, and answers; or never answers.
fn answer<T>(
    keystore: &Desk,
    method: &str,
    act: impl FnOnce(&Caller) -> std::result::Result<T, Refusal>,
) -> Result<T> {
    let caller = (keystore.calling)();
    let from = caller.selinux_type.as_deref().unwrap_or("?");
    if keystore.hangs() {
        println!("{method} uid={} type={from}: hangs", caller.uid);
        loop {
            std::thread::park();
        }
    }
    let done = act(&caller);
    let code = done.as_ref().map_or_else(|refusal| refusal.code(), |_| 0);
    println!("{method} uid={} type={from}: {code}", caller.uid);
    done.map_err(|refusal| {
        Status::new_service_specific_error_str(refusal.code(), Some(format!("{refusal:?}")))
    })
}

/// What the stand-in leaves out.
fn left_out<T>(keystore: &Desk, method: &str) -> Result<T> {
    answer(keystore, method, |_| Err(ErrorCode::UNIMPLEMENTED.into()))
}

struct Service {
    keystore: Arc<Desk>,
    trusted_environment: Strong<dyn IKeystoreSecurityLevel>,
    strongbox: Strong<dyn IKeystoreSecurityLevel>,
}

impl Service {
    fn level(&self, level: SecurityLevel) -> &Strong<dyn IKeystoreSecurityLevel> {
        if level == SecurityLevel::STRONGBOX { &self.strongbox } else { &self.trusted_environment }
    }
}

impl Interface for Service {}

impl IKeystoreService for Service {
    fn getSecurityLevel(&self, level: SecurityLevel) -> Result<Strong<dyn IKeystoreSecurityLevel>> {
        answer(&self.keystore, "getSecurityLevel", |_| {
            self.keystore.has_level(level)?;
            Ok(self.level(level).clone())
        })
    }

    fn getKeyEntry(&self, key: &KeyDescriptor) -> Result<KeyEntryResponse> {
        answer(&self.keystore, "getKeyEntry", |caller| {
            let metadata = self.keystore.entry(caller, key)?;
            let level = self.level(metadata.keySecurityLevel).clone();
            Ok(KeyEntryResponse { iSecurityLevel: Some(level), metadata })
        })
    }

    fn updateSubcomponent(
        &self,
        key: &KeyDescriptor,
        certificate: Option<&[u8]>,
        chain: Option<&[u8]>,
    ) -> Result<()> {
        answer(&self.keystore, "updateSubcomponent", |caller| {
            self.keystore.update_subcomponent(caller, key, certificate, chain)
        })
    }

    fn listEntries(&self, _: Domain, _: i64) -> Result<Vec<KeyDescriptor>> {
        left_out(&self.keystore, "listEntries")
    }

    fn deleteKey(&self, key: &KeyDescriptor) -> Result<()> {
        answer(&self.keystore, "deleteKey", |caller| self.keystore.delete(caller, key))
    }

    fn grant(&self, _: &KeyDescriptor, _: i32, _: i32) -> Result<KeyDescriptor> {
        left_out(&self.keystore, "grant")
    }

    fn ungrant(&self, _: &KeyDescriptor, _: i32) -> Result<()> {
        left_out(&self.keystore, "ungrant")
    }

    fn getNumberOfEntries(&self, _: Domain, _: i64) -> Result<i32> {
        left_out(&self.keystore, "getNumberOfEntries")
    }

    fn listEntriesBatched(&self, _: Domain, _: i64, _: Option<&str>) -> Result<Vec<KeyDescriptor>> {
        left_out(&self.keystore, "listEntriesBatched")
    }

    fn getSupplementaryAttestationInfo(&self, _: Tag) -> Result<Vec<u8>> {
        left_out(&self.keystore, "getSupplementaryAttestationInfo")
    }
}

struct Level {
    keystore: Arc<Desk>,
    level: SecurityLevel,
}

impl Interface for Level {}

impl IKeystoreSecurityLevel for Level {
    fn createOperation(
        &self,
        key: &KeyDescriptor,
        parameters: &[KeyParameter],
        _forced: bool,
    ) -> Result<CreateOperationResponse> {
        answer(&self.keystore, "createOperation", |caller| {
            let handle = self.keystore.begin(caller, self.level, key, parameters)?;
            let operation = Operation { keystore: self.keystore.clone(), handle };
            Ok(CreateOperationResponse {
                iOperation: Some(BnKeystoreOperation::new_binder(operation, FEATURES)),
                ..CreateOperationResponse::default()
            })
        })
    }

    fn generateKey(
        &self,
        key: &KeyDescriptor,
        attestation_key: Option<&KeyDescriptor>,
        params: &[KeyParameter],
        _flags: i32,
        _entropy: &[u8],
    ) -> Result<KeyMetadata> {
        answer(&self.keystore, "generateKey", |caller| {
            self.keystore.generate(caller, self.level, key, attestation_key, params, self.keystore.now())
        })
    }

    fn importKey(
        &self,
        _: &KeyDescriptor,
        _: Option<&KeyDescriptor>,
        _: &[KeyParameter],
        _: i32,
        _: &[u8],
    ) -> Result<KeyMetadata> {
        left_out(&self.keystore, "importKey")
    }

    fn importWrappedKey(
        &self,
        _: &KeyDescriptor,
        _: &KeyDescriptor,
        _: Option<&[u8]>,
        _: &[KeyParameter],
        _: &[AuthenticatorSpec],
    ) -> Result<KeyMetadata> {
        left_out(&self.keystore, "importWrappedKey")
    }

    fn convertStorageKeyToEphemeral(&self, _: &KeyDescriptor) -> Result<EphemeralStorageKeyResponse> {
        left_out(&self.keystore, "convertStorageKeyToEphemeral")
    }

    fn deleteKey(&self, key: &KeyDescriptor) -> Result<()> {
        answer(&self.keystore, "deleteKey", |caller| self.keystore.delete(caller, key))
    }
}

struct Operation {
    keystore: Arc<Desk>,
    handle: u64,
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.keystore.release(self.handle);
    }
}

impl Interface for Operation {}

impl IKeystoreOperation for Operation {
    fn updateAad(&self, _: &[u8]) -> Result<()> {
        left_out(&self.keystore, "updateAad")
    }

    fn update(&self, input: &[u8]) -> Result<Option<Vec<u8>>> {
        answer(&self.keystore, "update", |_| self.keystore.update(self.handle, input).map(|()| None))
    }

    fn finish(&self, input: Option<&[u8]>, _signature: Option<&[u8]>) -> Result<Option<Vec<u8>>> {
        answer(&self.keystore, "finish", |_| {
            self.keystore.finish(self.handle, input.unwrap_or_default()).map(Some)
        })
    }

    fn abort(&self) -> Result<()> {
        answer(&self.keystore, "abort", |_| self.keystore.abort(self.handle))
    }
}
