//! Update packages: zip archives with a signature in their comment, as SignApk makes them.

use crate::{Hash, Key, der};

/// A certificate that a key signs for itself (RFC 5280 §4.1, version 1): for verifiers that read its key alone.
pub fn certificate(key: &Key, hash: Hash) -> Vec<u8> {
    let name =
        der::sequence(&[der::set_of(&[der::sequence(&[der::oid(&[2, 5, 4, 3]), der::utf8("forged")])])]);
    let body = der::sequence(&[
        der::integer(1),
        key.algorithm(hash),
        name.clone(),
        der::sequence(&[der::time("260101000000Z"), der::time("20560101000000Z")]),
        name,
        key.public(),
    ]);
    let signature = key.sign(hash, &body);
    der::sequence(&[body, key.algorithm(hash), der::bits(&signature)])
}

/// A zip archive of stored entries without a comment.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let size = (data.len() as u32).to_le_bytes();
        let offset = (archive.len() as u32).to_le_bytes();
        let lengths = [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
        // Version 1.0, no flags, stored, 1 January 1980.
        let shared = [&[10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc32(data), &size, &size, &lengths].concat();
        archive.extend([b"PK\x03\x04", &shared[..], name.as_bytes(), data].concat());
        let rest = [&[0; 10][..], &offset].concat();
        directory.extend([b"PK\x01\x02", &[10, 0][..], &shared, &rest, name.as_bytes()].concat());
    }
    let count = (entries.len() as u16).to_le_bytes();
    let place = [(directory.len() as u32).to_le_bytes(), (archive.len() as u32).to_le_bytes()].concat();
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &place, &[0, 0]].concat();
    [archive, directory, end].concat()
}

/// The checksum of zip archives, bit by bit.
fn crc32(data: &[u8]) -> [u8; 4] {
    let mut crc = !0u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    (!crc).to_le_bytes()
}

/// A signature block by its parts: CMS SignedData (RFC 5652 §5).
#[derive(Clone)]
pub struct Block {
    /// The content type of the whole.
    pub kind: Vec<u8>,
    /// The version of SignedData.
    pub version: u64,
    /// The digest algorithms.
    pub digests: Vec<Vec<u8>>,
    /// What stands in the content.
    pub content: Vec<Vec<u8>>,
    /// Certificates.
    pub certificates: Vec<Vec<u8>>,
    /// How often the signer stands there.
    pub signers: usize,
    /// The version of the signer.
    pub signer_version: u64,
    /// The digest algorithm of the signer.
    pub digest: Vec<u8>,
    /// What stands between the two algorithms of the signer.
    pub attributes: Vec<u8>,
    /// The signature algorithm.
    pub algorithm: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// What follows the signature in the signer.
    pub rest: Vec<u8>,
}

impl Block {
    /// The block of a key over a message.
    pub fn new(key: &Key, hash: Hash, message: &[u8]) -> Block {
        let digest = der::sequence(&[hash.oid(), der::null()]);
        let algorithm = match key {
            Key::Rsa(_) => der::sequence(&[der::oid(&[1, 2, 840, 113549, 1, 1, 1]), der::null()]),
            Key::P256(_) | Key::P384(_) => key.algorithm(hash),
        };
        Block {
            kind: der::oid(&[1, 2, 840, 113549, 1, 7, 2]),
            version: 1,
            digests: vec![digest.clone()],
            content: vec![der::oid(&[1, 2, 840, 113549, 1, 7, 1])],
            certificates: vec![certificate(key, hash)],
            signers: 1,
            signer_version: 1,
            digest,
            attributes: Vec::new(),
            algorithm,
            signature: key.sign(hash, message),
            rest: Vec::new(),
        }
    }

    /// Its DER.
    pub fn der(&self) -> Vec<u8> {
        let name = der::sequence(&[der::sequence(&[]), der::integer(1)]);
        let signer = der::sequence(&[
            der::integer(self.signer_version),
            name,
            self.digest.clone(),
            self.attributes.clone(),
            self.algorithm.clone(),
            der::octets(&self.signature),
            self.rest.clone(),
        ]);
        let certificates = match self.certificates.is_empty() {
            true => Vec::new(),
            false => der::explicit(0, &self.certificates.concat()),
        };
        let data = der::sequence(&[
            der::integer(self.version),
            der::set_of(&self.digests),
            der::sequence(&self.content),
            certificates,
            der::set_of(&vec![signer; self.signers]),
        ]);
        der::sequence(&[self.kind.clone(), der::explicit(0, &data)])
    }
}

/// What a package's signature signs: an archive without a comment, but for its last field.
pub fn message(archive: &[u8]) -> &[u8] {
    &archive[..archive.len() - 2]
}

/// An archive with a comment that ends in a signature block and its footer.
pub fn attach(archive: &[u8], comment: &[u8], block: &[u8]) -> Vec<u8> {
    let start = (block.len() + 6) as u16;
    let length = (comment.len() as u16 + start).to_le_bytes();
    [message(archive), &length, comment, block, &start.to_le_bytes(), &[0xff, 0xff], &length].concat()
}

/// A signed archive.
pub fn sign(archive: &[u8], key: &Key, hash: Hash) -> Vec<u8> {
    attach(archive, b"signed by trust_forge\0", &Block::new(key, hash, message(archive)).der())
}
