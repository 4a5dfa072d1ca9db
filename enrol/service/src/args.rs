//! The command line.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Gives devices the credentials by which relying parties know them.
#[derive(Debug, Parser)]
#[command(name = "trust_enrold", version)]
pub(crate) struct Args {
    /// The configuration.
    #[arg(long, short, default_value = "/etc/trust_enrold.toml")]
    pub(crate) config: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
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
    /// Revokes a handle, for good.
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
    /// Gives out a policy's signed bundle from now on.
    Publish {
        /// The policy's id.
        id: String,
        /// The bundle.
        file: PathBuf,
    },
    /// Makes the keys of the configuration that have no file yet; prints their public keys: the signing key's, which
    /// relying parties pin, and as policies have them those that devices seal evidence to.
    InitKey,
    /// Makes an empty state.
    InitState,
    /// Takes the kept time back to now, after a clock that was ahead.
    ResetClock,
}

/// The arguments of this process; ends it where they can't be used.
pub(crate) fn parse() -> Args {
    Args::parse()
}
