//! Listeners: one that listens, and those that make trouble.

use crate::{Outcome, Service, said};
use binder::{BinderFeatures, IBinder, Interface, ProcessState, Strong};
use com_enigm_trust::aidl::com::enigm::trust::{
    Change::Change, ITrustListener::BnTrustListener, ITrustListener::ITrustListener,
};
use std::io::Write;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

struct Listener<F>(F);

impl<F: Send + Sync> Interface for Listener<F> {}

#[allow(non_snake_case, reason = "as in AIDL")]
impl<F: Fn(&Change) + Send + Sync> ITrustListener for Listener<F> {
    fn onPostureChanged(&self, change: &Change) -> binder::Result<()> {
        (self.0)(change);
        Ok(())
    }
}

/// A listener that does this.
pub fn listener(told: impl Fn(&Change) + Send + Sync + 'static) -> Strong<dyn ITrustListener> {
    BnTrustListener::new_binder(Listener(told), BinderFeatures::default())
}

/// A line that is there at once, whatever happens next.
pub fn say(line: &str) {
    println!("{line}");
    let _flushed = std::io::stdout().flush();
}

/// Since 1970, by the clock that all processes of the machine see and nobody sets.
pub fn nanos() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// The outcome, if it is one of these.
pub fn run(service: &Service, args: &[&str]) -> Option<Outcome> {
    Some(match args {
        ["listen", count] => listen(service, count.parse().ok()?),
        ["listen-many", count] => many(service, count.parse().ok()?),
        ["listen-stuck"] => stuck(service),
        ["listen-mute", count] => mute(service, count.parse().ok()?),
        ["listen-drop", count] => again(service, count.parse().ok()?),
        _ => return None,
    })
}

enum Heard {
    Changed(Change, u128),
    Died,
}

/// Prints each change with the time of its arrival in nanoseconds since 1970, and the service's death.
fn listen(service: &Service, count: usize) -> Outcome {
    ProcessState::start_thread_pool();
    let (heard, next) = channel();
    let died: Sender<Heard> = heard.clone();
    let told = listener(move |change| {
        let change =
            Change { sequence: change.sequence, posture: change.posture, gates: change.gates.clone() };
        let _gone = heard.send(Heard::Changed(change, nanos()));
    });
    service.registerListener(&told.as_binder()).map_err(|status| said(&status))?;
    let mut recipient = binder::DeathRecipient::new(move || {
        let _gone = died.send(Heard::Died);
    });
    service.as_binder().link_to_death(&mut recipient).map_err(|code| format!("link {code:?}"))?;
    say("ready");
    for heard in next.iter().take(count) {
        match heard {
            Heard::Changed(change, at) => say(&format!("{at} {change:?}")),
            Heard::Died => return Err("the service died".into()),
        }
    }
    service.unregisterListener(&told.as_binder()).map_err(|status| said(&status))?;
    Ok(format!("{count} changes"))
}

fn many(service: &Service, count: usize) -> Outcome {
    let all: Vec<_> = (0..count).map(|_| listener(|_| ())).collect();
    let mut first = None;
    let mut taken = 0;
    for told in &all {
        match service.registerListener(&told.as_binder()) {
            Ok(()) => taken += 1,
            Err(status) => {
                first.get_or_insert_with(|| said(&status));
            }
        }
    }
    Ok(format!("{taken} of {count} taken, first refusal: {}", first.as_deref().unwrap_or("none")))
}

/// Its only thread never comes back from the first callback, so that Binder's buffer fills up.
fn stuck(service: &Service) -> Outcome {
    ProcessState::set_thread_pool_max_thread_count(0);
    ProcessState::start_thread_pool();
    let told = listener(|change| {
        say(&format!("stuck in {change:?}"));
        loop {
            std::thread::sleep(Duration::from_secs(3600));
        }
    });
    service.registerListener(&told.as_binder()).map_err(|status| said(&status))?;
    say("ready");
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// An object that never says what it is.
struct Mute;

impl rsbinder::Remotable for Mute {
    fn descriptor() -> &'static str {
        "com.enigm.trust.ITrustListener"
    }

    fn on_transact(
        &self,
        _code: u32,
        _data: &mut rsbinder::Parcel,
        _reply: &mut rsbinder::Parcel,
    ) -> rsbinder::Result<()> {
        loop {
            std::thread::sleep(Duration::from_secs(3600));
        }
    }

    fn on_dump(&self, _writer: &mut dyn std::io::Write, _args: &[String]) -> rsbinder::Result<()> {
        Ok(())
    }
}

/// So many of them, each registered from a thread of its own: says how many are refused so far, and stays.
fn mute(service: &Service, count: usize) -> Outcome {
    ProcessState::start_thread_pool();
    let (done, next) = channel();
    for _ in 0..count {
        let (service, done) = (service.clone(), done.clone());
        std::thread::spawn(move || {
            let object = rsbinder::Interface::as_binder(&rsbinder::Binder::new(Mute));
            let _gone = done.send(service.registerListener(&object).map_err(|status| said(&status)));
        });
    }
    let mut refused = 0;
    for answer in next {
        match answer {
            Ok(()) => say("taken"),
            Err(words) => {
                refused += 1;
                say(&format!("{refused} refused: {words}"));
            }
        }
    }
    Ok("all ended".into())
}

fn again(service: &Service, count: usize) -> Outcome {
    let (mut done, mut refused) = (0, 0);
    for _ in 0..count {
        let told = listener(|_| ());
        let both = service
            .registerListener(&told.as_binder())
            .and_then(|()| service.unregisterListener(&told.as_binder()));
        match both {
            Ok(()) => done += 1,
            Err(_) => refused += 1,
        }
    }
    Ok(format!("{done} times, {refused} refused"))
}
