//! One device, one audience, and what they say, made by us.

use trust_posture::{GateId, Posture, Verdict};
use trust_token::Claims;
use trust_token::claims::{Boot, BootState, Counters, GateClaim, PolicyClaim};
use trust_token::credential::{Credential, EvidenceLevel, Floors};
use trust_token::crypto::PublicKey;
use trust_token::revocation::Revoked;

/// For whom everything is.
pub const AUDIENCE: &str = "calls.enigm.example";
/// When the challenge is made, in seconds since 1970.
pub const MADE: u64 = 1_793_610_000;

/// A posture attestation with ten gates and all boot facts.
pub fn claims(nonce: [u8; 32]) -> Claims {
    Claims {
        audience: AUDIENCE.into(),
        issued_at: MADE,
        expires_at: MADE + 120,
        id: [1; 16],
        confirmation: [2; 32],
        nonce,
        build: "trustd-0.1.0".into(),
        handle: [4; 32],
        policy: PolicyClaim { id: "production".into(), version: 3, digest: [5; 32], is_lab: false },
        counters: Counters { boot: 41, sequence: 1009 },
        posture: Posture::Compliant,
        gates: GateId::ALL.iter().map(|gate| GateClaim { gate: *gate, verdict: Verdict::Pass }).collect(),
        boot: Some(Boot {
            state: Some(BootState::SelfSigned),
            key: Some([6; 32]),
            vbmeta: Some([7; 32]),
            os_patch: Some(202_610),
            vendor_patch: Some(202_610),
            boot_patch: Some(202_610),
        }),
        waivers: 0,
    }
}

/// The device's credential.
pub fn credential(key: PublicKey) -> Credential {
    Credential {
        audience: AUDIENCE.into(),
        issued_at: MADE - 86_400,
        expires_at: MADE + 86_400,
        key,
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

/// A list of two other handles.
pub fn revoked() -> Revoked {
    let handles = [[98; 32], [99; 32]].into();
    Revoked { audience: AUDIENCE.into(), taken_at: MADE - 3600, number: 3, handles }
}
