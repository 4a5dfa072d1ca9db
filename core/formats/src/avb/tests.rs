//! Images that the forge signs.

mod chains;
mod faults;
mod flips;

use super::*;
use crate::ErrorKind;
use crate::digest::sha256;
use crate::signature::{BadSignature, Hash, PublicKey, Ring, SignatureVerifier};
use trust_forge::{Hash as ForgeHash, Key as ForgeKey, vbmeta};

/// One descriptor of each kind, and a kind that nobody knows.
fn descriptors() -> Vec<Vec<u8>> {
    vec![
        vbmeta::property("com.android.build.boot.os_version", b"16"),
        vbmeta::hashtree("system", 1 << 20, &[1; 32], &[2; 32]),
        vbmeta::hash("boot", 8192, &[3; 4], &[4; 32]),
        vbmeta::kernel_cmdline(1, "dm=\"1 vroot none ro 1\""),
        vbmeta::chain("vbmeta_system", 1, b"not read as a key"),
        vbmeta::descriptor(77, b"12345678"),
    ]
}

fn signer() -> ForgeKey {
    ForgeKey::rsa("vbmeta", 2048)
}

fn signed() -> Vec<u8> {
    vbmeta::Vbmeta { rollback_index: 5, minor: 1, ..vbmeta::Vbmeta::new(descriptors()) }
        .signed(&signer(), ForgeHash::Sha256)
}

#[test]
fn every_field_and_descriptor_is_read() {
    let bytes = [signed(), vec![0xff; 100]].concat();
    let image = Vbmeta::parse(&bytes).unwrap();
    let header = image.header();
    assert_eq!((header.required_libavb, header.rollback_index), ((1, 1), 5));
    assert_eq!((header.flags, header.rollback_index_location), (Flags(0), 0));
    assert_eq!((header.authentication_size, header.algorithm.to_string()), (320, "SHA256_RSA2048".into()));
    assert_eq!(&*header.release, "trust_forge 1");
    assert_eq!(image.bytes(), signed());
    assert_eq!(image.key(), vbmeta::public_key(&signer()));
    assert!(image.key_metadata().is_empty());
    let [property, hashtree, hash, cmdline, chain, unknown] = image.descriptors() else { panic!("six") };
    let key = "com.android.build.boot.os_version";
    assert_eq!(*property, Descriptor::Property { key, value: b"16" });
    let expected = Hashtree {
        dm_verity_version: 1,
        image_size: 1 << 20,
        tree_offset: 1 << 20,
        tree_size: 4096,
        data_block_size: 4096,
        hash_block_size: 4096,
        fec_num_roots: 2,
        fec_offset: (1 << 20) + 4096,
        fec_size: 8192,
        hash_algorithm: "sha256".into(),
        partition: "system",
        salt: &[1; 32],
        root_digest: &[2; 32],
        flags: 0,
    };
    assert_eq!(*hashtree, Descriptor::Hashtree(expected));
    let expected = HashDescriptor {
        image_size: 8192,
        hash_algorithm: "sha256".into(),
        partition: "boot",
        salt: &[3; 4],
        digest: &[4; 32],
        flags: 0,
    };
    assert_eq!(*hash, Descriptor::Hash(expected));
    let expected = KernelCmdline { flags: 1, cmdline: "dm=\"1 vroot none ro 1\"" };
    assert_eq!(*cmdline, Descriptor::KernelCmdline(expected));
    let expected = ChainPartition {
        rollback_index_location: 1,
        partition: "vbmeta_system",
        key: b"not read as a key",
        flags: 0,
    };
    assert_eq!(*chain, Descriptor::ChainPartition(expected.clone()));
    assert_eq!(image.chained().collect::<Vec<_>>(), [&expected]);
    assert_eq!(*unknown, Descriptor::Unknown { tag: 77, data: b"12345678" });
}

#[test]
fn every_algorithm_verifies() {
    for bits in [2048, 4096, 8192] {
        let key = ForgeKey::rsa("vbmeta", bits);
        for (hash, forge, name) in
            [(Hash::Sha256, ForgeHash::Sha256, "SHA256"), (Hash::Sha512, ForgeHash::Sha512, "SHA512")]
        {
            let bytes = vbmeta::Vbmeta::new(descriptors()).signed(&key, forge);
            let image = Vbmeta::parse(&bytes).unwrap();
            assert_eq!(image.header().algorithm.to_string(), format!("{name}_RSA{bits}"));
            assert_eq!(image.header().algorithm.digest_hash(), hash);
            let verified = image.verify(&Ring).unwrap();
            assert_eq!(verified.key().digest(), sha256(&vbmeta::public_key(&key)));
            assert_eq!(u64::from(verified.key().bits), bits);
            assert_eq!(test_key(&verified.key().digest()), None);
        }
    }
}

#[test]
fn metadata_of_the_key_is_read_and_signed() {
    let image = vbmeta::Vbmeta { metadata: vec![9; 70], ..vbmeta::Vbmeta::new([]) };
    let bytes = image.signed(&signer(), ForgeHash::Sha256);
    let image = Vbmeta::parse(&bytes).unwrap();
    assert_eq!(image.key_metadata(), [9; 70]);
    assert!(image.verify(&Ring).is_ok());
}

#[test]
fn an_image_is_found_at_the_start_or_by_the_footer() {
    let bytes = signed();
    let partition = vbmeta::partition(&[7; 5000], &bytes, 65_536);
    let (place, found) = Place::of("boot", &partition).unwrap();
    let expected =
        Footer { version: (1, 0), original_size: 5000, vbmeta_offset: 8192, vbmeta_size: bytes.len() as u64 };
    assert_eq!((place.footer, found), (Some(expected), &bytes[..]));
    let last = &partition[partition.len() - FOOTER_SIZE..];
    assert_eq!(Place::find("boot", 65_536, last), Ok(place));
    // As in libavb: the vbmeta partitions have no footer.
    let (place, _) = Place::of("vbmeta_system", &partition).unwrap();
    assert_eq!(place, Place { footer: None, offset: 0, size: MAX_VBMETA });
    let (place, found) = Place::of("boot", &bytes).unwrap();
    assert_eq!((place.footer, found), (None, &bytes[..]));
    assert_eq!(Place::of("boot", b"").unwrap().1, b"");
    assert_eq!(Place::find("boot", 1 << 40, b"").unwrap().size, MAX_VBMETA);
}
