//! The daemon over D-Bus.

use super::read::{self, list, record};
use super::{Changes, ClientError, Link};
use crate::serve::dbus::contract::{ERROR_PREFIX, INTERFACE, NAME, PATH};
use crate::serve::dbus::{Bus, next};
use crate::serve::wire::{
    Change, GateFindings, GateWords, Head, HistoryEntry, ProviderState, Question, Refusal, Summary,
};
use std::time::Duration;
use trust_posture::GateId;
use zbus::connection::Builder;
use zbus::message::Type;
use zbus::wire::Structure;
use zbus::{Message, MessageStream, Variant};

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
        if let Bus::Address(address) = &bus
            && !address.contains(':')
        {
            let says = "expected binder, system, session, or an address such as unix:path=/run/user/1000/bus";
            return Err(ClientError::Unreachable(
                format!("\"{}\"", trust_evidence::printable(address)),
                says.into(),
            ));
        }
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

    fn gone(&self, says: &str) -> ClientError {
        ClientError::Unreachable(self.bus.to_string(), says.into())
    }

    fn call<B>(&self, method: &str, body: &B) -> Result<Message, ClientError>
    where
        B: zbus::export::serde::Serialize + zbus::wire::DynamicType,
    {
        let call = self.connection.call_method(Some(NAME), PATH, Some(INTERFACE), method, body);
        zbus::block_on(call).map_err(|error| match error {
            zbus::Error::MethodError(name, says, _) => {
                let refused = name
                    .as_str()
                    .strip_prefix(ERROR_PREFIX)
                    .and_then(|name| Refusal::ALL.into_iter().find(|refusal| refusal.name() == name));
                match refused {
                    Some(refusal) => ClientError::Refused(refusal),
                    None => ClientError::Unreachable(
                        self.bus.to_string(),
                        says.unwrap_or_else(|| name.to_string()),
                    ),
                }
            }
            // zbus has the specification's own errors as values.
            zbus::Error::FDO(error) if matches!(*error, zbus::fdo::Error::ServiceUnknown(_)) => {
                self.gone("nobody owns com.enigm.Trust1 there: is trustd running, and on this bus?")
            }
            error => ClientError::Unreachable(self.bus.to_string(), error.to_string()),
        })
    }
}

/// The one value of an answer, read.
fn answer<T>(
    message: &Message,
    read: impl FnOnce(&Variant<'_>) -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let body = message.body();
    let fields = values(&body)?;
    match fields.fields() {
        [value] => read(value),
        _ => Err(ClientError::Malformed("an answer: expected one value".into())),
    }
}

/// An answer of values that D-Bus has a type for, read.
fn plain<T>(message: &Message) -> Result<T, ClientError>
where
    T: zbus::export::serde::de::DeserializeOwned + zbus::wire::Type,
{
    message.body().deserialize().map_err(|error| ClientError::Malformed(error.to_string()))
}

fn values<'b>(body: &'b zbus::message::Body) -> Result<Structure<'b>, ClientError> {
    body.deserialize().map_err(|error| ClientError::Malformed(error.to_string()))
}

impl Link for Connection {
    fn summary(&self) -> Result<Summary, ClientError> {
        answer(&self.call("GetSummary", &())?, |value| read::summary(&record(value)?))
    }

    fn gate(&self, gate: GateId) -> Result<GateFindings, ClientError> {
        let answered = self.call("GetGate", &(i32::from(gate.number())))?;
        answer(&answered, |value| read::findings(&record(value)?))
    }

    fn words(&self) -> Result<Vec<GateWords>, ClientError> {
        answer(&self.call("GetWords", &())?, |value| list(value, |words| read::words(&record(words)?)))
    }

