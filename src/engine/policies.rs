//! Which policy holds: the built-in one, or the signed bundle that is installed in its place. docs/policies.md says
//! whose bundles are taken, and what stands when one is gone.

use crate::bundles::policy_of;
use crate::cycle::House;
use crate::serve::wire::Refusal;
use crate::store::{PolicyState, Store, StoreError};
use std::collections::BTreeSet;
use trust_evidence::Time;
use trust_gates::Policy;
use trust_token::bundle::{Bundle, BundleRefusal};
use trust_token::crypto::{PublicKey, Ring};

/// The built-in policy, and what is installed over it.
pub struct Policies {
    built_in: Policy,
    /// Who may sign: as the built-in policy says, whatever a bundle says.
    signers: Vec<PublicKey>,
    installed: Option<Installed>,
    /// Why what is kept does not hold.
    fault: Option<Fault>,
    refused: BTreeSet<&'static str>,
}

/// A policy whose bundle was verified.
struct Installed {
    policy: Policy,
    /// Until when it holds, in seconds since 1970. It stays in force after that.
    expires: u64,
}

/// Why the policy that was installed is not in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It is gone, or is not the one that was installed.
    Vanished,
    /// No signer that is pinned now signed it.
    Unsigned,
    /// This build can't use it.
    Unfit,
    /// What is kept can't be read.
    Unreadable,
}

/// Why a bundle is refused, and for the log in words.
type Refused = (Refusal, String);

impl Policies {
    /// The policy that is built in, and what is kept over it, verified anew.
    pub fn open(house: &House, built_in: Policy, store: &mut Store) -> Policies {
        let signers =
            built_in.bundle_signers().iter().filter_map(|point| PublicKey::from_point(point)).collect();
        let mut policies =
            Policies { built_in, signers, installed: None, fault: None, refused: BTreeSet::new() };
        policies.read(house, store);
        policies
    }

    /// The policy that holds.
    pub fn policy(&self) -> &Policy {
        self.installed.as_ref().map_or(&self.built_in, |installed| &installed.policy)
    }

