//! What goes wrong, by a test's wish.

use crate::Refusal;
use android_system_keystore2::aidl::android::system::keystore2::ResponseCode::ResponseCode;
use std::path::PathBuf;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No call is ever answered. The service's to do.
    Hang,
    /// Certificates are no certificates.
    GarbageCertificate,
    /// Signatures are no signatures.
    GarbageSignature,
    /// What is attested is the key of another device with the same root.
    OthersChain,
    /// What is attested answers a challenge of before.
    OldChallenge,
    /// No key is found.
    Vanished,
    /// KeyMint does not know its key again, as after a reset of its secrets.
    InvalidBlob,
    /// The user has not unlocked yet.
    Locked,
    /// KeyMint has too much to do.
    Busy,
    /// What attests is software, and says so.
    Software,
    /// The bootloader is unlocked, and the attestation says so.
    Unlocked,
    /// The server has not given out attestation keys yet.
    NoKeys,
}

const NAMES: [(&str, Fault); 12] = [
    ("hang", Fault::Hang),
    ("garbage-certificate", Fault::GarbageCertificate),
    ("garbage-signature", Fault::GarbageSignature),
    ("others-chain", Fault::OthersChain),
    ("old-challenge", Fault::OldChallenge),
    ("vanished", Fault::Vanished),
    ("invalid-blob", Fault::InvalidBlob),
    ("locked", Fault::Locked),
    ("busy", Fault::Busy),
    ("software", Fault::Software),
    ("unlocked", Fault::Unlocked),
    ("no-keys", Fault::NoKeys),
];

impl Fault {
    /// By its name, in words with hyphens.
    pub fn named(name: &str) -> Option<Fault> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault)
    }
}

/// What goes wrong now: always, and by the names in a file, which is read at every call.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// In every call.
    pub always: Vec<Fault>,
    /// Names with white space between them. A file that is not there is an empty one.
    pub file: Option<PathBuf>,
}

impl Faults {
    /// Of this call.
    ///
    /// # Errors
    /// SYSTEM_ERROR: the file can't be read, or has a name that is none.
    pub(crate) fn now(&self) -> Result<Now, Refusal> {
        let mut now = self.always.clone();
        if let Some(file) = &self.file {
            let text = match std::fs::read_to_string(file) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                text => text.map_err(|_| ResponseCode::SYSTEM_ERROR)?,
            };
            for name in text.split_whitespace() {
                now.push(Fault::named(name).ok_or(ResponseCode::SYSTEM_ERROR)?);
            }
        }
        Ok(Now(now))
    }
}

/// What goes wrong in one call.
pub(crate) struct Now(Vec<Fault>);

impl Now {
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// The refusal, if this goes wrong.
    pub fn refuse(&self, fault: Fault, refusal: impl Into<Refusal>) -> Result<(), Refusal> {
        if self.has(fault) { Err(refusal.into()) } else { Ok(()) }
    }
}
