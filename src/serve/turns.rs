//! One evaluation for all who ask at once, and no more than one each second.

use super::limits::Clock;
use super::wire::Refusal;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an evaluation counts for those who ask after it began.
pub const TURN: Duration = Duration::from_secs(1);
/// How long a caller waits for an evaluation that another began. The evaluator's own bound is shorter.
const PATIENCE: Duration = Duration::from_secs(30);

/// The turns of an evaluation.
pub struct Turns {
    clock: Clock,
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
    /// How many have begun.
    begun: u64,
    /// When the last one did.
    at: Duration,
    under_way: bool,
    last: Option<Result<u64, Refusal>>,
}

impl Turns {
    /// None yet.
    pub fn new(clock: Clock) -> Turns {
        Turns { clock, state: Mutex::default(), done: Condvar::new() }
    }

    /// What `work` comes to, or what the one under way does, or the one that began less than a [`TURN`] ago did: nobody
    /// is held up or refused because another asks without end.
    ///
    /// # Errors
    /// Those of `work`; [`Refusal::TimedOut`] where another's does not end; [`Refusal::Internal`] where it panicked.
    pub fn take(&self, work: impl FnOnce() -> Result<u64, Refusal>) -> Result<u64, Refusal> {
        let mut state = self.lock();
        if state.under_way {
            let joined = state.begun;
            let waiting = |state: &mut State| state.under_way && state.begun == joined;
            let (state, _) = self
                .done
                .wait_timeout_while(state, PATIENCE, waiting)
                .unwrap_or_else(PoisonError::into_inner);
            let ended = !state.under_way || state.begun != joined;
            return if ended { state.last.unwrap_or(Err(Refusal::Internal)) } else { Err(Refusal::TimedOut) };
        }
        let now = (self.clock)();
        if let Some(last) = state.last.filter(|_| now.saturating_sub(state.at) < TURN) {
            return last;
        }
        (state.under_way, state.at, state.last) = (true, now, None);
        state.begun = state.begun.wrapping_add(1);
        drop(state);
        let mut turn = Turn { turns: self, result: Err(Refusal::Internal) };
        turn.result = work();
        turn.result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn under way; it ends for those who wait even where `work` panics.
struct Turn<'t> {
    turns: &'t Turns,
    result: Result<u64, Refusal>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.turns.lock();
        (state.under_way, state.last) = (false, Some(self.result));
        self.turns.done.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, mpsc};

    #[test]
    fn within_a_turn_the_last_answer_counts() {
        let millis = Arc::new(AtomicU64::new(0));
        let read = millis.clone();
        let turns = Turns::new(Arc::new(move || Duration::from_millis(read.load(Ordering::Relaxed))));
        assert_eq!(turns.take(|| Ok(1)), Ok(1));
        millis.store(999, Ordering::Relaxed);
        assert_eq!(turns.take(|| Ok(2)), Ok(1));
        millis.store(1000, Ordering::Relaxed);
        assert_eq!(turns.take(|| Err(Refusal::NotReady)), Err(Refusal::NotReady));
        assert_eq!(turns.take(|| Ok(4)), Err(Refusal::NotReady));
    }

    #[test]
    fn those_who_ask_meanwhile_share_one_evaluation() {
        let turns = Arc::new(Turns::new(Arc::new(|| Duration::ZERO)));
        let (begun, wait) = mpsc::channel();
        let (go, hold) = mpsc::channel::<()>();
        let leader = turns.clone();
        let leader = std::thread::spawn(move || {
            leader.take(move || {
                begun.send(()).unwrap();
                hold.recv().unwrap();
                Ok(7)
            })
        });
        wait.recv().unwrap();
        let others: Vec<_> = (0..8)
            .map(|_| {
                let turns = turns.clone();
                std::thread::spawn(move || turns.take(|| Ok(8)))
            })
            .collect();
        go.send(()).unwrap();
        assert_eq!(leader.join().unwrap(), Ok(7));
        for other in others {
            assert_eq!(other.join().unwrap(), Ok(7));
        }
    }

    #[test]
    fn a_panic_ends_the_turn() {
        let turns = Turns::new(Arc::new(|| Duration::ZERO));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            turns.take(|| std::panic::resume_unwind(Box::new(())))
        }));
        assert!(result.is_err());
        assert_eq!(turns.take(|| Ok(1)), Err(Refusal::Internal), "until the turn is over");
    }
}
