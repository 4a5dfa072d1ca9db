use super::*;
use proptest::prelude::*;

fn parsed(text: &str) -> Properties {
    Properties::parse(text.as_bytes()).unwrap()
}

#[test]
fn odd_but_valid_texts_are_read() {
    for (text, key, value) in [
        ("[a]: [b]\n", "a", "b"),
        ("[a]: [b]", "a", "b"),
        ("[a]: []\r\n[b]: [c]\r\n", "a", ""),
        ("[a]: [b] \t\n[c]: [d]\n", "a", "b"),
        ("* daemon started successfully\n[a]: [b]\n", "a", "b"),
        ("[a]: [x]: [y]]\n", "a", "x]: [y]"),
        ("[a]: [1\n2\n\n3]\n[b]: []\n", "a", "1\n2\n\n3"),
        ("[a]: [\n]\n", "a", "\n"),
        ("[a]: [1]\n[a]: [2]\n", "a", "1"),
        ("\u{feff}[a]: [b]\n", "a", "b"),
        ("# x\n\n a = b c \n", "a", "b c"),
        ("import /x.prop\na=\n", "a", ""),
        ("a=b=c # d\n", "a", "b=c # d"),
        ("a?=1\n", "a", "1"),
        ("a?=1\na=2\n", "a", "2"),
        ("a=2\na?=1\n", "a", "2"),
        ("a?=1\na?=2\n", "a", "1"),
        ("a=1\n[b]: [2]\n", "b", "2"),
    ] {
        assert_eq!(parsed(text).value(key), Some(value), "{text:?}");
    }
}

#[test]
fn a_text_without_a_property_is_refused() {
    for (text, message) in [
        ("", "\"\": expected lines [key]: [value] or key=value"),
        ("\n \n", "expected lines"),
        ("error: device offline\n", "\"error: device offline\": expected lines"),
        ("# only = comments\n", "expected lines"),
        ("[a]: [never closed\n", "\"[a]: [never closed\": expected lines"),
        ("=value\n", "expected lines"),
        ("[a]: [b\0]\n", "properties, byte 7: binary"),
    ] {
        let error = Properties::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{text:?} {error}");
    }
}

#[test]
fn caps_are_kept() {
    let long = "x".repeat(MAX_VALUE);
    assert_eq!(parsed(&format!("[a]: [{long}]\n")).value("a"), Some(&*long));
    for text in [
        format!("[a]: [{long}x]\n[b]: [1]\n"),
        format!("[a]: [{long}\nx]\n[b]: [1]\n"),
        format!("[{}]: [1]\n[b]: [1]\n", "k".repeat(MAX_KEY + 1)),
        format!("a={long}x\nb=1\n"),
        "[a b]: [1]\n[b]: [1]\n".into(),
        "[]: [1]\n[b]: [1]\n".into(),
    ] {
        let properties = parsed(&text);
        let shown = text.get(..40.min(text.len())).unwrap();
        assert_eq!(properties.value("b"), Some("1"), "{shown}");
        assert_eq!(properties.iter().len(), 1, "{shown}");
        assert!(!properties.dropped().is_empty(), "{shown}");
    }
    let many: String = (0..=MAX_ENTRIES).map(|n| format!("[k{n}]: [v]\n")).collect();
    let error = Properties::parse(many.as_bytes()).unwrap_err();
    assert!(error.is_too_large(), "{error}");
    assert_eq!(error.line(), Some(MAX_ENTRIES + 1));
    assert!(Properties::parse(&vec![b'x'; MAX_TEXT + 1]).unwrap_err().is_too_large());
}

#[test]
fn a_key_given_twice_is_named_if_its_values_differ() {
    let properties = parsed("[a]: [1]\n[b]: [1]\n[a]: [2]\n[b]: [1]\n");
    assert_eq!(properties.duplicates().collect::<Vec<_>>(), ["a"]);
    let properties = parsed("c=1\nc?=2\nd?=1\nd?=2\n");
    assert_eq!(properties.duplicates().collect::<Vec<_>>(), ["d"]);
}

#[test]
fn a_dropped_line_is_reported_with_its_number() {
    let properties = parsed("[a]: [1]\nnoise\n[b]: [2]\n[c]: [3\n");
    let dropped: Vec<_> = properties.dropped().iter().map(|d| (d.line, &*d.why)).collect();
    assert_eq!(
        dropped,
        [(2, "\"noise\": expected [key]: [value]"), (4, "value of \"c\": expected a ] within 8192 bytes"),]
    );
}

#[test]
fn an_entry_that_a_value_swallowed_is_reported() {
    let properties = parsed("[a]: [cut off\n[ro.debuggable]: [0]\n[b]: [1]\n");
    assert_eq!(properties.value("a"), Some("cut off\n[ro.debuggable]: [0"));
    let dropped: Vec<_> = properties.dropped().iter().map(|d| (d.line, &*d.why)).collect();
    assert_eq!(dropped, [(2, "\"[ro.debuggable]: [0]\": taken for a part of the value of \"a\"")]);
}

#[test]
fn a_utf16_text_from_powershell_is_read() {
    let bytes: Vec<u8> = "[a]: [b]\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Properties::parse(&bytes).unwrap().value("a"), Some("b"));
}

#[test]
fn values_that_never_close_take_linear_time() {
    let text = "[a]: [\n".repeat(MAX_TEXT / 7);
    assert!(Properties::parse(text.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Properties::parse(&bytes);
    }

    #[test]
    fn no_text_panics(text in r"(\[?[a-c]{0,2}\]?:? ?\[?[x=#?]{0,3}\]?\r?\n?){0,12}") {
        let _ = Properties::parse(text.as_bytes());
    }

    #[test]
    fn what_getprop_writes_reads_back(entries in proptest::collection::btree_map(
        "[a-z][a-z.]{0,8}", "[ -Z^-~\u{a0}-\u{ff}]{0,12}", 1..12))
    {
        let text: String = entries.iter().map(|(key, value)| format!("[{key}]: [{value}]\n")).collect();
        let properties = parsed(&text);
        let read: Vec<_> = properties.iter().collect();
        let written: Vec<_> = entries.iter().map(|(key, value)| (&**key, &**value)).collect();
        prop_assert_eq!(read, written);
        prop_assert!(properties.dropped().is_empty());
    }
}
