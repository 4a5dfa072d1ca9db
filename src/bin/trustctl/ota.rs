//! `trustctl ota`: what an update package says of itself, and who signed it.

use crate::args::{Format, OtaCommand};
use crate::terminal::{CommandError, Outcome, colour, print, print_json};
use trust_formats::ota::Policy;
use trust_gates::published_certificates;
use trustd::ota::{VerifyError, inspect, keyring, verify};
use trustd::show::ota as show;

/// Refused: the package is not signed by the given certificates.
const REFUSED: u8 = 1;

/// Runs a subcommand; its exit status.
pub fn run(command: OtaCommand) -> Outcome {
    let names = published_certificates()?;
    match command {
        OtaCommand::Inspect { package, format } => {
            let found = inspect(&package)?;
            match format {
                Format::Text => print(show::inspected(&found, &names).as_bytes()),
                Format::Json => print_json(&show::inspected_json(&found, &names)),
            }
        }
        OtaCommand::Verify { package, certs, allow_sha1, format } => {
            let policy = if allow_sha1 { Policy::AllowSha1 } else { Policy::Strict };
            let verdict = verify(&package, &keyring(&certs)?, policy);
            if let Err(VerifyError::Unreadable(error)) = verdict {
                return Err(CommandError::Ota(error));
            }
            match format {
                Format::Text => print(show::verified(verdict.as_ref(), &names, colour()).as_bytes())?,
                Format::Json => print_json(&show::verified_json(verdict.as_ref(), &names))?,
            };
            Ok(if verdict.is_ok() { 0 } else { REFUSED })
        }
    }
}
