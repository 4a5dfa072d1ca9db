//! Calls as they should not be: parcels made by hand.

use crate::listen::say;
use crate::{Outcome, Service, said};
use binder::Interface;
use com_enigm_trust::aidl::com::enigm::trust::{
    ReportedKind::ReportedKind, ReportedSignal::ReportedSignal, SignalReport::SignalReport,
};
use rsbinder::{FIRST_CALL_TRANSACTION, FLAG_ONEWAY, Parcel, StatusCode};
use std::time::Duration;

/// The place of `evaluate` in the interface, and of `reportSignals`.
const EVALUATE: u32 = FIRST_CALL_TRANSACTION + 5;
const REPORT_SIGNALS: u32 = FIRST_CALL_TRANSACTION + 8;
const GET_SUMMARY: u32 = FIRST_CALL_TRANSACTION;

/// The outcome, if it is one of these.
pub fn run(service: &Service, args: &[&str]) -> Option<Outcome> {
    Some(match args {
        ["die-mid-call"] => die(service),
        ["hostile-strings"] => hostile(service),
        ["unknown-code"] => Ok(unknown(service)),
        ["oversized", bytes] => oversized(service, bytes.parse().ok()?),
        ["truncated"] => Ok(truncated(service)),
        ["wrong-token"] => Ok(wrong_token(service)),
        ["oneway"] => Ok(oneway(service)),
        _ => return None,
    })
}

/// A call of this code with a parcel that `fill` makes; with the interface's token before it, or without.
fn call(
    service: &Service,
    code: u32,
    flags: u32,
    token: bool,
    fill: impl FnOnce(&mut Parcel) -> rsbinder::Result<()>,
) -> String {
    let object = service.as_binder();
    let called = (|| {
        let remote = object.as_remote().ok_or(StatusCode::BadType)?;
        let mut parcel = remote.prepare_transact(token)?;
        fill(&mut parcel)?;
        remote.submit_transact(code, &parcel, flags)
    })();
    match called {
        Ok(Some(mut reply)) => match reply.read::<binder::Status>() {
            Ok(status) if status.is_ok() => "answered".into(),
            Ok(status) => said(&status),
            Err(code) => format!("a reply that is none: {code:?}"),
        },
        Ok(None) => "sent".into(),
        Err(code) => format!("binder {code:?}"),
    }
}

/// Dies while the service works for it.
fn die(service: &Service) -> Outcome {
    let service = service.clone();
    let _caller = std::thread::spawn(move || call(&service, EVALUATE, 0, true, |_| Ok(())));
    std::thread::sleep(Duration::from_millis(20));
    say("dying");
    std::process::abort()
}

fn hostile(service: &Service) -> Outcome {
    let boot = crate::calls::boot_id("own").ok_or("no boot id")?;
    let strings = [
        String::new(),
        "\0".into(),
        "\u{202e}evil".into(),
        "\u{feff}\u{1f4a9}".into(),
        "../../../../etc/shadow".into(),
        "'; DROP TABLE history; --".into(),
        "%s%s%n".into(),
        "\u{1b}[2J\u{1b}]0;title\u{7}".into(),
        "line\nline\r\n".into(),
        "a".repeat(256),
        "a".repeat(257),
        "\u{10ffff}".repeat(65),
        "a".repeat(100_000),
    ];
    let mut lines = Vec::new();
    for (sequence, text) in (1_000_000..).zip(&strings) {
        let of = |signal: &str, text: &str, names: Vec<String>, kind| SignalReport {
            bootId: boot,
            sequence,
            ttlSeconds: 60,
            signals: vec![ReportedSignal { signal: signal.into(), kind, text: text.into(), names }],
        };
        let reports = [
            of(text, "x", vec![], ReportedKind::TEXT),
            of("pushed.test", text, vec![], ReportedKind::TEXT),
            of("pushed.test", "", vec![text.clone()], ReportedKind::NAMES),
            of("pushed.test", "", vec![], ReportedKind(-1)),
        ];
        let said: Vec<_> = reports
            .iter()
            .map(|report| {
                service.reportSignals(report).map_or_else(|status| said(&status), |()| "taken".into())
            })
            .collect();
        let shown: String = text.chars().take(12).flat_map(char::escape_default).collect();
        lines.push(format!("{} of {} bytes: {}", shown, text.len(), said.join(", ")));
    }
    // Half of a surrogate pair, which no Rust string can hold: as UTF-16 by hand.
    let half = call(service, REPORT_SIGNALS, 0, true, |parcel| {
        parcel.write(&1i32)?;
        parcel.sized_write(|parcel| {
            parcel.write(&boot)?;
            parcel.write(&2_000_000i64)?;
            parcel.write(&60i32)?;
            parcel.write(&1i32)?;
            parcel.write(&1i32)?;
            parcel.sized_write(|parcel| {
                parcel.write(&1i32)?;
                parcel.write(&0x0000_d800i32)
            })
        })
    });
    lines.push(format!("half a surrogate pair: {half}"));
    for line in &lines {
        say(line);
    }
    Ok(format!("{} strings", strings.len() + 1))
}

