//! Android users and their restrictions: userlist.xml and users/N.xml as text.

use crate::FormatError;
use std::collections::BTreeSet;

/// What users/N.xml says of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's number; 0 is the system user.
    pub id: u32,
    /// The restrictions (`no_debugging_features`) that are set for the user, by the user or by an owner.
    pub restrictions: BTreeSet<Box<str>>,
}

/// Reads /data/system/users/userlist.xml: the users' numbers, ascending.
pub fn parse_list(_bytes: &[u8]) -> Result<Vec<u32>, FormatError> {
    Err(FormatError::malformed("user list", "not written yet"))
}

/// Reads /data/system/users/N.xml.
pub fn parse_user(_bytes: &[u8]) -> Result<User, FormatError> {
    Err(FormatError::malformed("user", "not written yet"))
}
