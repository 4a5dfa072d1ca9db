//! Several images of one slot.

use super::*;

fn key(label: &str) -> ForgeKey {
    ForgeKey::rsa(label, 2048)
}

/// A top-level image that chains to these partitions at the locations 1, 2, …
fn top(partitions: &[(&str, &ForgeKey)]) -> vbmeta::Vbmeta {
    vbmeta::Vbmeta::new(
        (1..)
            .zip(partitions)
            .map(|(location, (name, key))| vbmeta::chain(name, location, &vbmeta::public_key(key))),
    )
}

fn leaf(name: &str) -> vbmeta::Vbmeta {
    vbmeta::Vbmeta::new([vbmeta::property("for", name.as_bytes())])
}

fn named<'a>(images: &'a [(&'a str, Vec<u8>)]) -> Vec<Named<'a>> {
    let named = |(partition, bytes): &'a (&'a str, Vec<u8>)| Named {
        partition,
        vbmeta: Vbmeta::parse(bytes).unwrap(),
    };
    images.iter().map(named).collect()
}

#[test]
fn the_digest_is_over_the_images_in_the_order_of_the_descriptors() {
    for (hash, forge) in [(Hash::Sha256, ForgeHash::Sha256), (Hash::Sha512, ForgeHash::Sha512)] {
        let (one, other) = (key("one"), key("other"));
        let top = top(&[("vbmeta_system", &one), ("boot", &other)]).signed(&signer(), forge);
        // The hash is the top-level image's, whatever the others' is.
        let system = leaf("system").signed(&one, ForgeHash::Sha256);
        let boot = leaf("boot").signed(&other, ForgeHash::Sha512);
        let expected = forge.of(&[&top[..], &system, &boot].concat());
        let mut images = [("boot", boot), ("vbmeta", top), ("vbmeta_system", system)];
        for _ in 0..3 {
            images.rotate_left(1);
            let images = named(&images);
            let chain = Chain::of(&images).unwrap();
            let found = chain.digest().unwrap();
            assert_eq!((found.hash, &*found.bytes), (hash, &expected[..]));
            let verified = chain.verify(&Ring).unwrap();
            let chained: Vec<_> = verified.chained().iter().map(|(name, _)| *name).collect();
            assert_eq!(chained, ["vbmeta_system", "boot"]);
            assert_eq!(verified.top().key().digest(), sha256(&vbmeta::public_key(&signer())));
            assert!(verified.missing().is_empty());
        }
    }
}

#[test]
fn an_image_alone_is_the_top_level_one() {
    let image = leaf("x").signed(&signer(), ForgeHash::Sha256);
    let images = [("vbmeta_system", image.clone())];
    let images = named(&images);
    let chain = Chain::of(&images).unwrap();
    assert_eq!(*chain.digest().unwrap().bytes, sha256(&image));
    assert!(chain.verify(&Ring).unwrap().chained().is_empty());
    let unsigned = [("boot", leaf("x").unsigned())];
    let unsigned = named(&unsigned);
    let chain = Chain::of(&unsigned).unwrap();
    assert_eq!(*chain.digest().unwrap().bytes, sha256(&leaf("x").unsigned()));
    assert_eq!(chain.verify(&Ring).unwrap_err(), [("boot", Refusal::Unsigned)]);
}

#[test]
fn what_is_missing_is_named() {
    let (one, other) = (key("one"), key("other"));
    let top = top(&[("vbmeta_system", &one), ("boot", &other)]).signed(&signer(), ForgeHash::Sha256);
    let images = [("vbmeta", top)];
    let images = named(&images);
    let chain = Chain::of(&images).unwrap();
    assert_eq!(chain.missing(), ["vbmeta_system", "boot"]);
    assert_eq!(chain.verify(&Ring).unwrap().missing(), ["vbmeta_system", "boot"]);
    let error = chain.digest().unwrap_err().to_string();
    assert_eq!(error, "expected the images of all chained partitions, missing: vbmeta_system, boot");
}

#[test]
fn without_verification_a_boot_loader_looks_no_further() {
    let top = vbmeta::Vbmeta { flags: 2, ..top(&[("boot", &key("one"))]) };
    let top = top.signed(&signer(), ForgeHash::Sha256);
    let images = [("vbmeta", top.clone())];
    let images = named(&images);
    let chain = Chain::of(&images).unwrap();
    assert_eq!(*chain.digest().unwrap().bytes, sha256(&top));
    assert!(chain.verify(&Ring).unwrap().top().vbmeta().header().flags.disables_verification());
}

#[test]
fn images_that_are_no_slots_are_refused() {
    let one = key("one");
    let sign = |image: vbmeta::Vbmeta, key: &ForgeKey| image.signed(key, ForgeHash::Sha256);
    let good = || leaf("boot");
    let two = || ("vbmeta", sign(top(&[("boot", &one)]), &signer()));
    let many: Vec<String> = (0..40).map(|n| format!("p{n}")).collect();
    let small = |n: u32, name: &str| vbmeta::chain(name, n, b"key");
    let crowd: Vec<Vec<u8>> = (1..).zip(&many).map(|(n, name)| small(n, name)).collect();
    let lone = |descriptors: Vec<Vec<u8>>| vec![("vbmeta", vbmeta::Vbmeta::new(descriptors).unsigned())];
    for (images, message) in [
        (vec![], "no top-level image: expected one of the partition vbmeta, or of boot"),
        (vec![("a", sign(good(), &one)), ("b", sign(good(), &one))], "no top-level image"),
        (vec![two(), two()], "two images of vbmeta: expected one a partition"),
        (
            vec![two(), ("init_boot", sign(good(), &one))],
            "init_boot: expected an image that the top-level one chains to",
        ),
        (vec![two(), ("boot", sign(good(), &signer()))], "boot: expected to be signed by the key that"),
        (vec![two(), ("boot", good().unsigned())], "boot: expected to be signed by the key that"),
        (
            vec![two(), ("boot", sign(vbmeta::Vbmeta { flags: 1, ..good() }, &one))],
            "boot has flags: expected none in a chained image",
        ),
        (
            vec![two(), ("boot", sign(vbmeta::Vbmeta { rollback_index_location: 1, ..good() }, &one))],
            "boot has a rollback index location: expected none",
        ),
        (
            vec![two(), ("boot", sign(top(&[("dtbo", &one)]), &one))],
            "boot chains on: expected that of the top-level image alone",
        ),
        (lone(vec![small(1, "a"), small(2, "a")]), "a chained twice: expected once"),
        (
            vec![("system", vbmeta::Vbmeta::new([small(1, "system")]).unsigned())],
            "the top-level image was named system, and it chains to system: expected the name of the partition \
             that it lies on, mostly vbmeta",
        ),
        (lone(vec![small(1, "vbmeta")]), "the top-level image was named vbmeta, and it chains to vbmeta"),
        (
            lone(vec![small(1, "a"), small(1, "b")]),
            "b with rollback index location 1: expected one below 32 of its own",
        ),
        (lone(vec![small(32, "a")]), "a with rollback index location 32"),
        (
            vec![("boot", vbmeta::Vbmeta { rollback_index_location: 32, ..good() }.unsigned())],
            "boot with rollback index location 32",
        ),
        (lone(crowd), "expected a chain of at most 32 images"),
    ] {
        let images = named(&images);
        let error = Chain::of(&images).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
}

#[test]
fn every_bad_signature_in_the_chain_is_named() {
    let one = key("one");
    let good = (
        top(&[("boot", &one)]).signed(&signer(), ForgeHash::Sha256),
        leaf("boot").signed(&one, ForgeHash::Sha256),
    );
    let (mut bad_top, mut bad_boot) = good.clone();
    // In the hash, and in the signature.
    bad_top[vbmeta::HEADER] ^= 1;
    bad_boot[vbmeta::HEADER + 40] ^= 1;
    let boot = ("boot", Refusal::WrongSignature);
    for (top, leaf, expected) in [
        (&good.0, &bad_boot, vec![boot.clone()]),
        (&bad_top, &good.1, vec![("vbmeta", Refusal::WrongHash)]),
        (&bad_top, &bad_boot, vec![("vbmeta", Refusal::WrongHash), boot]),
    ] {
        let images = [("vbmeta", top.clone()), ("boot", leaf.clone())];
        let images = named(&images);
        assert_eq!(Chain::of(&images).unwrap().verify(&Ring).unwrap_err(), expected);
    }
}
