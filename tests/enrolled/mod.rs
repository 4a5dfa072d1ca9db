//! A phone, an enrolment service and a relying party, each the programs themselves, at the sample's time.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use crate::bus::{OPEN, TestBus, soon};
use crate::governed::{Built, Device, TAKEN};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use trust_evidence::Time;

pub const CALLS: &str = "calls.enigm.example";
pub const KEYS: &str = "keys.enigm.example";
/// The thumbprint of the caller's key.
pub const CNF: &str = "0202020202020202020202020202020202020202020202020202020202020202";

/// Seconds that go on from the sample's time; all programs of a test are told the same.
#[derive(Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    pub fn new() -> Clock {
        Clock(Instant::now())
    }

    /// So many seconds after now, RFC 3339.
    pub fn at(self, later: i64) -> String {
        let now = i64::try_from(TAKEN + self.0.elapsed().as_secs()).unwrap();
        Time::from_unix(now + later).unwrap().to_string()
    }
}

/// A program that runs beside; it ends with the test.
pub struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The built-in policy, but that whoever runs the tests is this audience.
pub fn policy_for(audience: &str) -> Built {
    let caller = format!("callers = [\"enigm_{}\"]", audience.split('.').next().unwrap());
    Built::production().but(&[(&caller, &format!("{caller}\nusers = [{}]", crate::bus::user()))])
}

/// What trustctl ends with, what it prints, and what it says beside it.
pub struct Said(pub i32, pub String, pub String);

pub fn trustctl(arguments: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_trustctl")).args(arguments).env("NO_COLOR", "1").output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said(output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The sample device under a daemon, on a bus of its own.
pub struct Phone {
    pub clock: Clock,
    pub bus: TestBus,
    pub device: Device,
    daemon: Option<Beside>,
}

impl Phone {
    /// None, having said so, where there is no dbus-daemon.
    pub fn new(name: &str, clock: Clock) -> Option<Phone> {
        let bus = TestBus::start(OPEN)?;
        let device = Device::new(&format!("enrols-{name}"), &policy_for(CALLS));
        let mut phone = Phone { clock, bus, device, daemon: None };
        phone.start();
        Some(phone)
    }

    pub fn folder(&self) -> PathBuf {
        self.device.state().parent().unwrap().to_owned()
    }

    pub fn start(&mut self) {
        self.daemon = None;
        let folder = self.folder();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustd"));
        command.args(["--bus", &self.bus.address, "--clock", &self.clock.at(0)]);
        command.arg("--state").arg(self.device.state()).arg("--root").arg(folder.join("root"));
        command.arg("--policy").arg(folder.join("built-in.toml"));
        command.arg("--roots").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices/roots.pem"));
        self.daemon = Some(Beside(command.stderr(Stdio::null()).spawn().unwrap()));
        assert!(soon(|| trustctl(&["status", "--bus", &self.bus.address]).0 != 2), "no answer");
    }

    pub fn start_under(&mut self, policy: &Built) {
        self.device.build(policy);
        self.start();
    }

    pub fn stop(&mut self) {
        self.daemon = None;
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.daemon.as_ref().unwrap().0), signal).unwrap();
    }

    /// trustctl with this phone's daemon.
    pub fn ctl(&self, arguments: &[&str]) -> Said {
        trustctl(&[arguments, &["--bus", &self.bus.address]].concat())
    }

    /// An attestation as a file, by its path.
    pub fn attest(&self, nonce: &str, cnf: &str) -> String {
        let path = self.folder().join(format!("token-{}", &nonce[..16]));
        let path = path.to_str().unwrap().to_owned();
        let Said(code, _, said) = self.ctl(&["attest", "--nonce", nonce, "--cnf", cnf, "-o", &path]);
        assert_eq!(code, 0, "{said}");
        path
    }

    /// Enrols, and the credential's path.
    pub fn enrol(&self, service: &Service, audience: &str) -> String {
        let path = self.folder().join(format!("credential-{audience}")).to_str().unwrap().to_owned();
        let Said(code, out, said) = self.try_enrol(&service.url, audience, &["-o", &path, "--force"]);
        assert_eq!(code, 0, "{out}{said}");
        path
    }

    pub fn try_enrol(&self, url: &str, audience: &str, more: &[&str]) -> Said {
        self.ctl(
            &[&["enrol", "--service", url, "--audience", audience, "--at", &self.clock.at(0)], more].concat(),
        )
    }
}

/// The enrolment service, on loopback.
pub struct Service {
    folder: PathBuf,
    running: Option<Beside>,
    clock: Clock,
    pub url: String,
}

