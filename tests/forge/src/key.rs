//! Key pairs made from labels, and their signatures.

use crate::der;
use num_bigint::BigUint;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A key pair.
#[derive(Clone)]
pub enum Key {
    /// ECDSA on secp256r1.
    P256(p256::ecdsa::SigningKey),
    /// ECDSA on secp384r1.
    P384(p384::ecdsa::SigningKey),
    /// RSA.
    Rsa(RsaKey),
}

/// An RSA key of many small primes: quick to make, the same to verify, and worth nothing as a secret.
#[derive(Clone)]
pub struct RsaKey {
    primes: Vec<BigUint>,
    modulus: BigUint,
    exponent: BigUint,
}

impl Key {
    /// The P-256 key of a label.
    pub fn p256(label: &str) -> Key {
        Key::P256(p256::ecdsa::SigningKey::from_slice(&stream(label, 32)).expect("a scalar in range"))
    }

    /// The P-384 key of a label.
    pub fn p384(label: &str) -> Key {
        Key::P384(p384::ecdsa::SigningKey::from_slice(&stream(label, 48)).expect("a scalar in range"))
    }

    /// The RSA key of a label with a modulus of this many bits, a multiple of 512, and the exponent 65537.
    pub fn rsa(label: &str, bits: u64) -> Key {
        Key::rsa_with_exponent(label, bits, 65_537)
    }

    /// The same with another exponent, a prime.
    pub fn rsa_with_exponent(label: &str, bits: u64, exponent: u64) -> Key {
        /// By label, bits and exponent.
        type Made = HashMap<(String, u64, u64), RsaKey>;
        static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
        let name = (label.to_string(), bits, exponent);
        let mut made = MADE.lock().expect("no test panics while it makes a key");
        Key::Rsa(made.entry(name).or_insert_with(|| RsaKey::make(label, bits, exponent)).clone())
    }

    /// The SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub fn public(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Key::P256(key) => (
                der::sequence(&[der::oid(&[1, 2, 840, 10045, 2, 1]), der::oid(&[1, 2, 840, 10045, 3, 1, 7])]),
                key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            ),
            Key::P384(key) => (
                der::sequence(&[der::oid(&[1, 2, 840, 10045, 2, 1]), der::oid(&[1, 3, 132, 0, 34])]),
                key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            ),
            Key::Rsa(key) => (
                der::sequence(&[der::oid(&[1, 2, 840, 113549, 1, 1, 1]), der::null()]),
                der::sequence(&[der::unsigned(&key.modulus()), der::unsigned(&key.exponent())]),
            ),
        };
        der::sequence(&[algorithm, der::bits(&key)])
    }

    /// The AlgorithmIdentifier of its signatures with this hash.
    pub fn algorithm(&self, hash: Hash) -> Vec<u8> {
        let last = |values: [u64; 3]| match hash {
            Hash::Sha1 => panic!("no SHA-1 here"),
            Hash::Sha256 => values[0],
            Hash::Sha384 => values[1],
            Hash::Sha512 => values[2],
        };
        match self {
            Key::P256(_) | Key::P384(_) => {
                der::sequence(&[der::oid(&[1, 2, 840, 10045, 4, 3, last([2, 3, 4])])])
            }
            Key::Rsa(_) if hash == Hash::Sha1 => {
                der::sequence(&[der::oid(&[1, 2, 840, 113549, 1, 1, 5]), der::null()])
            }
            Key::Rsa(_) => {
                der::sequence(&[der::oid(&[1, 2, 840, 113549, 1, 1, last([11, 12, 13])]), der::null()])
            }
        }
    }

    /// The signature of a message: an ECDSA-Sig-Value, or RSASSA-PKCS1-v1_5. The same each time.
    pub fn sign(&self, hash: Hash, message: &[u8]) -> Vec<u8> {
        let digest = hash.of(message);
        match self {
            Key::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(&digest).expect("a digest");
                signature.to_der().as_bytes().to_vec()
            }
            Key::P384(key) => {
                // A digest shorter than half the curve's size is refused: left-padding is the same number.
                let mut wide = vec![0; 48usize.saturating_sub(digest.len())];
                wide.extend(&digest);
                let signature: p384::ecdsa::Signature = key.sign_prehash(&wide).expect("a digest");
                signature.to_der().as_bytes().to_vec()
            }
            Key::Rsa(key) => key.sign(hash, &digest),
        }
    }

    /// Its RSA parts.
    pub fn as_rsa(&self) -> Option<&RsaKey> {
        if let Key::Rsa(key) = self { Some(key) } else { None }
    }
}

