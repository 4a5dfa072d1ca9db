//! access.abx: the state of the access-checking service of Android 15 and newer.
//!
//! ```text
//! access                                               /data/misc_de/N/apexdata/com.android.permission/
//!     app-id-permissions/app-id id/permission name flags
//!     app-id-app-ops/app-id id/app-op name mode
//!     package-app-ops/package name/app-op name mode
//! ```
//!
//! It is always binary. system_server writes it within two seconds of a change and vouches for it. Package
//! versions, the permissions that packages define (in the system's own file) and those that an app holds on
//! virtual devices are not read. Source: AccessPersistence.kt, AppIdPermissionPersistence.kt,
//! PermissionFlags.kt and BaseAppOpPersistence.kt of AOSP's services/permission (Android 15).

use super::{add, count, name};
use crate::FormatError;
use crate::xml::walk;
use std::collections::BTreeMap;

const ACCESS: &str = "access state";

/// The permissions and app operations of a user's apps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The permissions of each app id, by name.
    pub permissions: BTreeMap<i32, BTreeMap<Box<str>, PermissionFlags>>,
    /// The modes of app operations that are not the default, by app id and name (`android:camera`). 0 is
    /// allowed, 1 ignored, 2 errored, 3 default, 4 foreground.
    pub app_id_ops: BTreeMap<i32, BTreeMap<Box<str>, i32>>,
    /// The same by package.
    pub package_ops: BTreeMap<Box<str>, BTreeMap<Box<str>, i32>>,
}

/// The service's own flags of a permission that an app asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermissionFlags(pub i32);

impl PermissionFlags {
    const INSTALL_GRANTED: i32 = 1;
    const INSTALL_REVOKED: i32 = 1 << 1;
    const PROTECTION_GRANTED: i32 = 1 << 2;
    const RUNTIME_GRANTED: i32 = 1 << 4;
    const LEGACY_GRANTED: i32 = 1 << 10;
    const IMPLICIT_GRANTED: i32 = 1 << 11;
    const RESTRICTION_REVOKED: i32 = 1 << 18;
    const APP_OP_REVOKED: i32 = 1 << 20;

    /// Whether the app holds the permission, as `PermissionFlags.isPermissionGranted` decides it.
    pub fn is_granted(self) -> bool {
        let has = |flag: i32| self.0 & flag != 0;
        if has(Self::INSTALL_GRANTED) {
            return true;
        }
        if has(Self::INSTALL_REVOKED) {
            return false;
        }
        has(Self::PROTECTION_GRANTED | Self::LEGACY_GRANTED | Self::IMPLICIT_GRANTED)
            || !has(Self::RESTRICTION_REVOKED) && has(Self::RUNTIME_GRANTED)
    }

    /// Whether it may use it too: an app made for an old version holds permissions that were taken away by
    /// their app operation.
    pub fn is_usable(self) -> bool {
        self.is_granted() && self.0 & Self::APP_OP_REVOKED == 0
    }
}

/// Reads a user's access.abx, or the same as text. Strict: an app, a permission or an operation given twice
/// is an error. Elements that later versions add are skipped.
pub fn parse_access(bytes: &[u8]) -> Result<Access, FormatError> {
    let mut found = Access::default();
    let mut app_id = 0;
    let mut package: Box<str> = "".into();
    let mut rows = 0;
    walk(ACCESS, bytes, &["access"], |element| {
        let Some(path) = element.path.strip_prefix("access/") else { return Ok(()) };
        match path {
            "app-id-permissions/app-id" => {
                app_id = add(&mut found.permissions, element.number("id")?, BTreeMap::new(), element)?;
            }
            "app-id-app-ops/app-id" => {
                app_id = add(&mut found.app_id_ops, element.number("id")?, BTreeMap::new(), element)?;
            }
            "package-app-ops/package" => {
                package = add(&mut found.package_ops, name(element)?, BTreeMap::new(), element)?;
            }
            "app-id-permissions/app-id/permission" => {
                count(&mut rows, ACCESS)?;
                let flags = PermissionFlags(element.number("flags")?);
                let held = found.permissions.entry(app_id).or_default();
                add(held, name(element)?, flags, element)?;
            }
            "app-id-app-ops/app-id/app-op" => {
                count(&mut rows, ACCESS)?;
                let modes = found.app_id_ops.entry(app_id).or_default();
                add(modes, name(element)?, element.number("mode")?, element)?;
            }
            "package-app-ops/package/app-op" => {
                count(&mut rows, ACCESS)?;
                let modes = found.package_ops.entry(package.clone()).or_default();
                add(modes, name(element)?, element.number("mode")?, element)?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(found)
}
