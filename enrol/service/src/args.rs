//! The command line.

use crate::clock::Clock;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Gives devices the credentials by which relying parties know them.
#[derive(Debug, Parser)]
#[command(name = "trust_enrold", version)]
pub(crate) struct Args {
    /// The configuration.
    #[arg(long, short, default_value = "/etc/trust_enrold.toml")]
    pub(crate) config: PathBuf,
    /// The time at which the clock starts (RFC 3339), for devices that are samples: a development build's alone.
    #[cfg(debug_assertions)]
    #[arg(long, value_name = "TIME")]
    clock: Option<trust_evidence::Time>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// By which everything counts.
    pub(crate) fn clock(&self) -> Clock {
        #[cfg(debug_assertions)]
        if let Some(started) = self.clock {
            return Clock::starting_at(started.unix().try_into().unwrap_or_default());
        }
        Clock::default()
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answers requests until it is told to end. SIGHUP reads the configuration and its lists anew.
    Serve,
    /// Approves another key of an enrolled handle: it takes the first one's place when it shows itself again.
    Approve {
        /// The audience.
        audience: String,
        /// The handle, 64 hexadecimal digits.
        handle: String,
        /// The key's thumbprint, 64 hexadecimal digits: all of it, as the device shows it.
        key: String,
    },
    /// Revokes a handle, for good: it enrols no more from now on, and is on the audience's next list.
    Revoke {
        /// The audience.
        audience: String,
        /// The handle, 64 hexadecimal digits.
        handle: String,
    },
    /// Lists enrolled handles, or the keys that wait for approval.
    List {
        /// The keys that wait.
        #[arg(long)]
        pending: bool,
    },
    /// Gives out a policy's bundle from now on, which one of policy_signers signed (`trustctl policy sign`).
    Publish {
        /// The policy's id.
        id: String,
        /// The bundle.
        file: PathBuf,
    },
    /// Makes the keys of the configuration that have no file yet; prints their public keys: the signing key's, which
    /// relying parties pin, and as policies have them those that devices seal evidence to.
    InitKey,
    /// Prints the public keys of the configuration again, as init-key does.
    Keys,
    /// Makes an empty state.
    InitState,
    /// Takes the kept time back to now, after a clock that was ahead.
    ResetClock,
}

/// The arguments of this process; ends it where they can't be used.
pub(crate) fn parse() -> Args {
    Args::parse()
}
