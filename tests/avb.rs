//! `trustctl avb` on images that the forge signs, and the facts about them that have a second home.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use trust_forge::{Hash, Key, vbmeta};
use trust_formats::digest::sha256;

fn trustctl(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trustctl"));
    command.arg("avb").args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("not ended by a signal")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("trustctl-avb-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn top_key() -> Key {
    Key::rsa("avb top", 4096)
}

fn boot_key() -> Key {
    Key::rsa("avb boot", 2048)
}

/// A top-level image that chains to boot, and boot's.
fn slot() -> (Vec<u8>, Vec<u8>) {
    let top = vbmeta::Vbmeta {
        rollback_index: 7,
        ..vbmeta::Vbmeta::new([
            vbmeta::chain("boot", 1, &vbmeta::public_key(&boot_key())),
            vbmeta::hashtree("system", 1 << 20, &[1; 32], &[2; 32]),
            vbmeta::property("com.android.build.system.os_version", b"16"),
        ])
    };
    let boot = vbmeta::Vbmeta::new([vbmeta::hash("boot", 5000, &[3; 32], &[4; 32])]);
    (top.signed(&top_key(), Hash::Sha256), boot.signed(&boot_key(), Hash::Sha256))
}

#[test]
fn a_good_slot_is_inspected_verified_and_digested() {
    let folder = Folder::new("good");
    let (top, boot) = slot();
    let vbmeta_file = folder.file("vbmeta_a.img", &[&top[..], &[0; 4096]].concat());
    let boot_file = folder.file("boot.img", &vbmeta::partition(&[7; 5000], &boot, 65_536));
    let key = hex(&sha256(&vbmeta::public_key(&top_key())));

    let inspected = trustctl(&["inspect", &vbmeta_file, &boot_file]);
    assert_eq!(status(&inspected), 0, "{}", stderr(&inspected));
    let text = stdout(&inspected);
    for line in [
        "vbmeta_a.img (partition vbmeta)".to_string(),
        "Minimum libavb version:   1.0".into(),
        "Authentication Block:     576 bytes".into(),
        format!("Public key (sha256):      {key}"),
        "Algorithm:                SHA256_RSA4096".into(),
        "Rollback Index:           7".into(),
        "      Partition Name:          boot".into(),
        "    Prop: com.android.build.system.os_version -> '16'".into(),
        "Footer version:           1.0".into(),
        "Image size:               65536 bytes".into(),
        "Original image size:      5000 bytes".into(),
        "VBMeta offset:            8192".into(),
    ] {
        assert!(text.lines().any(|found| found.ends_with(&line)), "{line}\n{text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&trustctl(&["inspect", &boot_file, "--format", "json"]))).unwrap();
    assert_eq!(json[0]["footer"]["vbmeta_offset"], 8192);
    assert_eq!(json[0]["descriptors"][0]["digest"], hex(&[4; 32]));

    // In any order.
    for arguments in [
        vec!["verify", &boot_file, &vbmeta_file, "--key-digest", &key],
        vec!["verify", &vbmeta_file, "--key-digest", &key],
    ] {
        let verified = trustctl(&arguments);
        let text = stdout(&verified);
        assert_eq!(status(&verified), 0, "{arguments:?} {text}");
        assert!(text.contains("good signature"), "{text}");
        let line = "accepted: signed by the key that --key-digest names";
        assert!(text.lines().any(|found| found == line), "{text}");
    }
    let text = stdout(&trustctl(&["verify", &vbmeta_file]));
    assert!(text.contains("note: chained to and not given, so not verified: boot"), "{text}");
    assert!(text.contains("note: what the partitions hold was not compared"), "{text}");

    let digested = trustctl(&["digest", &boot_file, &vbmeta_file]);
    let expected = hex(&sha256(&[top, boot].concat()));
    assert_eq!((status(&digested), stdout(&digested)), (0, format!("{expected} (SHA-256)\n")));
}

#[test]
fn a_good_signature_by_a_key_that_nobody_named_is_not_accepted() {
    let folder = Folder::new("unnamed");
    let (top, boot) = slot();
    let (top, boot) = (folder.file("vbmeta.img", &top), folder.file("boot.img", &boot));
    for images in [vec![&*top, &*boot], vec![&*top], vec![&*boot]] {
        let verified = trustctl(&[&["verify"], &images[..]].concat());
        let text = stdout(&verified);
        assert_eq!(status(&verified), 3, "{images:?} {text}");
        let line = "signed, by a key that nobody named (--key-digest HEX says whose it should be)";
        assert!(text.contains("good signature") && text.lines().any(|found| found == line), "{text}");
        assert!(!text.contains("accepted"), "{text}");
    }
    let (key, zeros) = (hex(&sha256(&vbmeta::public_key(&top_key()))), "0".repeat(64));
    for (arguments, expected, word) in [
        (vec!["--key-digest", &key], 0, "accepted"),
        (vec![], 3, "unnamed-key"),
        (vec!["--key-digest", &zeros], 1, "refused"),
    ] {
        let output = trustctl(&[&["verify", &top, "--format", "json"], &arguments[..]].concat());
        let json: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!((status(&output), &json["verdict"]), (expected, &word.into()), "{json}");
    }
    let help = stdout(&trustctl(&["verify", "--help"]));
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in
        ["is not compared with the hash and hashtree descriptors", "3 nothing is wrong but nobody named"]
    {
        assert!(help.contains(words), "{help}");
    }
}

/// Each command says so alike: nothing was judged.
#[test]
fn a_file_that_holds_no_vbmeta_image_is_no_verdict() {
    let folder = Folder::new("no-vbmeta");
    let noise: Vec<u8> = (0..9000_u32).flat_map(|n| sha256(&n.to_be_bytes())).collect();
    for (name, bytes, found) in [
        ("boot.img", &[b"BOOT", &[7; 9000][..]].concat()[..], "byte 0: \"BOOT\": expected AVB0"),
        ("empty.img", b"", "no bytes: expected an image, which begins with AVB0"),
        ("vbmeta.img", b"", "no bytes: expected an image, which begins with AVB0"),
        ("random.img", &noise, "expected AVB0"),
    ] {
        let file = folder.file(name, bytes);
        for command in ["inspect", "verify", "digest"] {
            let output = trustctl(&[command, &file]);
            let said = stderr(&output);
            assert_eq!((status(&output), &*stdout(&output)), (2, ""), "{command} {name}: {said}");
            let hint = "(a vbmeta image begins with it; a partition image ends in a footer, AVBf)";
            assert!(said.contains(found) && said.contains(hint), "{command} {name}: {said}");
        }
    }
    let sparse = folder.file("sparse.img", b"\x3a\xff\x26\xed and so on");
    let output = trustctl(&["verify", &sparse]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).ends_with("expected a raw one (simg2img makes it)\n"), "{}", stderr(&output));
    // What says that it is one is judged.
    let (_, boot) = slot();
    let mut wiped = vbmeta::partition(&[7; 5000], &boot, 65_536);
    wiped[8192..8196].fill(0);
    for (name, bytes) in [("wiped.img", &wiped), ("short.img", &boot[..300].to_vec())] {
        let output = trustctl(&["verify", &folder.file(name, bytes)]);
        assert_eq!(status(&output), 1, "{name}: {}", stderr(&output));
        assert!(stdout(&output).starts_with("refused: "), "{}", stdout(&output));
    }
}

#[test]
fn a_top_level_image_under_a_chained_ones_name_is_said_to_be_misnamed() {
    let folder = Folder::new("misnamed");
    let chain = vbmeta::chain("system", 1, &vbmeta::public_key(&boot_key()));
    let file = folder.file("gsi.img", &vbmeta::Vbmeta::new([chain]).signed(&top_key(), Hash::Sha256));
    for command in ["digest", "verify"] {
        let output = trustctl(&[command, &format!("system={file}")]);
        assert_eq!(status(&output), 2);
        let words = "the top-level image was named system, and it chains to system: expected the name of the \
                     partition that it lies on, mostly vbmeta (vbmeta=FILE names it so)";
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

#[test]
fn each_fault_has_its_exit_status_and_its_words() {
    let folder = Folder::new("faults");
    let (top, boot) = slot();
    let good = folder.file("vbmeta.img", &top);
    let patched = |at: usize, bit: u8| {
        let mut bytes = top.clone();
        bytes[at] ^= bit;
        bytes
    };
    let flagged =
        |flags| vbmeta::Vbmeta { flags, ..vbmeta::Vbmeta::new([]) }.signed(&top_key(), Hash::Sha256);
    let other = vbmeta::Vbmeta::new([]).signed(&Key::rsa("avb other", 2048), Hash::Sha256);
    // A flag that somebody set after the signing, as fastboot --disable-verity does.
    let unlocked = folder.file("patched.img", &patched(123, 1));
    let forged = folder.file("forged.img", &patched(300, 1));
    let unsigned = folder.file("unsigned.img", &vbmeta::Vbmeta::new([]).unsigned());
    let no_trees = folder.file("no_trees.img", &flagged(1));
    let no_verification = folder.file("no_verification.img", &flagged(2));
    let noise = folder.file("noise.img", b"no image");
    let stranger = folder.file("boot.img", &other);
    let boot = folder.file("copy.img", &boot);
    let boot_named = format!("boot={boot}");
    let good_named = format!("vbmeta={good}");
    let absent = folder.0.join("absent.img").display().to_string();
    let zeros = "0".repeat(64);
    for (arguments, expected, words) in [
        (vec!["verify", &unlocked], 1, "refused: patched: wrong hash"),
        (vec!["verify", &forged], 1, "refused: forged: wrong signature"),
        (vec!["verify", &unsigned], 1, "refused: unsigned: unsigned (algorithm NONE)"),
        (vec!["verify", &no_trees], 1, "dm-verity is switched off (HASHTREE_DISABLED)"),
        (vec!["verify", &no_verification], 1, "verification is switched off (VERIFICATION_DISABLED)"),
        (vec!["verify", &good, "--key-digest", &zeros], 1, "signed by another key than the expected one"),
        (vec!["verify", &noise], 2, "noise.img: vbmeta, byte 0: \"no i\": expected AVB0"),
        (vec!["verify", &good, &stranger], 1, "boot: expected to be signed by the key that the top-level"),
        (vec!["verify", &good, &noise], 2, "expected AVB0"),
        (vec!["verify", &good, &boot_named], 3, "boot: good signature"),
        (vec!["digest", &good_named, &boot_named], 0, "(SHA-256)"),
        (vec!["verify", &good, &boot], 2, "copy: expected an image that the top-level one chains to"),
        (vec!["verify", &good, &good_named], 2, "two images of vbmeta: expected one a partition"),
        (vec!["verify", &absent], 2, "absent.img: No such file"),
        (vec!["verify", "/"], 2, "/: expected a file or a pipe"),
        (vec!["verify", "/dev/null"], 2, "/dev/null: expected a file or a pipe"),
        (vec!["verify", &good, "--key-digest", "12"], 2, "expected 64 hexadecimal digits"),
        (vec!["verify"], 2, "required"),
        (vec!["inspect", &noise], 2, "expected AVB0"),
        (vec!["digest", &good], 2, "expected the images of all chained partitions, missing: boot"),
        (vec!["digest", &good, &stranger], 2, "boot: expected to be signed by the key"),
    ] {
        let output = trustctl(&arguments);
        let said = stdout(&output) + &stderr(&output);
        assert_eq!(status(&output), expected, "{arguments:?} {said}");
        assert!(said.contains(words), "{said} | {words}");
    }
    let disabled = trustctl(&["digest", &no_verification]);
    assert_eq!(stdout(&disabled), format!("{} (SHA-256)\n", hex(&sha256(&flagged(2)))));
    assert!(stderr(&disabled).contains("of the top-level image alone"));
    let json = stdout(&trustctl(&["verify", &unlocked, "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["verdict"], json["findings"].as_array().unwrap().len()), (&"refused".into(), 1));
}

#[test]
fn an_image_comes_through_a_pipe() {
    let (_, boot) = slot();
    for bytes in [boot.clone(), vbmeta::partition(&[7; 5000], &boot, 65_536)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_trustctl"))
            .args(["avb", "verify", "boot=-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(status(&output), 3, "{}", stdout(&output));
        assert!(stdout(&output).starts_with("boot: good signature (SHA256_RSA2048) by key "));
    }
}

#[test]
fn of_a_large_partition_only_its_end_is_read() {
    let folder = Folder::new("large");
    let (_, boot) = slot();
    let path = folder.0.join("boot.img");
    let size: u64 = 8 << 30;
    // A file of 8 GiB that is all hole but for its end.
    use std::os::unix::fs::FileExt;
    let file = fs::File::create(&path).unwrap();
    file.set_len(size).unwrap();
    let offset = size - (64 << 10);
    file.write_all_at(&boot, offset).unwrap();
    let footer = vbmeta::footer(0, usize::try_from(offset).unwrap(), boot.len());
    file.write_all_at(&footer, size - vbmeta::FOOTER as u64).unwrap();
    let key = hex(&sha256(&vbmeta::public_key(&boot_key())));
    let output = trustctl(&["verify", path.to_str().unwrap(), "--key-digest", &key]);
    assert_eq!(status(&output), 0, "{}", stdout(&output));
}

#[test]
fn aosps_test_keys_are_those_of_the_gates_denylist() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("gates/denylists.toml")).unwrap();
    let lists: toml::Table = toml::from_str(&text).unwrap();
    let mut denied: Vec<&str> =
        lists["verified_boot_keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    // That of no key at all is no test key.
    denied.retain(|key| *key != "0".repeat(64));
    denied.sort_unstable();
    let mut known: Vec<&str> = trust_formats::avb::TEST_KEYS.iter().map(|(_, digest)| *digest).collect();
    known.sort_unstable();
    assert_eq!(denied, known);
}

/// What AOSP signed with a test key: a good signature, and no proof.
#[test]
fn an_image_signed_by_a_published_test_key_is_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/avb/vbmeta-real/testkey-signed/gsi-testkey4096.vbmeta.img");
    if !path.is_file() {
        println!("SKIPPED: {} is not there", path.display());
        return;
    }
    let image = format!("vbmeta={}", path.display());
    let digest = trust_formats::avb::TEST_KEYS[1].1;
    for arguments in [vec!["verify", &image], vec!["verify", &image, "--key-digest", digest]] {
        let output = trustctl(&arguments);
        assert_eq!(status(&output), 1);
        let text = stdout(&output);
        for line in [
            &*format!("vbmeta: good signature (SHA256_RSA4096) by key {digest}"),
            "    AOSP test key testkey_rsa4096: published, proves nothing",
            "refused: vbmeta: AOSP's test key testkey_rsa4096, with which anybody can sign",
            "refused: system: AOSP's test key testkey_rsa2048, with which anybody can sign",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
    let inspected = stdout(&trustctl(&["inspect", &image]));
    assert!(inspected.contains("AOSP test key testkey_rsa4096: published, proves nothing"), "{inspected}");
}

/// The seeds of the fuzz targets are the forge's: BLESS=1 writes them.
#[test]
fn the_fuzz_seeds_are_as_the_forge_makes_them() {
    let key = Key::rsa("avb seed", 2048);
    let descriptors = || {
        vec![
            vbmeta::property("a", b"b"),
            vbmeta::hashtree("system", 1 << 20, &[1; 32], &[2; 32]),
            vbmeta::hash("boot", 8192, &[3; 4], &[4; 32]),
            vbmeta::kernel_cmdline(1, "a=b"),
            vbmeta::chain("vbmeta_system", 1, &[5; 16]),
            vbmeta::descriptor(77, b"12345678"),
        ]
    };
    let all = vbmeta::Vbmeta { metadata: vec![6; 9], ..vbmeta::Vbmeta::new(descriptors()) };
    let small = vbmeta::Vbmeta::new([vbmeta::property("a", b"b")]);
    for (file, bytes) in [
        ("vbmeta/signed.img", all.signed(&key, Hash::Sha256)),
        ("vbmeta/sha512.img", small.signed(&key, Hash::Sha512)),
        ("vbmeta/unsigned.img", all.unsigned()),
        ("avb_footer/behind.img", vbmeta::partition(b"content", &small.unsigned(), 8192)),
        ("avb_footer/alone.img", small.unsigned()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(file);
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &bytes).unwrap();
        }
        let found = fs::read(&path).unwrap_or_default();
        assert!(found == bytes, "{file}: BLESS=1 cargo test --test avb writes it");
    }
}
