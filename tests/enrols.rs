//! From an empty credential file to VERIFIED, and each way in which it must not come to that: `trustctl` over a real
//! dbus-daemon, `trustd` over a copy of the sample device, `trust_enrold` on loopback.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod bus;
mod enrolled;
mod governed;
mod stand_in;

use enrolled::{CALLS, CNF, Clock, KEYS, Party, Phone, Said, Service, policy_for, trustctl};
use governed::Built;
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use trust_token::enrolment::{ChallengeRequest, GivenChallenge, MESSAGE_TYPE};
use trust_token::evidence::EVIDENCE_TYPE;

/// The thumbprint of another caller's key.
const OTHER: &str = "0303030303030303030303030303030303030303030303030303030303030303";
const DAY: i64 = 86_400;

/// A phone that has enrolled, who enrolled it, and who knows it; with its credential and the list of revoked handles.
fn world(name: &str) -> Option<(Phone, Service, Party, String, String)> {
    let clock = Clock::new();
    let phone = Phone::new(name, clock)?;
    let service = Service::start(name, clock);
    let credential = phone.enrol(&service, CALLS);
    let revoked = service.revoked("revoked", CALLS);
    let party = Party::new(&phone, &service, CALLS);
    Some((phone, service, party, credential, revoked))
}

fn refused(code: &str) -> (i32, String) {
    (1, format!("REFUSED  {code}"))
}

/// The verdict and the code alone.
fn short((code, first): (i32, String)) -> (i32, String) {
    (code, first.split([':', ',']).next().unwrap().to_owned())
}

#[test]
fn a_device_enrols_answers_and_is_verified_once() {
    let Some((phone, service, party, credential, revoked)) = world("whole") else { return };
    assert_eq!(fs::metadata(&credential).unwrap().permissions().mode() & 0o777, 0o600);
    let nonce = party.challenge(CNF);
    let token = phone.attest(&nonce, CNF);
    let verify = || party.verify(&token, [&credential, &revoked], &nonce, &[]);
    assert_eq!(verify(), (0, "VERIFIED  compliant, its key kept by software".into()));
    assert_eq!(short(verify()), refused("challenge-used"), "a replay");
    // With a ledger every rule is asked.
    let nonce = party.challenge(CNF);
    let token = phone.attest(&nonce, CNF);
    let (code, account) = party.verify(&token, [&credential, &revoked], &nonce, &["--format", "json"]);
    assert_eq!((code, &*account), (0, "{"));

    // What is there stays, unless --force; and says how far to believe it.
    let before = fs::read(&credential).unwrap();
    let Said(code, _, said) = phone.try_enrol(&service.url, CALLS, &["-o", &credential]);
    assert_eq!((code, said.contains("there is a file already: --force replaces it")), (2, true), "{said}");
    assert_eq!(fs::read(&credential).unwrap(), before);
    // Where nothing can be written nobody is asked.
    let folder = phone.folder().to_str().unwrap().to_owned();
    let nowhere = format!("{folder}/nowhere/credential");
    for (place, why) in [(&folder, "a folder: expected a file's name"), (&nowhere, "there is no such folder")]
    {
        let Said(code, out, said) = phone.try_enrol("http://127.0.0.1:1", CALLS, &["-o", place, "--force"]);
        assert_eq!((code, &*out, said.contains(why)), (2, "", true), "{said}");
    }
    let path = format!("{}/v1", service.url);
    let Said(code, out, _) = phone.try_enrol(&path, CALLS, &["-o", &credential, "--force"]);
    assert_eq!((code, out.contains("--service is the address without a path")), (1, true), "{out}");
    let Said(code, out, said) = phone.try_enrol(&service.url, CALLS, &["-o", &credential, "--force"]);
    assert_eq!(
        (code, out.contains("NOT VERIFIED: anybody could have answered so")),
        (0, true),
        "{out}{said}"
    );
    assert_ne!(fs::read(&credential).unwrap(), before);
    let issuer = ["-o", &credential, "--force", "--issuer", &service.file("issuer.pem")];
    let Said(code, out, said) = phone.try_enrol(&service.url, CALLS, &issuer);
    assert_eq!((code, out.contains("VERIFIED: --issuer signed it, the key ")), (0, true), "{out}{said}");
    for left in fs::read_dir(phone.folder()).unwrap() {
        let name = left.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".new") && !name.ends_with(".given"), "{name}");
    }
}

