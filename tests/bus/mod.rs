//! A message bus of a test's own, clients on it, and one that speaks in raw bytes.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

pub mod house;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use trustd::serve::dbus::contract::{INTERFACE, NAME, PATH};
use zbus::wire::{DynamicType, OwnedVariant};
use zbus::{Connection, Message};

/// Any user may connect, say and own anything.
pub const OPEN: &str = r#"<policy context="default">
  <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow send_type="signal"/>
  <allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
  <allow receive_type="signal"/><allow eavesdrop="true"/>
</policy>"#;

pub fn user() -> u32 {
    rustix::process::getuid().as_raw()
}

/// A bus that ends with the test.
pub struct TestBus {
    daemon: Child,
    directory: PathBuf,
    pub address: String,
}

impl TestBus {
    /// `None`, having said so, where there is no dbus-daemon.
    pub fn start(policy: &str) -> Option<TestBus> {
        TestBus::of_size(policy, 1_000_000_000)
    }

    /// One that holds so many bytes of each sender's and for each receiver; the system's default is 127 MiB.
    pub fn of_size(policy: &str, bytes: u32) -> Option<TestBus> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("trustd-bus-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o755)).unwrap();
        let address = format!("unix:path={}/bus", directory.display());
        let config = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n<busconfig><type>session</type>\
             <listen>{address}</listen><auth>EXTERNAL</auth>{policy}\
             <limit name=\"max_incoming_bytes\">{bytes}</limit>\
             <limit name=\"max_outgoing_bytes\">{bytes}</limit>\
             <limit name=\"max_message_size\">1000000000</limit>\
             <limit name=\"max_completed_connections\">2000</limit>\
             <limit name=\"max_connections_per_user\">2000</limit>\
             <limit name=\"max_replies_per_connection\">50000</limit>\
             <limit name=\"max_match_rules_per_connection\">512</limit></busconfig>"
        );
        std::fs::write(directory.join("config"), config).unwrap();
        let daemon = TestBus::daemon(&directory)?;
        Some(TestBus { daemon, directory, address })
    }

    fn daemon(directory: &std::path::Path) -> Option<Child> {
        let mut command = Command::new("dbus-daemon");
        command.arg(format!("--config-file={}/config", directory.display()));
        command.args(["--nofork", "--print-address"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut daemon) = command.spawn() else {
            println!("SKIPPED: D-Bus: there is no dbus-daemon (package dbus)");
            return None;
        };
        let mut line = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "dbus-daemon did not start");
        Some(daemon)
    }

    /// Ends the bus and starts it again at the same address.
    pub fn restart(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
        let _ = std::fs::remove_file(self.directory.join("bus"));
        self.daemon = TestBus::daemon(&self.directory).unwrap();
    }

    pub fn client(&self) -> Client {
        Client::try_new(&self.address).unwrap()
    }

    /// A command beside us, such as busctl, as another user if one is given. `None`, having said so, where it can't run.
    pub fn run(&self, user: Option<u32>, command: &[&str]) -> Option<Output> {
        let mut all: Vec<String> = Vec::new();
        if let Some(user) = user {
            if self::user() != 0 {
                println!("SKIPPED: D-Bus: calls of other users: needs root");
                return None;
            }
            all.extend(["setpriv", "--reuid", &user.to_string(), "--clear-groups"].map(String::from));
        }
        all.extend(command.iter().map(|part| part.replace("ADDRESS", &self.address)));
        let output = Command::new(&all[0]).args(&all[1..]).output();
        match output {
            Ok(output) if output.status.code() != Some(127) => Some(output),
            _ => {
                println!("SKIPPED: D-Bus: there is no {}", command[0]);
                None
            }
        }
    }

    /// Calls a method with busctl.
    pub fn busctl(&self, user: Option<u32>, call: &[&str]) -> Option<Output> {
        let mut all = vec!["busctl", "--address=ADDRESS", "call", NAME, PATH, INTERFACE];
        all.extend(call);
        self.run(user, &all)
    }
}

impl Drop for TestBus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A client by zbus.
#[derive(Clone)]
pub struct Client {
    pub connection: Connection,
}

/// What an error brings: its name and its text.
pub type Failure = (String, String);

impl Client {
    pub fn try_new(address: &str) -> zbus::Result<Client> {
        let builder = zbus::connection::Builder::address(address).method_timeout(Duration::from_secs(60));
        zbus::block_on(builder.build()).map(|connection| Client { connection })
    }

    /// Calls a method of ours.
    pub fn call<B: serde::Serialize + DynamicType>(
        &self,
        method: &str,
        body: &B,
    ) -> Result<Message, Failure> {
        self.call_of(PATH, INTERFACE, method, body)
    }

    pub fn call_of<B: serde::Serialize + DynamicType>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, Failure> {
        let call = self.connection.call_method(Some(NAME), path, Some(interface), method, body);
        zbus::block_on(call).map_err(|error| match error {
            zbus::Error::MethodError(name, text, _) => (name.to_string(), text.unwrap_or_default()),
            // Those of the specification are values of zbus's own, whose text is the name and the message.
            other => match other.to_string().split_once(": ") {
                Some((name, text)) if name.starts_with("org.freedesktop.DBus.Error.") => {
                    (name.into(), text.into())
                }
                _ => panic!("{method}: {other}"),
            },
        })
    }

    /// The short name of the error that a call ends with, or "" where it does not.
    pub fn fails<B: serde::Serialize + DynamicType>(&self, method: &str, body: &B) -> String {
        short(self.call(method, body))
    }

    pub fn property(&self, name: &str) -> Result<OwnedVariant, Failure> {
        let reply = self.call_of(PATH, "org.freedesktop.DBus.Properties", "Get", &(INTERFACE, name))?;
        Ok(reply.body().deserialize().unwrap())
    }
}

pub fn short(result: Result<Message, Failure>) -> String {
    match result {
        Ok(_) => String::new(),
        Err((name, text)) => {
            assert!(!text.is_empty() && text.len() < 80, "{name}: {text}");
            name.trim_start_matches("com.enigm.Trust1.Error.")
                .trim_start_matches("org.freedesktop.DBus.Error.")
                .into()
        }
    }
}

/// A client that sends whatever bytes it is given.
pub struct Raw {
    pub stream: UnixStream,
}

impl Raw {
    /// Connects, authenticates and says hello; reads nothing of what comes after.
    pub fn new(bus: &TestBus) -> Raw {
        let mut stream = UnixStream::connect(bus.directory.join("bus")).unwrap();
        let id: String = user().to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
        stream.write_all(format!("\0AUTH EXTERNAL {id}\r\n").as_bytes()).unwrap();
        let mut reply = [0; 64];
        assert!(stream.read(&mut reply).unwrap() > 0 && reply.starts_with(b"OK"));
        stream.write_all(b"BEGIN\r\n").unwrap();
        let bus = "org.freedesktop.DBus";
        let hello = Message::method_call("/org/freedesktop/DBus", "Hello").destination(bus).interface(bus);
        stream.write_all(hello.build(&()).unwrap().data()).unwrap();
        Raw { stream }
    }

    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }
}

/// The bytes of a call of ours.
pub fn bytes<B: serde::Serialize + DynamicType>(method: &str, body: &B) -> Vec<u8> {
    let call = Message::method_call(PATH, method).destination(NAME).interface(INTERFACE);
    call.build(body).unwrap().data().to_vec()
}

/// Waits until it is so; false where it is not within ten seconds.
pub fn soon(mut so: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// How much memory this process holds, in bytes.
pub fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
