//! What the command line does.

use crate::args::{Args, Command};
use crate::config::{Config, ConfigError, Keys, bytes, read};
use crate::serve;
use data_encoding::HEXLOWER;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use trust_enrol::{Decision, FileKey, Opener, State};
use trust_token::bundle::MAX_BUNDLE;
use trust_token::crypto::Sign;

/// Why a command failed: a sentence.
type Failure = Box<dyn std::error::Error>;

/// Does what it is told.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if matches!(args.command, Command::Serve) {
        tracing_subscriber::fmt().with_writer(io::stderr).with_target(false).with_ansi(false).init();
        serve::serve(&args.config, args.clock())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = io::stdout().lock();
    // Before there is a list of revoked certificates, and whatever else is wrong.
    if matches!(args.command, Command::InitKey | Command::Keys) {
        let keys = Keys::read(&args.config)?;
        return match args.command {
            Command::InitKey => init_keys(&keys, &mut out),
            _ => show_keys(&keys, &mut out),
        };
    }
    let config = Config::read(&args.config)?;
    let now = args.clock().now();
    match &args.command {
        Command::Serve | Command::InitKey | Command::Keys => (),
        Command::InitState => drop(State::create(&config.state, now)?),
        Command::Approve { audience, handle, key } => {
            let (handle, key) = (digits(handle)?, digits(key)?);
            return decided(State::open(&config.state)?.approve(audience, &handle, &key)?, "approved");
        }
        Command::Revoke { audience, handle } => {
            // A typing error would revoke a handle of nobody's, and say that it was done.
            if config.rules.audience(audience).is_none() {
                return Err(format!("{audience}: expected an audience of the configuration").into());
            }
            return decided(State::open(&config.state)?.revoke(now, audience, &digits(handle)?)?, "revoked");
        }
        Command::Publish { id, file } => {
            let bundle = read(file, MAX_BUNDLE as u64)?;
            let published = State::open(&config.state)?.publish(now, id, &bundle, &config.rules);
            let version = published.map_err(|error| format!("{}: {error}", file.display()))?;
            writeln!(out, "{id} version {version}")?;
        }
        Command::ResetClock => {
            let stood = State::open(&config.state)?.reset_clock(now)?;
            let stood = i64::try_from(stood).ok().and_then(trust_evidence::Time::from_unix);
            writeln!(
                out,
                "the kept time was {}",
                stood.map_or("beyond all times".into(), |time| time.to_string())
            )?;
        }
        Command::List { pending: false } => {
            for (device, is_revoked) in State::open(&config.state)?.devices()? {
                let (handle, key) = (HEXLOWER.encode(&device.handle), HEXLOWER.encode(&device.key));
                let revoked = if is_revoked { " revoked" } else { "" };
                writeln!(out, "{} {handle} {key} {}{revoked}", device.audience, device.level)?;
            }
        }
        Command::List { pending: true } => {
            for key in State::open(&config.state)?.pendings()? {
                let (handle, thumbprint) = (HEXLOWER.encode(&key.handle), HEXLOWER.encode(&key.key));
                let approved = if key.is_approved { " approved" } else { "" };
                writeln!(out, "{} {handle} {thumbprint} {}{approved}", key.audience, key.level)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes what is not there. A key that is there stays.
fn init_keys(Keys { signing_key, opener_keys }: &Keys, out: &mut impl Write) -> Result<ExitCode, Failure> {
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if is_there(signing_key) && opener_keys.iter().all(|path| is_there(path)) {
        return Err("every key of the configuration is there already: `trust_enrold keys` prints them".into());
    }
    if !is_there(signing_key) {
        signer(&FileKey::create(signing_key)?, out)?;
    }
    for path in opener_keys.iter().filter(|path| !is_there(path)) {
        opener(path, &Opener::create(path)?, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Those that are there.
fn show_keys(Keys { signing_key, opener_keys }: &Keys, out: &mut impl Write) -> Result<ExitCode, Failure> {
    signer(&FileKey::open(signing_key).map_err(|error| ConfigError::key(signing_key, error))?, out)?;
    for path in opener_keys {
        opener(path, &Opener::open(path).map_err(|error| ConfigError::key(path, error))?, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// As relying parties pin it.
fn signer(key: &FileKey, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", HEXLOWER.encode(&key.public_key().thumbprint()))?;
    write!(out, "{}", key.public_pem())
}

/// As a policy has it.
fn opener(path: &Path, key: &Opener, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "# {}\n[enrolment]\nverifier = \"{}\"", path.display(), key.policy_hex())
}

fn decided(decision: Decision, done: &str) -> Result<ExitCode, Failure> {
    match decision {
        Decision::Done => writeln!(io::stdout(), "{done}")?,
        Decision::Before => writeln!(io::stdout(), "{done} before")?,
        Decision::Nothing => return Err("no such key waits for this handle".into()),
        Decision::Full => return Err("as many handles of this audience are revoked as fit a list".into()),
    }
    Ok(ExitCode::SUCCESS)
}

fn digits(hex: &str) -> Result<[u8; 32], Failure> {
    bytes(hex).ok_or_else(|| format!("{hex}: expected 64 hexadecimal digits").into())
}
