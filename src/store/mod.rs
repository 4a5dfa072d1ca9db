//! The daemon's state on the disk: the history of postures as a hash chain, counters, what providers reported last,
//! and the installed policy bundle. docs/history.md says what it promises.
//!
//! Nothing here makes the daemon stop. A file that is damaged is set aside and a new one begun; where none can be
//! written, changes are kept in memory until one can be; and [`Store::troubles`] says so, for gate 10 to judge.
//!
//! ```text
//! chain    what binds the entries      entries  their rows      place    the file and its directory
//! trouble  what can be wrong           state    the other rows  settle   opening, setting aside, writing
//!                                                               kept     counters, reports, policies
//!                                                               attested the patch floor, the revocation list
//! ```

mod attested;
pub mod chain;
mod entries;
mod kept;
mod place;
mod settle;
mod state;
mod trouble;

pub use attested::RevocationsState;
pub use chain::{Broken, New, Standing, Verified};
pub use kept::{InstalledPolicy, PolicyState, RESERVED};
pub use place::{FILE, MAX_ASIDE};
pub use state::{MAX_NAME, MAX_NAMES};
pub use trouble::{Fault, Outcome, StoreError, Trouble, Unsaved};

use crate::serve::wire::{Head, HistoryEntry};
use chain::NOTHING;
use kept::Reserved;
use place::{Live, Place};
use state::State;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

/// A boot: the kernel's random boot id.
pub type BootId = [u8; 16];

/// The most entries that are kept.
pub const MAX_ENTRIES: u64 = 4096;
/// The most changes that wait in memory. Beyond that, the latest takes the place of the one before it.
pub const MAX_UNSAVED: usize = 1024;

/// The state of one daemon. It holds its directory for itself.
#[derive(Debug)]
pub struct Store {
    place: Place,
    boot_id: BootId,
    opened_at: i64,
    most: u64,
    live: Option<Live>,
    /// Where the file's history ended when this process last saw it; none, before it saw one.
    known: Option<Head>,
    unsaved: VecDeque<New>,
    /// Why there is no file, or why it was not written, now.
    fault: Option<Fault>,
    /// What this process has seen and done.
    seen: Vec<Trouble>,
    /// How often this process had to put something right.
    put_right: u64,
    /// By audience.
    reserved: BTreeMap<String, Reserved>,
}

/// A store, and what is wrong with it.
#[derive(Debug)]
pub struct Opened {
    /// The store, whatever is wrong.
    pub store: Store,
    /// What is wrong; nothing on a good day.
    pub troubles: Vec<Trouble>,
}

impl Store {
    /// Opens the state in this directory, or begins it, and verifies all of it. It writes nothing into a file that is
    /// there: the boot is counted with the first thing that is written in it. `now` is in seconds since 1970.
    pub fn open(directory: &Path, boot_id: BootId, now: i64) -> Opened {
        let mut store = Store {
            place: Place::new(directory),
            boot_id,
            opened_at: now,
            most: MAX_ENTRIES,
            live: None,
            known: None,
            unsaved: VecDeque::new(),
            fault: None,
            seen: Vec::new(),
            put_right: 0,
            reserved: BTreeMap::new(),
        };
        // What is wrong is among its troubles.
        let _ = store.twice(|store| store.settle().map(drop));
        Opened { troubles: store.troubles(), store }
    }

    /// Of at most so many entries, at least 8.
    pub fn keeping(self, most: u64) -> Store {
        Store { most: most.max(8), ..self }
    }

    /// Writes a change as the next entry, which is on the disk before this answers. What could not be written stays in
    /// memory, and is written before the next.
    pub fn append(&mut self, new: New) -> Result<HistoryEntry, Unsaved> {
        if self.unsaved.len() >= MAX_UNSAVED {
            self.unsaved.pop_back();
        }
        self.unsaved.push_back(new);
        match self.save() {
            Ok(Some(entry)) => Ok(entry),
            Ok(None) => Err(self.waiting(Fault::Elsewhere)),
            Err(StoreError::Fault(fault)) => Err(self.waiting(fault)),
            Err(_) => Err(self.waiting(Fault::Unusable("refused".into()))),
        }
    }

