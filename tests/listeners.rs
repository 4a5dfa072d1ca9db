//! Who is told of changes, and what a listener that is slow, stuck or dead costs the others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod stand_in;

use stand_in::{AUDIENCE, AUDITOR, CENTER, GRANTED, PROVIDER, StandIn, desk, still, unbounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use trust_posture::{GateId, Posture};
use trustd::serve::access::{Access, Caller, Door};
use trustd::serve::listeners::{Gone, Listener, Listeners};
use trustd::serve::wire::{Change, Refusal};

fn policy() -> Access {
    stand_in::access([CENTER.2, AUDITOR.2, PROVIDER.2, AUDIENCE.2, 5005])
}

/// The center, an auditor, a provider or an audience.
fn caller(role: usize) -> Caller {
    let (name, uid, _) = [CENTER, AUDITOR, PROVIDER, AUDIENCE][role];
    Caller { door: Door::Binder, uid, selinux_type: Some(name.into()), name: "binder".into() }
}

struct Nobody;

impl Listener for Nobody {
    fn changed(&mut self, _: &Change) -> Result<(), Gone> {
        Ok(())
    }
}

#[test]
fn another_policy_holds_at_once() {
    let (desk, listeners) = desk(StandIn::new(), policy(), unbounded(), still());
    let (told, heard) = std::sync::mpsc::channel();
    let id = desk.listen(&caller(0), Box::new(Ears(told))).unwrap();
    desk.replace_access(Access::default());
    assert_eq!(desk.summary(&caller(0)).map(drop), Err(Refusal::NotPermitted));
    listeners.publish(&change(1, Posture::Compliant, &[]));
    assert!(heard.recv().is_err(), "the listener is dropped, and told nothing");
    assert!(!desk.listens(id));
}

struct Ears(std::sync::mpsc::Sender<Change>);

impl Listener for Ears {
    fn changed(&mut self, change: &Change) -> Result<(), Gone> {
        self.0.send(change.clone()).map_err(|_| Gone)
    }
}

/// What an audience is told by: its own number is another test's.
fn but_its_number(change: Change) -> (Posture, Vec<GateId>) {
    (change.posture, change.gates)
}

fn change(sequence: u64, posture: Posture, gates: &[GateId]) -> Change {
    Change { sequence, posture, gates: gates.into() }
}

/// Publishes, and waits for what this listener is told.
fn hears(
    listeners: &Listeners,
    heard: &std::sync::mpsc::Receiver<Change>,
    published: &Change,
) -> Option<Change> {
    listeners.publish(published);
    heard.recv_timeout(Duration::from_millis(200)).ok()
}

#[test]
fn an_audience_hears_of_its_gates_and_of_the_posture() {
    let (desk, listeners) = desk(StandIn::new(), policy(), unbounded(), still());
    let (told, heard) = std::sync::mpsc::channel();
    desk.listen(&caller(3), Box::new(Ears(told))).unwrap();
    let (build, update, boot) = (GRANTED[0], GRANTED[1], GateId::BootIntegrity);
    let hears = |published| hears(&listeners, &heard, &published).map(but_its_number);
    let first = hears(change(1, Posture::Compliant, &[boot]));
    assert_eq!(first, Some((Posture::Compliant, vec![])), "the first posture that it is told");
    assert_eq!(hears(change(2, Posture::Compliant, &[boot])), None);
    let own = hears(change(3, Posture::Compliant, &[build, boot, update]));
    assert_eq!(own, Some((Posture::Compliant, vec![build, update])));
    assert_eq!(hears(change(4, Posture::AtRisk, &[boot])), Some((Posture::AtRisk, vec![])));
}

/// The history's number is the device's: whoever compared it with another audience's would know the device again.
#[test]
fn an_audience_has_a_sequence_of_its_own() {
    let evaluator = StandIn::new();
    let (desk, listeners) = desk(evaluator.clone(), policy(), unbounded(), still());
    let (told, heard) = std::sync::mpsc::channel();
    desk.listen(&caller(3), Box::new(Ears(told))).unwrap();
    let other_user = Caller { uid: 1_000_000 + AUDIENCE.1, ..caller(3) };
    let sequence = |caller: &Caller| desk.summary(caller).unwrap().sequence;
    let (first, others) = (sequence(&caller(3)), sequence(&other_user));
    assert_eq!(sequence(&caller(0)), 41);
    assert!(first != 41 && first != others, "begun at {first} and {others}");
    assert_eq!(sequence(&caller(3)), first, "nothing changed");
    evaluator.sequence.store(44, Ordering::Relaxed);
    listeners.publish(&change(44, Posture::Compliant, &[GRANTED[0]]));
    assert_eq!(heard.recv().unwrap().sequence, first + 1, "three changes, of which it is told once");
    assert_eq!([sequence(&caller(3)), sequence(&other_user)], [first + 1, others + 1]);
}

#[test]
fn listeners_are_bounded_for_each_user_and_for_all() {
    let (desk, listeners) = desk(StandIn::new(), policy(), unbounded(), still());
    let ids: Vec<_> = (0..4).map(|_| desk.listen(&caller(0), Box::new(Nobody)).unwrap()).collect();
    for _ in 0..10_000 {
        assert_eq!(desk.listen(&caller(0), Box::new(Nobody)), Err(Refusal::Busy));
    }
    assert!(desk.listen(&caller(1), Box::new(Nobody)).is_ok());
    assert_eq!(desk.unlisten(&caller(1), ids[0]), Err(Refusal::BadArgument), "another's");
    assert_eq!(desk.unlisten(&caller(0), ids[0]), Ok(()));
    assert_eq!(desk.unlisten(&caller(0), ids[0]), Err(Refusal::BadArgument), "no more");
    assert!(desk.listen(&caller(0), Box::new(Nobody)).is_ok());
    desk.gone(ids[1]);
    assert_eq!(listeners.count(), 4);
    let all = (0..10_000).filter(|n| {
        let caller = Caller { uid: 100_000 * n + AUDIENCE.1, ..caller(3) };
        desk.listen(&caller, Box::new(Nobody)).is_ok()
    });
    assert_eq!(all.count(), 60);
}

/// A listener that is stuck until it is let go.
struct Stuck(std::sync::mpsc::Receiver<()>, std::sync::mpsc::Sender<()>);

impl Listener for Stuck {
    fn changed(&mut self, _: &Change) -> Result<(), Gone> {
        let _ = self.1.send(());
        let _ = self.0.recv();
        Ok(())
    }
}

#[test]
fn a_listener_that_is_stuck_dead_or_faulty_costs_the_others_nothing() {
    let millis = Arc::new(AtomicU64::new(0));
    let read = millis.clone();
    let clock = Arc::new(move || Duration::from_millis(read.load(Ordering::Relaxed)));
    let (desk, listeners) = desk(StandIn::new(), policy(), unbounded(), clock);
    let (release, held) = std::sync::mpsc::channel();
    let (began, begun) = std::sync::mpsc::channel();
    let stuck = desk.listen(&caller(0), Box::new(Stuck(held, began))).unwrap();
    desk.listen(&caller(0), Box::new(Faulty)).unwrap();
    let (dead, deaf) = std::sync::mpsc::channel();
    drop(deaf);
    desk.listen(&caller(0), Box::new(Ears(dead))).unwrap();
    let (told, heard) = std::sync::mpsc::channel();
    desk.listen(&caller(1), Box::new(Ears(told))).unwrap();

    listeners.publish(&change(1, Posture::Compliant, &[GateId::BuildIntegrity]));
    begun.recv().unwrap();
    assert_eq!(heard.recv().unwrap().sequence, 1);
    while listeners.count() > 2 {
        std::thread::yield_now();
    }
    for sequence in 2..1000 {
        listeners.publish(&change(sequence, Posture::Compliant, &[]));
    }
    while heard.recv().unwrap().sequence < 999 {}
    assert!(desk.listens(stuck), "it is still in time");
    millis.store(10_001, Ordering::Relaxed);
    listeners.publish(&change(1000, Posture::Compliant, &[]));
    assert!(!desk.listens(stuck), "it is not");
    assert_eq!(listeners.count(), 2, "and counts until it returns");
    drop(release);
    while listeners.count() > 1 {
        std::thread::yield_now();
    }
    assert_eq!(heard.recv().unwrap().sequence, 1000);
}

struct Faulty;

impl Listener for Faulty {
    fn changed(&mut self, _: &Change) -> Result<(), Gone> {
        panic!("the listener's fault")
    }
}

#[test]
fn changes_that_a_listener_has_not_taken_are_merged() {
    let (desk, listeners) = desk(StandIn::new(), policy(), unbounded(), still());
    let (release, held) = std::sync::mpsc::channel();
    let (told, heard) = std::sync::mpsc::channel();
    desk.listen(&caller(0), Box::new(Slow(held, told))).unwrap();
    listeners.publish(&change(1, Posture::Compliant, &[GateId::BuildIntegrity]));
    assert_eq!(heard.recv().unwrap().sequence, 1);
    listeners.publish(&change(2, Posture::AtRisk, &[GateId::UpdateIntegrity]));
    listeners.publish(&change(3, Posture::Compliant, &[GateId::BuildIntegrity]));
    release.send(()).unwrap();
    let both = [GateId::BuildIntegrity, GateId::UpdateIntegrity];
    assert_eq!(heard.recv().unwrap(), change(3, Posture::Compliant, &both));
}

/// Says what it is told, and then is stuck until it is let go.
struct Slow(std::sync::mpsc::Receiver<()>, std::sync::mpsc::Sender<Change>);

impl Listener for Slow {
    fn changed(&mut self, change: &Change) -> Result<(), Gone> {
        self.1.send(change.clone()).map_err(|_| Gone)?;
        self.0.recv().map_err(|_| Gone)
    }
}
