//! What the service refuses before it is one: requests that are none, configurations, files of others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../../tests/phone/mod.rs"]
mod phone;
#[path = "../../tests/place/mod.rs"]
mod place;
mod served;

use phone::{CALLS, KEYS};
use served::{Served, configuration};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use trust_token::enrolment::{ChallengeRequest, MESSAGE_TYPE};
use trust_token::evidence::{EVIDENCE_TYPE, MAX_EVIDENCE};
use trust_token::sealed::{BLOCK, MAX_SEALED, SEALED_TYPE, Sealed, TAG_LENGTH};

/// A row: its name, the request, the status and the code.
type Row = (&'static str, Vec<u8>, u16, &'static str);

#[test]
fn what_is_no_request() {
    let served = Served::start("no-request", "http = { listen = \"127.0.0.1:0\", timeout = 4 }");
    let post = |path: &str, media: &str, body: &[u8]| {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {media}\r\ncontent-length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    };
    let line = |line: &str| format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes();
    let good = ChallengeRequest { audience: CALLS.into() }.to_bytes();
    let mut chunked = format!("POST /v1/enrolments HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {EVIDENCE_TYPE}\r\ntransfer-encoding: chunked\r\n\r\n10000\r\n").into_bytes();
    chunked.extend([0; 0x10000]);
    chunked.extend(b"\r\n0\r\n\r\n");
    let mut ek = [1; 65];
    ek[0] = 4;
    let stranger = Sealed { recipient: [1; 32], ek, ciphertext: vec![1; BLOCK + TAG_LENGTH] }.to_bytes();
    let rows: Vec<Row> = vec![
        ("nothing there", line("GET /"), 404, "not-found"),
        ("another version", line("GET /v2/challenges"), 404, "not-found"),
        ("a path below", line("GET /v1/policies/a/b"), 404, "not-found"),
        ("another method", line("GET /v1/challenges"), 405, "method"),
        ("another method", line("DELETE /v1/policies/production"), 405, "method"),
        ("no media type", line("POST /v1/challenges"), 415, "media-type"),
        ("another media type", post("/v1/challenges", "application/json", &good), 415, "media-type"),
        ("a media type with more", post("/v1/challenges", "application/cbor; x=y", &good), 415, "media-type"),
        ("no body", post("/v1/challenges", MESSAGE_TYPE, b""), 400, "request"),
        ("garbage", post("/v1/challenges", MESSAGE_TYPE, &[0xff; 50]), 400, "request"),
        (
            "a byte too many",
            post("/v1/challenges", MESSAGE_TYPE, &[&good[..], &[0]].concat()),
            400,
            "request",
        ),
        ("too many bytes", post("/v1/challenges", MESSAGE_TYPE, &[0; 129]), 413, "too-large"),
        (
            "nobody",
            post("/v1/challenges", MESSAGE_TYPE, &ChallengeRequest { audience: "nobody".into() }.to_bytes()),
            404,
            "audience",
        ),
        ("no evidence", post("/v1/enrolments", EVIDENCE_TYPE, b""), 400, "evidence"),
        ("garbage", post("/v1/enrolments", EVIDENCE_TYPE, &[0xd2; 5000]), 400, "evidence"),
        (
            "too many bytes",
            post("/v1/enrolments", EVIDENCE_TYPE, &vec![0; MAX_EVIDENCE + 1]),
            413,
            "too-large",
        ),
        ("no sealed evidence", post("/v1/enrolments", SEALED_TYPE, b""), 400, "evidence"),
        ("sealed garbage", post("/v1/enrolments", SEALED_TYPE, &[0xd0; 5000]), 400, "sealed"),
        ("sealed to nobody here", post("/v1/enrolments", SEALED_TYPE, &stranger), 403, "recipient"),
        (
            "too much sealed",
            post("/v1/enrolments", SEALED_TYPE, &vec![0xd0; MAX_SEALED + 1]),
            413,
            "too-large",
        ),
        ("too many that come in pieces", chunked, 413, "too-large"),
        ("nobody's list", line("GET /v1/revoked/nobody"), 404, "audience"),
        ("a name that is none", line("GET /v1/revoked/%00"), 404, "audience"),
        ("no such policy", line("GET /v1/policies/production"), 404, "policy"),
    ];
    for (name, request, status, code) in rows {
        let answer = served.ask(&request).unwrap_or_else(|| panic!("{name}: no answer"));
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{name}");
    }
    // What is no HTTP is answered with nothing that works, and the service goes on.
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01"[..],
        b"GET\r\n\r\n",
        &[b'a'; 100_000],
        b"POST /v1/challenges HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n",
    ] {
        assert!(served.ask(garbage).is_none_or(|answer| answer.status >= 400));
    }
    served.challenge(CALLS);
}