    fn waiting(&self, fault: Fault) -> Unsaved {
        let waiting = u64::try_from(self.unsaved.len()).unwrap_or(u64::MAX);
        Unsaved { sequence: self.known.unwrap_or(NOTHING).sequence.saturating_add(waiting), fault }
    }

    /// Writes what waits in memory; the last entry then.
    fn save(&mut self) -> Result<Option<HistoryEntry>, StoreError> {
        let most = self.most;
        self.change(|on, state, unsaved| {
            unsaved.iter().try_for_each(|new| entries::append(on, state, new))?;
            entries::prune(on, state, most)?;
            Ok(entries::at(on, state.head.sequence)?)
        })
    }

    /// The last entry on the disk: what a person or a server may hold against an older copy that is put back.
    /// None, if no file could be read since this process began.
    pub fn head(&self) -> Option<Head> {
        self.known
    }

    /// The entries after a number that are on the disk, oldest first, at most so many.
    pub fn after(&mut self, sequence: u64, most: u32) -> Result<Vec<HistoryEntry>, StoreError> {
        self.read(|on, head| entries::after(on, head, sequence, most))
    }

    /// Whether the history still has the entry that was its head once.
    pub fn contains(&mut self, head: &Head) -> Result<Standing, StoreError> {
        let head = *head;
        self.read(move |on, end| {
            let State { anchor, .. } = State::read(on)?;
            let history = Verified { anchor, entries: 0, head: *end };
            let found = entries::at(on, head.sequence)?.map(|entry| chain::head_of(&entry));
            let found = found.or(Some(anchor).filter(|anchor| anchor.sequence == head.sequence));
            Ok(Standing::of(&head, &history, found))
        })
    }

    /// Reads the file from the disk again and walks all of the history. What is broken is set aside by the next call
    /// that writes, or by [`Store::look`].
    pub fn verify(&mut self) -> Result<Verified, Fault> {
        let verified = match self.place.open() {
            Ok(Some((_, state, _))) if self.known.is_some_and(|known| known != state.head) => {
                Err(Fault::Elsewhere)
            }
            Ok(Some((_, _, verified))) => Ok(verified),
            Ok(None) if self.live.is_some() => Err(Fault::Vanished),
            Ok(None) => Err(self.fault.clone().unwrap_or(Fault::Vanished)),
            Err(error) => Err(Fault::from(&error)),
        };
        if verified.as_ref().is_err_and(|fault| !fault.is_passing()) {
            self.let_go();
        }
        verified
    }

    /// Looks whether the file is still there, puts right what can be, writes what waits; what is wrong then.
    pub fn look(&mut self) -> Vec<Trouble> {
        let _ = self.save();
        self.troubles()
    }

    /// Looks whether the file is there as this process left it, and puts right what can be, without writing what waits;
    /// whether nothing new is wrong. On a good day this reads no byte of it; [`Store::troubles`] says what is wrong since
    /// before.
    pub fn glance(&mut self) -> bool {
        let before = self.put_right;
        let settled = self.twice(|store| store.settle().map(drop));
        settled.is_ok() && self.put_right == before && self.fault.is_none()
    }

    /// What is wrong: files that lie aside, what this process had to put right, and changes that wait. The history is
    /// intact if nothing is.
    pub fn troubles(&self) -> Vec<Trouble> {
        let of_before = |name: &String| {
            let found = self
                .seen
                .iter()
                .rev()
                .find(|trouble| matches!(&trouble.outcome, Outcome::SetAside(seen) if seen == name));
            let fault = found.map_or(Fault::Earlier, |trouble| trouble.fault.clone());
            Trouble { fault, outcome: Outcome::SetAside(name.clone()) }
        };
        let done = self.seen.iter().filter(|trouble| !matches!(trouble.outcome, Outcome::SetAside(_)));
        let waits = self.fault.iter().map(|fault| {
            let outcome = Outcome::InMemory(self.unsaved.len());
            Trouble { fault: fault.clone(), outcome }
        });
        let mut troubles: Vec<Trouble> = self.place.aside().iter().map(of_before).collect();
        troubles.extend(done.cloned().chain(waits));
        troubles
    }
}
