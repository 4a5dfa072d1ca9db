//! What the kernel tells over netlink: the types of messages, and the keys of uevents.
//!
//! ```text
//! datagram = 1*( length type flags sequence port payload padding )   ; u32 u16 u16 u32 u32, native order
//! uevent   = action "@" devpath NUL *( key "=" value NUL )
//! ```
//!
//! A datagram is taken only from the kernel, which the reader checks by the sender's port (0). Sources: RFC 3549
//! §2.3.2, netlink(7), include/uapi/linux/netlink.h and lib/kobject_uevent.c of Linux.

use crate::FormatError;
use crate::error::{shown, shown_bytes};

/// The largest datagram, in bytes.
pub const MAX_DATAGRAM: usize = 32_768;
/// The most messages in one.
pub const MAX_MESSAGES: usize = 1024;
/// The most keys of a uevent; the kernel writes at most 64.
pub const MAX_KEYS: usize = 256;

/// A link appeared or changed, and one went (linux/rtnetlink.h).
pub const RTM_LINKS: [u16; 2] = [16, 17];
/// SELinux was set enforcing or permissive (linux/selinux_netlink.h).
pub const SELNL_MSG_SETENFORCE: u16 = 0x10;
/// SELinux loaded a policy.
pub const SELNL_MSG_POLICYLOAD: u16 = 0x11;

const WHAT: &str = "netlink datagram";
const UEVENT: &str = "uevent";
/// The header's size, in bytes.
const HEADER: usize = 16;

/// The types of the messages in a datagram, in order. What the messages carry is not read.
///
/// An error is a message shorter than its header or longer than the datagram, an empty datagram, and one past a
/// cap.
pub fn message_types(datagram: &[u8]) -> Result<Vec<u16>, FormatError> {
    if datagram.len() > MAX_DATAGRAM {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_DATAGRAM));
    }
    let mut types = Vec::new();
    let mut rest = datagram;
    while !rest.is_empty() || types.is_empty() {
        let at = datagram.len() - rest.len();
        let header = rest.split_first_chunk().and_then(|(length, rest)| {
            let (kind, _) = rest.split_first_chunk()?;
            Some((u32::from_ne_bytes(*length), u16::from_ne_bytes(*kind)))
        });
        let Some((length, kind)) = header.filter(|_| rest.len() >= HEADER) else {
            let message = format_args!("{} bytes: expected a header of {HEADER}", rest.len());
            return Err(FormatError::malformed(WHAT, message).at_byte(at));
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length < HEADER || length > rest.len() {
            let message = format_args!("length {length}: expected {HEADER} to {}", rest.len());
            return Err(FormatError::malformed(WHAT, message).at_byte(at));
        }
        if types.len() == MAX_MESSAGES {
            return Err(FormatError::too_large(WHAT, "messages", MAX_MESSAGES));
        }
        types.push(kind);
        // The last message may lack its padding.
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(types)
}

/// What a device's event says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uevent<'a> {
    /// `add`, `remove`, `change` and the like.
    pub action: &'a str,
    /// The device's path below /sys.
    pub devpath: &'a str,
    /// The subsystem that it belongs to: `block`, `module`.
    pub subsystem: &'a str,
    /// Whether it tells of a block that dm-verity found to be wrong.
    pub is_verity_error: bool,
}

/// Reads a uevent of the kernel's.
///
/// An error is another beginning than `action@devpath`, keys that don't say the same or come twice, a key without
/// `=`, no subsystem, a text that does not end with a NUL, is no UTF-8, or is past a cap.
pub fn uevent(datagram: &[u8]) -> Result<Uevent<'_>, FormatError> {
    let bad = |message: &dyn std::fmt::Display| FormatError::malformed(UEVENT, message);
    if datagram.len() > MAX_DATAGRAM {
        return Err(FormatError::too_large(UEVENT, "bytes", MAX_DATAGRAM));
    }
    let text = datagram
        .strip_suffix(b"\0")
        .ok_or_else(|| bad(&format_args!("{}: expected a NUL at its end", shown_bytes(datagram))))?;
    let text = std::str::from_utf8(text)
        .map_err(|_| bad(&format_args!("{}: expected UTF-8", shown_bytes(datagram))))?;
    let mut lines = text.split('\0');
    let first = lines.next().unwrap_or_default();
    let (action, devpath) = first
        .split_once('@')
        .filter(|(action, devpath)| !action.is_empty() && devpath.starts_with('/'))
        .ok_or_else(|| bad(&format_args!("{}: expected action@/path", shown(first))))?;
    let (mut subsystem, mut is_verity_error) = (None, false);
    let (mut actions, mut devpaths) = (0, 0);
    for (number, line) in lines.enumerate() {
        if number == MAX_KEYS {
            return Err(FormatError::too_large(UEVENT, "keys", MAX_KEYS));
        }
        let (key, value) =
            line.split_once('=').ok_or_else(|| bad(&format_args!("{}: expected key=value", shown(line))))?;
        let is_sound = match key {
            "ACTION" => {
                actions += 1;
                value == action && actions == 1
            }
            "DEVPATH" => {
                devpaths += 1;
                value == devpath && devpaths == 1
            }
            "SUBSYSTEM" => subsystem.replace(value).is_none() && !value.is_empty(),
            "DM_VERITY_ERR_BLOCK_NR" => !std::mem::replace(&mut is_verity_error, true),
            _ => true,
        };
        if !is_sound {
            return Err(bad(&format_args!("{}: expected it once, as in {}", shown(line), shown(first))));
        }
    }
    let subsystem = subsystem.ok_or_else(|| bad(&"expected SUBSYSTEM"))?;
    Ok(Uevent { action, devpath, subsystem, is_verity_error })
}
