//! vbmeta images of real builds, which lie beside the checkout and are no part of it: skipped where they are not
//! there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::path::{Path, PathBuf};
use trust_forge::Hash as ForgeHash;
use trust_formats::avb::{Descriptor, HEADER_SIZE, Key, Place, Refusal, TEST_KEYS, Vbmeta, test_key};
use trust_formats::digest::sha256;
use trust_formats::signature::Ring;

const IMAGES: &str = "vbmeta-real/testkey-signed";

/// The folder of the data, or a word that the test was skipped.
fn data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/avb").join(folder);
    if !path.is_dir() {
        println!("SKIPPED: {} is not there", path.display());
    }
    path.is_dir().then_some(path)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha1(bytes: &[u8]) -> String {
    hex(&ForgeHash::Sha1.of(bytes))
}

/// What `avbtool info_image` prints of an image whose descriptors are all chained partitions.
fn info_image(image: &Vbmeta<'_>) -> String {
    let header = image.header();
    let mut lines = vec![
        format!("Minimum libavb version:   {}.{}", header.required_libavb.0, header.required_libavb.1),
        format!("Header Block:             {HEADER_SIZE} bytes"),
        format!("Authentication Block:     {} bytes", header.authentication_size),
        format!("Auxiliary Block:          {} bytes", header.auxiliary_size),
        format!("Public key (sha1):        {}", sha1(image.key())),
        format!("Algorithm:                {}", header.algorithm),
        format!("Rollback Index:           {}", header.rollback_index),
        format!("Flags:                    {}", header.flags.0),
        format!("Rollback Index Location:  {}", header.rollback_index_location),
        format!("Release String:           '{}'", header.release),
        "Descriptors:".into(),
    ];
    for descriptor in image.descriptors() {
        let Descriptor::ChainPartition(chain) = descriptor else { panic!("{descriptor:?}") };
        lines.extend([
            "    Chain Partition descriptor:".into(),
            format!("      Partition Name:          {}", chain.partition),
            format!("      Rollback Index Location: {}", chain.rollback_index_location),
            format!("      Public key (sha1):       {}", sha1(chain.key)),
            format!("      Flags:                   {}", chain.flags),
        ]);
    }
    lines.join("\n")
}

#[test]
fn a_generic_system_images_vbmeta_reads_as_avbtool_reads_it() {
    let Some(folder) = data(IMAGES) else { return };
    let bytes = std::fs::read(folder.join("gsi-testkey4096.vbmeta.img")).unwrap();
    let printed =
        std::fs::read_to_string(folder.join("testkey-signed_gsi-testkey4096.vbmeta.img.info_image.txt"));
    let image = Vbmeta::parse(&bytes).unwrap();
    assert_eq!(info_image(&image).trim(), printed.unwrap().trim());
    let digest = image.verify(&Ring).unwrap().key().digest();
    assert_eq!(test_key(&digest), Some("testkey_rsa4096"));
    let chained: Vec<_> = image.chained().map(|chain| test_key(&sha256(chain.key))).collect();
    assert_eq!(chained, [Some("testkey_rsa2048")]);
}

#[test]
fn a_flag_that_is_set_after_the_signing_breaks_it() {
    let Some(folder) = data(IMAGES) else { return };
    let mut bytes = std::fs::read(folder.join("gsi-testkey4096.vbmeta.img")).unwrap();
    for flags in [1, 2, 3] {
        bytes[123] = flags;
        let image = Vbmeta::parse(&bytes).unwrap();
        assert_eq!(image.header().flags.0, u32::from(flags));
        assert_eq!(image.verify(&Ring).unwrap_err(), Refusal::WrongHash);
    }
    // Not even with the hash made right again: that is not what was signed.
    let good = std::fs::read(folder.join("gsi-testkey4096.vbmeta.img")).unwrap();
    let image = Vbmeta::parse(&good).unwrap();
    let auxiliary = HEADER_SIZE + usize::try_from(image.header().authentication_size).unwrap();
    let message = [&bytes[..HEADER_SIZE], &bytes[auxiliary..image.bytes().len()]].concat();
    bytes[HEADER_SIZE..HEADER_SIZE + 32].copy_from_slice(&sha256(&message));
    assert_eq!(Vbmeta::parse(&bytes).unwrap().verify(&Ring).unwrap_err(), Refusal::WrongSignature);
}

#[test]
fn the_published_test_keys_have_the_digests_that_are_known() {
    let Some(folder) = data(IMAGES) else { return };
    for name in ["testkey_rsa2048", "testkey_rsa4096", "testkey_rsa8192"] {
        let bytes = std::fs::read(folder.join(format!("{name}.avbpubkey"))).unwrap();
        let digest = Key::parse(&bytes).unwrap().digest();
        assert_eq!(test_key(&digest), Some(name));
        assert!(TEST_KEYS.contains(&(name, &*hex(&digest))));
    }
}

/// An avb_cert certificate and the permanent attributes begin with a version and a key of 4096 bits
/// (libavb_cert/avb_cert_types.h).
#[test]
fn the_keys_of_the_published_certificates_are_known() {
    let Some(folder) = data("external-avb/data") else { return };
    for (file, name) in [
        ("atx_pik_certificate.bin", "testkey_cert_pik"),
        ("atx_psk_certificate.bin", "testkey_cert_psk"),
        ("atx_puk_certificate.bin", "testkey_cert_puk"),
        ("atx_permanent_attributes.bin", "testkey_cert_prk"),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let digest = Key::parse(&bytes[4..4 + 1032]).unwrap().digest();
        assert_eq!(test_key(&digest), Some(name), "{file}");
    }
}

#[test]
fn what_is_no_image_is_refused() {
    let Some(folder) = data("external-avb/data") else { return };
    for (file, message) in [
        ("test_file.bin", "vbmeta, byte 0: \"Barf\": expected AVB0"),
        ("test_file.bin.sparse", "vbmeta: an Android sparse image: expected a raw one (simg2img makes it)"),
        ("large_blob.bin", "expected AVB0"),
        ("atx_metadata.bin", "expected AVB0"),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let (place, found) = Place::of("boot", &bytes).unwrap();
        assert_eq!(place.footer, None);
        let error = Vbmeta::parse(found).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
}
