//! Images with one bit or their end gone, and any bytes at all.

use super::*;
use proptest::prelude::*;

/// Signed over: all of header and auxiliary block. Beside them hash and signature; what is left of the
/// authentication block is padding, which no signature covers (the vbmeta digest does).
#[test]
fn no_bit_of_a_signed_image_can_change_but_those_of_the_padding() {
    let good = signed();
    let padding = vbmeta::HEADER + 32 + 256..vbmeta::HEADER + 320;
    assert!(good[padding.clone()].iter().all(|byte| *byte == 0) && !padding.is_empty());
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            let Ok(image) = Vbmeta::parse(&bytes) else { continue };
            match image.verify(&Ring) {
                Err(refusal) => {
                    assert!(!padding.contains(&at), "{at} {bit} {refusal}");
                    let expected = [Refusal::WrongHash, Refusal::WrongSignature, Refusal::Unsigned];
                    assert!(expected.contains(&refusal), "{at} {bit} {refusal}");
                }
                Ok(_) => {
                    assert!(padding.contains(&at), "{at} {bit}");
                    assert_eq!(image.descriptors(), Vbmeta::parse(&good).unwrap().descriptors());
                    assert_ne!(image.bytes(), good);
                }
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let good = signed();
    for length in 0..good.len() {
        assert!(Vbmeta::parse(&good[..length]).is_err(), "{length}");
    }
    let unsigned = vbmeta::Vbmeta::new(descriptors()).unsigned();
    for length in 0..unsigned.len() {
        assert!(Vbmeta::parse(&unsigned[..length]).is_err(), "{length}");
    }
}

/// Offset and size of the vbmeta and the original size are the builder's to choose; whatever they say, the place
/// lies inside.
#[test]
fn a_flipped_footer_leads_nowhere_outside() {
    let size = 65_536;
    let footer = vbmeta::footer(5000, 8192, 4096);
    let good = Place::find("boot", size, &footer).unwrap();
    for at in 0..footer.len() {
        for bit in 0..8 {
            let mut bytes = footer.clone();
            bytes[at] ^= 1 << bit;
            match Place::find("boot", size, &bytes) {
                // Without the magic there is no footer.
                Ok(place) if at < 4 => assert_eq!((place.footer, place.offset), (None, 0)),
                Ok(place) => {
                    assert!((8..36).contains(&at), "{at} {bit}");
                    assert_ne!(place.footer, good.footer, "{at} {bit}");
                    assert!(place.offset + place.size as u64 <= size - FOOTER_SIZE as u64, "{at} {bit}");
                }
                Err(_) => assert!(at >= 4, "{at} {bit}"),
            }
        }
    }
    for length in 0..footer.len() {
        assert_eq!(Place::find("boot", size, &footer[..length]).unwrap().footer, None, "{length}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Vbmeta::parse(&bytes);
        let _ = Vbmeta::parse(&[&b"AVB0\0\0\0\x01\0\0\0\0"[..], &bytes].concat());
        let _ = Place::of("boot", &[&bytes[..], &vbmeta::footer(0, 0, 0)].concat());
        let _ = Key::parse(&bytes);
    }

    #[test]
    fn what_the_forge_writes_reads_back(
        properties in proptest::collection::vec(("[ -~é]{0,20}", proptest::collection::vec(any::<u8>(), 0..40)), 0..8),
        rollback_index in any::<u64>(),
        flags in any::<u32>(),
    ) {
        let written = properties.iter().map(|(key, value)| vbmeta::property(key, value));
        let bytes = vbmeta::Vbmeta { rollback_index, flags, ..vbmeta::Vbmeta::new(written) }.unsigned();
        let image = Vbmeta::parse(&bytes).unwrap();
        prop_assert_eq!(image.header().rollback_index, rollback_index);
        prop_assert_eq!(image.header().flags, Flags(flags));
        let read: Vec<_> = image.descriptors().to_vec();
        let expected: Vec<_> =
            properties.iter().map(|(key, value)| Descriptor::Property { key, value }).collect();
        prop_assert_eq!(read, expected);
    }
}
