//! `trust_enrold`: a small reference service over the enrolment verifier.

mod args;
mod clock;
mod commands;
mod config;
mod http;
mod listen;
mod problem;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(&args::parse()) {
        Ok(code) => code,
        Err(error) => {
            // The command's own face.
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("trust_enrold: {error}\n").as_bytes(),
            );
            ExitCode::FAILURE
        }
    }
}
