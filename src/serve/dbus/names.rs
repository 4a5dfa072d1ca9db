//! Who the names on the bus are: asked of the bus once for each name, kept until the name vanishes.
//!
//! A unique name is one connection's and is never given to another, so what the bus said of it holds as long as it is
//! there. The bus takes it from the kernel at the connection's beginning; nothing in a message counts.

use crate::serve::access::{Caller, Door, type_of};
use crate::serve::listeners::ListenerId;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;
use zbus::{Message, Variant};

/// The most names that are kept: below the 512 match rules that the system bus lets a connection have.
pub const MAX_KNOWN: usize = 256;
/// The most names that are being asked for.
pub const MAX_ASKED: usize = 64;
/// The most calls of one name that wait for that.
pub const MAX_WAITING: usize = 16;

/// The names.
#[derive(Default)]
pub struct Names {
    known: HashMap<Box<str>, Known>,
    asked: BTreeMap<Box<str>, Asked>,
    /// Counts calls, to tell which name was silent for longest.
    calls: u64,
}

struct Known {
    caller: Arc<Caller>,
    listener: Option<ListenerId>,
    last: u64,
}

struct Asked {
    serial: NonZeroU32,
    waiting: Vec<Message>,
}

/// What to do with a call.
pub enum Met {
    /// Serve it: this is who called.
    Here(Arc<Caller>),
    /// Ask the bus who this is; the call waits.
    Ask,
    /// The bus is being asked; the call waits, too.
    Waits,
    /// Too many wait.
    Busy,
}

impl Names {
    /// Who sent this call. Where that is to be asked, [`ask`](Self::ask) takes the call.
    pub fn meet(&mut self, name: &str, call: &Message) -> Met {
        self.calls += 1;
        if let Some(known) = self.known.get_mut(name) {
            known.last = self.calls;
            return Met::Here(known.caller.clone());
        }
        let room = self.asked.len() < MAX_ASKED;
        match self.asked.get_mut(name) {
            Some(asked) if asked.waiting.len() < MAX_WAITING => {
                asked.waiting.push(call.clone());
                Met::Waits
            }
            Some(_) => Met::Busy,
            None if room => Met::Ask,
            None => Met::Busy,
        }
    }

    /// The bus was asked with this serial.
    pub fn ask(&mut self, name: &str, serial: NonZeroU32, call: Message) {
        self.asked.insert(name.into(), Asked { serial, waiting: vec![call] });
    }

    /// Which name an answer of the bus is about.
    pub fn asked_with(&self, serial: NonZeroU32) -> Option<Box<str>> {
        self.asked.iter().find(|(_, asked)| asked.serial == serial).map(|(name, _)| name.clone())
    }

    /// The bus answered: who it is, or `None` where it can't tell. The calls that waited, and a name that had to make
    /// room.
    pub fn answered(
        &mut self,
        name: &str,
        caller: Option<Caller>,
    ) -> (Option<Arc<Caller>>, Vec<Message>, Option<Box<str>>) {
        let waiting = self.asked.remove(name).map(|asked| asked.waiting).unwrap_or_default();
        let Some(caller) = caller.map(Arc::new) else { return (None, waiting, None) };
        let room = if self.known.len() >= MAX_KNOWN { self.silent_for_longest() } else { None };
        if let Some(room) = &room {
            self.known.remove(room);
        }
        self.calls += 1;
        let known = Known { caller: caller.clone(), listener: None, last: self.calls };
        self.known.insert(name.into(), known);
        (Some(caller), waiting, room)
    }

    /// The name vanished: whether it was known, and its listener.
    pub fn vanished(&mut self, name: &str) -> (bool, Option<ListenerId>) {
        let was_asked = self.asked.remove(name).is_some();
        match self.known.remove(name) {
            Some(known) => (true, known.listener),
            None => (was_asked, None),
        }
    }

    /// The listener of a name.
    pub fn listener(&mut self, name: &str) -> Option<&mut Option<ListenerId>> {
        self.known.get_mut(name).map(|known| &mut known.listener)
    }

    /// Forgets all; their listeners.
    pub fn clear(&mut self) -> Vec<ListenerId> {
        self.asked.clear();
        self.known.drain().filter_map(|(_, known)| known.listener).collect()
    }

    /// How many are known.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Listeners are fewer than [`MAX_KNOWN`], so there is always one that does not listen.
    fn silent_for_longest(&self) -> Option<Box<str>> {
        let silent = self.known.iter().filter(|(_, known)| known.listener.is_none());
        silent.min_by_key(|(_, known)| known.last).map(|(name, _)| name.clone())
    }
}

/// The caller in the bus's answer to GetConnectionCredentials
/// (<https://dbus.freedesktop.org/doc/dbus-specification.html#bus-messages-get-connection-credentials>); `None` where it
/// has no user.
pub fn caller(name: &str, answer: &Message) -> Option<Caller> {
    let body = answer.body();
    let credentials: HashMap<&str, Variant<'_>> = body.deserialize().ok()?;
    let Some(Variant::U32(uid)) = credentials.get("UnixUserID") else { return None };
    let label = match credentials.get("LinuxSecurityLabel") {
        Some(Variant::Array(bytes)) => label(bytes.inner()),
        _ => None,
    };
    let selinux_type = label.as_deref().and_then(type_of).map(Box::from);
    Some(Caller { door: Door::DBus, uid: *uid, selinux_type, name: name.into() })
}

/// The bytes of a label; the bus ends it with a NUL.
fn label(bytes: &[Variant<'_>]) -> Option<String> {
    let bytes = bytes.iter().map(|byte| match byte {
        Variant::U8(byte) => Some(*byte),
        _ => None,
    });
    let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
    let label = bytes.strip_suffix(&[0]).unwrap_or(&bytes);
    String::from_utf8(label.to_vec()).ok()
}
