//! Posture attestations, their credentials, lists of revoked handles, roll-overs, policy bundles and enrolment evidence, sealed or not. Every signature counts as good, so that
//! what stands behind the signatures is reached; and what is accepted, written again, is the same bytes.

use std::convert::Infallible;
use trust_posture::{GateId, Posture, Verdict};
use trust_token::bundle::Bundle;
use trust_token::credential::{Credential, EvidenceLevel, VerifiedCredential};
use trust_token::crypto::{PublicKey, Sign, Signature, VerifySignature};
use trust_token::enrolment::{ChallengeRequest, GivenChallenge};
use trust_token::evidence::{Evidence, Kept, MAX_CERTIFICATES, MIN_CERTIFICATES};
use trust_token::ledger::Memory;
use trust_token::qr::{self, Asked};
use trust_token::revocation::Revoked;
use trust_token::rollover::Rollover;
use trust_token::sealed::{BLOCK, FIRST_BYTE, MAX_SEALED, Sealed, TAG_LENGTH, pad, unpad};
use trust_token::verify::MAX_TOKEN;
use trust_token::{Against, Challenge, KnownPolicy, Refusal, Requirements, Verified, issue, verify};

/// When the seeds' challenge was made.
const MADE: u64 = 1_793_610_002;
/// The seeds' enrolment verifier.
const ENROLMENT: PublicKey = PublicKey {
    x: [
        0x3a, 0xda, 0xb1, 0x5d, 0x66, 0x25, 0x6b, 0xf1, 0x5c, 0xd7, 0x16, 0x03, 0x5b, 0x3f, 0x04, 0x14, 0x44,
        0xe5, 0x12, 0xfe, 0xd1, 0xdd, 0x64, 0xd4, 0xba, 0x75, 0x59, 0x7d, 0x20, 0xe3, 0x66, 0xf1,
    ],
    y: [
        0x54, 0x6d, 0x2c, 0x90, 0xa8, 0x3e, 0xba, 0xba, 0x01, 0x59, 0x50, 0x99, 0xe5, 0xf3, 0xff, 0xbb, 0xd3,
        0x38, 0x4c, 0x74, 0x94, 0xde, 0x67, 0x59, 0xfd, 0xd5, 0xe6, 0x5e, 0xfa, 0xe9, 0xcc, 0x67,
    ],
};

struct Believing;

impl VerifySignature for Believing {
    fn verify(&self, _: &PublicKey, _: &[u8], _: &Signature) -> bool {
        true
    }
}

/// Signs as a statement was signed: with its last 64 bytes.
struct Echo<'s> {
    key: PublicKey,
    statement: &'s [u8],
}

impl Sign for Echo<'_> {
    type Error = Infallible;

    fn public_key(&self) -> PublicKey {
        self.key
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, Infallible> {
        Ok(*self.statement.last_chunk().unwrap())
    }
}

/// A credential is the one encoding of what it says.
pub fn posture_credential(bytes: &[u8]) -> bool {
    let Ok(credential) = Credential::verify(bytes, &[ENROLMENT], MADE, &Believing) else { return false };
    assert!(Credential::verify(bytes, &[], MADE, &Believing).is_err());
    let credential = credential.get();
    assert!((credential.issued_at..credential.expires_at).contains(&MADE));
    assert_eq!(credential.sign(&Echo { key: ENROLMENT, statement: bytes }).unwrap(), bytes);
    true
}

/// A list is the one encoding of what it says.
pub fn posture_revoked(bytes: &[u8]) -> bool {
    let Ok(list) = Revoked::verify(bytes, &[ENROLMENT], &Believing) else { return false };
    assert!(Revoked::verify(bytes, &[], &Believing).is_err());
    assert_eq!(list.get().sign(&Echo { key: ENROLMENT, statement: bytes }).unwrap(), bytes);
    true
}

