use super::*;
use crate::digest::sha256;
use crate::signature::Ring;
use proptest::prelude::*;
use trust_forge::package::{Block as Forged, attach, certificate, message, sign, zip};
use trust_forge::{Hash as ForgeHash, Key, der};

fn archive() -> Vec<u8> {
    zip(&[("META-INF/com/android/metadata", b"ota-type=AB\n"), ("payload.bin", b"CrAU")])
}

fn keyring(certificates: &[Vec<u8>]) -> Keyring {
    let mut keyring = Keyring::default();
    certificates.iter().for_each(|der| keyring.add_der(der.clone()).unwrap());
    keyring
}

fn key() -> Key {
    Key::p256("package")
}

fn trusting(key: &Key, hash: ForgeHash) -> Keyring {
    keyring(&[certificate(key, hash)])
}

fn checked(package: &[u8]) -> Result<SignedPackage, Refusal> {
    verify(package, &trusting(&key(), ForgeHash::Sha256), Policy::Strict, &Ring)
}

/// A package with a signature block of another making.
fn blocked(change: impl FnOnce(&mut Forged)) -> Vec<u8> {
    let archive = archive();
    let mut block = Forged::new(&key(), ForgeHash::Sha256, message(&archive));
    change(&mut block);
    attach(&archive, b"", &block.der())
}

#[test]
fn a_package_verifies_with_the_key_that_signed_it() {
    let other = certificate(&Key::p256("another"), ForgeHash::Sha256);
    for key in [
        key(),
        Key::rsa("package", 2048),
        Key::rsa("package", 4096),
        Key::rsa_with_exponent("package", 2048, 3),
    ] {
        let own = certificate(&key, ForgeHash::Sha256);
        let package = sign(&archive(), &key, ForgeHash::Sha256);
        let found = verify(&package, &keyring(&[other.clone(), own.clone()]), Policy::Strict, &Ring).unwrap();
        assert_eq!((found.signer(), found.hash()), (sha256(&own), Hash::Sha256));
        let refusal =
            verify(&package, &keyring(std::slice::from_ref(&other)), Policy::Strict, &Ring).unwrap_err();
        assert_eq!(refusal, Refusal::Signature(WHAT));
    }
}

#[test]
fn sha_1_is_accepted_where_it_is_asked_for_and_nowhere_else() {
    let key = Key::rsa("package", 2048);
    let package = sign(&archive(), &key, ForgeHash::Sha1);
    let sha1 = trusting(&key, ForgeHash::Sha1);
    assert_eq!(verify(&package, &sha1, Policy::Strict, &Ring), Err(Refusal::Sha1));
    assert_eq!(verify(&package, &sha1, Policy::AllowSha1, &Ring).unwrap().hash(), Hash::Sha1);
    // The same key in a certificate of SHA-256 signs with that alone.
    let sha256 = trusting(&key, ForgeHash::Sha256);
    let refusal = verify(&package, &sha256, Policy::AllowSha1, &Ring).unwrap_err();
    assert_eq!(refusal, Refusal::NoKey { hash: Hash::Sha1, own: Some(Hash::Sha256) });
    let modern = sign(&archive(), &key, ForgeHash::Sha256);
    for policy in [Policy::Strict, Policy::AllowSha1] {
        let refusal = verify(&modern, &sha1, policy, &Ring).unwrap_err();
        assert_eq!(refusal, Refusal::NoKey { hash: Hash::Sha256, own: Some(Hash::Sha1) });
        assert_eq!(
            refusal.to_string(),
            "update package: a signature of SHA-256: the given certificates are signed with SHA-1, and recovery \
             takes such a certificate for signatures of SHA-1 only: expected one that is signed with SHA-256"
        );
    }
}

