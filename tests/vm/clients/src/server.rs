//! Serves the trust service over Binder with an evaluator of its own, in whose posture nothing is true: for tests of the
//! door before there is a device behind it. `--change MILLISECONDS` publishes a change that often.

mod stand_in;

use stand_in::{StandIn, access};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use trustd::serve::binder::{SERVICE, serve};
use trustd::serve::desk::Desk;
use trustd::serve::limits::{Bounds, Rate, monotonic};
use trustd::serve::listeners::Listeners;

const USAGE: &str =
    "usage: trust_server [--name SERVICE] [--change MILLISECONDS] [--no-limits] [--busy MILLISECONDS]
    [center=TYPE | auditor=TYPE | provider=TYPE | audience=TYPE]...
";

#[allow(clippy::print_stderr, reason = "a program for the test machine")]
fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            eprintln!("{words}");
            ExitCode::from(1)
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut name, mut every, mut bounds, mut busy) = (SERVICE.to_owned(), None, Bounds::default(), 0);
    let mut roles = Vec::new();
    let millis =
        |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok()).ok_or(USAGE.to_owned());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--name" => name = args.next().ok_or(USAGE)?,
            "--change" => every = Some(millis(args.next())?),
            "--busy" => busy = millis(args.next())?,
            "--no-limits" => {
                let open = Rate { burst: u32::MAX, interval: Duration::from_nanos(1) };
                bounds = Bounds { each: open, all: open, ..bounds };
            }
            role => {
                let (role, named) = role.split_once('=').ok_or(USAGE)?;
                roles.push((role.to_owned(), named.to_owned()));
            }
        }
    }
    let clock = monotonic();
    let listeners = Arc::new(Listeners::new(clock.clone()));
    let evaluator = Arc::new(StandIn::new(Duration::from_millis(busy)));
    let desk = Desk::new(evaluator.clone(), access(&roles)?, listeners.clone(), bounds, clock);
    serve(Arc::new(desk), &name).map_err(|error| error.to_string())?;
    println!("serving {name}");
    loop {
        match every {
            Some(every) => {
                std::thread::sleep(Duration::from_millis(every));
                listeners.publish(&evaluator.change());
            }
            None => std::thread::park(),
        }
    }
}
