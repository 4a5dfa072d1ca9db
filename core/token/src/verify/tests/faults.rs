//! Every rule broken alone, under a name of its own: what the tests of the rules and the vectors are made of.

use super::forge::{damaged, envelope, header, higher, kid, named, payload, plain, replaced, same, wrong};
use super::world::{KNOWN, MADE, NOW, World, revoked};
use crate::cbor::Writer;
use crate::claims::{Boot, BootState, Counters};
use crate::credential::{EvidenceLevel, Floors};
use crate::verify::{KnownPolicy, MAX_TOKEN, TYPE};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use trust_posture::{GateId, Posture, Verdict};

/// One fault.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// The refusal's code.
    pub(crate) code: &'static str,
    pub(crate) change: Box<dyn Fn(&mut World)>,
}

fn fault(code: &'static str, name: &'static str, change: impl Fn(&mut World) + 'static) -> Fault {
    Fault { name, code, change: Box::new(change) }
}

/// All of them, in the order of the rules.
pub(crate) fn faults() -> Vec<Fault> {
    [envelopes(), claims(), binding(), demands(), standing()].into_iter().flatten().collect()
}

/// The envelope.
fn envelopes() -> Vec<Fault> {
    vec![
        fault("too-large", "too-large", |world| {
            world.token = Box::new(|_| vec![0; MAX_TOKEN + 1]);
        }),
        fault("malformed-envelope", "envelope-cut", |world| {
            world.token = damaged(|token| token[..token.len() - 1].to_vec());
        }),
        fault("malformed-envelope", "envelope-followed", |world| {
            world.token = damaged(|token| [&token[..], &[0]].concat());
        }),
        fault("malformed-envelope", "envelope-untagged", |world| {
            world.token = damaged(|token| token[1..].to_vec());
        }),
        fault("malformed-envelope", "envelope-indefinite", |world| {
            world.token = damaged(|token| [&[0xd2, 0x9f], &token[2..], &[0xff]].concat());
        }),
        fault("malformed-envelope", "envelope-long-tag", |world| {
            world.token = damaged(|token| [&[0xd8, 18], &token[1..]].concat());
        }),
        fault("malformed-envelope", "envelope-short-signature", |world| {
            world.token =
                damaged(|token| [&replaced(&token, &[0x58, 64], &[0x58, 63])[..token.len() - 1]].concat());
        }),
        fault("malformed-envelope", "header-out-of-order", |world| {
            let order = |writer: &mut Writer| {
                _ = writer.map(3).integer(4).bytes(&kid()).integer(1).integer(-7).integer(16).text(TYPE);
            };
            world.token = envelope(order, plain, same);
        }),
        fault("malformed-envelope", "header-without-typ", |world| {
            let without =
                |writer: &mut Writer| _ = writer.map(2).integer(1).integer(-7).integer(4).bytes(&kid());
            world.token = envelope(without, plain, same);
        }),
        fault("algorithm", "algorithm", |world| {
            world.token = envelope(header(-35, kid(), TYPE), plain, same);
        }),
        fault("unprotected-header", "unprotected-header", |world| {
            world.token = envelope(header(-7, kid(), TYPE), named, same);
        }),
        fault("type", "type", |world| {
            world.token = envelope(header(-7, kid(), "application/cwt"), plain, same);
        }),
        fault("unknown-key", "unknown-key", |world| {
            world.token = envelope(header(-7, [1; 32], TYPE), plain, same);
        }),
        fault("high-s", "high-s", |world| {
            world.token = envelope(header(-7, kid(), TYPE), plain, higher);
        }),
        fault("signature", "signature", |world| {
            world.token = envelope(header(-7, kid(), TYPE), plain, wrong);
        }),
    ]
}