    fn history(&self, after: u64, most: u32) -> Result<Vec<HistoryEntry>, ClientError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let answered = self.call("GetHistory", &(after, i32::try_from(most).unwrap_or(i32::MAX)))?;
        answer(&answered, |value| list(value, |entry| read::entry(&record(entry)?)))
    }

    fn head(&self) -> Result<Head, ClientError> {
        let (sequence, digest): (u64, Vec<u8>) = plain(&self.call("GetHead", &())?)?;
        let digest =
            digest.try_into().map_err(|_| ClientError::Malformed("digest: expected 32 bytes".into()))?;
        Ok(Head { sequence, digest })
    }

    fn evaluate(&self) -> Result<u64, ClientError> {
        plain(&self.call("Evaluate", &())?)
    }

    fn providers(&self) -> Result<Vec<ProviderState>, ClientError> {
        let answered = self.call("GetProviders", &())?;
        answer(&answered, |value| list(value, |provider| read::provider(&record(provider)?)))
    }

    fn install_policy(&self, bundle: &[u8]) -> Result<u32, ClientError> {
        plain(&self.call("InstallPolicy", &bundle)?)
    }

    fn install_revocations(&self, snapshot: &[u8]) -> Result<u64, ClientError> {
        let answered = self.call("InstallRevocations", &snapshot)?;
        answered.body().deserialize().map_err(|error| ClientError::Malformed(error.to_string()))
    }

    fn attest(&self, question: &Question) -> Result<Vec<u8>, ClientError> {
        plain(&self.call("Attest", &(&question.nonce[..], &question.confirmation[..]))?)
    }

    fn enrolment_evidence(&self, challenge: &[u8; 32], anew: bool) -> Result<Vec<u8>, ClientError> {
        plain(&self.call("GetEnrolmentEvidence", &(&challenge[..], anew))?)
    }

    fn subscribe(&self) -> Result<Box<dyn Changes + '_>, ClientError> {
        // Before subscribing, so that no change is missed.
        let stream = MessageStream::from(&self.connection);
        let leaving =
            format!("type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged',arg0='{NAME}'");
        let matched =
            self.connection.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "AddMatch", &leaving);
        zbus::block_on(matched).map_err(|error| self.gone(&error.to_string()))?;
        // The bus vouches for the sender: whoever else sends a signal of this name is not the daemon.
        let subscribed = self.call("Subscribe", &())?;
        let daemon = subscribed.header().sender().map(|sender| sender.as_str().to_owned());
        Ok(Box::new(Signals { connection: self, stream, daemon }))
    }
}

/// The daemon's signals.
struct Signals<'c> {
    connection: &'c Connection,
    stream: MessageStream,
    daemon: Option<String>,
}

impl Changes for Signals<'_> {
    fn each(mut self: Box<Self>, told: &mut dyn FnMut(Change) -> bool) -> Result<(), ClientError> {
        let gone = |says: &str| self.connection.gone(says);
        while let Some(message) = zbus::block_on(next(&mut self.stream)) {
            let message = message.map_err(|error| gone(&error.to_string()))?;
            let header = message.header();
            let member = header.member().map(|member| member.as_str().to_owned());
            let sender = header.sender().map(|sender| sender.as_str().to_owned());
            match (message.message_type(), member.as_deref()) {
                (Type::Signal, Some("PostureChanged"))
                    if sender == self.daemon && !told(change(&message)?) =>
                {
                    return Ok(());
                }
                (Type::Signal, Some("NameOwnerChanged")) if sender.as_deref() == Some(BUS) => {
                    return Err(gone("it left the bus"));
                }
                _ => {}
            }
        }
        Err(gone("the bus closed the connection"))
    }
}

const BUS: &str = "org.freedesktop.DBus";

fn change(message: &Message) -> Result<Change, ClientError> {
    let (sequence, posture, gates): (u64, String, Vec<String>) = plain(message)?;
    let gates = gates.iter().map(|gate| read::gate_id(gate)).collect::<Result<_, _>>()?;
    Ok(Change { sequence, posture: read::posture(&posture)?, gates })
}
