//! Status of calls: what went wrong, and on which of Binder's three levels.

use std::fmt;

/// What a call gives, or why it gave nothing.
pub type Result<T> = std::result::Result<T, Status>;

/// How a call ended: well, in an exception (one of which is the service's own error), or not delivered at all.
#[derive(Clone, PartialEq)]
pub struct Status(rsbinder::Status);

impl Status {
    /// All is well.
    pub fn ok() -> Status {
        StatusCode::OK.into()
    }

    /// An error of the service's own, by its number in the service's interface.
    pub fn new_service_specific_error_str<T: AsRef<str>>(err: i32, message: Option<T>) -> Status {
        Status(rsbinder::Status::new_service_specific_error(
            err,
            message.map(|words| words.as_ref().to_owned()),
        ))
    }

    /// Whether all is well.
    pub fn is_ok(&self) -> bool {
        self.0.is_ok()
    }

    /// Which exception.
    pub fn exception_code(&self) -> ExceptionCode {
        ExceptionCode(self.0.exception_code())
    }

    /// Why the call was not delivered, or not understood; [`StatusCode::OK`] if it was.
    pub fn transaction_error(&self) -> StatusCode {
        StatusCode(self.0.transaction_error())
    }

    /// The number of the service's own error; 0 if it is none.
    pub fn service_specific_error(&self) -> i32 {
        self.0.service_specific_error()
    }

    /// In words, for logs.
    pub fn get_description(&self) -> String {
        self.0.to_string()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Status {}

impl From<StatusCode> for Status {
    fn from(code: StatusCode) -> Status {
        Status(code.0.into())
    }
}

impl From<rsbinder::StatusCode> for Status {
    fn from(code: rsbinder::StatusCode) -> Status {
        Status(code.into())
    }
}

impl rsbinder::Serialize for Status {
    fn serialize(&self, parcel: &mut rsbinder::Parcel) -> rsbinder::Result<()> {
        self.0.serialize(parcel)
    }
}

impl rsbinder::Deserialize for Status {
    fn deserialize(parcel: &mut rsbinder::Parcel) -> rsbinder::Result<Status> {
        rsbinder::Deserialize::deserialize(parcel).map(Status)
    }
}

/// Which exception a call ended in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionCode(rsbinder::ExceptionCode);

impl ExceptionCode {
    /// None.
    pub const NONE: ExceptionCode = ExceptionCode(rsbinder::ExceptionCode::None);
    /// The service's own error: its number is [`Status::service_specific_error`].
    pub const SERVICE_SPECIFIC: ExceptionCode = ExceptionCode(rsbinder::ExceptionCode::ServiceSpecific);
    /// It was not delivered, or not understood: why is [`Status::transaction_error`].
    pub const TRANSACTION_FAILED: ExceptionCode = ExceptionCode(rsbinder::ExceptionCode::TransactionFailed);
}

/// Why a call was not delivered, or not understood. The names are those of `utils/Errors.h`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StatusCode(rsbinder::StatusCode);

impl StatusCode {
    /// All is well.
    pub const OK: StatusCode = StatusCode(rsbinder::StatusCode::Ok);
    /// A value out of its range.
    pub const BAD_VALUE: StatusCode = StatusCode(rsbinder::StatusCode::BadValue);
    /// The other object is of another interface.
    pub const BAD_TYPE: StatusCode = StatusCode(rsbinder::StatusCode::BadType);
    /// No service of that name, or none that the caller may find.
    pub const NAME_NOT_FOUND: StatusCode = StatusCode(rsbinder::StatusCode::NameNotFound);
    /// The driver or the other side does not permit it.
    pub const PERMISSION_DENIED: StatusCode = StatusCode(rsbinder::StatusCode::PermissionDenied);
    /// No driver. libbinder aborts the process instead.
    pub const NO_INIT: StatusCode = StatusCode(rsbinder::StatusCode::NoInit);
    /// The other process died.
    pub const DEAD_OBJECT: StatusCode = StatusCode(rsbinder::StatusCode::DeadObject);
    /// The driver refused it: too large, or not permitted.
    pub const FAILED_TRANSACTION: StatusCode = StatusCode(rsbinder::StatusCode::FailedTransaction);
    /// The other side has no such method.
    pub const UNKNOWN_TRANSACTION: StatusCode = StatusCode(rsbinder::StatusCode::UnknownTransaction);
    /// The parcel ended too early.
    pub const NOT_ENOUGH_DATA: StatusCode = StatusCode(rsbinder::StatusCode::NotEnoughData);
    /// Something that must be there is null.
    pub const UNEXPECTED_NULL: StatusCode = StatusCode(rsbinder::StatusCode::UnexpectedNull);
}

impl fmt::Debug for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StatusCode {}

impl From<rsbinder::StatusCode> for StatusCode {
    fn from(code: rsbinder::StatusCode) -> StatusCode {
        StatusCode(code)
    }
}