/// The encoding of the claims: one code.
fn claims() -> Vec<Fault> {
    let fault = |name, change: fn(&mut World)| fault("malformed-claims", name, change);
    vec![
        fault("claims-empty", |world| {
            world.token = payload(|_| vec![0xa0]);
        }),
        fault("claims-followed", |world| {
            world.token = payload(|claims| [&claims[..], &[0]].concat());
        }),
        fault("claims-indefinite", |world| {
            world.token = payload(|claims| [&[0xbf], &claims[1..], &[0xff]].concat());
        }),
        fault("claims-long-integer", |world| {
            world.token = payload(|claims| replaced(&claims, &[4, 0x1a], &[4, 0x1b, 0, 0, 0, 0]));
        }),
        fault("claims-key-twice", |world| {
            // The second of exp and iat becomes another exp.
            world.token = payload(|claims| replaced(&claims, &[6, 0x1a], &[4, 0x1a]));
        }),
        fault("claims-text-for-bytes", |world| {
            world.token = payload(|claims| replaced(&claims, &[7, 0x50], &[7, 0x70]));
        }),
        fault("claims-unknown-key", |world| {
            // -75006, which the profile does not have.
            world.token = payload(|claims| [&[0xb0], &claims[1..], &[0x3a, 0, 1, 0x24, 0xfd, 0]].concat());
        }),
        fault("claims-no-waivers", |world| {
            // Waivers, 0 of them: said by leaving them out.
            world.token = payload(|claims| [&[0xb0], &claims[1..], &[0x3a, 0, 1, 0x24, 0xfc, 0]].concat());
        }),
        fault("claims-other-profile", |world| {
            world.token = payload(|claims| replaced(&claims, b"posture#1", b"posture#2"));
        }),
        fault("claims-other-developer", |world| {
            world.token = payload(|claims| replaced(&claims, b"menigm.example", b"menigm.exampls"));
        }),
        fault("claims-unknown-gate", |world| {
            world.token = payload(|claims| replaced(&claims, b"boot-integrity", b"boot-integritz"));
        }),
        fault("claims-no-gate", |world| {
            world.claims.gates = Vec::new();
        }),
        fault("claims-no-boot-facts", |world| {
            world.claims.boot = Some(Boot::default());
        }),
        fault("claims-other-tier", |world| {
            world.token = payload(|claims| replaced(&claims, &[0x19, 3, 0xe8, 2], &[0x19, 3, 0xe8, 0]));
        }),
        fault("claims-other-vector", |world| {
            world.token =
                payload(|claims| replaced(&claims, &[0x19, 3, 0xe9, 0xa1, 2], &[0x19, 3, 0xe9, 0xa1, 1]));
        }),
        fault("claims-space-in-audience", |world| {
            world.claims.audience = "calls enigm".into();
        }),
        fault("claims-month-13", |world| {
            let boot = world.claims.boot.as_mut().unwrap();
            boot.os_patch = Some(202_613);
        }),
    ]
}

/// Audience, challenge, times and handle.
fn binding() -> Vec<Fault> {
    vec![
        fault("audience", "audience-of-the-token", |world| {
            world.claims.audience = "keys.enigm.example".into();
        }),
        fault("audience", "audience-of-the-credential", |world| {
            world.credential.audience = "keys.enigm.example".into();
        }),
        fault("nonce", "nonce", |world| {
            world.answers = false;
        }),
        fault("challenge-used", "challenge-used", |world| {
            world.is_open = false;
        }),
        fault("challenge-used", "challenge-of-another-audience", |world| {
            world.opened_for = "keys.enigm.example";
        }),
        fault("clock-set-back", "clock-set-back", |world| {
            world.now = MADE - 1;
        }),
        fault("too-late", "too-late", |world| {
            world.now = MADE + 121;
        }),
        fault("lifetime", "lifetime-too-long", |world| {
            world.claims.expires_at = world.claims.issued_at + 121;
        }),
        fault("lifetime", "lifetime-backwards", |world| {
            world.claims.expires_at = world.claims.issued_at - 1;
        }),
        fault("not-yet-valid", "not-yet-valid", |world| {
            (world.claims.issued_at, world.claims.expires_at) = (NOW + 61, NOW + 100);
        }),
        fault("expired", "expired", |world| {
            (world.claims.issued_at, world.claims.expires_at) = (NOW - 100, NOW - 61);
        }),
        fault("handle", "handle", |world| {
            world.claims.handle = [9; 32];
        }),
    ]
}

