//! What a subscriber is sent: to it alone.

use super::contract::{INTERFACE, PATH};
use super::line::Line;
use super::wait;
use crate::serve::listeners::{Gone, Listener};
use crate::serve::wire::Change;
use std::collections::BTreeMap;
use std::sync::Arc;
use zbus::{Message, Variant};

/// A subscriber, by its unique name on the bus.
pub struct Subscriber {
    /// The line to send on.
    pub line: Arc<Line>,
    /// Whom to.
    pub name: Box<str>,
}

impl Listener for Subscriber {
    fn changed(&mut self, change: &Change) -> Result<(), Gone> {
        let messages = messages(&self.name, change).map_err(|_| Gone)?;
        wait(self.line.send(&messages)).map_err(|_| Gone)
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
