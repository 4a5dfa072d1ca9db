use super::*;
use proptest::prelude::*;
use trust_forge::protobuf::{bytes, varint};

const TEXT: &str = "ota-downgrade=yes\n\
    ota-property-files=payload.bin:1:2,metadata:3:4  \n\
    ota-required-cache=0\n\
    ota-streaming-property-files=payload.bin:1:2\n\
    ota-type=AB\n\
    ota-wipe=yes\n\
    post-build=enigm/halcyon/halcyon:16/A/1:user/release-keys\n\
    post-build-incremental=2026100501\n\
    post-sdk-level=36\n\
    post-security-patch-level=2026-10-05\n\
    post-timestamp=1791187200\n\
    pre-build=enigm/halcyon/halcyon:16/A/0:user/release-keys\n\
    pre-build-incremental=2026090501\n\
    pre-device=halcyon|halcyon2\n";

fn message() -> Vec<u8> {
    let file = |name: &str, value: &str| bytes(4, [bytes(1, name), bytes(2, value)].concat());
    let before = [
        bytes(1, "halcyon"),
        bytes(1, "halcyon2"),
        bytes(2, "enigm/halcyon/halcyon:16/A/0:user/release-keys"),
        bytes(3, "2026090501"),
        varint(4, 1_788_595_200),
    ];
    let after = [
        bytes(1, "halcyon"),
        bytes(2, "enigm/halcyon/halcyon:16/A/1:user/release-keys"),
        bytes(3, "2026100501"),
        varint(4, 1_791_187_200),
        bytes(5, "36"),
        bytes(6, "2026-10-05"),
        bytes(7, bytes(1, "system")),
    ];
    [
        varint(1, 1),
        varint(2, 1),
        varint(3, 1),
        file("ota-property-files", "payload.bin:1:2,metadata:3:4  "),
        file("ota-streaming-property-files", "payload.bin:1:2"),
        bytes(5, before.concat()),
        bytes(6, after.concat()),
        varint(99, 7),
    ]
    .concat()
}

#[test]
fn lines_and_message_are_read_and_agree() {
    let (text, message) = (parse_text(TEXT.as_bytes()).unwrap(), parse_message(&message()).unwrap());
    text.agrees_with(&message).unwrap();
    assert_eq!(
        (text.kind, text.wipes, text.downgrades, text.downgrades_patch_level),
        (Kind::Ab, true, true, false)
    );
    assert_eq!(text.before.devices, ["halcyon".into(), "halcyon2".into()]);
    assert_eq!((text.after.timestamp, &*text.after.security_patch_level), (1_791_187_200, "2026-10-05"));
    assert_eq!(&*text.property_files["ota-property-files"], "payload.bin:1:2,metadata:3:4");
    assert_eq!((message.before.timestamp, text.before.timestamp), (1_788_595_200, 0));
}

#[test]
fn lines_that_differ_from_the_message_are_named() {
    let message = parse_message(&message()).unwrap();
    for (from, to, key) in [
        ("ota-type=AB", "ota-type=BLOCK", "ota-type"),
        ("ota-wipe=yes\n", "", "ota-wipe"),
        ("ota-downgrade=yes\n", "", "ota-downgrade"),
        ("ota-type", "spl-downgrade=yes\nota-type", "spl-downgrade"),
        ("ota-type", "ota-retrofit-dynamic-partitions=yes\nota-type", "ota-retrofit-dynamic-partitions"),
        ("cache=0", "cache=1", "ota-required-cache"),
        ("|halcyon2", "", "pre-device"),
        ("16/A/0", "16/A/2", "pre-build"),
        ("2026090501", "2026090502", "pre-build-incremental"),
        ("16/A/1", "16/A/2", "post-build"),
        ("2026100501", "2026100502", "post-build-incremental"),
        ("1791187200", "1791187201", "post-timestamp"),
        ("level=36", "level=35", "post-sdk-level"),
        ("2026-10-05", "2026-11-05", "post-security-patch-level"),
        ("metadata:3:4", "metadata:3:5", "property files"),
    ] {
        let text = parse_text(TEXT.replacen(from, to, 1).as_bytes()).unwrap();
        let error = text.agrees_with(&message).unwrap_err().to_string();
        let expected =
            format!("update metadata: {key}: another value than in metadata.pb: expected the same");
        assert_eq!(error, expected);
    }
}

#[test]
fn what_is_no_metadata_is_refused() {
    for (from, to, expected) in [
        ("ota-type=AB", "ota-type=ab", "line 5: ota-type=\"ab\": expected AB, BLOCK or BRICK"),
        ("ota-type=AB\n", "", "no ota-type: expected one"),
        ("pre-device=halcyon|halcyon2\n", "", "no pre-device: expected one"),
        ("pre-device=", "pre-device=|", "expected names separated by |"),
        ("ota-wipe=yes", "ota-wipe=true", "line 6: ota-wipe=\"true\": expected yes"),
        ("ota-wipe=yes", "ota-wipe", "line 6: \"ota-wipe\": expected key=value"),
        ("ota-wipe=yes", "ota-type=AB", "line 6: \"ota-type=AB\": expected a key once"),
        ("timestamp=", "timestamp=0", "post-timestamp=\"01791187200\": expected a number"),
        ("post-build=", "post-build=\u{e9}", "expected printable ASCII"),
        ("post-build=", "post-build=\t", "expected printable ASCII"),
    ] {
        let error = parse_text(TEXT.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} | {expected}");
    }
    for (bytes, expected) in [
        (vec![], "metadata.pb without a type: expected one"),
        (varint(1, 0), "byte 0: type 0: expected 1 to 3"),
        (varint(1, 1).repeat(2), "byte 2: field 1 again"),
        (bytes(1, "x"), "field 1: expected another wire type"),
        (varint(2, 2), "field 2: 2: expected 0 or 1"),
        (bytes(5, bytes(1, "\u{e9}")), "expected at most 8192 bytes of printable ASCII"),
        (bytes(5, bytes(3, "1").repeat(2)), "field 3 again"),
        ([varint(1, 1), bytes(4, bytes(1, "a")).repeat(2)].concat(), "property files of one name twice"),
        (bytes(5, bytes(1, "a").repeat(513)), "expected at most 512 values"),
    ] {
        let error = parse_message(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} | {expected}");
    }
    let long = vec![b'a'; MAX_BYTES + 1];
    assert!(
        parse_text(&long).unwrap_err().is_too_large() && parse_message(&long).unwrap_err().is_too_large()
    );
}

#[test]
fn truncations_and_flipped_bits_are_refused_or_say_something_else() {
    let (text, message) = (parse_text(TEXT.as_bytes()).unwrap(), message());
    let read = parse_message(&message).unwrap();
    // The message's length stands nowhere: a cut between two fields leaves the ones before.
    for end in 0..message.len() {
        let _ = parse_message(&message[..end]);
    }
    for end in 0..TEXT.len() - 1 {
        assert_ne!(parse_text(&TEXT.as_bytes()[..end]), Ok(text.clone()), "{end}");
    }
    let mut free = 0;
    for bit in 0..8 * message.len() {
        let mut bytes = message.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        free += usize::from(parse_message(&bytes) == Ok(read.clone()));
    }
    // Free: padding of property files, partition states and fields that are not known.
    assert!(free < 120, "{free}");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "([a-z-]{1,20}=[ -~]{0,20}\n){0,9}") {
        let _ = parse_message(&bytes);
        let _ = parse_text(&bytes);
        let _ = parse_text(text.as_bytes());
    }
}
