//! The rules that accept the stand-in device, and devices that they don't.

#![allow(dead_code)] // not every test file that shares this module asks for all of it

use crate::phone::sealing::{OPENER, opener};
use crate::phone::{CALLS, HARDWARE, KEYS, Phone, boot, snapshot};
use trust_enrol::{Audience, BootKey, Release, Revocation, Rules};
use trust_forge::{Chain, KeyDescription, RootOfTrust};
use trust_formats::attestation::key_description::VerifiedBootState;
use trust_formats::attestation::{Pin, Roots, pin};
use trust_formats::signature::Ring;
use trust_formats::x509::Certificate as Parsed;

impl Phone {
    /// The same with a root of trust.
    pub fn with_root(mut self, change: impl FnOnce(&mut RootOfTrust)) -> Phone {
        let mut root = RootOfTrust::default();
        change(&mut root);
        self.description = self.description.with_root_of_trust(root.clone());
        self.attest_key = self.attest_key.with_root_of_trust(root);
        self
    }

    /// The same with what its hardware says of the key changed.
    pub fn with(mut self, change: impl FnOnce(KeyDescription) -> KeyDescription) -> Phone {
        self.description = change(self.description);
        self
    }
}

/// The root of a label.
pub fn root(label: &str) -> Pin {
    let chain = Chain::remote(label, "TEE", 8, &[]).certificates();
    pin(&Parsed::parse(chain.last().expect("a root")).expect("a certificate"))
}

pub fn revocation(revoked: &[Vec<u8>], number: u64) -> Revocation {
    let (text, pin) = snapshot(revoked, number, "261101000000Z", "20491231235959Z");
    let list = trust_formats::attestation::RevocationList::snapshot(text.as_bytes(), &[pin], &Ring);
    Revocation { list: list.expect("a snapshot"), max_age: 7 * 86_400 }
}

/// Rules that accept the phone.
pub fn rules() -> Rules {
    let (key, vbmeta) = boot();
    let audience = |id: &str| Audience { id: id.into(), sees: [true, false, false], policy_version: 3 };
    Rules {
        roots: Roots::none().and("the tests' own", root(HARDWARE)),
        revocation: Some(revocation(&[], 1)),
        boot_keys: vec![BootKey { key, state: VerifiedBootState::Verified }],
        releases: vec![Release { name: "16.10".into(), vbmeta }],
        patches: [202_609, 202_609, 202_609],
        audiences: vec![audience(CALLS), audience(KEYS)],
        openers: vec![opener(OPENER)],
        ..Rules::none()
    }
}
