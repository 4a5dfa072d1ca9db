//! A thread that does what may hang, and whoever waits for it no longer than it will.

use super::{KeyError, Owner};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many jobs of one owner may wait.
const QUEUE: usize = 16;

/// For whom; none: for the device itself.
type For = Option<Owner>;
type Job<S> = (Instant, Box<dyn FnOnce(&mut S) + Send>);

/// A thread with a state of its own, which does one job after the other: of each owner in turn, so that whoever asks for
/// much waits behind himself.
pub(super) struct Worker<S> {
    shared: Arc<Shared<S>>,
}

struct Shared<S> {
    waiting: Mutex<Waiting<S>>,
    wake: Condvar,
}

struct Waiting<S> {
    /// None of them empty.
    jobs: BTreeMap<For, VecDeque<Job<S>>>,
    /// Whose job was done last.
    last: For,
    /// Until when what it is at is waited for; none while it waits.
    at_work: Option<Instant>,
    is_over: bool,
}

impl<S: Send + 'static> Worker<S> {
    /// # Errors
    /// The thread can't be started.
    pub fn start(name: &str, state: S) -> io::Result<Worker<S>> {
        let waiting = Waiting { jobs: BTreeMap::new(), last: None, at_work: None, is_over: false };
        let shared = Arc::new(Shared { waiting: Mutex::new(waiting), wake: Condvar::new() });
        let of = shared.clone();
        std::thread::Builder::new().name(name.into()).spawn(move || go_on(state, &of))?;
        Ok(Worker { shared })
    }

    /// Does a job, and waits for what it gives. While one hangs that nobody waits for any more, no other is begun.
    ///
    /// # Errors
    /// [`KeyError::TimedOut`].
    pub fn ask<T: Send + 'static>(
        &self,
        whose: For,
        patience: Duration,
        job: impl FnOnce(&mut S) -> Result<T, KeyError> + Send + 'static,
    ) -> Result<T, KeyError> {
        let now = Instant::now();
        let until = now.checked_add(patience).ok_or(KeyError::TimedOut)?;
        let (reply, answer) = sync_channel(1);
        let job = move |state: &mut S| {
            // Who gave up is answered in vain.
            let _ = reply.send(job(state));
        };
        {
            let mut waiting = lock(&self.shared.waiting);
            let own = waiting.jobs.get(&whose).map_or(0, VecDeque::len);
            if waiting.at_work.is_some_and(|until| until < now) || own >= QUEUE {
                return Err(KeyError::TimedOut);
            }
            waiting.jobs.entry(whose).or_default().push_back((until, Box::new(job)));
        }
        self.shared.wake.notify_one();
        answer.recv_timeout(patience).unwrap_or(Err(KeyError::TimedOut))
    }
}

impl<S> Drop for Worker<S> {
    fn drop(&mut self) {
        lock(&self.shared.waiting).is_over = true;
        self.shared.wake.notify_one();
    }
}

impl<S> Waiting<S> {
    /// The next owner's first job: the one after whose was last, in a round.
    fn next(&mut self) -> Option<Job<S>> {
        let after = (Bound::Excluded(&self.last), Bound::Unbounded);
        let whose = self.jobs.range::<For, _>(after).chain(&self.jobs).next()?.0.clone();
        let own = self.jobs.get_mut(&whose)?;
        let job = own.pop_front();
        if own.is_empty() {
            self.jobs.remove(&whose);
        }
        self.last = whose;
        job
    }
}

fn go_on<S>(mut state: S, shared: &Shared<S>) {
    loop {
        let mut waiting = lock(&shared.waiting);
        waiting.at_work = None;
        let job = loop {
            match waiting.next() {
                // Nobody waits for it any more.
                Some((until, _)) if until < Instant::now() => {}
                Some((until, job)) => {
                    waiting.at_work = Some(until);
                    break job;
                }
                None if waiting.is_over => return,
                None => waiting = shared.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(waiting);
        if catch_unwind(AssertUnwindSafe(|| job(&mut state))).is_err() {
            tracing::error!("a job with a key panicked");
        }
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
        let hanging = worker.ask(None, SHORT, move |_| {
            let _ = hang.recv();
            Ok(())
        });
        assert_eq!(hanging, Err(KeyError::TimedOut));
        // For each there is an answer at once, and none of them is done later.
        for _ in 0..100 {
            let asked = worker.ask(None, LONG, |count: &mut i32| {
                *count += 1;
                Ok(*count)
            });
            assert_eq!(asked, Err(KeyError::TimedOut));
        }
        drop(release);
        let counted = || worker.ask(None, LONG, |count: &mut i32| Ok(*count));
        let answer = std::iter::repeat_with(counted).find(|answer| *answer != Err(KeyError::TimedOut));
        assert_eq!(answer, Some(Ok(0)));
    }

    #[test]
    fn a_panic_is_one_jobs_alone() {
        let worker = Worker::start("test", ()).unwrap();
        let asked: Result<(), KeyError> = worker.ask(None, LONG, |()| panic!("in a test"));
        assert_eq!(asked, Err(KeyError::TimedOut));
        assert_eq!(worker.ask(None, LONG, |()| Ok(7)), Ok(7));
    }

    #[test]
    fn who_asks_for_much_waits_behind_himself() {
        let worker = Worker::start("test", Vec::new()).unwrap();
        let (release, hold) = channel::<()>();
        std::thread::scope(|scope| {
            let worker = &worker;
            scope.spawn(move || worker.ask(None, LONG, move |_| Ok(hold.recv().is_err())));
            while lock(&worker.shared.waiting).at_work.is_none() {
                std::thread::yield_now();
            }
            for (before, name) in ["a", "a", "a", "a", "b"].into_iter().enumerate() {
                let of = Some((name.into(), 0));
                let did = move |did: &mut Vec<&str>| {
                    did.push(name);
                    Ok(())
                };
                scope.spawn(move || worker.ask(of, LONG, did));
                while lock(&worker.shared.waiting).jobs.values().map(VecDeque::len).sum::<usize>() == before {
                    std::thread::yield_now();
                }
            }
            drop(release);
        });
        assert_eq!(worker.ask(None, LONG, |did| Ok(did.concat())), Ok("abaaa".into()));
    }
}
