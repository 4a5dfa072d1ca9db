//! Listeners: who is told of changes. The evaluator publishes and goes on; each listener is told from a thread of its
//! own, so that one that is slow, stuck or dead costs the others nothing.

use super::access::{Caller, Tier};
use super::limits::Clock;
use super::numbers::Numbers;
use super::wire::{Change, Refusal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use trust_posture::{GateId, Posture};

/// The most listeners of one user.
pub const MAX_EACH: usize = 4;
/// The most of all.
pub const MAX_ALL: usize = 64;
/// How long a listener may take to be told. One that is still at it when the next change comes after that is dropped.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// What a listener's thread needs: it calls one function.
const STACK: usize = 256 * 1024;

/// Who is told.
pub trait Listener: Send {
    /// Takes a change; `Gone` where there is nobody any more. It may block: nobody else waits.
    ///
    /// # Errors
    /// [`Gone`]: it is dropped.
    fn changed(&mut self, change: &Change) -> Result<(), Gone>;
}

/// There is nobody to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the listener is gone")]
pub struct Gone;

/// A listener's number; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub u64);

/// What a listener is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// Every change.
    All,
    /// Changes of the posture and of this audience's gates.
    Only(Tier),
}

/// All listeners.
pub struct Listeners {
    hall: Arc<Hall>,
}

struct Hall {
    clock: Clock,
    numbers: Numbers,
    seats: Mutex<Seats>,
    door: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

#[derive(Default)]
struct Seats {
    last_id: u64,
    posture: Option<Posture>,
    taken: Vec<Seat>,
}

struct Seat {
    id: ListenerId,
    caller: Caller,
    view: View,
    /// The posture that the listener knows of.
    told: Option<Posture>,
    slot: Arc<Slot>,
}

/// What a listener's thread waits at: a queue of one.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Option<Change>,
    /// Since when the listener is being told.
    busy: Option<Duration>,
    closed: bool,
}

impl Listeners {
    /// Nobody yet.
    pub fn new(clock: Clock) -> Listeners {
        let (numbers, seats, door) = (Numbers::default(), Mutex::default(), OnceLock::new());
        Listeners { hall: Arc::new(Hall { clock, numbers, seats, door }) }
    }

    /// Tells everybody who may know of it. Never blocks: a change that a listener has not taken yet is merged with
    /// this one.
    pub fn publish(&self, change: &Change) {
        let now = (self.hall.clock)();
        let mut seats = self.hall.lock();
        seats.posture = Some(change.posture);
        seats.taken.retain_mut(|seat| {
            if let Some(change) = seat.sees(change, &self.hall.numbers) {
                seat.told = Some(change.posture);
                seat.slot.put(change, now);
            }
            seat.slot.is_held()
        });
    }

    /// Takes a listener in.
    ///
    /// # Errors
    /// [`Refusal::Busy`]: too many of this user or of all. One that was dropped while it was being told counts until it
    /// returns.
    pub fn add(
        &self,
        caller: &Caller,
        view: View,
        listener: Box<dyn Listener>,
    ) -> Result<ListenerId, Refusal> {
        let mut seats = self.hall.lock();
        let own = seats.taken.iter().filter(|seat| seat.caller.uid == caller.uid).count();
        if own >= MAX_EACH || seats.taken.len() >= MAX_ALL {
            return Err(Refusal::Busy);
        }
        seats.last_id += 1;
        let id = ListenerId(seats.last_id);
        let slot = Arc::new(Slot::default());
        let (hall, at) = (Arc::downgrade(&self.hall), slot.clone());
        let thread = std::thread::Builder::new().name(format!("listener {}", id.0)).stack_size(STACK);
        thread.spawn(move || serve(&hall, id, &at, listener)).map_err(|_| Refusal::Busy)?;
        let told = seats.posture;
        seats.taken.push(Seat { id, caller: caller.clone(), view, told, slot });
        drop(seats);
        self.hall.came_or_went();
        Ok(id)
    }

    /// Drops a listener of whoever this is: it died, or asked for it.
    pub fn remove(&self, id: ListenerId) -> bool {
        self.drop_where(|seat| seat.id == id)
    }

    /// Drops a listener of this caller; false where it has none of this number.
    pub fn remove_own(&self, caller: &Caller, id: ListenerId) -> bool {
        self.drop_where(|seat| seat.id == id && seat.caller == *caller)
    }

