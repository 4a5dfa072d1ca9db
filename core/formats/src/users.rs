//! Android users and their restrictions: userlist.xml and users/N.xml, as text or as binary XML.
//!
//! A restriction is a boolean attribute of one of these elements, all of which bind the user whose file it
//! is:
//!
//! ```text
//! user/restrictions                                   set at the user's creation or in Settings
//! user/device_policy_{global,local}_restrictions      by an owner (Android 15 and newer; 9 and before)
//! user/device_policy_{global,local}_restrictions/restrictions_user/{restrictions,device_policy_restrictions}
//! user/device_policy_{global,local}_restrictions/device_policy_restrictions
//! user/device_policy_restrictions                     by an owner (older versions)
//! ```
//!
//! `user/guestRestrictions/restrictions` binds guests that are made later, not this user. system_server
//! writes the files and vouches for them. Source: UserManagerService.java and RestrictionsSet.java of AOSP.

use crate::FormatError;
use crate::xml::{Element, walk};
use std::collections::BTreeSet;

/// The most users. Android numbers them up to 21473.
pub const MAX_USERS: usize = 1_024;
/// The most restrictions of a user.
pub const MAX_RESTRICTIONS: usize = 512;

const LIST: &str = "user list";
const USER: &str = "user";

/// What users/N.xml says of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's number; 0 is the system user.
    pub id: u32,
    /// The restrictions (`no_debugging_features`) that are set for the user, by the user or by an owner.
    pub restrictions: BTreeSet<Box<str>>,
}

/// Reads /data/system/users/userlist.xml: the users' numbers, ascending. Strict: a number given twice, or no
/// user at all, is an error.
pub fn parse_list(bytes: &[u8]) -> Result<Vec<u32>, FormatError> {
    let mut users = BTreeSet::new();
    walk(LIST, bytes, &["users"], |element| {
        if element.path != "users/user" {
            return Ok(());
        }
        if users.len() >= MAX_USERS {
            return Err(FormatError::too_large(LIST, "users", MAX_USERS));
        }
        match users.insert(element.number("id")?) {
            true => Ok(()),
            false => Err(element.error("a user given before: expected each once")),
        }
    })?;
    match users.is_empty() {
        true => Err(FormatError::malformed(LIST, "no user: expected at least user 0")),
        false => Ok(users.into_iter().collect()),
    }
}

/// Reads /data/system/users/N.xml. Strict: a restriction that is neither true nor false is an error.
pub fn parse_user(bytes: &[u8]) -> Result<User, FormatError> {
    let mut user = User { id: 0, restrictions: BTreeSet::new() };
    walk(USER, bytes, &["user"], |element| {
        match element.path.strip_prefix("user/") {
            None => user.id = element.number("id")?,
            Some(path) if restricts(path) => add(&mut user.restrictions, element)?,
            Some(_) => {}
        }
        Ok(())
    })?;
    Ok(user)
}

/// Whether the attributes of an element below `<user>` are restrictions of that user.
fn restricts(path: &str) -> bool {
    match path.split_once('/') {
        None => matches!(
            path,
            "restrictions"
                | "device_policy_restrictions"
                | "device_policy_global_restrictions"
                | "device_policy_local_restrictions"
        ),
        Some(("device_policy_global_restrictions" | "device_policy_local_restrictions", below)) => matches!(
            below,
            "device_policy_restrictions"
                | "restrictions_user/restrictions"
                | "restrictions_user/device_policy_restrictions"
        ),
        Some(_) => false,
    }
}

