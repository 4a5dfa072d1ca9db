//! The posture of a device: what the ten gates come to. No scores.

use crate::Verdict;
use core::fmt;

/// The posture. Worse orders lower.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Posture {
    /// A binding gate fails.
    NonCompliant = 0x1b2d_4e53,
    /// A binding gate is Unknown.
    Indeterminate = 0x24d2_b1ac,
    /// Every binding gate passes; some other gate or some advice does not, or a waiver was used.
    AtRisk = 0x5b3c_5a87,
    /// Everything that applies passes.
    Compliant = 0x64c3_a578,
}

impl Posture {
    /// As JSON writes it.
    pub fn code(self) -> &'static str {
        match self {
            Posture::NonCompliant => "non-compliant",
            Posture::Indeterminate => "indeterminate",
            Posture::AtRisk => "at-risk",
            Posture::Compliant => "compliant",
        }
    }
}

impl fmt::Display for Posture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The posture of a device from each gate's verdict and whether the policy binds it, the verdicts of the
/// minor checks, and whether a waiver left a check out.
pub fn posture(
    gates: impl IntoIterator<Item = (Verdict, bool)>,
    minor: impl IntoIterator<Item = Verdict>,
    waived: bool,
) -> Posture {
    let falls_short = |verdict| matches!(verdict, Verdict::Fail | Verdict::Unknown);
    let mut posture = Posture::Compliant;
    let mut bound = false;
    for (verdict, binding) in gates {
        bound |= binding;
        posture = posture.min(match (verdict, binding) {
            (Verdict::Fail, true) => Posture::NonCompliant,
            (Verdict::Unknown, true) => Posture::Indeterminate,
            (verdict, _) if falls_short(verdict) => Posture::AtRisk,
            _ => Posture::Compliant,
        });
    }
    if waived || minor.into_iter().any(falls_short) {
        posture = posture.min(Posture::AtRisk);
    }
    // Where no gate binds, nothing was asked, and nothing can be concluded.
    if bound { posture } else { posture.min(Posture::Indeterminate) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::*;

    #[test]
    fn the_first_rule_that_matches_decides() {
        assert_eq!(posture([(Fail, true), (Unknown, true)], [], false), Posture::NonCompliant);
        assert_eq!(
            posture([(Pass, true), (Unknown, true), (Fail, false)], [], false),
            Posture::Indeterminate
        );
        assert_eq!(posture([(Pass, true), (Fail, false)], [], false), Posture::AtRisk);
        assert_eq!(posture([(Pass, true)], [Unknown], false), Posture::AtRisk);
        assert_eq!(posture([(Pass, true)], [Pass], true), Posture::AtRisk);
        assert_eq!(
            posture([(Pass, true), (NotApplicable, true)], [NotApplicable], false),
            Posture::Compliant
        );
        assert_eq!(posture([(Pass, false)], [], false), Posture::Indeterminate);
    }
}
