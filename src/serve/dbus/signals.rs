//! What a subscriber is sent: to it alone.

use super::contract::{INTERFACE, PATH};
use super::wait;
use crate::serve::listeners::{Gone, Listener};
use crate::serve::wire::Change;
use std::collections::BTreeMap;
use zbus::{Connection, Message, Variant};

/// A subscriber, by its unique name on the bus.
pub struct Subscriber {
    /// The connection to send on.
    pub connection: Connection,
    /// Whom to.
    pub name: Box<str>,
}

impl Listener for Subscriber {
    fn changed(&mut self, change: &Change) -> Result<(), Gone> {
        let messages = messages(&self.name, change).map_err(|_| Gone)?;
        wait(self.connection.send_all(&messages)).map_err(|_| Gone)
    }
}

fn messages(name: &str, change: &Change) -> zbus::Result<[Message; 2]> {
    let posture = change.posture.code();
    let changed: BTreeMap<&str, Variant<'_>> =
        BTreeMap::from([("Posture", posture.into()), ("Sequence", change.sequence.into())]);
    let gates: Vec<&str> = change.gates.iter().map(|gate| gate.id()).collect();
    let invalidated: [&str; 0] = [];
    Ok([
        Message::signal(PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged")
            .destination(name)
            .build(&(INTERFACE, changed, invalidated.as_slice()))?,
        Message::signal(PATH, INTERFACE, "PostureChanged").destination(name).build(&(
            change.sequence,
            posture,
            gates,
        ))?,
    ])
}