    /// Where it comes from and what is wrong with that, as the signal `trustd.policy_state` says it.
    pub fn state(&self, now: Time) -> &'static str {
        match (self.fault, &self.installed) {
            (Some(Fault::Vanished), _) => "vanished",
            (Some(Fault::Unsigned), _) => "unsigned",
            (Some(Fault::Unfit), _) => "unfit",
            (Some(Fault::Unreadable), _) => "unreadable",
            (None, Some(installed)) if seconds(now) >= installed.expires => "expired",
            (None, Some(_)) => "installed",
            (None, None) => "built-in",
        }
    }

    /// The kinds of bundles that were refused since this process began.
    pub fn refused(&self) -> BTreeSet<&'static str> {
        self.refused.clone()
    }

    /// In how many seconds the installed policy expires, if it has not.
    pub fn expires_in(&self, now: Time) -> Option<u64> {
        self.installed.as_ref()?.expires.checked_sub(seconds(now)).filter(|left| *left > 0)
    }

    /// Tries again what could not be read; whether another policy holds now.
    pub fn look(&mut self, house: &House, store: &mut Store) -> bool {
        if self.fault != Some(Fault::Unreadable) {
            return false;
        }
        let before = *self.policy().digest();
        self.read(house, store);
        before != *self.policy().digest()
    }

    /// Installs a bundle; whether another policy holds now.
    ///
    /// # Errors
    /// Why it is refused; [`Refusal::Internal`] where it can't be kept. Nothing changed then, but what was refused is
    /// remembered.
    pub fn install(
        &mut self,
        house: &House,
        bundle: &[u8],
        now: Time,
        store: &mut Store,
    ) -> Result<bool, Refusal> {
        self.take(house, bundle, now, store).map_err(|(refusal, why)| {
            tracing::warn!("a policy bundle is refused: {why}");
            self.refused.extend(kind(refusal));
            refusal
        })
    }

    fn take(&mut self, house: &House, bundle: &[u8], now: Time, store: &mut Store) -> Result<bool, Refused> {
        let new = self.verify(house, bundle, seconds(now))?;
        let (version, digest) = (new.policy.version(), *new.policy.digest());
        let is_another = *self.policy().digest() != digest;
        // An earlier bundle of the same policy, played again, must not make it expire sooner.
        let holds_as_long = |installed: &Installed| !is_another && installed.expires >= new.expires;
        if self.installed.as_ref().is_some_and(holds_as_long) {
            return Ok(false);
        }
        store.install_policy(bundle, version, digest, new.expires).map_err(|error| match error {
            StoreError::OlderPolicy { .. } => (Refusal::PolicyOlder, error.to_string()),
            error => (Refusal::Internal, error.to_string()),
        })?;
        (self.installed, self.fault) = (Some(new), None);
        tracing::info!(version, "a policy bundle is installed");
        Ok(is_another)
    }

    /// What can be verified of a bundle as of a time, in seconds since 1970.
    fn verify(&self, house: &House, bundle: &[u8], now: u64) -> Result<Installed, Refused> {
        let refuse = |refusal, why: &dyn std::fmt::Display| (refusal, why.to_string());
        let floor = Some(self.built_in.version());
        let verified = Bundle::verify(bundle, &self.signers, self.built_in.id(), now, floor, &Ring)
            .map_err(|why| refuse(refusal(&why), &why))?;
        let policy = policy_of(house, "the policy bundle", verified.get())
            .map_err(|why| refuse(Refusal::PolicyMalformed, &why))?;
        if policy.is_lab() && !self.built_in.is_lab() {
            return Err(refuse(Refusal::PolicyOther, &"it is a laboratory's"));
        }
        if self.is_superseded(policy.version(), policy.digest()) {
            return Err(refuse(
                Refusal::PolicyOlder,
                &"the built-in policy of that version has another text",
            ));
        }
        Ok(Installed { policy, expires: verified.get().expires_at })
    }

    /// Whether the built-in policy takes the place of a policy: an update of the system may bring a later one. A version
    /// names one text.
    fn is_superseded(&self, version: u32, digest: &[u8; 32]) -> bool {
        let built_in = self.built_in.version();
        version < built_in || (version == built_in && digest != self.built_in.digest())
    }

    fn read(&mut self, house: &House, store: &mut Store) {
        (self.installed, self.fault) = match self.kept(house, store) {
            Ok(installed) => (installed, None),
            Err((fault, why)) => {
                tracing::error!("the installed policy is not in force: {why}");
                (None, Some(fault))
            }
        };
    }

    fn kept(&self, house: &House, store: &mut Store) -> Result<Option<Installed>, (Fault, String)> {
        let kept = match store.installed_policy() {
            Err(error) => return Err((Fault::Unreadable, error.to_string())),
            Ok(PolicyState::Never) => return Ok(None),
            Ok(PolicyState::Lost { version, digest }) if self.is_superseded(version, &digest) => {
                return Ok(None);
            }
            Ok(PolicyState::Lost { version, .. }) => {
                return Err((Fault::Vanished, format!("the bundle of version {version} is gone")));
            }
            Ok(PolicyState::Installed(kept)) if self.is_superseded(kept.version, &kept.digest) => {
                return Ok(None);
            }
            Ok(PolicyState::Installed(kept)) => kept,
        };
        // It was in time when it was installed; that it expired since then is no reason to leave it.
        let installed = self.verify(house, &kept.bundle, kept.expires.saturating_sub(1));
        let installed = installed.map_err(|(refusal, why)| match refusal {
            Refusal::PolicyUnsigned => (Fault::Unsigned, why),
            _ => (Fault::Unfit, why),
        })?;
        let Installed { policy, expires } = &installed;
        match (policy.version(), policy.digest(), *expires) == (kept.version, &kept.digest, kept.expires) {
            true => Ok(Some(installed)),
            false => Err((Fault::Vanished, "the bundle is not the one that was installed".into())),
        }
    }
}

/// A clock before 1970 is before every bundle.
fn seconds(now: Time) -> u64 {
    u64::try_from(now.unix()).unwrap_or_default()
}

fn refusal(why: &BundleRefusal) -> Refusal {
    match why {
        BundleRefusal::TooLarge
        | BundleRefusal::Malformed(_)
        | BundleRefusal::Header
        | BundleRefusal::Type => Refusal::PolicyMalformed,
        BundleRefusal::UnknownSigner | BundleRefusal::Signature => Refusal::PolicyUnsigned,
        BundleRefusal::Id(_) => Refusal::PolicyOther,
        BundleRefusal::NotYetValid | BundleRefusal::Expired => Refusal::PolicyExpired,
        BundleRefusal::Rollback(_) => Refusal::PolicyOlder,
    }
}

/// The names of the signal `trustd.policy_refused`.
fn kind(refusal: Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::PolicyMalformed => Some("malformed"),
        Refusal::PolicyUnsigned => Some("unsigned"),
        Refusal::PolicyOther => Some("other"),
        Refusal::PolicyExpired => Some("expired"),
        Refusal::PolicyOlder => Some("older"),
        _ => None,
    }
}