fn unknown(service: &Service) -> String {
    let codes = [0, 13, 100, 0x00ff_fffd, 0x0100_0000, u32::MAX];
    let said = codes.map(|code| format!("{code:#x}: {}", call(service, code, 0, true, |_| Ok(()))));
    said.join(", ")
}

/// A report of so many bytes, well-formed: one signal, one text.
fn oversized(service: &Service, bytes: usize) -> Outcome {
    let report = SignalReport {
        bootId: crate::calls::boot_id("own").ok_or("no boot id")?,
        sequence: 1,
        ttlSeconds: 60,
        signals: vec![ReportedSignal {
            signal: "pushed.test".into(),
            kind: ReportedKind::TEXT,
            text: "a".repeat(bytes / 2),
            names: vec![],
        }],
    };
    service.reportSignals(&report).map_or_else(|status| Err(said(&status)), |()| Ok("taken".into()))
}

/// Parcels that end too early, or claim to hold more than they do.
fn truncated(service: &Service) -> String {
    let huge = |parcel: &mut Parcel| {
        parcel.write(&1i32)?;
        parcel.write(&i32::MAX)
    };
    let many = |parcel: &mut Parcel| {
        parcel.write(&1i32)?;
        parcel.sized_write(|parcel| {
            parcel.write(&[0u8; 16])?;
            parcel.write(&1i64)?;
            parcel.write(&1i32)?;
            parcel.write(&i32::MAX)
        })
    };
    let null = |parcel: &mut Parcel| parcel.write(&0i32);
    let said = [
        format!("empty: {}", call(service, REPORT_SIGNALS, 0, true, |_| Ok(()))),
        format!("null: {}", call(service, REPORT_SIGNALS, 0, true, null)),
        format!("a size of 2 GB: {}", call(service, REPORT_SIGNALS, 0, true, huge)),
        format!("2 G signals: {}", call(service, REPORT_SIGNALS, 0, true, many)),
        format!("no listener: {}", call(service, FIRST_CALL_TRANSACTION + 6, 0, true, |_| Ok(()))),
        format!(
            "a null listener: {}",
            call(service, FIRST_CALL_TRANSACTION + 6, 0, true, |parcel| {
                parcel.write(&None::<rsbinder::SIBinder>)
            })
        ),
    ];
    said.join(", ")
}

fn wrong_token(service: &Service) -> String {
    let none = call(service, GET_SUMMARY, 0, false, |_| Ok(()));
    let other = call(service, GET_SUMMARY, 0, false, |parcel| {
        for word in [0i32, 0, 0x5359_5354] {
            parcel.write(&word)?;
        }
        parcel.write("com.example.IOther")
    });
    format!("none: {none}, another's: {other}")
}

/// A method that answers, called as one that does not: the caller has no pid then.
fn oneway(service: &Service) -> String {
    call(service, EVALUATE, FLAG_ONEWAY, true, |_| Ok(()))
}
