//! The door on D-Bus: `com.enigm.Trust1` at `/com/enigm/Trust1`, on the system bus or another.
//!
//! One thread reads from the bus. It learns who calls ([`names`]), checks that they may and reads the arguments
//! (`hall`), and hands the call to one of few [`workers`], which asks the desk and answers. It never waits for a call to
//! be done. Nothing is broadcast: a signal on a bus goes to whoever listens, strangers too, so each subscriber is sent its
//! own.

pub mod arguments;
pub mod contract;
mod hall;
mod line;
pub mod names;
pub mod records;
mod signals;
pub mod workers;

use super::desk::Desk;
use crate::serve::limits::monotonic;
use contract::NAME;
use hall::Hall;
use line::Line;
use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;
use workers::Workers;
use zbus::connection::Builder;
use zbus::export::futures_core::Stream;
use zbus::fdo::RequestNameReply;
use zbus::{Address, Message, MessageStream};

/// How many messages are read ahead of the one that is looked at. Few: one may be 128 MiB long.
const AHEAD: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);
/// How long the bus may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long until the first and the last try to come back to a bus that closed the connection.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// The flags of RequestName at first: not to wait in its queue, and that whoever else may own the name may take it, which
/// is us: a bus that does not read from a connection does not see that it ended.
const FLAGS: u32 = 1 | 4;
/// And later: take it from the connection that we had.
const TAKE: u32 = 2;

/// Which bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bus {
    /// The system's.
    System,
    /// The session's, for development.
    Session,
    /// The one at this address.
    Address(String),
}

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The bus can't be reached.
    #[error("D-Bus: connecting to {0}: {1}: expected a message bus there")]
    Connect(Bus, zbus::Error),
    /// The name is another's.
    #[error(
        "D-Bus: taking the name {NAME}: {0}: expected no other daemon on this bus, and the bus policy to let this user own the name"
    )]
    Name(String),
    /// A thread could not be started.
    #[error("D-Bus: starting threads: {0}")]
    Thread(std::io::Error),
    /// The door was closed meanwhile.
    #[error("D-Bus: closed")]
    Closed,
}

impl Bus {
    /// `system`, `session`, or an address.
    pub fn of(name: &str) -> Bus {
        match name {
            "system" => Bus::System,
            "session" => Bus::Session,
            address => Bus::Address(address.into()),
        }
    }
}

impl std::fmt::Display for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Bus::System => "the system bus",
            Bus::Session => "the session bus",
            Bus::Address(address) => address,
        })
    }
}

/// The open door; dropping it closes it.
pub struct Door {
    sign: Arc<Sign>,
    thread: Option<JoinHandle<()>>,
}

/// Whether the door is open.
#[derive(Default)]
struct Sign {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    closed: bool,
    line: Option<Arc<Line>>,
}

impl Door {
    /// Opens it. Where the bus closes the connection later, the door comes back by itself.
    ///
    /// # Errors
    /// The bus can't be reached, or does not let us have the name.
    pub fn open(bus: Bus, desk: Arc<Desk>) -> Result<Door, DoorError> {
        let sign = Arc::new(Sign::default());
        let workers = Workers::start().map_err(DoorError::Thread)?;
        let (opened, opening) = mpsc::channel();
        let shared = sign.clone();
        let thread = std::thread::Builder::new().name("d-bus".into());
        let thread = thread.spawn(move || run(&bus, &desk, &workers, &shared, &opened));
        let door = Door { sign, thread: Some(thread.map_err(DoorError::Thread)?) };
        opening.recv().unwrap_or(Err(DoorError::Closed)).map(|()| door)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let line = {
            let mut state = self.sign.lock();
            state.closed = true;
            state.line.take()
        };
        self.sign.bell.notify_all();
        if let Some(line) = line {
            line.shut();
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Sign {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the line to shut it; false where the door is closed already.
    fn hold(&self, line: &Arc<Line>) -> bool {
        let mut state = self.lock();
        state.line = (!state.closed).then(|| line.clone());
        !state.closed
    }

    /// Waits for so long, or until the door is closed; whether it is still open.
    fn rest(&self, time: Duration) -> bool {
        let state = self.lock();
        let open = |state: &mut State| !state.closed;
        let (state, _) =
            self.bell.wait_timeout_while(state, time, open).unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }
}

fn run(
    bus: &Bus,
    desk: &Arc<Desk>,
    workers: &Workers,
    sign: &Sign,
    opened: &mpsc::Sender<Result<(), DoorError>>,
) {
    let mut first = true;
    let (mut pause, longest) = AGAIN;
    loop {
        let served = zbus::block_on(async {
            let (line, stream) = enter(bus, first).await?;
            if !sign.hold(&line) {
                line.shut();
                return Err(DoorError::Closed);
            }
            if first {
                let _ = opened.send(Ok(()));
            }
            tracing::info!(%bus, "serving on D-Bus");
            serve(line, stream, desk, workers).await;
            Ok(())
        });
        sign.lock().line = None;
        match served {
            Err(error) if first => {
                let _ = opened.send(Err(error));
                return;
            }
            Err(error) => tracing::warn!(%error, "still not back on D-Bus"),
            Ok(()) => pause = AGAIN.0,
        }
        first = false;
        if !sign.rest(pause) {
            return;
        }
        tracing::warn!(%bus, "the connection to D-Bus ended: connecting again");
        pause = pause.saturating_mul(2).min(longest);
    }
}

async fn enter(bus: &Bus, first: bool) -> Result<(Arc<Line>, MessageStream), DoorError> {
    let failed = |error| DoorError::Connect(bus.clone(), error);
    let address = match bus {
        Bus::System => Address::system(),
        Bus::Session => Address::session(),
        Bus::Address(address) => Address::try_from(address.as_str()),
    };
    let socket = line::connect(&address.map_err(failed)?).map_err(|error| failed(error.into()))?;
    let ours = socket.try_clone().map_err(|error| failed(error.into()))?;
    let builder = Builder::unix_stream(socket).max_queued(AHEAD).method_timeout(PATIENCE);
    let connection = builder.build().await.map_err(failed)?;
    // Before the name is ours, so that no call is lost.
    let stream = MessageStream::from(&connection);
    let name = (NAME, if first { FLAGS } else { FLAGS | TAKE });
    let (destination, path) = (Some("org.freedesktop.DBus"), "/org/freedesktop/DBus");
    let reply = connection.call_method(destination, path, destination, "RequestName", &name);
    let reply = reply.await.map_err(|error| DoorError::Name(error.to_string()))?;
    match reply.body().deserialize() {
        Ok(RequestNameReply::PrimaryOwner) => {
            Ok((Line::new(connection, ours, monotonic()).map_err(DoorError::Thread)?, stream))
        }
        Ok(other) => Err(DoorError::Name(format!("{other:?}"))),
        Err(error) => Err(DoorError::Name(error.to_string())),
    }
}

async fn serve(line: Arc<Line>, mut stream: MessageStream, desk: &Arc<Desk>, workers: &Workers) {
    let mut hall = Hall::new(line.clone(), desk, workers);
    while let Some(Ok(message)) = next(&mut stream).await {
        if hall.take(message).await.is_err() {
            break;
        }
    }
    line.shut();
    hall.leave();
}

pub(crate) async fn next(stream: &mut MessageStream) -> Option<zbus::Result<Message>> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

/// Waits for a future that another thread drives: the connection's own does all of its input and output.
fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
