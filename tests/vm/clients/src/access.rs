//! Every method once, in one process: a row of the table of access.

use crate::listen::{listener, say};
use crate::{Outcome, Service, calls, said};
use binder::Interface;

/// The outcome, if it is this.
pub fn run(service: &Service, args: &[&str]) -> Option<Outcome> {
    matches!(args, ["access"]).then(|| access(service))
}

fn access(service: &Service) -> Outcome {
    let every: [&[&str]; 13] = [
        &["version"],
        &["summary"],
        &["gate", "1"],
        &["words", "1"],
        &["history", "0", "1"],
        &["head"],
        &["evaluate"],
        &["providers"],
        &["report", "own", "1", "60", "pushed.test=x"],
        &["attest"],
        &["enrol"],
        &["install"],
        &["revocations"],
    ];
    for args in every {
        let outcome = calls::run(service, args).ok_or_else(|| format!("{args:?}: no call"))?;
        row(args.first().unwrap_or(&""), outcome);
    }
    let told = listener(|_| ()).as_binder();
    row("listen", service.registerListener(&told).map(|()| String::new()).map_err(|status| said(&status)));
    row(
        "unlisten",
        service.unregisterListener(&told).map(|()| String::new()).map_err(|status| said(&status)),
    );
    Ok("every method".into())
}

fn row(method: &str, outcome: Outcome) {
    say(&format!("{method}: {}", outcome.as_ref().map_or_else(|refusal| refusal.as_str(), |_| "answered")));
}