fn add(restrictions: &mut BTreeSet<Box<str>>, element: &Element<'_>) -> Result<(), FormatError> {
    for (name, value) in element.attributes() {
        match &*value {
            "true" => {
                restrictions.insert(name.into());
            }
            "false" => {}
            _ => return Err(element.bad(name, &value, "true or false")),
        }
    }
    match restrictions.len() > MAX_RESTRICTIONS {
        true => Err(FormatError::too_large(USER, "restrictions", MAX_RESTRICTIONS)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The restrictions of a user with these elements; a path of them stands for one inside the other.
    fn restrictions(inside: &str) -> Vec<String> {
        let mut elements = String::new();
        for element in inside.split_inclusive("; ") {
            let (parents, last) = element.trim_end_matches("; ").rsplit_once('/').unwrap_or(("", element));
            let parents: Vec<&str> = parents.split('/').filter(|name| !name.is_empty()).collect();
            elements.extend(parents.iter().map(|name| format!("<{name}>")));
            elements += &format!("<{}/>", last.trim_end_matches("; "));
            elements.extend(parents.iter().rev().map(|name| format!("</{name}>")));
        }
        let text = format!("<user id='0' flags='19475'><name>Ann &amp; Bo</name>{elements}</user>");
        let user = parse_user(text.as_bytes()).unwrap_or_else(|error| panic!("{text} {error}"));
        user.restrictions.into_iter().map(Into::into).collect()
    }

    #[test]
    fn only_what_binds_the_user_is_a_restriction() {
        for (inside, expected) in [
            ("x", &[][..]),
            ("restrictions", &[]),
            ("restrictions no_b='true' no_a='true' no_c='false'", &["no_a", "no_b"]),
            ("device_policy_restrictions no_a='true'", &["no_a"]),
            ("device_policy_global_restrictions no_a='true'", &["no_a"]),
            ("device_policy_local_restrictions no_a='true'", &["no_a"]),
            ("device_policy_local_restrictions/restrictions_user/restrictions no_a='true'", &["no_a"]),
            ("device_policy_global_restrictions/restrictions_user/restrictions no_a='true'", &["no_a"]),
            (
                "device_policy_local_restrictions/restrictions_user/device_policy_restrictions no_a='true'",
                &["no_a"],
            ),
            ("device_policy_global_restrictions/device_policy_restrictions no_a='true'", &["no_a"]),
            ("device_policy_global_restrictions/x/restrictions no_a='true'", &[]),
            ("device_policy_local_restrictions/restrictions_user user_id='0'", &[]),
            ("guestRestrictions/restrictions no_a='true'", &[]),
            ("userProperties no_a='true'", &[]),
            ("x/restrictions no_a='true'", &[]),
            ("restrictions no_a='true'; device_policy_restrictions no_a='true'", &["no_a"]),
        ] {
            assert_eq!(restrictions(inside), expected, "{inside}");
        }
    }

    #[test]
    fn what_is_no_user_is_refused() {
        for (text, message) in [
            ("<user/>", "user, line 1: <user>: expected an attribute id"),
            ("<user id='-1'/>", "id=\"-1\": expected a whole number in range"),
            ("<users/>", "<users> at the top: expected <user>"),
            (
                "<user id='0'>\n<restrictions no_a='1'/></user>",
                "line 2: <user/restrictions>: no_a=\"1\": expected true or false",
            ),
        ] {
            let error = parse_user(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{text} {error}");
        }
        let many: String = (0..=MAX_RESTRICTIONS).map(|n| format!("<restrictions no_{n}='true'/>")).collect();
        assert!(parse_user(format!("<user id='0'>{many}</user>").as_bytes()).unwrap_err().is_too_large());
    }

    #[test]
    fn the_list_gives_each_user_once_and_in_order() {
        let text = "<users nextSerialNumber='12' version='11' userTypeConfigVersion='0'>
            <guestRestrictions><restrictions no_sms='true' /></guestRestrictions>
            <deviceOwnerUserId id='-10000' /><user id='10' /><user id='0' /></users>";
        assert_eq!(parse_list(text.as_bytes()).unwrap(), [0, 10]);
        for (text, message) in [
            ("<users/>", "user list: no user: expected at least user 0"),
            ("<users><user/></users>", "expected an attribute id"),
            ("<users><user id='0'/><user id='0'/></users>", "a user given before"),
            ("<users><user id='x'/></users>", "id=\"x\": expected a whole number"),
            ("<users><user id=''/></users>", "id=\"\": expected a whole number"),
        ] {
            let error = parse_list(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{text} {error}");
        }
        let many: String = (0..=MAX_USERS).map(|n| format!("<user id='{n}'/>")).collect();
        assert!(parse_list(format!("<users>{many}</users>").as_bytes()).unwrap_err().is_too_large());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_list(&bytes);
            let _ = parse_user(&bytes);
        }
    }
}
