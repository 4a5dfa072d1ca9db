//! What makes a posture change, again and again, each time with the moment before: for whoever measures how long it takes
//! until a listener hears of it.

use crate::listen::{nanos, say};
use crate::{Outcome, Service, calls};
use std::time::Duration;

/// Long enough that one change is told before the next.
const PAUSE: Duration = Duration::from_millis(150);

/// The outcome, if it is one of these: without the service.
pub fn write(args: &[&str]) -> Option<Outcome> {
    let ["act-write", path, one, other, count] = args else { return None };
    let write = |text: &str| std::fs::write(path, text).map_err(|error| format!("{path}: {error}"));
    Some(acts(count.parse().ok()?, |turn| write(if turn % 2 == 0 { one } else { other })))
}

/// The same: of a provider.
pub fn report(service: &Service, args: &[&str]) -> Option<Outcome> {
    let ["act-report", first, one, other, count] = args else { return None };
    let first: usize = first.parse().ok()?;
    Some(acts(count.parse().ok()?, |turn| {
        let sequence = (first + turn).to_string();
        let signal = if turn % 2 == 0 { one } else { other };
        calls::run(service, &["report", "own", &sequence, "3600", signal]).ok_or("no call")?.map(drop)
    }))
}

fn acts(count: usize, mut act: impl FnMut(usize) -> Result<(), String>) -> Outcome {
    let mut moments = Vec::with_capacity(count);
    for turn in 0..count {
        std::thread::sleep(PAUSE);
        moments.push(nanos());
        act(turn)?;
    }
    std::thread::sleep(PAUSE);
    for moment in &moments {
        say(&format!("{moment} act"));
    }
    Ok(format!("{count} acts"))
}
