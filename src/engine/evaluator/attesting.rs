//! What hardware says of this device: when it is asked, how its answer is judged, and what is kept of it.

use super::State;
use super::requests::answer;
use crate::attestation::{Account, ChallengeFrom, Handed, MAX_CHAIN, Revocation, Trust};
use crate::collect::COLLECTORS;
use crate::engine::attester::{Attester, Held, Tended};
use crate::engine::handle::Reply;
use crate::engine::revocations::Revocations;
use crate::keys::{Chain, KeyError, Keys};
use crate::store::Store;
use std::sync::Arc;
use trust_evidence::{
    Class, Evidence, Month, Observation, Outcome, Reason, Signal, Source, SourceInfo, SourceKind, Time, Value,
};
use trust_gates::Plan;

/// When the last one verified, and the highest patch level that one showed.
pub(super) const ATTESTED_AT: &str = "trustd.attested_at";
pub(super) const PATCH_FLOOR: &str = "trustd.boot_patch_floor";

/// What the installed revocation list is called in the log.
const LIST: &str = "the installed revocation list";

/// The device's own attestation.
pub(super) struct Attesting {
    attester: Attester,
    /// Whom the policy that holds believes.
    trust: Trust,
    revocations: Revocations,
    /// The challenge of the last one that verified was issued then, in milliseconds since boot, and by the wall clock.
    verified: Option<(u64, Time)>,
    /// What is said of when that was, where there was none.
    none_yet: Outcome,
    floor: Option<Month>,
    /// Whether what the store has of it was read.
    is_floor_read: bool,
    /// Why there was none, so that it is logged once.
    trouble: Option<KeyError>,
}

impl Attesting {
    pub fn new(keys: Option<Arc<dyn Keys>>) -> Attesting {
        Attesting {
            attester: Attester::new(keys),
            trust: Trust::google(),
            revocations: Revocations::default(),
            verified: None,
            none_yet: Outcome::Missing(Reason::NotYetAvailable),
            floor: None,
            is_floor_read: false,
            trouble: None,
        }
    }

    /// Whether this device is asked, and nothing else says what is attested.
    pub fn is_own(&self) -> bool {
        self.attester.is_any()
    }

    /// When the keys are to be looked after, in milliseconds since boot.
    pub fn deadline(&self, is_listened: bool) -> Option<u64> {
        self.attester.deadline(is_listened)
    }

    /// Reads what is kept, where that did not go well before; whether there is another revocation list now.
    pub fn look(&mut self, store: &mut Store) -> bool {
        if !self.is_own() {
            return false;
        }
        if !self.is_floor_read {
            match store.patch_floor() {
                Ok(floor) => (self.floor, self.is_floor_read) = (self.floor.max(floor), true),
                Err(error) => tracing::error!("the highest attested patch level can't be read: {error}"),
            }
        }
        self.revocations.look(store)
    }

    /// What trustd says of its attestations.
    pub fn own(&self) -> [(&'static str, Outcome); 2] {
        let verified = self.verified.map(|(_, time)| Outcome::Seen(Value::Time(time)));
        let floor = match self.floor {
            Some(floor) => Outcome::Seen(Value::Month(floor)),
            None if self.is_floor_read => Outcome::Absent,
            None => Outcome::Missing(Reason::NotYetAvailable),
        };
        [(ATTESTED_AT, verified.unwrap_or_else(|| self.none_yet.clone())), (PATCH_FLOOR, floor)]
    }

    /// As high as this, from now on.
    fn raise(&mut self, level: Month, store: &mut Store) {
        if self.floor >= Some(level) && self.is_floor_read {
            return;
        }
        self.floor = self.floor.max(Some(level));
        match store.raise_patch_floor(level) {
            Ok(floor) => (self.floor, self.is_floor_read) = (self.floor.max(floor), true),
            // In memory it stands, and the next one is kept.
            Err(error) => {
                self.is_floor_read = false;
                tracing::error!("the attested patch level can't be kept: {error}");
            }
        }
    }
}

impl State<'_> {
    /// Believes whom the policy that holds believes from now on.
    pub(super) fn trust(&mut self, plan: &Plan<'_>) {
        self.start.place.come_under(plan.policy);
        self.attesting.trust = Trust::of(plan.policy);
        self.attesting.look(&mut self.start.store);
        self.verify_again();
    }

