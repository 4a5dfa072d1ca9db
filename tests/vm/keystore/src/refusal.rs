//! Why it said no.

use android_hardware_security_keymint::aidl::android::hardware::security::keymint::ErrorCode::ErrorCode;
use android_system_keystore2::aidl::android::system::keystore2::ResponseCode::ResponseCode;

/// Who said no, and why: the code of a service-specific error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// keystore2 itself.
    Keystore(ResponseCode),
    /// KeyMint, through keystore2.
    KeyMint(ErrorCode),
}

impl Refusal {
    /// The number that the client is given.
    pub fn code(self) -> i32 {
        match self {
            Refusal::Keystore(code) => code.0,
            Refusal::KeyMint(code) => code.0,
        }
    }
}

impl From<ResponseCode> for Refusal {
    fn from(code: ResponseCode) -> Refusal {
        Refusal::Keystore(code)
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Refusal {
        Refusal::KeyMint(code)
    }
}
