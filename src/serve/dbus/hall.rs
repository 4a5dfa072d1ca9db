//! What comes from the bus, one message after the other.

use super::arguments::{self, Call, MAX_BODY, has_signature};
use super::contract::{ERROR_PREFIX, Entry, INTERFACE, PATH, PROPERTIES, introspection, leading_to};
use super::line::Line;
use super::names::{Met, Names, caller};
use super::records;
use super::signals::Subscriber;
use super::wait;
use super::workers::Workers;
use crate::serve::access::{Caller, Method};
use crate::serve::desk::Desk;
use crate::serve::wire::Refusal;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use zbus::message::{Flags, Header, Type};
use zbus::{Message, Variant};

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// Where messages are received.
pub struct Hall<'d> {
    line: Arc<Line>,
    desk: &'d Arc<Desk>,
    workers: &'d Workers,
    names: Names,
}

/// What a call is answered with at once.
enum Fault {
    /// An error of ours.
    Refused(Refusal),
    /// An error of the D-Bus specification: its name after `org.freedesktop.DBus.Error.`, and its text.
    Standard(&'static str, &'static str),
}

const UNKNOWN_METHOD: Fault = Fault::Standard("UnknownMethod", "no such method");
const UNKNOWN_OBJECT: Fault = Fault::Standard("UnknownObject", "no such object");
const UNKNOWN_INTERFACE: Fault = Fault::Standard("UnknownInterface", "no such interface");
const UNKNOWN_PROPERTY: Fault = Fault::Standard("UnknownProperty", "no such property");
const INVALID_ARGS: Fault = Fault::Standard("InvalidArgs", "arguments of other types");
const READ_ONLY: Fault = Fault::Standard("PropertyReadOnly", "properties are only read");

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        Fault::Refused(refusal)
    }
}

