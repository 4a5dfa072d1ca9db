//! A stand-in device: a posture key that hardware of the tests' own attests, or one in a file. Anybody can make these
//! keys again; no rules but the tests' name their root.

#![allow(dead_code)] // not every test file that shares this module asks for all of it

pub mod sealing;

use p256::ecdsa::SigningKey;
use trust_forge::certificate::{self, Certificate, RevocationList, basic_constraints, key_usage};
use trust_forge::{Chain, Hash, Key, KeyDescription, RootOfTrust};
use trust_formats::attestation::{Pin, pin};
use trust_formats::x509::Certificate as Parsed;
use trust_token::crypto::{PublicKey, Sign};
use trust_token::evidence::{Evidence, Kept};

/// 2026-11-03T00:00:00Z, when the forged chains hold.
pub const NOW: u64 = 1_793_664_000;
pub const CALLS: &str = "calls.enigm.example";
pub const KEYS: &str = "keys.enigm.example";
/// The label of the root that the tests' rules name.
pub const HARDWARE: &str = "enrolment test hardware";

/// A posture key and what a device shows of it.
pub struct Phone {
    pub audience: Box<str>,
    pub handle: [u8; 32],
    pub epoch: u32,
    pub made_at: u64,
    /// Which key.
    pub label: String,
    /// What its hardware says; the challenge is put there when the key is made.
    pub description: KeyDescription,
    /// What its hardware says of the ATTEST_KEY.
    pub attest_key: KeyDescription,
    /// Its level's name in the chain.
    pub level: &'static str,
    /// Which root.
    pub hardware: &'static str,
    /// Whether its chain is one of the factory's.
    pub is_factory: bool,
    /// Whether an ATTEST_KEY attests the posture key, or the hardware's own key.
    pub has_attest_key: bool,
    /// Until when its chain holds, below the root.
    pub until: &'static str,
    /// What the chain of the key is, once it is made.
    pub kept: Option<Kept>,
}

impl Phone {
    /// In a TEE, in good order.
    pub fn new(label: &str, audience: &str, handle: u8) -> Phone {
        Phone {
            audience: audience.into(),
            handle: [handle; 32],
            epoch: 1,
            made_at: NOW,
            label: label.into(),
            description: KeyDescription::default(),
            attest_key: KeyDescription { challenge: b"made once".to_vec(), ..KeyDescription::default() }
                .with_purposes(&[7]),
            level: "TEE",
            hardware: HARDWARE,
            is_factory: false,
            has_attest_key: true,
            until: "20491231235959Z",
            kept: None,
        }
    }

    pub fn key(&self) -> SigningKey {
        match Key::p256(&format!("{} target", self.label)) {
            Key::P256(key) => key,
            _ => unreachable!("asked for P-256"),
        }
    }

    pub fn public_key(&self) -> PublicKey {
        Sign::public_key(&self.key())
    }

    /// Makes the posture key in hardware for a challenge.
    pub fn make(&mut self, challenge: &[u8; 32]) -> &mut Phone {
        let asked = self.says(challenge, Kept::File).attestation_challenge();
        self.description.challenge = asked.to_vec();
        let description = self.description.encode();
        let mut chain = match self.is_factory {
            true => Chain::factory(self.hardware, self.level, &description),
            false => Chain::remote(self.hardware, self.level, 8, &description),
        };
        for link in &mut chain.links[1..] {
            link.dates("250101000000Z", self.until);
        }
        chain.links[0] = trust_forge::chain::Link::target(&self.label, &description);
        let mut chain = Chain::of(chain.links);
        if self.has_attest_key {
            let label = format!("{} attest", self.hardware);
            chain = chain.with_attest_key(&label, &self.attest_key.encode());
        }
        self.kept =
            Some(Kept::Hardware(chain.certificates().into_iter().map(Vec::into_boxed_slice).collect()));
        self
    }

    /// Keeps the posture key in a file.
    pub fn file(&mut self) -> &mut Phone {
        self.kept = Some(Kept::File);
        self
    }

    fn says(&self, challenge: &[u8; 32], kept: Kept) -> Evidence {
        Evidence {
            audience: self.audience.clone(),
            made_at: self.made_at,
            challenge: *challenge,
            handle: self.handle,
            epoch: self.epoch,
            kept,
        }
    }

    /// Evidence for a challenge, with the key that was made: sealed to the tests' opener, unless the key is in a file.
    pub fn evidence(&self, challenge: &[u8; 32]) -> Vec<u8> {
        let clear = self.clear(challenge);
        match self.kept {
            Some(Kept::Hardware(_)) => sealing::sealed(&clear),
            _ => clear,
        }
    }

    /// The same before it is sealed.
    pub fn clear(&self, challenge: &[u8; 32]) -> Vec<u8> {
        let kept = self.kept.clone().expect("make a key first");
        self.says(challenge, kept).sign(&self.key()).expect("signing never fails")
    }
}

/// The SHA-256 of the sample's boot key, and of its vbmeta.
pub fn boot() -> ([u8; 32], [u8; 32]) {
    let root = RootOfTrust::default();
    let digest = |bytes: Vec<u8>| bytes.try_into().expect("32 bytes");
    (digest(root.verified_boot_key), digest(root.verified_boot_hash.expect("there is one")))
}

fn signer() -> (Certificate, Key) {
    let key = Key::p256("enrolment test revocation");
    let name = certificate::name(&[("CN", "Enrolment test revocation")]);
    (
        Certificate {
            extensions: vec![basic_constraints(false), key_usage(0x02)],
            ..Certificate::ca(name, &key)
        },
        key,
    )
}

/// A revocation snapshot that lists these serial numbers, and its signer's pin.
pub fn snapshot(revoked: &[Vec<u8>], number: u64, this_update: &str, next_update: &str) -> (String, Pin) {
    let (certificate, key) = signer();
    let list = RevocationList {
        issuer: certificate.subject.clone(),
        this_update: this_update.into(),
        next_update: next_update.into(),
        number,
        revoked: revoked.iter().map(|serial| (serial.clone(), 1)).collect(),
        extensions: vec![],
    };
    let certificate = certificate.sign(&key, Hash::Sha256);
    let text = trust_forge::pem("CERTIFICATE", std::slice::from_ref(&certificate))
        + &trust_forge::pem("X509 CRL", &[list.sign(&key, Hash::Sha256)]);
    (text, pin(&Parsed::parse(&certificate).expect("a certificate")))
}
