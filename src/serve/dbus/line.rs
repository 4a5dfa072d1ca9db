//! The line to the bus: what is sent on it, and what happens when the bus does not take it.
//!
//! A message bus counts what waits at receivers against the sender, and past a bound (127 MiB by default) it stops reading
//! from the sender: receivers who never read could silence us for all. So a user's answers have a bounded rate, and where
//! the bus takes nothing for some seconds all the same, the connection is ended and made anew, which counts from zero.
//! Calls in between go unanswered.

use crate::serve::limits::Clock;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use zbus::address::transport::{Transport, UnixSocket};
use zbus::{Address, Connection, Message};

/// How long the bus may take nothing.
const STALL: Duration = Duration::from_secs(5);
/// How many bytes of answers a user gets at once: eight times everything that a user interface can ask.
const BURST: u64 = 4 * 1024 * 1024;
/// How long until one KiB more.
const KIB: Duration = Duration::from_millis(4);

/// Connects to a bus on a Unix socket, so that the socket can be shut whatever the connection is at.
///
/// # Errors
/// There is nobody there, or the address is not a Unix socket's.
pub fn connect(address: &Address) -> io::Result<UnixStream> {
    let other = |_| io::Error::new(io::ErrorKind::Unsupported, "not the address of a Unix socket");
    match address.transport() {
        Transport::Unix(unix) => match unix.path() {
            UnixSocket::File(path) => UnixStream::connect(path),
            UnixSocket::Abstract(name) => {
                UnixStream::connect_addr(&SocketAddr::from_abstract_name(name.as_bytes())?)
            }
            found => Err(other(found.to_string())),
        },
        found => Err(other(found.to_string())),
    }
}

/// The line.
pub struct Line {
    connection: Connection,
    socket: UnixStream,
    pending: Mutex<Pending>,
    bell: Condvar,
    volume: Mutex<BTreeMap<u32, Duration>>,
    clock: Clock,
}

#[derive(Default)]
struct Pending {
    last: u64,
    /// Since when what is being sent waits.
    since: BTreeMap<u64, Instant>,
    closed: bool,
}

impl Line {
    /// A line over this connection, which was made over this socket, with a thread that looks after it.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn new(connection: Connection, socket: UnixStream, clock: Clock) -> io::Result<Arc<Line>> {
        let (pending, bell, volume) = (Mutex::default(), Condvar::new(), Mutex::default());
        let line = Arc::new(Line { connection, socket, pending, bell, volume, clock });
        let watched = line.clone();
        let thread = std::thread::Builder::new().name("d-bus line".into()).stack_size(128 * 1024);
        thread.spawn(move || watched.watch())?;
        Ok(line)
    }

    /// Sends these, in their order.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn send(&self, messages: &[Message]) -> zbus::Result<()> {
        let mut sending = pin!(self.connection.send_all(messages));
        // What the socket takes at once, nobody has to look after.
        if let Poll::Ready(sent) = poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await {
            return sent;
        }
        let _waiting = Waiting::new(self);
        sending.await
    }

    /// Whether a user may have more answers now.
    pub fn has_room(&self, user: u32) -> bool {
        let now = (self.clock)();
        let volume = self.volume.lock().unwrap_or_else(PoisonError::into_inner);
        let due = volume.get(&user).copied().unwrap_or_default();
        due.saturating_sub(now) <= time_for(BURST)
    }

    /// Counts an answer to a user.
    pub fn count(&self, user: u32, bytes: usize) {
        let now = (self.clock)();
        let mut volume = self.volume.lock().unwrap_or_else(PoisonError::into_inner);
        // Whose answers are long ago is as one who never asked.
        volume.retain(|_, due| *due > now);
        let due = volume.entry(user).or_insert(now);
        *due = due.saturating_add(time_for(u64::try_from(bytes).unwrap_or(u64::MAX)));
    }

    /// Ends it, whatever it is at.
    pub fn shut(&self) {
        self.lock().closed = true;
        self.bell.notify_all();
        // An error is that it was ended already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for as long as nothing does; wakes up only for what waits.
    fn watch(&self) {
        let mut pending = self.lock();
        while !pending.closed {
            let oldest = pending.since.values().min().copied();
            pending = match oldest.map(|since| STALL.saturating_sub(since.elapsed())) {
                None => self.bell.wait(pending).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    drop(pending);
                    tracing::warn!("the bus takes nothing: ending the connection");
                    self.shut();
                    return;
                }
                Some(left) => self.bell.wait_timeout(pending, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }
}

fn time_for(bytes: u64) -> Duration {
    KIB.saturating_mul(u32::try_from(bytes / 1024).unwrap_or(u32::MAX))
}

/// Something that waits to be sent.
struct Waiting<'l> {
    line: &'l Line,
    number: u64,
}

impl<'l> Waiting<'l> {
    fn new(line: &'l Line) -> Waiting<'l> {
        let mut pending = line.lock();
        pending.last += 1;
        let number = pending.last;
        pending.since.insert(number, Instant::now());
        line.bell.notify_all();
        Waiting { line, number }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.line.lock().since.remove(&self.number);
    }
}
