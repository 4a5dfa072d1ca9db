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
use crate::xml::{Element, walk};
use certificates::{Certificates, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::collections::btree_map::Entry;

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
    let mut found = PackagesXml::default();
    let mut certificates = Certificates::default();
    let mut updated = BTreeSet::new();
    let mut owner = Owner::None;
    walk(WHAT, bytes, &["packages"], |element| {
        let Some(path) = element.path.strip_prefix("packages/") else { return Ok(()) };
        match path {
            "package" => {
                let (name, package) = found.add_package(element)?;
                owner = Owner::Package(name, package);
            }
            "updated-package" => {
                owner = Owner::None;
                updated.insert(text(element, "name")?);
            }
            "shared-user" => {}
            _ => {}
        }
        Ok(())
    })?;
    Ok(found)
}
