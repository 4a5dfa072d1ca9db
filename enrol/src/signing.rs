//! The enrolment verifier's own key, in a file of its owner's alone, and the public keys that it is told of.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use trust_formats::{FormatError, pem};
use trust_token::crypto::{PublicKey, Sign, Signature};

/// The largest file of a key, in bytes.
pub const MAX_KEY: usize = 16 << 10;

/// The DER of a P-256 SubjectPublicKeyInfo (RFC 5480 §2) before its point of 65 bytes: there is one.
const P256_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Why a key can't be used or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or made.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// Others than its owner may use the file.
    #[error("{}: mode {mode:o}: expected a regular file of mode 600", path.display())]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// No PEM.
    #[error("{0}")]
    Format(#[from] FormatError),
    /// Another kind of key, or none.
    #[error("expected one PEM block {0} of a P-256 key")]
    Kind(&'static str),
    /// The system gave no randomness.
    #[error("the system gave no randomness")]
    Random,
}

/// A P-256 key in a file: PEM, PKCS#8 (RFC 5958), mode 600.
#[derive(Debug)]
pub struct FileKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
    random: SystemRandom,
}

impl FileKey {
    /// Reads the key of a file.
    pub fn open(path: &Path) -> Result<FileKey, KeyError> {
        let failed = |error| KeyError::File { path: path.into(), error };
        // Before it is opened: a pipe would keep whoever opens it waiting.
        let look =
            |metadata: &fs::Metadata| match (metadata.is_file(), metadata.permissions().mode() & 0o7777) {
                (true, mode) if mode & 0o077 == 0 => Ok(()),
                (_, mode) => Err(KeyError::NotPrivate { path: path.into(), mode }),
            };
        look(&fs::symlink_metadata(path).map_err(failed)?)?;
        let file = File::open(path).map_err(failed)?;
        // And what was opened, which may be another file by now.
        look(&file.metadata().map_err(failed)?)?;
        let mut bytes = Vec::new();
        file.take(MAX_KEY as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        FileKey::from_pem(&bytes)
    }

    /// Of a PEM text with one P-256 private key, with its public key in it.
    pub fn from_pem(bytes: &[u8]) -> Result<FileKey, KeyError> {
        if bytes.len() > MAX_KEY {
            return Err(KeyError::Kind("PRIVATE KEY (PKCS#8)"));
        }
        let [block] = <[pem::Block; 1]>::try_from(pem::blocks("key", bytes)?)
            .map_err(|_| KeyError::Kind("PRIVATE KEY (PKCS#8)"))?;
        if *block.label != *"PRIVATE KEY" {
            return Err(KeyError::Kind("PRIVATE KEY (PKCS#8)"));
        }
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &block.bytes, &random);
        let pair = pair.map_err(|_| KeyError::Kind("PRIVATE KEY (PKCS#8)"))?;
        let public = point(pair.public_key().as_ref()).ok_or(KeyError::Kind("PRIVATE KEY (PKCS#8)"))?;
        Ok(FileKey { pair, public, random })
    }

    /// Makes a key and its file, of mode 600; an error if there is one already. The file is there whole or not at all.
    pub fn create(path: &Path) -> Result<FileKey, KeyError> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let made = made.map_err(|_| KeyError::Random)?;
        let text = armour("PRIVATE KEY", made.as_ref());
        let key = FileKey::from_pem(text.as_bytes())?;
        let mut name = path.as_os_str().to_os_string();
        name.push(format!(".{}.new", std::process::id()));
        let new = PathBuf::from(name);
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |error| KeyError::File { path, error }
        };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
        let mut file = file.map_err(failed(&new))?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed(&new));
        // A link, not a renaming: a key that is there is never replaced.
        let linked = written.and_then(|()| fs::hard_link(&new, path).map_err(failed(path)));
        let removed = fs::remove_file(&new).map_err(failed(&new));
        linked.and(removed)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))?;
        Ok(key)
    }

    /// Its public key as PEM: what relying parties pin.
    pub fn public_pem(&self) -> String {
        armour("PUBLIC KEY", &[&P256_INFO[..], &self.public.point()].concat())
    }
}

impl Sign for FileKey {
    type Error = KeyError;

    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| KeyError::Random)?;
        signature.as_ref().try_into().map_err(|_| KeyError::Kind("PRIVATE KEY (PKCS#8)"))
    }
}

/// The public key of a PEM text: one block PUBLIC KEY.
pub fn public_key(bytes: &[u8]) -> Result<PublicKey, KeyError> {
    let [block] =
        <[pem::Block; 1]>::try_from(pem::blocks("key", bytes)?).map_err(|_| KeyError::Kind("PUBLIC KEY"))?;
    let is_public = *block.label == *"PUBLIC KEY";
    let key = block.bytes.strip_prefix(&P256_INFO).and_then(point).filter(|_| is_public);
    key.ok_or(KeyError::Kind("PUBLIC KEY"))
}

/// The coordinates of an uncompressed point (SEC 1 §2.3.3).
fn point(bytes: &[u8]) -> Option<PublicKey> {
    let (x, y) = bytes.strip_prefix(&[4])?.split_first_chunk()?;
    Some(PublicKey { x: *x, y: y.try_into().ok()? })
}

fn armour(label: &str, der: &[u8]) -> String {
    let base64 = data_encoding::BASE64.encode(der);
    let lines: Vec<String> =
        base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
