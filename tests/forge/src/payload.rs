//! payload.bin and its signatures, as update_engine's delta_generator makes them.

use crate::protobuf::{bytes, fixed32, varint};
use crate::{Hash, Key};

/// A payload by its parts.
#[derive(Clone)]
pub struct Payload {
    /// The fields of the manifest but for the signatures' place.
    pub manifest: Vec<u8>,
    /// The data of its operations.
    pub blobs: Vec<u8>,
}

impl Payload {
    /// Full images of two partitions.
    pub fn full() -> Payload {
        let partition = |name: &str, size: u64| {
            let info = [varint(1, size), bytes(2, Hash::Sha256.of(name.as_bytes()))].concat();
            // One operation that replaces.
            let operation = bytes(8, [varint(1, 0), varint(2, 0), varint(3, 8)].concat());
            bytes(13, [bytes(1, name), bytes(7, info), operation, bytes(17, "1791187200")].concat())
        };
        let manifest = [
            varint(3, 4096),
            varint(12, 0),
            partition("system", 16_384),
            partition("vendor_boot", 4096),
            varint(14, 1_791_187_200),
            bytes(18, "2026-10-05"),
        ];
        Payload { manifest: manifest.concat(), blobs: b"an image".to_vec() }
    }

    /// Without signatures.
    pub fn unsigned(&self) -> Vec<u8> {
        [header(self.manifest.len(), 0), self.manifest.clone(), self.blobs.clone()].concat()
    }

    /// With the signatures of these keys over both.
    pub fn signed(&self, keys: &[Key]) -> Vec<u8> {
        let size = signatures(keys, b"").len();
        let place = [varint(4, self.blobs.len() as u64), varint(5, size as u64)].concat();
        let manifest = [self.manifest.clone(), place].concat();
        let metadata = [header(manifest.len(), size), manifest].concat();
        let all = [&metadata[..], &self.blobs].concat();
        [&metadata[..], &signatures(keys, &metadata), &self.blobs, &signatures(keys, &all)].concat()
    }
}

/// The header of a payload of version 2.
pub fn header(manifest: usize, signature: usize) -> Vec<u8> {
    let [version, manifest] = [2, manifest as u64].map(u64::to_be_bytes);
    [b"CrAU", &version[..], &manifest, &(signature as u32).to_be_bytes()].concat()
}

/// A Signatures message, of the same size for each message.
pub fn signatures(keys: &[Key], message: &[u8]) -> Vec<u8> {
    keys.iter().map(|key| bytes(1, signature(key, message))).collect::<Vec<_>>().concat()
}

fn signature(key: &Key, message: &[u8]) -> Vec<u8> {
    let mut data = key.sign(Hash::Sha256, message);
    let size = data.len() as u32;
    // The longest signatures: two numbers of 32 or 48 bytes with their heads.
    let longest = match key {
        Key::P256(_) => 72,
        Key::P384(_) => 104,
        Key::Rsa(_) => data.len(),
    };
    data.resize(longest, 0);
    [bytes(2, data), fixed32(3, size)].concat()
}
