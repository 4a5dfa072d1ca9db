//! The daemon over D-Bus.

use super::read::{self, list, record};
use super::{ClientError, Link};
use crate::serve::dbus::contract::{ERROR_PREFIX, INTERFACE, NAME, PATH};
use crate::serve::dbus::{Bus, waited};
use crate::serve::wire::{Change, GateFindings, GateWords, Head, HistoryEntry, ProviderState, Refusal, Summary};
use std::time::Duration;
use trust_posture::GateId;
use zbus::connection::Builder;
use zbus::message::Type;
use zbus::{Message, MessageStream, OwnedVariant, Variant};

/// How long the daemon may take. It answers sooner, or refuses.
const PATIENCE: Duration = Duration::from_secs(15);

/// A connection to a bus on which the daemon is.
pub struct Connection {
    bus: Bus,
    connection: zbus::Connection,
}

impl Connection {
    /// Connects; whether the daemon is there, the first call shows.
    ///
    /// # Errors
    /// There is no such bus.
    pub fn open(bus: Bus) -> Result<Connection, ClientError> {
        let builder = match &bus {
            Bus::System => Builder::system(),
            Bus::Session => Builder::session(),
            Bus::Address(address) => Builder::address(address.as_str()),
        };
        let connection = zbus::block_on(builder.method_timeout(PATIENCE).build());
        let connection =
            connection.map_err(|error| ClientError::Unreachable(bus.to_string(), error.to_string()))?;
        Ok(Connection { bus, connection })
    }

    fn call<B>(&self, method: &str, body: &B) -> Result<Message, ClientError>
    where
        B: serde::Serialize + zbus::wire::DynamicType,
    {
        let call = self.connection.call_method(Some(NAME), PATH, Some(INTERFACE), method, body);
        zbus::block_on(call).map_err(|error| match error {
            zbus::Error::MethodError(name, says, _) => {
                let refused = name.as_str().strip_prefix(ERROR_PREFIX).and_then(|name| {
                    Refusal::ALL.into_iter().find(|refusal| refusal.name() == name)
                });
                match refused {
                    Some(refusal) => ClientError::Refused(refusal),
                    None => ClientError::Unreachable(self.bus.to_string(), says.unwrap_or_else(|| name.to_string())),
                }
            }
            error => ClientError::Unreachable(self.bus.to_string(), error.to_string()),
        })
    }
}
