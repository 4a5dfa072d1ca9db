//! Reading and writing the file, with a second try after what is wrong was put right.

use super::place::Live;
use super::state::State;
use super::{Fault, New, Outcome, Store, StoreError, Trouble, chain, entries};
use crate::serve::wire::Head;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::VecDeque;
use trust_ledger::{LedgerError, doing};

/// The most troubles that a process remembers of its own; the first of them.
const MAX_SEEN: usize = 16;

impl Store {
    /// Reads the file.
    pub(super) fn read<T>(
        &mut self,
        read: impl Fn(&Connection, &Head) -> Result<T, LedgerError>,
    ) -> Result<T, StoreError> {
        self.twice(|store| {
            let (live, known) = store.settle()?;
            read(&live.connection, &known).map_err(|error| store.failed(&error))
        })
    }

    /// Changes the file in one transaction. If it moves the history's end, what waited is written.
    pub(super) fn change<T>(
        &mut self,
        change: impl Fn(&Connection, &mut State, &VecDeque<New>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let answer = self.twice(|store| {
            let (boot_id, unsaved) = (store.boot_id, store.unsaved.clone());
            let (live, known) = store.settle()?;
            let (answer, head) =
                match transact(live, &known, boot_id, |on, state| change(on, state, &unsaved)) {
                    Ok(done) => done,
                    Err(Failure::Refused(error)) => return Err(error),
                    Err(Failure::File(error)) => return Err(store.failed(&error)),
                };
            if let Some(live) = &mut store.live {
                store.place.leave(live);
            }
            if head != known {
                store.known = Some(head);
                store.unsaved.clear();
            }
            // It is on the disk: is the file still where it will be found?
            store.settle()?;
            Ok(answer)
        })?;
        if self.unsaved.is_empty() {
            self.fault = None;
        }
        Ok(answer)
    }

    pub(super) fn twice<T>(
        &mut self,
        attempt: impl Fn(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let first = attempt(self);
        let last = match first {
            // Who waited for another process once does not wait again.
            Err(StoreError::Fault(fault)) if fault != Fault::Held => attempt(self),
            first => first,
        };
        if let Err(StoreError::Fault(fault)) = &last {
            self.fault = Some(fault.clone());
        }
        last
    }

    /// After an error of the file it is opened and checked anew. If its name is gone, it is still needed to write it
    /// again.
    fn failed(&mut self, error: &LedgerError) -> StoreError {
        self.let_go();
        StoreError::Fault(Fault::from(error))
    }

    pub(super) fn let_go(&mut self) {
        if self.live.as_ref().is_some_and(|live| self.place.look(live).is_ok()) {
            self.live = None;
        }
    }

    /// The file, open, at its place, and ending where this process left it.
    pub(super) fn settle(&mut self) -> Result<(&mut Live, Head), StoreError> {
        self.place.hold().map_err(StoreError::Fault)?;
        // All of it is read and verified again.
        self.live.take_if(|live| self.place.is_touched(live));
        let moved = self.live.as_ref().and_then(|live| self.place.look(live).err());
        let settled = match moved {
            Some(fault) if fault.is_passing() => Err(fault),
            Some(fault) => self.put_back(fault),
            None if self.live.is_some() => Ok(()),
            None => self.reopen(),
        };
        settled.map_err(StoreError::Fault)?;
        match (&mut self.live, self.known) {
            (Some(live), Some(known)) => Ok((live, known)),
            _ => Err(StoreError::Fault(Fault::Vanished)),
        }
    }

    /// Writes the file again where its name was, from what is still open.
    fn put_back(&mut self, fault: Fault) -> Result<(), Fault> {
        let aside = self.set_aside()?;
        if let Some(live) = &self.live {
            match self.place.restore(live).map_err(|error| Fault::from(&error)) {
                Ok(()) => {}
                Err(fault) if fault.is_passing() => return Err(fault),
                Err(_) => return self.begin(fault, aside),
            }
        }
        self.live = None;
        match self.place.open() {
            Ok(Some((live, state, _))) if Some(state.head) == self.known => {
                self.remember(fault, aside.map_or(Outcome::Restored, Outcome::SetAside));
                self.live = Some(live);
                Ok(())
            }
            _ => {
                let copy = self.set_aside()?;
                self.begin(fault, aside.or(copy))
            }
        }
    }

    fn reopen(&mut self) -> Result<(), Fault> {
        let fault = match self.place.open() {
            Ok(Some((live, state, _))) => match self.fits(&live, &state) {
                Ok(true) => {
                    self.known = Some(state.head);
                    self.live = Some(live);
                    return Ok(());
                }
                Ok(false) => Fault::Elsewhere,
                Err(error) => Fault::from(&error),
            },
            Ok(None) if self.known.is_none() => return self.create(!self.place.aside().is_empty()),
            Ok(None) => Fault::Vanished,
            Err(error) => Fault::from(&error),
        };
        if fault.is_passing() {
            return Err(fault);
        }
        // What was found tells more than why it could not be set aside.
        let aside = self.set_aside().map_err(|_| fault.clone())?;
        self.begin(fault, aside)
    }

    /// Whether a file ends where this process left it; or with what waited, if it can't be told whether that was
    /// written.
    fn fits(&mut self, live: &Live, state: &State) -> Result<bool, LedgerError> {
        let Some(known) = self.known else { return Ok(true) };
        if state.head == known {
            return Ok(true);
        }
        let on = &live.connection;
        let before = entries::at(on, known.sequence)?.map(|entry| chain::head_of(&entry));
        let continues = before.unwrap_or(state.anchor) == known;
        let most = u32::try_from(self.unsaved.len()).unwrap_or(u32::MAX).saturating_add(1);
        let written = entries::after(on, &state.head, known.sequence, most)?;
        let is_written = continues && written.iter().map(New::of).eq(self.unsaved.iter().cloned());
        if is_written {
            self.unsaved.clear();
        }
        Ok(is_written)
    }

    fn set_aside(&self) -> Result<Option<String>, Fault> {
        self.place.set_aside().map_err(|error| Fault::Unusable(format!("setting a file aside: {error}")))
    }

    /// Begins a file after one that was lost, from where this process knows it ended.
    fn begin(&mut self, fault: Fault, aside: Option<String>) -> Result<(), Fault> {
        self.live = None;
        self.remember(fault, aside.map_or(Outcome::BegunAnew, Outcome::SetAside));
        self.create(true)
    }

    fn create(&mut self, is_anew: bool) -> Result<(), Fault> {
        let anchor = self.known.unwrap_or(chain::NOTHING);
        let made = self.place.create(&State::begin(anchor, self.opened_at, is_anew));
        made.map_err(|error| Fault::from(&error))?;
        match self.place.open() {
            Ok(Some((live, state, _))) => {
                self.known = Some(state.head);
                self.live = Some(live);
                Ok(())
            }
            Ok(None) => Err(Fault::Vanished),
            Err(error) => Err(Fault::from(&error)),
        }
    }

    fn remember(&mut self, fault: Fault, outcome: Outcome) {
        self.put_right += 1;
        let trouble = Trouble { fault, outcome };
        if self.seen.len() < MAX_SEEN && !self.seen.contains(&trouble) {
            self.seen.push(trouble);
        }
    }
}

/// Why a transaction was not made.
enum Failure {
    File(LedgerError),
    Refused(StoreError),
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Failure {
        Failure::File(error)
    }
}

/// One transaction, on a file that ends where this process left it. The head then.
fn transact<T>(
    live: &mut Live,
    known: &Head,
    boot_id: [u8; 16],
    change: impl FnOnce(&Connection, &mut State) -> Result<T, StoreError>,
) -> Result<(T, Head), Failure> {
    let begun = live.connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let on = begun.map_err(doing("beginning a transaction"))?;
    let before = State::read(&on)?;
    if before.head != *known {
        return Err(Failure::File(LedgerError::Damaged("another process changed the history".into())));
    }
    let mut state = before.clone();
    if state.boot_id != boot_id {
        state.boot_id = boot_id;
        state.boots = state.boots.saturating_add(1);
    }
    let answer = change(&on, &mut state).map_err(Failure::Refused)?;
    state.write(&on, Some(&before))?;
    on.commit().map_err(doing("committing"))?;
    Ok((answer, state.head))
}
