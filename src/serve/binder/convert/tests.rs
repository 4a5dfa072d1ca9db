#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may

use super::*;
use binder::generated::{Deserialize, Serialize, from_bytes, to_bytes};
use trust_evidence::Class;

/// Over AIDL and a parcel, and back.
fn there_and_back<W, A>(value: W)
where
    W: std::fmt::Debug + PartialEq + for<'a> TryFrom<&'a A, Error = Unknown>,
    A: Serialize + Deserialize + for<'a> From<&'a W>,
{
    let bytes = to_bytes(&A::from(&value)).unwrap();
    let read: A = from_bytes(&bytes).unwrap();
    assert_eq!(W::try_from(&read).unwrap(), value);
}

fn gate_summary(failing: Option<[u32; 3]>) -> wire::GateSummary {
    wire::GateSummary {
        gate: posture::GateId::UpdateIntegrity,
        verdict: posture::Verdict::NotApplicable,
        is_binding: true,
        failing,
    }
}

fn finding(waiver: Option<wire::WaiverName>) -> wire::Finding {
    wire::Finding {
        code: "verified-boot-state".into(),
        verdict: posture::Verdict::Unknown,
        severity: posture::Severity::Critical,
        is_contradiction: true,
        waiver,
        says: "Zwei Quellen \u{1f4a9} \0 widersprechen".into(),
        reads: vec![wire::Reading { signal: "a.b".into(), class: 'K', observed: String::new() }],
    }
}

fn report() -> wire::Report {
    wire::Report {
        boot_id: [0xab; 16],
        sequence: 7,
        ttl: 60,
        signals: vec![
            ("pushed.text".into(), Reported::Text("yes".into())),
            ("pushed.empty".into(), Reported::Text(String::new())),
            ("pushed.names".into(), Reported::Names(vec!["a".into(), "b".into()])),
            ("pushed.none".into(), Reported::Names(vec![])),
            ("pushed.absent".into(), Reported::Absent),
            ("pushed.missing".into(), Reported::Missing),
        ],
    }
}

#[test]
fn values_come_back_as_they_went() {
    let policy = wire::PolicyName { id: "p".into(), version: 3, digest: [1; 32], is_lab: true };
    for (head, failing) in
        [(None, None), (Some(wire::Head { sequence: 9, digest: [2; 32] }), Some([1, 2, 3]))]
    {
        there_and_back::<_, Summary>(wire::Summary {
            posture: posture::Posture::AtRisk,
            sequence: 11,
            judged_at: -5,
            policy: policy.clone(),
            gates: vec![gate_summary(failing)],
            waivers: 2,
            head,
        });
    }
    let waiver = wire::WaiverName { reason: "r".into(), by: "b".into(), until: 4 };
    there_and_back::<_, GateFindings>(wire::GateFindings {
        summary: gate_summary(None),
        sequence: 1,
        objectives: vec![wire::ObjectiveFindings {
            id: "o".into(),
            verdict: posture::Verdict::Pass,
            lacks_anchor: true,
            findings: vec![finding(None), finding(Some(waiver))],
        }],
    });
    let check = wire::CheckWords {
        code: "c".into(),
        impact: "i".into(),
        remedy: "r".into(),
        sources: vec!["s".into(), "t".into()],
    };
    there_and_back::<_, GateWords>(wire::GateWords {
        gate: posture::GateId::PrivacyControls,
        title: "t".into(),
        asks: "a".into(),
        matters: "m".into(),
        objectives: vec![("o".into(), "p".into())],
        checks: vec![check],
    });
    let mut gates = [posture::Verdict::Pass; 10];
    gates[3] = posture::Verdict::Fail;
    for cause in wire::Cause::ALL {
        there_and_back::<_, HistoryEntry>(wire::HistoryEntry {
            sequence: 1,
            at: 2,
            boot_id: [3; 16],
            since_boot: 4,
            cause,
            posture: posture::Posture::NonCompliant,
            gates,
            checks_digest: [5; 32],
            policy_digest: [6; 32],
            previous: [7; 32],
            digest: [8; 32],
        });
    }
    there_and_back::<_, Change>(wire::Change {
        sequence: 1,
        posture: posture::Posture::Compliant,
        gates: posture::GateId::ALL.to_vec(),
    });
    for age in [None, Some(0), Some(7)] {
        let (name, signals) = ("n".into(), vec!["s".into()]);
        there_and_back::<_, ProviderState>(wire::ProviderState {
            name,
            signals,
            sequence: 2,
            age,
            refused: 1,
        });
    }
    there_and_back::<_, SignalReport>(report());
}

