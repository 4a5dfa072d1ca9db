//! What must be refused, one fault a row.

use super::*;

/// An unsigned image with a change to its bytes. The auxiliary block begins at byte 256.
fn changed(descriptors: Vec<Vec<u8>>, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = vbmeta::Vbmeta::new(descriptors).unsigned();
    change(&mut bytes);
    bytes
}

/// Sets the bytes at a place.
fn put(at: usize, value: &[u8]) -> impl FnOnce(&mut Vec<u8>) {
    move |bytes| bytes[at..at + value.len()].copy_from_slice(value)
}

fn number(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

#[test]
fn a_wrong_header_is_refused() {
    let plain = |change: (usize, &[u8])| changed(descriptors(), put(change.0, change.1));
    let signed = |change: (usize, &[u8])| {
        let mut bytes = signed();
        put(change.0, change.1)(&mut bytes);
        bytes
    };
    for (bytes, message) in [
        (vec![], "vbmeta: no bytes: expected an image, which begins with AVB0"),
        (b"ANDROID!".to_vec(), "vbmeta, byte 0: \"ANDR\": expected AVB0"),
        (b"\x3a\xff\x26\xed1234".to_vec(), "vbmeta: an Android sparse image: expected a raw one"),
        (b"AVB0\0\0".to_vec(), "vbmeta, byte 4: 2 bytes left: expected 4"),
        (plain((4, &[0, 0, 0, 2])), "byte 4: libavb 2.0: expected 1.0 to 1.3"),
        (plain((4, &[0, 0, 0, 0])), "libavb 0.0: expected"),
        (plain((8, &[0, 0, 0, 4])), "libavb 1.4: expected"),
        (plain((19, &[32])), "byte 12: authentication block of 32 bytes: expected a multiple of 64"),
        (plain((27, &[65])), "byte 20: auxiliary block of"),
        (plain((12, &[0xff])), "expected at most 65536 bytes in all blocks"),
        (plain((12, &[0xff; 7])), "expected at most 65536 bytes in all blocks"),
        (plain((18, &[1])), "all blocks of"),
        (plain((31, &[7])), "byte 28: algorithm 7: expected 0 to 6"),
        (plain((47, &[32])), "hash of 32 bytes: expected 0 for NONE"),
        (plain((63, &[1])), "signature of 1 bytes: expected 0 for NONE"),
        (plain((79, &[1])), "public key of 1 bytes: expected 0 for NONE"),
        (plain((39, &[1])), "hash of 0 bytes at 1: expected it in its block of 0 bytes"),
        (plain((55, &[1])), "signature of 0 bytes at 1: expected it in its block of 0 bytes"),
        (plain((64, &[1])), "public key of 0 bytes at"),
        (plain((95, &[255])), "public key metadata of 255 bytes"),
        (plain((88, &[0xff; 8])), "public key metadata of 18446744073709551615 bytes"),
        (plain((103, &[8])), "descriptors of"),
        (plain((103, &[4])), "descriptors at 4: expected a multiple of 8"),
        (plain((104, &[1])), "descriptors of"),
        (plain((128, &[b'x'; 48])), "byte 128: release string"),
        (plain((128, &[0xff])), "byte 128: release string"),
        (plain((128, b"\x07")), "expected no control character"),
        (plain((174, &[1])), "byte 174: release string: expected zeros"),
        (plain((176, &[1])), "byte 176: reserved bytes: expected zeros"),
        (plain((255, &[1])), "byte 255: reserved bytes: expected zeros"),
        (signed((31, &[4])), "hash of 32 bytes: expected 64 for SHA512_RSA2048"),
        (signed((31, &[2])), "signature of 256 bytes: expected 512 for SHA256_RSA4096"),
        (signed((79, &[9])), "public key of 521 bytes: expected 520 for SHA256_RSA2048"),
        (signed((31, &[0])), "hash of 32 bytes: expected 0 for NONE"),
        (signed((38, &[2])), "hash of 32 bytes at 512: expected it in its block of 320 bytes"),
        (signed((32, &[0xff; 8])), "hash of 32 bytes at 18446744073709551615"),
        (signed((55, &[96])), "signature of 256 bytes at 96"),
    ] {
        let error = Vbmeta::parse(&bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
}

#[test]
fn a_wrong_descriptor_is_refused() {
    let many = vec![vbmeta::descriptor(9, b""); MAX_DESCRIPTORS + 1];
    let long = "x".repeat(MAX_PARTITION_NAME + 1);
    let one = |descriptor: Vec<u8>, at: usize, value: &[u8]| changed(vec![descriptor], put(256 + at, value));
    let property = || vbmeta::property("a", b"b");
    let hash = |digest: &[u8]| vbmeta::hash("boot", 1, b"", digest);
    let chain = || vbmeta::chain("boot", 1, b"12345678");
    for (bytes, message) in [
        (changed(many, |_| {}), "expected at most 1024 descriptors"),
        (one(property(), 15, &[17]), "byte 256: a descriptor of 17 bytes: expected a multiple of 8"),
        (one(property(), 15, &[240]), "byte 272: 24 bytes left: expected 240"),
        (one(property(), 8, &[0xf8]), "left: expected 17870283321406128152"),
        (changed(vec![vec![0; 8]], |_| {}), "byte 264: 0 bytes left: expected 8"),
        (changed(vec![vbmeta::descriptor(0, b"")], |_| {}), "byte 272: 0 bytes left: expected 8"),
        (one(property(), 23, &[99]), "8 bytes left: expected 99"),
        (one(property(), 16, &[0xff; 8]), "expected 18446744073709551615"),
        (one(property(), 31, &[99]), "left: expected 99"),
        (one(property(), 32, &[0xff]), "property key \"\\u{fffd}\": expected UTF-8"),
        (one(property(), 32, b"\n"), "property key \"\\u{a}\": expected no control character"),
        (one(property(), 33, b"x"), "byte 289: the end of a property's key: expected zeros"),
        (one(property(), 35, b"x"), "byte 291: the end of a property's value: expected zeros"),
        (one(property(), 36, b"x"), "byte 292: padding of a descriptor: expected zeros"),
        (
            changed(vec![vbmeta::descriptor(3, &[0; 16])], |_| {}),
            "8 bytes more: expected the descriptor's end",
        ),
        (one(hash(b""), 24, &[b'x'; 32]), "hash algorithm \"xxx"),
        (one(hash(b""), 31, b"x"), "hash algorithm: expected zeros"),
        (one(hash(b""), 72, &[1]), "reserved bytes of a descriptor: expected zeros"),
        (one(hash(b""), 131, &[1]), "byte 387: reserved bytes of a descriptor: expected zeros"),
        (one(hash(b""), 132, &[0xff]), "partition name"),
        (one(hash(b""), 59, &[9]), "left: expected 9"),
        (one(hash(b""), 63, &[9]), "left: expected 9"),
        (one(hash(b""), 67, &[32]), "left: expected 32"),
        (one(hash(&[0; 31]), 0, b""), "digest of 31 bytes: expected that of sha256, or none"),
        (changed(vec![vbmeta::hash(&long, 1, b"", b"")], |_| {}), "expected at most 31 bytes in the name"),
        (changed(vec![vbmeta::chain(&long, 1, b"")], |_| {}), "expected at most 31 bytes in the name"),
        (changed(vec![vbmeta::hashtree("a\u{1b}", 1, b"", b"")], |_| {}), "expected no control character"),
        (changed(vec![vbmeta::chain("", 1, b"")], |_| {}), "a chained partition without a name"),
        (one(chain(), 19, &[0]), "byte 272: rollback index location 0: expected another"),
        (one(chain(), 32, &[1]), "byte 288: reserved bytes of a descriptor: expected zeros"),
        (one(chain(), 27, &[99]), "left: expected 99"),
        (changed(vec![vbmeta::kernel_cmdline(0, "a\0b")], |_| {}), "expected no control character"),
        (one(vbmeta::kernel_cmdline(0, "ab"), 23, &[9]), "left: expected 9"),
        (one(vbmeta::kernel_cmdline(0, "ab"), 24, &[0xc3]), "kernel command line"),
    ] {
        let error = Vbmeta::parse(&bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
}

#[test]
fn a_wrong_footer_is_refused() {
    let footer = || vbmeta::footer(100, 4096, 512);
    let changed = |at: usize, value: &[u8]| {
        let mut bytes = footer();
        put(at, value)(&mut bytes);
        bytes
    };
    for (bytes, message) in [
        (changed(7, &[2]), "vbmeta footer, byte 4: version 2.0: expected 1"),
        (changed(7, &[0]), "version 0.0: expected 1"),
        (changed(36, &[1]), "vbmeta footer, byte 36: reserved bytes: expected zeros"),
        (changed(63, &[1]), "byte 63: reserved bytes"),
        (changed(33, &[2]), "expected at most 65536 bytes of vbmeta"),
        (changed(28, &[0xff; 8]), "expected at most 65536 bytes of vbmeta"),
        (
            changed(20, &number(8192 - 64 - 511)),
            "vbmeta of 512 bytes at 7617: expected it to end before the footer at 8128",
        ),
        (changed(20, &[0xff; 8]), "vbmeta of 512 bytes at 18446744073709551615"),
        (changed(12, &number(4097)), "an image of 4097 bytes: expected it to end before the vbmeta at 4096"),
    ] {
        let error = Place::find("boot", 8192, &bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
    assert!(Place::find("boot", 63, &footer()).is_err());
    assert_eq!(Place::find("boot", 8192, &footer()).unwrap().size, 512);
}

/// Each fault bears a good signature over itself, except where the signature is the fault.
#[test]
fn a_wrong_signature_or_key_is_refused_by_its_rule() {
    let key_at = descriptors().concat().len();
    let bad = |change: &dyn Fn(&mut [u8])| {
        vbmeta::Vbmeta::new(descriptors())
            .signed_after(&signer(), ForgeHash::Sha256, |_, auxiliary| change(&mut auxiliary[key_at..]))
    };
    let mut other_key = vbmeta::Vbmeta::new(descriptors()).signed(&signer(), ForgeHash::Sha256);
    let stranger = ForgeKey::rsa("stranger", 2048);
    let message = {
        let image = Vbmeta::parse(&other_key).unwrap();
        [&image.bytes[..256], image.auxiliary].concat()
    };
    put(256 + 32, &stranger.sign(ForgeHash::Sha256, &message))(&mut other_key);
    let mut wrong_hash = vbmeta::Vbmeta::new(descriptors()).signed(&signer(), ForgeHash::Sha256);
    wrong_hash[256] ^= 1;
    for (bytes, message) in [
        (vbmeta::Vbmeta::new(descriptors()).unsigned(), "unsigned (algorithm NONE): expected a signature"),
        (wrong_hash, "wrong hash: expected that of header and auxiliary block"),
        (other_key, "wrong signature: expected that of its own key over header and auxiliary block"),
        (
            bad(&|key| key[..4].copy_from_slice(&1024u32.to_be_bytes())),
            "unusable key: AVB public key: 1024 bits: expected 2048, 4096 or 8192",
        ),
        (bad(&|key| key[..4].copy_from_slice(&4096u32.to_be_bytes())), "unusable key: AVB public key, byte"),
        (bad(&|key| key[7] ^= 1), "unusable key: AVB public key: n0inv: expected -1/n mod 2^32"),
        (bad(&|key| key[8 + 256 + 255] ^= 1), "unusable key: AVB public key: rr: expected 2^(2 bits) mod n"),
        (bad(&|key| key[8 + 256] ^= 0x80), "rr: expected 2^(2 bits) mod n"),
        (bad(&|key| key[8] ^= 0x80), "n: expected an odd number of all its bits"),
        (bad(&|key| key[8 + 255] ^= 1), "n: expected an odd number of all its bits"),
        (bad(&|key| key[8 + 100] ^= 1), "rr: expected 2^(2 bits) mod n"),
    ] {
        let image = Vbmeta::parse(&bytes).unwrap();
        let refusal = image.verify(&Ring).unwrap_err().to_string();
        assert!(refusal.contains(message), "{refusal} | {message}");
    }
}

#[test]
fn a_verifier_that_lacks_the_algorithm_is_no_good_signature() {
    struct Unable;
    impl SignatureVerifier for Unable {
        fn verify(&self, _: PublicKey<'_>, _: Hash, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
            Err(BadSignature::Unsupported)
        }
    }
    let bytes = signed();
    let refusal = Vbmeta::parse(&bytes).unwrap().verify(&Unable).unwrap_err();
    let expected = "SHA256_RSA2048: expected an algorithm that signatures can be checked with here";
    assert_eq!(refusal.to_string(), expected);
}

#[test]
fn every_key_size_has_its_own_parts() {
    for bits in [2048, 4096, 8192] {
        let bytes = vbmeta::public_key(&ForgeKey::rsa("vbmeta", bits));
        assert_eq!(u64::from(Key::parse(&bytes).unwrap().bits), bits);
        let longer = [&bytes[..], &[0]].concat();
        let error = Key::parse(&longer).unwrap_err();
        assert!(error.to_string().ends_with("1 bytes more: expected the end"), "{error}");
        assert_eq!(Key::parse(&bytes[..bytes.len() - 1]).unwrap_err().kind(), ErrorKind::Malformed);
    }
    assert_eq!(Key::parse(&512u32.to_be_bytes()).unwrap_err().kind(), ErrorKind::Unsupported);
}