#[test]
fn slow_bodies_and_headers_end_and_keep_nobody_waiting() {
    let served = Served::start("slow", "http = { listen = \"127.0.0.1:0\", timeout = 4, connections = 20 }");
    let slow = |head: &str| {
        let mut stream = TcpStream::connect(served.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let head = format!(
        "POST /v1/enrolments HTTP/1.1\r\nhost: x\r\ncontent-type: {EVIDENCE_TYPE}\r\ncontent-length: 5000\r\n\r\n"
    );
    let begun = Instant::now();
    let (mut bodies, mut headers): (Vec<TcpStream>, Vec<TcpStream>) =
        ((0..8).map(|_| slow(&head)).collect(), (0..8).map(|_| slow("POST /v1/enr")).collect());
    // While they wait, others are answered.
    served.challenge(CALLS);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    for stream in &mut bodies {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
    }
    for stream in &mut headers {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // As many as may be and more: they wait for those that end, and are answered.
    let _held: Vec<TcpStream> = (0..20).map(|_| slow("POST /v1/enr")).collect();
    let begun = Instant::now();
    served.challenge(CALLS);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn the_configuration_is_strict() {
    let good = configuration("");
    let change = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let rows = [
        (change("state =", "stat ="), "unknown field `stat`"),
        (change("[[release]]", "[[releases]]"), "unknown field `releases`"),
        (change("verified", "orange"), "unknown variant `orange`"),
        (change("202609", "202613"), "floors.system = 202613: expected a month as YYYYMM, or 0"),
        (change(CALLS, KEYS), "expected each once"),
        (change(CALLS, "a b"), "expected 1 to 64 printable ASCII"),
        (change("36600", "36601"), "expected 1 to 36600"),
        (change("roots.pem", "none.pem"), "none.pem: No such file"),
        (change("revocation.pem", "roots.pem"), "roots.pem: revocation"),
        (change("revocation_signers = [\"", "revocation_signers = [\"0"), "expected 64 hexadecimal digits"),
        (change("roots = [\"roots.pem\"]", ""), "expected a root, or google_roots = true"),
        (configuration("http = { listen = \"0.0.0.0:0\" }"), "expected a loopback address"),
        (configuration("http = { requests = 0 }"), "http.requests = 0: expected 1 to 256"),
        (
            configuration("lifetimes = { challenge = 1 }"),
            "lifetimes.challenge = 1: expected 10 to 86400 seconds",
        ),
        (configuration("lifetimes = { credential = 3600 }"), "expected twice the rounding"),
        (format!("{good}\n[attestation]\n"), "duplicate"),
        (change("[\"opener.pem\"]", "[]"), "expected opener_keys, or accept_file_keys = true"),
        (change("[\"opener.pem\"]", "[\"signing.pem\"]"), "and not signing_key among them"),
        (
            change("[\"opener.pem\"]", &format!("[{}]", "\"opener.pem\", ".repeat(9))),
            "opener_keys: expected at most 8",
        ),
        (
            "state = \"s\"\nsigning_key = \"k\"\naudience = [{ id = \"a\" }]".into(),
            "expected [attestation], or accept_file_keys = true",
        ),
        (
            "state = \"s\"\nsigning_key = \"k\"\naccept_file_keys = true\naudience = []".into(),
            "expected one [[audience]] or more",
        ),
    ];
    let served = Served::prepare("strict", &good);
    for (text, message) in rows {
        std::fs::write(served.place.file("config.toml"), &text).unwrap();
        let output = served.command(&["list"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(message), "{message}: {said}\n{text}");
    }
}

/// The example is read, but for the snapshot that it names, which is nobody's.
#[test]
fn the_example_is_a_configuration() {
    let served = Served::prepare("example", &configuration(""));
    std::fs::write(served.place.file("config.toml"), include_str!("../../../etc/trust_enrold.toml")).unwrap();
    let said = String::from_utf8(served.command(&["list"]).stderr).unwrap();
    assert!(said.contains("/var/lib/trust_enrold/revocation.pem: No such file"), "{said}");
}

#[test]
fn keys_and_states_are_made_once_and_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::prepare("private", &configuration("http = { listen = \"127.0.0.1:0\" }"));
    for (command, file) in
        [("init-key", "signing.pem"), ("init-key", "opener.pem"), ("init-state", "state.db")]
    {
        let (path, before) = (served.place.file(file), std::fs::read(served.place.file(file)).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        assert!(!served.command(&[command]).status.success());
        assert_eq!(std::fs::read(&path).unwrap(), before, "{file}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let output = served.command(&["serve"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("mode 640"), "{said}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    // Neither is one key two, nor the signing key one that opens.
    let (config, opener) = (served.place.file("config.toml"), served.place.file("opener.pem"));
    let good = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, good.replace("[\"opener.pem\"]", "[\"opener.pem\", \"opener.pem\"]")).unwrap();
    let said = String::from_utf8(served.command(&["serve"]).stderr).unwrap();
    assert!(said.contains("expected each key once"), "{said}");
    std::fs::write(&config, good).unwrap();
    std::fs::copy(served.place.file("signing.pem"), &opener).unwrap();
    let said = String::from_utf8(served.command(&["serve"]).stderr).unwrap();
    assert!(said.contains("expected other keys than the signing key"), "{said}");
    std::fs::remove_file(&opener).unwrap();
    let said = String::from_utf8(served.command(&["serve"]).stderr).unwrap();
    assert!(said.contains("opener.pem: No such file"), "{said}");
    // The keys come first: they are made, and printed again, without the list of revoked certificates.
    std::fs::remove_file(served.place.file("revocation.pem")).unwrap();
    let said = String::from_utf8(served.command(&["serve"]).stderr).unwrap();
    assert!(said.contains("attestation.revocation") && said.contains("docs/revocations.md"), "{said}");
    let made = served.command(&["init-key"]).stdout;
    let shown = served.command(&["keys"]);
    assert!(shown.status.success() && shown.stdout.ends_with(&made) && shown.stdout.len() > made.len());
    let said = String::from_utf8(shown.stdout).unwrap();
    assert!(said.contains("BEGIN PUBLIC KEY") && said.contains("verifier = \"04"), "{said}");
    assert!(!said.contains("PRIVATE"), "{said}");
    // A state that is gone is not made anew in silence: it would have forgotten every pin.
    std::fs::remove_file(served.place.file("state.db")).unwrap();
    assert!(!served.command(&["serve"]).status.success());
}
