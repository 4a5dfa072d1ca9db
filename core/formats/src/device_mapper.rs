//! The device-mapper devices, as `gsid dump-device-mapper` prints them into a bug report.
//!
//! ```text
//! device = "Device " name " (" major ":" minor ")" EOL *( 4SP type SP start SP length SP data EOL )
//! ```
//!
//! Source: GsiService::dumpDeviceMapperDevices of AOSP's gsid.

use crate::error::shown;
use crate::text::{decode_as, lines};
use crate::{Drops, FormatError};

/// The largest text, in bytes.
pub const MAX_TEXT: usize = 4 << 20;
/// The most devices.
pub const MAX_DEVICES: usize = 4_096;
/// The most targets of all devices.
pub const MAX_TARGETS: usize = 65_536;
/// The longest name of a device, in bytes; the kernel's own limit is 127.
pub const MAX_NAME: usize = 128;

const WHAT: &str = "device-mapper list";

/// The devices in the list's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Devices {
    devices: Vec<DmDevice>,
    dropped: Drops,
}

/// A device-mapper device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DmDevice {
    /// Its name: `system-verity`.
    pub name: Box<str>,
    /// Major and minor number.
    pub device: (u32, u32),
    /// The types of its targets in order: `verity`, `linear`, …
    pub targets: Vec<Box<str>>,
}

impl Devices {
    /// The devices.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &DmDevice> {
        self.devices.iter()
    }

    /// The lines that could not be used.
    pub fn dropped(&self) -> &Drops {
        &self.dropped
    }
}

/// Reads the list.
///
/// Lines of another form are dropped, and so are targets before the first device. An error is a text with
/// lines and no device, one past a cap, and bytes that are no text.
pub fn parse(bytes: &[u8]) -> Result<Devices, FormatError> {
    let text = decode_as(WHAT, bytes, MAX_TEXT)?;
    let mut list = Devices::default();
    let mut targets = 0;
    for (number, line) in lines(&text).filter(|(_, line)| !line.trim().is_empty()) {
        if let Some(device) = device(line) {
            if list.devices.len() >= MAX_DEVICES {
                return Err(FormatError::too_large(WHAT, "devices", MAX_DEVICES).at_line(number));
            }
            list.devices.push(device);
        } else if let (Some(kind), Some(device)) = (target(line), list.devices.last_mut()) {
            targets += 1;
            if targets > MAX_TARGETS {
                return Err(FormatError::too_large(WHAT, "targets", MAX_TARGETS).at_line(number));
            }
            device.targets.push(kind.into());
        } else {
            list.dropped.push(
                number,
                format_args!("{}: expected Device name (major:minor) or a target", shown(line)),
            );
        }
    }
    match list.devices.is_empty() && !list.dropped.is_empty() {
        true => Err(list.dropped.nothing_usable(WHAT, "devices")),
        false => Ok(list),
    }
}

fn device(line: &str) -> Option<DmDevice> {
    let (name, numbers) = line.strip_prefix("Device ")?.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    let (major, minor) = numbers.split_once(':')?;
    let is_name = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    let device = (major.parse().ok()?, minor.parse().ok()?);
    is_name.then(|| DmDevice { name: name.into(), device, targets: Vec::new() })
}

/// The type of a target.
fn target(line: &str) -> Option<&str> {
    let mut fields = line.strip_prefix("    ")?.split_ascii_whitespace();
    let kind = fields.next()?;
    fields.next()?.parse::<u64>().ok()?;
    fields.next()?.parse::<u64>().ok()?;
    let is_kind =
        kind.len() <= 32 && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    is_kind.then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "\
Device system-verity (253:13)
    verity 0 1843200 1 253:3 253:3 4096 4096 230400 230400 sha256 00 11
Device system_a (253:3)
    linear 0 1000 259:1 2048
    linear 1000 2000 259:1 4096
Device userdata (253:58)
    default-key 0 9 aes-xts-plain64 - 0 259:2 0
Device empty (254:0)
";

    #[test]
    fn devices_are_read_with_the_types_of_their_targets() {
        let list = parse(TEXT.as_bytes()).unwrap();
        let found: Vec<_> = list.iter().map(|d| (&*d.name, d.device, d.targets.join(" "))).collect();
        assert_eq!(
            found,
            [
                ("system-verity", (253, 13), "verity".into()),
                ("system_a", (253, 3), "linear linear".into()),
                ("userdata", (253, 58), "default-key".into()),
                ("empty", (254, 0), String::new()),
            ]
        );
        assert!(list.dropped().is_empty());
        assert_eq!(parse(b"\n").unwrap(), Devices::default());
    }

    #[test]
    fn a_line_of_another_form_is_dropped() {
        for line in [
            "    verity 0 x",
            "  verity 0 1",
            "    Verity 0 1",
            "Device a b (1:2)",
            "Device a (1)",
            "Device a (-1:2)",
            "Device  (1:2)",
            "device a (1:2)",
            "*** command failed",
        ] {
            let error = parse(line.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("device-mapper list, line 1: "), "{line} {error}");
            let list = parse(format!("{TEXT}{line}\n").as_bytes()).unwrap();
            assert_eq!((list.iter().len(), list.dropped().len()), (4, 1), "{line}");
        }
        assert!(parse(b"    linear 0 1 a\n").is_err());
        assert!(parse(b"Device\0").unwrap_err().to_string().contains("binary"));
    }

    #[test]
    fn caps_are_kept() {
        assert!(parse("Device a (1:2)\n".repeat(MAX_DEVICES + 1).as_bytes()).unwrap_err().is_too_large());
        let text = format!("Device a (1:2)\n{}", "    linear 0 1\n".repeat(MAX_TARGETS + 1));
        assert!(parse(text.as_bytes()).unwrap_err().is_too_large());
        assert!(parse(&vec![b'\n'; MAX_TEXT + 1]).unwrap_err().is_too_large());
        assert!(parse(format!("Device {} (1:2)", "a".repeat(MAX_NAME + 1)).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn what_gsid_prints_reads_back(devices in proptest::collection::vec(
            ("[a-z_@.-]{1,20}", any::<u32>(), any::<u32>(), proptest::collection::vec("[a-z-]{1,9}", 0..4)), 0..6))
        {
            let text: String = devices.iter().map(|(name, major, minor, targets)| {
                let targets: String = targets.iter().map(|kind| format!("    {kind} 0 8 x\n")).collect();
                format!("Device {name} ({major}:{minor})\n{targets}")
            }).collect();
            let list = parse(text.as_bytes()).unwrap();
            let read: Vec<_> = list.iter().map(|d| {
                (d.name.to_string(), d.device.0, d.device.1, d.targets.iter().map(|t| t.to_string()).collect())
            }).collect();
            prop_assert_eq!(read, devices);
        }
    }
}
