//! The desk: what both doors call. It decides who may ask, how often and what, and only then asks the evaluator.

use super::access::{Access, Caller, Cell, Method, Role, Tier};
use super::limits::{Bounds, Clock, Limits};
use super::listeners::{Listener, ListenerId, Listeners, View};
use super::turns::Turns;
use super::wire::{
    Evaluator, GateFindings, GateSummary, GateWords, Head, HistoryEntry, INTERFACE_VERSION, MAX_BUNDLE,
    MAX_HISTORY, MAX_NAMES, MAX_REPORTED, MAX_REVOCATIONS, MAX_TEXT, MAX_TTL, ProviderState, Question,
    Refusal, Report, Reported, Summary,
};
use crate::keys::Whose;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use trust_posture::GateId;

/// To how many seconds an audience is told times.
const GRAIN: i64 = 60;

/// Both doors' one way in.
pub struct Desk {
    evaluator: Arc<dyn Evaluator>,
    access: RwLock<Arc<Access>>,
    listeners: Arc<Listeners>,
    limits: Limits,
    turns: Turns,
    faults: AtomicU64,
}

impl Desk {
    /// A desk before this evaluator.
    pub fn new(
        evaluator: Arc<dyn Evaluator>,
        access: Access,
        listeners: Arc<Listeners>,
        bounds: Bounds,
        clock: Clock,
    ) -> Desk {
        Desk {
            evaluator,
            access: RwLock::new(Arc::new(access)),
            listeners,
            limits: Limits::new(bounds, clock.clone()),
            turns: Turns::new(clock),
            faults: AtomicU64::new(0),
        }
    }

    /// Another policy holds from now on, for those who listen too.
    pub fn replace_access(&self, access: Access) {
        let access = Arc::new(access);
        *self.access.write().unwrap_or_else(PoisonError::into_inner) = access.clone();
        self.listeners.review(|caller| view(Method::Listen, access.resolve(caller)));
    }

    /// Counts a call that ended in a panic at a door.
    pub fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// How many calls ended in a panic.
    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Whether this caller may call this method, for a door that would otherwise have to read arguments first.
    ///
    /// # Errors
    /// [`Refusal::NotPermitted`]. The same holds for every method below, before anything else is looked at; then
    /// [`Refusal::Busy`] beyond the limits.
    pub fn permits(&self, caller: &Caller, method: Method) -> Result<(), Refusal> {
        match method.cell(self.access().resolve(caller)) {
            Cell::No => Err(refused(caller, method)),
            Cell::Yes | Cell::Tier => Ok(()),
        }
    }

    /// The version of the interface.
    ///
    /// # Errors
    /// See [`permits`](Self::permits).
    pub fn version(&self, caller: &Caller) -> Result<i32, Refusal> {
        self.call(caller, Method::Version, |_| Ok(INTERFACE_VERSION))
    }

    /// The posture in short; for an audience, what its tier sees of it.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); the evaluator's.
    pub fn summary(&self, caller: &Caller) -> Result<Arc<Summary>, Refusal> {
        self.call(caller, Method::Summary, |role| {
            let summary = self.evaluator.summary()?;
            Ok(match role {
                Role::Audience(tier) => {
                    let sequence = self.listeners.number(tier, caller, summary.sequence);
                    Arc::new(Summary { sequence, ..seen_by(tier, &summary) })
                }
                _ => summary,
            })
        })
    }

    /// The findings of a gate, 1 to 10.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::BadArgument`]; the evaluator's.
    pub fn gate(&self, caller: &Caller, number: i32) -> Result<GateFindings, Refusal> {
        self.call(caller, Method::Gate, |_| {
            let gate = GateId::ALL.into_iter().find(|gate| i32::from(gate.number()) == number);
            self.evaluator.gate(gate.ok_or(Refusal::BadArgument)?)
        })
    }

    /// The words of all gates.
    ///
    /// # Errors
    /// See [`permits`](Self::permits).
    pub fn words(&self, caller: &Caller) -> Result<Vec<GateWords>, Refusal> {
        self.call(caller, Method::Words, |_| Ok(self.evaluator.words()))
    }