impl<'d> Hall<'d> {
    /// Nobody was met yet.
    pub fn new(line: Arc<Line>, desk: &'d Arc<Desk>, workers: &'d Workers) -> Hall<'d> {
        Hall { line, desk, workers, names: Names::default() }
    }

    /// Takes a message.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn take(&mut self, message: Message) -> zbus::Result<()> {
        let header = message.header();
        let sender = header.sender().map(|name| name.as_str());
        match (message.message_type(), sender) {
            (Type::MethodCall, Some(sender)) => self.called(sender, &header, &message).await,
            (Type::MethodReturn | Type::Error, Some(BUS)) => self.told_who(&header, &message).await,
            (Type::Signal, Some(BUS)) if header.member().is_some_and(|name| name == "NameOwnerChanged") => {
                self.moved(&message).await
            }
            _ => Ok(()),
        }
    }

    /// The connection ended: nobody is there any more.
    pub fn leave(&mut self) {
        for listener in self.names.clear() {
            self.desk.gone(listener);
        }
    }

    async fn called(&mut self, sender: &str, header: &Header<'_>, message: &Message) -> zbus::Result<()> {
        if let Some(answer) = public(header, message) {
            return self.answer(header, answer?).await;
        }
        match self.names.meet(sender, message) {
            Met::Here(caller) => self.serve(&caller, header, message).await,
            Met::Waits => Ok(()),
            Met::Busy => self.refuse(header, Refusal::Busy.into()).await,
            Met::Ask => {
                let rule = match_rule(sender);
                let watch = to_bus("AddMatch").with_flags(Flags::NO_REPLY_EXPECTED).build(&rule)?;
                // After the match, so that the name can't vanish unseen.
                let ask = to_bus("GetConnectionCredentials").build(&sender)?;
                self.names.ask(sender, ask.primary_header().serial_num(), message.clone());
                self.line.send(&[watch, ask]).await
            }
        }
    }

    /// The bus answers who a name is.
    async fn told_who(&mut self, header: &Header<'_>, message: &Message) -> zbus::Result<()> {
        let Some(name) = header.reply_serial().and_then(|serial| self.names.asked_with(serial)) else {
            return Ok(());
        };
        let found = match message.message_type() {
            Type::MethodReturn => caller(&name, message),
            _ => None,
        };
        let (caller, waiting, room) = self.names.answered(&name, found);
        if caller.is_none() {
            self.forget(&name).await?;
        }
        if let Some(room) = room {
            self.forget(&room).await?;
        }
        for call in waiting {
            match &caller {
                Some(caller) => self.serve(caller, &call.header(), &call).await?,
                None => self.refuse(&call.header(), Refusal::NotPermitted.into()).await?,
            }
        }
        Ok(())
    }

    /// A name changed its owner; a unique one vanished.
    async fn moved(&mut self, message: &Message) -> zbus::Result<()> {
        let body = message.body();
        let Ok((name, _, "")) = body.deserialize::<(&str, &str, &str)>() else { return Ok(()) };
        let (was_known, listener) = self.names.vanished(name);
        if let Some(listener) = listener {
            self.desk.gone(listener);
        }
        if was_known { self.forget(name).await } else { Ok(()) }
    }

    async fn forget(&self, name: &str) -> zbus::Result<()> {
        let rule = match_rule(name);
        let message = to_bus("RemoveMatch").with_flags(Flags::NO_REPLY_EXPECTED).build(&rule)?;
        self.line.send(&[message]).await
    }

    async fn serve(
        &mut self,
        caller: &Arc<Caller>,
        header: &Header<'_>,
        message: &Message,
    ) -> zbus::Result<()> {
        let result = self.read(caller, header, message).and_then(|call| match call {
            Call::Subscribe => Ok(Some(self.subscribe(caller)?)),
            Call::Unsubscribe => Ok(Some(self.unsubscribe(caller)?)),
            call => self.hand_over(caller, call, message).map(|()| None),
        });
        match result {
            Ok(Some(())) => self.answer(header, Message::method_return(header).build(&())?).await,
            Ok(None) => Ok(()),
            Err(fault) => self.refuse(header, fault).await,
        }
    }

    /// Permission first, then the arguments.
    fn read(&self, caller: &Caller, header: &Header<'_>, message: &Message) -> Result<Call, Fault> {
        let member = header.member().map_or("", |name| name.as_str());
        if header.path().is_none_or(|path| path.as_str() != PATH) {
            self.desk.permits(caller, Method::Version)?;
            return Err(UNKNOWN_OBJECT);
        }
        let reading = || match header.interface().map(|name| name.as_str()) {
            Some(INTERFACE) | None => {
                let entry = Entry::find(member).ok_or(UNKNOWN_METHOD)?;
                self.desk.permits(caller, entry.method)?;
                Ok(arguments::read(entry, &message.body())?)
            }
            Some("org.freedesktop.DBus.Properties") => {
                self.desk.permits(caller, Method::Version)?;
                let property = property(member, message)?;
                if let Call::Property(name) = property {
                    let method = PROPERTIES.iter().find(|p| p.name == name).map(|p| p.method);
                    self.desk.permits(caller, method.unwrap_or(Method::Version))?;
                }
                Ok(property)
            }
            Some(_) => Err(UNKNOWN_INTERFACE),
        };
        catch_unwind(AssertUnwindSafe(reading)).unwrap_or_else(|_| {
            self.desk.fault();
            Err(Refusal::Internal.into())
        })
    }

    /// Here and not at a worker, so that it is before the name can vanish.
    fn subscribe(&mut self, caller: &Caller) -> Result<(), Refusal> {
        let listener = self.names.listener(&caller.name).ok_or(Refusal::Busy)?;
        if listener.is_some_and(|id| self.desk.listens(id)) {
            return Ok(());
        }
        let subscriber = Subscriber { line: self.line.clone(), name: caller.name.clone() };
        *listener = Some(self.desk.listen(caller, Box::new(subscriber))?);
        Ok(())
    }

    fn unsubscribe(&mut self, caller: &Caller) -> Result<(), Refusal> {
        let listener = self.names.listener(&caller.name).ok_or(Refusal::BadArgument)?;
        self.desk.unlisten(caller, listener.ok_or(Refusal::BadArgument)?)?;
        *listener = None;
        Ok(())
    }

    fn hand_over(&self, caller: &Arc<Caller>, call: Call, message: &Message) -> Result<(), Fault> {
        let (desk, line) = (self.desk.clone(), self.line.clone());
        let (caller, message) = (caller.clone(), message.clone());
        let uid = caller.uid;
        if !line.has_room(uid) {
            return Err(Refusal::Busy.into());
        }
        let job = move || {
            let header = message.header();
            let made = catch_unwind(AssertUnwindSafe(|| make(&desk, &caller, call, &header)));
            let answer = made.unwrap_or_else(|_| {
                desk.fault();
                Err(Refusal::Internal)
            });
            let answer = answer.or_else(|refusal| error(&header, &refusal.into()));
            // Where it can't be sent, the connection ended, and its reader knows.
            if let Ok(answer) = answer
                && expects_reply(&header)
            {
                line.count(uid, answer.data().len());
                let _ = wait(line.send(&[answer]));
            }
        };
        Ok(self.workers.take(uid, Box::new(job))?)
    }

    async fn refuse(&self, header: &Header<'_>, fault: Fault) -> zbus::Result<()> {
        self.answer(header, error(header, &fault)?).await
    }

    async fn answer(&self, header: &Header<'_>, answer: Message) -> zbus::Result<()> {
        if expects_reply(header) { self.line.send(&[answer]).await } else { Ok(()) }
    }
}

/// What anybody may ask, as it is the same everywhere: Ping and Introspect. There is no GetMachineId: it would tell
/// strangers which device this is.
fn public(header: &Header<'_>, message: &Message) -> Option<zbus::Result<Message>> {
    let interface = header.interface()?.as_str();
    let member = header.member()?.as_str();
    let reply = || Message::method_return(header);
    Some(match (interface, member) {
        _ if !message.body().is_empty() => return None,
        ("org.freedesktop.DBus.Peer", "Ping") => reply().build(&()),
        ("org.freedesktop.DBus.Introspectable", "Introspect") => match header.path()?.as_str() {
            PATH => reply().build(&introspection()),
            path => match leading_to(path) {
                Some(xml) => reply().build(&xml),
                None => error(header, &UNKNOWN_OBJECT),
            },
        },
        _ => return None,
    })
}

