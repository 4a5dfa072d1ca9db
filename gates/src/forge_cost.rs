//! What an attacker would have to forge to make a device look compliant: a measure of the gates themselves.

use crate::judge::judge;
use crate::plan::Plan;
use std::collections::BTreeSet;
use trust_evidence::{Class, Evidence, Observation, Origin, Outcome, SignalIx, Time};
use trust_posture::Posture;

/// The signals that must be forged, and their origins: those of one origin fall together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeCost {
    /// Signals that were seen and must say something else, with the class they must reach.
    pub forged: Vec<(SignalIx, Class)>,
    /// Signals that were missing and must be made up, with the class they must reach.
    pub supplied: Vec<(SignalIx, Class)>,
    /// The distinct writers that must be subverted.
    pub origins: BTreeSet<Origin>,
}

/// Why no forge cost can be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeCostError {
    /// The reference is not what the policy calls compliant.
    #[error("the reference is {0} under this policy: expected a compliant one")]
    ReferenceNotCompliant(Posture),
}

/// The forge cost of a device against a reference that the policy calls compliant at `at`.
///
/// Takes the signals that differ and gives them up one at a time, strongest class first, as long as giving
/// the rest the reference's values keeps the device compliant. What remains must be forged. Ages are left out:
/// every observation counts as taken when the reference was.
pub fn forge_cost(
    plan: &Plan<'_>,
    device: &Evidence,
    reference: &Evidence,
    at: Time,
) -> Result<ForgeCost, ForgeCostError> {
    let catalogue = plan.catalogue;
    let timeless = |evidence: &Evidence| {
        let mut copy = Evidence::empty(catalogue, evidence.source.clone());
        copy.source.taken_at = Some(at);
        for (ix, _) in catalogue.iter() {
            if let Some(observation) = evidence.get(ix) {
                copy.record(catalogue, ix, Observation { taken_at: None, ..observation.clone() });
            }
        }
        copy
    };
    let (device, reference) = (timeless(device), timeless(reference));
    let posture = judge(plan, &reference, at).posture();
    if posture != Posture::Compliant {
        return Err(ForgeCostError::ReferenceNotCompliant(posture));
    }
    let mut differing: Vec<(SignalIx, &Observation)> = catalogue
        .iter()
        .filter_map(|(ix, _)| {
            reference.get(ix).filter(|expected| device.get(ix) != Some(*expected)).map(|o| (ix, o))
        })
        .collect();
    // Strongest first, so that what is hardest to forge is given up first and the cost is never overstated.
    differing.sort_by_key(|(ix, observation)| (std::cmp::Reverse(observation.class), *ix));

    let mut forgery = reference.clone();
    // Giving one up can make another needless (two values that only make sense together), so this goes on until
    // nothing more can be given up.
    loop {
        let before = differing.len();
        differing.retain(|(ix, expected)| {
            let Some(honest) = device.get(*ix) else { return false };
            forgery.record(catalogue, *ix, honest.clone());
            let compliant = judge(plan, &forgery, at).posture() == Posture::Compliant;
            if !compliant {
                forgery.record(catalogue, *ix, (*expected).clone());
            }
            !compliant
        });
        if differing.len() == before {
            break;
        }
    }

    let mut cost = ForgeCost { forged: Vec::new(), supplied: Vec::new(), origins: BTreeSet::new() };
    for (ix, expected) in differing {
        let list = match device.get(ix).map(|honest| &honest.outcome) {
            Some(Outcome::Seen(_) | Outcome::Absent) => &mut cost.forged,
            _ => &mut cost.supplied,
        };
        list.push((ix, expected.class));
        cost.origins.extend(catalogue.signal(ix).map(|signal| signal.origin));
    }
    Ok(cost)
}
