//! The relying party's challenge: made by it, answered once, within its own time.

use crate::crypto::{Sha256Digest, sha256};
use crate::ledger::Ledger;

/// What an open challenge is bound to, as a [`Ledger`] keeps it: a digest of its audience and its confirmation.
pub fn binding(audience: &str, confirmation: &Sha256Digest) -> Sha256Digest {
    // The confirmation has one length, and comes last.
    sha256(&[b"tag:enigm.example,2026:challenge#1\0", audience.as_bytes(), confirmation])
}

/// A challenge that is open. It is answered by value, so that in one program it can't be answered twice; between
/// programs and restarts, the [`Ledger`] sees to it.
#[must_use]
#[derive(Debug)]
pub struct Challenge {
    nonce: [u8; 32],
    confirmation: Sha256Digest,
}

impl Challenge {
    /// Makes a challenge and opens it for one audience: nonce = SHA-256(random || confirmation || exporter).
    ///
    /// `audience` is who the relying party is: an answer to it holds for that audience and this confirmation alone,
    /// whoever else shares the ledger. `random` is fresh from a cryptographic source. `confirmation` is the COSE key thumbprint of the key that the
    /// caller proves elsewhere, in the channel. `exporter` is what both ends of the channel have in common and no
    /// other channel has (RFC 9266); empty where there is none.
    ///
    /// The device repeats the nonce and can't see what it was made of, and [`crate::verify()`] does not either: the
    /// exporter binds the channel only where the caller is given `random` too and makes the nonce again from its own
    /// end of the channel, before it asks the device. Otherwise the proof of the confirmation key alone binds it.
    pub fn make<L: Ledger>(
        audience: &str,
        random: &[u8; 32],
        confirmation: Sha256Digest,
        exporter: &[u8],
        now: u64,
        ledger: &mut L,
    ) -> Result<Challenge, L::Error> {
        let nonce = sha256(&[random, &confirmation, exporter]);
        ledger.open(&nonce, &binding(audience, &confirmation), now)?;
        Ok(Challenge { nonce, confirmation })
    }

    /// A challenge that was made before, by what was kept of it: in the request that it was made in, say. The ledger
    /// knows whether it is still open, since when, and whether it was made for this confirmation.
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
