//! Why an update's signature is not accepted.

use crate::FormatError;
use crate::signature::Hash;
use std::fmt;

/// What the person who asks accepts beyond the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// Nothing: SHA-256 and better.
    #[default]
    Strict,
    /// Signatures of SHA-1 too, as recovery does for certificates that are themselves signed with SHA-1.
    AllowSha1,
}

/// Why a signature is not accepted: each is one rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes are not of the format.
    Format(FormatError),
    /// Nothing signs it. It names what.
    Unsigned(&'static str),
    /// A signature of SHA-1, which [`Policy::AllowSha1`] would accept.
    Sha1,
    /// A hash function that Android's verifiers don't take.
    Hash(Hash),
    /// No certificate of the given ones signs with the signature's hash.
    NoKey {
        /// The signature's hash.
        hash: Hash,
        /// What those of them sign with that recovery takes; absent where it takes none.
        own: Option<Hash>,
    },
    /// No certificate of the given ones has made the signature. It names what is signed.
    Signature(&'static str),
}

impl Refusal {
    /// The rule's name, for programs.
    pub fn rule(&self) -> &'static str {
        match self {
            Refusal::Format(_) => "format",
            Refusal::Unsigned(_) => "unsigned",
            Refusal::Sha1 => "sha1",
            Refusal::Hash(_) => "hash",
            Refusal::NoKey { .. } => "no-key",
            Refusal::Signature(_) => "signature",
        }
    }
}

impl From<FormatError> for Refusal {
    fn from(error: FormatError) -> Refusal {
        Refusal::Format(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Format(error) => error.fmt(f),
            Refusal::Unsigned(what) => write!(f, "{what}: no signature: expected one"),
            Refusal::Sha1 => f.write_str(
                "update package: a signature of SHA-1, which can be forged: expected SHA-256, or that SHA-1 was \
                 asked for",
            ),
            Refusal::Hash(hash) => write!(f, "update package: a signature of {hash}: expected SHA-256"),
            Refusal::NoKey { hash, own: Some(own) } => write!(
                f,
                "update package: a signature of {hash}: the given certificates are signed with {own}, and \
                 recovery takes such a certificate for signatures of {own} only: expected one that is signed with \
                 {hash}"
            ),
            Refusal::NoKey { hash, own: None } => write!(
                f,
                "update package: a signature of {hash}: recovery takes none of the given certificates: expected \
                 one that is signed with {hash}, with a key of RSA (2048 or 4096 bits) or EC P-256"
            ),
            Refusal::Signature(what) => {
                write!(f, "{what}: not signed by any of the given certificates, or changed since")
            }
        }
    }
}

impl std::error::Error for Refusal {}
