//! Writes vbmeta images and the footers that point to them (AOSP external/avb: avb_vbmeta_image.h, avb_footer.h,
//! the `avb_*_descriptor.h`, avb_crypto.h), in the layout of avbtool: descriptors, key and metadata one after the
//! other; then the hash, then the signature.

use crate::{Hash, Key};
use num_bigint::BigUint;

/// The size of the header.
pub const HEADER: usize = 256;
/// The size of a footer.
pub const FOOTER: usize = 64;

/// What an image says, before it is signed.
#[derive(Clone, Debug, Default)]
pub struct Vbmeta {
    /// What its descriptors are, each a whole one.
    pub descriptors: Vec<Vec<u8>>,
    /// The public key metadata.
    pub metadata: Vec<u8>,
    /// The minor version of libavb that it requires.
    pub minor: u32,
    /// The rollback index.
    pub rollback_index: u64,
    /// Where the rollback index is kept.
    pub rollback_index_location: u32,
    /// 1: no hashtrees; 2: no verification.
    pub flags: u32,
}

impl Vbmeta {
    /// With these descriptors, and zero for everything else.
    pub fn new(descriptors: impl IntoIterator<Item = Vec<u8>>) -> Vbmeta {
        Vbmeta { descriptors: descriptors.into_iter().collect(), ..Vbmeta::default() }
    }

    /// The image without a signature (algorithm NONE).
    pub fn unsigned(&self) -> Vec<u8> {
        let (header, auxiliary) = self.blocks(0, 0, 0, &[]);
        [header, auxiliary].concat()
    }

    /// The image as an RSA key of 2048, 4096 or 8192 bits signs it.
    pub fn signed(&self, key: &Key, hash: Hash) -> Vec<u8> {
        self.signed_after(key, hash, |_, _| {})
    }

    /// The same after a change to the header and to the auxiliary block: a fault that bears a good signature.
    pub fn signed_after(&self, key: &Key, hash: Hash, change: impl FnOnce(&mut [u8], &mut [u8])) -> Vec<u8> {
        let blob = public_key(key);
        let signature_size = (blob.len() - 8) / 2;
        let algorithm = match (hash, signature_size) {
            (Hash::Sha256, 256) => 1,
            (Hash::Sha256, 512) => 2,
            (Hash::Sha256, 1024) => 3,
            (Hash::Sha512, 256) => 4,
            (Hash::Sha512, 512) => 5,
            (Hash::Sha512, 1024) => 6,
            other => panic!("{other:?}: no such algorithm"),
        };
        let hash_size = hash.of(b"").len();
        let (mut header, mut auxiliary) = self.blocks(algorithm, hash_size, signature_size, &blob);
        change(&mut header, &mut auxiliary);
        let message = [&header[..], &auxiliary].concat();
        let mut authentication = [hash.of(&message), key.sign(hash, &message)].concat();
        pad(&mut authentication, 64);
        [header, authentication, auxiliary].concat()
    }

    fn blocks(&self, algorithm: u32, hash: usize, signature: usize, key: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let descriptors = self.descriptors.concat();
        let mut auxiliary = [&descriptors[..], key, &self.metadata].concat();
        pad(&mut auxiliary, 64);
        let number = |number: usize| (number as u64).to_be_bytes();
        let header = [
            &b"AVB0"[..],
            &1u32.to_be_bytes(),
            &self.minor.to_be_bytes(),
            &number((hash + signature).next_multiple_of(64)),
            &number(auxiliary.len()),
            &algorithm.to_be_bytes(),
            &number(0),
            &number(hash),
            &number(hash),
            &number(signature),
            &number(descriptors.len()),
            &number(key.len()),
            &number(descriptors.len() + key.len()),
            &number(self.metadata.len()),
            &number(0),
            &number(descriptors.len()),
            &self.rollback_index.to_be_bytes(),
            &self.flags.to_be_bytes(),
            &self.rollback_index_location.to_be_bytes(),
            b"trust_forge 1",
        ];
        let mut header = header.concat();
        header.resize(HEADER, 0);
        (header, auxiliary)
    }
}

