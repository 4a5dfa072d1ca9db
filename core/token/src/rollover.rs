//! A roll-over: a device tells one audience that its handle and key become others, signed by the key that goes.
//! Without it, a new handle is a new device to this audience.
//!
//! It shows that the old key's holder names a successor, and nothing of the new key: that one speaks when the
//! enrolment verifier has given it a credential with the new handle.

use crate::cbor::{Malformed, Reader, Writer};
use crate::claims::read_text;
use crate::cose::{self, Bad, Sign1};
use crate::credential::{VerifiedCredential, key, write_key};
use crate::crypto::{PublicKey, Sign, VerifySignature};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The media type that a roll-over says it is.
pub const ROLLOVER_TYPE: &str = "application/enigm-posture-rollover+cwt";
/// The largest roll-over, in bytes.
pub const MAX_ROLLOVER: usize = 1024;

const AUD: i64 = 3;
const IAT: i64 = 6;
const CNF: i64 = 8;
const OLD_HANDLE: i64 = -75_000;
const NEW_HANDLE: i64 = -75_040;

/// What a roll-over says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollover {
    /// For whom: it goes to this audience alone.
    pub audience: Box<str>,
    /// When, in seconds since 1970 by the device's clock.
    pub issued_at: u64,
    /// The key that will speak for the device.
    pub new_key: PublicKey,
    /// The handle that goes.
    pub old_handle: [u8; 32],
    /// The handle that comes.
    pub new_handle: [u8; 32],
}

/// A roll-over that the old key signed. Only [`Rollover::verify`] makes one.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRollover(Rollover);

impl VerifiedRollover {
    /// What it says.
    pub fn get(&self) -> &Rollover {
        &self.0
    }
}

/// Why a roll-over was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloverRefusal {
    /// More than [`MAX_ROLLOVER`] bytes.
    TooLarge,
    /// Another encoding than the one, or no roll-over.
    Malformed(Malformed),
    /// Another algorithm than ES256, or something in the unprotected header.
    Header,
    /// It says that it is something else.
    Type,
    /// It says that another key signed it than the credential's.
    UnknownKey,
    /// Not the key's signature, or the higher of two.
    Signature,
    /// It is for another audience than the credential.
    Audience,
    /// It speaks of another handle than the credential.
    Handle,
    /// The key or the handle stays what it is.
    Unchanged,
    /// It was signed when the credential did not hold.
    Time,
}

impl Rollover {
    /// The roll-over, signed by the old key.
    pub fn sign<S: Sign>(&self, old: &S) -> Result<Vec<u8>, S::Error> {
        let mut writer = Writer::default();
        writer.map(5).integer(AUD).text(&self.audience).integer(IAT).unsigned(self.issued_at);
        write_key(writer.integer(CNF), &self.new_key);
        writer.integer(OLD_HANDLE).bytes(&self.old_handle).integer(NEW_HANDLE).bytes(&self.new_handle);
        cose::sign(ROLLOVER_TYPE, &writer.into_bytes(), old)
    }

    /// Verifies a roll-over against the credential that goes.
    pub fn verify(
        bytes: &[u8],
        credential: &VerifiedCredential,
        crypto: &dyn VerifySignature,
    ) -> Result<VerifiedRollover, RolloverRefusal> {
        let device = credential.get();
        if bytes.len() > MAX_ROLLOVER {
            return Err(RolloverRefusal::TooLarge);
        }
        let signed = Sign1::parse(bytes)?;
        if signed.typ != ROLLOVER_TYPE {
            return Err(RolloverRefusal::Type);
        }
        if signed.kid != device.key.thumbprint() {
            return Err(RolloverRefusal::UnknownKey);
        }
        signed.verify(&device.key, crypto)?;
        let rollover = Rollover::from_bytes(signed.payload).map_err(RolloverRefusal::Malformed)?;
        if rollover.audience != device.audience {
            return Err(RolloverRefusal::Audience);
        }
        if rollover.old_handle != device.handle {
            return Err(RolloverRefusal::Handle);
        }
        if rollover.new_handle == device.handle || rollover.new_key == device.key {
            return Err(RolloverRefusal::Unchanged);
        }
        match (device.issued_at..device.expires_at).contains(&rollover.issued_at) {
            true => Ok(VerifiedRollover(rollover)),
            false => Err(RolloverRefusal::Time),
        }
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Rollover, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        reader.expect(&mut map, AUD)?;
        let audience = read_text(&mut reader)?;
        reader.expect(&mut map, IAT)?;
        let issued_at = reader.unsigned()?;
        reader.expect(&mut map, CNF)?;
        let new_key = key(&mut reader)?;
        reader.expect(&mut map, OLD_HANDLE)?;
        let old_handle = reader.fixed()?;
        reader.expect(&mut map, NEW_HANDLE)?;
        let new_handle = reader.fixed()?;
        reader.last(&map)?;
        reader.end()?;
        Ok(Rollover { audience, issued_at, new_key, old_handle, new_handle })
    }
}

impl From<Bad> for RolloverRefusal {
    fn from(bad: Bad) -> RolloverRefusal {
        match bad {
            Bad::Form(malformed) => RolloverRefusal::Malformed(malformed),
            Bad::Algorithm(_) | Bad::Unprotected => RolloverRefusal::Header,
            Bad::HighS | Bad::Signature => RolloverRefusal::Signature,
        }
    }
}
