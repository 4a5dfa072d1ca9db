//! Keys and policies of signed bundles, as files hold them: what signs, who may sign, and whether a bundle's policy
//! is the one that it says it is.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use trust_evidence::LoadError;
use trust_formats::signature::{Curve, PublicKey as Key};
use trust_formats::x509::Certificate;
use trust_formats::{FormatError, pem};
use trust_gates::{Plan, Policy};
use trust_token::bundle::Bundle;
use trust_token::crypto::{PublicKey, Sign, Signature};

use crate::cycle::House;

/// The largest file of a key or a certificate, in bytes.
pub const MAX_KEY: usize = 64 << 10;

/// The DER of a P-256 SubjectPublicKeyInfo (RFC 5480 §2) before its point of 65 bytes: there is one.
const P256_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Why a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No PEM, or no certificate.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// Other blocks than one.
    #[error("{found}: expected one PEM block, {expected}")]
    Block {
        /// What is there.
        found: String,
        /// Which is expected.
        expected: &'static str,
    },
    /// A key of another kind, or none.
    #[error("{0}: expected a P-256 key")]
    Kind(String),
    /// The system gave no randomness.
    #[error("no signature was made: the system gave no randomness")]
    Random,
}

/// Why a bundle that verifies does not hold a policy that can be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It does not load.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// It is no text.
    #[error("the policy is not UTF-8")]
    Text,
    /// The bundle says another id or version than the policy.
    #[error("policy {id} version {version}: expected {expected}, as the bundle says")]
    Differs {
        /// The policy's id.
        id: String,
        /// The policy's version.
        version: u32,
        /// The bundle's.
        expected: String,
    },
}

/// A key that signs bundles.
#[derive(Debug)]
pub struct Signer {
    pair: EcdsaKeyPair,
    public: PublicKey,
    random: SystemRandom,
}

impl Signer {
    /// Of a PEM file with one P-256 private key in PKCS#8 (RFC 5958), with its public key in it.
    pub fn from_pem(bytes: &[u8]) -> Result<Signer, KeyError> {
        let block = one_block(bytes, &["PRIVATE KEY"], "PRIVATE KEY (PKCS#8)")?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &block.bytes, &random);
        let pair = pair.map_err(|rejected| KeyError::Kind(format!("a private key ({rejected})")))?;
        let public = PublicKey::from_point(pair.public_key().as_ref());
        let public = public.ok_or_else(|| KeyError::Kind("a public key of another form".into()))?;
        Ok(Signer { pair, public, random })
    }
}

impl Sign for Signer {
    type Error = KeyError;

    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| KeyError::Random)?;
        signature.as_ref().try_into().map_err(|_| KeyError::Kind("a signature of another length".into()))
    }
}

/// Whose bundles are taken: a PEM file with one certificate, whose key alone counts, or one public key.
pub fn signer_key(bytes: &[u8]) -> Result<PublicKey, KeyError> {
    let block = one_block(bytes, &["CERTIFICATE", "PUBLIC KEY"], "CERTIFICATE or PUBLIC KEY")?;
    if *block.label == *"CERTIFICATE" {
        let certificate = Certificate::parse(&block.bytes)?;
        return match certificate.public_key {
            Some(Key::Ec(Curve::P256, bytes)) => {
                PublicKey::from_point(bytes).ok_or_else(|| KeyError::Kind("a point of another form".into()))
            }
            Some(key) => Err(KeyError::Kind(format!("a certificate of an {key} key"))),
            None => Err(KeyError::Kind("a certificate of an unknown kind of key".into())),
        };
    }
    let key = block.bytes.strip_prefix(&P256_INFO).and_then(PublicKey::from_point);
    key.ok_or_else(|| KeyError::Kind("a public key of another kind".into()))
}

/// The policy of a bundle that was verified: it loads against the gates, and says the bundle's id and version.
pub fn policy_of(house: &House, file: &str, bundle: &Bundle) -> Result<Policy, PolicyError> {
    let text = std::str::from_utf8(&bundle.policy).map_err(|_| PolicyError::Text)?;
    let policy = Policy::parse(file, text)?;
    Plan::new(&house.catalogue, &house.gates, &policy)?;
    if policy.id() != &*bundle.id || policy.version() != bundle.version {
        return Err(PolicyError::Differs {
            id: policy.id().into(),
            version: policy.version(),
            expected: format!("{} version {}", trust_evidence::printable(&bundle.id), bundle.version),
        });
    }
    Ok(policy)
}

fn one_block(bytes: &[u8], labels: &[&str], expected: &'static str) -> Result<pem::Block, KeyError> {
    let blocks = pem::blocks("key", bytes)?;
    match <[pem::Block; 1]>::try_from(blocks) {
        Ok([block]) if labels.contains(&&*block.label) => Ok(block),
        Ok([block]) => {
            Err(KeyError::Block { found: trust_evidence::printable(&block.label).to_string(), expected })
        }
        Err(blocks) => Err(KeyError::Block { found: format!("{} PEM blocks", blocks.len()), expected }),
    }
}
