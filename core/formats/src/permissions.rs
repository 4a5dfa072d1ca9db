//! Which permissions apps hold: runtime-permissions.xml, and access.abx in place of it since Android 15.
//!
//! ```text
//! runtime-permissions version [fingerprint]            /data/misc_de/N/apexdata/com.android.permission/
//!     package name / shared-user name
//!         permission name granted flags                flags in hexadecimal, PackageManager's own
//! ```
//!
//! The permission module writes the file and vouches for it. A grant for one time is written as none.
//! Source: RuntimePermissionsPersistenceImpl.java of packages/modules/Permission (Android 11 to 14; the file
//! of Android 10 has other elements and is refused).

mod access;

use crate::FormatError;
use crate::error::shown;
use crate::xml::{Element, walk};
pub use access::{Access, PermissionFlags, parse_access};
use std::collections::BTreeMap;

/// The most rows of a file: permissions and modes.
pub const MAX_ROWS: usize = 200_000;

const RUNTIME: &str = "runtime permissions";

/// The runtime permissions of a user's apps, by package and by shared user. A package that shares its user
/// has its permissions there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuntimePermissions {
    /// By package.
    pub packages: BTreeMap<Box<str>, BTreeMap<Box<str>, RuntimePermission>>,
    /// By shared user.
    pub shared_users: BTreeMap<Box<str>, BTreeMap<Box<str>, RuntimePermission>>,
}

/// The state of a runtime permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuntimePermission {
    /// Whether it is granted.
    pub granted: bool,
    /// PackageManager's FLAG_PERMISSION_*: who decided, and what binds the decision.
    pub flags: u32,
}

/// Reads runtime-permissions.xml, which is text but is read as binary XML too. Strict: an app or a permission
/// given twice is an error. Elements that later versions add are skipped.
pub fn parse_runtime(bytes: &[u8]) -> Result<RuntimePermissions, FormatError> {
    let mut found = RuntimePermissions::default();
    let mut holder: Option<Box<str>> = None;
    let mut rows = 0;
    walk(RUNTIME, bytes, &["runtime-permissions"], |element| {
        let Some(path) = element.path.strip_prefix("runtime-permissions/") else { return Ok(()) };
        match path {
            "package" => holder = Some(add(&mut found.packages, name(element)?, BTreeMap::new(), element)?),
            "shared-user" => {
                holder = Some(add(&mut found.shared_users, name(element)?, BTreeMap::new(), element)?)
            }
            "pkg" | "shared-user/item" => {
                let message = "the elements of Android 10: expected those of Android 11 to 14";
                return Err(FormatError::unsupported(RUNTIME, message));
            }
            "package/permission" | "shared-user/permission" => {
                count(&mut rows, RUNTIME)?;
                let flags = u32::try_from(element.hex("flags")?)
                    .map_err(|_| element.error("flags: expected 32 bits in hexadecimal without a sign"))?;
                let permission = RuntimePermission { granted: element.flag("granted")?, flags };
                let holders =
                    if path.starts_with('p') { &mut found.packages } else { &mut found.shared_users };
                if let Some(held) = holder.as_ref().and_then(|holder| holders.get_mut(holder)) {
                    add(held, name(element)?, permission, element)?;
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(found)
}

fn name(element: &Element<'_>) -> Result<Box<str>, FormatError> {
    Ok(element.required("name")?.into())
}

fn count(rows: &mut usize, what: &'static str) -> Result<(), FormatError> {
    *rows += 1;
    if *rows > MAX_ROWS { Err(FormatError::too_large(what, "rows", MAX_ROWS)) } else { Ok(()) }
}

/// Adds an entry that is not there yet, and gives its key back.
fn add<K: Ord + Clone + ToString, V>(
    map: &mut BTreeMap<K, V>,
    key: K,
    value: V,
    element: &Element<'_>,
) -> Result<K, FormatError> {
    match map.insert(key.clone(), value) {
        None => Ok(key),
        Some(_) => Err(element.error(format_args!("{} again: expected it once", shown(&key.to_string())))),
    }
}

#[cfg(test)]
mod tests;
