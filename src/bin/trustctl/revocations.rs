//! `trustctl revocations`: the list that the daemon holds attestations against.

use crate::args::RevocationsCommand;
use crate::terminal::{CommandError, Outcome, print, read_capped};
use trust_evidence::printable;
use trustd::client::{ClientError, connect};
use trustd::serve::wire::MAX_REVOCATIONS;

/// Refused: the list is not kept.
const REFUSED: u8 = 1;

pub fn run(command: RevocationsCommand) -> Outcome {
    let RevocationsCommand::Install { list, daemon } = command;
    let bytes = read_capped(&list, MAX_REVOCATIONS)?;
    let name = printable(&list.display().to_string()).into_owned();
    if !bytes.windows(BEGIN.len()).any(|window| window == BEGIN) {
        let expected = "expected a signed snapshot of a revocation list, PEM (docs/revocations.md)";
        return Err(CommandError::Usage(format!("{name}: {expected}")));
    }
    match connect(daemon.bus.as_deref())?.install_revocations(&bytes) {
        Ok(number) => print(format!("number  {number}\n").as_bytes()),
        Err(ClientError::Refused(refusal)) => {
            print(format!("{name}: refused: {refusal}\n").as_bytes())?;
            Ok(REFUSED)
        }
        Err(error) => Err(error.into()),
    }
}

/// Where the list begins (RFC 7468 §6).
const BEGIN: &[u8] = b"-----BEGIN X509 CRL-----";
