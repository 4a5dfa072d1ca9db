//! Keys in a file, for plain Linux and tests: whoever reads the file is the device. They are software's and say so, and
//! a relying party that asks for hardware refuses them.
//!
//! The file holds one secret, from which every key and handle is made: so it is written once, whole, and nothing of it
//! ever has to follow anything else.

use super::{Chain, KeyError, Keys, Owner, Whose, handle_of, labelled};
use p256::ecdsa::SigningKey;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use trust_ledger::{LedgerError, beside, file};
use trust_token::crypto::{PublicKey, Sign, Signature};
use trust_token::evidence::Kept;
use trust_token::handle::{InMemory, NoHandle, Prf};

/// What the file begins with; 32 bytes follow.
const MAGIC: &[u8; 16] = b"trustd secret 1\n";
const LENGTH: usize = MAGIC.len() + 32;
/// What the bytes are for: no other use of the secret begins so.
const KEY_LABEL: &[u8] = b"enigm-posture-key/1";

/// A posture key and a handle.
type Derived = (SigningKey, [u8; 32]);

/// Keys from the secret in a file.
pub struct FileKeys {
    secret: InMemory,
    /// What was derived before.
    known: Mutex<BTreeMap<Owner, Derived>>,
}

impl FileKeys {
    /// The file at this path, which is made if there is none.
    ///
    /// # Errors
    /// It can't be read or made, is not of mode 0600 and this user's, or is no such file. It is left as it is.
    pub fn open(path: &Path) -> Result<FileKeys, KeyError> {
        let unusable = |says: String| KeyError::Unusable(format!("{}: {says}", path.display()));
        match read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(path).map_err(unusable)?,
            Err(error) => return Err(unusable(error.to_string())),
            Ok(_) => {}
        }
        let secret = read(path).map_err(|error| unusable(error.to_string()))?;
        Ok(FileKeys { secret: InMemory::new(secret), known: Mutex::default() })
    }

    /// The key and the handle. A key is a number below the order: the first of the candidates that is one, which nearly
    /// always is the first.
    fn of(&self, whose: Whose<'_>) -> Result<Derived, KeyError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&whose.owner()) {
            return Ok(found.clone());
        }
        let key = (0..8).find_map(|candidate| {
            let Ok(bytes) = self.secret.hmac_sha256(&labelled(KEY_LABEL, whose, candidate));
            SigningKey::from_slice(&bytes).ok()
        });
        let key = key.ok_or_else(|| KeyError::Unusable("no candidate is a key".into()))?;
        let handle = handle_of(&self.secret, whose).map_err(|error| match error {
            NoHandle::Audience => KeyError::Unusable("no audience, or one of more than 64 bytes".into()),
            NoHandle::Prf(never) => match never {},
        })?;
        known.insert(whose.owner(), (key.clone(), handle));
        Ok((key, handle))
    }
}

impl Keys for FileKeys {
    fn public_key(&self, whose: Whose<'_>) -> Result<PublicKey, KeyError> {
        Ok(self.of(whose)?.0.public_key())
    }

    fn sign(&self, whose: Whose<'_>, message: &[u8]) -> Result<Signature, KeyError> {
        let Ok(signature) = Sign::sign(&self.of(whose)?.0, message);
        Ok(signature)
    }

    fn handle(&self, whose: Whose<'_>) -> Result<[u8; 32], KeyError> {
        Ok(self.of(whose)?.1)
    }

    fn show(&self, whose: Whose<'_>, _: &[u8; 32], _: bool) -> Result<(PublicKey, Kept), KeyError> {
        Ok((self.public_key(whose)?, Kept::File))
    }

    fn attests(&self) -> bool {
        false
    }

    fn attest_device(&self, _: &[u8; 32]) -> Result<Vec<Chain>, KeyError> {
        Ok(Vec::new())
    }
}

fn read(path: &Path) -> io::Result<[u8; 32]> {
    let wrong = |says: String| io::Error::new(io::ErrorKind::InvalidData, says);
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let found = file.metadata()?;
    let mine = found.uid() == rustix::process::geteuid().as_raw();
    if !found.is_file() || found.mode() & 0o7777 != 0o600 || !mine {
        let mode = found.mode() & 0o7777;
        return Err(wrong(format!(
            "mode {mode:o}, user {}: expected a regular file of this user, of mode 600",
            found.uid()
        )));
    }
    let mut bytes = Vec::with_capacity(LENGTH + 1);
    file.take(LENGTH as u64 + 1).read_to_end(&mut bytes)?;
    let secret = bytes.strip_prefix(MAGIC).and_then(|secret| <[u8; 32]>::try_from(secret).ok());
    secret.filter(|secret| *secret != [0; 32]).ok_or_else(|| {
        wrong(format!("{} bytes: expected {LENGTH} that begin with \"trustd secret 1\"", bytes.len()))
    })
}

fn make(path: &Path) -> Result<(), String> {
    let mut secret = [0; 32];
    SystemRandom::new().fill(&mut secret).map_err(|_| "the system has no random bytes".to_owned())?;
    let fill = |new: &Path| {
        let written = OpenOptions::new().write(true).open(new).and_then(|mut file| {
            file.write_all(MAGIC)?;
            file.write_all(&secret)
        });
        written.map_err(|error| LedgerError::File { path: new.into(), error })
    };
    // What a process of this number left that was killed.
    let _ = fs::remove_file(beside::path(path, &format!(".{}.new", std::process::id())));
    file::place(path, fill).map_err(|error| error.to_string())
}
