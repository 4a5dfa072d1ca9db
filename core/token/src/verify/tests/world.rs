//! A good answer with all that it is judged by, to be changed in one place.

use crate::challenge::Challenge;
use crate::claims::tests::good;
use crate::claims::{Claims, Counters};
use crate::credential::{Credential, EvidenceLevel, Floors};
use crate::crypto::{PublicKey, Pure, Sha256Digest, Sign};
use crate::ledger::{Ledger, Memory};
use crate::revocation::Revoked;
use crate::verify::{Against, KnownPolicy, Refusal, Requirements, Verified, issue, verify};
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;
use p256::ecdsa::SigningKey;
use trust_posture::{GateId, Posture};

/// When the challenge is made, by the relying party's clock; the device's is two seconds behind.
pub(crate) const MADE: u64 = 1_793_610_002;
pub(crate) const NOW: u64 = 1_793_610_003;
pub(crate) const AUDIENCE: &str = "calls.enigm.example";
pub(crate) const RANDOM: [u8; 32] = [11; 32];
pub(crate) const CONFIRMATION: Sha256Digest = [2; 32];
pub(crate) const EXPORTER: &[u8] = b"exporter";

/// The key of this scalar's bytes.
pub(crate) fn scalar(byte: u8) -> SigningKey {
    SigningKey::from_slice(&[byte; 32]).unwrap()
}

pub(crate) fn device() -> SigningKey {
    scalar(7)
}

pub(crate) fn enrolment() -> SigningKey {
    scalar(8)
}

pub(crate) fn public(key: &SigningKey) -> PublicKey {
    Sign::public_key(key)
}

/// The policy of the good claims.
pub(crate) const KNOWN: KnownPolicy = KnownPolicy { digest: [5; 32], version: 1, is_lab: false };

pub(crate) fn credential() -> Credential {
    Credential {
        audience: AUDIENCE.into(),
        issued_at: MADE - 86_400,
        expires_at: MADE + 86_400,
        key: public(&device()),
        handle: [4; 32],
        evidence: EvidenceLevel::StrongBox,
        floors: Floors {
            policy_version: 1,
            counters: Counters { boot: 5, sequence: 9 },
            patches: [202_609; 3],
        },
        boot_key: [6; 32],
    }
}

pub(crate) fn revoked(handles: &[[u8; 32]]) -> Revoked {
    let handles: BTreeSet<[u8; 32]> = handles.iter().copied().collect();
    Revoked { audience: AUDIENCE.into(), taken_at: MADE - 3600, number: 3, handles }
}

/// Signs claims in some way.
pub(crate) type Signer = Box<dyn Fn(&Claims) -> Vec<u8>>;

/// Everything that an answer is judged by, to be changed in one place by each test.
pub(crate) struct World {
    pub(crate) claims: Claims,
    pub(crate) credential: Credential,
    pub(crate) revoked: Revoked,
    pub(crate) now: u64,
    pub(crate) gates: Vec<GateId>,
    pub(crate) policies: Vec<KnownPolicy>,
    /// For which audience the challenge is made.
    pub(crate) opened_for: &'static str,
    /// Who signs the list.
    pub(crate) list_signer: u8,
    pub(crate) change: fn(&mut Requirements<'_>),
    /// What signs the claims, and what it writes: the bytes that are verified.
    pub(crate) token: Signer,
    pub(crate) ledger: Memory,
    /// Whether the ledger knows the challenge as open.
    pub(crate) is_open: bool,
    /// What the handle has shown to the ledger before.
    pub(crate) stood: Option<Floors>,
    /// When the device's last credential was given that the ledger knows.
    pub(crate) given: Option<u64>,
    /// The number of the last list that the ledger knows.
    pub(crate) listed: Option<u64>,
    /// Whether the challenge's nonce is put into the claims.
    pub(crate) answers: bool,
}

/// What is received: three byte strings.
pub(crate) struct Received {
    pub(crate) token: Vec<u8>,
    pub(crate) credential: Vec<u8>,
    pub(crate) revoked: Vec<u8>,
}

impl World {
    pub(crate) fn good() -> World {
        World {
            claims: good(),
            credential: credential(),
            revoked: revoked(&[[99; 32]]),
            now: NOW,
            gates: GateId::ALL.to_vec(),
            policies: vec![KNOWN],
            opened_for: AUDIENCE,
            list_signer: 8,
            change: |_| (),
            token: Box::new(|claims| issue(claims, &device()).unwrap()),
            ledger: Memory::new(8),
            is_open: true,
            stood: None,
            given: None,
            listed: None,
            answers: true,
        }
    }

    pub(crate) fn challenge(&mut self) -> Challenge {
        let mut nowhere = Memory::new(1);
        let ledger = if self.is_open { &mut self.ledger } else { &mut nowhere };
        Challenge::make(self.opened_for, &RANDOM, CONFIRMATION, EXPORTER, MADE, ledger).unwrap()
    }

    pub(crate) fn judge(&mut self) -> Result<Verified, Refusal<Infallible>> {
        let challenge = self.challenge();
        self.answer(challenge)
    }

    pub(crate) fn received(&mut self, nonce: &[u8; 32]) -> Received {
        if self.answers {
            self.claims.nonce = *nonce;
        }
        Received {
            token: (self.token)(&self.claims),
            credential: self.credential.sign(&enrolment()).unwrap(),
            revoked: self.revoked.sign(&scalar(self.list_signer)).unwrap(),
        }
    }

    pub(crate) fn requirements(&self) -> Requirements<'_> {
        let mut requirements = Requirements {
            audience: AUDIENCE,
            gates: &self.gates,
            posture: Posture::Compliant,
            policies: &self.policies,
            accepts_lab: false,
            max_waivers: 0,
            evidence: EvidenceLevel::TrustedEnvironment,
            max_age: 120,
            skew: 60,
            max_revocation_age: 86_400,
        };
        (self.change)(&mut requirements);
        requirements
    }

    pub(crate) fn answer(&mut self, challenge: Challenge) -> Result<Verified, Refusal<Infallible>> {
        let received = self.received(challenge.nonce());
        let issuers = [public(&enrolment()), public(&scalar(9))];
        // The credential was verified when it was valid.
        let at = self.credential.issued_at;
        let verified = Credential::verify(&received.credential, &issuers, at, &Pure).unwrap();
        let list = Revoked::verify(&received.revoked, &issuers, &Pure).unwrap();
        if let Some(stood) = self.stood {
            self.ledger.raise(&verified.device(), &stood).unwrap().unwrap();
        }
        if let Some(given) = self.given {
            self.ledger.credential(&verified.device(), given).unwrap().unwrap();
        }
        if let Some(listed) = self.listed {
            self.ledger.list(AUDIENCE, list.signer(), listed).unwrap().unwrap();
        }
        let mut ledger = core::mem::replace(&mut self.ledger, Memory::new(0));
        let requirements = self.requirements();
        let against =
            Against { credential: &verified, requirements: &requirements, revoked: &list, now: self.now };
        let judged = verify(&received.token, challenge, against, &mut ledger, &Pure);
        self.ledger = ledger;
        judged
    }
}
