//! `trustd`: the daemon. It takes no path of a device: what ships can only read the real system. A development build
//! may be given a root that stands for one.

use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
#[cfg(not(target_os = "android"))]
use trustd::daemon::Keeper;
use trustd::daemon::{Daemon, DaemonError, Doors, Setup};

/// The trust daemon: judges this device, and tells those whom its policy lets ask.
#[derive(Parser)]
#[command(name = "trustd", version)]
struct Arguments {
    /// The D-Bus to serve on: system, session, or an address such as unix:path=/run/user/1000/bus; none for no D-Bus
    #[arg(long, default_value = "system")]
    bus: String,
    /// Where the history is kept
    #[arg(long, default_value = STATE)]
    state: PathBuf,
    /// Log what is read and judged, too
    #[arg(long)]
    verbose: bool,
    /// The policy: production, stock or lab; a development build takes a file too. On a device there is one alone
    #[cfg(any(debug_assertions, not(target_os = "android")))]
    #[arg(long, value_name = "POLICY", default_value = "production")]
    policy: String,
    /// Who keeps the posture keys: a file in the state directory, or the Android keystore on Binder
    #[cfg(not(target_os = "android"))]
    #[arg(long, value_enum, default_value_t)]
    keys: KeysIn,
    #[cfg(debug_assertions)]
    #[command(flatten)]
    development: Development,
}

#[cfg(not(target_os = "android"))]
#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum KeysIn {
    #[default]
    File,
    Keystore,
}

/// What only a development build takes.
#[cfg(debug_assertions)]
#[derive(clap::Args)]
struct Development {
    /// Judge this root in place of the running system; whoever runs the daemon may then ask everything
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Roots that key attestations are believed from, beside Google's
    #[arg(long, value_name = "PEM", requires = "root")]
    roots: Option<PathBuf>,
    /// The time at which the wall clock starts, to judge a root as of when it was taken
    #[arg(long, value_name = "TIME", requires = "root")]
    clock: Option<trust_evidence::Time>,
}

#[cfg(target_os = "android")]
const STATE: &str = "/data/misc/trustd";
#[cfg(not(target_os = "android"))]
const STATE: &str = "/var/lib/trustd";

/// What init is told of a failure: it starts the daemon again, after a while.
const FAILED: u8 = 1;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    trustd::log::start(arguments.verbose);
    match serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            // Who starts it by hand looks at standard error, wherever the log goes.
            let _ = writeln!(std::io::stderr(), "trustd: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn serve(arguments: Arguments) -> Result<(), DaemonError> {
    // Before any thread: each inherits what is blocked.
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(DaemonError::Signals)?;
    let setup = setup(&arguments)?;
    #[cfg(not(target_os = "android"))]
    let setup = setup.keeping_keys(match arguments.keys {
        KeysIn::File => Keeper::File,
        KeysIn::Keystore => Keeper::Keystore,
    });
    #[cfg(target_os = "linux")]
    trustd::daemon::confine(&arguments.state)?;
    let doors = Doors { bus: arguments.bus, binder: Doors::has_binder() };
    let waiting = signals.handle();
    let daemon = Daemon::start(setup, &doors, move || waiting.close())?;
    // None: the evaluator has closed it.
    signals.forever().next().ok_or(DaemonError::Ended)?;
    tracing::info!("stopping");
    daemon.stop();
    Ok(())
}

fn setup(arguments: &Arguments) -> Result<Setup, DaemonError> {
    #[cfg(any(debug_assertions, not(target_os = "android")))]
    let policy = &arguments.policy;
    #[cfg(not(any(debug_assertions, not(target_os = "android"))))]
    let policy = "production";
    #[cfg(debug_assertions)]
    if let Development { root: Some(root), roots, clock } = &arguments.development {
        return Setup::sample(arguments.state.clone(), policy, root, roots.as_deref(), *clock);
    }
    Setup::live(arguments.state.clone(), policy)
}
