//! The signatures of the platform's libbinder_rs, as far as the project uses it, for the compiler to check its sources
//! against: `frameworks/native/libs/binder/rust/src` (lib.rs, binder.rs, error.rs, proxy.rs, service.rs, state.rs) and
//! `sys/lib.rs`. Nothing in it works. What is not derived or implemented there is not here either: a `Status` can't be
//! cloned.

#![allow(non_camel_case_types, missing_docs, clippy::new_ret_no_self)]

use std::ffi::CStr;
use std::fmt;
use std::fs::File;

pub type Result<T> = std::result::Result<T, Status>;
type Plain<T> = std::result::Result<T, StatusCode>;

#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub enum StatusCode {
    OK,
    UNKNOWN_ERROR,
    NO_MEMORY,
    INVALID_OPERATION,
    BAD_VALUE,
    BAD_TYPE,
    NAME_NOT_FOUND,
    PERMISSION_DENIED,
    NO_INIT,
    ALREADY_EXISTS,
    DEAD_OBJECT,
    FAILED_TRANSACTION,
    BAD_INDEX,
    NOT_ENOUGH_DATA,
    WOULD_BLOCK,
    TIMED_OUT,
    UNKNOWN_TRANSACTION,
    FDS_NOT_ALLOWED,
    UNEXPECTED_NULL,
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for StatusCode {}

#[derive(Debug, Copy, Clone, Hash, PartialEq, Eq)]
pub enum ExceptionCode {
    NONE,
    SECURITY,
    BAD_PARCELABLE,
    ILLEGAL_ARGUMENT,
    NULL_POINTER,
    ILLEGAL_STATE,
    NETWORK_MAIN_THREAD,
    UNSUPPORTED_OPERATION,
    SERVICE_SPECIFIC,
    TRANSACTION_FAILED,
}

#[derive(PartialEq, Eq)]
pub struct Status(StatusCode);

impl Status {
    pub fn ok() -> Self {
        Status(StatusCode::OK)
    }
    pub fn new_service_specific_error(_: i32, _: Option<&CStr>) -> Status {
        Status::ok()
    }
    pub fn new_service_specific_error_str<T: AsRef<str>>(_: i32, _: Option<T>) -> Status {
        Status::ok()
    }
    pub fn is_ok(&self) -> bool {
        true
    }
    pub fn get_description(&self) -> String {
        String::new()
    }
    pub fn exception_code(&self) -> ExceptionCode {
        ExceptionCode::NONE
    }
    pub fn transaction_error(&self) -> StatusCode {
        self.0
    }
    pub fn service_specific_error(&self) -> i32 {
        0
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.get_description())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.get_description())
    }
}

impl std::error::Error for Status {}

impl From<StatusCode> for Status {
    fn from(code: StatusCode) -> Status {
        Status(code)
    }
}

impl From<ExceptionCode> for Status {
    fn from(_: ExceptionCode) -> Status {
        Status::ok()
    }
}

pub trait Interface: Send + Sync {
    fn as_binder(&self) -> SpIBinder {
        SpIBinder(())
    }
    fn dump(&self, _file: &File, _args: &[&CStr]) -> Plain<()> {
        Ok(())
    }
}

pub trait FromIBinder: Interface {
    fn try_from(ibinder: SpIBinder) -> Plain<Strong<Self>>;
}

pub struct Strong<I: FromIBinder + ?Sized>(Box<I>);

impl<I: FromIBinder + ?Sized> Strong<I> {
    pub fn new(binder: Box<I>) -> Self {
        Self(binder)
    }
}

impl<I: FromIBinder + ?Sized> Clone for Strong<I> {
    fn clone(&self) -> Self {
        loop {
            if let Ok(same) = FromIBinder::try_from(self.0.as_binder()) {
                return same;
            }
        }
    }
}

impl<I: FromIBinder + ?Sized> std::ops::Deref for Strong<I> {
    type Target = I;
    fn deref(&self) -> &I {
        &self.0
    }
}

impl<I: FromIBinder + ?Sized> AsRef<I> for Strong<I> {
    fn as_ref(&self) -> &I {
        &self.0
    }
}

impl<I: FromIBinder + fmt::Debug + ?Sized> fmt::Debug for Strong<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<I: FromIBinder + ?Sized> PartialEq for Strong<I> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_binder().eq(&other.0.as_binder())
    }
}

impl<I: FromIBinder + ?Sized> Eq for Strong<I> {}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpIBinder(());

impl SpIBinder {
    pub fn is_remote(&self) -> bool {
        false
    }
    pub fn into_interface<I: FromIBinder + Interface + ?Sized>(self) -> Plain<Strong<I>> {
        FromIBinder::try_from(self)
    }
}

pub struct DeathRecipient(());

impl DeathRecipient {
    pub fn new<F: Fn() + Send + Sync + 'static>(_: F) -> DeathRecipient {
        DeathRecipient(())
    }
}

pub trait IBinder {
    fn link_to_death(&mut self, recipient: &mut DeathRecipient) -> Plain<()>;
    fn unlink_to_death(&mut self, recipient: &mut DeathRecipient) -> Plain<()>;
    fn ping_binder(&mut self) -> Plain<()>;
}

impl IBinder for SpIBinder {
    fn link_to_death(&mut self, _: &mut DeathRecipient) -> Plain<()> {
        Ok(())
    }
    fn unlink_to_death(&mut self, _: &mut DeathRecipient) -> Plain<()> {
        Ok(())
    }
    fn ping_binder(&mut self) -> Plain<()> {
        Ok(())
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct BinderFeatures {
    pub set_requesting_sid: bool,
    #[doc(hidden)]
    pub _non_exhaustive: (),
}

pub struct ProcessState;

impl ProcessState {
    pub fn start_thread_pool() {}
    pub fn set_thread_pool_max_thread_count(_: u32) {}
    pub fn join_thread_pool() {}
}

pub struct ThreadState;

impl ThreadState {
    pub fn get_calling_uid() -> u32 {
        0
    }
    pub fn with_calling_sid<T, F>(check_permission: F) -> T
    where
        for<'a> F: FnOnce(Option<&'a CStr>) -> T,
    {
        check_permission(None)
    }
}

pub fn add_service(_: &str, _: SpIBinder) -> Plain<()> {
    Ok(())
}

pub fn check_service(_: &str) -> Option<SpIBinder> {
    None
}

pub fn check_interface<T: FromIBinder + ?Sized>(_: &str) -> Plain<Strong<T>> {
    Err(StatusCode::NAME_NOT_FOUND)
}

pub fn wait_for_interface<T: FromIBinder + ?Sized>(_: &str) -> Plain<Strong<T>> {
    Err(StatusCode::NAME_NOT_FOUND)
}