#[test]
fn keys_that_recovery_does_not_take_sign_nothing() {
    for key in [Key::p384("package"), Key::rsa("package", 3072), Key::rsa_with_exponent("package", 2048, 17)]
    {
        let package = sign(&archive(), &key, ForgeHash::Sha256);
        let found = verify(&package, &trusting(&key, ForgeHash::Sha256), Policy::Strict, &Ring);
        assert_eq!(found, Err(Refusal::NoKey { hash: Hash::Sha256, own: None }));
        assert!(found.unwrap_err().to_string().contains("recovery takes none of the given certificates"));
    }
    let package = sign(&archive(), &key(), ForgeHash::Sha384);
    let found = verify(&package, &trusting(&key(), ForgeHash::Sha256), Policy::Strict, &Ring);
    assert_eq!(found, Err(Refusal::Hash(Hash::Sha384)));
}

#[test]
fn what_is_no_signed_package_is_refused_with_its_rule() {
    let whole = sign(&archive(), &key(), ForgeHash::Sha256);
    let size = whole.len();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let comment = whole.len() - archive().len();
    let marked =
        attach(&archive(), b"PK\x05\x06", &Forged::new(&key(), ForgeHash::Sha256, message(&archive())).der());
    for (bytes, rule, text) in [
        (vec![], "format", "0 bytes: expected at least 6"),
        (vec![0xff; 5], "format", "5 bytes: expected at least 6"),
        (archive(), "unsigned", "no signature: expected one"),
        (with(size - 4, &[0xfe]), "unsigned", "no signature"),
        (with(size - 3, &[0]), "unsigned", "no signature"),
        (with(size - 6, &[0xff, 0xff]), "format", "a signature of 65535 bytes in a comment of"),
        (
            with(size - 6, &[6, 0]),
            "format",
            "a signature that starts 6 bytes before the end: expected more than 6",
        ),
        (with(size - 6, &[7, 0]), "format", "update package signature, byte"),
        (with(size - 2, &[0xff, 0xff]), "format", "with a comment of 65535: expected an end record"),
        (
            with(size - 2, &[comment as u8 - 1]),
            "format",
            "bytes before the end: expected the comment's length",
        ),
        (with(archive().len() - 2, &[0]), "format", "an end record with another comment's length: expected"),
        (marked, "format", "a second end record in the comment"),
        (with(10, &[0xaa]), "signature", "not signed by any of the given certificates, or changed since"),
        (
            blocked(|block| block.kind = der::oid(&[1, 2, 840, 113549, 1, 7, 1])),
            "format",
            "expected signed data",
        ),
        (blocked(|block| block.version = 2), "format", "expected 1 or 3"),
        (blocked(|block| block.digests.clear()), "format", "the end: expected SEQUENCE"),
        (
            blocked(|block| block.digests.push(block.digests[0].clone())),
            "format",
            "bytes more: expected the end",
        ),
        (blocked(|block| block.content.push(der::explicit(0, &der::octets(b"x")))), "format", "bytes more"),
        (blocked(|block| block.content = vec![der::oid(&[1, 2, 3])]), "format", "expected data"),
        (blocked(|block| block.signers = 0), "format", "the end: expected SEQUENCE"),
        (blocked(|block| block.signers = 2), "format", "bytes more: expected the end"),
        (blocked(|block| block.signer_version = 3), "format", "a signer of another version: expected 1"),
        (blocked(|block| block.attributes = der::explicit(0, &[])), "format", "signed attributes: expected"),
        (blocked(|block| block.rest = der::explicit(1, &[])), "format", "bytes more: expected the end"),
        (
            blocked(|block| block.digest = der::sequence(&[ForgeHash::Sha1.oid(), der::null()])),
            "format",
            "a signature algorithm of SHA-256: expected SHA-1",
        ),
        (
            blocked(|block| block.digests = vec![der::sequence(&[ForgeHash::Sha1.oid()])]),
            "format",
            "a signer with SHA-256 in data of SHA-1: expected one hash",
        ),
        (
            blocked(|block| block.algorithm = der::sequence(&[der::oid(&[1, 2, 840, 113549, 1, 1, 10])])),
            "format",
            "another signature algorithm: expected RSA (PKCS #1 v1.5) or ECDSA",
        ),
        (
            blocked(|block| block.digest = der::sequence(&[der::oid(&[1, 2, 840, 113549, 2, 5])])),
            "format",
            "another digest algorithm: expected SHA-1 or SHA-2",
        ),
        (blocked(|block| block.signature.clear()), "signature", "not signed by"),
    ] {
        let refusal = checked(&bytes).unwrap_err();
        assert_eq!(refusal.rule(), rule, "{refusal}");
        assert!(refusal.to_string().contains(text), "{refusal} | {text}");
    }
    // What follows the end record must be the comment.
    assert!(checked(&[&whole[..], b"x"].concat()).is_err());
}

