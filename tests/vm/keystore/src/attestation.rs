//! Attestations, as KeyMint and the provisioning server make them, from the root of the tests' sample hardware.

use crate::faults::{Fault, Now};
use crate::key::{Key, Kind};
use crate::parameters::Wanted;
use jiff::Timestamp;
use trust_forge::certificate::{self, Certificate, KEY_ATTESTATION, Name, key_usage, name};
use trust_forge::chain::Link;
use trust_forge::key_description::application_id;
use trust_forge::{Chain, Hash, KeyDescription, RootOfTrust, der};
use trust_formats::digest::sha256;

/// The label of the hardware's root, which stands in `tests/devices/roots.pem` (`tests/sample/attestation.rs`).
pub const HARDWARE: &str = "Enigm sample hardware";
const DAY: i64 = 86_400_000;

/// SHA-256 of the sample device's boot key, which `etc/policy/production.toml` accepts.
pub fn boot_key() -> [u8; 32] {
    sha256(b"enigm sample verified boot key")
}

/// The digest of the sample device's vbmeta structures, the same.
pub fn vbmeta_digest() -> [u8; 32] {
    sha256(b"enigm sample vbmeta")
}

/// The certificate of a key, and what stands above it.
pub struct Certified {
    pub certificate: Vec<u8>,
    pub chain: Vec<u8>,
}

/// Who attests.
pub enum Attester<'k> {
    /// Nobody: without a challenge a certificate is the key's own.
    Itself,
    /// The key that the server gave to this device.
    Provisioned,
    /// An ATTEST_KEY of the client's.
    Client(&'k Key),
}

/// Certifies a key of this secret, at this time (milliseconds since 1970).
pub fn certify(
    secret: &str,
    level: i32,
    wanted: &Wanted,
    attester: Attester<'_>,
    now: i64,
    faults: &Now,
) -> Certified {
    let mut secret = secret.to_owned();
    if faults.has(Fault::OthersChain) {
        secret = "another device's".to_owned();
    }
    let mut target = link(&secret, wanted);
    if let (Some(challenge), false) = (&wanted.challenge, matches!(attester, Attester::Itself)) {
        let description = describe(wanted.kind, level, challenge, now, faults);
        let description = if wanted.has_digest { description } else { description.without(5) }.encode();
        let extension = certificate::extension(&KEY_ATTESTATION, false, &description);
        target.certificate.extensions.push(extension);
    }
    match attester {
        Attester::Itself => {
            Certified { certificate: target.certificate.sign(&target.key, Hash::Sha256), chain: vec![] }
        }
        Attester::Client(key) => {
            let mut signer = Key::pair(&key.secret);
            if faults.has(Fault::OthersChain) {
                signer = Key::pair("another device's attestation");
            }
            // Every certificate of KeyMint's has this subject, where nobody asks for another.
            target.certificate.issuer = subject();
            Certified { certificate: target.certificate.sign(&signer, Hash::Sha256), chain: vec![] }
        }
        Attester::Provisioned => {
            let mut certificates = provisioned(target, level, now).certificates();
            let certificate = certificates.remove(0);
            Certified { certificate, chain: certificates.concat() }
        }
    }
}

/// Under the sample hardware's root: the server's certificates hold for some weeks, around now.
fn provisioned(target: Link, level: i32, now: i64) -> Chain {
    let name = if level == 2 { "StrongBox" } else { "TEE" };
    let mut chain = Chain::remote(HARDWARE, name, 8, &[]);
    let mut links = chain.links.iter_mut();
    if let Some(first) = links.next() {
        *first = target;
    }
    for (link, (before, after)) in links.zip([(7, 7), (24, 46)]) {
        link.dates(&time(now - before * DAY), &time(now + after * DAY));
    }
    Chain::of(chain.links)
}

fn subject() -> Name {
    name(&[("CN", "Android Keystore Key")])
}

fn link(secret: &str, wanted: &Wanted) -> Link {
    let key = Key::pair(secret);
    // digitalSignature; keyCertSign.
    let usage = key_usage(if wanted.kind == Kind::Attest { 0x04 } else { 0x80 });
    let certificate = Certificate {
        serial: wanted.serial.clone(),
        not_before: time(wanted.not_before),
        not_after: time(wanted.not_after),
        extensions: vec![usage],
        ..Certificate::ca(subject(), &key)
    };
    Link { certificate, key, hash: Hash::Sha256 }
}

fn describe(kind: Kind, level: i32, challenge: &[u8], now: i64, faults: &Now) -> KeyDescription {
    let level = if faults.has(Fault::Software) { 0 } else { u8::try_from(level).unwrap_or(0) };
    let challenge = match faults.has(Fault::OldChallenge) {
        true => sha256(b"a challenge of before").to_vec(),
        false => challenge.to_vec(),
    };
    let verified_boot_hash = Some(vbmeta_digest().to_vec());
    let trust = match faults.has(Fault::Unlocked) {
        true => RootOfTrust { verified_boot_hash, ..RootOfTrust::unlocked() },
        false => RootOfTrust {
            verified_boot_key: boot_key().to_vec(),
            verified_boot_hash,
            ..RootOfTrust::default()
        },
    };
    KeyDescription { level, keymint_level: level, challenge, ..KeyDescription::default() }
        .with_purposes(if kind == Kind::Attest { &[7] } else { &[2] })
        .with_software(701, der::integer(u64::try_from(now).unwrap_or(0)))
        // Of uid 1000, by `gather_attestation_application_id` in keystore/keystore_attestation_id.cpp.
        .with_software(709, der::octets(&application_id(&[("AndroidSystem", 1)], &[])))
        .with_root_of_trust(trust)
}

/// As X.509 writes it: two digits of the year until 2049 (RFC 5280 §4.1.2.5).
fn time(milliseconds: i64) -> String {
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let short = (-631_152_000_000..2_524_608_000_000).contains(&milliseconds);
    time.strftime(if short { "%y%m%d%H%M%SZ" } else { "%Y%m%d%H%M%SZ" }).to_string()
}