impl RsaKey {
    fn make(label: &str, bits: u64, exponent: u64) -> RsaKey {
        assert!(bits.is_multiple_of(512), "{bits}: expected a multiple of 512");
        let exponent = BigUint::from(exponent);
        let mut primes: Vec<BigUint> = Vec::new();
        let mut counter = 0;
        while (primes.len() as u64) < bits / 512 {
            counter += 1;
            let mut bytes = stream(&format!("{label} {bits} {counter}"), 64);
            // The highest bits set: a product of n such primes has 512 n bits, up to n = 16.
            bytes[0] = 0xff;
            bytes[63] |= 1;
            let candidate = BigUint::from_bytes_be(&bytes);
            let one = BigUint::from(1u32);
            if is_prime(&candidate)
                && (&candidate - &one) % &exponent != BigUint::ZERO
                && !primes.contains(&candidate)
            {
                primes.push(candidate);
            }
        }
        let modulus: BigUint = primes.iter().product();
        assert_eq!(modulus.bits(), bits);
        RsaKey { primes, modulus, exponent }
    }

    /// The modulus, big-endian.
    pub fn modulus(&self) -> Vec<u8> {
        self.modulus.to_bytes_be()
    }

    /// The public exponent, big-endian.
    pub fn exponent(&self) -> Vec<u8> {
        self.exponent.to_bytes_be()
    }

    /// An RSASSA-PKCS1-v1_5 signature of a digest (RFC 8017 §8.2.1).
    pub fn sign(&self, hash: Hash, digest: &[u8]) -> Vec<u8> {
        let size = self.modulus.bits().div_ceil(8) as usize;
        let info = der::sequence(&[der::sequence(&[hash.oid(), der::null()]), der::octets(digest)]);
        let mut encoded = vec![0, 1];
        encoded.resize(size - info.len() - 1, 0xff);
        encoded.push(0);
        encoded.extend(info);
        let signature = self.private(&BigUint::from_bytes_be(&encoded)).to_bytes_be();
        [vec![0; size - signature.len()], signature].concat()
    }

    /// The private operation, by the Chinese remainder theorem over all primes (Garner).
    fn private(&self, message: &BigUint) -> BigUint {
        let one = BigUint::from(1u32);
        let (mut result, mut product) = (BigUint::ZERO, one.clone());
        for prime in &self.primes {
            let order = prime - &one;
            let power = self.exponent.modinv(&order).expect("coprime by construction");
            let residue = message.modpow(&power, prime);
            let step = (residue + prime - (&result % prime)) % prime
                * product.modinv(prime).expect("different primes")
                % prime;
            result += &product * step;
            product *= prime;
        }
        result
    }
}

impl Hash {
    /// The digest of a message.
    pub fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha1 => sha1::Sha1::digest(message).to_vec(),
            Hash::Sha256 => Sha256::digest(message).to_vec(),
            Hash::Sha384 => sha2::Sha384::digest(message).to_vec(),
            Hash::Sha512 => sha2::Sha512::digest(message).to_vec(),
        }
    }

    /// Its OBJECT IDENTIFIER.
    pub fn oid(self) -> Vec<u8> {
        match self {
            Hash::Sha1 => der::oid(&[1, 3, 14, 3, 2, 26]),
            Hash::Sha256 => der::oid(&[2, 16, 840, 1, 101, 3, 4, 2, 1]),
            Hash::Sha384 => der::oid(&[2, 16, 840, 1, 101, 3, 4, 2, 2]),
            Hash::Sha512 => der::oid(&[2, 16, 840, 1, 101, 3, 4, 2, 3]),
        }
    }
}

/// Bytes from a label: SHA-256 of the label and a counter, one after the other.
fn stream(label: &str, length: usize) -> Vec<u8> {
    let blocks = (0u32..).flat_map(|block| Sha256::digest(format!("trust_forge {label} {block}")).to_vec());
    blocks.take(length).collect()
}

/// Miller and Rabin's test with fixed bases: enough for numbers that nobody chose to deceive it.
fn is_prime(candidate: &BigUint) -> bool {
    let one = BigUint::from(1u32);
    let less_one = candidate - &one;
    if (3u32..2000).step_by(2).any(|small| candidate % small == BigUint::ZERO) {
        return false;
    }
    let twos = less_one.trailing_zeros().unwrap_or(0);
    let odd = &less_one >> twos;
    [2u32, 3, 5, 7, 11, 13, 17, 19].into_iter().all(|base| {
        let mut power = BigUint::from(base).modpow(&odd, candidate);
        if power == one || power == less_one {
            return true;
        }
        (1..twos).any(|_| {
            power = &power * &power % candidate;
            power == less_one
        })
    })
}
