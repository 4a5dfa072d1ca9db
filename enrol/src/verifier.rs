//! The enrolment verifier: rules, state and key together. Its methods may be called from many threads at once.

mod enrol;

use crate::clock;
use crate::queue::Queue;
use crate::refusal::Refusal;
use crate::rules::{Audience, Rules};
use crate::state::{self, Device, Open, Pending, State, StateError};
use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use trust_token::bundle::{Bundle, BundleRefusal};
use trust_token::crypto::{Ring, Sha256Digest, Sign};
use trust_token::enrolment::GivenChallenge;
use trust_token::revocation::{MAX_HANDLES, Revoked};

/// A signed list of revoked handles, and the time it is of.
type Lists = BTreeMap<Box<str>, (u64, Arc<[u8]>)>;

/// The enrolment verifier.
#[derive(Debug)]
pub struct Verifier<K> {
    rules: RwLock<Arc<Rules>>,
    queue: Queue,
    key: K,
    lists: Mutex<Lists>,
}

/// What a person decided, and what it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It holds from now on.
    Done,
    /// It had been decided before.
    Before,
    /// There is nothing like that.
    Nothing,
    /// As many handles of this audience are revoked as fit a list.
    Full,
}

/// Why a policy bundle was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Published {
    /// The bundle is not one of this policy by a signer that the rules name.
    #[error("{0}")]
    Bundle(BundleRefusal),
    /// An older one, or the state could not be written.
    #[error("{0}")]
    State(#[from] StateError),
}

impl<K: Sign> Verifier<K> {
    /// Of these rules, on this state. Floors that were higher before stay so.
    pub fn start(state: State, rules: Rules, key: K) -> Result<Verifier<K>, Refusal> {
        let queue = Queue::start(state)?;
        let rules = raised(&queue, rules)?;
        Ok(Verifier { rules: RwLock::new(Arc::new(rules)), queue, key, lists: Mutex::default() })
    }

    /// Other rules from now on; those that were there stay if these can't be taken.
    pub fn reload(&self, rules: Rules) -> Result<(), Refusal> {
        let rules = Arc::new(raised(&self.queue, rules)?);
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// The rules that hold.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its own key.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Issues a challenge for an audience, as of `now` in seconds since 1970.
    pub fn challenge(&self, now: u64, audience: &str) -> Result<GivenChallenge, Refusal> {
        let rules = self.rules();
        let audience = rules.audience(audience).ok_or(Refusal::Audience)?.id.clone();
        let mut challenge = [0; 32];
        SystemRandom::new().fill(&mut challenge).map_err(|_| Refusal::Signing)?;
        self.queue.run(move |on| {
            let now = clock::advance(on, now)?;
            let expires_at = now.saturating_add(rules.lifetimes.challenge);
            let open = Open { made_at: now, expires_at };
            state::issue(on, &challenge, &audience, open, rules.limits.challenges)?;
            Ok(GivenChallenge { expires_at, challenge })
        })
    }

    /// The list of an audience's revoked handles, signed: of the last fixed time, and numbered by it.
    pub fn revoked(&self, now: u64, audience: &str) -> Result<Arc<[u8]>, Refusal> {
        let rules = self.rules();
        let Audience { id, .. } = rules.audience(audience).ok_or(Refusal::Audience)?;
        let (interval, of) = (rules.lifetimes.list.max(1), id.clone());
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let held = lists.get(id).cloned();
        let held_at = held.as_ref().map(|(taken_at, _)| *taken_at);
        let (taken_at, handles) = self.queue.run(move |on| {
            let now = clock::advance(on, now)?;
            let taken_at = now - now % interval;
            match held_at == Some(taken_at) {
                true => Ok((taken_at, None)),
                false => Ok((taken_at, Some(state::handles(on, &of, taken_at)?))),
            }
        })?;
        match (handles, held) {
            (None, Some((_, list))) => Ok(list),
            (handles, _) => {
                let handles = handles.unwrap_or_default();
                let list = Revoked { audience: id.clone(), taken_at, number: taken_at, handles };
                let list: Arc<[u8]> = list.sign(&self.key).map_err(|_| Refusal::Signing)?.into();
                lists.insert(id.clone(), (taken_at, list.clone()));
                Ok(list)
            }
        }
    }

    /// The newest bundle of a policy, as it was published.
    pub fn policy(&self, id: &str) -> Result<Vec<u8>, Refusal> {
        let id: Box<str> = id.into();
        self.queue
            .run(move |on| state::find_policy(on, &id)?.map(|(_, bundle)| bundle).ok_or(Refusal::Policy))
    }
}

/// What a person does, on the state alone: it works beside a verifier that runs.
impl State {
    /// Approves another key of a handle: it takes the other's place when it shows itself again.
    pub fn approve(
        &mut self,
        audience: &str,
        handle: &[u8; 32],
        key: &Sha256Digest,
    ) -> Result<Decision, StateError> {
        self.change(|on| match state::find_pending(on, key)? {
            Some(found) if *found.audience != *audience || found.handle != *handle => Ok(Decision::Nothing),
            Some(found) if found.is_approved => Ok(Decision::Before),
            Some(_) if state::approve(on, audience, handle, key)? => Ok(Decision::Done),
            _ => Ok(Decision::Nothing),
        })
    }