/// The public key in AVB's form: its bits, -1/n mod 2^32, n, and 2^(2·bits) mod n.
pub fn public_key(key: &Key) -> Vec<u8> {
    let rsa = key.as_rsa().expect("an RSA key");
    let modulus = BigUint::from_bytes_be(&rsa.modulus());
    let word = BigUint::from(1u64 << 32);
    let inverse = (&modulus % &word).modinv(&word).expect("an odd modulus");
    let n0inv = u32::try_from(&word - inverse).expect("below 2^32");
    let bits = modulus.bits();
    let square = (BigUint::from(1u32) << (2 * bits)) % &modulus;
    let size = bits as usize / 8;
    let square = square.to_bytes_be();
    [
        &(bits as u32).to_be_bytes()[..],
        &n0inv.to_be_bytes(),
        &rsa.modulus(),
        &vec![0; size - square.len()],
        &square,
    ]
    .concat()
}

/// A descriptor of any tag, padded to eight bytes.
pub fn descriptor(tag: u64, content: &[u8]) -> Vec<u8> {
    let mut content = content.to_vec();
    pad(&mut content, 8);
    [&tag.to_be_bytes()[..], &(content.len() as u64).to_be_bytes(), &content].concat()
}

/// A property.
pub fn property(key: &str, value: &[u8]) -> Vec<u8> {
    let sizes = [(key.len() as u64).to_be_bytes(), (value.len() as u64).to_be_bytes()].concat();
    descriptor(0, &[&sizes, key.as_bytes(), b"\0", value, b"\0"].concat())
}

/// A dm-verity hash tree with SHA-256 over `size` bytes of a partition, in blocks of 4096 bytes.
pub fn hashtree(partition: &str, size: u64, salt: &[u8], root: &[u8]) -> Vec<u8> {
    let numbers = [
        &1u32.to_be_bytes()[..],
        &size.to_be_bytes(),
        &size.to_be_bytes(),
        &4096u64.to_be_bytes(),
        &4096u32.to_be_bytes(),
        &4096u32.to_be_bytes(),
        &2u32.to_be_bytes(),
        &(size + 4096).to_be_bytes(),
        &8192u64.to_be_bytes(),
    ];
    descriptor(1, &[numbers.concat(), digested(partition, salt, root)].concat())
}

/// The SHA-256 of the first `size` bytes of a partition.
pub fn hash(partition: &str, size: u64, salt: &[u8], digest: &[u8]) -> Vec<u8> {
    descriptor(2, &[&size.to_be_bytes()[..], &digested(partition, salt, digest)].concat())
}

fn digested(partition: &str, salt: &[u8], digest: &[u8]) -> Vec<u8> {
    let mut bytes = b"sha256".to_vec();
    bytes.resize(32, 0);
    for length in [partition.len(), salt.len(), digest.len(), 0] {
        bytes.extend((length as u32).to_be_bytes());
    }
    bytes.extend([0; 60]);
    [&bytes, partition.as_bytes(), salt, digest].concat()
}

/// A kernel command line; flags 1: only with hashtrees, 2: only without.
pub fn kernel_cmdline(flags: u32, cmdline: &str) -> Vec<u8> {
    let length = (cmdline.len() as u32).to_be_bytes();
    descriptor(3, &[&flags.to_be_bytes()[..], &length, cmdline.as_bytes()].concat())
}

/// A partition that another vbmeta image speaks for, signed by this key.
pub fn chain(partition: &str, location: u32, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [location, partition.len() as u32, key.len() as u32, 0] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend([0; 60]);
    descriptor(4, &[&bytes, partition.as_bytes(), key].concat())
}

/// A partition of `size` bytes: its content, a vbmeta image on the next 4096-byte block, and the footer.
pub fn partition(content: &[u8], vbmeta: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = content.to_vec();
    pad(&mut bytes, 4096);
    let offset = bytes.len();
    bytes.extend(vbmeta);
    assert!(bytes.len() + FOOTER <= size, "{size} bytes are too few");
    bytes.resize(size - FOOTER, 0);
    bytes.extend(footer(content.len(), offset, vbmeta.len()));
    bytes
}

/// A footer.
pub fn footer(original_size: usize, vbmeta_offset: usize, vbmeta_size: usize) -> Vec<u8> {
    let mut bytes = [&b"AVBf"[..], &1u32.to_be_bytes(), &0u32.to_be_bytes()].concat();
    for number in [original_size, vbmeta_offset, vbmeta_size] {
        bytes.extend((number as u64).to_be_bytes());
    }
    bytes.resize(FOOTER, 0);
    bytes
}

fn pad(bytes: &mut Vec<u8>, multiple: usize) {
    bytes.resize(bytes.len().next_multiple_of(multiple), 0);
}
