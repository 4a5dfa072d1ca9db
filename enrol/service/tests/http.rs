//! The service over real HTTP: what it answers, and to what it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../../tests/phone/mod.rs"]
mod phone;
#[path = "../../tests/place/mod.rs"]
mod place;
mod served;

use phone::{CALLS, KEYS, Phone};
use served::{Served, configuration, now};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use trust_posture::{GateId, Posture, Verdict};
use trust_token::bundle::{BUNDLE_TYPE, Bundle};
use trust_token::claims::{Claims, Counters, GateClaim, PolicyClaim};
use trust_token::credential::{CREDENTIAL_TYPE, Credential, EvidenceLevel};
use trust_token::crypto::{PublicKey, Ring, Sign};
use trust_token::enrolment::{ChallengeRequest, MESSAGE_TYPE};
use trust_token::evidence::{EVIDENCE_TYPE, MAX_EVIDENCE};
use trust_token::ledger::Memory;
use trust_token::revocation::{REVOCATION_TYPE, Revoked};
use trust_token::{Against, Challenge, KnownPolicy, Requirements, issue, verify};

/// What a phone says of its posture, to one challenge.
fn claims(phone: &Phone, credential: &Credential, nonce: [u8; 32]) -> Claims {
    Claims {
        audience: phone.audience.clone(),
        issued_at: now() - now() % 60,
        expires_at: now() - now() % 60 + 120,
        id: [1; 16],
        confirmation: [2; 32],
        nonce,
        build: "1".into(),
        handle: phone.handle,
        policy: PolicyClaim { id: "production".into(), version: 3, digest: [5; 32], is_lab: false },
        counters: Counters { boot: 7, sequence: 9 },
        posture: Posture::Compliant,
        gates: vec![GateClaim { gate: GateId::BootIntegrity, verdict: Verdict::Pass }],
        boot: Some(trust_token::claims::Boot {
            key: Some(credential.boot_key),
            os_patch: Some(202_610),
            ..Default::default()
        }),
        waivers: 0,
    }
}

/// A relying party that has the enrolment verifier's public key, a credential and a list: what it says to a token.
fn relying_party(
    phone: &Phone,
    issuer: PublicKey,
    credential: &[u8],
    list: &[u8],
    least: EvidenceLevel,
) -> Result<EvidenceLevel, &'static str> {
    let mut ledger = Memory::new(4);
    let credential =
        Credential::verify(credential, &[issuer], now(), &Ring).map_err(|refusal| refusal.code())?;
    let revoked = Revoked::verify(list, &[issuer], &Ring).map_err(|refusal| refusal.code())?;
    let Ok(challenge) = Challenge::make(&phone.audience, &[3; 32], [2; 32], b"exporter", now(), &mut ledger);
    let token = issue(&claims(phone, credential.get(), *challenge.nonce()), &phone.key()).unwrap();
    let requirements = Requirements {
        audience: &phone.audience,
        gates: &[GateId::BootIntegrity],
        posture: Posture::Compliant,
        policies: &[KnownPolicy { digest: [5; 32], version: 3, is_lab: false }],
        accepts_lab: false,
        max_waivers: 0,
        evidence: least,
        max_age: 120,
        skew: 60,
        max_revocation_age: 3600,
    };
    let against =
        Against { credential: &credential, requirements: &requirements, revoked: &revoked, now: now() };
    verify(&token, challenge, against, &mut ledger, &Ring)
        .map(|verified| verified.evidence())
        .map_err(|refusal| refusal.code())
}

