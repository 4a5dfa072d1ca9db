//! When the keys are asked to attest this device, and what they answered last. They may take seconds, or for ever: they are
//! asked on a thread of their own, one at a time, which nothing waits for.

use super::handle::Shared;
use crate::keys::{Chain, Keys};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;
use trust_evidence::Time;

/// How old an attestation may be before another is asked for, in milliseconds: half of the day that attested signals stay
/// fresh, which is also the shortest age that a policy can ask for.
pub const AGE: u64 = 12 * 3_600_000;
/// How long the keys may take, in milliseconds: StrongBox makes a key in seconds, and the certificates of a remotely
/// provisioned one may have to be fetched first. Beyond it there is no attestation.
pub const HANGS: u64 = 60_000;
/// How long to wait after a failure, in milliseconds: the first, and the longest.
const WAIT: u64 = 2_000;
const MAX_WAIT: u64 = 300_000;

/// Asks for attestations.
pub struct Attester {
    keys: Option<Arc<dyn Keys>>,
    asked: Option<Asked>,
    held: Option<Held>,
    /// When to ask next, in milliseconds since boot.
    due: u64,
    /// How many in a row came to nothing.
    failures: u32,
}

/// A challenge that was issued.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// It.
    pub challenge: [u8; 32],
    /// When, in milliseconds since boot: what is attested held then or later.
    pub at: u64,
    is_given_up: bool,
}

/// The last answer.
pub struct Held {
    /// What it answers.
    pub asked: Asked,
    /// It. It tells this device from every other: it is never shown.
    pub chains: Vec<Chain>,
}

/// What tending came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tended {
    /// There is nothing to do.
    Nothing,
    /// The keys were asked.
    Asked,
    /// They could not be.
    Failed,
    /// They don't answer.
    GivenUp,
}

impl Attester {
    /// Of whoever attests this device, if anybody does. The first challenge is due at once.
    pub fn new(keys: Option<Arc<dyn Keys>>) -> Attester {
        Attester { keys, asked: None, held: None, due: 0, failures: 0 }
    }

    /// Whether there is anybody to ask.
    pub fn is_any(&self) -> bool {
        self.keys.is_some()
    }

    /// Asks if it is time, gives up what hangs. While something hangs, nothing else is asked.
    pub fn tend(&mut self, now: u64, shared: &Arc<Shared>) -> Tended {
        let Some(keys) = &self.keys else { return Tended::Nothing };
        match &mut self.asked {
            Some(asked) if !asked.is_given_up && now >= asked.at.saturating_add(HANGS) => {
                asked.is_given_up = true;
                self.failed(now);
                Tended::GivenUp
            }
            Some(_) => Tended::Nothing,
            None if now < self.due => Tended::Nothing,
            None => match ask(keys, shared) {
                Some(challenge) => {
                    self.asked = Some(Asked { challenge, at: now, is_given_up: false });
                    Tended::Asked
                }
                None => {
                    self.failed(now);
                    Tended::Failed
                }
            },
        }
    }

    /// When it is to be tended, in milliseconds since boot. A device that nobody listens to is not woken for an attestation
    /// that ages, nor for keys that were asked in vain for minutes.
    pub fn deadline(&self, is_listened: bool) -> Option<u64> {
        self.keys.as_ref()?;
        match &self.asked {
            Some(asked) => (!asked.is_given_up).then(|| asked.at.saturating_add(HANGS)),
            None => (is_listened || (self.failures > 0 && self.wait() < MAX_WAIT)).then_some(self.due),
        }
    }

    /// The keys answered: what they were asked, unless that was given up.
    pub fn answered(&mut self) -> Option<Asked> {
        self.asked.take().filter(|asked| !asked.is_given_up)
    }

    /// Keeps an answer.
    pub fn hold(&mut self, asked: Asked, chains: Vec<Chain>) {
        self.held = Some(Held { asked, chains });
    }

    /// The last answer.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// What was answered came to nothing: it is asked again, each time later.
    pub fn failed(&mut self, now: u64) {
        self.failures = self.failures.saturating_add(1);
        self.due = now.saturating_add(self.wait());
    }

    /// What was asked at a moment is good until it ages.
    pub fn succeeded(&mut self, asked_at: u64) {
        self.failures = 0;
        self.due = asked_at.saturating_add(AGE);
    }

    fn wait(&self) -> u64 {
        let doublings = self.failures.saturating_sub(1).min(16);
        (WAIT << doublings).min(MAX_WAIT)
    }
}

impl Asked {
    /// When it was asked, by the wall clock as it is set now.
    pub fn time(&self, now: Time, since_boot: u64) -> Time {
        let ago = i64::try_from(since_boot.saturating_sub(self.at) / 1000).unwrap_or(i64::MAX);
        Time::from_unix(now.unix().saturating_sub(ago)).unwrap_or(Time::EPOCH)
    }
}

/// Has the keys asked on a thread; the challenge, which nobody could know before.
fn ask(keys: &Arc<dyn Keys>, shared: &Arc<Shared>) -> Option<[u8; 32]> {
    let mut challenge = [0; 32];
    if SystemRandom::new().fill(&mut challenge).is_err() {
        tracing::error!("the system has no random bytes");
        return None;
    }
    let (keys, shared) = (keys.clone(), shared.clone());
    let thread = std::thread::Builder::new()
        .name("attester".into())
        .spawn(move || shared.attested(|| keys.attest_device(&challenge)));
    thread.inspect_err(|error| tracing::error!("a thread can't be started: {error}")).ok().map(|_| challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_each_failure_it_waits_longer_up_to_five_minutes() {
        let mut attester = Attester::new(None);
        let mut waits = Vec::new();
        for _ in 0..100 {
            attester.failed(1000);
            waits.push((attester.due - 1000) / 1000);
        }
        assert_eq!(waits[..10], [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(waits[99], 300);
        attester.succeeded(5000);
        assert_eq!(attester.due, 5000 + AGE);
        attester.failed(0);
        assert_eq!(attester.due, WAIT);
    }

    #[test]
    fn the_time_of_asking_goes_with_the_wall_clock() {
        let asked = Asked { challenge: [0; 32], at: 10_000, is_given_up: false };
        let now = |unix| Time::from_unix(unix).unwrap();
        assert_eq!(asked.time(now(1_000_000), 70_000), now(999_940));
        assert_eq!(asked.time(now(5_000_000), 70_999), now(4_999_940));
    }
}
