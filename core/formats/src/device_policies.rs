//! What device administrators demand of a user: device_policies.xml, as text or as binary XML.
//!
//! ```text
//! policies [permission-policy]
//!     admin name                       a component
//!         policies flags               the kinds of policy that it may use
//!         password-quality value …     one element a policy that is not the default
//!         parent-admin/…               the same for the user that a work profile belongs to: not read
//!     delegation delegatePackage scope
//! ```
//!
//! system_server writes the file and vouches for it. Left out is what protects no data by itself: support
//! messages, the organisation's name and colour, keep-installed and cross-profile lists, trust agents' own
//! options, account types, certificates, lock task mode, logs' times. Since Android 14 some policies (the
//! camera among them) move to device_policy_state.xml, which is not read: absent here does not mean that
//! nothing demands it. Source: DevicePolicyData.java and ActiveAdmin.java of AOSP (Android 12 to 16).

use crate::FormatError;
use crate::xml::{Element, walk};
use std::collections::{BTreeMap, BTreeSet};

/// The most administrators, and the most delegations.
pub const MAX_ADMINS: usize = 256;
/// The longest name, in bytes.
pub const MAX_NAME: usize = 512;

const WHAT: &str = "device policies";

/// The administrators of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevicePolicies {
    /// Each active administrator, by its component (`package/class`).
    pub admins: BTreeMap<Box<str>, Admin>,
    /// What administrators passed on: package and scope (`delegation-cert-install`).
    pub delegations: BTreeSet<(Box<str>, Box<str>)>,
    /// How permission requests are answered: 0 by the user, 1 always yes, 2 always no.
    pub permission_policy: i32,
}

/// What one administrator demands. Numbers are those of DevicePolicyManager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// The kinds of policy that it may use: bit n is policy n of DeviceAdminInfo (4: wipe data).
    pub uses: u32,
    /// PASSWORD_QUALITY_*; 0 demands nothing.
    pub password_quality: i32,
    /// The least length of a password; 0 demands nothing. It counts where the quality demands something.
    pub password_length: i32,
    /// PASSWORD_COMPLEXITY_*; 0 demands nothing.
    pub password_complexity: i32,
    /// Failed unlocks until the data is wiped; 0 for never.
    pub failures_until_wipe: i32,
    /// Milliseconds without use until the screen locks; 0 for the user's choice.
    pub lock_after_ms: i64,
    /// KEYGUARD_DISABLE_*; 0 for none.
    pub keyguard_disabled: i32,
    /// Whether storage must be encrypted.
    pub demands_encryption: bool,
    /// Whether no app may use the camera.
    pub disables_camera: bool,
    /// Whether nothing may capture the screen.
    pub disables_screen_capture: bool,
    /// Whether USB carries data.
    pub allows_usb_data: bool,
    /// Whether it was installed for tests, and so can be removed by adb.
    pub is_test_only: bool,
    /// Whether it logs what the device connects to.
    pub logs_network: bool,
    /// Whether it may grant apps the use of sensors.
    pub grants_sensors: bool,
    /// The app whose VPN is always on.
    pub vpn_package: Option<Box<str>>,
    /// Whether nothing connects past that VPN.
    pub locks_down_vpn: bool,
}

impl Default for Admin {
    fn default() -> Admin {
        Admin {
            uses: 0,
            password_quality: 0,
            password_length: 0,
            password_complexity: 0,
            failures_until_wipe: 0,
            lock_after_ms: 0,
            keyguard_disabled: 0,
            demands_encryption: false,
            disables_camera: false,
            disables_screen_capture: false,
            // The one policy whose default is true.
            allows_usb_data: true,
            is_test_only: false,
            logs_network: false,
            grants_sensors: false,
            vpn_package: None,
            locks_down_vpn: false,
        }
    }
}

/// Reads /data/system/device_policies.xml, or /data/system/users/N/device_policies.xml of a further user.
/// Strict: an administrator given twice, one whose name is no component, and a policy that is read here with
/// a value of another type are errors.
pub fn parse(bytes: &[u8]) -> Result<DevicePolicies, FormatError> {
    let mut found = DevicePolicies::default();
    let mut admin: Option<Box<str>> = None;
    walk(WHAT, bytes, &["policies"], |element| {
        match element.path.strip_prefix("policies/") {
            None => {
                found.permission_policy = element.number_if_there("permission-policy")?.unwrap_or_default()
            }
            Some("admin") => {
                let name = component(element)?;
                if found.admins.insert(name.clone(), Admin::default()).is_some() {
                    return Err(element.bad("name", &name, "each administrator once"));
                }
                admin = Some(name);
            }
            Some("delegation") => {
                let row = (text(element, "delegatePackage")?, text(element, "scope")?);
                found.delegations.insert(row);
            }
            Some(path) => {
                if let (Some(policy), Some(name)) = (path.strip_prefix("admin/"), &admin)
                    && let Some(admin) = found.admins.get_mut(name)
                {
                    admin.set(policy, element)?;
                }
            }
        }
        match found.admins.len().max(found.delegations.len()) > MAX_ADMINS {
            true => Err(FormatError::too_large(WHAT, "administrators or delegations", MAX_ADMINS)),
            false => Ok(()),
        }
    })?;
    Ok(found)
}

