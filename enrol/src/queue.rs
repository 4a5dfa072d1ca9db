//! One writer, and as many changes to a transaction as wait for it: a disk takes milliseconds to make a transaction
//! durable, whatever is in it.

use crate::refusal::Refusal;
use crate::state::{State, StateError, doing};
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// The most changes of a transaction.
const MAX_BATCH: usize = 64;
/// How many changes may wait for the writer; who brings another waits with it.
const MAX_WAITING: usize = 256;

/// What a change answers: told why its transaction was not written, if it was not.
type Answer = Box<dyn FnOnce(Option<&str>) + Send>;
/// A change: its answer, and whether what it wrote must be undone. Without a connection it is not tried.
type Job = Box<dyn FnOnce(Option<&Connection>) -> (Answer, bool) + Send>;

/// The state, with a thread that alone writes it.
#[derive(Clone, Debug)]
pub struct Queue {
    jobs: SyncSender<Job>,
}

impl Queue {
    /// Starts the thread. It ends when the last of these is dropped.
    pub fn start(state: State) -> Result<Queue, StateError> {
        let (jobs, waiting) = sync_channel(MAX_WAITING);
        let started = thread::Builder::new().name("state".into()).spawn(move || write(state, &waiting));
        started.map(|_| Queue { jobs }).map_err(|_| StateError::Ended)
    }

    /// Makes a change; waits until it is durable. A refusal changes what it changed before it was made; only
    /// [`Refusal::State`] undoes everything.
    pub fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (send, answer) = sync_channel(1);
        let job: Job = Box::new(move |on| {
            let changed = on.map(change);
            let is_undone = matches!(changed, Some(Err(Refusal::State(_))));
            let answer: Answer = Box::new(move |failed| {
                let answer = match (changed, failed) {
                    (Some(changed), None) => changed,
                    (Some(changed), _) if is_undone => changed,
                    (_, None) => Err(StateError::Ended.into()),
                    (_, Some(why)) => Err(StateError::RolledBack(why.into()).into()),
                };
                // Who asked may be gone.
                let _ = send.send(answer);
            });
            (answer, is_undone)
        });
        self.jobs.send(job).map_err(|_| StateError::Ended)?;
        answer.recv().unwrap_or(Err(Refusal::State(StateError::Ended)))
    }
}

fn write(mut state: State, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut answers = Vec::new();
        let failed = batch(&mut state, first, waiting, &mut answers).err().map(|error| error.to_string());
        answers.into_iter().for_each(|answer| answer(failed.as_deref()));
    }
}

fn batch(
    state: &mut State,
    first: Job,
    waiting: &Receiver<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), StateError> {
    let transaction = match state.begin() {
        Ok(transaction) => transaction,
        Err(error) => {
            answers.push(first(None).0);
            return Err(error);
        }
    };
    let mut next = Some(first);
    while let Some(job) = next {
        let (answer, is_undone) = job(Some(&transaction));
        answers.push(answer);
        if is_undone {
            // Dropping the transaction rolls it back.
            return Err(StateError::RolledBack("another change".into()));
        }
        next = if answers.len() < MAX_BATCH { waiting.try_recv().ok() } else { None };
    }
    transaction.commit().map_err(doing("committing"))
}
