use super::*;
use crate::ota::payload_properties;
use crate::signature::Ring;
use proptest::prelude::*;
use trust_forge::package::certificate;
use trust_forge::payload::{Payload, header, signatures};
use trust_forge::protobuf::{bytes, fixed32, varint};
use trust_forge::{Hash, Key};

fn key() -> Key {
    Key::p256("payload")
}

fn keyring(keys: &[Key]) -> Keyring {
    let mut keyring = Keyring::default();
    keys.iter().for_each(|key| keyring.add_der(certificate(key, Hash::Sha256)).unwrap());
    keyring
}

fn checked(payload: &[u8]) -> Result<SignedPayload, Refusal> {
    verify(payload.to_vec(), &keyring(&[key()]), &Ring)
}

#[test]
fn a_payload_verifies_with_the_key_that_signed_it() {
    for key in [key(), Key::p384("payload"), Key::rsa("payload", 2048), Key::rsa("payload", 4096)] {
        let own = sha256(&certificate(&key, Hash::Sha256));
        let payload = Payload::full().signed(&[Key::p256("older"), key.clone()]);
        let found = verify(payload.clone(), &keyring(&[Key::p256("another"), key]), &Ring).unwrap();
        assert_eq!((found.signer(), found.metadata_signer()), (own, own));
        assert_eq!(found.properties(), &properties(&payload).unwrap());
        assert_eq!(found.properties().file_hash, sha256(&payload));
        let manifest = &found.metadata().manifest;
        assert!(manifest.is_full() && !manifest.is_partial);
        assert_eq!((manifest.max_timestamp, manifest.block_size), (Some(1_791_187_200), 4096));
        assert_eq!(manifest.security_patch_level.as_deref(), Some("2026-10-05"));
        let names: Vec<&str> = manifest.partitions.iter().map(|partition| &*partition.name).collect();
        assert_eq!(names, ["system", "vendor_boot"]);
        let new = PartitionInfo { size: 16_384, hash: sha256(b"system") };
        let system = &manifest.partitions[0];
        assert_eq!(
            (system.old, system.new, system.version.as_deref()),
            (None, Some(new), Some("1791187200"))
        );
        let refusal = verify(payload, &keyring(&[Key::p256("another")]), &Ring).unwrap_err();
        assert_eq!(refusal, Refusal::Signature(METADATA));
    }
    let payload = Payload::full().signed(&[Key::rsa("payload", 3072)]);
    let found = verify(payload, &keyring(&[Key::rsa("payload", 3072)]), &Ring);
    assert_eq!(found, Err(Refusal::Signature(METADATA)));
}

/// A payload with a manifest of one's own, both of whose signatures are good.
fn with_manifest(manifest: &[u8]) -> Vec<u8> {
    let payload = Payload { manifest: manifest.to_vec(), blobs: b"blobs".to_vec() };
    payload.signed(&[key()])
}

/// The metadata signature, then the payload's, from messages of one's own.
fn with_signatures(message: &[u8]) -> Vec<u8> {
    let manifest = [varint(4, 0), varint(5, message.len() as u64)].concat();
    [&header(manifest.len(), message.len())[..], &manifest, message, message].concat()
}

#[test]
fn what_is_no_signed_payload_is_refused_with_its_rule() {
    let full = Payload::full();
    let whole = full.signed(&[key()]);
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let (size, blob) = (whole.len(), whole.len() - signatures(&[key()], b"").len() - 1);
    let partition = |fields: &[Vec<u8>]| with_manifest(&bytes(13, fields.concat()));
    let twice = bytes(13, bytes(1, "system")).repeat(2);
    let data = key().sign(Hash::Sha256, b"another message");
    let overlong = [bytes(2, &data), fixed32(3, 200)].concat();
    let padded = [bytes(2, [&data[..], &[1]].concat()), fixed32(3, data.len() as u32)].concat();
    for (payload, rule, text) in [
        (vec![], "format", "0 bytes: expected a header of 24"),
        (whole[..23].to_vec(), "format", "23 bytes: expected a header of 24"),
        (with(0, b"X"), "format", "byte 0: \"XrAU\": expected CrAU"),
        (with(11, &[1]), "format", "version 1: expected 2"),
        (with(12, &[1]), "format", "expected at most 67108864 bytes of manifest"),
        (with(20, &[1]), "format", "expected at most 65536 bytes of metadata signature"),
        (with(19, &[whole[19] - 1]), "format", "update manifest"),
        (full.unsigned(), "unsigned", "update payload: no signature: expected one"),
        (with(blob, b"X"), "signature", "update payload: not signed by"),
        (with(30, &[1]), "format", "update manifest"),
        (whole[..size - 1].to_vec(), "format", "expected it to end there"),
        ([&whole[..], b"x"].concat(), "format", "expected it to end there"),
        (with_manifest(&[varint(4, 0)].concat()), "format", "field 4 again: expected it once"),
        (with_manifest(&bytes(3, "x")), "format", "field 3: expected another wire type"),
        (with_manifest(&varint(16, 2)), "format", "field 16: 2: expected 0 or 1"),
        (with_manifest(&bytes(18, "2026\n")), "format", "expected at most 32 bytes of printable ASCII"),
        (with_manifest(&twice), "format", "partition system again"),
        (with_manifest(&bytes(13, b"")), "format", "a partition without a name"),
        (partition(&[bytes(1, "../boot")]), "format", "a partition without a name: expected letters"),
        (partition(&[bytes(1, "a".repeat(37))]), "format", "expected at most 36 bytes"),
        (partition(&[bytes(1, "boot"), bytes(7, varint(1, 1))]), "format", "size without its hash"),
        (partition(&[bytes(1, "boot"), bytes(7, bytes(2, "x"))]), "format", "a hash of 1 bytes: expected 32"),
        (with_signatures(&varint(2, 1)), "unsigned", "update payload's metadata: no signature"),
        (with_signatures(&bytes(1, fixed32(3, 0))), "format", "a signature without data"),
        (with_signatures(&bytes(1, &overlong)), "format", "a signature of 200 bytes in"),
        (with_signatures(&bytes(1, &padded)), "format", "1 bytes of padding: expected zeros"),
        (
            with_signatures(&bytes(1, bytes(2, &data))),
            "signature",
            "update payload's metadata: not signed by",
        ),
        (with_signatures(&bytes(1, bytes(2, &data)).repeat(17)), "format", "at most 16 signatures"),
    ] {
        let refusal = checked(&payload).unwrap_err();
        assert_eq!(refusal.rule(), rule, "{refusal}");
        assert!(refusal.to_string().contains(text), "{refusal} | {text}");
    }
    let alone = [header(2, 0), varint(5, 1)].concat();
    assert!(Metadata::read(&alone).unwrap_err().to_string().contains("signatures without an offset"));
}

