//! What `trustctl enrol` makes of an enrolment verifier that answers otherwise than it should.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod bus;
mod enrolled;
mod governed;
mod stand_in;

use enrolled::{CALLS, Clock, KEYS, Phone, Said};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use trust_forge::Key;
use trust_token::credential::{Credential, EvidenceLevel, Floors};
use trust_token::crypto::Sign;
use trust_token::enrolment::GivenChallenge;

const CBOR: &str = "application/cbor";
const PROBLEM: &str = "application/problem+json";
const CREDENTIAL: &str = "application/enigm-posture-credential+cwt";

fn answer(status: u16, media: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status} x\r\ncontent-type: {media}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn challenge() -> Vec<u8> {
    answer(201, CBOR, &GivenChallenge { expires_at: u64::MAX, challenge: [7; 32] }.to_bytes())
}

fn credential(audience: &str) -> Vec<u8> {
    let Key::P256(issuer) = Key::p256("somebody") else { panic!("expected P-256") };
    let credential = Credential {
        audience: audience.into(),
        issued_at: 0,
        expires_at: u64::MAX,
        key: issuer.public_key(),
        handle: [4; 32],
        evidence: EvidenceLevel::Software,
        floors: Floors::default(),
        boot_key: [6; 32],
    };
    answer(201, CREDENTIAL, &credential.sign(&issuer).unwrap())
}

/// Reads a request to its end.
fn request(stream: &mut TcpStream) -> Option<()> {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        text.extend(byte);
    }
    let head = String::from_utf8(text).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()
}

/// A service that gives each request, in order, the next of these answers, whole, and then closes; its URL.
fn service(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            if request(&mut stream).is_some() {
                // So that a connection is not used twice.
                let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 2);
                let close: &[u8] = if end == 0 { b"" } else { b"connection: close\r\n" };
                let _ = stream.write_all(&[&answer[..end], close, &answer[end..]].concat());
            }
        }
    });
    url
}

