use super::*;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    write(&mut writer);
    writer.into_bytes()
}

/// RFC 8949, appendix A, of what is in the profile.
#[test]
fn values_are_encoded_as_the_standard_shows() {
    for (value, bytes) in [
        (0, &[0x00][..]),
        (23, &[0x17]),
        (24, &[0x18, 0x18]),
        (1000, &[0x19, 0x03, 0xe8]),
        (1_000_000, &[0x1a, 0x00, 0x0f, 0x42, 0x40]),
        (1_000_000_000_000, &[0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0]),
        (-1, &[0x20]),
        (-100, &[0x38, 0x63]),
        (-1000, &[0x39, 0x03, 0xe7]),
        (i64::MIN, &[0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ] {
        assert_eq!(written(|writer| _ = writer.integer(value)), bytes);
        assert_eq!(Reader::new(bytes).integer(), Ok(value));
    }
    assert_eq!(written(|w| _ = w.text("IETF")), [0x64, 0x49, 0x45, 0x54, 0x46]);
    assert_eq!(written(|w| _ = w.bytes(&[1, 2, 3, 4])), [0x44, 1, 2, 3, 4]);
    assert_eq!(written(|w| _ = w.array(3).boolean(true).boolean(false).tag(18)), [0x83, 0xf5, 0xf4, 0xd2]);
}

#[test]
fn another_encoding_of_a_value_is_refused() {
    let read = |bytes: &'static [u8]| Reader::new(bytes);
    for (bytes, expected) in [
        (&[0x18, 0x17][..], "the shortest form"),
        (&[0x19, 0, 0xff], "the shortest form"),
        (&[0x1a, 0, 0, 0xff, 0xff], "the shortest form"),
        (&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], "the shortest form"),
        (&[0x1f], "a definite length"),
        (&[0x1c], "a definite length"),
        (&[0x18], "as many bytes as announced"),
        (&[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], "an integer of 64 bits"),
        (&[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], "an integer of 64 bits"),
        (&[0x60], "an integer"),
        (&[], "as many bytes as announced"),
    ] {
        assert_eq!(read(bytes).integer().unwrap_err().expected, expected, "{bytes:02x?}");
    }
    for (bytes, expected) in [
        (&[0x5f, 0x41, 0, 0xff][..], "a definite length"),
        (&[0x58, 0x01, 0x00], "the shortest form"),
        (&[0x42, 0], "as many bytes as announced"),
        (&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "as many bytes as announced"),
        (&[0x60], "a byte string"),
    ] {
        assert_eq!(read(bytes).bytes().unwrap_err().expected, expected, "{bytes:02x?}");
    }
    assert_eq!(
        read(&[0x43, 1, 2]).bytes().unwrap_err().to_string(),
        "byte 1: expected as many bytes as announced: 3, found 2"
    );
    assert_eq!(
        read(&[0x42, 1, 2]).fixed::<3>().unwrap_err().to_string(),
        "byte 0: expected a byte string of its one length: 3, found 2"
    );
    assert_eq!(read(&[0x62, 0xc3, 0x28]).text().unwrap_err().expected, "UTF-8");
    assert_eq!(read(&[0x41, 0]).fixed::<2>().unwrap_err().expected, "a byte string of its one length");
    for bytes in [&[0xf6][..], &[0xf7], &[0xf8, 0x14], &[0xf9, 0, 0], &[0x01]] {
        assert!(read(bytes).boolean().is_err(), "{bytes:02x?}");
    }
    assert_eq!(read(&[0x82]).array(3).unwrap_err().expected, "an array of its one length");
    assert_eq!(read(&[0xd1]).tag(18).unwrap_err().expected, "another tag");
    assert_eq!(read(&[0]).end().unwrap_err().expected, "the end");
}

#[test]
fn keys_ascend_and_come_once() {
    let keys = |bytes: &'static [u8]| {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        let mut keys = vec![];
        while let Some(key) = reader.key(&mut map)? {
            keys.push(key);
            reader.boolean()?;
        }
        reader.end().map(|()| keys)
    };
    let sorted = &[0xa4, 0x01, 0xf4, 0x18, 0x18, 0xf4, 0x20, 0xf4, 0x61, 0x61, 0xf5];
    assert_eq!(keys(sorted).unwrap(), [Key::Integer(1), Key::Integer(24), Key::Integer(-1), Key::Text("a")]);
    for bytes in [
        &[0xa2, 0x01, 0xf4, 0x01, 0xf4][..],
        &[0xa2, 0x02, 0xf4, 0x01, 0xf4],
        &[0xa2, 0x20, 0xf4, 0x01, 0xf4],
        &[0xa2, 0x61, 0x61, 0xf4, 0x20, 0xf4],
        &[0xa2, 0x61, 0x62, 0xf4, 0x61, 0x61, 0xf4],
        &[0xa2, 0x62, 0x61, 0x61, 0xf4, 0x61, 0x62, 0xf4],
    ] {
        assert_eq!(keys(bytes).unwrap_err().expected, "keys in ascending order, each once", "{bytes:02x?}");
    }
    assert!(keys(&[0xbf, 0x01, 0xf4, 0xff]).is_err());
    assert!(keys(&[0xa1, 0xf4, 0xf4]).is_err());
    assert!(keys(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0xf4]).is_err());
}

proptest! {
    #[test]
    fn an_integer_has_one_encoding(value: i64) {
        let bytes = written(|writer| _ = writer.integer(value));
        prop_assert_eq!(Reader::new(&bytes).integer(), Ok(value));
    }

    #[test]
    fn what_is_read_is_what_would_be_written(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut reader = Reader::new(&bytes);
        if let (Ok(value), Ok(())) = (reader.integer(), reader.end()) {
            prop_assert_eq!(&written(|writer| _ = writer.integer(value)), &bytes);
        }
        let mut reader = Reader::new(&bytes);
        if let (Ok(value), Ok(())) = (reader.text().map(String::from), reader.end()) {
            prop_assert_eq!(&written(|writer| _ = writer.text(&value)), &bytes);
        }
        let mut reader = Reader::new(&bytes);
        let _ = (reader.clone().bytes().map(<[u8]>::len), reader.clone().boolean(), reader.clone().array(2), reader.tag(18));
    }
}
