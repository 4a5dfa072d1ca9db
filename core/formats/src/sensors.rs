//! The microphone and camera switches: sensor_privacy_impl.xml as text.

use crate::FormatError;

/// The state of every sensor that was ever switched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SensorPrivacy {
    rows: Vec<Row>,
}

/// A sensor that has a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensor {
    /// The microphone.
    Microphone,
    /// The camera.
    Camera,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    user: u32,
    sensor: u32,
    blocked: bool,
}

impl SensorPrivacy {
    /// Whether a sensor is blocked for a user by any of its switches. `None` where none was ever used, which
    /// leaves it usable.
    pub fn blocked(&self, sensor: Sensor, user: u32) -> Option<bool> {
        let number = match sensor {
            Sensor::Microphone => 1,
            Sensor::Camera => 2,
        };
        let mut rows = self.rows.iter().filter(|row| row.user == user && row.sensor == number).peekable();
        rows.peek()?;
        Some(rows.any(|row| row.blocked))
    }
}

/// Reads /data/system/sensor_privacy_impl.xml, or sensor_privacy.xml of Android 12 and before.
pub fn parse(_bytes: &[u8]) -> Result<SensorPrivacy, FormatError> {
    Err(FormatError::malformed("sensor privacy", "not written yet"))
}
