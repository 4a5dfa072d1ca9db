//! An enrolment verifier and a relying party in the machine, beside a device whose keys are keystore2's.

use crate::running::build;
use crate::scratch::Scratch;
use std::fs;
use std::path::Path;
use std::process::Command;
use trust_formats::attestation::pin;
use trust_formats::x509::Certificate;

/// Off the device, and here in the same machine.
pub const ENROLMENT: &str = "u:r:enrolment:s0 2001";
pub const PARTY: &str = "u:r:relying_party:s0 2002";

pub const CALLS_ID: &str = "calls.enigm.example";
pub const APP_ID: &str = "app.enigm.example";
/// The thumbprint of the key that the caller proves, and that of somebody else's.
pub const CNF: &str = "0606060606060606060606060606060606060606060606060606060606060606";
pub const OTHER_CNF: &str = "0707070707070707070707070707070707070707070707070707070707070707";

pub const KEYSTORE: &str =
    "keystore2_stand_in --strongbox --namespace 7001=trustd --faults /data/misc/keystore/faults --state";
pub const DAEMON: &str = "trustd --bus none --root /device --roots /roots.pem --verbose --state";

/// What is there before anything is asked: the time of the sample, loopback, places for files, the service manager and the
/// keystore.
pub fn bring_up() -> String {
    format!(
        "ifconfig lo 127.0.0.1 up\n\
         date -u -s '2026-11-02 09:00:00' >/dev/null\n\
         mkdir -p /exchange /srv\n\
         mount -t tmpfs -o rootcontext=u:object_r:exchange_file:s0 tmpfs /exchange\n\
         chmod 777 /exchange\n\
         mount -t tmpfs -o rootcontext=u:object_r:enrolment_data_file:s0 tmpfs /srv\n\
         cp -r /enrolment/. /srv/\n\
         chown -R 2001:2001 /srv\n\
         chmod -R go= /srv\n\
         servicemanager\n\
         start keystore - 1017 {KEYSTORE} /data/misc/keystore\nawait keystore serving"
    )
}

/// What the machine takes along: a signing key and an opener of the enrolment verifier's, and policies that name it.
pub fn luggage(scratch: &Scratch) -> Vec<String> {
    let at = |name: &str| scratch.0.join(name).display().to_string();
    let digest = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let devices = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices");
    fs::create_dir_all(scratch.0.join("enrolment")).unwrap();
    let sample = devices.join("production");
    fs::copy(sample.join("attestation/revocation.pem"), scratch.0.join("enrolment/revocation.pem")).unwrap();
    fs::copy(devices.join("roots.pem"), scratch.0.join("enrolment/roots.pem")).unwrap();
    let signer =
        trustd::attestation::Trust::google().and(&fs::read(devices.join("roots.pem")).unwrap()).unwrap();
    let config = format!(
        "state = \"state.db\"\nsigning_key = \"signing.pem\"\nopener_keys = [\"opener.pem\"]\naccept_file_keys = false\n\
         [http]\nlisten = \"127.0.0.1:8787\"\n\
         [attestation]\ngoogle_roots = false\nroots = [\"roots.pem\"]\nrevocation = \"revocation.pem\"\n\
         revocation_signers = [\"{}\"]\n\
         [[boot]]\nstate = \"verified\"\nkey = \"{}\"\n\
         [[release]]\nname = \"sample\"\nvbmeta = \"{}\"\n\
         [[audience]]\nid = \"{CALLS_ID}\"\nsees = []\npolicy_version = 1\n\
         [[audience]]\nid = \"{APP_ID}\"\nsees = []\npolicy_version = 1\n",
        digest(&signer.revocation_signers[0]),
        digest(&vm_keystore::boot_key()),
        digest(&vm_keystore::vbmeta_digest()),
    );
    scratch.write("enrolment/trust_enrold.toml", config);
    let made = Command::new(&build(["trust_enrold"].into_iter())[0])
        .args(["--config", &at("enrolment/trust_enrold.toml"), "init-key"])
        .output()
        .unwrap();
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(made.status.success(), "{said}{}", String::from_utf8_lossy(&made.stderr));
    let end = "-----END PUBLIC KEY-----";
    let issuer = said.find("-----BEGIN PUBLIC KEY-----").map(|from| &said[from..]).unwrap();
    scratch.write("issuer.pem", &issuer[..issuer.find(end).unwrap() + end.len()]);
    let verifier = said.lines().find(|line| line.trim_start().starts_with("verifier = ")).unwrap();

    let (_, _, production) = trustd::policies::BUILT_IN[0];
    let policy = production.replacen("\n[enrolment]\n", &format!("\n[enrolment]\n{}\n", verifier.trim()), 1);
    assert_ne!(policy, production);
    let but = |from: &str, to: &str| {
        assert!(policy.contains(from), "{from}");
        policy.replacen(from, to, 1)
    };
    let pins = trust_formats::attestation::split(&fs::read(devices.join("roots.pem")).unwrap()).unwrap();
    let pins = pins.iter().map(|der| pin(&Certificate::parse(der).unwrap()));
    let pins: Vec<String> = pins.map(|pin| format!("\"{}\"", digest(&pin))).collect();
    let attestation = format!(
        "[attestation]\nroots = [{}]\nrevocation_signers = [\"{}\"]\nrevocation_age_days = 7\n\n[enrolment]\n",
        pins.join(", "),
        digest(&signer.revocation_signers[0])
    );
    scratch.write("live.toml", but("[enrolment]\n", &attestation));
    scratch.write("lab.toml", but("\nversion = 1\n", "\nversion = 1\nlab = true\n"));
    scratch.write("stricter.toml", but("\nversion = 1\n", "\nversion = 2\n"));
    scratch.write("policy.toml", policy);
    let along = [
        (sample.display().to_string(), "/device"),
        (devices.join("roots.pem").display().to_string(), "/roots.pem"),
        (at("enrolment"), "/enrolment"),
        (at("issuer.pem"), "/issuer.pem"),
        (at("policy.toml"), "/policy.toml"),
        (at("stricter.toml"), "/stricter.toml"),
        (at("lab.toml"), "/lab.toml"),
        (at("live.toml"), "/live.toml"),
    ];
    along.iter().map(|(here, there)| format!("-f{here}={there}")).collect()
}
