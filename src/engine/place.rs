//! Where the evaluator's evidence comes from: the running system; in development, a root that stands for one.

use super::clock::Clock;
#[cfg(debug_assertions)]
use crate::attestation::{Trust, TrustError};
use crate::collect::{
    Asked, COLLECTORS, Collected, Context, Deadlines, Hanging, ROSTER, collect_with, has_started,
};
use crate::cycle::House;
use crate::root::{Directory, Root};
use rustix::io::Errno;
use std::sync::Arc;
use trust_evidence::{Reason, SourceInfo, SourceKind};
use trust_gates::Policy;

/// The most collectors that may hang at a time. Past it nothing is started, or each reading would cost threads.
const MAX_HANGING: usize = 8;

/// What the evaluator reads.
pub trait Place: Send {
    /// Reads with some of the collectors, in the order of the roster.
    fn read(&mut self, house: &House, with: &[bool; COLLECTORS], clock: Clock) -> Collected;

    /// From now on this policy says whom attestations among the files are believed from.
    fn come_under(&mut self, _policy: &Policy) {}

    /// Whether the system has started: before, much of it is not there yet, and hardware is not asked for an attestation.
    fn has_started(&mut self, _house: &House) -> bool {
        true
    }

    /// Whether it is another device's files: what this process is, is then no fact of that device.
    fn is_another_device(&self) -> bool {
        false
    }
}

/// The running system.
pub struct Live {
    root: Arc<dyn Root>,
    deadlines: Deadlines,
    hanging: Vec<Hanging>,
}

impl Live {
    /// The running system.
    pub fn open() -> Result<Live, Errno> {
        Ok(Self::of(Arc::new(Directory::live()?), Deadlines::default()))
    }

    /// A root that is read like the running system.
    pub fn of(root: Arc<dyn Root>, deadlines: Deadlines) -> Live {
        Live { root, deadlines, hanging: Vec::new() }
    }
}

impl Place for Live {
    fn read(&mut self, house: &House, with: &[bool; COLLECTORS], clock: Clock) -> Collected {
        self.hanging.retain(Hanging::is_still);
        let full = self.hanging.len() >= MAX_HANGING;
        let hangs = |which| full || self.hanging.iter().any(|hanging| hanging.collector == which);
        let mut started = Asked { collectors: *with, mount_table: !hangs(None) };
        for (ix, start) in started.collectors.iter_mut().enumerate() {
            *start &= !hangs(Some(ix));
        }
        let source = SourceInfo { taken_at: Some(clock.now()), ..SourceInfo::new(SourceKind::Live) };
        let mut collected = collect_with(&self.root, &started, &house.catalogue, source, self.deadlines);
        for ((collector, asked), started) in ROSTER.iter().zip(with).zip(started.collectors) {
            if *asked && !started {
                collected.failed.push(collector.name);
                collected.miss(&house.catalogue, collector, Reason::TimedOut);
            }
        }
        self.hanging.append(&mut collected.hanging);
        collected
    }

    fn has_started(&mut self, house: &House) -> bool {
        has_started(&Context::new(self.root.clone(), house.catalogue.clone(), false))
    }
}

/// A root that stands for a device, with everything that `trustctl evaluate` would read of it.
#[cfg(debug_assertions)]
pub struct Sample {
    input: crate::import::Input,
    trust: Trust,
    /// Roots beside the policy's, PEM.
    roots: Option<Vec<u8>>,
}

#[cfg(debug_assertions)]
impl Sample {
    /// The root at a path, once it could be read. Its attestation is believed from whom the policy names, and from roots
    /// of [`Sample::trusting`].
    pub fn open(
        house: &House,
        path: &std::path::Path,
        policy: &Policy,
        roots: Option<Vec<u8>>,
    ) -> Result<Sample, crate::import::ImportError> {
        let trust = Sample::trusting(policy, roots.as_deref()).unwrap_or_else(|_| Trust::of(policy));
        let input = crate::import::Input {
            source: Some(path.into()),
            kind: Some(crate::import::Kind::Root),
            ..Default::default()
        };
        crate::import::import(house, &input, &trust)?;
        Ok(Sample { input, trust, roots })
    }

    /// Whom a policy names, and the roots of a PEM text.
    ///
    /// # Errors
    /// That is no text of roots.
    pub fn trusting(policy: &Policy, roots: Option<&[u8]>) -> Result<Trust, TrustError> {
        let trust = Trust::of(policy);
        roots.map_or(Ok(trust.clone()), |roots| trust.and(roots))
    }
}

#[cfg(debug_assertions)]
impl Place for Sample {
    fn read(&mut self, house: &House, _: &[bool; COLLECTORS], clock: Clock) -> Collected {
        let input = crate::import::Input { at: Some(clock.now()), ..self.input.clone() };
        crate::import::import(house, &input, &self.trust).unwrap_or_else(|error| {
            tracing::warn!("the root can't be read any more: {error}");
            let source = SourceInfo { taken_at: Some(clock.now()), ..SourceInfo::new(SourceKind::Root) };
            Collected {
                evidence: trust_evidence::Evidence::empty(&house.catalogue, source),
                attestations: Vec::new(),
                notes: Vec::new(),
                failed: ROSTER.iter().map(|collector| collector.name).collect(),
                hanging: Vec::new(),
            }
        })
    }

    fn come_under(&mut self, policy: &Policy) {
        // They were read at the start.
        if let Ok(trust) = Sample::trusting(policy, self.roots.as_deref()) {
            self.trust = trust;
        }
    }

    fn is_another_device(&self) -> bool {
        true
    }
}
