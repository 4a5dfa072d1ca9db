//! Operations under way: few, and the one that rested longest goes where there is no room.

use crate::Refusal;
use crate::key::Key;
use android_hardware_security_keymint::aidl::android::hardware::security::keymint::ErrorCode::ErrorCode;
use android_system_keystore2::aidl::android::system::keystore2::ResponseCode::ResponseCode;

/// How many of one KeyMint may be under way. What has room for more hides a client that leaves them open.
pub const MAX_OPERATIONS: usize = 15;
/// MAX_RECEIVE_DATA in `operation.rs`.
const MAX_INPUT: usize = 0x8000;

/// The last is the one that was used last.
#[derive(Debug, Default)]
pub struct Operations {
    given: u64,
    open: Vec<Operation>,
}

#[derive(Debug)]
struct Operation {
    handle: u64,
    key: Key,
    message: Vec<u8>,
}

impl Operations {
    /// Begins one. keystore2 weighs by owner and age which one to prune; here it is age alone.
    pub fn begin(&mut self, key: Key) -> u64 {
        let level = key.level;
        let of_level = |open: &Operation| open.key.level == level;
        if self.open.iter().filter(|open| of_level(open)).count() >= MAX_OPERATIONS
            && let Some(oldest) = self.open.iter().position(of_level)
        {
            self.open.remove(oldest);
        }
        self.given += 1;
        self.open.push(Operation { handle: self.given, key, message: Vec::new() });
        self.given
    }

    pub fn update(&mut self, handle: u64, input: &[u8]) -> Result<(), Refusal> {
        self.feed(handle, input)
    }

    /// The signature. The operation is used up, but where there was too much input.
    pub fn finish(&mut self, handle: u64, input: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.feed(handle, input)?;
        let operation = self.open.pop().ok_or(ErrorCode::INVALID_OPERATION_HANDLE)?;
        Ok(operation.key.sign(&operation.message))
    }

    pub fn abort(&mut self, handle: u64) -> Result<(), Refusal> {
        self.touch(handle)?;
        self.open.pop();
        Ok(())
    }

    /// The client let go of it, which is no call of its.
    pub fn drop_silently(&mut self, handle: u64) {
        self.open.retain(|open| open.handle != handle);
    }

    fn feed(&mut self, handle: u64, input: &[u8]) -> Result<(), Refusal> {
        let operation = self.touch(handle)?;
        if input.len() > MAX_INPUT {
            return Err(ResponseCode::TOO_MUCH_DATA.into());
        }
        operation.message.extend_from_slice(input);
        Ok(())
    }

    /// Makes it the one that was used last.
    fn touch(&mut self, handle: u64) -> Result<&mut Operation, Refusal> {
        let is_it = |open: &Operation| open.handle == handle;
        let at = self.open.iter().position(is_it).ok_or(ErrorCode::INVALID_OPERATION_HANDLE)?;
        let operation = self.open.remove(at);
        self.open.push(operation);
        self.open.last_mut().ok_or_else(|| ErrorCode::INVALID_OPERATION_HANDLE.into())
    }
}
