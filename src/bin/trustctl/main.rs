//! `trustctl`: judge a device, explain a verdict, take a capture, check a policy.

mod args;
mod attestation;
mod avb;
mod commands;
mod ota;
mod terminal;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Usage or bad input.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    match commands::run(arguments.command) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            // Nothing is left to do if even this can't be written.
            let _ = writeln!(std::io::stderr(), "trustctl: {error}");
            ExitCode::from(BAD_INPUT)
        }
    }
}
