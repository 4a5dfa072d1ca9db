//! In a virtual machine: the stand-in for keystore2 (`tests/vm/keystore`) over a real binder driver, SELinux enforcing.
//! Its KeyMint is software: what is proved is who reaches it, and that what it answers arrives. `tests/vm/README.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "vm/running.rs"]
mod running;
#[allow(dead_code)] // of tests/vm.rs
#[path = "vm/transcript.rs"]
mod transcript;

use data_encoding::HEXLOWER;
use p256::ecdsa::signature::Verifier as _;
use running::{Step, all, check, run};
use std::time::{SystemTime, UNIX_EPOCH};
use trust_formats::attestation::{Chain, Demand, Roots, pin, split, verify};
use trust_formats::signature::{PublicKey, Ring};
use trust_formats::x509::Certificate;

const TRUSTD: &str = "u:r:trustd:s0 1000";
/// trustd's type under another uid.
const TRUSTD_ELSE: &str = "u:r:trustd:s0 1073";
const CALLS: &str = "u:r:enigm_calls:s0 10101";
const CHALLENGE: [u8; 4] = [7, 7, 7, 7];

const FIRST: [Step; 13] = [
    Step("no-strongbox", TRUSTD, "keystore2_client --strongbox show shared", 1, &["error code -68"]),
    Step("nothing-yet", TRUSTD, "keystore2_client show shared", 1, &["error code 7"]),
    Step("attests", TRUSTD, "keystore2_client attest shared 01020304", 0, &["ok 30"]),
    Step("keyed", TRUSTD, "keystore2_client key 7001:posture shared 07070707", 0, &["ok 30"]),
    Step("signs", TRUSTD, "keystore2_client sign 7001:posture message", 0, &["ok 30", " again: code -28"]),
    Step("handles", TRUSTD, "keystore2_client mac 7001:handles", 0, &["ok"]),
    Step("handle", TRUSTD, "keystore2_client authenticate 7001:handles audience", 0, &["again: code -28"]),
    Step("signs-with-mac", TRUSTD, "keystore2_client sign 7001:handles audience", 1, &["error code -53"]),
    // An alias is a uid's, a namespace is a type's.
    Step("not-its-alias", TRUSTD_ELSE, "keystore2_client show shared", 1, &["error code 7"]),
    Step("its-namespace", TRUSTD_ELSE, "keystore2_client show 7001:posture", 0, &["ok id "]),
    Step("not-its-namespace", TRUSTD, "keystore2_client mac 7002:handles", 1, &["error code 6"]),
    // Any app may ask keystore2: it has no key of another's uid, and no namespace of another's type.
    Step("stranger", CALLS, "keystore2_client show shared", 1, &["error code 7"]),
    Step("stranger-to-namespace", CALLS, "keystore2_client show 7001:posture", 1, &["error code 6"]),
];

/// After it was killed.
const AGAIN: [Step; 3] = [
    Step("signs-again", TRUSTD, "keystore2_client sign 7001:posture message", 0, &["ok 30"]),
    Step("handle-again", TRUSTD, "keystore2_client authenticate 7001:handles audience", 0, &["ok"]),
    Step("deletes", TRUSTD, "keystore2_client delete shared", 0, &["ok"]),
];

const FAULTY: [Step; 2] = [
    Step("vanished", TRUSTD, "keystore2_client show 7001:posture", 1, &["error code 7"]),
    Step("well", TRUSTD, "keystore2_client show 7001:posture", 0, &["ok id"]),
];

/// What runs beside the steps.
const BESIDE: [Step; 3] = [
    Step(
        "keystore",
        "",
        "",
        137,
        &[
            "its KeyMint is software, and no key in it is safe",
            "generateKey uid=1000 type=trustd: 0",
            "getKeyEntry uid=1073 type=trustd: 7",
            "generateKey uid=1000 type=trustd: 6",
        ],
    ),
    Step("waits", "", "", 143, &[]),
    Step("keystore-again", "", "", 143, &["getSecurityLevel uid=1000 type=trustd: hangs"]),
];

const FAULTS: &str = "/data/misc/keystore/faults";

fn steps() -> String {
    let serve = |name: &str| {
        format!(
            "start {name} - 1017 keystore2_stand_in --state /data/misc/keystore --namespace 7001=trustd \
             --namespace 7002=enigm_calls --faults {FAULTS}\nawait {name} serving\n"
        )
    };
    let one = |step: &Step| all(std::slice::from_ref(step));
    let [vanished, well] = &FAULTY;
    [
        "servicemanager\n",
        &serve("keystore"),
        &all(&FIRST),
        "stop keystore KILL\n",
        &serve("keystore-again"),
        &all(&AGAIN),
        &format!("echo vanished >{FAULTS}\n"),
        &one(vanished),
        &format!("echo hang >{FAULTS}\n"),
        &format!("start waits {TRUSTD} keystore2_client show 7001:posture\nawait keystore-again hangs\n"),
        &format!("stop waits\nrm {FAULTS}\n"),
        &one(well),
        "stop keystore-again\nstop servicemanager\n",
    ]
    .concat()
}

#[test]
fn trustd_and_nobody_else_makes_keys_in_keystore2_over_a_real_driver() {
    let Some(transcript) = run("vm-keystore", &[], &steps()) else { return };
    assert!(transcript.is_done && transcript.troubles.is_empty(), "{:#?}", transcript.troubles);
    check(&transcript, FIRST.iter().chain(&AGAIN).chain(&FAULTY).chain(&BESIDE));
    // The line `ok HEX ...`.
    let hex = |step: &str| {
        let said = &transcript.ran(step).said;
        HEXLOWER.decode(said.split_whitespace().nth(1).unwrap().as_bytes()).unwrap()
    };
    assert_eq!(hex("handle"), hex("handle-again"), "a key that outlived the process");

    let chain = split(&hex("keyed")).unwrap();
    assert_eq!(chain.len(), 6, "leaf, ATTEST_KEY, the server's two, and the root's two");
    let pem = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/devices/roots.pem")).unwrap();
    let roots = split(&pem).unwrap().iter().fold(Roots::none(), |roots, root| {
        roots.and("the tests' own", pin(&Certificate::parse(root).unwrap()))
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let demand = Demand {
        at: i64::try_from(now).unwrap(),
        roots: &roots,
        challenge: Some(&CHALLENGE),
        revocation: None,
        purposes: Some(&[2]),
    };
    let parsed = Chain::parse(&chain).unwrap();
    let verified = verify(&parsed, &demand, &Ring).unwrap();
    let PublicKey::Ec(_, point) = verified.public_key() else { panic!("a key on a curve") };
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).unwrap();
    for step in ["signs", "signs-again"] {
        let signature = p256::ecdsa::Signature::from_der(&hex(step)).unwrap();
        key.verify(b"message", &signature).unwrap_or_else(|error| panic!("{step}: {error}"));
    }
    assert_eq!(transcript.denials, [].into(), "SELinux refused what it should not");
}
