//! Device and profile owners: device_owner_2.xml and profile_owner.xml as text.

use crate::FormatError;

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

/// When system updates may install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatePolicy {
    /// What the policy does outside freeze periods.
    pub install: Install,
    /// Periods of each year in which no update installs, security patches included.
    pub freezes: Vec<Freeze>,
}

/// How updates install outside freeze periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Install {
    /// As soon as they are there.
    Automatic,
    /// Daily, between two minutes of the day.
    Windowed(u16, u16),
    /// Postponed for up to 30 days.
    Postponed,
}

/// A period of each year, both days included; it may reach over the new year. 29 February counts as the 28th.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freeze {
    /// Month (1 to 12) and day (1 to 31) of its first day.
    pub start: (u8, u8),
    /// Month and day of its last day.
    pub end: (u8, u8),
}

impl Freeze {
    /// How many days it lasts, 1 to 365.
    pub fn days(&self) -> u32 {
        0
    }
}

impl UpdatePolicy {
    /// The most days for which the policy can hold an update back: the longest freeze, or 30 where updates are
    /// postponed. `None` where it never holds one back for a day.
    pub fn held_days(&self) -> Option<u32> {
        let postponed = (self.install == Install::Postponed).then_some(30);
        self.freezes.iter().map(Freeze::days).chain(postponed).max()
    }
}

/// Reads /data/system/device_owner_2.xml.
pub fn parse_device_owner(_bytes: &[u8]) -> Result<DeviceOwner, FormatError> {
    Err(FormatError::malformed("device owner", "not written yet"))
}

/// Reads /data/system/users/<u>/profile_owner.xml: the component that owns the profile, if one does.
pub fn parse_profile_owner(_bytes: &[u8]) -> Result<Option<Box<str>>, FormatError> {
    Err(FormatError::malformed("profile owner", "not written yet"))
}
