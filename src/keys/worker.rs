//! A thread that does what may hang, and whoever waits for it no longer than it will.

use super::KeyError;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many jobs may wait.
const QUEUE: usize = 16;

type Job<S> = (Instant, Box<dyn FnOnce(&mut S) + Send>);

/// A thread with a state of its own, which does one job after the other.
pub(super) struct Worker<S> {
    jobs: SyncSender<Job<S>>,
    /// Until when what it is at is waited for; none while it waits.
    at_work: Arc<Mutex<Option<Instant>>>,
}

impl<S: Send + 'static> Worker<S> {
    /// # Errors
    /// The thread can't be started.
    pub fn start(name: &str, state: S) -> io::Result<Worker<S>> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let at_work = Arc::new(Mutex::new(None));
        let until = at_work.clone();
        std::thread::Builder::new().name(name.into()).spawn(move || go_on(state, &waiting, &until))?;
        Ok(Worker { jobs, at_work })
    }

    /// Does a job, and waits for what it gives. While one hangs that nobody waits for any more, no other is begun.
    ///
    /// # Errors
    /// [`KeyError::TimedOut`].
    pub fn ask<T: Send + 'static>(
        &self,
        patience: Duration,
        job: impl FnOnce(&mut S) -> Result<T, KeyError> + Send + 'static,
    ) -> Result<T, KeyError> {
        let now = Instant::now();
        let until = now.checked_add(patience).ok_or(KeyError::TimedOut)?;
        if lock(&self.at_work).is_some_and(|until| until < now) {
            return Err(KeyError::TimedOut);
        }
        let (reply, answer) = sync_channel(1);
        let job = move |state: &mut S| {
            // Who gave up is answered in vain.
            let _ = reply.send(job(state));
        };
        self.jobs.try_send((until, Box::new(job))).map_err(|_| KeyError::TimedOut)?;
        answer.recv_timeout(patience).unwrap_or(Err(KeyError::TimedOut))
    }
}

fn go_on<S>(mut state: S, waiting: &Receiver<Job<S>>, at_work: &Mutex<Option<Instant>>) {
    while let Ok((until, job)) = waiting.recv() {
        // Nobody waits for it any more.
        if until < Instant::now() {
            continue;
        }
        *lock(at_work) = Some(until);
        if catch_unwind(AssertUnwindSafe(|| job(&mut state))).is_err() {
            tracing::error!("a job with a key panicked");
        }
        *lock(at_work) = None;
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(20);

    #[test]
    fn one_that_hangs_is_not_waited_for_and_nothing_is_queued_behind_it() {
        let worker = Worker::start("test", 0).unwrap();
        let (release, hang) = channel::<()>();
        let hanging = worker.ask(SHORT, move |_| {
            let _ = hang.recv();
            Ok(())
        });
        assert_eq!(hanging, Err(KeyError::TimedOut));
        // For each there is an answer at once, and none of them is done later.
        for _ in 0..100 {
            let asked = worker.ask(LONG, |count: &mut i32| {
                *count += 1;
                Ok(*count)
            });
            assert_eq!(asked, Err(KeyError::TimedOut));
        }
        drop(release);
        let counted = || worker.ask(LONG, |count: &mut i32| Ok(*count));
        let answer = std::iter::repeat_with(counted).find(|answer| *answer != Err(KeyError::TimedOut));
        assert_eq!(answer, Some(Ok(0)));
    }

    #[test]
    fn a_panic_is_one_jobs_alone() {
        let worker = Worker::start("test", ()).unwrap();
        let asked: Result<(), KeyError> = worker.ask(LONG, |()| panic!("in a test"));
        assert_eq!(asked, Err(KeyError::TimedOut));
        assert_eq!(worker.ask(LONG, |()| Ok(7)), Ok(7));
    }
}