    /// Looks at each again, as the policy is another: what it sees now, or `None` where it may not listen any more.
    pub fn review(&self, view: impl Fn(&Caller) -> Option<View>) {
        self.hall.lock().taken.retain_mut(|seat| {
            match view(&seat.caller) {
                Some(view) => seat.view = view,
                None => seat.slot.close(),
            }
            seat.slot.is_held()
        });
    }

    /// What this caller is told in the place of a number of the history's, as an audience.
    pub fn number(&self, tier: &Tier, caller: &Caller, sequence: u64) -> u64 {
        self.hall.numbers.in_place_of(&tier.id, caller.android_user(), sequence)
    }

    /// Whether this one is still told.
    pub fn is_open(&self, id: ListenerId) -> bool {
        self.hall.lock().taken.iter().any(|seat| seat.id == id && !seat.slot.lock().closed)
    }

    /// How many there are, with those that were dropped while they were being told.
    pub fn count(&self) -> usize {
        self.hall.lock().taken.len()
    }

    /// Calls this whenever somebody came or went. It must not block. Only the first that is given counts.
    pub fn at_the_door(&self, call: impl Fn() + Send + Sync + 'static) {
        let _ = self.hall.door.set(Box::new(call));
    }

    /// Whether one of these listens.
    pub fn any(&self, of: impl Fn(&Caller) -> bool) -> bool {
        self.hall.lock().taken.iter().any(|seat| !seat.slot.lock().closed && of(&seat.caller))
    }

    fn drop_where(&self, these: impl Fn(&Seat) -> bool) -> bool {
        let mut found = false;
        self.hall.lock().taken.retain(|seat| {
            if these(seat) && !seat.slot.lock().closed {
                found = true;
                seat.slot.close();
            }
            seat.slot.is_held()
        });
        self.hall.came_or_went();
        found
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for seat in &self.hall.lock().taken {
            seat.slot.close();
        }
    }
}

impl Hall {
    fn came_or_went(&self) {
        if let Some(call) = self.door.get() {
            call();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// What the listener may know of a change, if it concerns it at all.
    fn sees(&self, change: &Change, numbers: &Numbers) -> Option<Change> {
        let View::Only(tier) = &self.view else { return Some(change.clone()) };
        let granted = |gate: &GateId| tier.gates.contains(gate);
        let gates: Vec<GateId> = change.gates.iter().copied().filter(granted).collect();
        if gates.is_empty() && self.told == Some(change.posture) {
            return None;
        }
        let sequence = numbers.in_place_of(&tier.id, self.caller.android_user(), change.sequence);
        Some(Change { sequence, posture: change.posture, gates })
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, change: Change, now: Duration) {
        let mut state = self.lock();
        if state.busy.is_some_and(|since| now.saturating_sub(since) > PATIENCE) {
            (state.closed, state.waiting) = (true, None);
            return;
        }
        let change = match state.waiting.take() {
            Some(before) => merged(before, change),
            None => change,
        };
        state.waiting = Some(change);
        self.bell.notify_one();
    }

    fn close(&self) {
        let mut state = self.lock();
        (state.closed, state.waiting) = (true, None);
        self.bell.notify_one();
    }

    /// Whether the seat is taken: by a listener, or by one that was dropped and has not returned.
    fn is_held(&self) -> bool {
        let state = self.lock();
        !state.closed || state.busy.is_some()
    }

    /// The next change; `None` once closed.
    fn next(&self, clock: &Clock) -> Option<Change> {
        let mut state = self.lock();
        state.busy = None;
        loop {
            if state.closed {
                return None;
            }
            if let Some(change) = state.waiting.take() {
                state.busy = Some(clock());
                return Some(change);
            }
            state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The later one, with the gates of both.
fn merged(before: Change, after: Change) -> Change {
    let mut gates = before.gates;
    gates.extend(after.gates);
    gates.sort_unstable();
    gates.dedup();
    Change { gates, ..after }
}

/// A listener's thread.
fn serve(hall: &Weak<Hall>, id: ListenerId, slot: &Slot, mut listener: Box<dyn Listener>) {
    let Some(clock) = hall.upgrade().map(|hall| hall.clock.clone()) else { return };
    while let Some(change) = slot.next(&clock) {
        let told = catch_unwind(AssertUnwindSafe(|| listener.changed(&change)));
        if !matches!(told, Ok(Ok(()))) {
            break;
        }
    }
    slot.close();
    if let Some(hall) = hall.upgrade() {
        hall.lock().taken.retain(|seat| seat.id != id);
        hall.came_or_went();
    }
}