#[test]
fn what_is_no_fresh_answer_of_this_device_is_refused() {
    let Some((mut phone, service, party, credential, revoked)) = world("answers") else { return };
    let other = Phone::new("answers-other", phone.clock).unwrap();
    let others = other.enrol(&service, CALLS);
    let ours = [&*credential, &*revoked];
    let yesterday = party.challenge(CNF);
    let stale = phone.attest(&yesterday, CNF);
    let open = || party.challenge(CNF);
    let (tomorrow, month) = (phone.clock.at(DAY), phone.clock.at(31 * DAY));

    // Each with a challenge that is open, and with the one thing that is wrong.
    let (one, two, three, four, five, six) = (open(), open(), open(), open(), open(), open());
    let answer = |nonce: &String| phone.attest(nonce, CNF);
    let rows: [(&str, String, &String, Vec<&str>, &str); 10] = [
        ("yesterday's answer to today's challenge", stale.clone(), &one, vec![], "nonce"),
        (
            "relayed by another caller, who proves another key",
            answer(&one),
            &one,
            vec!["--cnf", OTHER],
            "challenge-used",
        ),
        ("another device's answer", other.attest(&one, CNF), &one, vec![], "unknown-key"),
        ("a nonce that nobody opened", answer(&"04".repeat(32)), &"04".repeat(32), vec![], "challenge-used"),
        ("answered, and shown a day later", answer(&two), &two, vec!["--at", &tomorrow], "too-late"),
        (
            "the same, where a day is not too late",
            answer(&three),
            &three,
            vec!["--at", &tomorrow, "--max-age", "200000"],
            "expired",
        ),
        (
            "a key in a file, where hardware is asked for",
            answer(&four),
            &four,
            vec!["hardware"],
            "evidence-level",
        ),
        (
            "a policy that is not known",
            answer(&five),
            &five,
            vec!["--policy", "stock", "--gate", "boot-integrity"],
            "unknown-policy",
        ),
        ("a credential that has ended", answer(&six), &six, vec!["--at", &month], "the credential"),
        ("nothing, since nobody answered", "/dev/null".into(), &six, vec![], "malformed-envelope"),
    ];
    for (what, token, nonce, more, code) in rows {
        assert_eq!(short(party.verify(&token, ours, nonce, &more)), refused(code), "{what}");
    }
    // The challenge that a stranger's bytes did not use up, with the right one.
    assert_eq!(party.verify(&answer(&one), ours, &one, &[]).0, 0);
    // Answered for one key, and shown by who was asked about another.
    let nonce = party.challenge(OTHER);
    let relayed = phone.attest(&nonce, CNF);
    assert_eq!(short(party.verify(&relayed, ours, &nonce, &["--cnf", OTHER])), refused("confirmation"));
    // Another device's, under its own credential: it is verified, as who it is.
    let nonce = open();
    let token = other.attest(&nonce, CNF);
    assert_eq!(party.verify(&token, [&others, &revoked], &nonce, &[]).0, 0);
    assert_ne!(fs::read(&others).unwrap(), fs::read(&credential).unwrap());

    // Another audience's: the same caller, as what another policy takes it for.
    phone.start_under(&policy_for(KEYS));
    let nonce = open();
    let token = phone.attest(&nonce, CNF);
    let theirs = phone.enrol(&service, KEYS);
    assert_eq!(short(party.verify(&token, ours, &nonce, &[])), refused("unknown-key"));
    assert_eq!(short(party.verify(&token, [&theirs, &revoked], &nonce, &[])), refused("audience"));
    // And evidence for it never answers a challenge that was given for calls.
    let path = phone.folder().join("none").to_str().unwrap().to_owned();
    let Said(code, out, _) = phone.try_enrol(&service.url, CALLS, &["-o", &path]);
    assert_eq!((code, out.starts_with("REFUSED  challenge: ")), (1, true), "{out}");
    assert!(out.contains(&format!("The challenge was made for {CALLS}.")), "{out}");
    assert!(!fs::exists(path).unwrap());
}

