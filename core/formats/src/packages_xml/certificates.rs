//! The certificates of packages.xml: each is written once and has a number from then on.

use crate::FormatError;
use crate::digest::sha256;
use crate::xml::Element;

/// The certificates so far, and how many are still to come where the walk is.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    digests: Vec<[u8; 32]>,
    /// Of the list that began last.
    missing: usize,
}

/// What a certificate is to the package in which it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Signs it.
    Current,
    /// Signed it before.
    Past,
    /// Signs who installed it.
    Other,
}

impl Certificates {
    /// Reads an element below a package or a shared user, at its path from `<packages>`; the digest of the
    /// certificate if it is one.
    pub(super) fn read(
        &mut self,
        path: &str,
        element: &Element<'_>,
    ) -> Result<Option<(Role, [u8; 32])>, FormatError> {
        let mut names = path.split('/').skip(1);
        let role = match (names.next(), names.next(), names.next(), names.next()) {
            (Some("sigs" | "install-initiator-sigs"), None, ..)
            | (Some("sigs" | "install-initiator-sigs"), Some("pastSigs"), None, _) => {
                self.end().map_err(|message| element.error(message))?;
                self.missing = element.number("count")?;
                return Ok(None);
            }
            (Some("sigs"), Some("cert"), None, _) => Role::Current,
            (Some("sigs"), Some("pastSigs"), Some("cert"), None) => Role::Past,
            (Some("install-initiator-sigs"), Some("cert"), None, _)
            | (Some("install-initiator-sigs"), Some("pastSigs"), Some("cert"), None) => Role::Other,
            _ => return Ok(None),
        };
        self.missing = self
            .missing
            .checked_sub(1)
            .ok_or_else(|| element.error("a certificate more than counted: expected the count of them"))?;
        self.certificate(element).map(|digest| Some((role, digest)))
    }

    /// No list of certificates goes on: what is wrong if one should.
    pub(super) fn end(&self) -> Result<(), String> {
        match self.missing {
            0 => Ok(()),
            missing => Err(format!("{missing} certificates fewer than counted: expected the count of them")),
        }
    }

    fn certificate(&mut self, element: &Element<'_>) -> Result<[u8; 32], FormatError> {
        let number: usize = element.number("index")?;
        let next = self.digests.len();
        if element.has("key") {
            let digest = sha256(&element.bytes("key")?);
            if number != next {
                return Err(element.bad(
                    "index",
                    &number.to_string(),
                    &format!("{next} for a new certificate"),
                ));
            }
            self.digests.push(digest);
            return Ok(digest);
        }
        let known = self.digests.get(number).copied();
        known.ok_or_else(|| {
            element.bad("index", &number.to_string(), &format!("one of the {next} certificates so far"))
        })
    }
}