    /// Revokes a handle, for good, whether or not it is enrolled. It is on the next list, and enrols no more at once.
    pub fn revoke(&mut self, now: u64, audience: &str, handle: &[u8; 32]) -> Result<Decision, StateError> {
        self.change(|on| {
            if state::is_revoked(on, audience, handle)? {
                return Ok(Decision::Before);
            }
            if state::revoked_count(on, audience)? >= MAX_HANDLES as u64 {
                return Ok(Decision::Full);
            }
            // By the later clock: a list that was given already must not have been to have it.
            let now = now.max(clock::stood(on)?);
            state::revoke(on, audience, handle, now)?;
            Ok(Decision::Done)
        })
    }

    /// Keeps a policy's bundle, which one of the signers signed, unless a newer one is there.
    pub fn publish(&mut self, now: u64, id: &str, bundle: &[u8], rules: &Rules) -> Result<u32, Published> {
        let verified = Bundle::verify(bundle, &rules.policy_signers, id, now, None, &Ring);
        let version = verified.map_err(Published::Bundle)?.get().version;
        self.change(|on| {
            state::keep_policy(on, id, version, bundle).map(|()| version).map_err(Published::State)
        })
    }

    /// Takes the time back to `now`, after a clock that was ahead. Challenges that are open are closed. Relying parties
    /// take no list of revoked handles until the time is what it was.
    pub fn reset_clock(&mut self, now: u64) -> Result<u64, StateError> {
        self.change(|on| {
            let stood = clock::stood(on)?;
            let setting = state::doing("setting the clock");
            on.execute("DELETE FROM challenge", []).map_err(&setting)?;
            on.execute("UPDATE clock SET seconds = ?1", [clock::integer(now)]).map_err(&setting)?;
            Ok(stood)
        })
    }

    /// Every enrolled handle, by audience; whether each is revoked.
    pub fn devices(&mut self) -> Result<Vec<(Device, bool)>, StateError> {
        self.change(|on| {
            let devices = state::devices(on)?.into_iter();
            devices
                .map(|device| state::is_revoked(on, &device.audience, &device.handle).map(|is| (device, is)))
                .collect()
        })
    }

    /// Every key that waits for a person.
    pub fn pendings(&mut self) -> Result<Vec<Pending>, StateError> {
        self.change(state::pendings)
    }
}

/// The rules with floors that never fall.
fn raised(queue: &Queue, mut rules: Rules) -> Result<Rules, Refusal> {
    queue.run(move |on| {
        for (name, floor) in ["system", "vendor", "boot"].into_iter().zip(&mut rules.patches) {
            *floor = raise(on, &format!("patch/{name}"), *floor)?;
        }
        for audience in &mut rules.audiences {
            audience.policy_version = raise(on, &format!("policy/{}", audience.id), audience.policy_version)?;
        }
        if let Some(found) = rules.revocation.as_ref().and_then(|revocation| revocation.list.number()) {
            let stood = state::raise(on, "revocation", found)?;
            if stood > found {
                return Err(
                    StateError::Older { what: "a revocation snapshot of number", found, stood }.into()
                );
            }
        }
        Ok(rules)
    })
}

fn raise(on: &Connection, name: &str, floor: u32) -> Result<u32, StateError> {
    Ok(u32::try_from(state::raise(on, name, floor.into())?).unwrap_or(u32::MAX))
}