#[test]
fn no_truncation_and_no_flipped_bit_verifies_but_of_what_nothing_signs() {
    let whole = sign(&archive(), &key(), ForgeHash::Sha256);
    let signed = checked(&whole).unwrap();
    for end in 0..whole.len() {
        assert!(checked(&whole[..end]).is_err(), "{end}");
    }
    let size = archive().len();
    let mut free = std::collections::BTreeSet::new();
    for bit in 0..8 * whole.len() {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(found) = checked(&bytes) {
            assert_eq!(found, signed);
            free.insert(bit / 8);
        }
    }
    // Free: the comment's text; in the block, what only says who signed: its certificate, names and serial numbers,
    // and versions 1 and 3.
    assert!(free.iter().all(|byte| *byte >= size), "{free:?}");
    let (signature, footer) =
        (whole.len() - 6 - signature_size(&whole)..whole.len() - 6, whole.len() - 6..whole.len());
    assert!(!free.iter().any(|byte| signature.contains(byte) || footer.contains(byte)), "{free:?}");
}

/// How many bytes the signature's octets have at the block's end.
fn signature_size(package: &[u8]) -> usize {
    let (_, record) = split(package).unwrap();
    block(record).unwrap().signature.len()
}

#[test]
fn the_ending_says_what_the_block_says_without_the_rest() {
    let package = sign(&archive(), &key(), ForgeHash::Sha256);
    let size = u64::try_from(package.len()).unwrap();
    let tail = package.split_at(archive().len() - 22).1;
    for tail in [tail, &package] {
        let ending = ending(tail, size).unwrap();
        let certificates = vec![sha256(&certificate(&key(), ForgeHash::Sha256))];
        assert_eq!(ending.signature, Ok(Claim { hash: Hash::Sha256, certificates }));
        let range = ending.directory.range();
        let directory = &package[range.start as usize..range.end as usize];
        let listing = ending.directory.read(directory).unwrap();
        assert_eq!(
            listing.iter().map(|entry| entry.name()).collect::<Vec<_>>(),
            ["META-INF/com/android/metadata", "payload.bin"]
        );
        let entry = listing.entry("payload.bin").unwrap();
        let extent = &package[entry.extent().start as usize..entry.extent().end as usize];
        assert_eq!(entry.contents(extent, 100).unwrap(), b"CrAU");
        assert!(entry.contents(extent, 3).unwrap_err().is_too_large());
        assert_eq!(entry.stored_at(extent).unwrap() as usize, extent.len() - 4);
        assert!(entry.stored_at(&package).is_err());
    }
    let unsigned = archive();
    let ending = ending(&unsigned, unsigned.len() as u64).unwrap();
    assert_eq!(ending.signature, Err(Refusal::Unsigned(WHAT)));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), start in 7u16..300) {
        let record = [&b"PK\x05\x06"[..], &[0; 16], &bytes].concat();
        let length = u16::try_from(bytes.len() + 4).unwrap();
        let footed = [&record[..], &start.to_le_bytes(), &[0xff, 0xff], &length.to_le_bytes()].concat();
        for bytes in [&bytes, &footed] {
            prop_assert!(checked(bytes).is_err());
            let _ = ending(bytes, 1 << 20);
        }
    }
}