#[test]
fn a_device_that_is_not_what_it_was_is_refused() {
    let Some((mut phone, service, party, credential, revoked)) = world("changes") else { return };
    let decide = |phone: &Phone, more: &[&str]| {
        let nonce = party.challenge(CNF);
        short(party.verify(&phone.attest(&nonce, CNF), [&credential, &revoked], &nonce, more))
    };
    let good = (0, "VERIFIED  compliant".to_owned());
    assert_eq!(decide(&phone, &[]), good);
    phone.device.replace("getprop.txt", "[ro.debuggable]: [0]", "[ro.debuggable]: [1]");
    assert_eq!(decide(&phone, &[]), refused("gate"), "the posture turned bad");
    assert_eq!(
        decide(&phone, &["--gate", "application-exposure"]),
        refused("posture"),
        "whatever gates are asked for"
    );
    phone.device.replace("getprop.txt", "[ro.debuggable]: [1]", "[ro.debuggable]: [0]");
    assert_eq!(decide(&phone, &[]), good);

    // A laboratory's policy, known and not accepted.
    let file = |name: &str, policy: &Built| {
        let path = phone.folder().join(name);
        fs::write(&path, policy.text()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let lab = policy_for(CALLS).but(&[("\nversion = 1\n", "\nversion = 1\nlab = true\n")]);
    let (first, second) = (policy_for(CALLS), policy_for(CALLS).version(2));
    let [lab_file, second_file, first_file] =
        [("lab.toml", &lab), ("second.toml", &second), ("first.toml", &first)]
            .map(|(name, text)| file(name, text));
    phone.start_under(&lab);
    assert_eq!(decide(&phone, &["--policy", &lab_file]), refused("lab-policy"));
    // The next version, and then the one before it: not known any more, or below what was shown.
    phone.start_under(&second);
    assert_eq!(decide(&phone, &[]), refused("unknown-policy"), "another digest");
    assert_eq!(decide(&phone, &["--policy", &second_file]), good);
    phone.start_under(&first);
    assert_eq!(decide(&phone, &["--policy", &second_file]), refused("unknown-policy"), "a lower one");
    let both = ["--policy", &second_file, "--policy", &first_file];
    assert_eq!(decide(&phone, &both), refused("floor"), "a lower one that is still known");
    phone.start_under(&second);
    assert_eq!(decide(&phone, &both), good);

    // Revoked, and then the list of before again.
    let Some(handle) = handle(&credential) else { panic!("no handle") };
    service.command(&["revoke", CALLS, &handle]);
    let listed = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        fs::read(service.revoked("newer", CALLS)).unwrap().windows(32).any(|found| found == hex(&handle))
    });
    assert!(listed, "it is on the next list");
    let newer = service.file("newer");
    let nonce = party.challenge(CNF);
    let token = phone.attest(&nonce, CNF);
    assert_eq!(short(party.verify(&token, [&credential, &newer], &nonce, &both)), refused("revoked"));
    assert_eq!(decide(&phone, &both), refused("revocation-older"));
    let Said(code, out, _) = phone.try_enrol(&service.url, CALLS, &["-o", &credential, "--force"]);
    assert_eq!((code, out.starts_with("REFUSED  revoked: the handle is revoked")), (1, true), "{out}");
}