/// A roll-over is the one encoding of what it says, and leads from the credential to something else.
pub fn posture_rollover(bytes: &[u8]) -> bool {
    let held = credential();
    let Ok(rollover) = Rollover::verify(bytes, &held, &Believing) else { return false };
    let (rollover, device) = (rollover.get(), held.get());
    assert_eq!(rollover.sign(&Echo { key: device.key, statement: bytes }).unwrap(), bytes);
    assert_eq!((&rollover.audience, rollover.old_handle), (&device.audience, device.handle));
    assert!(rollover.new_handle != device.handle && rollover.new_key != device.key);
    assert!((device.issued_at..device.expires_at).contains(&rollover.issued_at));
    true
}

/// A bundle is the one encoding of what it says, holds at its time alone, and never below its floor.
pub fn policy_bundle(bytes: &[u8]) -> bool {
    let verify = |now, floor| Bundle::verify(bytes, &[ENROLMENT], "production", now, floor, &Believing);
    let Ok(verified) = verify(MADE, None) else { return false };
    assert!(Bundle::verify(bytes, &[], "production", MADE, None, &Believing).is_err());
    let bundle = verified.get();
    assert_eq!(*verified.signer(), ENROLMENT.thumbprint());
    assert!(Bundle::verify(bytes, &[ENROLMENT], "lab", MADE, None, &Believing).is_err());
    assert_eq!(bundle.sign(&Echo { key: ENROLMENT, statement: bytes }).unwrap(), bytes);
    assert!(
        (bundle.issued_at..bundle.expires_at).contains(&MADE) && verify(bundle.expires_at, None).is_err()
    );
    assert!(verify(MADE, Some(bundle.version)).is_ok());
    assert!(bundle.version.checked_add(1).is_none_or(|above| verify(MADE, Some(above)).is_err()));
    true
}

/// Evidence is the one encoding of what it says, and has a chain exactly where its key is in hardware. So are the two
/// messages before it.
pub fn enrolment_evidence(bytes: &[u8]) -> bool {
    let request = ChallengeRequest::from_bytes(bytes).map(|request| request.to_bytes());
    assert!(request.is_ok_and(|again| again == bytes) == ChallengeRequest::from_bytes(bytes).is_ok());
    let given = GivenChallenge::from_bytes(bytes).map(|given| given.to_bytes());
    assert!(given.is_ok_and(|again| again == bytes) == GivenChallenge::from_bytes(bytes).is_ok());
    let Ok(verified) = Evidence::verify(bytes, &Believing) else { return false };
    let (evidence, key) = (verified.get(), *verified.key());
    assert_eq!(evidence.sign(&Echo { key, statement: bytes }).unwrap(), bytes);
    if let Kept::Hardware(chain) = &evidence.kept {
        assert!((MIN_CERTIFICATES..=MAX_CERTIFICATES).contains(&chain.len()));
        assert!(chain.iter().all(|certificate| !certificate.is_empty()));
    }
    true
}

/// Sealed evidence is the one encoding of what it says, and so is what a plaintext holds, which is the same bytes' other
/// reading.
pub fn sealed_evidence(bytes: &[u8]) -> bool {
    if let Ok(evidence) = unpad(bytes) {
        assert_eq!(pad(evidence).unwrap(), bytes);
    }
    let sealed = match Sealed::from_bytes(bytes) {
        Ok(sealed) => sealed,
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            return false;
        }
    };
    assert_eq!(sealed.to_bytes(), bytes);
    assert!(bytes.len() <= MAX_SEALED && bytes.first() == Some(&FIRST_BYTE));
    assert!(sealed.ek[0] == 4 && sealed.ciphertext.len() % BLOCK == TAG_LENGTH);
    assert!(Evidence::verify(bytes, &Believing).is_err());
    true
}