    /// Has the device attested if it is time, and everything read again once the system has started.
    pub(super) fn tend(&mut self, plan: &Plan<'_>) {
        if !self.has_started {
            self.has_started = self.start.place.has_started(self.house);
            if !self.has_started {
                return;
            }
            tracing::info!("the system has started: everything is read again");
            (self.left, self.is_left) = ([true; COLLECTORS], true);
        }
        let now = self.start.clock.moment().since_boot;
        match self.attesting.attester.tend(now, &self.shared) {
            Tended::Nothing => {}
            Tended::Asked => tracing::debug!("the keys are asked to attest this device"),
            Tended::Failed => {
                self.unattested(plan, KeyError::Unavailable("it could not be asked for".into()))
            }
            Tended::GivenUp => self.unattested(plan, KeyError::TimedOut),
        }
    }

    /// Takes the keys' answer. What was given up is not wanted any more.
    pub(super) fn attested(&mut self, plan: &Plan<'_>, answered: Result<Vec<Chain>, KeyError>) {
        let Some(asked) = self.attesting.attester.answered() else { return };
        match answered {
            Err(error) => {
                self.attesting.attester.failed(self.start.clock.moment().since_boot);
                self.unattested(plan, error);
            }
            Ok(chains) if chains.is_empty() => {
                tracing::debug!("nothing here attests");
                self.attesting.attester.succeeded(asked.at);
                self.attesting.none_yet = Outcome::Missing(Reason::NotPresent);
                self.cycle(plan, [false; COLLECTORS]);
            }
            Ok(chains) => {
                self.attesting.trouble = None;
                self.attesting.attester.hold(asked, chains);
                self.verify_again();
                self.cycle(plan, [false; COLLECTORS]);
            }
        }
    }

    /// There is no attestation. What was attested before stands until it is too old.
    fn unattested(&mut self, plan: &Plan<'_>, why: KeyError) {
        let reason = match &why {
            KeyError::Unavailable(_) | KeyError::Busy => Reason::NotYetAvailable,
            KeyError::TimedOut => Reason::TimedOut,
            KeyError::NotEnrolled | KeyError::Unusable(_) => Reason::Malformed,
        };
        if reason != Reason::NotYetAvailable {
            self.attesting.none_yet = Outcome::Absent;
        }
        if self.attesting.trouble.as_ref() != Some(&why) {
            tracing::warn!("this device can't be attested: {why}");
            self.attesting.trouble = Some(why);
        }
        if self.attesting.attester.held().is_none() {
            let moment = self.start.clock.moment();
            for (ix, _) in self.house.catalogue.iter().filter(|(_, signal)| is_attested(signal)) {
                let missing = Observation::missing(reason, Class::L);
                self.picture.note(self.house, ix, missing, self.start.clock, moment);
            }
        }
        self.cycle(plan, [false; COLLECTORS]);
    }

