//! A chain tells this device from every other: nothing of it is in a log line or in an answer, whatever becomes of it.

#![cfg(debug_assertions)] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod attesting;
mod governed;

use attesting::*;
use data_encoding::{BASE64, HEXLOWER};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use trust_posture::GateId;
use trustd::serve::wire::Evaluator;

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Line<'l>(&'l mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(&mut self.0.lock().unwrap()));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn nothing_of_a_chain_is_logged_or_answered() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let mut said = String::new();
    let mut given = Vec::new();
    for says in [
        Says::Truth,
        Says::OldAnswer,
        Says::OtherRoot,
        Says::Software,
        Says::Unlocked,
        Says::Garbage,
        Says::Twice,
    ] {
        let phone = Phone::new("private", says);
        phone.hardware.had(&[7; 32]);
        let daemon = phone.start_listed();
        phone.until_answered(&daemon, 1);
        // Refused by the list, whose refusal names a certificate.
        install(&daemon, &list(2, 1, &[tee_serial()])).unwrap();
        for gate in GateId::ALL {
            write!(said, "{:?}", daemon.handle().gate(gate).unwrap()).unwrap();
        }
        write!(said, "{:?}", daemon.handle().summary().unwrap()).unwrap();
        write!(said, "{:?}", daemon.handle().history(0, 100).unwrap()).unwrap();
        write!(said, "{:?}", daemon.handle().providers().unwrap()).unwrap();
        daemon.stop();
        given.extend(phone.hardware.given().into_iter().flatten());
    }
    let logged = log.0.lock().unwrap().clone();
    assert!(logged.contains("verified, class L") && logged.contains("refused: revoked"), "{logged}");
    assert!(logged.contains("refused: challenge-mismatch") && said.contains("unknown-root"), "{logged}");
    // Names of certificates, serial numbers, and any sixteen bytes of one.
    let serial = HEXLOWER.encode(&tee_serial());
    let names = ["Droid CA3", "Sample Attestation CA1", OWN, OTHER, serial.as_str()];
    let mut secrets: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    for certificate in &given {
        for part in certificate.chunks(48) {
            secrets.push(HEXLOWER.encode(&part[..part.len().min(16)]));
            secrets.push(BASE64.encode(part));
            secrets.push(format!("{:?}", &part[..part.len().min(8)]));
        }
    }
    // What the gates compare is shown: it is the same on every device of the model.
    let public = ["enigm sample verified boot key", "enigm sample vbmeta"];
    let public = public.map(|text| HEXLOWER.encode(&trust_formats::digest::sha256(text.as_bytes())));
    secrets.retain(|secret| !public.iter().any(|public| public.contains(secret.as_str())));
    assert!(given.len() > 40 && secrets.len() > 1000);
    for secret in secrets.iter().filter(|secret| secret.len() > 7) {
        for (where_, text) in [("a log line", &logged), ("an answer", &said)] {
            assert!(!text.contains(secret.as_str()), "{where_} has {secret}");
        }
    }
}
