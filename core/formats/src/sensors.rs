//! The microphone and camera switches: sensor_privacy_impl.xml, as text or as binary XML.
//!
//! ```text
//! <sensor-privacy persistence-version="2">
//!     <sensor-state toggle-type="1" user-id="0" sensor="1" state-type="2" />
//! <sensor-privacy persistence-version="1"><user id="0">
//!     <individual-sensor-privacy sensor="1" enabled="true" />
//! <sensor-privacy>
//!     <individual-sensor-privacy sensor="1" enabled="true" />
//! ```
//!
//! "Privacy enabled" means that the sensor is blocked. system_server writes the file and vouches for it.
//! Source: PersistedState.java of AOSP's sensor privacy service.

use crate::FormatError;
use crate::xml::{Element, walk};

/// The most switches in a file.
pub const MAX_ROWS: usize = 4_096;

const WHAT: &str = "sensor privacy";

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
    /// `None` for every user.
    user: Option<u32>,
    sensor: u32,
    blocked: bool,
}

impl SensorPrivacy {
    /// Whether a sensor is blocked for a user by any of its switches. `None` where none was ever used, which
    /// leaves it usable. A sensor that some apps may still use ("enabled except allow-listed") is not
    /// blocked.
    pub fn blocked(&self, sensor: Sensor, user: u32) -> Option<bool> {
        let number = match sensor {
            Sensor::Microphone => 1,
            Sensor::Camera => 2,
        };
        let is_of = |row: &&Row| row.sensor == number && row.user.is_none_or(|of| of == user);
        let mut rows = self.rows.iter().filter(is_of).peekable();
        rows.peek()?;
        Some(rows.any(|row| row.blocked))
    }
}

/// Reads /data/system/sensor_privacy_impl.xml, or sensor_privacy.xml of Android 12 and before. Strict: a row
/// with a value that is none of those known is an error.
pub fn parse(bytes: &[u8]) -> Result<SensorPrivacy, FormatError> {
    let mut privacy = SensorPrivacy::default();
    let mut version = 0u32;
    let mut user = None;
    walk(WHAT, bytes, &["sensor-privacy"], |element| {
        let row = match (version, element.path) {
            (_, "sensor-privacy") => {
                version = element.number_if_there("persistence-version")?.unwrap_or_default();
                return match version {
                    0..=2 => Ok(()),
                    _ => Err(FormatError::unsupported(
                        WHAT,
                        format_args!("version {version}: expected 0 to 2"),
                    )),
                };
            }
            (0, "sensor-privacy/individual-sensor-privacy") => older_row(element, None)?,
            (1, "sensor-privacy/user") => {
                user = Some(element.number("id")?);
                return Ok(());
            }
            (1, "sensor-privacy/user/individual-sensor-privacy") => older_row(element, user)?,
            (2, "sensor-privacy/sensor-state") => row(element)?,
            _ => return Ok(()),
        };
        if privacy.rows.len() >= MAX_ROWS {
            return Err(FormatError::too_large(WHAT, "switches", MAX_ROWS));
        }
        privacy.rows.push(row);
        Ok(())
    })?;
    Ok(privacy)
}

fn row(element: &Element<'_>) -> Result<Row, FormatError> {
    let kind: u32 = element.number("toggle-type")?;
    if !(1..=2).contains(&kind) {
        return Err(element.bad("toggle-type", &kind.to_string(), "1 (software) or 2 (hardware)"));
    }
    let blocked = match element.number::<u32>("state-type")? {
        1 => true,
        2 | 3 => false,
        other => return Err(element.bad("state-type", &other.to_string(), "1 (blocked), 2 (usable) or 3")),
    };
    Ok(Row { user: Some(element.number("user-id")?), sensor: element.number("sensor")?, blocked })
}

fn older_row(element: &Element<'_>, user: Option<u32>) -> Result<Row, FormatError> {
    Ok(Row { user, sensor: element.number("sensor")?, blocked: element.flag("enabled")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NO_ROW: [Option<bool>; 3] = [None; 3];

    /// Microphone and camera of user 0, and the microphone of user 10.
    fn read(text: &str) -> [Option<bool>; 3] {
        let privacy = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text} {error}"));
        [(Sensor::Microphone, 0), (Sensor::Camera, 0), (Sensor::Microphone, 10)]
            .map(|(sensor, user)| privacy.blocked(sensor, user))
    }

    fn state(inside: &str) -> String {
        format!("<sensor-privacy persistence-version='2' version='2'>{inside}</sensor-privacy>")
    }

    #[test]
    fn every_version_of_the_file_is_read() {
        let row = |kind: u8, user: u8, sensor: u8, state: u8| {
            format!(
                "<sensor-state toggle-type='{kind}' user-id='{user}' sensor='{sensor}' state-type='{state}' />"
            )
        };
        let one = "<individual-sensor-privacy sensor='1' enabled='true' last-change='1' />";
        for (text, expected) in [
            (state(""), NO_ROW),
            (state(&row(1, 0, 1, 1)), [Some(true), None, None]),
            (state(&row(1, 0, 2, 2)), [None, Some(false), None]),
            (state(&row(1, 0, 2, 3)), [None, Some(false), None]),
            (state(&(row(1, 0, 1, 2) + &row(2, 0, 1, 1))), [Some(true), None, None]),
            (state(&(row(1, 10, 1, 1) + &row(1, 0, 7, 1))), [None, None, Some(true)]),
            (state(&format!("<x>{}</x>", row(1, 0, 1, 1))), NO_ROW),
            (
                format!(
                    "<sensor-privacy persistence-version='1'><user id='10'>{one}</user></sensor-privacy>"
                ),
                [None, None, Some(true)],
            ),
            (
                format!("<sensor-privacy enabled='false'>{one}</sensor-privacy>"),
                [Some(true), None, Some(true)],
            ),
            (state(one), NO_ROW),
        ] {
            assert_eq!(read(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_sensor_privacy_is_refused() {
        let row = "toggle-type='1' user-id='0' sensor='1' state-type='1'";
        for (from, to, message) in [
            ("state-type='1'", "state-type='4'", "state-type=\"4\": expected 1 (blocked)"),
            ("state-type='1'", "", "expected an attribute state-type"),
            ("toggle-type='1'", "toggle-type='0'", "toggle-type=\"0\": expected 1 (software)"),
            ("user-id='0'", "user-id='-1'", "user-id=\"-1\": expected a whole number"),
            ("sensor='1'", "sensor='mic'", "sensor=\"mic\": expected a whole number"),
        ] {
            let text = state(&format!("<sensor-state {}/>", row.replace(from, to)));
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{text} {error}");
        }
        let error = parse(b"<sensor-privacy persistence-version='3'/>").unwrap_err();
        assert!(error.is_unsupported(), "{error}");
        let many = state(&format!("<sensor-state {row}/>").repeat(MAX_ROWS + 1));
        assert!(parse(many.as_bytes()).unwrap_err().is_too_large());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
