//! X.509 certificates and revocation lists.

use crate::der;
use crate::key::{Hash, Key};

/// What goes into a certificate. The defaults are a CA's, valid from 2020 to 2040.
#[derive(Clone)]
pub struct Certificate {
    /// The serial number, big-endian.
    pub serial: Vec<u8>,
    /// The issuer's name.
    pub issuer: Name,
    /// The subject's name.
    pub subject: Name,
    /// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`.
    pub not_before: String,
    /// The same.
    pub not_after: String,
    /// The SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// The extensions, whole.
    pub extensions: Vec<Vec<u8>>,
}

/// A distinguished name: short attribute names and values.
pub type Name = Vec<(&'static str, String)>;

/// 1.3.6.1.4.1.11129.2.1.17
pub const KEY_ATTESTATION: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 1, 17];
/// 1.3.6.1.4.1.11129.2.1.30
pub const PROVISIONING_INFO: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 1, 30];

/// A name from `CN=…` pieces.
pub fn name(parts: &[(&'static str, &str)]) -> Name {
    parts.iter().map(|(attribute, value)| (*attribute, value.to_string())).collect()
}

impl Certificate {
    /// A CA's certificate of a key, issued by itself until told otherwise.
    pub fn ca(subject: Name, key: &Key) -> Certificate {
        Certificate {
            serial: vec![1],
            issuer: subject.clone(),
            subject,
            not_before: "200101000000Z".into(),
            not_after: "400101000000Z".into(),
            public_key: key.public(),
            extensions: vec![basic_constraints(true), key_usage(0x04)],
        }
    }

    /// The certificate, signed.
    pub fn sign(&self, key: &Key, hash: Hash) -> Vec<u8> {
        self.sign_as(key, hash, &key.algorithm(hash))
    }

    /// The certificate, signed, with whatever AlgorithmIdentifier it is to name.
    pub fn sign_as(&self, key: &Key, hash: Hash, algorithm: &[u8]) -> Vec<u8> {
        let mut fields = vec![
            der::explicit(0, &der::integer(2)),
            der::unsigned(&self.serial),
            algorithm.to_vec(),
            encode(&self.issuer),
            der::sequence(&[der::time(&self.not_before), der::time(&self.not_after)]),
            encode(&self.subject),
            self.public_key.clone(),
        ];
        if !self.extensions.is_empty() {
            fields.push(der::explicit(3, &der::sequence(&self.extensions)));
        }
        signed(&der::sequence(&fields), key, hash, algorithm)
    }
}

/// A revocation list (RFC 5280 §5): serial numbers and their reasons, signed.
pub struct RevocationList {
    /// Who issues it.
    pub issuer: Name,
    /// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`.
    pub this_update: String,
    /// The same.
    pub next_update: String,
    /// cRLNumber.
    pub number: u64,
    /// Serial numbers, big-endian, and CRLReason codes.
    pub revoked: Vec<(Vec<u8>, u8)>,
    /// Further extensions, whole.
    pub extensions: Vec<Vec<u8>>,
}

impl RevocationList {
    /// The list, signed.
    pub fn sign(&self, key: &Key, hash: Hash) -> Vec<u8> {
        let algorithm = key.algorithm(hash);
        let entries: Vec<Vec<u8>> = self
            .revoked
            .iter()
            .map(|(serial, reason)| {
                let reason = extension(&[2, 5, 29, 21], false, &der::enumerated(*reason));
                der::sequence(&[
                    der::unsigned(serial),
                    der::time(&self.this_update),
                    der::sequence(&[reason]),
                ])
            })
            .collect();
        let mut extensions = vec![extension(&[2, 5, 29, 20], false, &der::integer(self.number))];
        extensions.extend(self.extensions.iter().cloned());
        let mut fields = vec![
            der::integer(1),
            algorithm.clone(),
            encode(&self.issuer),
            der::time(&self.this_update),
            der::time(&self.next_update),
        ];
        // RFC 5280: without entries the list is left out.
        if !entries.is_empty() {
            fields.push(der::sequence(&entries));
        }
        fields.push(der::explicit(0, &der::sequence(&extensions)));
        signed(&der::sequence(&fields), key, hash, &algorithm)
    }
}

fn signed(content: &[u8], key: &Key, hash: Hash, algorithm: &[u8]) -> Vec<u8> {
    let signature = key.sign(hash, content);
    der::sequence(&[content.to_vec(), algorithm.to_vec(), der::bits(&signature)])
}

/// An extension.
pub fn extension(oid: &[u64], is_critical: bool, value: &[u8]) -> Vec<u8> {
    let mut fields = vec![der::oid(oid)];
    if is_critical {
        fields.push(der::boolean(true));
    }
    fields.push(der::octets(value));
    der::sequence(&fields)
}

/// basicConstraints; DER leaves a cA of false out.
pub fn basic_constraints(is_ca: bool) -> Vec<u8> {
    let fields = if is_ca { vec![der::boolean(true)] } else { vec![] };
    extension(&[2, 5, 29, 19], true, &der::sequence(&fields))
}

/// keyUsage from its first octet: 0x80 digitalSignature, 0x04 keyCertSign, 0x02 cRLSign.
pub fn key_usage(flags: u8) -> Vec<u8> {
    let unused = flags.trailing_zeros().min(7) as u8;
    extension(&[2, 5, 29, 15], true, &der::element(3, &[unused, flags]))
}

fn encode(name: &Name) -> Vec<u8> {
    let sets: Vec<Vec<u8>> = name
        .iter()
        .map(|(attribute, value)| {
            let last = match *attribute {
                "CN" => 3,
                "serialNumber" => 5,
                "C" => 6,
                "O" => 10,
                "OU" => 11,
                "title" => 12,
                other => panic!("{other}: expected CN, serialNumber, C, O, OU or title"),
            };
            der::set_of(&[der::sequence(&[der::oid(&[2, 5, 4, last]), der::utf8(value)])])
        })
        .collect();
    der::sequence(&sets)
}