/// What `trustctl token inspect` says of a credential.
fn handle(credential: &str) -> Option<String> {
    let Said(_, out, _) = trustctl(&["token", "inspect", credential, "--format", "json"]);
    let said: serde_json::Value = serde_json::from_str(&out).ok()?;
    Some(said["handle"].as_str()?.to_owned())
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

#[test]
fn a_challenge_is_answered_by_the_first_evidence_alone() {
    let Some((phone, service, ..)) = world("evidence") else { return };
    let other = Phone::new("evidence-other", phone.clock).unwrap();
    let request = ChallengeRequest { audience: CALLS.into() };
    let (status, given) = service.ask("POST", "/v1/challenges", MESSAGE_TYPE, &request.to_bytes());
    assert_eq!(status, 201);
    let challenge = data_encoding::HEXLOWER.encode(&GivenChallenge::from_bytes(&given).unwrap().challenge);
    let [theirs, ours] = [&other, &phone].map(|phone| {
        let Said(code, out, said) = phone.ctl(&["evidence", "--challenge", &challenge]);
        assert_eq!(code, 0, "{said}");
        data_encoding::BASE64.decode(out.trim().as_bytes()).unwrap()
    });
    let enrol = |evidence| service.ask("POST", "/v1/enrolments", EVIDENCE_TYPE, evidence).0;
    // Whoever intercepts a challenge enrols itself, under its own handle, and takes nobody's place.
    assert_eq!((enrol(&theirs), enrol(&ours), enrol(&theirs)), (201, 409, 409));
}

#[test]
fn who_does_not_answer_is_denied() {
    let Some((mut phone, mut service, party, credential, revoked)) = world("silent") else { return };
    let nonce = party.challenge(CNF);
    let path = phone.folder().join("answer").to_str().unwrap().to_owned();
    let ask = |phone: &Phone| phone.ctl(&["attest", "--nonce", &nonce, "--cnf", CNF, "-o", &path]);
    phone.signal(Signal::STOP);
    let Said(code, out, said) = ask(&phone);
    assert_eq!((code, &*out, said.contains(": no daemon answers there: ")), (2, "", true), "{said}");
    phone.signal(Signal::CONT);
    phone.stop();
    let Said(code, out, said) = ask(&phone);
    assert_eq!((code, &*out), (2, ""));
    assert!(said.contains("no daemon answers there: nobody owns com.enigm.Trust1"), "{said}");
    assert!(!fs::exists(&path).unwrap());
    let (code, said) = party.verify(&path, [&credential, &revoked], &nonce, &[]);
    assert_eq!((code, said.contains("No such file")), (2, true), "{said}");

    phone.start();
    service.stop();
    let Said(code, _, said) = phone.try_enrol(&service.url, CALLS, &["-o", &path]);
    assert_eq!(
        (code, said.contains("/v1/challenges: no enrolment verifier answers there: ")),
        (2, true),
        "{said}"
    );
    let again = Service::start("silent-again", phone.clock);
    let Said(code, out, _) = phone.try_enrol(&again.url, "nobody.example", &["-o", &path]);
    assert_eq!((code, out.starts_with("REFUSED  audience: ")), (1, true), "{out}");
    // Who is no audience is given no evidence.
    phone.start_under(&Built::production());
    let Said(code, _, said) = phone.try_enrol(&again.url, CALLS, &["-o", &path]);
    assert_eq!((code, said.contains("the daemon refuses: not permitted")), (2, true), "{said}");
    assert!(!fs::exists(&path).unwrap());
}

/// The modules of a code that was drawn for a dark terminal: what is not inked is dark.
fn modules(drawn: &str) -> Vec<Vec<bool>> {
    let dark = |half: usize, shown: char| match shown {
        '█' => false,
        '▀' => half == 1,
        '▄' => half == 0,
        ' ' => true,
        other => panic!("{other:?}"),
    };
    drawn
        .lines()
        .flat_map(|line| [0, 1].map(|half| line.chars().map(|shown| dark(half, shown)).collect()))
        .collect()
}

/// What a scanner reads from the screen.
fn scanned(drawn: &str) -> String {
    let rows = modules(drawn);
    let (width, height) = (rows[0].len() * 4, rows.len() * 4);
    let light = |x: usize, y: usize| if rows[y / 4][x / 4] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, light);
    let grids = image.detect_grids();
    grids[0].decode().unwrap().1
}

