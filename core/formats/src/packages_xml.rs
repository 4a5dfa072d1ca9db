//! What the package manager stores: packages.xml, as text or as binary XML.
//!
//! ```text
//! packages/package name codePath userId|sharedUserId version publicFlags [privateFlags] [installer]
//!     sigs count                       who signs it
//!         cert index [key]             a certificate: its number in the file, and its DER where it is new
//!         pastSigs/cert                earlier certificates of a signer that has changed its key
//!     install-initiator-sigs/cert      of who installed it: not read but for the numbers
//! packages/updated-package name        the system's version of a package that has an update in /data
//! packages/shared-user name userId sigs/cert
//! ```
//!
//! `name` and `installer` are chosen by whoever made the app. system_server writes the file and vouches for
//! it; it takes the certificates from the packages' signatures. Users, permissions, key sets and domains are
//! not read. Source: Settings.java and PackageSignatures.java of AOSP (Android 10 to 16).

mod certificates;

use crate::FormatError;
use crate::error::shown;
use crate::xml::{Element, walk};
use certificates::{Certificates, Role};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The most packages, and the most shared users.
pub const MAX_PACKAGES: usize = 10_000;
/// The longest name and the longest path, in bytes.
pub const MAX_TEXT: usize = 1_024;

const WHAT: &str = "packages.xml";
/// ApplicationInfo.FLAG_SYSTEM.
const SYSTEM: i32 = 1;
/// ApplicationInfo.PRIVATE_FLAG_PRIVILEGED.
const PRIVILEGED: i32 = 1 << 3;

/// The packages and the shared users of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackagesXml {
    packages: BTreeMap<Box<str>, Package>,
    shared_users: BTreeMap<Box<str>, SharedUser>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The folder or file that its code is in.
    pub code_path: Box<str>,
    /// The number that its processes' users are made of; -1 where it has none.
    pub app_id: i32,
    /// Whether it shares that number with others.
    pub is_shared: bool,
    /// Its version code.
    pub version: i64,
    /// Whether it is part of the system, updated or not.
    pub is_system: bool,
    /// Whether it is part of the system and has an update in /data.
    pub is_updated_system: bool,
    /// Whether it may have privileged permissions.
    pub is_privileged: bool,
    /// Who installed it, as far as that is known.
    pub installer: Option<Box<str>>,
    /// Who signs it.
    pub signers: Signers,
}

/// A number that packages of the same signer share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedUser {
    /// The number.
    pub app_id: i32,
    /// Who signs its packages.
    pub signers: Signers,
}

/// The certificates of a package or a shared user: SHA-256 of each one's DER, in the file's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signers {
    /// Those that sign it now.
    pub current: Vec<[u8; 32]>,
    /// Those that its signer had before, and the current one: Android trusts them as that signer says.
    pub past: Vec<[u8; 32]>,
}

impl PackagesXml {
    /// Every package by its name.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = (&str, &Package)> {
        self.packages.iter().map(|(name, package)| (&**name, package))
    }

    /// Every shared user by its name.
    pub fn shared_users(&self) -> impl ExactSizeIterator<Item = (&str, &SharedUser)> {
        self.shared_users.iter().map(|(name, user)| (&**name, user))
    }
}

/// Reads /data/system/packages.xml. Strict: a package given twice, one without a path, a number or its flags,
/// and a certificate whose number was not given or is not the next one are errors.
pub fn parse(bytes: &[u8]) -> Result<PackagesXml, FormatError> {
    let mut packages: Vec<(Box<str>, Package)> = Vec::new();
    let mut shared_users: Vec<(Box<str>, SharedUser)> = Vec::new();
    let mut updated = BTreeSet::new();
    let mut certificates = Certificates::default();
    walk(WHAT, bytes, &["packages"], |element| {
        let Some(path) = element.path.strip_prefix("packages/") else { return Ok(()) };
        match path {
            "package" => packages.push((text(element, "name")?, Package::read(element)?)),
            "updated-package" => _ = updated.insert(text(element, "name")?),
            "shared-user" => {
                let user = SharedUser { app_id: element.number("userId")?, signers: Signers::default() };
                shared_users.push((text(element, "name")?, user));
            }
            _ => {
                let signers = match path.split_once('/') {
                    Some(("package", _)) => packages.last_mut().map(|(_, package)| &mut package.signers),
                    Some(("shared-user", _)) => shared_users.last_mut().map(|(_, user)| &mut user.signers),
                    _ => None,
                };
                let Some((role, digest)) = certificates.read(path, element)? else { return Ok(()) };
                match (role, signers) {
                    (Role::Current, Some(signers)) => signers.current.push(digest),
                    (Role::Past, Some(signers)) => signers.past.push(digest),
                    (Role::Other, _) | (_, None) => {}
                }
            }
        }
        match packages.len().max(shared_users.len()).max(updated.len()) > MAX_PACKAGES {
            true => Err(FormatError::too_large(WHAT, "packages", MAX_PACKAGES)),
            false => Ok(()),
        }
    })?;
    certificates.end().map_err(|message| FormatError::malformed(WHAT, message))?;
    if packages.is_empty() {
        return Err(FormatError::malformed(WHAT, "no package: expected at least Android's own"));
    }
    for (name, package) in &mut packages {
        package.is_updated_system = package.is_system && updated.contains(name);
    }
    Ok(PackagesXml { packages: each_once(packages)?, shared_users: each_once(shared_users)? })
}

impl Package {
    fn read(element: &Element<'_>) -> Result<Package, FormatError> {
        let is_shared = element.has("sharedUserId");
        if is_shared && element.has("userId") {
            return Err(element.error("userId and sharedUserId: expected one of them"));
        }
        let flags: i32 = element.number("publicFlags")?;
        let private: i32 = element.number_if_there("privateFlags")?.unwrap_or_default();
        Ok(Package {
            code_path: text(element, "codePath")?,
            app_id: element.number(if is_shared { "sharedUserId" } else { "userId" })?,
            is_shared,
            version: element.number_if_there("version")?.unwrap_or_default(),
            is_system: flags & SYSTEM != 0,
            is_updated_system: false,
            is_privileged: private & PRIVILEGED != 0,
            installer: element.has("installer").then(|| text(element, "installer")).transpose()?,
            signers: Signers::default(),
        })
    }
}

fn text(element: &Element<'_>, name: &str) -> Result<Box<str>, FormatError> {
    let text = element.required(name)?;
    match text.len() {
        0..=MAX_TEXT => Ok(text.into()),
        _ => Err(element.bad(name, &text, &format!("at most {MAX_TEXT} bytes"))),
    }
}

fn each_once<T>(rows: Vec<(Box<str>, T)>) -> Result<BTreeMap<Box<str>, T>, FormatError> {
    let mut map = BTreeMap::new();
    for (name, row) in rows {
        match map.entry(name) {
            Entry::Vacant(entry) => _ = entry.insert(row),
            Entry::Occupied(entry) => {
                let message =
                    format_args!("{} again: expected each name once", shown(entry.key())).to_string();
                return Err(FormatError::malformed(WHAT, message));
            }
        }
    }
    Ok(map)
}

#[cfg(test)]
mod tests;