/// A text is the one text of what it holds, and is of the characters that a QR code's alphanumeric mode has.
pub fn qr_text(bytes: &[u8]) -> bool {
    let token = qr::attestation(bytes);
    if let Ok(token) = &token {
        assert!(!token.is_empty() && token.len() <= MAX_TOKEN);
        assert_eq!(qr::attestation_text(token).as_bytes(), bytes);
    }
    let asked = Asked::from_text(bytes);
    if let Ok(asked) = &asked {
        assert_eq!(asked.to_text().as_bytes(), bytes);
    }
    assert!(token.is_err() || asked.is_err());
    for refusal in [token.as_ref().err(), asked.as_ref().err()].into_iter().flatten() {
        assert!(!refusal.to_string().is_empty());
    }
    token.is_ok() || asked.is_ok()
}

fn credential() -> VerifiedCredential {
    let bytes = include_bytes!("../seeds/posture_credential/good");
    Credential::verify(bytes, &[ENROLMENT], MADE, &Believing).unwrap()
}

/// The same policy in a laboratory.
const LAB: KnownPolicy = KnownPolicy { digest: [5; 32], version: 1, is_lab: true };

/// Judges an answer to the seeds' challenge, asking for nothing but these gates.
fn judge(token: &[u8], gates: &[GateId]) -> Result<Verified, Refusal<Infallible>> {
    let list = include_bytes!("../seeds/posture_revoked/other-handle");
    let revoked = Revoked::verify(list, &[ENROLMENT], &Believing).unwrap();
    let mut ledger = Memory::new(1);
    let challenge =
        Challenge::make("calls.enigm.example", &[11; 32], [2; 32], b"exporter", MADE, &mut ledger).unwrap();
    let requirements = Requirements {
        audience: "calls.enigm.example",
        gates,
        posture: Posture::NonCompliant,
        policies: &[KnownPolicy { digest: [5; 32], version: 1, is_lab: false }, LAB],
        accepts_lab: true,
        max_waivers: u64::MAX,
        evidence: EvidenceLevel::Software,
        max_age: u64::MAX,
        skew: u64::MAX,
        max_revocation_age: u64::MAX,
    };
    let credential = credential();
    let against =
        Against { credential: &credential, requirements: &requirements, revoked: &revoked, now: MADE + 1 };
    verify(token, challenge, against, &mut ledger, &Believing)
}

/// A posture attestation is the one encoding of its claims; a gate that does not pass there is never taken for one
/// that does; and no posture is better than the gates beside it.
pub fn posture_token(bytes: &[u8]) -> bool {
    let verified = match judge(bytes, &[]) {
        Ok(verified) => verified,
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            return false;
        }
    };
    let claims = verified.claims();
    let key = credential().get().key;
    assert_eq!(issue(claims, &Echo { key, statement: bytes }).unwrap(), bytes);
    for gate in GateId::ALL {
        let passes = claims.gates.iter().any(|claim| claim.gate == gate && claim.verdict == Verdict::Pass);
        match judge(bytes, &[gate]) {
            Ok(_) => assert!(passes, "{gate}"),
            Err(refusal) => assert!(!passes && refusal.code() == "gate", "{gate}: {refusal}"),
        }
    }
    if claims.posture == Posture::Compliant {
        let falls_short = |verdict| matches!(verdict, Verdict::Fail | Verdict::Unknown);
        assert!(claims.waivers == 0 && !claims.gates.iter().any(|claim| falls_short(claim.verdict)));
    }
    true
}

/// The same of claims alone, in the envelope of a seed.
pub fn posture_claims(bytes: &[u8]) -> bool {
    let seed = include_bytes!("../seeds/posture_token/ten-gates");
    // Tag, array, a byte string with its length in one byte, and the empty unprotected header.
    let protected = usize::from(seed[3]);
    let Ok(length) = u16::try_from(bytes.len()) else { return false };
    let head = match length {
        0..24 => vec![0x40 | length as u8],
        24..0x100 => vec![0x58, length as u8],
        _ => [&[0x59][..], &length.to_be_bytes()].concat(),
    };
    posture_token(&[&seed[..5 + protected], &head, bytes, &[0x58, 64], &[1; 64]].concat())
}
