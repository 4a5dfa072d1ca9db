//! Posture keys: one for each audience and Android user, so that no two audiences see the same one. The device's handle
//! with an audience comes from the same keeper.

#[cfg(not(target_os = "android"))]
mod file;

#[cfg(not(target_os = "android"))]
pub use file::FileKeys;

use trust_token::crypto::{PublicKey, Signature};
use trust_token::evidence::Kept;

/// Whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose<'w> {
    /// The audience, 1 to 64 bytes, by the caller's identity.
    pub audience: &'w str,
    /// The Android user; 0 where there is none.
    pub user: u32,
}

/// Why there is no key, or no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// What is kept is damaged or not private. Nothing takes its place by itself: with another key this is another
    /// device.
    #[error("{0}")]
    Unusable(String),
}

/// Which of an audience's handles it is: the first. There is no roll-over yet.
pub const EPOCH: u32 = 0;

/// Who keeps the keys. No key ever leaves it.
pub trait Keys: Send + Sync {
    /// Where the key is, with its certificates if hardware keeps it.
    fn kept(&self, whose: Whose<'_>) -> Result<Kept, KeyError>;

    /// The public key. It is made where there is none yet.
    fn public_key(&self, whose: Whose<'_>) -> Result<PublicKey, KeyError>;

    /// An ES256 signature (RFC 9053 §2.1), with the lower s.
    fn sign(&self, whose: Whose<'_>, message: &[u8]) -> Result<Signature, KeyError>;

    /// The device's handle with the audience: 32 bytes, which nobody else can make or link to another's.
    fn handle(&self, whose: Whose<'_>) -> Result<[u8; 32], KeyError>;
}

/// One posture key as what signs.
pub struct PostureKey<'k> {
    keys: &'k dyn Keys,
    whose: Whose<'k>,
    public: PublicKey,
}

impl<'k> PostureKey<'k> {
    /// The key of this audience and user.
    ///
    /// # Errors
    /// The keeper's.
    pub fn of(keys: &'k dyn Keys, whose: Whose<'k>) -> Result<PostureKey<'k>, KeyError> {
        Ok(PostureKey { keys, whose, public: keys.public_key(whose)? })
    }
}

impl trust_token::crypto::Sign for PostureKey<'_> {
    type Error = KeyError;

    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        self.keys.sign(self.whose, message)
    }
}
