//! Pairwise handles: what a device is called, by one audience alone.
//!
//! ```text
//! handle = HMAC-SHA256(K_dev, "enigm-handle/1" || u16 length of aud || aud || u32 epoch || u32 user || salt)
//! ```
//!
//! Integers are big-endian; the salt has 32 bytes; so no two inputs share their bytes. Two audiences that compare
//! handles learn nothing without K_dev (HMAC as a pseudorandom function, RFC 2104), and a new salt at enrolment makes
//! a wiped device another one.

use crate::claims::MAX_TEXT;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the bytes are for: no other use of K_dev begins so.
const LABEL: &[u8] = b"enigm-handle/1";

/// HMAC-SHA256 with a device's own key: KeyMint does it without the key ever being in memory.
pub trait Prf {
    /// Why it could not.
    type Error;

    /// HMAC-SHA256 of a message.
    fn hmac_sha256(&self, message: &[u8]) -> Result<[u8; 32], Self::Error>;
}

/// What a handle is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandleOf<'h> {
    /// For whom: 1 to [`MAX_TEXT`] bytes, from the caller's identity and not from its request.
    pub audience: &'h str,
    /// Which of this audience's, counted up at a roll-over.
    pub epoch: u32,
    /// The Android user.
    pub user: u32,
    /// Random, made at enrolment and kept beside it.
    pub salt: &'h [u8; 32],
}

/// Why there is no handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoHandle<E> {
    /// No audience, or a longer one than [`MAX_TEXT`].
    Audience,
    /// The key could not be used.
    Prf(E),
}

impl HandleOf<'_> {
    /// The handle.
    pub fn handle<P: Prf>(&self, key: &P) -> Result<[u8; 32], NoHandle<P::Error>> {
        key.hmac_sha256(&self.to_bytes().ok_or(NoHandle::Audience)?).map_err(NoHandle::Prf)
    }

    fn to_bytes(self) -> Option<Vec<u8>> {
        let length = u16::try_from(self.audience.len()).ok()?;
        if self.audience.is_empty() || self.audience.len() > MAX_TEXT {
            return None;
        }
        let (epoch, user) = (self.epoch.to_be_bytes(), self.user.to_be_bytes());
        let parts = [LABEL, &length.to_be_bytes(), self.audience.as_bytes(), &epoch, &user, self.salt];
        Some(parts.concat())
    }
}

/// A key in memory, where no hardware keeps one.
#[derive(Clone)]
pub struct InMemory([u8; 32]);

impl InMemory {
    /// Of 32 bytes from a cryptographic source.
    pub fn new(key: [u8; 32]) -> InMemory {
        InMemory(key)
    }
}

/// Without the key.
impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InMemory")
    }
}

impl Prf for InMemory {
    type Error = Infallible;

    fn hmac_sha256(&self, message: &[u8]) -> Result<[u8; 32], Infallible> {
        Ok(hmac(&self.0, message))
    }
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // A block of SHA-256 (RFC 2104 §2): a shorter key is padded with zeros.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut hmac = Hmac::<Sha256>::new(&block.into());
    hmac.update(message);
    hmac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