#[test]
fn names_and_numbers_are_the_same_on_both_sides() {
    let ours = posture::GateId::ALL.map(|gate| (gate.to_aidl().0, i32::from(gate.number())));
    assert!(ours.iter().all(|(theirs, ours)| theirs == ours));
    assert_eq!(GateId::enum_values().len(), posture::GateId::ALL.len());
    let codes = wire::Refusal::ALL.map(|refusal| (refusal.to_aidl().0, refusal.code()));
    assert!(codes.iter().all(|(theirs, ours)| theirs == ours));
    // What AIDL names comes back as itself; beside that nothing is known.
    macro_rules! closed {
        ($($theirs:ident),*) => {$(
            for value in $theirs::enum_values() {
                assert_eq!(value.to_ours().unwrap().to_aidl(), value);
            }
            for number in [-1, $theirs::enum_values().len() as i32 + 1, i32::MIN, i32::MAX] {
                assert_eq!($theirs(number).to_ours(), Err(Unknown { what: stringify!($theirs), number: number.into() }));
            }
        )*};
    }
    closed!(Cause, Posture, Verdict, Severity, GateId, ErrorCode);
    let letters: Vec<char> = Class::ALL.iter().filter_map(|class| class.to_string().chars().next()).collect();
    assert_eq!(CLASSES.map(|(letter, _)| letter).to_vec(), letters);
    assert_eq!(CLASSES.map(|(_, class)| class), EvidenceClass::enum_values());
    assert_eq!(ReportedKind::enum_values().len(), 4);
}

#[test]
fn a_field_that_nobody_filled_in_is_the_worst() {
    assert_eq!(Summary::default().posture, Posture::NON_COMPLIANT);
    assert_eq!(GateSummary::default().verdict, Verdict::FAIL);
    assert_eq!(Finding::default().verdict, Verdict::FAIL);
    assert_eq!(Reading::default().evidenceClass, EvidenceClass::PUSHED);
    assert_eq!(ReportedSignal::default().kind, ReportedKind::MISSING);
}

#[test]
fn what_does_not_fit_is_as_much_as_fits() {
    assert_eq!(long(u64::MAX), i64::MAX);
    assert_eq!(int(u32::MAX), i32::MAX);
    let odd = wire::Reading { signal: "s".into(), class: '?', observed: String::new() };
    assert_eq!(Reading::from(&odd).evidenceClass, EvidenceClass::PUSHED);
}

#[test]
fn reports_that_are_not_as_documented_are_refused() {
    let good = SignalReport::from(&report());
    assert!(wire::Report::try_from(&good).is_ok());
    type Broken = (&'static str, fn(&mut SignalReport));
    let broken: [Broken; 9] = [
        ("sequence -1", |report| report.sequence = -1),
        ("time to live -1", |report| report.ttlSeconds = -1),
        ("a count of signals 65", |report| report.signals.resize_with(65, Default::default)),
        ("ReportedKind 4", |report| report.signals[0].kind = ReportedKind(4)),
        ("ReportedKind -1", |report| report.signals[0].kind = ReportedKind(-1)),
        ("ReportedKind 2", |report| report.signals[0].names = vec!["beside a text".into()]),
        ("ReportedKind 3", |report| report.signals[2].text = "beside names".into()),
        ("ReportedKind 1", |report| report.signals[4].text = "beside absent".into()),
        ("ReportedKind 0", |report| report.signals[5].names = vec!["beside missing".into()]),
    ];
    for (expected, damage) in broken {
        let mut report = SignalReport::from(&report());
        damage(&mut report);
        let error = wire::Report::try_from(&report).unwrap_err();
        assert_eq!(error.to_string(), format!("{expected}: not known to this build"));
    }
}

#[test]
fn no_byte_of_a_report_makes_a_panic() {
    let bytes = to_bytes(&SignalReport::from(&report())).unwrap();
    for length in 0..bytes.len() {
        assert!(from_bytes::<SignalReport>(&bytes[..length]).is_err(), "{length}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = from_bytes::<SignalReport>(&bytes) {
            let _value_or_error = wire::Report::try_from(&read);
        }
    }
}