impl Admin {
    fn set(&mut self, policy: &str, element: &Element<'_>) -> Result<(), FormatError> {
        match policy {
            "policies" => self.uses = element.number("flags")?,
            "password-quality" => self.password_quality = element.number("value")?,
            "min-password-length" => self.password_length = element.number("value")?,
            "password-complexity" => self.password_complexity = element.number("value")?,
            "max-failed-password-wipe" => self.failures_until_wipe = element.number("value")?,
            "max-time-to-unlock" => self.lock_after_ms = element.number("value")?,
            "disable-keyguard-features" => self.keyguard_disabled = element.number("value")?,
            "encryption-requested" => self.demands_encryption = element.flag("value")?,
            "disable-camera" => self.disables_camera = element.flag("value")?,
            "disable-screen-capture" => self.disables_screen_capture = element.flag("value")?,
            "usb-data-signaling" => self.allows_usb_data = element.flag("value")?,
            "test-only-admin" => self.is_test_only = element.flag("value")?,
            "is_network_logging_enabled" => self.logs_network = element.flag("value")?,
            "admin-can-grant-sensors-permissions" => self.grants_sensors = element.flag("value")?,
            "vpn-package" => self.vpn_package = Some(text(element, "value")?),
            "vpn-lockdown" => self.locks_down_vpn = element.flag("value")?,
            _ => {}
        }
        Ok(())
    }
}

fn component(element: &Element<'_>) -> Result<Box<str>, FormatError> {
    let name = text(element, "name")?;
    match name.split_once('/') {
        Some((package, class)) if !package.is_empty() && !class.is_empty() && !class.contains('/') => {
            Ok(name)
        }
        _ => Err(element.bad("name", &name, "package/class")),
    }
}

fn text(element: &Element<'_>, name: &str) -> Result<Box<str>, FormatError> {
    let text = element.required(name)?;
    match text.len() {
        1..=MAX_NAME => Ok(text.into()),
        _ => Err(element.bad(name, &text, &format!("1 to {MAX_NAME} bytes"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::written::from_xml;
    use proptest::prelude::*;

    const TEXT: &str = r#"<policies setup-complete="true" provisioning-state="3" permission-policy="1">
  <delegation delegatePackage="com.enigm.ca" scope="delegation-cert-install" />
  <admin name="com.enigm.management/com.enigm.management.AdminReceiver">
    <policies flags="991" />
    <password-quality value="327680" /><min-password-length value="8" /><password-complexity value="327680" />
    <max-time-to-unlock value="60000" /><max-failed-password-wipe value="10" />
    <encryption-requested value="true" /><disable-camera value="true" /><disable-screen-capture value="true" />
    <is_network_logging_enabled value="true" num-notifications="0" last-notification="0" />
    <disable-keyguard-features value="16" />
    <parent-admin><policies flags="0" /><disable-camera value="false" /></parent-admin>
    <organization-name>Enigm</organization-name>
    <vpn-package value="com.enigm.vpn" /><vpn-lockdown value="true" />
    <admin-can-grant-sensors-permissions value="true" /><usb-data-signaling value="false" />
  </admin>
  <admin name="org.example.b/.Receiver"><policies flags="16" /><test-only-admin value="true" />
    <later-addition value="x" /></admin>
  <password-owner value="10123" />
</policies>"#;

    #[test]
    fn administrators_are_read_with_their_policies_from_both_forms() {
        let found = parse(TEXT.as_bytes()).unwrap();
        assert_eq!(parse(&from_xml(TEXT)).unwrap(), found);
        assert_eq!(found.permission_policy, 1);
        assert_eq!(found.delegations.len(), 1);
        let expected = Admin {
            uses: 991,
            password_quality: 327_680,
            password_length: 8,
            password_complexity: 327_680,
            failures_until_wipe: 10,
            lock_after_ms: 60_000,
            keyguard_disabled: 16,
            demands_encryption: true,
            disables_camera: true,
            disables_screen_capture: true,
            allows_usb_data: false,
            is_test_only: false,
            logs_network: true,
            grants_sensors: true,
            vpn_package: Some("com.enigm.vpn".into()),
            locks_down_vpn: true,
        };
        assert_eq!(found.admins["com.enigm.management/com.enigm.management.AdminReceiver"], expected);
        let other = Admin { uses: 16, is_test_only: true, ..Admin::default() };
        assert_eq!(found.admins["org.example.b/.Receiver"], other);
        assert_eq!(parse(b"<policies/>").unwrap(), DevicePolicies::default());
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let admin = |inside: &str| format!("<admin name='a/b'>{inside}</admin>");
        for (inside, message) in [
            ("<admin/>".to_string(), "<policies/admin>: expected an attribute name"),
            ("<admin name='a'/>".into(), "name=\"a\": expected package/class"),
            ("<admin name='a/b/c'/>".into(), "expected package/class"),
            (admin("").repeat(2), "name=\"a/b\": expected each administrator once"),
            (admin("<policies/>"), "<policies/admin/policies>: expected an attribute flags"),
            (admin("<policies flags='-1'/>"), "flags=\"-1\": expected a whole number"),
            (admin("<password-quality value='x'/>"), "value=\"x\": expected a whole number"),
            (admin("<disable-camera value='1'/>"), "value=\"1\": expected true or false"),
            (admin("<vpn-package value=''/>"), "value=\"\": expected 1 to 512 bytes"),
            ("<delegation scope='x'/>".into(), "expected an attribute delegatePackage"),
        ] {
            let text = format!("<policies>{inside}</policies>");
            for bytes in [text.as_bytes().to_vec(), from_xml(&text)] {
                let error = parse(&bytes).unwrap_err().to_string();
                assert!(error.contains(message), "{text} | {error}");
            }
        }
        let many: String = (0..=MAX_ADMINS).map(|n| format!("<admin name='a/b{n}'/>")).collect();
        assert!(parse(format!("<policies>{many}</policies>").as_bytes()).unwrap_err().is_too_large());
    }

    #[test]
    fn every_truncation_is_refused_and_no_flipped_bit_panics() {
        let bytes = from_xml(TEXT);
        for end in 0..bytes.len() {
            assert!(parse(&bytes[..end]).is_err(), "{end}");
        }
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = parse(&flipped);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