/// What the relying party asks.
fn demands() -> Vec<Fault> {
    vec![
        fault("credential-expired", "credential-expired", |world| {
            world.credential.expires_at = NOW;
        }),
        fault("evidence-level", "evidence-level", |world| {
            world.credential.evidence = EvidenceLevel::Software;
        }),
        fault("boot-key", "boot-key", |world| {
            world.claims.boot = Some(Boot { key: Some([9; 32]), ..Boot::default() });
        }),
        fault("unknown-policy", "unknown-policy", |world| {
            world.policies = vec![KnownPolicy { digest: [6; 32], ..KNOWN }];
        }),
        fault("unknown-policy", "policy-of-another-version", |world| {
            world.claims.policy.version = 2;
        }),
        fault("unknown-policy", "policy-of-no-laboratory-it-says", |world| {
            world.change = |requirements| requirements.accepts_lab = true;
            world.policies = vec![KnownPolicy { is_lab: true, ..KNOWN }];
        }),
        fault("lab-policy", "lab-policy", |world| {
            world.claims.policy.is_lab = true;
            world.policies = vec![KnownPolicy { is_lab: true, ..KNOWN }];
        }),
        fault("gate", "gate-not-applicable", |world| {
            world.claims.gates[1].verdict = Verdict::NotApplicable;
        }),
        fault("gate", "gate-unknown", |world| {
            world.claims.gates[1].verdict = Verdict::Unknown;
        }),
        fault("gate", "gate-fails", |world| {
            world.claims.gates[1].verdict = Verdict::Fail;
        }),
        fault("gate", "gate-not-shown", |world| {
            _ = world.claims.gates.remove(1);
        }),
        fault("waivers", "waivers", |world| {
            world.claims.waivers = 1;
        }),
        fault("inconsistent", "inconsistent-gate", |world| {
            world.gates = vec![GateId::BootIntegrity];
            world.claims.gates[2].verdict = Verdict::Fail;
        }),
        fault("inconsistent", "inconsistent-waiver", |world| {
            world.change = |requirements| requirements.max_waivers = 1;
            world.claims.waivers = 1;
        }),
        fault("inconsistent", "inconsistent-core-gate", |world| {
            world.gates = vec![GateId::BootIntegrity];
            world.claims.gates[8].verdict = Verdict::Unknown;
            world.claims.posture = Posture::AtRisk;
            world.change = |requirements| requirements.posture = Posture::AtRisk;
        }),
        fault("inconsistent", "inconsistent-boot-state", |world| {
            world.claims.boot.as_mut().unwrap().state = Some(BootState::Unverified);
        }),
        fault("posture", "posture", |world| {
            world.claims.posture = Posture::AtRisk;
        }),
    ]
}

/// Revocation, confirmation and floors.
fn standing() -> Vec<Fault> {
    vec![
        fault("revocation-issuer", "revocation-issuer", |world| {
            world.list_signer = 9;
        }),
        fault("revocation-audience", "revocation-audience", |world| {
            world.revoked.audience = "keys.enigm.example".into();
        }),
        fault("revoked", "revoked", |world| {
            world.revoked = revoked(&[[4; 32]]);
        }),
        fault("revocation-stale", "revocation-too-old", |world| {
            world.revoked.taken_at = NOW - 86_401;
        }),
        fault("revocation-stale", "revocation-to-come", |world| {
            world.revoked.taken_at = NOW + 61;
        }),
        fault("revocation-older", "revocation-older", |world| {
            world.listed = Some(4);
        }),
        fault("confirmation", "confirmation", |world| {
            world.claims.confirmation = [9; 32];
        }),
        fault("floor", "floor-counters", |world| {
            world.claims.counters = Counters { boot: 5, sequence: 8 };
        }),
        fault("floor", "floor-policy", |world| {
            world.credential.floors.policy_version = 2;
        }),
        fault("floor", "floor-older-credential", |world| {
            world.given = Some(world.credential.issued_at + 1);
        }),
        fault("floor", "floor-counters-beyond", |world| {
            world.claims.counters.sequence = (1 << 33) + 10;
        }),
        fault("floor", "floor-patch-beyond", |world| {
            world.claims.boot.as_mut().unwrap().boot_patch = Some(202_702);
        }),
        fault("floor", "floor-patch", |world| {
            world.claims.boot.as_mut().unwrap().vendor_patch = Some(202_608);
        }),
        fault("floor", "floor-shown-before", |world| {
            let counters = Counters { boot: 7, sequence: 1235 };
            world.stood = Some(Floors { policy_version: 1, counters, patches: [202_610; 3] });
        }),
    ]
}
