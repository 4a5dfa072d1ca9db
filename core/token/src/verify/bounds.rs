//! What can't be: a posture that is better than what stands beside it, and numbers that no device has come to.

use crate::claims::{BootState, Claims, GateClaim};
use crate::credential::Floors;
use trust_posture::{GateId, Posture, Verdict};

/// How far each counter may lie above its floor in the credential. It begins at a random number below 2^32, of which
/// the floor need not tell; as much again is a judgement a second for 136 years.
const MAX_RISE: u64 = 1 << 33;
/// How many months after now a patch level may be of: makers date them ahead.
const MONTHS_AHEAD: u64 = 2;
/// The gates that bind under every policy but a laboratory's.
const CORE: [GateId; 4] =
    [GateId::BuildIntegrity, GateId::BootIntegrity, GateId::RuntimeSecurity, GateId::UpdateIntegrity];

/// Whether a posture is no better than the gates, the boot state and the waivers beside it.
pub(super) fn is_consistent(claims: &Claims) -> bool {
    let falls_short = |claim: &GateClaim| matches!(claim.verdict, Verdict::Fail | Verdict::Unknown);
    let is_core = |claim: &GateClaim| CORE.contains(&claim.gate);
    let fits_gates = match claims.posture {
        Posture::Compliant => claims.waivers == 0 && !claims.gates.iter().any(falls_short),
        Posture::AtRisk if claims.policy.is_lab => true,
        Posture::AtRisk => !claims.gates.iter().any(|claim| is_core(claim) && falls_short(claim)),
        Posture::NonCompliant | Posture::Indeterminate => true,
    };
    // A laboratory's policy, or a waiver, may let a device pass whatever its boot state.
    let is_strict = !claims.policy.is_lab && claims.waivers == 0;
    let state = claims.boot.and_then(|boot| boot.state);
    let boots_badly = matches!(state, Some(BootState::Failed | BootState::Unverified));
    let passes_boot = claims
        .gates
        .iter()
        .any(|claim| claim.gate == GateId::BootIntegrity && claim.verdict == Verdict::Pass);
    fits_gates && !(is_strict && boots_badly && passes_boot)
}

/// Whether a device of these floors can have come to this by now, in seconds since 1970. What it shows becomes a floor:
/// one that no honest device ever reaches would shut it out for good.
pub(super) fn is_reachable(floors: &Floors, shown: &Floors, now: u64) -> bool {
    let rises =
        [(floors.counters.boot, shown.counters.boot), (floors.counters.sequence, shown.counters.sequence)];
    let latest = month_after(now, MONTHS_AHEAD);
    rises.iter().all(|(floor, shown)| *shown <= floor.saturating_add(MAX_RISE))
        && shown.patches.iter().all(|month| *month <= latest)
}

/// The month (YYYYMM) so many after the one of a time in seconds since 1970, by the Gregorian calendar in UTC.
fn month_after(now: u64, months: u64) -> u32 {
    // Years that begin in March, in eras of 400 years of 146097 days; day 0 is 0000-03-01.
    let day = now / 86_400 + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Months since the March of year 0, of which January is the eleventh.
    let month = (era * 400 + year) * 12 + (5 * of_year + 2) / 153 + 2 + months;
    u32::try_from(month / 12 * 100 + month % 12 + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Counters;

    #[test]
    fn months_are_the_calendars() {
        for (now, months, expected) in [
            (0, 0, 197_001),
            (86_400 * 31 - 1, 0, 197_001),
            (86_400 * 31, 0, 197_002),
            (951_782_399, 0, 200_002),
            (951_782_400, 0, 200_002),
            (951_868_800, 0, 200_003),
            (1_793_610_003, 0, 202_611),
            (1_793_610_003, 2, 202_701),
            (1_798_761_599, 0, 202_612),
            (1_798_761_600, 0, 202_701),
            (4_102_444_800, 2, 210_003),
            (u64::MAX, 2, u32::MAX),
        ] {
            assert_eq!(month_after(now, months), expected, "{now} and {months}");
        }
    }

    #[test]
    fn floors_have_a_ceiling() {
        let floors =
            Floors { policy_version: 1, counters: Counters { boot: 5, sequence: 9 }, patches: [0; 3] };
        let shown = |boot, sequence, patch| Floors {
            counters: Counters { boot, sequence },
            patches: [0, patch, 0],
            ..floors
        };
        let now = 1_793_610_003;
        for (row, expected) in [
            (shown(5, 9, 0), true),
            (shown(5 + MAX_RISE, 9 + MAX_RISE, 202_701), true),
            (shown(6 + MAX_RISE, 9, 0), false),
            (shown(6, 10 + MAX_RISE, 0), false),
            (shown(5, 9, 202_702), false),
            (shown(u64::MAX, u64::MAX, 209_912), false),
        ] {
            assert_eq!(is_reachable(&floors, &row, now), expected, "{row:?}");
        }
        let highest = Floors { counters: Counters { boot: u64::MAX, sequence: u64::MAX }, ..floors };
        assert!(is_reachable(&highest, &highest, now));
    }
}