#[test]
fn two_phones_without_a_network() {
    let Some((phone, _service, party, credential, revoked)) = world("scans") else { return };
    let file = |name: &str, text: &str| {
        let path = phone.folder().join(name).to_str().unwrap().to_owned();
        fs::write(&path, text).unwrap();
        path
    };
    let Said(code, shown, said) = party.open(CNF, &["--qr"]);
    assert_eq!((code, said.contains("QR code of version 6, level L: 159 characters")), (0, true), "{said}");
    assert!(said.contains("not whose it is"), "{said}");
    let (drawn, nonce) = shown.trim_end().rsplit_once('\n').unwrap();
    // Scanners end a line, or don't.
    let asked = file("asked", &(scanned(drawn) + "\r\n"));
    let Said(code, drawn, said) = phone.ctl(&["attest", "--scanned", &asked, "--qr"]);
    assert_eq!((code, said.contains("not whose it is")), (0, true), "{said}");
    let text = scanned(&drawn);
    let answer = file("answer", &text);
    let verify = |answer: &str| party.verify(answer, [&credential, &revoked], nonce, &["--qr"]);
    assert_eq!(short(verify(&file("lower", &text.to_lowercase()))), refused("the text of a QR code"));
    assert_eq!(short(verify(&file("cut", &text[..text.len() - 3]))), refused("malformed-envelope"));
    assert_eq!(
        short(verify(&file("challenge", &fs::read_to_string(&asked).unwrap()))),
        refused("the text of a QR code")
    );
    assert_eq!(verify(&answer), (0, "VERIFIED  compliant, its key kept by software".into()));
    assert_eq!(short(verify(&answer)), refused("challenge-used"));

    // A challenge of somebody else's audience is answered, and that is said.
    let theirs = trust_token::qr::Asked { audience: KEYS.into(), confirmation: [2; 32], nonce: [3; 32] };
    let Said(code, _, said) = phone.ctl(&["attest", "--scanned", &file("theirs", &theirs.to_text())]);
    assert_eq!(
        (code, said.contains(&format!("{KEYS} asks, and the daemon answers as"))),
        (0, true),
        "{said}"
    );
    let picture = phone.folder().join("picture.svg").to_str().unwrap().to_owned();
    let Said(code, out, _) = phone.ctl(&["attest", "--scanned", &asked, "--qr", "-o", &picture]);
    assert_eq!((code, &*out), (0, ""));
    assert!(fs::read_to_string(&picture).unwrap().starts_with("<svg "));
    for (arguments, expected) in [
        (&["attest", "--scanned", &*answer][..], "expected a text that begins with ENIGM-CHALLENGE:1:"),
        (&["attest", "--scanned", &asked, "--qr", "-o", "x.png"], "expected a name that ends in .svg"),
        (&["attest", "--scanned", &asked, "--nonce", nonce], "cannot be used with"),
        (&["attest", "--nonce", nonce], "--cnf <HEX>"),
    ] {
        let Said(code, _, said) = phone.ctl(arguments);
        assert_eq!((code, said.contains(expected)), (2, true), "{arguments:?}: {said}");
    }
}

#[test]
fn a_ledger_is_never_made_by_the_way() {
    let Some((phone, _service, party, credential, revoked)) = world("ledger") else { return };
    let none = phone.folder().join("none").to_str().unwrap().to_owned();
    let expected = "none: there is no ledger: `trustctl challenge --new` makes one";
    let (code, said) = party.verify("/dev/null", [&credential, &revoked], CNF, &["--ledger", &none]);
    assert_eq!((code, said.contains(expected)), (2, true), "{said}");
    let open = |more: &[&str]| {
        trustctl(&[&["challenge", "--audience", CALLS, "--cnf", CNF, "--ledger"], more].concat())
    };
    let Said(code, out, said) = open(&[&none]);
    assert_eq!((code, &*out, said.contains(expected)), (2, "", true), "{said}");
    let Said(code, _, said) = party.open(CNF, &["--new"]);
    let there = ": there is a file already: without --new it is used";
    assert_eq!((code, said.contains(there)), (2, true), "one that is there stays: {said}");
    let folder = phone.folder().to_str().unwrap().to_owned();
    let Said(code, _, said) = open(&[&folder]);
    assert_eq!((code, said.contains("a folder: expected a ledger's file")), (2, true), "{said}");
    let Said(code, _, said) = open(&[&format!("{folder}/nowhere/ledger"), "--new"]);
    assert_eq!((code, said.contains("No such file")), (2, true), "{said}");
    let Said(code, out, said) = party.open(CNF, &["--qr", "-o", "x.png"]);
    assert_eq!((code, &*out, said.contains("QR code of version")), (2, "", false), "{said}");
    fs::write(&none, "no ledger, though there is a file").unwrap();
    let Said(code, out, _) = open(&[&none]);
    assert_eq!((code, &*out), (2, ""));
    let Said(code, _, said) = trustctl(&["challenge", "--audience", "a b", "--cnf", CNF, "--ledger", &none]);
    assert_eq!((code, said.contains("printable ASCII characters without spaces")), (2, true), "{said}");
    // Two challenges are never the same.
    assert_ne!(party.challenge(CNF), party.challenge(CNF));
}
