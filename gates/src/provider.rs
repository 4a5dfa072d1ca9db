//! Providers: which component of the platform may report which signals.

use crate::access::{Callers, Who};
use crate::plan::Plan;
use crate::policy::Policy;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use trust_evidence::{Catalogue, LoadError, SignalIx};

/// A component of the platform that reports signals (class J): what it pushes, and what it asks services for, of which trustd
/// is no client (decision 12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// What it is called.
    pub name: Box<str>,
    /// Who it is.
    pub callers: Callers,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProvider {
    name: Spanned<String>,
    #[serde(default)]
    types: Vec<Spanned<String>>,
    #[serde(default)]
    app_ids: Vec<Spanned<String>>,
    #[serde(default)]
    users: Vec<Spanned<i64>>,
    signals: Spanned<Vec<Spanned<String>>>,
}

impl RawProvider {
    pub(crate) fn who(&self) -> Who<'_> {
        Who { what: "type", types: &self.types, app_ids: &self.app_ids, users: &self.users }
    }
}

impl Policy {
    pub(crate) fn read_providers(&self) -> Result<Vec<Provider>, LoadError> {
        let mut providers: Vec<Provider> = Vec::new();
        for raw in &self.raw.provider {
            let name = self.read_name("name", &raw.name)?;
            if providers.iter().any(|known| known.name == name) {
                let message = format!("provider \"{name}\" is there twice: expected one table for it");
                return Err(self.error(raw.name.span(), message));
            }
            if raw.signals.as_ref().is_empty() {
                return Err(self.error(raw.signals.span(), "signals = []: expected at least one signal"));
            }
            providers.push(Provider { name, callers: self.read_callers(&raw.name, &raw.who())? });
        }
        Ok(providers)
    }

    /// Which provider reports each signal that one may, as an index into [`Policy::providers`].
    pub(crate) fn reporters(&self, catalogue: &Catalogue) -> Result<BTreeMap<SignalIx, usize>, LoadError> {
        let mut reporters = BTreeMap::new();
        for (provider, raw) in self.raw.provider.iter().enumerate() {
            for glob in raw.signals.as_ref() {
                let pattern = glob.as_ref().as_str();
                let matches = |id: &str| match pattern.strip_suffix('*') {
                    Some(prefix) => !prefix.is_empty() && id.starts_with(prefix),
                    None => id == pattern,
                };
                let error = |message: String| {
                    Err(self.error(glob.span(), format!("signal \"{pattern}\": {message}")))
                };
                let mut found = catalogue.iter().filter(|(_, signal)| matches(&signal.id)).peekable();
                if found.peek().is_none() {
                    return error(
                        "expected one that the catalogue declares, or the beginning of some and *".into(),
                    );
                }
                for (ix, signal) in found {
                    if !signal.source.is_reported() {
                        let place = signal.source.place();
                        return error(format!(
                            "{} is read by trustd itself ({place}): expected what is pushed or a service's",
                            signal.id
                        ));
                    }
                    if let Some(other) = reporters.insert(ix, provider) {
                        let other = self.providers.get(other).map_or("", |provider| &provider.name);
                        return error(format!(
                            "{} is already \"{other}\"'s: expected one provider for it, once",
                            signal.id
                        ));
                    }
                }
            }
        }
        Ok(reporters)
    }

    /// Its providers, in the file's order.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }
}

impl Plan<'_> {
    /// The provider that may report a signal, if any may.
    pub fn provider_of(&self, signal: SignalIx) -> Option<&Provider> {
        self.policy.providers.get(*self.reporters.get(&signal)?)
    }

    /// The signals that the provider of this name may report: none where there is no such provider.
    pub fn signals_of(&self, provider: &str) -> BTreeSet<SignalIx> {
        let named = self.policy.providers.iter().position(|known| *known.name == *provider);
        self.reporters.iter().filter(|(_, ix)| Some(**ix) == named).map(|(signal, _)| *signal).collect()
    }
}
