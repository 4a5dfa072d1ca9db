use super::*;
use crate::written_properties::{SIZE, Writer, property_info};
use proptest::prelude::*;
use std::collections::BTreeMap;

const SMALL: usize = 2048;

fn sample() -> Writer {
    let mut area =
        Writer::with(SMALL, &[("ro.build.type", "user"), ("ro.build.tags", ""), ("sys.usb.state", "mtp")]);
    area.add("ro.build.description", &"x".repeat(200));
    area.add("ro.build", "shadow");
    area.update("sys.usb.state", "mtp,adb");
    area
}

fn values(bytes: &[u8]) -> BTreeMap<String, String> {
    let area = Area::parse(bytes).unwrap();
    area.iter().map(|(key, property)| (key.to_string(), property.value.to_string())).collect()
}

/// The bytes with one word another.
fn with(area: &Writer, at: usize, word: usize) -> Vec<u8> {
    let mut changed = area.clone();
    changed.set(at, word);
    changed.bytes
}

#[test]
fn an_area_is_read_whole() {
    let long = "x".repeat(200);
    let expected = [
        ("ro.build", "shadow"),
        ("ro.build.description", &long),
        ("ro.build.tags", ""),
        ("ro.build.type", "user"),
        ("sys.usb.state", "mtp,adb"),
    ];
    let expected = expected.map(|(key, value)| (key.to_string(), value.to_string()));
    assert_eq!(values(&sample().bytes), BTreeMap::from(expected));
    assert_eq!(values(&Writer::new(SIZE).bytes), BTreeMap::new());
    let area = Area::parse(&sample().bytes).unwrap();
    assert!(area.property("ro.build.types").is_none() && area.property("ro").is_none());
}

#[test]
fn a_property_that_is_being_written_has_its_value_before_and_another_serial_after() {
    let mut area = sample();
    let serial = |area: &Writer| Area::parse(&area.bytes).unwrap().property("sys.usb.state").unwrap().serial;
    let before = serial(&area);
    area.begin("sys.usb.state", "none,none,none");
    assert_eq!(values(&area.bytes)["sys.usb.state"], "mtp,adb");
    let during = serial(&area);
    area.end("sys.usb.state", "none,none,none");
    assert_eq!(values(&area.bytes)["sys.usb.state"], "none,none,none");
    assert!(before != during && during != serial(&area) && before != serial(&area));
}

#[test]
fn the_serial_of_an_area_stands_in_its_first_bytes() {
    let mut area = Writer::new(SMALL);
    area.rise();
    area.rise();
    assert_eq!(serial(&area.bytes[..16]), Ok(2));
    assert!(serial(&area.bytes[..15]).is_err());
}

