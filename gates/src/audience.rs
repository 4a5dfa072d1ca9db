//! Audiences: what a policy lets each relying party see of a posture, and who may ask in its name.

use crate::access::{Callers, Who};
use crate::policy::Policy;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use toml::Spanned;
use trust_evidence::LoadError;
use trust_posture::GateId;

/// How long an attestation may hold, in seconds.
const TTL: RangeInclusive<i64> = 1..=600;

/// A relying party, and what it is shown. What stands in no list here is in none of its attestations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// What it is called in its attestations.
    pub id: Box<str>,
    /// The gates that it sees, by number.
    pub gates: Vec<GateId>,
    /// The boot facts that it sees, in their order.
    pub facts: Vec<Fact>,
    /// How many seconds an attestation for it holds.
    pub ttl: u16,
    /// Who may ask in its name: who calls decides for whom the answer is.
    pub callers: Callers,
}

/// A boot fact that an audience may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The verified boot state.
    BootState,
    /// SHA-256 of the verified boot key.
    BootKey,
    /// The digest of all verified boot metadata.
    VbmetaDigest,
    /// The system's patch level.
    OsPatch,
    /// The vendor image's.
    VendorPatch,
    /// The boot image's.
    BootPatch,
}

impl Fact {
    /// Every fact, in the order of the attestation.
    pub const ALL: [Fact; 6] = [
        Fact::BootState,
        Fact::BootKey,
        Fact::VbmetaDigest,
        Fact::OsPatch,
        Fact::VendorPatch,
        Fact::BootPatch,
    ];

    /// Its name in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Fact::BootState => "boot-state",
            Fact::BootKey => "boot-key",
            Fact::VbmetaDigest => "vbmeta-digest",
            Fact::OsPatch => "os-patch",
            Fact::VendorPatch => "vendor-patch",
            Fact::BootPatch => "boot-patch",
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAudience {
    id: Spanned<String>,
    gates: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    facts: Vec<Spanned<String>>,
    ttl: Spanned<i64>,
    callers: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    users: Vec<Spanned<i64>>,
}

impl RawAudience {
    pub(crate) fn who(&self) -> Who<'_> {
        Who { what: "caller", types: self.callers.as_ref(), app_ids: &[], users: &self.users }
    }
}

impl Policy {
    pub(crate) fn read_audiences(&self) -> Result<Vec<Audience>, LoadError> {
        let mut audiences: Vec<Audience> = Vec::new();
        for raw in &self.raw.audience {
            let audience = self.read_audience(raw)?;
            if audiences.iter().any(|known| known.id == audience.id) {
                let message =
                    format!("audience \"{}\" is there twice: expected one table for it", audience.id);
                return Err(self.error(raw.id.span(), message));
            }
            audiences.push(audience);
        }
        Ok(audiences)
    }

    fn read_audience(&self, raw: &RawAudience) -> Result<Audience, LoadError> {
        let id = self.read_name("id", &raw.id)?;
        let gates = self.read_once(raw.gates.as_ref(), "gate", &GateId::ALL, GateId::id)?;
        if gates.is_empty() {
            return Err(self.error(raw.gates.span(), "gates = []: expected at least one gate"));
        }
        let facts = self.read_once(&raw.facts, "fact", &Fact::ALL, Fact::name)?;
        let ttl = u16::try_from(*raw.ttl.as_ref()).ok().filter(|ttl| TTL.contains(&i64::from(*ttl)));
        let ttl = ttl.ok_or_else(|| {
            let message =
                format!("ttl = {}: expected {} to {} seconds", raw.ttl.as_ref(), TTL.start(), TTL.end());
            self.error(raw.ttl.span(), message)
        })?;
        if raw.callers.as_ref().is_empty() {
            return Err(self.error(raw.callers.span(), "callers = []: expected at least one SELinux type"));
        }
        Ok(Audience { id, gates, facts, ttl, callers: self.read_callers(&raw.id, &raw.who())? })
    }

    /// Known names, each at most once, in the order of `all`.
    fn read_once<T: Copy + Ord>(
        &self,
        names: &[Spanned<String>],
        what: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<Vec<T>, LoadError> {
        let mut read = BTreeSet::new();
        for found in names {
            let Some(known) = all.iter().copied().find(|known| name(*known) == found.as_ref()) else {
                let known: Vec<&str> = all.iter().map(|known| name(*known)).collect();
                let message = format!("{what} \"{}\": expected one of {}", found.as_ref(), known.join(", "));
                return Err(self.error(found.span(), message));
            };
            if !read.insert(known) {
                let message = format!("{what} \"{}\" is there twice: expected it once", found.as_ref());
                return Err(self.error(found.span(), message));
            }
        }
        Ok(read.into_iter().collect())
    }

    /// Its audiences, in the file's order.
    pub fn audiences(&self) -> &[Audience] {
        &self.audiences
    }

    /// The audience with this id.
    pub fn audience(&self, id: &str) -> Option<&Audience> {
        self.audiences.iter().find(|audience| &*audience.id == id)
    }

    /// The one audience that callers of this SELinux type ask for.
    pub fn audience_of(&self, caller: &str) -> Option<&Audience> {
        self.audiences.iter().find(|audience| audience.callers.types.iter().any(|known| &**known == caller))
    }
}
