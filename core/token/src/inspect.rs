//! What a statement says of itself, to be looked at: nothing is verified.

use crate::claims::Claims;
use crate::cose::{self, Sign1};
use crate::credential::{CREDENTIAL_TYPE, Credential, MAX_CREDENTIAL};
use crate::crypto::Sha256Digest;
use crate::revocation::{MAX_LIST, REVOCATION_TYPE, Revoked};
use crate::verify::{MAX_TOKEN, Refusal, TYPE};
use alloc::boxed::Box;
use core::convert::Infallible;

/// A statement by what it says that it is. Anybody could have written it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stated {
    /// A posture attestation.
    Attestation(Box<Claims>),
    /// A credential.
    Credential(Box<Credential>),
    /// A list of revoked handles.
    Revoked(Revoked),
    /// Something else: its type, cut to 64 characters.
    Other(Box<str>),
}

/// The claims of an attestation.
pub fn inspect(token: &[u8]) -> Result<Claims, Refusal<Infallible>> {
    Claims::from_bytes(attestation(token)?.payload).map_err(Refusal::Claims)
}

/// The thumbprint of the key that an attestation says signed it. A relying party finds the device's credential by it,
/// and trusts neither until both are verified.
pub fn kid(token: &[u8]) -> Result<Sha256Digest, Refusal<Infallible>> {
    Ok(attestation(token)?.kid)
}

/// What any statement says. Each has its own largest size.
pub fn stated(statement: &[u8]) -> Result<Stated, Refusal<Infallible>> {
    if statement.len() > MAX_LIST {
        return Err(Refusal::TooLarge);
    }
    let signed = Sign1::parse(statement)?;
    let most = match signed.typ {
        TYPE => MAX_TOKEN,
        CREDENTIAL_TYPE => MAX_CREDENTIAL,
        _ => MAX_LIST,
    };
    if statement.len() > most {
        return Err(Refusal::TooLarge);
    }
    let stated = match signed.typ {
        TYPE => Claims::from_bytes(signed.payload).map(|claims| Stated::Attestation(Box::new(claims))),
        CREDENTIAL_TYPE => {
            Credential::from_bytes(signed.payload).map(|found| Stated::Credential(Box::new(found)))
        }
        REVOCATION_TYPE => Revoked::from_bytes(signed.payload).map(Stated::Revoked),
        other => return Ok(Stated::Other(cose::said(other))),
    };
    stated.map_err(Refusal::Claims)
}

fn attestation(token: &[u8]) -> Result<Sign1<'_>, Refusal<Infallible>> {
    if token.len() > MAX_TOKEN {
        return Err(Refusal::TooLarge);
    }
    let signed = Sign1::parse(token)?;
    if signed.typ != TYPE {
        return Err(Refusal::Type(cose::said(signed.typ)));
    }
    Ok(signed)
}

#[cfg(all(test, feature = "p256"))]
mod tests {
    use super::*;
    use crate::verify::tests::world::{World, device, public};
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn each_statement_says_what_it_is() {
        let mut world = World::good();
        let received = world.received(&[3; 32]);
        assert_eq!(stated(&received.token), Ok(Stated::Attestation(Box::new(world.claims.clone()))));
        assert_eq!(inspect(&received.token), Ok(world.claims));
        assert_eq!(stated(&received.credential), Ok(Stated::Credential(Box::new(world.credential))));
        assert_eq!(stated(&received.revoked), Ok(Stated::Revoked(world.revoked)));
        let other = crate::cose::sign("application/other", &[0xa0], &device()).unwrap();
        assert_eq!(stated(&other), Ok(Stated::Other("application/other".into())));
        assert_eq!(stated(&vec![0; MAX_LIST + 1]), Err(Refusal::TooLarge));
        let long = crate::cose::sign(CREDENTIAL_TYPE, &vec![0; MAX_CREDENTIAL], &device()).unwrap();
        assert_eq!(stated(&long), Err(Refusal::TooLarge));
        let refusal = stated(&received.token[1..]).unwrap_err().to_string();
        assert_eq!(refusal, "malformed-envelope, byte 0: expected a tag");
    }

    #[test]
    fn a_token_names_its_key_and_other_statements_do_not() {
        let received = World::good().received(&[3; 32]);
        assert_eq!(kid(&received.token), Ok(public(&device()).thumbprint()));
        let refusal = kid(&received.credential).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "type: \"application/enigm-posture-credential+cwt\", expected application/eat+cwt"
        );
        assert_eq!(kid(&vec![0; MAX_TOKEN + 1]), Err(Refusal::TooLarge));
    }
}
