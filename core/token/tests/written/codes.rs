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
    Refusal::Algorithm => "algorithm",
    Refusal::Unprotected => "unprotected-header",
    Refusal::Type => "type",
    Refusal::UnknownKey => "unknown-key",
    Refusal::HighS => "high-s",
    Refusal::Signature => "signature",
    Refusal::Claims(_) => "malformed-claims",
    Refusal::Audience => "audience",
    Refusal::Nonce => "nonce",
    Refusal::ChallengeUsed => "challenge-used",
    Refusal::ClockSetBack => "clock-set-back",
    Refusal::TooLate => "too-late",
    Refusal::Lifetime => "lifetime",
    Refusal::NotYetValid => "not-yet-valid",
    Refusal::Expired => "expired",
    Refusal::Handle => "handle",
    Refusal::CredentialExpired => "credential-expired",
    Refusal::Evidence(_) => "evidence-level",
    Refusal::BootKey => "boot-key",
    Refusal::UnknownPolicy => "unknown-policy",
    Refusal::LabPolicy => "lab-policy",
    Refusal::Gate(..) => "gate",
    Refusal::Waivers(_) => "waivers",
    Refusal::Inconsistent => "inconsistent",
    Refusal::Posture(_) => "posture",
    Refusal::RevocationIssuer => "revocation-issuer",
    Refusal::RevocationAudience => "revocation-audience",
    Refusal::Revoked => "revoked",
    Refusal::RevocationStale => "revocation-stale",
    Refusal::RevocationOlder(_) => "revocation-older",
    Refusal::Confirmation => "confirmation",
    Refusal::Floor(_) | Refusal::CredentialOlder(_) | Refusal::Beyond => "floor",
    Refusal::Ledger(_) => "ledger",
}

codes! { CREDENTIAL, credential, CredentialRefusal:
    CredentialRefusal::TooLarge => "too-large",
    CredentialRefusal::Malformed(_) => "malformed",
    CredentialRefusal::Algorithm => "algorithm",
    CredentialRefusal::Unprotected => "unprotected-header",
    CredentialRefusal::Type => "type",
    CredentialRefusal::UnknownIssuer => "unknown-issuer",
    CredentialRefusal::HighS => "high-s",
    CredentialRefusal::Signature => "signature",
    CredentialRefusal::Expired => "expired",
}

codes! { REVOKED, revoked, RevokedRefusal:
    RevokedRefusal::TooLarge => "too-large",
    RevokedRefusal::Malformed(_) => "malformed",
    RevokedRefusal::Header => "header",
    RevokedRefusal::Type => "type",
    RevokedRefusal::UnknownSigner => "unknown-signer",
    RevokedRefusal::Signature => "signature",
}
