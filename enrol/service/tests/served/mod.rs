//! The service as a process, with a configuration of the tests' own, and HTTP as bytes.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use crate::phone::sealing::{OPENER, pem};
use crate::phone::{self, CALLS, HARDWARE, KEYS, Phone};
use crate::place::Place;
use data_encoding::HEXLOWER;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};
use trust_enrol::{FileKey, State};
use trust_token::enrolment::{ChallengeRequest, GivenChallenge, MESSAGE_TYPE};
use trust_token::evidence::EVIDENCE_TYPE;
use trust_token::sealed::{FIRST_BYTE, SEALED_TYPE};

/// A service that may run.
pub struct Served {
    pub place: Place,
    child: Option<Child>,
    pub address: SocketAddr,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub media: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The code of a problem.
    pub fn code(&self) -> String {
        assert_eq!(self.media, "application/problem+json", "{self:?}");
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status);
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("tag:enigm.example,2026:enrolment#{code}"));
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        code
    }

    /// What the answer is, in one word.
    pub fn word(&self) -> String {
        if self.status < 300 { "given".into() } else { self.code() }
    }
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// What evidence says that it is, sealed or clear.
pub fn media(evidence: &[u8]) -> &'static str {
    if evidence.first() == Some(&FIRST_BYTE) { SEALED_TYPE } else { EVIDENCE_TYPE }
}

/// The configuration that accepts the tests' phones, and `more` at its top.
pub fn configuration(more: &str) -> String {
    let (_, signer) = phone::snapshot(&[], 1, "250101000000Z", "20491231235959Z");
    let (boot, vbmeta) = phone::boot();
    let [signer, boot, vbmeta] = [signer, boot, vbmeta].map(|digest| HEXLOWER.encode(&digest));
    format!(
        r#"state = "state.db"
signing_key = "signing.pem"
opener_keys = ["opener.pem"]
{more}

[attestation]
roots = ["roots.pem"]
revocation = "revocation.pem"
revocation_signers = ["{signer}"]
revocation_age_days = 36600

[[boot]]
state = "verified"
key = "{boot}"

[[release]]
name = "16.10"
vbmeta = "{vbmeta}"

[floors]
system = 202609

[[audience]]
id = "{CALLS}"
sees = ["system", "vendor", "boot"]
policy_version = 3

[[audience]]
id = "{KEYS}"
"#
    )
}

impl Served {
    /// A place with a configuration, a key and an empty state; nothing runs yet.
    pub fn prepare(name: &str, configuration: &str) -> Served {
        let place = Place::new(name);
        let root = trust_forge::Chain::remote(HARDWARE, "TEE", 8, &[]).certificates().pop().unwrap();
        let (revocation, _) = phone::snapshot(&[], 1, "250101000000Z", "20491231235959Z");
        fs::write(place.file("roots.pem"), trust_forge::pem("CERTIFICATE", &[root])).unwrap();
        fs::write(place.file("revocation.pem"), revocation).unwrap();
        fs::write(place.file("config.toml"), configuration).unwrap();
        let mut opener = fs::File::options();
        let opener = opener.write(true).create_new(true).mode(0o600).open(place.file("opener.pem"));
        opener.unwrap().write_all(pem(OPENER).as_bytes()).unwrap();
        let served = Served { place, child: None, address: ([127, 0, 0, 1], 0).into() };
        assert!(served.command(&["init-key"]).status.success());
        assert!(served.command(&["init-state"]).status.success());
        served
    }

    /// The same, running.
    pub fn start(name: &str, more: &str) -> Served {
        let mut served = Served::prepare(name, &configuration(more));
        served.run();
        served
    }

    /// A command of the service's binary.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trust_enrold"));
        command.arg("--config").arg(self.place.file("config.toml")).args(arguments).output().unwrap()
    }

    /// Starts it; its log goes to a file.
    pub fn run(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.place.file("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_trust_enrold"))
            .arg("--config")
            .arg(self.place.file("config.toml"))
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| {
            panic!("{line:?}: {}", fs::read_to_string(self.place.file("log")).unwrap_or_default())
        });
        self.address = address.parse().unwrap();
        self.child = Some(child);
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub fn state(&self) -> State {
        State::open(&self.place.file("state.db")).unwrap()
    }

    pub fn key(&self) -> FileKey {
        FileKey::open(&self.place.file("signing.pem")).unwrap()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.place.file("log")).unwrap()
    }

    /// A challenge for an audience.
    pub fn challenge(&self, audience: &str) -> [u8; 32] {
        let request = ChallengeRequest { audience: audience.into() };
        let answer = self.post("/v1/challenges", MESSAGE_TYPE, &request.to_bytes());
        assert_eq!((answer.status, &*answer.media), (201, MESSAGE_TYPE), "{answer:?}");
        GivenChallenge::from_bytes(&answer.body).unwrap().challenge
    }

    /// Evidence of a phone's for a challenge of its own, its key made for it unless it has one.
    pub fn evidence(&self, phone: &mut Phone) -> Vec<u8> {
        let challenge = self.challenge(&phone.audience);
        phone.made_at = now();
        if phone.kept.is_none() {
            phone.make(&challenge);
        }
        phone.evidence(&challenge)
    }

    pub fn enrol(&self, evidence: &[u8]) -> Answer {
        self.post("/v1/enrolments", media(evidence), evidence)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).unwrap()
    }

    pub fn post(&self, path: &str, media: &str, body: &[u8]) -> Answer {
        self.try_post(path, media, body).unwrap()
    }

    /// None if the service went before it answered.
    pub fn try_post(&self, path: &str, media: &str, body: &[u8]) -> Option<Answer> {
        post(self.address, path, media, body)
    }

    /// What bytes are answered with.
    pub fn ask(&self, bytes: &[u8]) -> Option<Answer> {
        ask(self.address, bytes)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn post(address: SocketAddr, path: &str, media: &str, body: &[u8]) -> Option<Answer> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {media}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    ask(address, &[head.as_bytes(), body].concat())
}

pub fn ask(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The service may answer, and close, before it has read all.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    parsed(&answer)
}

/// An answer, if it is whole.
pub fn parsed(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let body = answer[end + 4..].to_vec();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let value = |name: &str| {
        let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let length: usize = value("content-length").unwrap_or_default().parse().ok()?;
    (body.len() == length).then(|| Answer { status, media: value("content-type").unwrap_or_default(), body })
}
