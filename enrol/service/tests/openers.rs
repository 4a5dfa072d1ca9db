//! Keys that evidence is sealed to: made, changed and taken out while the service runs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "../../tests/phone/mod.rs"]
mod phone;
#[path = "../../tests/place/mod.rs"]
mod place;
mod served;

use phone::sealing::sealed_to;
use phone::{CALLS, Phone};
use served::{Served, configuration, now};
use std::fs;
use std::process::Command;
use std::time::Duration;
use trust_token::crypto::PublicKey;
use trust_token::sealed::{INFO, aad, pad};

/// An opener comes beside the one that holds, and the older one goes: each with SIGHUP, and without a pause.
#[test]
fn openers_change_while_it_serves() {
    let served = Served::start("openers", "http = { listen = \"127.0.0.1:0\" }");
    let config = served.place.file("config.toml");
    let keys = |list: &str| {
        let text = configuration("http = { listen = \"127.0.0.1:0\" }");
        fs::write(&config, text.replace("[\"opener.pem\"]", list)).unwrap();
    };
    keys("[\"next.pem\", \"opener.pem\"]");
    let made = served.command(&["init-key"]);
    let said = String::from_utf8(made.stdout).unwrap();
    let point = said.split("[enrolment]\nverifier = \"").nth(1).unwrap().split('"').next().unwrap();
    let point = data_encoding::HEXLOWER.decode(point.as_bytes()).unwrap();
    let next = PublicKey { x: point[1..33].try_into().unwrap(), y: point[33..].try_into().unwrap() };
    let to_next = |phone: &mut Phone| {
        let challenge = served.challenge(CALLS);
        phone.made_at = now();
        let clear = phone.make(&challenge).clear(&challenge);
        sealed_to(&next, INFO, &aad(&next.thumbprint()), &pad(&clear).unwrap()).to_bytes()
    };
    let mut phones = (1..=4_u8).map(|nth| Phone::new(&format!("openers {nth}"), CALLS, nth));
    let mut one = phones.next().unwrap();
    let early = to_next(&mut one);
    let answer = served.enrol(&early);
    assert_eq!((answer.status, answer.code()), (403, "recipient".into()));
    let reloaded = |times: usize| {
        let pid = served.pid().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
        let is_there = || served.log().matches("the configuration was read anew").count() >= times;
        (0..3000).any(|_| {
            is_there() || {
                std::thread::sleep(Duration::from_millis(20));
                false
            }
        })
    };
    assert!(reloaded(1), "{}", served.log());
    // The challenge of what came too early is open still.
    assert_eq!(served.enrol(&early).word(), "given");
    assert_eq!(served.enrol(&served.evidence(&mut phones.next().unwrap())).word(), "given");
    keys("[\"next.pem\"]");
    assert!(reloaded(2), "{}", served.log());
    assert_eq!(served.enrol(&served.evidence(&mut phones.next().unwrap())).word(), "recipient");
    assert_eq!(served.enrol(&to_next(&mut phones.next().unwrap())).word(), "given");
    // A chain that somebody could read on its way.
    let challenge = served.challenge(CALLS);
    let answer = served.enrol(&Phone::new("openers 5", CALLS, 5).make(&challenge).clear(&challenge));
    assert_eq!((answer.status, answer.code()), (403, "clear-chain".into()));
}
