//! Why a chain was refused: the rule, the certificate, and a sentence.

use std::fmt;

/// A refusal of a chain.
///
/// The sentence repeats names and times of certificates, escaped and shortened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    rule: Rule,
    certificate: Option<usize>,
    message: Box<str>,
}

macro_rules! rules {
    ($($(#[$doc:meta])+ $rule:ident = $code:literal,)+) => {
        /// The rule that a chain breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])+ $rule,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule),+];

            /// Its name in results and evidence.
            pub fn code(self) -> &'static str {
                match self {
                    $(Rule::$rule => $code,)+
                }
            }
        }
    };
}

rules! {
    /// The bytes are no certificates.
    Malformed = "malformed",
    /// Too few or too many certificates for a chain of its kind.
    Length = "length",
    /// The last certificate is not its own issuer, or another one is.
    NoRoot = "no-root",
    /// The chain ends in a root of Android's software keystore, whose key is published.
    SoftwareRoot = "software-root",
    /// The chain ends in a root that nobody pinned.
    UnknownRoot = "unknown-root",
    /// A key of an algorithm that is not known here: ML-DSA, another curve, RSA below 2048 bits.
    UnsupportedKey = "unsupported-key-algorithm",
    /// A signature of an algorithm that is not known here.
    UnsupportedSignature = "unsupported-signature-algorithm",
    /// A certificate's issuer is not the subject of the next.
    NameChaining = "name-chaining",
    /// A certificate that may not issue certificates issued one.
    NotAnIssuer = "not-an-issuer",
    /// An extension that must be understood and is not.
    CriticalExtension = "unknown-critical-extension",
    /// A signature is not the next certificate's key's.
    Signature = "signature",
    /// The target certificate attests nothing.
    NoExtension = "no-attestation-extension",
    /// A certificate above the target attests something too: the chain was extended with an attested key.
    ExtendedChain = "extended-chain",
    /// The attested key that signed the target is of another device state than the target.
    AttestKeyDiffers = "attest-key-differs",
    /// A certificate is not valid yet.
    NotYetValid = "not-yet-valid",
    /// A certificate is no longer valid.
    Expired = "expired",
    /// A certificate is revoked.
    Revoked = "revoked",
    /// A certificate is suspended, which counts as revoked.
    Suspended = "suspended",
    /// The revocation list is older than allowed.
    RevocationStale = "revocation-list-stale",
    /// The attestation extension can't be read.
    Description = "malformed-key-description",
    /// The challenge is not the one that was issued.
    Challenge = "challenge-mismatch",
    /// The key or its attestation is made by software.
    SoftwareLevel = "software-level",
    /// The attestation and the key are of different security levels.
    LevelsDiffer = "levels-differ",
    /// The security level is not the one that the chain was issued for.
    LevelOfChain = "level-not-the-chains",
    /// The key was not generated where it is kept.
    Origin = "key-not-generated",
    /// The key is open to every application.
    AllApplications = "all-applications",
    /// The key may be used for something else than was demanded.
    Purpose = "purpose",
    /// The hardware attests no root of trust.
    NoRootOfTrust = "no-root-of-trust",
}

impl Refusal {
    pub(crate) fn new(rule: Rule, message: impl fmt::Display) -> Refusal {
        Refusal { rule, certificate: None, message: message.to_string().into() }
    }

    /// A refusal of bytes that are no certificates.
    pub fn malformed(error: &crate::FormatError) -> Refusal {
        Refusal::new(Rule::Malformed, error)
    }

    /// The same, of a certificate counted from the target's 0.
    pub(crate) fn of(self, certificate: usize) -> Refusal {
        Refusal { certificate: Some(certificate), ..self }
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// The certificate that breaks it, counted from the target's 0, where it is one certificate's fault.
    pub fn certificate(&self) -> Option<usize> {
        self.certificate
    }

    /// The sentence without the rule's name.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.rule.code())?;
        if let Some(certificate) = self.certificate {
            write!(f, "certificate {certificate}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