#[test]
fn whatever_a_service_answers_is_a_sentence_and_writes_nothing() {
    let Some(phone) = Phone::new("answers-faults", Clock::new()) else { return };
    let path = phone.folder().join("credential").to_str().unwrap().to_owned();
    let key = phone.folder().join("issuer.pem").to_str().unwrap().to_owned();
    fs::copy(format!("{}/core/token/vectors/enrolment.pem", env!("CARGO_MANIFEST_DIR")), &key).unwrap();
    let second = |answer| vec![challenge(), answer];
    let problem =
        |code: &str| format!(r#"{{"code": "{code}", "detail": "for \u001b[31mpeople", "rule": "r"}}"#);
    let refusal = |code: &str| answer(403, PROBLEM, problem(code).as_bytes());
    let endless = b"HTTP/1.1 201 x\r\ncontent-type: application/cbor\r\ntransfer-encoding: chunked\r\n\r\n";
    let endless = [&endless[..], b"400\r\n", &vec![0xa0; 0x400], b"\r\n0\r\n\r\n"].concat();
    let rows: Vec<(&str, Vec<Vec<u8>>, i32, &str)> = vec![
        ("it hangs up", vec![vec![]], 2, "/v1/challenges: no enrolment verifier answers there: "),
        ("no HTTP", vec![b"SSH-2.0-x\r\n".to_vec()], 2, "no enrolment verifier answers there: "),
        (
            "a body cut",
            vec![challenge()[..challenge().len() - 1].to_vec()],
            2,
            "no enrolment verifier answers there: ",
        ),
        ("a body too long", vec![answer(201, CBOR, &[0; 129])], 2, "an answer of more than 128 bytes"),
        ("a body of no announced length", vec![endless], 2, "an answer of more than 128 bytes"),
        (
            "another type",
            vec![answer(201, "text/html", b"<p>")],
            2,
            "status 201, text/html: expected status 201, application/cbor",
        ),
        (
            "another status",
            vec![answer(200, CBOR, &[0xa0])],
            2,
            "status 200, application/cbor: expected status 201",
        ),
        ("elsewhere", vec![answer(302, "", b"")], 2, "status 302, of no type: expected status 201"),
        ("a proxy's", vec![answer(502, "text/html", b"bad gateway")], 2, "status 502, text/html"),
        ("no challenge", vec![answer(201, CBOR, &[0xa0])], 2, "no challenge: byte "),
        (
            "a problem without a code",
            vec![answer(500, PROBLEM, b"{}")],
            2,
            "status 500, and no problem with a code beside it",
        ),
        (
            "a problem too long",
            vec![answer(500, PROBLEM, &[b' '; 4097])],
            2,
            "an answer of more than 4096 bytes",
        ),
        ("a problem", vec![refusal("busy")], 1, "REFUSED  busy, r: for "),
        ("what may be done", vec![refusal("busy")], 1, "Ask again: "),
        ("a key that waits", second(refusal("approval")), 1, "\n  trust_enrold approve calls.enigm.example "),
        (
            "no credential",
            second(answer(201, CREDENTIAL, b"x")),
            1,
            "is not written: no credential: malformed-envelope",
        ),
        (
            "a credential too long",
            second(answer(201, CREDENTIAL, &[0; 1025])),
            2,
            "an answer of more than 1024 bytes",
        ),
        (
            "another audience's",
            second(credential(KEYS)),
            1,
            "a credential for keys.enigm.example, expected one for calls.",
        ),
        (
            "another statement",
            second(challenge()),
            2,
            "application/cbor: expected status 201, application/enigm",
        ),
    ];
    for (what, answers, code, expected) in rows {
        let Said(found, out, said) = phone.try_enrol(&service(answers), CALLS, &["-o", &path]);
        let said = out + &said;
        assert_eq!((found, said.contains(expected)), (code, true), "{what}: {said}");
        assert!(!said.contains('\x1b'), "{what}: {said}");
        assert!(!fs::exists(&path).unwrap(), "{what}");
    }
    let enrol = |more: &[&str]| {
        phone.try_enrol(&service(second(credential(CALLS))), CALLS, &[&["-o", &path], more].concat())
    };
    let Said(code, out, _) = enrol(&["--issuer", &key]);
    assert_eq!((code, out.contains("is not written: the credential: unknown-issuer")), (1, true), "{out}");
    assert!(!fs::exists(&path).unwrap());
    let Said(code, out, said) = enrol(&[]);
    assert_eq!((code, fs::exists(&path).unwrap()), (0, true), "{out}{said}");
}

/// Whose key waits is what the daemon signs with.
#[test]
fn the_thumbprint_to_approve_is_the_daemons_own() {
    let Some(phone) = Phone::new("answers-approval", Clock::new()) else { return };
    let path = phone.folder().join("credential").to_str().unwrap().to_owned();
    let refusal = answer(403, PROBLEM, br#"{"code": "approval", "detail": "a person must approve"}"#);
    let Said(_, out, _) = phone.try_enrol(&service(vec![challenge(), refusal]), CALLS, &["-o", &path]);
    let token = fs::read(phone.attest(&"05".repeat(32), enrolled::CNF)).unwrap();
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let (key, claims) =
        (hex(&trust_token::inspect::kid(&token).unwrap()), trust_token::inspect(&token).unwrap());
    assert!(out.contains(&format!("This device's key is\n  {key}\n")), "{out}");
    assert!(out.contains(&format!("approve {CALLS} {} {key}\n", hex(&claims.handle))), "{out}");
}

/// It drips: the whole is bounded, not the wait for each byte.
#[test]
fn a_slow_answer_is_given_up() {
    let Some(phone) = Phone::new("answers-slow", Clock::new()) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut drips = challenge().into_iter().chain(std::iter::repeat(0));
        while drips.next().is_some_and(|byte| stream.write_all(&[byte]).is_ok()) {
            std::thread::sleep(std::time::Duration::from_millis(400));
        }
    });
    let path = phone.folder().join("credential").to_str().unwrap().to_owned();
    let Said(code, _, said) = phone.try_enrol(&url, CALLS, &["-o", &path]);
    assert_eq!((code, said.contains("/v1/challenges: no answer within 30 seconds")), (2, true), "{said}");
}

#[test]
fn where_a_service_may_be_is_said_before_anybody_is_asked() {
    let arguments = |url: &str, more: &[&str]| {
        let mut all =
            vec!["enrol", "--service", url, "--audience", CALLS, "-o", "/tmp/no-credential-is-written"];
        all.extend(["--bus", "unix:path=/nonexistent/bus"]);
        all.extend(more);
        enrolled::trustctl(&all)
    };
    for (url, more, expected) in [
        ("http://enrol.example", &[][..], "expected https://, since http:// shows the evidence"),
        ("http://localhost.enrol.example", &[], "expected https://, since http:// shows the evidence"),
        ("http://127.0.0.1@enrol.example", &[], "expected a URL without user and query"),
        ("http://10.0.0.1:8787", &[], "expected https://, since http:// shows the evidence"),
        ("ftp://enrol.example", &[], "expected https://, or http:// on this machine"),
        ("enrol.example", &[], "expected "),
        ("https://", &[], "expected a URL such as https://enrol.example"),
        ("https://enrol.example?x", &[], "expected a URL without user and query"),
        ("https://enrol.example", &["--ca", "/dev/null"], "--ca: expected certificates, PEM"),
        // These are taken, and the next thing is the daemon.
        ("http://enrol.example", &["--insecure"], "/nonexistent/bus: no daemon answers there"),
        ("http://[::1]:8787", &[], "/nonexistent/bus: no daemon answers there"),
        ("http://localhost:8787/", &[], "/nonexistent/bus: no daemon answers there"),
        ("https://enrol.example/trust", &[], "/nonexistent/bus: no daemon answers there"),
    ] {
        let Said(code, _, said) = arguments(url, more);
        assert_eq!((code, said.contains(expected)), (2, true), "{url}: {said}");
    }
}
