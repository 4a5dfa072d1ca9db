//! The threads that make the calls: few, with a short queue, and never all of them for one user.

use crate::serve::wire::Refusal;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How many threads.
const THREADS: usize = 6;
/// How many of them one user's calls may hold, so that those of others find one free.
const MAX_RUNNING: usize = 2;
/// How many calls of one user may be running or wait.
const MAX_EACH: usize = 16;
/// How many of all.
const MAX_ALL: usize = 64;
/// A call is encoded on its thread's stack: records in records.
const STACK: usize = 512 * 1024;

/// A piece of work.
pub type Job = Box<dyn FnOnce() + Send>;

/// The threads.
pub struct Workers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    bell: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(u32, Job)>,
    users: BTreeMap<u32, User>,
    closed: bool,
}

#[derive(Default)]
struct User {
    running: usize,
    /// Running or waiting.
    all: usize,
}

impl Workers {
    /// Starts them.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn start() -> std::io::Result<Workers> {
        let mut workers = Workers { shared: Arc::default(), threads: Vec::new() };
        for number in 1..=THREADS {
            let shared = workers.shared.clone();
            let thread = std::thread::Builder::new().name(format!("d-bus {number}")).stack_size(STACK);
            workers.threads.push(thread.spawn(move || work(&shared))?);
        }
        Ok(workers)
    }

    /// Takes a call of this user.
    ///
    /// # Errors
    /// [`Refusal::Busy`] beyond the bounds.
    pub fn take(&self, user: u32, job: Job) -> Result<(), Refusal> {
        let mut queue = self.shared.lock();
        let all: usize = queue.users.values().map(|user| user.all).sum();
        let own = queue.users.entry(user).or_default();
        if own.all >= MAX_EACH || all >= MAX_ALL {
            // An entry that was only now made holds nothing; it goes.
            queue.users.retain(|_, user| user.all > 0);
            return Err(Refusal::Busy);
        }
        own.all += 1;
        queue.waiting.push_back((user, job));
        self.shared.bell.notify_one();
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.bell.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// The first call of a user who does not hold its share of the threads.
    fn next(&mut self) -> Option<(u32, Job)> {
        let users = &self.users;
        let free = |user: &u32| users.get(user).is_none_or(|user| user.running < MAX_RUNNING);
        let at = self.waiting.iter().position(|(user, _)| free(user))?;
        let found = self.waiting.remove(at)?;
        self.users.entry(found.0).or_default().running += 1;
        Some(found)
    }

    fn done(&mut self, user: u32) {
        if let Some(found) = self.users.get_mut(&user) {
            found.running = found.running.saturating_sub(1);
            found.all = found.all.saturating_sub(1);
            if found.all == 0 {
                self.users.remove(&user);
            }
        }
    }
}

fn work(shared: &Shared) {
    let mut queue = shared.lock();
    loop {
        if queue.closed {
            return;
        }
        let Some((user, job)) = queue.next() else {
            queue = shared.bell.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(queue);
        // The desk catches what panics in a call; this is for the answer's encoding.
        let _ = catch_unwind(AssertUnwindSafe(job));
        queue = shared.lock();
        queue.done(user);
        // One that had to wait for this user's share may go now.
        shared.bell.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn one_user_holds_two_threads_and_sixteen_places_at_most() {
        let workers = Workers::start().unwrap();
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let (started, starts) = mpsc::channel();
        for _ in 0..MAX_EACH {
            let (held, started) = (held.clone(), started.clone());
            let job = move || {
                started.send(1).unwrap();
                let _ = held.lock().unwrap().recv();
            };
            workers.take(1, Box::new(job)).unwrap();
        }
        assert_eq!(workers.take(1, Box::new(|| {})), Err(Refusal::Busy));
        for user in 2..5 {
            let started = started.clone();
            workers.take(user, Box::new(move || started.send(user).unwrap())).unwrap();
        }
        let mut seen: Vec<u32> = (0..5).map(|_| starts.recv().unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [1, 1, 2, 3, 4], "others go past the one that waits");
        assert!(starts.try_recv().is_err());
        drop(release);
        assert_eq!(starts.iter().take(14).filter(|user| *user == 1).count(), 14);
    }

    #[test]
    fn the_queue_is_bounded_and_a_panic_ends_nothing() {
        let workers = Workers::start().unwrap();
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let mut taken = 0;
        for user in 0..200 {
            let held = held.clone();
            let job = move || {
                let _ = held.lock().unwrap().recv();
            };
            taken += usize::from(workers.take(user, Box::new(job)).is_ok());
        }
        assert_eq!(taken, MAX_ALL);
        assert!(workers.shared.lock().users.len() <= MAX_ALL);
        drop(release);
        let (done, wait) = mpsc::channel();
        while workers.take(1, Box::new(|| std::panic::resume_unwind(Box::new(())))).is_err() {
            std::thread::yield_now();
        }
        while workers
            .take(
                1,
                Box::new({
                    let done = done.clone();
                    move || done.send(()).unwrap()
                }),
            )
            .is_err()
        {
            std::thread::yield_now();
        }
        wait.recv().unwrap();
    }
}
