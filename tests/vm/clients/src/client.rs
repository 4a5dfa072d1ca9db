//! Calls the trust service over Binder, as a client would or as none should, and prints what came of it: one line a
//! result, beginning with `ok` or `error`. The exit code is 0 for `ok`, 1 for `error`, 2 for wrong use.

mod access;
mod acts;
mod bad;
mod calls;
mod listen;
mod measure;

use binder::{ExceptionCode, Status};
use com_enigm_trust::aidl::com::enigm::trust::{ErrorCode::ErrorCode, ITrustService::ITrustService};
use std::process::ExitCode;
use trustd::serve::binder::SERVICE;

const USAGE: &str = "usage: trust_client [--name SERVICE] [--wait] WHAT

calls:       version | summary | gate N | words N | history AFTER MOST | head | evaluate | providers
             report BOOT_ID|own SEQUENCE TTL ID=TEXT|ID=[A,B]|ID=absent|ID=missing ...
             attest | enrol | install
             access        every method once; one line each
listeners:   listen N      registers, prints `ready`, then each change; ends after N of them
             listen-many N registers N listeners, prints how many were taken and what the first refusal was
             listen-stuck  registers and sleeps in the first callback for ever, with no other thread to serve
             listen-mute N registers N objects at once that never say what they are, counts refusals, and stays
             listen-drop N registers and unregisters N times
load:        flood THREADS SECONDS   getSummary as fast as it can; counts answers and refusals
             calls N       N of getSummary, one after the other
misuse:      die-mid-call | hostile-strings | unknown-code | oversized BYTES | truncated | wrong-token | oneway
figures:     bench N       medians and 99th percentiles of empty calls and of getSummary, N each
             act-write PATH ONE OTHER N     writes one and the other by turns; prints when it did
             act-report SEQUENCE ID=TEXT ID=OTHER N     reports them by turns, from this sequence number on
";

/// What came of it.
pub type Outcome = Result<String, String>;

/// The service, for those that look behind it.
pub type Service = binder::Strong<dyn ITrustService>;

#[allow(clippy::print_stderr, reason = "a program for the test machine")]
fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let name = match args.iter().position(|arg| arg == "--name") {
        Some(at) if at + 1 < args.len() => args.drain(at..at + 2).nth(1).unwrap_or_default(),
        _ => SERVICE.to_owned(),
    };
    let wait = args.iter().position(|arg| arg == "--wait").map(|at| args.remove(at)).is_some();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&name, wait, &args) {
        Some(Ok(line)) => {
            println!("ok {line}");
            ExitCode::SUCCESS
        }
        Some(Err(line)) => {
            println!("error {line}");
            ExitCode::from(1)
        }
        None => {
            eprint!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(name: &str, wait: bool, args: &[&str]) -> Option<Outcome> {
    if let Some(outcome) = acts::write(args) {
        return Some(outcome);
    }
    let service = if wait {
        binder::ProcessState::start_thread_pool();
        binder::wait_for_interface(name)
    } else {
        binder::check_interface(name)
    };
    let service: Service = match service {
        Ok(service) => service,
        Err(code) => return Some(Err(format!("find {code:?}"))),
    };
    calls::run(&service, args)
        .or_else(|| access::run(&service, args))
        .or_else(|| listen::run(&service, args))
        .or_else(|| measure::run(&service, args))
        .or_else(|| acts::report(&service, args))
        .or_else(|| bad::run(&service, args))
}

/// A refusal by its name, another failure as Binder says it.
pub fn said(status: &Status) -> String {
    if status.exception_code() == ExceptionCode::SERVICE_SPECIFIC {
        let code = ErrorCode(status.service_specific_error());
        let name = match code {
            ErrorCode::NOT_PERMITTED => "NOT_PERMITTED",
            ErrorCode::BUSY => "BUSY",
            ErrorCode::BAD_ARGUMENT => "BAD_ARGUMENT",
            ErrorCode::NOT_READY => "NOT_READY",
            ErrorCode::TIMED_OUT => "TIMED_OUT",
            ErrorCode::NOT_YOURS => "NOT_YOURS",
            ErrorCode::OTHER_BOOT => "OTHER_BOOT",
            ErrorCode::REPLAYED => "REPLAYED",
            ErrorCode::UNSUPPORTED => "UNSUPPORTED",
            ErrorCode::INTERNAL => "INTERNAL",
            ErrorCode::POLICY_MALFORMED => "POLICY_MALFORMED",
            ErrorCode::REVOCATIONS_MALFORMED => "REVOCATIONS_MALFORMED",
            _ => "no code of ours",
        };
        format!("{name} {}", code.0)
    } else {
        format!("binder {:?}", status.transaction_error())
    }
}