#[test]
fn no_truncation_and_no_flipped_bit_verifies_but_of_what_nothing_signs() {
    let whole = Payload::full().signed(&[key()]);
    let signed = checked(&whole).unwrap();
    for end in 0..whole.len() {
        assert!(checked(&whole[..end]).is_err(), "{end}");
    }
    let header = signed.metadata().header;
    let [start, end] = [header.metadata_size(), header.head_size()].map(|at| usize::try_from(at).unwrap());
    let payload_signature = whole.len() - (end - start);
    let mut free = 0;
    for bit in 0..8 * whole.len() {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(found) = checked(&bytes) else { continue };
        free += 1;
        let at = bit / 8;
        // Free: in a message of signatures, what no field is known of. The hash of the whole file differs.
        assert!((start..end).contains(&at) || at >= payload_signature, "{at}");
        assert_eq!((found.metadata(), found.signer()), (signed.metadata(), signed.signer()));
        assert_ne!(found.properties().file_hash, signed.properties().file_hash);
    }
    assert!(free < 32, "{free}");
}

#[test]
fn properties_read_as_they_are_written() {
    let found = properties(&Payload::full().unsigned()).unwrap();
    let [file, metadata] =
        [found.file_hash, found.metadata_hash].map(|hash| data_encoding::BASE64.encode(&hash));
    let text = format!(
        "FILE_HASH={file}\nFILE_SIZE={}\nMETADATA_HASH={metadata}\nMETADATA_SIZE={}\nPOWERWASH=1\n",
        found.file_size, found.metadata_size
    );
    let read = payload_properties::parse(text.as_bytes()).unwrap();
    assert_eq!((read.properties, read.others), (found, vec![("POWERWASH".into(), "1".into())]));
    for (from, to, message) in [
        ("FILE_HASH=", "FILE_HASH=A", "line 1: \"A"),
        ("FILE_SIZE=", "FILE_SIZE=0", "line 2: \"0"),
        ("FILE_SIZE=", "FILE_SIZE=+", "line 2: \"+"),
        ("METADATA_SIZE", "FILE_SIZE", "line 4: \"FILE_SIZE\": expected a key once"),
        ("POWERWASH=1", "POWERWASH", "line 5: \"POWERWASH\": expected KEY=value"),
        ("POWERWASH=1", "power=1", "expected KEY=value"),
        ("POWERWASH=1", "A=1\nA=1", "line 6: \"A\": expected a key once"),
        ("METADATA_HASH", "METADATA_HUSH", "no METADATA_HASH: expected one"),
        ("POWERWASH=1", "A=é", "expected lines of printable ASCII"),
        ("POWERWASH=1", "A=\u{1b}[2J", "expected lines of printable ASCII"),
    ] {
        let error = payload_properties::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
    for end in 0..text.len() {
        let _ = payload_properties::parse(&text.as_bytes()[..end]);
    }
    assert!(
        payload_properties::parse(&[b'a'; payload_properties::MAX_BYTES + 1]).unwrap_err().is_too_large()
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(manifest in proptest::collection::vec(any::<u8>(), 0..200), size in 0usize..100) {
        let payload = [header(manifest.len().saturating_sub(size), size), manifest.clone()].concat();
        for bytes in [payload, manifest] {
            let _ = Metadata::read(&bytes);
            prop_assert!(checked(&bytes).is_err());
            let _ = payload_properties::parse(&bytes);
        }
    }
}
