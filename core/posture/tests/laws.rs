//! Law 2a: a worse check never improves objective, gate or posture.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use proptest::prelude::*;
use trust_posture::{Posture, Verdict, gate, objective, posture};

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(vec![Verdict::Fail, Verdict::Unknown, Verdict::Pass])
}

/// Ten gates of three objectives of up to four deciding checks, and a few minor ones.
type Device = (Vec<Vec<Vec<Verdict>>>, Vec<Verdict>);

fn device() -> impl Strategy<Value = Device> {
    let objective = prop::collection::vec(verdict(), 1..4);
    let gates = prop::collection::vec(prop::collection::vec(objective, 3), 10);
    (gates, prop::collection::vec(verdict(), 0..5))
}

fn judged((gates, minor): &Device, binding: &[bool], waived: bool) -> (Vec<Verdict>, Posture) {
    let verdicts: Vec<Verdict> = gates
        .iter()
        .map(|objectives| gate(objectives.iter().map(|checks| objective(checks.iter().copied(), true))))
        .collect();
    let posture =
        posture(verdicts.iter().copied().zip(binding.iter().copied()), minor.iter().copied(), waived);
    (verdicts, posture)
}

proptest! {
    #[test]
    fn a_worse_check_never_improves_anything(
        before in device(),
        binding in prop::collection::vec(any::<bool>(), 10),
        waived in any::<bool>(),
        at in any::<(prop::sample::Index, prop::sample::Index, prop::sample::Index)>(),
        minor in any::<bool>(),
        worse in verdict(),
    ) {
        let mut after = before.clone();
        let slot = if minor && !after.1.is_empty() {
            let n = at.0.index(after.1.len());
            &mut after.1[n]
        } else {
            let objectives = &mut after.0[at.0.index(10)];
            let n = at.1.index(objectives.len());
            let checks = &mut objectives[n];
            let n = at.2.index(checks.len());
            &mut checks[n]
        };
        *slot = (*slot).min(worse);
        let (before, after) = (judged(&before, &binding, waived), judged(&after, &binding, waived));
        for (before, after) in before.0.iter().zip(&after.0) {
            prop_assert!(after <= before);
        }
        prop_assert!(after.1 <= before.1);
    }

    #[test]
    fn an_anchor_that_is_not_met_and_a_waiver_never_help(checks in prop::collection::vec(verdict(), 1..6), binding in any::<bool>()) {
        let with = objective(checks.iter().copied(), true);
        let without = objective(checks.iter().copied(), false);
        prop_assert!(without <= with && without != Verdict::Pass);
        prop_assert!(posture([(with, binding)], [], true) <= posture([(with, binding)], [], false));
    }
}
