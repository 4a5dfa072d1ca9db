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
/// An error is another beginning than `action@devpath`, keys that say another or come twice or not at all, a key
/// without `=`, a text that does not end with a NUL, is no UTF-8, or is past a cap.
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
    let (mut has_action, mut has_devpath) = (false, false);
    for (number, line) in lines.enumerate() {
        if number == MAX_KEYS {
            return Err(FormatError::too_large(UEVENT, "keys", MAX_KEYS));
        }
        let (key, value) =
            line.split_once('=').ok_or_else(|| bad(&format_args!("{}: expected key=value", shown(line))))?;
        let is_sound = match key {
            "ACTION" => value == action && !std::mem::replace(&mut has_action, true),
            "DEVPATH" => value == devpath && !std::mem::replace(&mut has_devpath, true),
            "SUBSYSTEM" => subsystem.replace(value).is_none() && !value.is_empty(),
            "DM_VERITY_ERR_BLOCK_NR" => !std::mem::replace(&mut is_verity_error, true),
            _ => true,
        };
        if !is_sound {
            return Err(bad(&format_args!("{}: expected it once, as in {}", shown(line), shown(first))));
        }
    }
    let subsystem = subsystem
        .filter(|_| has_action && has_devpath)
        .ok_or_else(|| bad(&"expected ACTION, DEVPATH and SUBSYSTEM"))?;
    Ok(Uevent { action, devpath, subsystem, is_verity_error })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A datagram with messages of these types, each with so many bytes behind its header.
    fn datagram(messages: &[(u16, usize)]) -> Vec<u8> {
        let mut datagram = Vec::new();
        for (kind, size) in messages {
            let length = HEADER + size;
            datagram.extend(u32::try_from(length).unwrap().to_ne_bytes());
            datagram.extend(kind.to_ne_bytes());
            datagram.extend([0; 10]);
            datagram.resize(datagram.len() + size.next_multiple_of(4), 7);
        }
        datagram
    }

    const DM: &[u8] =
        b"change@/devices/virtual/block/dm-4\0ACTION=change\0DEVPATH=/devices/virtual/block/dm-4\0\
        SUBSYSTEM=block\0DM_VERITY_ERR_BLOCK_NR=1,4711\0SEQNUM=2049\0";

    #[test]
    fn messages_are_told_apart_by_their_type() {
        assert_eq!(message_types(&datagram(&[(16, 16), (20, 3), (2, 0)])), Ok(vec![16, 20, 2]));
        let unpadded = &datagram(&[(16, 3)])[..HEADER + 3];
        assert_eq!(message_types(unpadded), Ok(vec![16]));
        let full = datagram(&vec![(1, 0); MAX_MESSAGES]);
        assert_eq!(message_types(&full).map(|types| types.len()), Ok(MAX_MESSAGES));
    }

    #[test]
    fn what_is_no_row_of_messages_is_refused() {
        let with_length = |length: u32| [&length.to_ne_bytes()[..], &[0; 28]].concat();
        for (bytes, expected) in [
            (vec![], "netlink datagram, byte 0: 0 bytes: expected a header of 16"),
            (vec![0; 15], "netlink datagram, byte 0: 15 bytes: expected a header of 16"),
            (vec![0; 16], "netlink datagram, byte 0: length 0: expected 16 to 16"),
            (with_length(15), "netlink datagram, byte 0: length 15: expected 16 to 32"),
            (with_length(33), "netlink datagram, byte 0: length 33: expected 16 to 32"),
            (with_length(u32::MAX), "netlink datagram, byte 0: length 4294967295: expected 16 to 32"),
            (with_length(20), "netlink datagram, byte 20: 12 bytes: expected a header of 16"),
            (datagram(&vec![(1, 0); MAX_MESSAGES + 1]), "netlink datagram: expected at most 1024 messages"),
            (vec![0; MAX_DATAGRAM + 1], "netlink datagram: expected at most 32768 bytes"),
        ] {
            assert_eq!(message_types(&bytes).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_uevent_says_what_it_is_about() {
        let expected = Uevent {
            action: "change",
            devpath: "/devices/virtual/block/dm-4",
            subsystem: "block",
            is_verity_error: true,
        };
        assert_eq!(uevent(DM), Ok(expected));
        let module =
            uevent(b"add@/module/wlan\0ACTION=add\0DEVPATH=/module/wlan\0SUBSYSTEM=module\0").unwrap();
        assert_eq!((module.action, module.subsystem, module.is_verity_error), ("add", "module", false));
    }

    #[test]
    fn what_is_no_uevent_is_refused() {
        let keys = |number| {
            [b"add@/x\0ACTION=add\0DEVPATH=/x\0SUBSYSTEM=y\0".to_vec(), b"A=\0".repeat(number)].concat()
        };
        assert!(uevent(&keys(MAX_KEYS - 3)).is_ok());
        for (bytes, expected) in [
            (&b""[..], "uevent: \"\": expected a NUL at its end"),
            (b"add@/x\0SUBSYSTEM=y", "uevent: \"add@/x\\u{0}SUBSYSTEM=y\": expected a NUL at its end"),
            (b"\xff\0", "uevent: \"\\u{fffd}\\u{0}\": expected UTF-8"),
            (b"libudev\0", "uevent: \"libudev\": expected action@/path"),
            (b"@/x\0SUBSYSTEM=y\0", "uevent: \"@/x\": expected action@/path"),
            (b"add@x\0SUBSYSTEM=y\0", "uevent: \"add@x\": expected action@/path"),
            (b"add@/x\0ACTION=add\0", "uevent: expected ACTION, DEVPATH and SUBSYSTEM"),
            (b"add@/x\0SUBSYSTEM\0", "uevent: \"SUBSYSTEM\": expected key=value"),
            (b"add@/x\0SUBSYSTEM=y\0\0", "uevent: \"\": expected key=value"),
            (b"add@/x\0SUBSYSTEM=\0", "uevent: \"SUBSYSTEM=\": expected it once, as in \"add@/x\""),
            (
                b"add@/x\0SUBSYSTEM=y\0SUBSYSTEM=y\0",
                "uevent: \"SUBSYSTEM=y\": expected it once, as in \"add@/x\"",
            ),
            (b"add@/x\0ACTION=remove\0", "uevent: \"ACTION=remove\": expected it once, as in \"add@/x\""),
            (
                b"add@/x\0ACTION=add\0ACTION=add\0",
                "uevent: \"ACTION=add\": expected it once, as in \"add@/x\"",
            ),
            (b"add@/x\0DEVPATH=/y\0", "uevent: \"DEVPATH=/y\": expected it once, as in \"add@/x\""),
            (
                b"add@/x\0DM_VERITY_ERR_BLOCK_NR=1\0DM_VERITY_ERR_BLOCK_NR=2\0",
                "uevent: \"DM_VERITY_ERR_BLOCK_NR=2\": expected it once, as in \"add@/x\"",
            ),
            (&keys(MAX_KEYS - 2), "uevent: expected at most 256 keys"),
            (&[b'x'; MAX_DATAGRAM + 1], "uevent: expected at most 32768 bytes"),
        ] {
            assert_eq!(uevent(bytes).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn no_truncation_and_no_flipped_bit_panics_or_is_the_same_event() {
        for end in 0..DM.len() {
            // Between two keys a datagram is whole; then it lacks one, and a key that nobody asks for changes nothing.
            if let Ok(event) = uevent(&DM[..end]) {
                assert!(DM[..end].ends_with(b"\0"));
                assert_eq!(event.is_verity_error, end > DM.len() - 14);
            }
        }
        let whole = uevent(DM).unwrap();
        for bit in 0..DM.len() * 8 {
            let mut flipped = DM.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Free are the block's number, and keys that nobody asks for.
            let free = DM.len() - b"1,4711\0SEQNUM=2049\0".len();
            match uevent(&flipped) {
                Ok(event) if bit / 8 < free => assert_ne!(event, whole, "bit {bit}"),
                _ => {}
            }
        }
        let row = datagram(&[(16, 16), (20, 4)]);
        for end in 0..row.len() {
            let cut = message_types(&row[..end]);
            assert!(cut.is_err() || end == 32, "{end}");
        }
        for bit in 0..row.len() * 8 {
            let mut flipped = row.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // What is behind length and type is free.
            let is_read = matches!(bit / 8, 0..6 | 32..38);
            assert_eq!(message_types(&flipped) != Ok(vec![16, 20]), is_read, "bit {bit}");
        }
    }
}
