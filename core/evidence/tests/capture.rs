//! Captures: what is written is read back, and what the catalogue does not have is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use proptest::prelude::*;
use trust_evidence::{
    CAPTURE_SCHEMA, Catalogue, Class, Evidence, Names, Observation, Outcome, Reason, SourceInfo, SourceKind,
    Time, Type, Value,
};

fn empty(catalogue: &Catalogue) -> Evidence {
    Evidence::empty(
        catalogue,
        SourceInfo { taken_at: Time::from_unix(1_790_000_000), ..SourceInfo::new(SourceKind::Capture) },
    )
}

fn sample(ty: &Type, seed: u64) -> Value {
    let byte = seed.to_le_bytes()[0];
    match ty {
        Type::Bool => Value::Bool(seed.is_multiple_of(2)),
        Type::Int => Value::Int(seed as i64),
        Type::Word(words) => Value::Word(words[seed as usize % words.len()].clone()),
        Type::Digest(bytes) => Value::Digest(vec![byte; *bytes].into()),
        Type::Month => ty.parse(&format!("{}-{:02}", 2000 + seed % 90, 1 + seed % 12)).unwrap(),
        Type::Time => Value::Time(Time::from_unix((seed % (1 << 40)) as i64 / 10).unwrap()),
        Type::Version => ty.parse(&format!("{}.{}", seed % 99, seed % 7)).unwrap(),
        Type::Name => ty.parse(&format!("a{seed}\"'\\")).unwrap(),
        Type::Names => Value::Names(Names::new((0..seed % 4).map(|n| format!("n{n}/{seed}"))).unwrap()),
    }
}

proptest! {
    #[test]
    fn a_capture_reads_back_as_the_same_evidence(seeds in prop::collection::vec(any::<u64>(), 40)) {
        let catalogue = Catalogue::built_in().unwrap();
        let mut evidence = empty(&catalogue);
        for ((ix, signal), seed) in catalogue.iter().zip(seeds.iter().cycle()) {
            let seed = seed.rotate_left(ix.index() as u32);
            let outcome = match seed % 7 {
                0 => Outcome::Absent,
                1 => Outcome::Missing(Reason::ALL[seed as usize / 7 % 7]),
                2 => Outcome::Withheld(seed as usize % 1000),
                _ => Outcome::Seen(sample(&signal.ty, seed / 7)),
            };
            let class = Class::ALL[seed as usize / 64 % 9];
            let taken_at = (seed.is_multiple_of(5)).then(|| Time::from_unix(seed as i64 >> 30).unwrap());
            evidence.record(&catalogue, ix, Observation { outcome, class, taken_at });
        }
        let text = evidence.to_capture(&catalogue);
        let read = Evidence::from_capture(&catalogue, "c.toml", &text).unwrap();
        prop_assert_eq!(&read, &evidence);
        prop_assert_eq!(read.to_capture(&catalogue), text);
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let catalogue = Catalogue::built_in().unwrap();
        let _ = Evidence::from_capture(&catalogue, "c.toml", &text);
    }
}

#[test]
fn what_the_catalogue_does_not_have_is_refused_with_its_line() {
    let catalogue = Catalogue::built_in().unwrap();
    let head = format!("schema = \"{CAPTURE_SCHEMA}\"\n[observations]\n");
    for (line, expected) in [
        ("\"property.nothing\" = { absent = true }", "trustctl signals"),
        ("\"property.debuggable\" = { seen = \"no\" }", "true or false"),
        ("\"property.build_type\" = { seen = \"test\" }", "user, userdebug, eng"),
        ("\"property.debuggable\" = { seen = true, class = \"K\" }", "I (the signal's ceiling) or weaker"),
        ("\"property.debuggable\" = { seen = true, class = \"X\" }", "unknown variant"),
        ("\"property.debuggable\" = { seen = true, absent = true }", "exactly one"),
        ("\"property.debuggable\" = { absent = false }", "exactly one"),
        ("\"property.debuggable\" = { missing = \"gone\" }", "unknown variant"),
        ("\"property.debuggable\" = { seen = true, note = \"x\" }", "unknown field"),
        ("\"property.debuggable\" = { seen = true, at = \"noon\" }", "RFC 3339"),
        ("\"property.debuggable\" = true", "expected"),
        ("\"property.build_fingerprint\" = { seen = \"two words\" }", "without spaces"),
    ] {
        let error = Evidence::from_capture(&catalogue, "c.toml", &format!("{head}{line}\n")).unwrap_err();
        assert_eq!(error.line(), Some(3), "{error}");
        assert!(error.to_string().contains(expected), "{line}: {error}");
    }
    let error = Evidence::from_capture(&catalogue, "c.toml", "schema = \"com.enigm.capture/2\"").unwrap_err();
    assert!(error.to_string().contains("expected \"com.enigm.capture/1\""), "{error}");
}

#[test]
fn a_class_never_rises_above_the_ceiling() {
    let catalogue = Catalogue::built_in().unwrap();
    let mut evidence = empty(&catalogue);
    for (ix, signal) in catalogue.iter() {
        evidence.record(
            &catalogue,
            ix,
            Observation { outcome: Outcome::Absent, class: Class::H, taken_at: None },
        );
        assert_eq!(evidence.get(ix).unwrap().class, signal.ceiling);
    }
}

#[test]
fn withheld_evidence_names_nothing_private() {
    let catalogue = Catalogue::built_in().unwrap();
    let mut evidence = empty(&catalogue);
    let ix = catalogue.find("packages.names").unwrap();
    let names = Value::Names(Names::new(["com.secret.app", "com.other"]).unwrap());
    evidence.record(
        &catalogue,
        ix,
        Observation { outcome: Outcome::Seen(names), class: Class::F, taken_at: None },
    );
    evidence.withhold_private(&catalogue);
    assert_eq!(evidence.get(ix).unwrap().outcome, Outcome::Withheld(2));
    assert!(!evidence.to_capture(&catalogue).contains("secret"));
}

#[test]
fn an_error_in_a_capture_repeats_nothing_private() {
    let catalogue = Catalogue::built_in().unwrap();
    for line in [
        "\"packages.names\" = \"com.secret.app\"",
        "\"packages.names\" = { seen = [\"com.secret.app\", \"bad name\"] }",
        "\"packages.names\" = { seen = [\"com.secret.app\"], class = \"K\" }",
        "\"packages.names\" = { seen = [\"com.secret.app\" }",
    ] {
        let text = format!("schema = \"{CAPTURE_SCHEMA}\"\n[observations]\n{line}\n");
        let error = Evidence::from_capture(&catalogue, "c.toml", &text).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(error.line(), Some(3));
    }
}
