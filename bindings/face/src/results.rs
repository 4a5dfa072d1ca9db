//! Results as numbers: 0 verified, a rule's place from 1, what is wrong with the other two statements from 101 and
//! 201, and below 0 what kept the answer from being judged.

use trust_token::credential::CredentialRefusal;
use trust_token::revocation::RevokedRefusal;
use trust_token::verify::RULES;

/// An argument that none can be: a text that is no UTF-8, a number out of range, nothing where something must be.
pub const BAD_ARGUMENT: i32 = -1;
/// A fault of the library. Nothing was accepted.
pub const INTERNAL: i32 = -2;

/// The rule that a ledger which can't answer breaks, and which one breaks that can't be opened: the last.
pub const LEDGER: i32 = RULES.len() as i32;

/// The results that are no rule of an attestation: number, name, words.
const OTHERS: [(i32, &str, &str); 17] = [
    (0, "verified", "verified"),
    (101, "credential-too-large", "the credential is longer than any"),
    (102, "credential-malformed", "the credential is not one in deterministic CBOR"),
    (103, "credential-algorithm", "the credential is not signed with ES256"),
    (104, "credential-unprotected-header", "the credential has an unprotected header"),
    (105, "credential-type", "the credential is another kind of statement"),
    (106, "credential-unknown-issuer", "the credential is of no enrolment verifier that is pinned"),
    (107, "credential-high-s", "the credential's signature has a high s"),
    (108, "credential-signature", "the credential's signature does not verify"),
    (201, "revoked-malformed", "the list of revoked handles is not one in deterministic CBOR"),
    (202, "revoked-header", "the list of revoked handles has another header"),
    (203, "revoked-type", "the list of revoked handles is another kind of statement"),
    (204, "revoked-unknown-signer", "the list of revoked handles is of no signer that is pinned"),
    (205, "revoked-signature", "the signature of the list of revoked handles does not verify"),
    (206, "revoked-too-large", "the list of revoked handles is longer than any"),
    (BAD_ARGUMENT, "bad-argument", "an argument is null or out of range"),
    (INTERNAL, "internal", "a fault of the library"),
];

/// Every result: number, name, words.
pub fn results() -> impl Iterator<Item = (i32, &'static str, String)> {
    let rules =
        (1..).zip(RULES).map(|(number, (code, asks))| (number, code, format!("{code}: expected {asks}")));
    OTHERS.into_iter().map(|(number, code, words)| (number, code, words.to_owned())).chain(rules)
}

/// A result in words.
pub fn words(result: i32) -> String {
    let found = results().find(|(number, ..)| *number == result);
    found.map_or_else(|| "no result of this library".to_owned(), |(_, _, words)| words)
}

/// The number of a rule.
pub(crate) fn of_rule(code: &str) -> i32 {
    let at = (1..).zip(RULES).find(|(_, (known, _))| *known == code);
    at.map_or(INTERNAL, |(number, _)| number)
}

/// One that has expired is the rule's that an attestation is held to.
pub(crate) fn of_credential(refusal: &CredentialRefusal) -> i32 {
    match refusal {
        CredentialRefusal::TooLarge => 101,
        CredentialRefusal::Malformed(_) => 102,
        CredentialRefusal::Algorithm(_) => 103,
        CredentialRefusal::Unprotected => 104,
        CredentialRefusal::Type(_) => 105,
        CredentialRefusal::UnknownIssuer(_) => 106,
        CredentialRefusal::HighS => 107,
        CredentialRefusal::Signature => 108,
        CredentialRefusal::Expired { .. } => of_rule("credential-expired"),
    }
}

pub(crate) fn of_list(refusal: &RevokedRefusal) -> i32 {
    match refusal {
        RevokedRefusal::Malformed(_) => 201,
        RevokedRefusal::Header => 202,
        RevokedRefusal::Type(_) => 203,
        RevokedRefusal::UnknownSigner(_) => 204,
        RevokedRefusal::Signature => 205,
        RevokedRefusal::TooLarge => 206,
    }
}