/// The arguments of org.freedesktop.DBus.Properties.
fn property(member: &str, message: &Message) -> Result<Call, Fault> {
    let body = message.body();
    let of = |signature: &str| {
        if body.len() <= MAX_BODY && has_signature(&body, signature) { Ok(()) } else { Err(INVALID_ARGS) }
    };
    let ours = |interface: &str| {
        if [INTERFACE, ""].contains(&interface) { Ok(()) } else { Err(UNKNOWN_INTERFACE) }
    };
    match member {
        "Get" => {
            of("ss")?;
            let (interface, name): (&str, &str) = body.deserialize().map_err(|_| INVALID_ARGS)?;
            ours(interface)?;
            let property = PROPERTIES.iter().find(|property| property.name == name);
            Ok(Call::Property(property.ok_or(UNKNOWN_PROPERTY)?.name))
        }
        "GetAll" => {
            of("s")?;
            ours(body.deserialize().map_err(|_| INVALID_ARGS)?)?;
            Ok(Call::Properties)
        }
        "Set" => Err(READ_ONLY),
        _ => Err(UNKNOWN_METHOD),
    }
}

/// Makes a call and encodes what it gives.
fn make(desk: &Desk, caller: &Caller, call: Call, header: &Header<'_>) -> Result<Message, Refusal> {
    let reply = Message::method_return(header);
    let message = match call {
        Call::Summary => reply.build(&records::summary(&*desk.summary(caller)?)),
        Call::Gate(number) => reply.build(&records::findings(&desk.gate(caller, number)?)),
        Call::Words => reply.build(&desk.words(caller)?.iter().map(records::words).collect::<Vec<_>>()),
        Call::History(after, most) => {
            let entries = desk.history(caller, after, most)?;
            reply.build(&entries.iter().map(records::entry).collect::<Vec<_>>())
        }
        Call::Head => {
            let head = desk.head(caller)?;
            reply.build(&(head.sequence, head.digest.as_slice()))
        }
        Call::Evaluate => reply.build(&desk.evaluate(caller)?),
        Call::Report(report) => desk.report(caller, report).map(|()| reply.build(&()))?,
        Call::Providers => {
            reply.build(&desk.providers(caller)?.iter().map(records::provider).collect::<Vec<_>>())
        }
        Call::Attest(nonce, confirmation) => reply.build(&desk.attest(caller, &nonce, &confirmation)?),
        Call::EnrolmentEvidence(challenge, anew) => {
            reply.build(&desk.enrolment_evidence(caller, &challenge, anew)?)
        }
        Call::InstallPolicy(bundle) => reply.build(&desk.install_policy(caller, &bundle)?),
        Call::InstallRevocations(snapshot) => reply.build(&desk.install_revocations(caller, &snapshot)?),
        Call::Property("Version") => reply.build(&Variant::from(desk.version(caller)?)),
        Call::Property("Posture") => reply.build(&Variant::from(desk.summary(caller)?.posture.code())),
        Call::Property("Sequence") => reply.build(&Variant::from(desk.summary(caller)?.sequence)),
        Call::Properties => reply.build(&properties(desk, caller)?),
        // The hall's own, and properties that there are not.
        Call::Subscribe | Call::Unsubscribe | Call::Property(_) => return Err(Refusal::Internal),
    };
    message.map_err(|_| Refusal::Internal)
}

/// Those that the caller may read and that have a value yet.
fn properties(desk: &Desk, caller: &Caller) -> Result<BTreeMap<&'static str, Variant<'static>>, Refusal> {
    let mut all = BTreeMap::from([("Version", Variant::from(desk.version(caller)?))]);
    if desk.permits(caller, Method::Summary).is_ok() {
        match desk.summary(caller) {
            Ok(summary) => all
                .extend([("Posture", summary.posture.code().into()), ("Sequence", summary.sequence.into())]),
            Err(Refusal::NotReady) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(all)
}

fn error(header: &Header<'_>, fault: &Fault) -> zbus::Result<Message> {
    let (name, text) = match fault {
        Fault::Refused(refusal) => (format!("{ERROR_PREFIX}{}", refusal.name()), refusal.to_string()),
        Fault::Standard(name, text) => (format!("{BUS}.Error.{name}"), String::from(*text)),
    };
    Message::error(header, name).build(&text)
}

fn expects_reply(header: &Header<'_>) -> bool {
    !header.primary().flags().contains(Flags::NO_REPLY_EXPECTED)
}

fn to_bus(method: &'static str) -> zbus::message::Builder<'static> {
    Message::method_call(BUS_PATH, method).destination(BUS).interface(BUS)
}

/// When this name changes its owner; a unique name does so when it vanishes. One rule for each name, so that nothing
/// wakes us when others come and go.
fn match_rule(name: &str) -> String {
    format!(
        "type='signal',sender='{BUS}',path='{BUS_PATH}',interface='{BUS}',member='NameOwnerChanged',arg0='{name}'"
    )
}
