//! How often the evaluator reads because of events: what changes without end costs no more than this.

/// How long, in milliseconds, until one more cycle.
const INTERVAL: u64 = 100;
/// How many cycles may follow one another after a rest.
const BURST: u64 = 20;

/// The account of cycles, by the generic cell rate algorithm (ITU-T I.371, annex A).
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// When the cycles so far would all be paid for, in milliseconds since boot.
    due: u64,
}

impl Pace {
    /// Begins a cycle, or says when the next may begin.
    pub fn begin(&mut self, now: u64) -> Result<(), u64> {
        let start = self.due.max(now);
        let allowed_at = start.saturating_sub(INTERVAL * (BURST - 1));
        if now < allowed_at {
            return Err(allowed_at);
        }
        self.due = start.saturating_add(INTERVAL);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_cycles_are_an_interval_apart() {
        let mut pace = Pace::default();
        let begun: Vec<u64> = (5000..6000).filter(|now| pace.begin(*now).is_ok()).collect();
        assert_eq!(begun[..20], (5000..5020).collect::<Vec<u64>>()[..]);
        assert_eq!(begun[20..], (1..10).map(|n| 5000 + n * INTERVAL).collect::<Vec<u64>>()[..]);
        assert_eq!(pace.begin(6000), Ok(()));
        assert_eq!(pace.begin(6001), Err(6100));
        // A long rest earns a burst and no more.
        let again = (0..100).filter(|_| pace.begin(1_000_000).is_ok()).count();
        assert_eq!(again, 20);
    }
}
