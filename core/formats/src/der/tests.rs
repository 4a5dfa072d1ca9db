use super::*;
use proptest::prelude::*;

const WHAT: &str = "DER";

fn single(bytes: &[u8]) -> Result<Element<'_>, FormatError> {
    let mut reader = Reader::new(WHAT, bytes);
    let element = reader.next()?;
    reader.end().map(|()| element)
}

#[test]
fn elements_are_read_with_their_place_and_their_bytes() {
    let bytes = [0x30, 0x08, 0x02, 0x01, 0x05, 0xbf, 0x85, 0x3d, 0x01, 0x00];
    let sequence = Reader::single(WHAT, &bytes, Tag::SEQUENCE).unwrap();
    assert_eq!(sequence.raw, bytes);
    let mut reader = sequence.reader();
    assert_eq!(reader.expect(Tag::INTEGER).unwrap().unsigned().unwrap(), 5);
    let tagged = reader.next().unwrap();
    assert_eq!((tagged.tag, tagged.content), (Tag::context(701), [0].as_slice()));
    assert!(reader.is_empty() && reader.peek().is_none());
}

#[test]
fn what_is_no_der_is_refused() {
    for (bytes, message) in [
        (&[][..], "byte 0: expected 1 bytes, found 0"),
        (&[0x30], "byte 1: expected 1 bytes, found 0"),
        (&[0x30, 0x01], "expected 1 bytes, found 0"),
        (&[0x30, 0x80, 0, 0], "expected a definite length"),
        (&[0x30, 0x85, 0, 0, 0, 0, 1, 0], "expected a definite length of at most four"),
        (&[0x30, 0x81, 0x7f], "a length of 127 in 1 octets: expected the shortest form"),
        (&[0x30, 0x82, 0x00, 0x80], "a length of 128 in 2 octets: expected the shortest form"),
        (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], "expected 4294967295 bytes, found 0"),
        (&[0x30, 0x00, 0x00], "1 bytes more: expected the end"),
        (&[0x1f, 0x1e, 0x00], "a long tag: expected the short form"),
        (&[0x1f, 0x80, 0x1f, 0x00], "without leading zeros"),
        (&[0x1f, 0xff, 0xff, 0x7f, 0x00], "expected a tag number of at most 16383"),
    ] {
        let error = single(bytes).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(message), "{bytes:02x?}: {error}");
    }
}

#[test]
fn values_in_another_form_are_refused() {
    let value = |bytes: &'static [u8]| single(bytes).unwrap();
    assert!(value(&[1, 1, 0xff]).boolean().unwrap());
    for bytes in [&[1, 1, 1][..], &[1, 0], &[1, 2, 0, 0]] {
        assert!(value(bytes).boolean().is_err(), "{bytes:02x?}");
    }
    assert_eq!(value(&[2, 2, 0, 0x80]).unsigned().unwrap(), 128);
    assert_eq!(value(&[2, 1, 0]).magnitude().unwrap(), [0]);
    assert_eq!(value(&[2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]).unsigned().unwrap(), u64::MAX);
    for bytes in
        [&[2, 0][..], &[2, 2, 0, 1], &[2, 2, 0xff, 0x80], &[2, 1, 0x80], &[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]]
    {
        assert!(value(bytes).unsigned().is_err(), "{bytes:02x?}");
    }
    assert_eq!(value(&[3, 2, 0, 9]).octets_of_bits().unwrap(), [9]);
    assert!(value(&[3, 2, 1, 8]).octets_of_bits().is_err());
    assert_eq!(value(&[3, 2, 2, 4]).flags().unwrap(), 0x0400);
    assert_eq!(value(&[3, 1, 0]).flags().unwrap(), 0);
    for bytes in [&[3, 0][..], &[3, 1, 1], &[3, 2, 3, 4], &[3, 2, 8, 0], &[3, 4, 0, 1, 1, 1]] {
        assert!(value(bytes).flags().is_err(), "{bytes:02x?}");
    }
    assert!(value(&[5, 0]).null().is_ok() && value(&[5, 1, 0]).null().is_err());
}

#[test]
fn times_are_seconds_since_1970() {
    let time = |tag: u8, text: &str| {
        let bytes = [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        Reader::new(WHAT, &bytes).time()
    };
    assert_eq!(time(23, "700101000000Z").unwrap(), 0);
    assert_eq!(time(23, "491231235959Z").unwrap(), 2_524_607_999);
    assert_eq!(time(23, "500101000000Z").unwrap(), -631_152_000);
    assert_eq!(time(24, "20240229120000Z").unwrap(), 1_709_208_000);
    assert_eq!(time(24, "21060207062815Z").unwrap(), 4_294_967_295);
    for (tag, text) in [
        (23, "20240229120000Z"),
        (24, "20230229120000Z"),
        (24, "19000229120000Z"),
        (24, "20241301000000Z"),
        (24, "20240001000000Z"),
        (24, "20240431000000Z"),
        (24, "20240101240000Z"),
        (24, "20240101006000Z"),
        (24, "20240101000060Z"),
        (24, "2024010100000 Z"),
        (24, "20240101000000+"),
        (24, "20240101000000.5Z"),
        (19, "700101000000Z"),
    ] {
        assert!(time(tag, text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut reader = Reader::new(WHAT, &bytes);
        while let Ok(element) = reader.next() {
            let _ = (element.unsigned(), element.boolean(), element.flags(), element.octets_of_bits(), element.null());
            let _ = (element.reader().time(), element.reader().next().map(|inner| inner.raw.len()));
        }
    }

    /// One encoding a value: what was read is what a DER writer would write.
    #[test]
    fn a_number_has_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 1..9)) {
        let encoded = [&[2, u8::try_from(bytes.len()).unwrap()], &bytes[..]].concat();
        if let Ok(value) = single(&encoded).unwrap().unsigned() {
            let mut shortest = value.to_be_bytes().to_vec();
            while shortest.len() > 1 && shortest[0] == 0 && shortest[1] < 0x80 {
                shortest.remove(0);
            }
            prop_assert_eq!(shortest, bytes);
        }
    }
}
