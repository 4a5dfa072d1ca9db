//! What is judged, and whom its attestations are believed from.

use crate::terminal::{CommandError, read_capped};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;
use trust_evidence::Time;
use trustd::attestation::Trust;
use trustd::import::{Input, Kind};

/// What to judge. With nothing, this machine.
#[derive(Args)]
pub struct SourceArgs {
    /// A capture, a root directory, a getprop text, a bugreport; - for standard input [default: this machine]
    source: Option<PathBuf>,
    /// Read the source as this and don't look at its content
    #[arg(long = "as", value_name = "KIND", value_parser = kinds())]
    kind: Option<Kind>,
    /// The output of getprop
    #[arg(long, value_name = "F")]
    getprop: Option<PathBuf>,
    /// A copy of /proc/bootconfig
    #[arg(long, value_name = "F")]
    bootconfig: Option<PathBuf>,
    /// A copy of /proc/cmdline
    #[arg(long, value_name = "F")]
    cmdline: Option<PathBuf>,
    /// A mount table: mountinfo, /proc/mounts or the output of mount
    #[arg(long, value_name = "F")]
    mounts: Option<PathBuf>,
    /// A capture, or a fragment of one, laid over the rest
    #[arg(long, value_name = "F")]
    observations: Option<PathBuf>,
    /// The getprop text was taken by root: what it lacks is absent
    #[arg(long)]
    complete_properties: bool,
    /// A key attestation chain, PEM or DER; once more for a StrongBox's beside a TEE's
    #[arg(long, value_name = "CHAIN")]
    attestation: Vec<PathBuf>,
    /// The challenge that the attestation must have, in hex; without one it counts for nothing good
    #[arg(long, value_name = "HEX")]
    challenge: Option<String>,
    /// You issued the challenge, off the device: evidence of class H instead of L
    #[arg(long, requires = "challenge")]
    issued_here: bool,
    /// What is revoked: Google's JSON (<https://android.googleapis.com/attestation/status>), which you vouch to be
    /// fresh, or a signed snapshot
    #[arg(long, value_name = "F")]
    revocation: Option<PathBuf>,
}

/// Whom key attestations are believed from.
#[derive(Args)]
pub struct TrustArgs {
    /// Certificates in PEM of attestation roots, and of signers of revocation snapshots, to trust besides
    /// Google's and the policy's
    #[arg(long, value_name = "F")]
    pub roots: Option<PathBuf>,
}

/// The kinds of source by their names.
fn kinds() -> impl clap::builder::TypedValueParser<Value = Kind> {
    let names = Kind::NAMED.map(|(name, _)| name);
    PossibleValuesParser::new(names).try_map(|name| {
        let found = Kind::NAMED.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, kind)| kind).ok_or("not a kind of source")
    })
}

impl SourceArgs {
    /// Whether the person named any source.
    pub fn is_given(&self) -> bool {
        let parts =
            [&self.source, &self.getprop, &self.bootconfig, &self.cmdline, &self.mounts, &self.observations];
        parts.into_iter().any(Option::is_some) || !self.attestation.is_empty()
    }

    /// As of when to judge: what the person says; now, where they answer for a challenge, since a source says for
    /// itself when it was taken; else when it was taken.
    pub fn judged_at(&self, at: Option<Time>) -> Option<Time> {
        at.or_else(|| self.challenge.is_some().then(trustd::cycle::now))
    }

    /// What to call the source in a heading.
    pub fn name(&self) -> String {
        match &self.source {
            Some(path) if path.as_os_str() == "-" => "(standard input)".into(),
            Some(path) => path.display().to_string(),
            None if self.is_given() => "(given parts)".into(),
            None => "(this machine)".into(),
        }
    }

    /// As the importer takes it, judged as of a time.
    pub fn input(self, at: Option<Time>) -> Input {
        let SourceArgs {
            source,
            kind,
            getprop,
            bootconfig,
            cmdline,
            mounts,
            observations,
            complete_properties,
            attestation: attestations,
            challenge,
            issued_here,
            revocation,
        } = self;
        Input {
            source,
            kind,
            getprop,
            bootconfig,
            cmdline,
            mounts,
            observations,
            complete_properties,
            attestations,
            challenge,
            issued_here,
            revocation,
            at,
        }
    }
}

/// The largest file of roots, in bytes.
const MAX_ROOTS: usize = 1 << 20;

/// What is trusted, and the roots that the person names.
pub fn with_roots(trust: Trust, args: &TrustArgs) -> Result<Trust, CommandError> {
    let Some(path) = &args.roots else { return Ok(trust) };
    let bytes = read_capped(path, MAX_ROOTS)?;
    trust.and(&bytes).map_err(|error| CommandError::Roots(path.clone(), error))
}
