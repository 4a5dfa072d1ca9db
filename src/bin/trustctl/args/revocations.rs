//! The arguments of `trustctl revocations`.

use super::DaemonArgs;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum RevocationsCommand {
    /// Have the daemon keep a signed list in the place of the one before it
    ///
    /// Without a list that is recent the device's own attestation can't pass: a revoked key may have made it. The policy that
    /// holds says whose lists count (`[attestation] revocation_signers`), and who may bring one. Exit status: 0 kept, or
    /// it was; 1 refused, 2 usage or no daemon.
    Install {
        /// The list: its signer's certificate and an X.509 CRL, PEM
        list: PathBuf,
        #[command(flatten)]
        daemon: DaemonArgs,
    },
}