#[test]
fn from_evidence_to_a_posture_that_a_relying_party_verifies() {
    let served = Served::start("whole", "accept_file_keys = true\nhttp = { listen = \"127.0.0.1:0\" }");
    let issuer = served.key().public_key();
    let tee = EvidenceLevel::TrustedEnvironment;
    let mut phone = Phone::new("whole", CALLS, 1);
    let evidence = served.evidence(&mut phone);
    let answer = served.enrol(&evidence);
    assert_eq!((answer.status, &*answer.media), (201, CREDENTIAL_TYPE), "{answer:?}");
    let list = served.get(&format!("/v1/revoked/{CALLS}"));
    assert_eq!((list.status, &*list.media), (200, REVOCATION_TYPE));
    assert_eq!(relying_party(&phone, issuer, &answer.body, &list.body, tee), Ok(tee));
    // A key in a file works too, says so, and is refused where hardware is asked for.
    let mut lab = Phone::new("lab", CALLS, 2);
    let evidence = served.evidence(lab.file());
    let answer = served.enrol(&evidence);
    let software = EvidenceLevel::Software;
    // Nothing attests its boot key: it does not show one.
    assert_eq!(relying_party(&lab, issuer, &answer.body, &list.body, software), Ok(software));
    assert_eq!(relying_party(&lab, issuer, &answer.body, &list.body, tee), Err("evidence-level"));
    // Another phone's token is not this one's.
    let thief = Phone { handle: phone.handle, ..Phone::new("thief", CALLS, 1) };
    let credential = served.enrol(&served.evidence(&mut phone)).body;
    assert_eq!(relying_party(&thief, issuer, &credential, &list.body, tee), Err("unknown-key"));
}

