//! Device and profile owners: device_owner_2.xml and profile_owner.xml, as text or as binary XML.
//!
//! ```text
//! <root><device-owner component="pkg/cls" /><device-owner-context userId="0" />
//!       <system-update-policy policy_type="3" …><freeze start="--12-01" end="--01-10" />
//!       </system-update-policy>…</root>
//! ```
//!
//! system_server writes the files and vouches for them; the first is there without an owner too.
//! Source: OwnersData.java and SystemUpdatePolicy.java of AOSP.

mod update_policy;

use crate::FormatError;
use crate::xml::{Element, walk};
pub use update_policy::{Freeze, Install, UpdatePolicy};

/// The longest component, in bytes.
pub const MAX_COMPONENT: usize = 256;

const DEVICE_OWNER: &str = "device owner";
const PROFILE_OWNER: &str = "profile owner";

/// What device_owner_2.xml says. The file is there without an owner too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceOwner {
    /// The component (`package/class`) that owns the device, if one does.
    pub component: Option<Box<str>>,
    /// The user that the owner runs as.
    pub user: Option<u32>,
    /// What the owner decided about system updates, if anything.
    pub update_policy: Option<UpdatePolicy>,
}

/// Reads /data/system/device_owner_2.xml. Strict: an element that is read here may stand there once, with
/// values in range.
pub fn parse_device_owner(bytes: &[u8]) -> Result<DeviceOwner, FormatError> {
    let mut owner = DeviceOwner::default();
    walk(DEVICE_OWNER, bytes, &["root"], |element| match element.path {
        "root/device-owner" => set_once(&mut owner.component, element, component(element)?),
        "root/device-owner-context" => set_once(&mut owner.user, element, element.number("userId")?),
        "root/system-update-policy" => {
            set_once(&mut owner.update_policy, element, UpdatePolicy::read(element)?)
        }
        "root/system-update-policy/freeze" => match &mut owner.update_policy {
            Some(policy) => policy.add_freeze(element),
            None => Ok(()),
        },
        _ => Ok(()),
    })?;
    Ok(owner)
}

/// Reads /data/system/users/N/profile_owner.xml: the component that owns the profile, if one does.
pub fn parse_profile_owner(bytes: &[u8]) -> Result<Option<Box<str>>, FormatError> {
    let mut owner = None;
    walk(PROFILE_OWNER, bytes, &["root"], |element| match element.path {
        "root/profile-owner" => set_once(&mut owner, element, component(element)?),
        _ => Ok(()),
    })?;
    Ok(owner)
}

fn set_once<T>(place: &mut Option<T>, element: &Element<'_>, value: T) -> Result<(), FormatError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(element.error("a second one: expected at most one")),
    }
}

fn component(element: &Element<'_>) -> Result<Box<str>, FormatError> {
    let component = element.required("component")?;
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    match component.split_once('/') {
        Some((package, class)) if component.len() <= MAX_COMPONENT && is_name(package) && is_name(class) => {
            Ok(component.as_ref().into())
        }
        _ => Err(element.bad("component", &component, "package/class")),
    }
}

#[cfg(test)]
mod tests;
