//! Keys in a file: made once, private, one for each audience and user, and never replaced by themselves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use trust_token::crypto::{Ring, VerifySignature};
use trustd::keys::{FileKeys, Keys, Whose};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("trustd-keys-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("keys")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const WHOSE: [Whose<'static>; 4] = [
    Whose { audience: "calls.enigm.example", user: 0 },
    Whose { audience: "calls.enigm.example", user: 10 },
    Whose { audience: "keys.enigm.example", user: 0 },
    Whose { audience: "calls.enigm.example0", user: 0 },
];

#[test]
fn each_audience_and_user_has_a_key_and_a_handle_of_its_own_for_good() {
    let scratch = Scratch::new("own");
    let keys = FileKeys::open(&scratch.file()).unwrap();
    assert_eq!(fs::metadata(scratch.file()).unwrap().permissions().mode() & 0o7777, 0o600);
    let of =
        |keys: &FileKeys| WHOSE.map(|whose| (keys.public_key(whose).unwrap(), keys.handle(whose).unwrap()));
    let made = of(&keys);
    let points: BTreeSet<_> = made.iter().map(|(key, _)| key.point()).collect();
    let handles: BTreeSet<_> = made.iter().map(|(_, handle)| *handle).collect();
    assert_eq!((points.len(), handles.len()), (4, 4));
    assert_eq!(of(&FileKeys::open(&scratch.file()).unwrap()), made, "opened again");

    let signature = keys.sign(WHOSE[0], b"a message").unwrap();
    assert!(Ring.verify(&made[0].0, b"a message", &signature));
    assert!(
        !Ring.verify(&made[0].0, b"another", &signature)
            && !Ring.verify(&made[1].0, b"a message", &signature)
    );

    let other = Scratch::new("other");
    let others = of(&FileKeys::open(&other.file()).unwrap());
    assert!(others.iter().zip(&made).all(|(a, b)| a.0 != b.0 && a.1 != b.1), "another device");
}

#[test]
fn what_is_damaged_or_not_private_is_refused_and_left() {
    let scratch = Scratch::new("bad");
    let good = {
        FileKeys::open(&scratch.file()).unwrap();
        fs::read(scratch.file()).unwrap()
    };
    let put = |bytes: &[u8], mode: u32| {
        let _ = fs::remove_file(scratch.file());
        fs::write(scratch.file(), bytes).unwrap();
        fs::set_permissions(scratch.file(), PermissionsExt::from_mode(mode)).unwrap();
        let refused = FileKeys::open(&scratch.file()).err().map(|error| error.to_string());
        assert_eq!(fs::read(scratch.file()).unwrap(), bytes, "left as it was");
        refused.unwrap_or_default()
    };
    assert_eq!(put(&good, 0o600), "");
    let mut other_magic = good.clone();
    other_magic[0] ^= 1;
    let empty_secret = [&good[..16], &[0; 32]].concat();
    let longer = [&good[..], b"\n"].concat();
    for (what, bytes) in [
        ("nothing", &b""[..]),
        ("a byte less", &good[..good.len() - 1]),
        ("a byte more", &longer),
        ("another beginning", &other_magic),
        ("no secret", &empty_secret),
        ("only a beginning", &good[..16]),
    ] {
        let refused = put(bytes, 0o600);
        assert!(refused.ends_with("expected 48 that begin with \"trustd secret 1\""), "{what}: {refused}");
    }
    for mode in [0o644, 0o640, 0o400, 0o700, 0o4600] {
        let refused = put(&good, mode);
        assert!(
            refused.ends_with("expected a regular file of this user, of mode 600"),
            "{mode:o}: {refused}"
        );
    }
    fs::remove_file(scratch.file()).unwrap();
    let elsewhere = scratch.0.join("elsewhere");
    fs::write(&elsewhere, &good).unwrap();
    fs::set_permissions(&elsewhere, PermissionsExt::from_mode(0o600)).unwrap();
    symlink(&elsewhere, scratch.file()).unwrap();
    assert!(FileKeys::open(&scratch.file()).is_err(), "a link");
    fs::remove_file(scratch.file()).unwrap();
    fs::create_dir(scratch.file()).unwrap();
    assert!(FileKeys::open(&scratch.file()).is_err(), "a directory");
    assert!(FileKeys::open(&scratch.0.join("none/keys")).is_err(), "nowhere");
}

#[test]
fn what_a_killed_process_left_is_in_nobodys_way() {
    let scratch = Scratch::new("left");
    let left = scratch.0.join(format!("keys.{}.new", std::process::id()));
    fs::write(&left, "half").unwrap();
    let made = FileKeys::open(&scratch.file()).unwrap().handle(WHOSE[0]);
    assert_eq!(FileKeys::open(&scratch.file()).unwrap().handle(WHOSE[0]), made);
    assert!(!left.exists());
}
