//! A door on a bus of its own, before a stand-in for the evaluator.

use super::{Client, OPEN, TestBus, user};
use crate::stand_in::{StandIn, access, desk};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use trustd::serve::dbus::{Bus, Door};
use trustd::serve::desk::Desk;
use trustd::serve::limits::{Bounds, monotonic};
use trustd::serve::listeners::Listeners;
use zbus::export::futures_core::Stream;
use zbus::{Message, MessageStream, Variant};

/// One test at a time: some measure time or memory.
pub static TURN: Mutex<()> = Mutex::new(());

/// Users that every system has and no test is run as: a bus takes in nobody whom it can't look up.
pub const OTHERS: [u32; 5] = [1, 2, 3, 4, 5];
pub const NOBODY: u32 = 65_534;

/// Ourselves as the center, auditor, provider, audience or manager.
#[derive(Clone, Copy)]
pub enum As {
    Center,
    Provider = 2,
    Audience,
    Manager,
    Stranger,
}

pub struct House {
    _turn: MutexGuard<'static, ()>,
    pub evaluator: Arc<StandIn>,
    pub desk: Arc<Desk>,
    pub listeners: Arc<Listeners>,
    // Before the bus, which it is closed before.
    pub door: Option<Door>,
    pub bus: TestBus,
}

impl House {
    pub fn new(we: As, bounds: Bounds) -> Option<House> {
        House::on(we, bounds, 1_000_000_000)
    }

    /// On a bus of this size.
    pub fn on(we: As, bounds: Bounds, bytes: u32) -> Option<House> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let bus = TestBus::of_size(OPEN, bytes)?;
        let mut users = OTHERS;
        if let Some(slot) = users.get_mut(we as usize) {
            *slot = user();
        }
        let evaluator = StandIn::new();
        let (desk, listeners) = desk(evaluator.clone(), access(users), bounds, monotonic());
        let door = Door::open(Bus::Address(bus.address.clone()), desk.clone()).unwrap();
        Some(House { _turn: turn, evaluator, desk, listeners, door: Some(door), bus })
    }

    pub fn client(&self) -> Client {
        self.bus.client()
    }
}

pub type Report<'r> = (Vec<u8>, u64, u32, HashMap<&'r str, Variant<'r>>, Vec<&'r str>, Vec<&'r str>);

pub fn report(sequence: u64) -> Report<'static> {
    (vec![1; 16], sequence, 60, HashMap::new(), vec![], vec![])
}

pub fn with(sequence: u64, id: &'static str, value: impl Into<Variant<'static>>) -> Report<'static> {
    let mut report = report(sequence);
    report.3.insert(id, value.into());
    report
}

/// The next message of a stream within 300 ms.
pub fn next(stream: &mut MessageStream) -> Option<Message> {
    let until = Instant::now() + Duration::from_millis(300);
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    while Instant::now() < until {
        if let std::task::Poll::Ready(found) = std::pin::Pin::new(&mut *stream).poll_next(&mut context) {
            return found.map(Result::unwrap);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}
