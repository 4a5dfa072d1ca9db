use super::*;
use proptest::prelude::*;

fn issued(bytes: &[u8]) -> Result<Option<u64>, FormatError> {
    ProvisioningInfo::parse(bytes).map(|info| info.certificates_issued)
}

/// The forms that real certificates have: a map of 1; of 1 and 3; of 1, 2 and 3.
#[test]
fn the_count_is_read_and_other_keys_are_skipped() {
    for (bytes, count) in [
        (&b"\xa1\x01\x08"[..], Some(8)),
        (b"\xa2\x01\x18\x20\x03\x66Google", Some(32)),
        (b"\xa3\x01\x18\x40\x02\xf5\x03\x66Google", Some(64)),
        (b"\xa1\x01\x1b\xff\xff\xff\xff\xff\xff\xff\xff", Some(u64::MAX)),
        (b"\xa0", None),
        (b"\xa1\x02\x01", None),
        // Every kind of item: array, map, bytes, tag, negative, null, simple, half, single and double.
        (b"\xa2\x01\x00\x04\x89\x80\xa1\x20\x41\x00\xc1\x00\x38\x18\xf6\xf8\x20\xf9\x3c\x00\xfa\x00\x00\x00\x00\xfb\x00\x00\x00\x00\x00\x00\x00\x00", Some(0)),
        (b"\xa2\x01\x05\x61a\x01", Some(5)),
    ] {
        assert_eq!(issued(bytes).unwrap(), count, "{bytes:02x?}");
    }
}

#[test]
fn what_is_not_deterministic_cbor_is_refused() {
    let deep = [&b"\xa1\x02"[..], &[0x81; 9], b"\x00"].concat();
    for (bytes, message) in [
        (&b""[..], "byte 0: expected 1 bytes, found 0"),
        (b"\x81\x01", "byte 0: major type 4: expected a map"),
        (b"\xa1\x01", "byte 2: expected 1 bytes, found 0"),
        (b"\xa1\x01\x08\x00", "byte 3: 1 bytes more: expected the end"),
        (b"\xbf\x01\x08\xff", "expected a definite length of at most 64 bits"),
        (b"\xa1\x01\x1f", "expected a definite length"),
        (b"\xa1\x01\x1c", "expected a definite length"),
        (b"\xa1\x01\x18\x08", "8 in 1 octets: expected the shortest form"),
        (b"\xa1\x01\x19\x00\xff", "255 in 2 octets: expected the shortest form"),
        (b"\xa1\x01\x1a\x00\x00\xff\xff", "65535 in 4 octets: expected the shortest form"),
        (b"\xa1\x01\x1b\x00\x00\x00\x00\xff\xff\xff\xff", "in 8 octets: expected the shortest form"),
        (b"\xb8\x01\x01\x08", "1 in 1 octets: expected the shortest form"),
        (b"\xa1\x18\x01\x08", "1 in 1 octets: expected the shortest form"),
        (b"\xa1\x02\xf8\x1f", "31 in 1 octets: expected the shortest form"),
        (b"\xa2\x01\x08\x01\x09", "byte 3: a key of a map: expected ascending keys"),
        (b"\xa2\x02\x08\x01\x09", "a key of a map: expected ascending keys, each once"),
        (b"\xa1\x02\xa2\x01\x00\x01\x00", "a key of a map: expected ascending keys"),
        (b"\xa1\x01\x20", "byte 2: the certificates issued: expected an unsigned integer"),
        (b"\xa1\x01\xf5", "byte 2: the certificates issued: expected an unsigned integer"),
        (b"\xa1\x03\x61\xff", "a text: expected UTF-8"),
        (b"\xa1\x03\x66Goog", "expected 6 bytes, found 4"),
        (b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", "expected 1 bytes, found 0"),
        (b"\xa1\x02\x9b\xff\xff\xff\xff\xff\xff\xff\xff", "expected 1 bytes, found 0"),
        (b"\xa1\x02\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "expected 18446744073709551615 bytes, found 0"),
        (&deep, "expected at most 8 items in each other"),
        (&[0; MAX_SIZE + 1], "expected at most 1024 bytes"),
    ] {
        let error = issued(bytes).unwrap_err().to_string();
        assert!(
            error.starts_with("provisioning information") && error.contains(message),
            "{bytes:02x?}: {error}"
        );
    }
}

/// Nothing in the value authenticates it: a flip of the count's bits is another count, one of the text or of the
/// boolean is skipped with it. Otherwise it is refused, or the key 1 or the map's size changed and no count is
/// left.
#[test]
fn a_part_is_refused_and_a_changed_bit_moves_the_count_alone() {
    let bytes = b"\xa3\x01\x18\x40\x02\xf5\x03\x66Google";
    for end in 0..bytes.len() {
        assert!(issued(&bytes[..end]).is_err(), "{end}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut changed = *bytes;
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(count) = issued(&changed) {
            match bit / 8 {
                1 => assert_eq!(count, None, "{bit}"),
                3 => assert_eq!(count, Some(u64::from(changed[3])), "{bit}"),
                _ => assert_eq!(count, Some(64), "{bit}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = issued(&bytes);
    }
}