    /// Entries of the history after this number (0 or more), oldest first, at most `most` (1 to [`MAX_HISTORY`]).
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::BadArgument`]; the evaluator's.
    pub fn history(&self, caller: &Caller, after: i64, most: i32) -> Result<Vec<HistoryEntry>, Refusal> {
        self.call(caller, Method::History, |_| {
            let after = u64::try_from(after).map_err(|_| Refusal::BadArgument)?;
            let most = u32::try_from(most).ok().filter(|most| (1..=MAX_HISTORY).contains(most));
            self.evaluator.history(after, most.ok_or(Refusal::BadArgument)?)
        })
    }

    /// The history's end.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); the evaluator's; [`Refusal::NoHistory`] where none could be read since the daemon started.
    pub fn head(&self, caller: &Caller) -> Result<Head, Refusal> {
        self.call(caller, Method::Head, |_| self.evaluator.summary()?.head.ok_or(Refusal::NoHistory))
    }

    /// Reads and judges everything again; the sequence number then. An evaluation that another began less than a second
    /// ago is everybody's: see [`Turns`].
    ///
    /// # Errors
    /// See [`permits`](Self::permits); the evaluator's.
    pub fn evaluate(&self, caller: &Caller) -> Result<u64, Refusal> {
        self.call(caller, Method::Evaluate, |_| self.turns.take(|| self.evaluator.evaluate()))
    }

    /// Takes a provider's report.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::BadArgument`] where the report is not as [`wire`](super::wire) says;
    /// the evaluator's.
    pub fn report(&self, caller: &Caller, report: Report) -> Result<(), Refusal> {
        self.call(caller, Method::Report, |role| {
            let Role::Provider(name) = role else { return Err(Refusal::NotPermitted) };
            if !is_in_bounds(&report) {
                return Err(Refusal::BadArgument);
            }
            self.evaluator.report(name, report)
        })
    }

    /// The providers that policy names.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); the evaluator's.
    pub fn providers(&self, caller: &Caller) -> Result<Vec<ProviderState>, Refusal> {
        self.call(caller, Method::Providers, |_| self.evaluator.providers())
    }

    /// Tells this listener of changes from now on; for an audience, of those of the posture and of its gates.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::Busy`] where there are too many.
    pub fn listen(&self, caller: &Caller, listener: Box<dyn Listener>) -> Result<ListenerId, Refusal> {
        self.call(caller, Method::Listen, |role| {
            let view = view(Method::Listen, role).ok_or(Refusal::NotPermitted)?;
            self.listeners.add(caller, view, listener)
        })
    }

    /// Tells it no more.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::BadArgument`] where this caller has no such listener.
    pub fn unlisten(&self, caller: &Caller, id: ListenerId) -> Result<(), Refusal> {
        self.call(caller, Method::Unlisten, |_| {
            if self.listeners.remove_own(caller, id) { Ok(()) } else { Err(Refusal::BadArgument) }
        })
    }

    /// Whether there is still a listener of this number: one that is too slow is dropped, and so is one that another
    /// policy does not name.
    pub fn listens(&self, id: ListenerId) -> bool {
        self.listeners.is_open(id)
    }

    /// A listener whose owner died, as the door knows.
    pub fn gone(&self, id: ListenerId) {
        self.listeners.remove(id);
    }

    /// A signed attestation for the caller's audience and Android user: `nonce` and `confirmation` are of 32 bytes.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::BadArgument`]; [`Refusal::Unsupported`] where nothing keeps keys; the
    /// evaluator's.
    pub fn attest(&self, caller: &Caller, nonce: &[u8], confirmation: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.call(caller, Method::Attest, |role| {
            let Role::Audience(tier) = role else { return Err(Refusal::NotPermitted) };
            let whole = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| Refusal::BadArgument);
            let question = Question { nonce: whole(nonce)?, confirmation: whole(confirmation)? };
            self.evaluator.attest(Whose { audience: &tier.id, user: caller.android_user() }, question)
        })
    }

    /// Evidence of the posture key of the caller's audience and Android user, for the enrolment verifier whose challenge
    /// this is, of 32 bytes; of a new key in the place of the one that there is, if `anew`.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::BadArgument`]; [`Refusal::Unsupported`] where nothing keeps keys; the
    /// evaluator's.
    pub fn enrolment_evidence(
        &self,
        caller: &Caller,
        challenge: &[u8],
        anew: bool,
    ) -> Result<Vec<u8>, Refusal> {
        self.call(caller, Method::EnrolmentEvidence, |role| {
            let Role::Audience(tier) = role else { return Err(Refusal::NotPermitted) };
            let challenge = challenge.try_into().map_err(|_| Refusal::BadArgument)?;
            let whose = Whose { audience: &tier.id, user: caller.android_user() };
            self.evaluator.enrolment_evidence(whose, challenge, anew)
        })
    }

    /// Installs a policy bundle; the version that holds then.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::BadArgument`]: more than [`MAX_BUNDLE`] bytes; the evaluator's, which
    /// says by a code of its own why a bundle is refused.
    pub fn install_policy(&self, caller: &Caller, bundle: &[u8]) -> Result<u32, Refusal> {
        self.call(caller, Method::InstallPolicy, |_| match bundle.len() {
            ..=MAX_BUNDLE => self.evaluator.install_policy(bundle.into()),
            _ => Err(Refusal::BadArgument),
        })
    }

    /// Installs a signed snapshot of a revocation list; its number.
    ///
    /// # Errors
    /// See [`permits`](Self::permits); [`Refusal::BadArgument`]: more than [`MAX_REVOCATIONS`] bytes; the evaluator's,
    /// which says by a code of its own why a list is refused.
    pub fn install_revocations(&self, caller: &Caller, snapshot: &[u8]) -> Result<u64, Refusal> {
        self.call(caller, Method::InstallRevocations, |_| match snapshot.len() {
            ..=MAX_REVOCATIONS => self.evaluator.install_revocations(snapshot.into()),
            _ => Err(Refusal::BadArgument),
        })
    }

    fn access(&self) -> Arc<Access> {
        self.access.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Permission, then limits, then the work; a panic in it is this call's alone.
    fn call<T>(
        &self,
        caller: &Caller,
        method: Method,
        work: impl FnOnce(Role<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let access = self.access();
        let role = access.resolve(caller);
        if method.cell(role) == Cell::No {
            return Err(refused(caller, method));
        }
        let _pass = self.limits.enter(caller.uid)?;
        catch_unwind(AssertUnwindSafe(|| work(role))).unwrap_or_else(|_| {
            self.fault();
            Err(Refusal::Internal)
        })
    }
}

fn refused(caller: &Caller, method: Method) -> Refusal {
    let Caller { door, uid, selinux_type, name } = caller;
    tracing::debug!(?door, uid, selinux_type, %name, ?method, "not permitted");
    Refusal::NotPermitted
}

fn view(method: Method, role: Role<'_>) -> Option<View> {
    match (method.cell(role), role) {
        (Cell::Yes, _) => Some(View::All),
        (Cell::Tier, Role::Audience(tier)) => Some(View::Only(tier.clone())),
        _ => None,
    }
}

/// The posture, the audience's gates without counts, and no head. How many waivers hold is shown to all, as in an
/// attestation: a waiver lowers what is asked. To the minute, as in an attestation: when a device judged itself is the same
/// for whoever asks afterwards.
fn seen_by(tier: &Tier, summary: &Summary) -> Summary {
    let shown = summary.gates.iter().filter(|gate| tier.gates.contains(&gate.gate));
    Summary {
        gates: shown.map(|gate| GateSummary { failing: None, ..gate.clone() }).collect(),
        head: None,
        posture: summary.posture,
        sequence: summary.sequence,
        judged_at: summary.judged_at - summary.judged_at.rem_euclid(GRAIN),
        policy: summary.policy.clone(),
        waivers: summary.waivers,
    }
}

fn is_in_bounds(report: &Report) -> bool {
    let is_text = |text: &str| text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
    let is_value = |value: &Reported| match value {
        Reported::Text(text) => is_text(text),
        Reported::Names(names) => names.len() <= MAX_NAMES && names.iter().all(|name| is_text(name)),
        Reported::Absent | Reported::Missing => true,
    };
    let is_signal = |(id, value): &(String, Reported)| is_text(id) && is_value(value);
    (1..=MAX_TTL).contains(&report.ttl)
        && report.signals.len() <= MAX_REPORTED
        && report.signals.iter().all(is_signal)
        && (1..)
            .zip(&report.signals)
            .all(|(next, (id, _))| !report.signals.iter().skip(next).any(|(other, _)| other == id))
}