impl Service {
    pub fn start(name: &str, clock: Clock, accepts_file_keys: bool) -> Service {
        let folder = std::env::temp_dir().join(format!("trustd-service-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let config = format!(
            "state = \"state.db\"\nsigning_key = \"signing.pem\"\naccept_file_keys = {accepts_file_keys}\n\
             [http]\nlisten = \"127.0.0.1:0\"\n[[audience]]\nid = \"{CALLS}\"\npolicy_version = 1\n\
             [[audience]]\nid = \"{KEYS}\"\n[lifetimes]\nlist = 1\n"
        );
        fs::write(folder.join("config.toml"), config).unwrap();
        let mut service = Service { folder, running: None, clock, url: String::new() };
        let key = service.command(&["init-key"]);
        fs::write(service.file("issuer.pem"), key.split_once('\n').unwrap().1).unwrap();
        service.command(&["init-state"]);
        let mut child =
            service.program(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect("no service");
        service.url = format!("http://{address}");
        service.running = Some(Beside(child));
        service
    }

    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    fn program(&self, arguments: &[&str]) -> Command {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let mut command = Command::new(BUILT.get_or_init(build));
        command.args(["--config", &self.file("config.toml"), "--clock", &self.clock.at(0)]).args(arguments);
        command
    }

    pub fn command(&self, arguments: &[&str]) -> String {
        let output = self.program(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn stop(&mut self) {
        self.running = None;
    }

    /// The list of revoked handles as it is now, by its path.
    pub fn revoked(&self, name: &str, audience: &str) -> String {
        let (status, body) = self.ask("GET", &format!("/v1/revoked/{audience}"), "", &[]);
        assert_eq!(status, 200);
        fs::write(self.file(name), body).unwrap();
        self.file(name)
    }

    /// Status and body of an answer.
    pub fn ask(&self, method: &str, path: &str, media: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {media}\r\n\
             content-length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        (status, answer.split_off(end + 4))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Builds trust_enrold, which is another package's; its path.
fn build() -> PathBuf {
    // This test is target/<profile>/deps/enrols-…
    let target: PathBuf = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        // Of the whole workspace, so that dependencies are those that `cargo test --workspace` has built.
        .args(["build", "--quiet", "--workspace", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .args(["--bin=trust_enrold", "--target-dir"])
        .arg(&target)
        .status();
    assert!(built.unwrap().success());
    target.join("debug/trust_enrold")
}

/// A relying party: who it is, what it knows, its ledger.
pub struct Party {
    pub clock: Clock,
    audience: &'static str,
    ledger: String,
    issuer: String,
    policy: String,
}

impl Party {
    /// With an empty ledger, and the policy of whoever runs the tests.
    pub fn new(phone: &Phone, service: &Service, audience: &'static str) -> Party {
        let folder = phone.folder();
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (ledger, policy) = (file(&format!("ledger-{audience}")), file(&format!("known-{audience}.toml")));
        fs::write(&policy, policy_for(audience).text()).unwrap();
        let party =
            Party { clock: phone.clock, audience, ledger, issuer: service.file("issuer.pem"), policy };
        assert_eq!(party.open(CNF, &["--new"]).0, 0);
        party
    }

    pub fn open(&self, cnf: &str, more: &[&str]) -> Said {
        let at = self.clock.at(0);
        let command =
            ["challenge", "--audience", self.audience, "--cnf", cnf, "--ledger", &self.ledger, "--at", &at];
        trustctl(&[&command, more].concat())
    }

    /// A challenge's nonce.
    pub fn challenge(&self, cnf: &str) -> String {
        let Said(code, nonce, said) = self.open(cnf, &[]);
        assert_eq!(code, 0, "{said}");
        nonce.trim().to_owned()
    }

    /// The exit code and the verdict: what it says first. `more` is what differs from what it asks else.
    pub fn verify(&self, token: &str, statements: [&str; 2], nonce: &str, more: &[&str]) -> (i32, String) {
        let [credential, revoked] = statements;
        let at = self.clock.at(0);
        let mut arguments = vec!["verify", token, "--credential", credential, "--revoked", revoked];
        arguments.extend(["--issuer", &self.issuer, "--audience", self.audience, "--ledger", &self.ledger]);
        arguments.extend(["--nonce", nonce, "--at", &at]);
        for (option, value) in [("--policy", &*self.policy), ("--cnf", CNF)] {
            if !more.contains(&option) {
                arguments.extend([option, value]);
            }
        }
        // A key in a file is software's.
        if !more.contains(&"hardware") {
            arguments.push("--software");
        }
        arguments.extend(more.iter().filter(|more| **more != "hardware"));
        let Said(code, out, said) = trustctl(&arguments);
        let first = out.lines().next().map_or(said, str::to_owned);
        (code, first)
    }
}
