//! Every refusal by its code. The matches have no wildcard: a new variant does not compile until it stands here, and
//! then fails until it has a vector and a line in docs/attestation.md.

use crate::credential::CredentialRefusal;
use crate::revocation::RevokedRefusal;
use crate::verify::Refusal;
use core::convert::Infallible;

macro_rules! codes {
    ($all:ident, $of:ident, $refusal:ty: $($pattern:pat => $code:literal,)+) => {
        pub(super) const $all: &[&str] = &[$($code),+];

        pub(super) fn $of(refusal: &$refusal) -> &'static str {
            match refusal {
                $($pattern => $code,)+
            }
        }
    };
}

codes! { POSTURE, posture, Refusal<Infallible>:
    Refusal::TooLarge => "too-large",
    Refusal::Envelope(_) => "malformed-envelope",
    Refusal::Algorithm(_) => "algorithm",
    Refusal::Unprotected => "unprotected-header",
    Refusal::Type(_) => "type",
    Refusal::UnknownKey(_) => "unknown-key",
    Refusal::HighS => "high-s",
    Refusal::Signature => "signature",
    Refusal::Claims(_) => "malformed-claims",
    Refusal::Audience(..) => "audience",
    Refusal::Nonce(_) => "nonce",
    Refusal::ChallengeUsed => "challenge-used",
    Refusal::ClockSetBack(_) => "clock-set-back",
    Refusal::TooLate(..) => "too-late",
    Refusal::Lifetime(..) => "lifetime",
    Refusal::NotYetValid(..) => "not-yet-valid",
    Refusal::Expired(..) => "expired",
    Refusal::Handle(_) => "handle",
    Refusal::CredentialExpired { .. } => "credential-expired",
    Refusal::Evidence(..) => "evidence-level",
    Refusal::BootKey(_) => "boot-key",
    Refusal::UnknownPolicy(_) => "unknown-policy",
    Refusal::LabPolicy => "lab-policy",
    Refusal::Gate(..) => "gate",
    Refusal::Waivers(..) => "waivers",
    Refusal::Inconsistent => "inconsistent",
    Refusal::Posture(..) => "posture",
    Refusal::RevocationIssuer(_) => "revocation-issuer",
    Refusal::RevocationAudience(..) => "revocation-audience",
    Refusal::Revoked => "revoked",
    Refusal::RevocationStale { .. } => "revocation-stale",
    Refusal::RevocationOlder(..) => "revocation-older",
    Refusal::Confirmation(_) => "confirmation",
    Refusal::Floor(..) | Refusal::CredentialOlder(..) | Refusal::Beyond(_) => "floor",
    Refusal::Ledger(_) => "ledger",
}

codes! { CREDENTIAL, credential, CredentialRefusal:
    CredentialRefusal::TooLarge => "too-large",
    CredentialRefusal::Malformed(_) => "malformed",
    CredentialRefusal::Algorithm(_) => "algorithm",
    CredentialRefusal::Unprotected => "unprotected-header",
    CredentialRefusal::Type(_) => "type",
    CredentialRefusal::UnknownIssuer(_) => "unknown-issuer",
    CredentialRefusal::HighS => "high-s",
    CredentialRefusal::Signature => "signature",
    CredentialRefusal::Expired { .. } => "expired",
}

codes! { REVOKED, revoked, RevokedRefusal:
    RevokedRefusal::TooLarge => "too-large",
    RevokedRefusal::Malformed(_) => "malformed",
    RevokedRefusal::Header => "header",
    RevokedRefusal::Type(_) => "type",
    RevokedRefusal::UnknownSigner(_) => "unknown-signer",
    RevokedRefusal::Signature => "signature",
}