    /// Judges the last answer as of now: once it is there, and again when other roots, another list or another time count.
    /// What it says stays as old as its challenge.
    pub(super) fn verify_again(&mut self) {
        let Some(held) = self.attesting.attester.held() else { return };
        let moment = self.start.clock.moment();
        let (asked, now) = (held.asked, self.start.clock.now());
        let taken_at = asked.time(now, moment.since_boot);
        let mut found = Evidence::empty(&self.house.catalogue, SourceInfo::new(SourceKind::Live));
        let handed = handed(held, &self.attesting.revocations);
        let observed = handed.observe(&self.house.catalogue, &mut found, &self.attesting.trust, now);
        for (ix, signal) in self.house.catalogue.iter().filter(|(_, signal)| is_attested(signal)) {
            let observation = match (&observed, found.get(ix)) {
                (Ok(_), Some(observation)) => observation.clone(),
                // More chains than kinds of hardware, or two of one kind.
                _ => Observation::missing(Reason::Malformed, signal.ceiling.min(Class::L)),
            };
            let observation = Observation { taken_at: Some(taken_at), ..observation };
            self.picture.note_as_of(self.house, ix, observation, asked.at);
        }
        for note in observed.iter().flat_map(|(_, notes)| notes).filter(|note| note.path == LIST) {
            tracing::warn!("{LIST} counts for nothing: {}", note.message);
        }
        // What was refused and why stands in the findings; its text names certificates, and so the device.
        let accounts = observed.map(|(accounts, _)| accounts).unwrap_or_default();
        for account in &accounts {
            match &account.result {
                Ok(_) => tracing::info!("{}: verified, class {:?}", account.file, account.class),
                Err(refusal) => tracing::warn!("{}: refused: {}", account.file, refusal.rule().code()),
            }
        }
        if accounts.is_empty() || accounts.iter().any(|account| account.result.is_err()) {
            self.attesting.none_yet = Outcome::Absent;
            self.attesting.attester.failed(moment.since_boot);
            return;
        }
        self.attesting.verified = Some((asked.at, taken_at));
        self.attesting.attester.succeeded(asked.at);
        if let Some(level) = self.shown_level(&accounts, &found) {
            self.attesting.raise(level, &mut self.start.store);
        }
    }

    /// The boot patch level that a locked device showed: on another, whoever unlocked it says what it is.
    fn shown_level(&self, accounts: &[Account], found: &Evidence) -> Option<Month> {
        let value = |id| found.value(&self.house.catalogue, id);
        let is_locked = value("attested.device_locked") == Some(&Value::Bool(true));
        match value("attested.boot_patch") {
            Some(Value::Month(level)) if is_locked => {
                accounts.iter().all(|account| account.class >= Class::L).then_some(*level)
            }
            _ => None,
        }
    }

    /// After the wall clock was set: what was judged as of a wrong time is judged as of the right one.
    pub(super) fn restamp_attestation(&mut self) {
        let (now, moment) = (self.start.clock.now(), self.start.clock.moment());
        if let Some((at, time)) = &mut self.attesting.verified {
            let ago = i64::try_from(moment.since_boot.saturating_sub(*at) / 1000).unwrap_or(i64::MAX);
            *time = Time::from_unix(now.unix().saturating_sub(ago)).unwrap_or(Time::EPOCH);
        }
        self.verify_again();
    }

    /// Keeps a revocation list, and holds the last answer against it.
    pub(super) fn install_revocations(&mut self, plan: &Plan<'_>, list: &[u8], reply: Reply<u64>) {
        let Attesting { revocations, trust, .. } = &mut self.attesting;
        let installed = revocations.install(list, trust, &mut self.start.store);
        if let Ok((_, true)) = installed {
            self.verify_again();
            self.cycle(plan, [false; COLLECTORS]);
        }
        answer(reply, installed.map(|(number, _)| number));
    }
}

/// Whether a signal is what hardware attests.
pub(super) fn is_attested(signal: &Signal) -> bool {
    matches!(signal.source, Source::Attested(_))
}

/// An answer as what a person hands over would be. A chain that is too long to be one is none.
fn handed(held: &Held, revocations: &Revocations) -> Handed {
    let whole = |chain: &Chain| {
        let length: usize = chain.iter().map(|certificate| certificate.len()).sum();
        if length > MAX_CHAIN { Vec::new() } else { chain.concat() }
    };
    let named = |(nth, chain)| (format!("the device's own attestation {nth}"), whole(chain));
    Handed {
        chains: (1..).zip(&held.chains).map(named).collect(),
        challenge: Some(held.asked.challenge.into()),
        challenge_from: ChallengeFrom::Source,
        revocation: revocations.list().map(|list| Revocation {
            name: LIST.into(),
            bytes: list.into(),
            is_devices: true,
        }),
    }
}