#[test]
fn what_is_no_area_is_refused() {
    let area = sample();
    let mut own = sample();
    let (property, long) = (own.place("ro.build.type"), own.place("ro.build.description"));
    let state = own.place("sys.usb.state");
    let first = 128 + area.get(128 + 16);
    let used = area.get(0);
    let swapped = {
        // The names of two nodes that hang on each other.
        let mut area = Writer::new(SMALL);
        let _ = (area.node("b"), area.node("a"));
        let first = 128 + area.get(128 + 16);
        area.bytes[first + 20] = b'0';
        area.bytes
    };
    let circle = {
        let mut area = Writer::new(SMALL);
        let node = area.node("a");
        area.set(node + 16, node - 128);
        area.bytes
    };
    let mut text = area.clone();
    text.bytes[property + 4] = 0xff;
    for (bytes, expected) in [
        (vec![], "property area, byte 4: 4 bytes there: expected them before byte 0"),
        (vec![0; SMALL], "byte 8: magic 0x0: expected 0x504f5250"),
        (with(&area, 12, 0x4543_4343), "byte 12: version 0x45434343: expected 0xfc6ed0ab"),
        (with(&area, 0, SMALL), "byte 0: 2048 bytes in use: expected 20 to 1920"),
        (with(&area, 0, 16), "byte 0: 16 bytes in use: expected 20 to 1920"),
        (with(&area, 0, used - 4), "expected"),
        (with(&area, 128 + 8, 112), "byte 0: the root node: expected nothing but children"),
        (with(&area, 128 + 16, 113), "byte 113: a number there: expected it at a multiple of 4"),
        (with(&area, 128 + 16, 4000), "byte 4000: 4 bytes there: expected them before byte"),
        (with(&area, first, 3), "\"ro\": expected a part of a name, 3 bytes long"),
        (with(&area, first + 20, 0x2e72), "\"r.\": expected a part of a name"),
        (with(&area, first + 20, 0x0172), "expected printable ASCII"),
        (with(&area, first + 8, first - 128), "\"ro\": expected it in its order"),
        (circle, "a node again: expected each once"),
        (with(&area, first + 4, property - 128), "property \"ro.build.type\": expected \"ro\""),
        (with(&area, property, 3 << 24), "value of \"ro.build.type\", 4 bytes: expected 3"),
        (with(&area, property, 255 << 24), "value of \"ro.build.type\", 4 bytes: expected 255"),
        (with(&area, state, 8 << 24), "value of \"sys.usb.state\", 7 bytes: expected 8"),
        (with(&area, long + 60, 100_000), "a string there: expected a NUL within 8192 bytes"),
        (text.bytes, "value of \"ro.build.type\": expected UTF-8"),
        (swapped, "expected it in its order"),
        (Writer::with(SIZE, &[(&vec!["a"; 129].join("."), "")]).bytes, "expected at most 256 bytes"),
        (vec![0; MAX_AREA + 1], "property area: expected at most 1048576 bytes"),
    ] {
        let error = Area::parse(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
    }
    assert!(Area::parse(&with(&area, 12, 1)).unwrap_err().is_unsupported());
}

#[test]
fn one_long_value_is_not_the_value_of_many() {
    let long = "x".repeat(MAX_VALUE);
    let keys: Vec<String> = (0..2000).map(|nth| format!("ro.{nth}")).collect();
    let mut area = Writer::new(MAX_AREA);
    keys.iter().for_each(|key| area.add(key, ""));
    area.add("ro.long", &long);
    let own = area.place("ro.long");
    let value = own + area.get(own + 60);
    for key in &keys {
        let at = area.place(key);
        area.set(at, 1 << 16);
        area.set(at + 60, value - at);
    }
    let error = Area::parse(&area.bytes).unwrap_err().to_string();
    assert!(error.contains("expected one of its own"), "{error}");
    // Each its own: whatever fits an area may be in it.
    let each: Vec<(String, &str)> = (0..100).map(|nth| (format!("ro.{nth}"), &*long)).collect();
    let each: Vec<(&str, &str)> = each.iter().map(|(key, value)| (&**key, *value)).collect();
    assert_eq!(Area::parse(&Writer::with(MAX_AREA, &each).bytes).unwrap().iter().len(), 100);
}

#[test]
fn what_goes_in_circles_ends() {
    let area = sample();
    let first = area.get(128 + 16);
    // Every node's link back to the first one, as child, left and right.
    for link in [8, 12, 16] {
        assert!(Area::parse(&with(&area, 128 + first + link, first)).is_err(), "{link}");
    }
    // Whatever number it is: nothing hangs.
    for at in (128..128 + area.get(0)).step_by(4) {
        let _ = Area::parse(&with(&area, at, first));
    }
}

#[test]
fn no_truncation_and_no_flipped_bit_panics_or_makes_another_name() {
    let mut whole = sample();
    whole.bytes.truncate(128 + whole.get(0));
    for end in 0..whole.bytes.len() {
        assert!(Area::parse(&whole.bytes[..end]).is_err(), "{end}");
    }
    let before = values(&whole.bytes);
    let mut is_same = 0;
    for bit in 0..whole.bytes.len() * 8 {
        let mut flipped = whole.bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok(area) = Area::parse(&flipped) else { continue };
        // What a flip may change is one value's text; or it cuts off what hangs on an offset that became 0.
        let after = area.iter();
        let odd =
            after.filter(|(key, property)| before.get(*key).is_none_or(|value| *value != *property.value));
        assert!(odd.count() <= 1, "bit {bit}");
        is_same += usize::from(values(&flipped) == before);
    }
    assert!(is_same > 0);
}

const DEFAULT: &str = "u:object_r:default_prop:s0";
const RULES: [(&str, bool, &str); 8] = [
    ("ro.", false, "build"),
    ("ro.boot.", false, "bootloader"),
    ("ro.build.type", true, "exact"),
    ("ro.bu", false, "prefix"),
    ("ro.build.", false, "below"),
    ("init.svc.", false, "service"),
    ("init.svc.adbd", true, "adbd"),
    ("sys.usb", false, "usb"),
];

#[test]
fn a_property_has_the_context_that_bionic_finds() {
    let contexts = Contexts::parse(&property_info(DEFAULT, &RULES)).unwrap();
    for (key, expected) in [
        ("ro.build.type", "exact"),
        ("ro.build.types", "below"),
        ("ro.build.type.x", "below"),
        ("ro.buffer", "prefix"),
        // "ro.bu" is longer than "ro.", but "ro.build." leads on, and there counts its own.
        ("ro.build.id", "below"),
        ("ro.boot", "build"),
        ("ro.boot.mode", "bootloader"),
        ("ro", DEFAULT),
        ("init.svc.adbd", "adbd"),
        ("init.svc.adbd2", "service"),
        ("init.svc", DEFAULT),
        ("sys.usb.state", "usb"),
        ("sys.usbx", "usb"),
        ("sys.us", DEFAULT),
        ("", DEFAULT),
        (".", DEFAULT),
    ] {
        assert_eq!(contexts.context_of(key), Some(expected), "{key}");
    }
}

#[test]
fn what_is_no_property_info_is_refused() {
    let whole = property_info(DEFAULT, &RULES);
    let with = |at: usize, word: u32| {
        let mut changed = whole.clone();
        changed[at..at + 4].copy_from_slice(&word.to_le_bytes());
        changed
    };
    let word =
        |at: usize| usize::try_from(u32::from_le_bytes(whole[at..at + 4].try_into().unwrap())).unwrap();
    let root = word(20);
    let children = word(root + 8);
    let (entry, init, ro) = (word(root), word(children), word(children + 4));
    let low = |at: usize| u32::try_from(at).unwrap();
    let find = |name: &str| whole.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    let named = |name: &str, as_: &str| {
        let mut changed = whole.clone();
        changed[find(name)..][..as_.len()].copy_from_slice(as_.as_bytes());
        changed
    };
    for (bytes, expected) in [
        (vec![], "property_info, byte 4: 4 bytes there"),
        (with(4, 2), "byte 4: for version 2: expected one for 1"),
        (with(8, 7), "byte 8: size 7: expected "),
        (with(12, 1), "byte 1: a number there: expected it at a multiple of 4"),
        (with(24, 5000), "byte 24: 5000 contexts: expected at most 4096"),
        (with(24, 4000), "byte 28: 16000 bytes there"),
        (with(28, 9_999_999), "expected a NUL within 255 bytes"),
        (named("adbd", "../x"), "context \"../x\": expected a file's name"),
        (named("adbd", "a/bd"), "context \"a/bd\": expected a file's name"),
        (named("adbd", "a bd"), "\"a bd\": expected printable ASCII"),
        (with(20, 0), "expected"),
        (with(root, 9_999_996), "byte 9999996: 4 bytes there"),
        (with(root + 4, u32::MAX), "17179869180 bytes there"),
        (with(children, low(root)), "expected at most 64 parts of a name"),
        (with(children, low(ro)), "\"ro\": expected it in its order"),
        (with(children + 4, low(init)), "\"init\": expected it in its order"),
        (with(entry + 4, 5), "\"root\": expected 5 bytes"),
        (with(entry + 8, 99), "context 99: expected one of 9"),
        (vec![0; MAX_CONTEXTS + 1], "property_info: expected at most 4194304 bytes"),
    ] {
        let error = Contexts::parse(&bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
    }
    assert!(Contexts::parse(&with(4, 2)).unwrap_err().is_unsupported());
}

#[test]
fn entries_are_counted_where_one_stands_for_many() {
    let whole = property_info(DEFAULT, &RULES);
    let mut many = whole.clone();
    let word =
        |at: usize| usize::try_from(u32::from_le_bytes(whole[at..at + 4].try_into().unwrap())).unwrap();
    let (root, entry) = (word(20), word(word(20)));
    let list = u32::try_from(many.len()).unwrap();
    (0..=65_536).for_each(|_| many.extend(u32::try_from(entry).unwrap().to_le_bytes()));
    for (at, word) in [(root + 12, 65_537), (root + 16, list), (8, u32::try_from(many.len()).unwrap())] {
        many[at..at + 4].copy_from_slice(&word.to_le_bytes());
    }
    assert!(Contexts::parse(&many).unwrap_err().is_too_large());
}

#[test]
fn no_truncation_and_no_flipped_bit_of_property_info_panics() {
    let whole = property_info(DEFAULT, &RULES);
    for end in 0..whole.len() {
        assert!(Contexts::parse(&whole[..end]).is_err(), "{end}");
    }
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(contexts) = Contexts::parse(&flipped) {
            // Whatever it is, it leads to a file's name.
            for key in ["ro.build.type", "ro.boot.mode", "init.svc.adbd", "x"] {
                assert!(contexts.context_of(key).is_none_or(|context| !context.contains('/')));
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = (Area::parse(&bytes), Contexts::parse(&bytes));
        let mut area = Writer::new(512).bytes;
        area.iter_mut().skip(128).zip(&bytes).for_each(|(to, from)| *to = *from & 0x1f);
        let _ = Area::parse(&area);
    }

    #[test]
    fn what_init_writes_reads_back(
        properties in proptest::collection::btree_map("[a-z]{1,4}(\\.[a-z_]{1,3}){0,4}", "[ -~]{0,91}", 0..40),
    ) {
        let mut area = Writer::new(SIZE);
        properties.iter().for_each(|(key, value)| area.add(key, value));
        prop_assert_eq!(values(&area.bytes), properties);
    }
}
