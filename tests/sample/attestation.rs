//! The samples' key attestations: chains signed by roots that anybody can make again, so that nothing but a
//! command line that names tests/devices/roots.pem believes them.

use super::Device;
use super::build::{Boot, Build};
use trust_forge::certificate::{self, Certificate, RevocationList, key_usage, name};
use trust_forge::pem;
use trust_forge::{Chain, Hash, Key, KeyDescription, RootOfTrust, der};
use trust_formats::digest::sha256;

/// Whose root signed a sample's attestation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hardware {
    /// Enigm's device: a TEE and a StrongBox, keys from a server.
    Enigm,
    /// A maker's device: a TEE with a batch key from the factory.
    Maker,
    /// A virtual device: software that says that it is a TEE.
    Virtual,
}

const ENIGM: &str = "Enigm sample hardware";
const MAKER: &str = "Example maker's sample hardware";

/// Writes the attestation of a device in this state: its chains, the challenge, and what is revoked.
pub fn attest(device: &mut Device, build: &Build, boot: &Boot, hardware: Hardware) {
    let tee = describe(build, boot, 1).encode();
    match hardware {
        Hardware::Enigm => {
            device.file("attestation/tee.pem", Chain::remote(ENIGM, "TEE", 8, &tee).pem());
            let strongbox = describe(build, boot, 2).encode();
            device.file("attestation/strongbox.pem", Chain::remote(ENIGM, "StrongBox", 8, &strongbox).pem());
        }
        Hardware::Maker => {
            device.file("attestation/tee.pem", Chain::factory(MAKER, "TEE", &tee).pem());
        }
        Hardware::Virtual => {
            let mut chain = Chain::factory("software", "TEE", &tee);
            chain.links.remove(2);
            let root = &mut chain.links[2];
            root.key = Key::p256("software root");
            let subject = name(&[("CN", "Android Keystore Software Attestation Root")]);
            root.certificate = Certificate::ca(subject, &root.key);
            root.hash = Hash::Sha256;
            device.file("attestation/tee.pem", Chain::of(chain.links).pem());
        }
    }
    device.file("attestation/challenge", hex(&challenge()) + "\n");
    device.file("attestation/revocation.pem", revocation());
}

/// What the secure hardware of a device in this state attests, at a security level.
pub fn describe(build: &Build, boot: &Boot, level: u8) -> KeyDescription {
    let (state, is_locked) = match boot.state {
        "green" => (0, true),
        "yellow" => (1, true),
        _ => (2, false),
    };
    let trust = RootOfTrust {
        // KeyMint: on an unlocked device no key verified anything.
        verified_boot_key: if is_locked { bytes(&boot.key) } else { vec![0; 32] },
        device_locked: is_locked,
        verified_boot_state: state,
        verified_boot_hash: Some(bytes(&boot.vbmeta)),
    };
    let mut description =
        KeyDescription { level, keymint_level: level, challenge: challenge(), ..KeyDescription::default() };
    let day: u64 =
        build.patch.replace('-', "").parse().unwrap_or_else(|_| panic!("{}: expected a date", build.patch));
    for (tag, value) in [(706, day / 100), (718, day), (719, day)] {
        description.hardware.insert(tag, der::integer(value));
    }
    description.with_root_of_trust(trust)
}

/// The challenge of every sample: SHA-256 of a text.
pub fn challenge() -> Vec<u8> {
    sha256(b"enigm sample challenge").to_vec()
}

/// The roots of the samples' hardware and the signer of their revocation list, in PEM.
pub fn roots() -> String {
    let root = |chain: &Chain| chain.certificates().pop().unwrap_or_default();
    let (signer, key) = signer();
    let certificates = [
        root(&Chain::remote(ENIGM, "TEE", 8, &[])),
        root(&Chain::factory(MAKER, "TEE", &[])),
        signer.sign(&key, Hash::Sha256),
    ];
    "Of the samples alone: their private keys can be made from the words in tests/sample/attestation.rs.\n"
        .to_string()
        + &pem("CERTIFICATE", &certificates)
}

/// A list of the day before the samples were taken, with a serial number that no sample has.
fn revocation() -> String {
    let (signer, key) = signer();
    let list = RevocationList {
        issuer: signer.subject.clone(),
        this_update: "261101000000Z".into(),
        next_update: "261115000000Z".into(),
        number: 1,
        revoked: vec![(sha256(b"a revoked sample")[..16].to_vec(), 1)],
        extensions: vec![],
    };
    pem("CERTIFICATE", &[signer.sign(&key, Hash::Sha256)])
        + &pem("X509 CRL", &[list.sign(&key, Hash::Sha256)])
}

fn signer() -> (Certificate, Key) {
    let key = Key::p256("sample revocation");
    let subject = name(&[("CN", "Sample revocation"), ("O", "Enigm")]);
    let extensions = vec![certificate::basic_constraints(false), key_usage(0x02)];
    (Certificate { extensions, ..Certificate::ca(subject, &key) }, key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|nth| u8::from_str_radix(&hex[2 * nth..2 * nth + 2], 16).unwrap_or(0)).collect()
}
