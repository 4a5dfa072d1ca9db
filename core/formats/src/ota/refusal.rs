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
    /// No certificate of the given ones signs with this hash.
    NoKey(Hash),
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
            Refusal::NoKey(_) => "no-key",
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
                "update package: a signature of SHA-1, which can be forged: expected SHA-256 (SHA-1 is \
                 accepted on request alone: Policy::AllowSha1, --allow-sha1)",
            ),
            Refusal::Hash(hash) => write!(f, "update package: a signature of {hash}: expected SHA-256"),
            Refusal::NoKey(hash) => {
                write!(
                    f,
                    "update package: a signature of {hash}: none of the given certificates signs with it"
                )
            }
            Refusal::Signature(what) => {
                write!(f, "{what}: not signed by any of the given certificates, or changed since")
            }
        }
    }
}

impl std::error::Error for Refusal {}
