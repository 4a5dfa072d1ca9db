//! Answers that are verified, up to the last second and the last waiver.

use crate::claims::tests::good;
use crate::credential::Floors;
use crate::verify::KnownPolicy;
use crate::verify::tests::world::{KNOWN, MADE, World};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use trust_posture::{GateId, Posture, Verdict};

type Change = Box<dyn Fn(&mut World)>;

/// Name, expectation and what differs from the answer with ten gates and all boot facts.
pub(super) fn changes() -> Vec<(&'static str, &'static str, Change)> {
    let rows: Vec<(&str, Change)> = vec![
        ("ten-gates", Box::new(|_| ())),
        ("ten-gates-without-boot-facts", Box::new(|world| world.claims.boot = None)),
        (
            "two-gates",
            Box::new(|world| {
                world.gates = vec![GateId::BuildIntegrity, GateId::BootIntegrity];
                world.claims.gates.truncate(2);
                world.claims.boot = None;
            }),
        ),
        (
            "one-waiver",
            Box::new(|world| {
                world.claims.posture = Posture::AtRisk;
                world.claims.waivers = 1;
                world.change = |asked| (asked.posture, asked.max_waivers) = (Posture::AtRisk, 1);
            }),
        ),
        (
            "laboratory",
            Box::new(|world| {
                world.claims.policy.is_lab = true;
                world.policies = vec![KnownPolicy { is_lab: true, ..KNOWN }];
                world.change = |asked| asked.accepts_lab = true;
            }),
        ),
        (
            "every-state",
            Box::new(|world| {
                world.claims.posture = Posture::NonCompliant;
                let states = [Verdict::Pass, Verdict::Fail, Verdict::Unknown, Verdict::NotApplicable];
                world.claims.gates.truncate(4);
                world.claims.gates.iter_mut().zip(states).for_each(|(claim, state)| claim.verdict = state);
                world.gates = vec![GateId::BuildIntegrity];
                world.change = |asked| asked.posture = Posture::NonCompliant;
            }),
        ),
        (
            "last-second",
            Box::new(|world| {
                world.now = MADE + 120;
                (world.claims.issued_at, world.claims.expires_at) = (world.now - 180, world.now - 60);
                world.credential.expires_at = world.now + 1;
                world.revoked.taken_at = world.now - 86_400;
            }),
        ),
        (
            "floors-stand",
            Box::new(|world| {
                let counters = good().counters;
                world.stood = Some(Floors { policy_version: 1, counters, patches: [202_610; 3] });
                world.given = Some(world.credential.issued_at);
                world.listed = Some(world.revoked.number);
            }),
        ),
    ];
    rows.into_iter().map(|(name, change)| (name, "verified", change)).collect()
}
