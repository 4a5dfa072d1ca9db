//! The ten production gates.

use core::fmt;

/// A production gate. Numbers and ids are the product's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each is named after its id; gates/<id>/gate.toml says what it asks
pub enum GateId {
    BuildIntegrity = 1,
    BootIntegrity,
    RuntimeSecurity,
    PlatformConfiguration,
    NetworkSecurity,
    ApplicationExposure,
    PrivacyControls,
    DeviceManagement,
    UpdateIntegrity,
    SecurityMonitoring,
}

impl GateId {
    /// All ten, in order.
    pub const ALL: [GateId; 10] = [
        GateId::BuildIntegrity,
        GateId::BootIntegrity,
        GateId::RuntimeSecurity,
        GateId::PlatformConfiguration,
        GateId::NetworkSecurity,
        GateId::ApplicationExposure,
        GateId::PrivacyControls,
        GateId::DeviceManagement,
        GateId::UpdateIntegrity,
        GateId::SecurityMonitoring,
    ];

    /// Its number, 1 to 10.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Its id.
    pub fn id(self) -> &'static str {
        match self {
            GateId::BuildIntegrity => "build-integrity",
            GateId::BootIntegrity => "boot-integrity",
            GateId::RuntimeSecurity => "runtime-security",
            GateId::PlatformConfiguration => "platform-configuration",
            GateId::NetworkSecurity => "network-security",
            GateId::ApplicationExposure => "application-exposure",
            GateId::PrivacyControls => "privacy-controls",
            GateId::DeviceManagement => "device-management",
            GateId::UpdateIntegrity => "update-integrity",
            GateId::SecurityMonitoring => "security-monitoring",
        }
    }

    /// The gate with this id.
    pub fn from_id(id: &str) -> Option<GateId> {
        Self::ALL.into_iter().find(|gate| gate.id() == id)
    }
}

impl fmt::Display for GateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
