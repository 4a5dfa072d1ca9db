//! Posture keys: one for each audience and Android user, so that no two audiences see the same one. The device's handle
//! with an audience comes from the same keeper.

#[cfg(not(target_os = "android"))]
mod file;
mod keystore;
mod worker;

#[cfg(not(target_os = "android"))]
pub use file::FileKeys;
pub use keystore::{Entry, Fault, Keystore2, KeystoreKeys, NAMESPACE, Name, Use, Vault, With};

use trust_token::crypto::{PublicKey, Signature};
use trust_token::evidence::Kept;
use trust_token::handle::{HandleOf, NoHandle, Prf};

/// Whose key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose<'w> {
    /// The audience, 1 to 64 bytes, by the caller's identity.
    pub audience: &'w str,
    /// The Android user; 0 where there is none.
    pub user: u32,
}

/// An audience and an Android user, to keep.
type Owner = (Box<str>, u32);

impl Whose<'_> {
    fn owner(self) -> Owner {
        (self.audience.into(), self.user)
    }
}

/// Why there is no key, or no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no posture key of this audience and user: not yet, or no more. [`Keys::show`] makes one, which is to be
    /// enrolled.
    #[error("no posture key: expected it to be enrolled first")]
    NotEnrolled,
    /// What is kept is damaged or not private. Nothing takes its place by itself: with another key this is another
    /// device.
    #[error("{0}")]
    Unusable(String),
    /// The keeper has none to give now: the system is still booting, say. Later it may.
    #[error("{0}")]
    Unavailable(String),
    /// Another key of this audience and user is being made.
    #[error("another key is being made: expected its answer to be waited for")]
    Busy,
    /// The keeper does not answer.
    #[error("no answer in time")]
    TimedOut,
}

/// Which of an audience's handles it is: the first. There is no roll-over yet.
pub const EPOCH: u32 = 0;

/// A key attestation: DER certificates, the attested key's own first, the root's last.
pub type Chain = Vec<Box<[u8]>>;

/// Who keeps the keys. No key ever leaves it.
pub trait Keys: Send + Sync {
    /// The public key.
    ///
    /// # Errors
    /// [`KeyError::NotEnrolled`], where none was shown yet and keys are made for a challenge; the keeper's.
    fn public_key(&self, whose: Whose<'_>) -> Result<PublicKey, KeyError>;

    /// An ES256 signature (RFC 9053 §2.1), with the lower s.
    ///
    /// # Errors
    /// As of [`Keys::public_key`].
    fn sign(&self, whose: Whose<'_>, message: &[u8]) -> Result<Signature, KeyError>;

    /// The device's handle with the audience: 32 bytes, which nobody else can make or link to another's.
    ///
    /// # Errors
    /// The keeper's.
    fn handle(&self, whose: Whose<'_>) -> Result<[u8; 32], KeyError>;

    /// The public key and where it is kept, to be shown to the enrolment verifier that issued this challenge. Where
    /// there is no key yet it is made, by hardware for [`trust_token::evidence::attestation_challenge`] of it; `anew`
    /// makes another in the place of the one that there is. Keys in a file are always the same.
    ///
    /// # Errors
    /// The keeper's.
    fn show(&self, whose: Whose<'_>, challenge: &[u8; 32], anew: bool)
    -> Result<(PublicKey, Kept), KeyError>;

    /// Whether what [`Keys::show`] shows has a chain, which is the same for all audiences: it is sealed, or stays here.
    fn attests(&self) -> bool {
        true
    }

    /// The device's own attestation for this challenge: a chain of each kind of secure hardware that it has, of keys
    /// that are used for nothing else. None where nothing attests.
    ///
    /// # Errors
    /// The keeper's.
    fn attest_device(&self, challenge: &[u8; 32]) -> Result<Vec<Chain>, KeyError>;
}

/// What a handle's salt comes of. A salt of its own would have to be kept; a device that was wiped has another key.
const SALT_LABEL: &[u8] = b"enigm-handle-salt/1";

/// The handle with an audience, by the device's own key.
fn handle_of<P: Prf>(prf: &P, whose: Whose<'_>) -> Result<[u8; 32], NoHandle<P::Error>> {
    let salt = prf.hmac_sha256(&labelled(SALT_LABEL, whose, 0)).map_err(NoHandle::Prf)?;
    HandleOf { audience: whose.audience, epoch: EPOCH, user: whose.user, salt: &salt }.handle(prf)
}

/// What is derived for somebody: the label says what for, and no two inputs share their bytes.
fn labelled(label: &[u8], whose: Whose<'_>, try_: u32) -> Vec<u8> {
    let length = u64::try_from(whose.audience.len()).unwrap_or(u64::MAX).to_be_bytes();
    let (user, try_) = (whose.user.to_be_bytes(), try_.to_be_bytes());
    [label, &length, whose.audience.as_bytes(), &user, &try_].concat()
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
        Ok(PostureKey::new(keys, whose, keys.public_key(whose)?))
    }

    /// The key of this audience and user, which is known to be this one.
    pub fn new(keys: &'k dyn Keys, whose: Whose<'k>, public: PublicKey) -> PostureKey<'k> {
        PostureKey { keys, whose, public }
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
