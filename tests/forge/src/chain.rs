//! Key attestation chains of the shapes that devices have, from roots of our own.

use crate::certificate::{self, Certificate, KEY_ATTESTATION, Name, PROVISIONING_INFO, name};
use crate::key::{Hash, Key};

/// A chain: its certificates before they are signed, the target's first, with the keys that they are of.
#[derive(Clone)]
pub struct Chain {
    /// The certificates, each with the key that it is of and the hash that it is signed with.
    pub links: Vec<Link>,
}

/// One certificate of a chain.
#[derive(Clone)]
pub struct Link {
    /// What stands in it.
    pub certificate: Certificate,
    /// The key that it is of, which signs the certificate before it.
    pub key: Key,
    /// The hash of its own signature.
    pub hash: Hash,
}

impl Chain {
    /// Root → intermediate → attestation → target, as a batch of devices gets it in the factory: an RSA-4096
    /// root, names of title and serialNumber.
    pub fn factory(label: &str, level: &str, description: &[u8]) -> Chain {
        let root = Link::root(
            label,
            Key::rsa(&format!("{label} root"), 4096),
            name(&[("serialNumber", &hex(label))]),
        );
        let named = |part: &str| {
            name(&[("title", level), ("serialNumber", &hex(&format!("{label} {level} {part}")))])
        };
        let intermediate = Link::ca(
            named("intermediate"),
            Key::p384(&format!("{label} {level} intermediate")),
            Hash::Sha256,
        );
        let attestation =
            Link::ca(named("attestation"), Key::p256(&format!("{label} {level} attestation")), Hash::Sha256);
        Chain::of(vec![Link::target(label, description), attestation, intermediate, root])
    }

    /// Root → Droid CA2 → Droid CA3 → attestation → target, as a server gives it to one device for some weeks: a
    /// P-384 root, and how many certificates the device was given.
    pub fn remote(label: &str, level: &str, issued: u8, description: &[u8]) -> Chain {
        let root_name = name(&[("CN", "Sample Attestation CA1"), ("O", label)]);
        let root = Link::root(label, Key::p384(&format!("{label} root")), root_name);
        let droid = |cn: &str| name(&[("CN", cn), ("O", "Google LLC")]);
        let second = Link::ca(droid("Droid CA2"), Key::p384(&format!("{label} CA2")), Hash::Sha384);
        let mut third = Link::ca(droid("Droid CA3"), Key::p256(&format!("{label} CA3")), Hash::Sha384);
        third.dates("261010000000Z", "261219000000Z");
        let subject = name(&[("O", level), ("CN", &hex(&format!("{label} {level} attestation")))]);
        let mut attestation =
            Link::ca(subject, Key::p256(&format!("{label} {level} attestation")), Hash::Sha256);
        attestation.dates("261026000000Z", "261109000000Z");
        // CBOR: a map of one, 1 → issued.
        let info = if issued < 24 { vec![0xa1, 1, issued] } else { vec![0xa1, 1, 0x18, issued] };
        attestation.certificate.extensions.push(certificate::extension(&PROVISIONING_INFO, false, &info));
        Chain::of(vec![Link::target(label, description), attestation, third, second, root])
    }

    /// These certificates, each issued by the next, the last by itself.
    pub fn of(links: Vec<Link>) -> Chain {
        let mut chain = Chain { links };
        chain.name_issuers();
        chain
    }

    /// Puts a certificate of a user's key right above the target's.
    pub fn with_attest_key(mut self, label: &str, description: &[u8]) -> Chain {
        let mut key = Link::target(label, description);
        // As KeyMint writes it: a key for certificates of its own.
        key.certificate.extensions.push(certificate::key_usage(0x04));
        self.links.insert(1, key);
        self.links[0].certificate.issuer = self.links[1].certificate.subject.clone();
        self.links[1].certificate.issuer = self.links[2].certificate.subject.clone();
        self
    }

    /// Makes each the issuer of the one before.
    pub fn name_issuers(&mut self) {
        for nth in 0..self.links.len() {
            let issuer = self.links.get(nth + 1).unwrap_or(&self.links[nth]).certificate.subject.clone();
            self.links[nth].certificate.issuer = issuer;
        }
    }

    /// The certificates, each signed by the next one's key, the last by its own.
    pub fn certificates(&self) -> Vec<Vec<u8>> {
        let signed = self.links.iter().enumerate().map(|(nth, link)| {
            let issuer = self.links.get(nth + 1).unwrap_or(link);
            link.certificate.sign(&issuer.key, link.hash)
        });
        signed.collect()
    }

    /// The same as PEM.
    pub fn pem(&self) -> String {
        crate::pem("CERTIFICATE", &self.certificates())
    }

    /// The root's SubjectPublicKeyInfo.
    pub fn root_key(&self) -> Vec<u8> {
        self.links.last().expect("a chain has a root").key.public()
    }
}

impl Link {
    fn root(label: &str, key: Key, subject: Name) -> Link {
        let mut root = Link::ca(subject, key, Hash::Sha384);
        root.certificate.serial = serial(&format!("{label} root"));
        root
    }

    fn ca(subject: Name, key: Key, hash: Hash) -> Link {
        let mut certificate = Certificate::ca(subject, &key);
        certificate.serial = serial(&format!("{:?}", certificate.subject));
        Link { certificate, key, hash }
    }

    /// A target's certificate as KeyMint makes it: serial number 1, dates that mean nothing.
    pub fn target(label: &str, description: &[u8]) -> Link {
        let key = Key::p256(&format!("{label} target"));
        let certificate = Certificate {
            not_before: "700101000000Z".into(),
            not_after: "480101000000Z".into(),
            extensions: vec![certificate::extension(&KEY_ATTESTATION, false, description)],
            ..Certificate::ca(name(&[("CN", "Android Keystore Key")]), &key)
        };
        Link { certificate, key, hash: Hash::Sha256 }
    }

    /// Sets the dates: `YYMMDDhhmmssZ`.
    pub fn dates(&mut self, not_before: &str, not_after: &str) {
        self.certificate.not_before = not_before.into();
        self.certificate.not_after = not_after.into();
    }
}

fn serial(label: &str) -> Vec<u8> {
    let mut bytes = Hash::Sha256.of(label.as_bytes());
    bytes.truncate(16);
    bytes
}

fn hex(label: &str) -> String {
    serial(label).iter().map(|byte| format!("{byte:02x}")).collect()
}
