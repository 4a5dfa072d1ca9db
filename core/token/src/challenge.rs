//! The relying party's challenge: made by it, answered once, within its own time.

use crate::crypto::{Sha256Digest, sha256};
use crate::ledger::Ledger;

/// A challenge that is open. It is answered by value, so that in one program it can't be answered twice; between
/// programs and restarts, the [`Ledger`] sees to it.
#[must_use]
#[derive(Debug)]
pub struct Challenge {
    nonce: [u8; 32],
    confirmation: Sha256Digest,
}

impl Challenge {
    /// Makes a challenge and opens it: nonce = SHA-256(random || confirmation || exporter).
    ///
    /// `random` is fresh from a cryptographic source. `confirmation` is the COSE key thumbprint of the key that the
    /// caller proves elsewhere, in the channel. `exporter` is what both ends of the channel have in common and no
    /// other channel has (RFC 9266); empty where there is none.
    ///
    /// The device repeats the nonce and can't see what it was made of, and [`crate::verify()`] does not either: the
    /// exporter binds the channel only where the caller is given `random` too and makes the nonce again from its own
    /// end of the channel, before it asks the device. Otherwise the proof of the confirmation key alone binds it.
    pub fn make<L: Ledger>(
        random: &[u8; 32],
        confirmation: Sha256Digest,
        exporter: &[u8],
        now: u64,
        ledger: &mut L,
    ) -> Result<Challenge, L::Error> {
        let nonce = sha256(&[random, &confirmation, exporter]);
        ledger.open(&nonce, now)?;
        Ok(Challenge { nonce, confirmation })
    }

    /// A challenge that was made before, by what was kept of it: in the request that it was made in, say. The ledger
    /// knows whether it is still open, and since when.
    pub fn kept(nonce: [u8; 32], confirmation: Sha256Digest) -> Challenge {
        Challenge { nonce, confirmation }
    }

    /// What goes to the device.
    pub fn nonce(&self) -> &[u8; 32] {
        &self.nonce
    }

    pub(crate) fn confirmation(&self) -> &Sha256Digest {
        &self.confirmation
    }
}
