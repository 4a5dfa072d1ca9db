//! `trustctl challenge` and `trustctl attest`: a relying party's question, and the device's answer.

use crate::args::{AttestArgs, ChallengeArgs, DaemonArgs};
use crate::daemon::{given, link, ready};
use crate::terminal::{CommandError, Outcome, colour, print, read_beginning, store, warn};
use crate::token::seconds;
use ring::rand::{SecureRandom, SystemRandom};
use std::path::Path;
use trust_evidence::printable;
use trust_ledger::SqliteLedger;
use trust_token::Challenge;
use trust_token::inspect::inspect;
use trust_token::qr::{Asked, MAX_TEXT, attestation_text};
use trustd::serve::wire::Question;
use trustd::show::qr::Picture;

/// What a person must know who shows or scans codes.
pub const NEAR: &str = "a QR code proves a compliant device, not whose it is, nor that it is the one in front of you: it \
                        counts for a contact whose credential was pinned before, and may be relayed from elsewhere";

/// Opens a challenge.
pub fn opened(args: &ChallengeArgs) -> Outcome {
    // A challenge that can't be shown is open for nothing.
    args.output.as_deref().map(expect_svg).transpose()?;
    let mut ledger = match args.new {
        true => SqliteLedger::create(&args.ledger).map_err(|error| not_made(&args.ledger, error)),
        false => SqliteLedger::open(&args.ledger).map_err(|error| unusable(&args.ledger, error)),
    }?;
    let random = random()?;
    let now = seconds(args.at.unwrap_or_else(trustd::cycle::now));
    let made = Challenge::make(&args.audience, &random, args.cnf, &[], now, &mut ledger);
    let nonce = *made.map_err(|error| unusable(&args.ledger, error))?.nonce();
    if args.qr {
        let asked = Asked { audience: args.audience.as_str().into(), confirmation: args.cnf, nonce };
        drawn(&asked.to_text(), args.output.as_deref())?;
    }
    print(format!("{}\n", data_encoding::HEXLOWER.encode(&nonce)).as_bytes())
}

/// A ledger's fault, with the way on where there is none yet.
pub fn unusable(path: &Path, error: trust_ledger::LedgerError) -> CommandError {
    match path.symlink_metadata() {
        Err(absent) if absent.kind() == std::io::ErrorKind::NotFound => CommandError::Usage(format!(
            "{}: there is no ledger: `trustctl challenge --new` makes one, which has forgotten whatever another knew",
            path.display()
        )),
        Ok(found) if found.is_dir() => {
            CommandError::Usage(format!("{}: a folder: expected a ledger's file", path.display()))
        }
        _ => CommandError::Ledger(path.into(), error),
    }
}

/// Why there is no new ledger.
fn not_made(path: &Path, error: trust_ledger::LedgerError) -> CommandError {
    match error {
        trust_ledger::LedgerError::File { error, .. }
            if error.kind() == std::io::ErrorKind::AlreadyExists =>
        {
            CommandError::Usage(format!(
                "{}: there is a file already: without --new it is used",
                path.display()
            ))
        }
        trust_ledger::LedgerError::File { error, .. } => CommandError::Io(path.into(), error),
        error => CommandError::Ledger(path.into(), error),
    }
}

/// 32 bytes that nobody can foresee.
pub fn random() -> Result<[u8; 32], CommandError> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| CommandError::Random)?;
    Ok(bytes)
}

/// Has the posture attested.
pub fn attested(daemon: &DaemonArgs, args: &AttestArgs) -> Outcome {
    if let Some(path) = args.output.as_deref().filter(|_| args.qr) {
        expect_svg(path)?;
    }
    let (question, audience) = match (&args.scanned, args.nonce, args.cnf) {
        (Some(path), ..) => {
            let asked = scanned(path)?;
            (Question { nonce: asked.nonce, confirmation: asked.confirmation }, Some(asked.audience))
        }
        (None, Some(nonce), Some(confirmation)) => (Question { nonce, confirmation }, None),
        _ => return Err(CommandError::Usage("expected --nonce and --cnf, or --scanned".into())),
    };
    let link = link(daemon)?;
    let token = ready(|| link.attest(&question))?;
    if let (Some(asks), Ok(claims)) = (audience, inspect(&token))
        && claims.audience != asks
    {
        warn(&format!(
            "{asks} asks, and the daemon answers as what it takes you for, {}: it will be refused",
            claims.audience
        ));
    }
    match args.qr {
        true => drawn(&attestation_text(&token), args.output.as_deref()),
        false => given(&token, args.output.as_deref()),
    }
}

fn scanned(path: &Path) -> Result<Asked, CommandError> {
    let wrong = |error| CommandError::Usage(format!("{}: {error}", path.display()));
    Asked::from_text(&scanned_text(path)?).map_err(wrong)
}

/// What a scanner read. Scanners end it with a line's end, or don't.
pub fn scanned_text(path: &Path) -> Result<Vec<u8>, CommandError> {
    let mut text = read_beginning(path, MAX_TEXT + 2)?;
    if text.last() == Some(&b'\n') {
        text.pop();
        if text.last() == Some(&b'\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Draws a text, on the terminal or into a file.
fn drawn(text: &str, output: Option<&Path>) -> Outcome {
    let picture = Picture::of(text).ok_or_else(|| {
        CommandError::Usage(format!(
            "{} characters: expected at most {MAX_TEXT}, as a QR code has",
            text.len()
        ))
    })?;
    warn(&picture.said());
    warn(NEAR);
    match output {
        Some(path) => {
            expect_svg(path)?;
            store(path, picture.svg().as_bytes())
                .map(|()| 0)
                .map_err(|error| CommandError::Io(path.into(), error))
        }
        None => print(picture.terminal(colour()).as_bytes()),
    }
}

fn expect_svg(path: &Path) -> Result<(), CommandError> {
    match path.extension().is_some_and(|extension| extension == "svg") {
        true => Ok(()),
        false => {
            let name = path.display().to_string();
            Err(CommandError::Usage(format!(
                "{}: expected a name that ends in .svg, for the picture",
                printable(&name)
            )))
        }
    }
}
