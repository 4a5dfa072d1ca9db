//! Verdicts, and how those of checks become those of objectives and gates.

use core::fmt;

/// What was concluded of a check, an objective or a gate. Worse orders lower; NotApplicable stands apart.
///
/// The discriminants differ in many bits, so that no single flipped bit turns one into another.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Verdict {
    /// The evidence contradicts what is asked.
    Fail = 0x1d2b_4c35,
    /// Nothing can be concluded; never as good as a Pass.
    Unknown = 0x26d4_b3ca,
    /// The evidence shows what is asked.
    Pass = 0x5a59_5a96,
    /// The policy says that the question does not arise on this class of device.
    NotApplicable = 0x69a6_a569,
}

/// What a check's failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Advice: never decides an objective.
    Minor,
    /// Required.
    Major,
    /// Evidence of compromise: no waiver and no policy lowers it.
    Critical,
}

impl Verdict {
    /// As JSON writes it.
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Fail => "fail",
            Verdict::Unknown => "unknown",
            Verdict::Pass => "pass",
            Verdict::NotApplicable => "not-applicable",
        }
    }
}

impl Severity {
    /// As JSON writes it.
    pub fn code(self) -> &'static str {
        match self {
            Severity::Minor => "minor",
            Severity::Major => "major",
            Severity::Critical => "critical",
        }
    }

    /// Whether a check of this severity decides its objective.
    pub fn decides(self) -> bool {
        self >= Severity::Major
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The verdict of an objective from those of its deciding checks. Without one of them, Unknown: a check that
/// nobody judged never helps. `anchored` says whether evidence of the objective's anchor class stood behind a Pass.
pub fn objective(deciding: impl IntoIterator<Item = Verdict>, anchored: bool) -> Verdict {
    match worst(deciding) {
        Verdict::Pass if !anchored => Verdict::Unknown,
        verdict => verdict,
    }
}

/// The verdict of a gate from those of its objectives.
pub fn gate(objectives: impl IntoIterator<Item = Verdict>) -> Verdict {
    worst(objectives)
}

/// NotApplicable if all are; else the worst of the others; Unknown if there is none.
fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().reduce(Verdict::min).unwrap_or(Verdict::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_verdict_is_a_bit_flip_from_another() {
        let all = [Verdict::Fail, Verdict::Unknown, Verdict::Pass, Verdict::NotApplicable];
        for a in all {
            for b in all {
                assert!(a == b || (a as u32 ^ b as u32).count_ones() >= 8, "{a} {b}");
            }
        }
    }

    #[test]
    fn an_objective_is_as_bad_as_its_worst_deciding_check() {
        use Verdict::*;
        assert_eq!(objective([Pass, Fail, Unknown], true), Fail);
        assert_eq!(objective([Pass, Unknown], true), Unknown);
        assert_eq!(objective([Pass, NotApplicable], true), Pass);
        assert_eq!(objective([Pass, Pass], false), Unknown);
        assert_eq!(objective([NotApplicable], false), NotApplicable);
        assert_eq!(objective([], true), Unknown);
    }
}