#[test]
fn replayed_reordered_and_concurrent_requests() {
    let served = Served::start("order", "http = { listen = \"127.0.0.1:0\" }");
    let mut phone = Phone::new("order", CALLS, 1);
    let first = served.evidence(&mut phone);
    let second = served.evidence(&mut phone);
    // The later challenge first: a key is attested for one of them.
    assert_eq!(served.enrol(&second).word(), "chain");
    assert_eq!(served.enrol(&first).word(), "given");
    for replayed in [&first, &second] {
        let answer = served.enrol(replayed);
        assert_eq!((answer.status, answer.code()), (409, "challenge".into()));
    }
    // Now that the key is known, in any order.
    let (third, fourth) = (served.evidence(&mut phone), served.evidence(&mut phone));
    assert_eq!((served.enrol(&fourth).word(), served.enrol(&third).word()), ("given".into(), "given".into()));
    // With one challenge at once: one.
    for round in 0..5_u8 {
        let challenge = served.challenge(CALLS);
        let evidence: Vec<Vec<u8>> = (0..8_u8)
            .map(|nth| {
                let mut phone = Phone::new(&format!("at once {round} {nth}"), CALLS, 10 + round * 8 + nth);
                phone.made_at = now();
                phone.make(&challenge).evidence(&challenge)
            })
            .collect();
        let mut words: Vec<String> = std::thread::scope(|scope| {
            let all: Vec<_> = evidence.iter().map(|one| scope.spawn(|| served.enrol(one).word())).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        words.sort();
        assert_eq!(words.iter().filter(|word| *word == "given").count(), 1, "{words:?}");
        assert_eq!(words.iter().filter(|word| *word == "challenge").count(), 7, "{words:?}");
    }
    assert_eq!(served.state().devices().unwrap().len(), 6);
}

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
fn a_clock_that_stepped_back_stops_the_service_until_a_person_resets_it() {
    let served = Served::start("clock", "http = { listen = \"127.0.0.1:0\" }");
    let evidence = served.evidence(&mut Phone::new("clock", CALLS, 1));
    // As if it had been an hour later.
    served.state().reset_clock(now() + 3600).unwrap();
    let request = ChallengeRequest { audience: CALLS.into() }.to_bytes();
    let answer = served.post("/v1/challenges", MESSAGE_TYPE, &request);
    assert_eq!((answer.status, answer.code()), (503, "clock-set-back".into()));
    assert_eq!(served.enrol(&evidence).code(), "clock-set-back");
    assert_eq!(served.get(&format!("/v1/revoked/{CALLS}")).code(), "clock-set-back");
    assert!(served.command(&["reset-clock"]).status.success());
    // What was open when it was reset is closed.
    assert_eq!(served.enrol(&evidence).code(), "challenge");
    let evidence = served.evidence(&mut Phone::new("clock", CALLS, 1));
    assert_eq!(served.enrol(&evidence).word(), "given");
}

#[test]
fn a_person_approves_and_revokes_while_it_serves_and_the_log_names_nobody() {
    let served = Served::start("person", "lifetimes = { list = 1 }\nhttp = { listen = \"127.0.0.1:0\" }");
    let mut phone = Phone::new("one", CALLS, 0xab);
    assert_eq!(served.enrol(&served.evidence(&mut phone)).word(), "given");
    let mut next = Phone::new("other", CALLS, 0xab);
    let answer = served.enrol(&served.evidence(&mut next));
    assert_eq!((answer.status, answer.code()), (403, "approval".into()));
    let (handle, key) = ("ab".repeat(32), data_encoding::HEXLOWER.encode(&next.public_key().thumbprint()));
    let listed = |arguments: &[&str]| String::from_utf8(served.command(arguments).stdout).unwrap();
    let waiting = listed(&["list", "--pending"]);
    assert_eq!(waiting, format!("{CALLS} {handle} {key} trusted-environment\n"));
    assert!(!served.command(&["approve", CALLS, &handle, &handle]).status.success());
    assert!(!served.command(&["approve", KEYS, &handle, &key]).status.success());
    assert!(!served.command(&["approve", CALLS, &handle, "abc"]).status.success());
    assert_eq!(listed(&["approve", CALLS, &handle, &key]), "approved\n");
    assert_eq!(served.enrol(&served.evidence(&mut next)).word(), "given");
    assert_eq!(listed(&["list"]), format!("{CALLS} {handle} {key} trusted-environment\n"));
    assert_eq!(listed(&["revoke", CALLS, &handle]), "revoked\n");
    assert_eq!(listed(&["revoke", CALLS, &handle]), "revoked before\n");
    assert!(!served.command(&["revoke", "nobody", &handle]).status.success());
    assert_eq!(served.enrol(&served.evidence(&mut next)).word(), "revoked");
    std::thread::sleep(Duration::from_millis(2100));
    let list = served.get(&format!("/v1/revoked/{CALLS}")).body;
    let list = Revoked::verify(&list, &[served.key().public_key()], &Ring).unwrap();
    assert!(list.get().handles.contains(&[0xab; 32]));
    assert!(listed(&["list"]).ends_with(" revoked\n"));
    // Neither handle, key, address nor certificate in the log.
    let log = served.log();
    assert!(log.contains("route=\"enrolments\"") && log.contains("code=\"approval\""), "{log}");
    for private in [&handle[..8], &key[..8], "127.0.0.1", "Attestation", "O=", "hardware"] {
        assert!(!log.contains(private), "{private} in {log}");
    }
}

#[test]
fn a_policy_is_given_out_as_it_was_signed_and_never_an_older_one() {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let mut served = Served::prepare("policy", &configuration(""));
    let signer = trust_forge::pem("PUBLIC KEY", &[trust_forge::Key::P256(key.clone()).public()]);
    std::fs::write(served.place.file("signer.pem"), signer).unwrap();
    let text = configuration("policy_signers = [\"signer.pem\"]\nhttp = { listen = \"127.0.0.1:0\" }");
    std::fs::write(served.place.file("config.toml"), text).unwrap();
    served.run();
    let bundle = |id: &str, version: u32, key: &p256::ecdsa::SigningKey| {
        let policy = format!("version = {version}\n").into_bytes().into();
        Bundle { issued_at: 0, expires_at: u64::MAX, id: id.into(), version, policy }.sign(key).unwrap()
    };
    let publish = |name: &str, bytes: &[u8]| {
        std::fs::write(served.place.file(name), bytes).unwrap();
        served.command(&["publish", "production", served.place.file(name).to_str().unwrap()]).status.success()
    };
    let second = bundle("production", 2, &key);
    assert!(publish("second", &second));
    assert!(publish("second", &second));
    let other = p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap();
    assert!(!publish("first", &bundle("production", 1, &key)));
    assert!(!publish("lab", &bundle("lab", 3, &key)));
    assert!(!publish("forged", &bundle("production", 3, &other)));
    let answer = served.get("/v1/policies/production");
    assert_eq!((answer.status, &*answer.media, &answer.body), (200, BUNDLE_TYPE, &second));
    let third = bundle("production", 3, &key);
    assert!(publish("third", &third) && !publish("second", &second));
    assert_eq!(served.get("/v1/policies/production").body, third);
    assert_eq!(served.get("/v1/policies/lab").code(), "policy");
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
    for (command, file) in [("init-key", "signing.pem"), ("init-state", "state.db")] {
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
    // A state that is gone is not made anew in silence: it would have forgotten every pin.
    std::fs::remove_file(served.place.file("state.db")).unwrap();
    assert!(!served.command(&["serve"]).status.success());
}
