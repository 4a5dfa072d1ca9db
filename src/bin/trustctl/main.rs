//! `trustctl`: judge a device, explain a verdict, take a capture, check a policy.

mod args;
mod ask;
mod attestation;
mod avb;
mod commands;
mod daemon;
#[cfg(not(target_os = "android"))]
mod enrol;
mod ota;
mod policy;
mod revocations;
mod terminal;
mod token;

use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Usage or bad input.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    // What a person types has no control characters; a file name that somebody else chose may, and it is repeated.
    let odd = std::env::args_os().find(|argument| {
        let text = argument.to_string_lossy();
        trust_evidence::printable(&text) != text
    });
    if let Some(argument) = odd {
        let text = argument.to_string_lossy();
        let shown = trust_evidence::printable(&text);
        let _ = writeln!(
            std::io::stderr(),
            "trustctl: \"{shown}\": expected an argument without control characters"
        );
        return ExitCode::from(BAD_INPUT);
    }
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
