//! The routing rules, as the kernel lists them over NETLINK_ROUTE.
//!
//! ```text
//! message   = u32 length u16 type u16 flags u32 sequence u32 port ( rule / error ) padding
//! rule      = u8 family 6*u8 u8 action u32 flags *attribute           ; struct fib_rule_hdr: action is its eighth byte
//! attribute = u16 length u16 type payload padding
//! ```
//!
//! Native order. The kernel vouches for them; whoever may change them (netd, root) writes them. Sources:
//! include/uapi/linux/{netlink,rtnetlink,fib_rules}.h of Linux.

use crate::FormatError;

const WHAT: &str = "routing rules";
/// The largest datagram, in bytes.
pub const MAX_DATAGRAM: usize = 1 << 16;

const HEADER: usize = 16;
const RULE: usize = 12;
/// NLMSG_ERROR, NLMSG_DONE, RTM_NEWRULE.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const NEWRULE: u16 = 32;
/// FR_ACT_PROHIBIT.
const PROHIBIT: u8 = 8;
/// FRA_IIFNAME, FRA_FWMARK, FRA_FWMASK and FRA_UID_RANGE; the kernel marks none as nested.
const IIFNAME: u16 = 3;
const FWMARK: u16 = 10;
const FWMASK: u16 = 16;
const UID_RANGE: u16 = 20;
/// What leaves a rule as wide as it is: FRA_PRIORITY, FLOW, SUPPRESS_IFGROUP, SUPPRESS_PREFIXLEN, TABLE, PAD, PROTOCOL.
const IDLE: [u16; 7] = [6, 11, 13, 14, 15, 18, 21];
/// FIB_RULE_INVERT and FIB_RULE_IIF_DETACHED: what it says is what it leaves alone; it has no interface.
const OTHERWISE: u32 = 0x2 | 0x8;
/// `protectedFromVpn` of system/netd's Fwmark.h: a lockdown lets the VPN's own sockets be.
const PROTECTED: u32 = 1 << 17;

/// AF_INET and AF_INET6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// Users whose own packets a rule lets go nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prohibited {
    /// Of which family.
    pub family: Family,
    /// The first and the last uid.
    pub uids: (u32, u32),
}

/// A datagram of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The rules that prohibit what some users send from this machine itself, wherever it goes: all but what is marked
    /// as protected from VPNs. Others are left out, and so is what selects by anything else.
    pub prohibited: Vec<Prohibited>,
    /// Whether it is the list's last.
    pub is_last: bool,
}

/// Reads a datagram of the answer to RTM_GETRULE.
///
/// # Errors
/// Lengths that lead outside, messages of another kind, an error of the kernel's in the list's place.
pub fn part(datagram: &[u8]) -> Result<Part, FormatError> {
    if datagram.len() > MAX_DATAGRAM {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_DATAGRAM));
    }
    let mut part = Part::default();
    let mut rest = datagram;
    while !rest.is_empty() {
        let at = datagram.len() - rest.len();
        let error = |message: String| FormatError::malformed(WHAT, message).at_byte(at);
        if part.is_last {
            return Err(error("a message after the last: expected none".into()));
        }
        let length = rest.first_chunk().map_or(0, |length| index(u32::from_ne_bytes(*length)));
        let Some((message, after)) = split(rest, length).filter(|_| length >= HEADER) else {
            return Err(error(format!("length {length}: expected {HEADER} to {}", rest.len())));
        };
        let payload = message.get(HEADER..).unwrap_or_default();
        match message.get(4..).and_then(<[u8]>::first_chunk).map(|kind| u16::from_ne_bytes(*kind)) {
            Some(NEWRULE) => part.prohibited.extend(rule(payload).map_err(error)?),
            Some(DONE) => part.is_last = true,
            Some(ERROR) => return Err(error("an error of the kernel's: expected rules".into())),
            kind => return Err(error(format!("message {}: expected {NEWRULE}", kind.unwrap_or_default()))),
        }
        rest = after;
    }
    Ok(part)
}

fn rule(bytes: &[u8]) -> Result<Option<Prohibited>, String> {
    let (header, mut rest) = bytes
        .split_at_checked(RULE)
        .ok_or_else(|| format!("a rule of {} bytes: expected at least {RULE}", bytes.len()))?;
    let (mut uids, mut is_own) = (None, false);
    let flags =
        header.get(8..).and_then(<[u8]>::first_chunk).map_or(OTHERWISE, |flags| u32::from_ne_bytes(*flags));
    // The lengths of its prefixes of addresses, and a type of service.
    let mut is_wide = header.get(1..4) == Some(&[0; 3]) && flags & OTHERWISE == 0;
    while !rest.is_empty() {
        let length = rest.first_chunk().map_or(0, |length| usize::from(u16::from_ne_bytes(*length)));
        let (attribute, after) = split(rest, length)
            .filter(|_| length >= 4)
            .ok_or_else(|| format!("attribute of {length} bytes: expected 4 to {}", rest.len()))?;
        let payload = attribute.get(4..).unwrap_or_default();
        match attribute.get(2..).and_then(<[u8]>::first_chunk).map(|kind| u16::from_ne_bytes(*kind)) {
            // What a process of this machine sends comes in by its loopback.
            Some(IIFNAME) => is_own = payload == b"lo\0",
            Some(UID_RANGE) => {
                let range = <&[u8; 8]>::try_from(payload).map(|range| range.as_chunks::<4>().0);
                let Ok([first, last]) = range else {
                    return Err(format!("a range of uids of {} bytes: expected 8", payload.len()));
                };
                uids = Some((u32::from_ne_bytes(*first), u32::from_ne_bytes(*last)));
            }
            Some(kind @ (FWMARK | FWMASK)) => {
                let free = if kind == FWMASK { PROTECTED } else { 0 };
                let mark = <[u8; 4]>::try_from(payload).map(u32::from_ne_bytes);
                is_wide &= mark.is_ok_and(|mark| mark & !free == 0);
            }
            kind => is_wide &= kind.is_some_and(|kind| IDLE.contains(&kind)),
        }
        rest = after;
    }
    let family = match header.first() {
        Some(2) => Family::V4,
        Some(10) => Family::V6,
        // Of multicast routes, say.
        _ => return Ok(None),
    };
    let prohibits = header.get(7) == Some(&PROHIBIT) && is_own && is_wide;
    Ok(uids.filter(|_| prohibits).map(|uids| Prohibited { family, uids }))
}

/// So many bytes, and what follows their padding; the last may lack it.
fn split(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let taken = bytes.get(..length)?;
    Some((taken, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

fn index(word: u32) -> usize {
    // A length near the largest number would be none any more once it is padded.
    usize::try_from(word).unwrap_or(usize::MAX).min(MAX_DATAGRAM + 1)
}

/// How many uids from `first` to `last` no rule of this family prohibits.
pub fn left_out(rules: &[Prohibited], family: Family, first: u32, last: u32) -> u32 {
    let mut ranges: Vec<(u32, u32)> = rules
        .iter()
        .filter(|rule| rule.family == family)
        .map(|rule| rule.uids)
        .filter(|uids| uids.0 <= uids.1)
        .collect();
    ranges.sort_unstable();
    let (mut next, mut left) = (u64::from(first), 0);
    let end = u64::from(last) + 1;
    for (from, to) in ranges {
        let (from, to) = (u64::from(from).min(end), u64::from(to).min(u64::from(last)) + 1);
        left += from.saturating_sub(next);
        next = next.max(to);
    }
    left += end.saturating_sub(next);
    u32::try_from(left).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + payload.len()).unwrap();
        padded([&length.to_ne_bytes()[..], &kind.to_ne_bytes(), payload].concat())
    }

    fn message(kind: u16, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + payload.len()).unwrap();
        padded([&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], payload].concat())
    }

    fn rule_of(family: u8, action: u8, iif: &[u8], uids: (u32, u32)) -> Vec<u8> {
        let range = [uids.0.to_ne_bytes(), uids.1.to_ne_bytes()].concat();
        let header = [&[family, 0, 0, 0, 0, 0, 0, action][..], &[0; 4]].concat();
        message(
            NEWRULE,
            &[header, attribute(6, &[0; 4]), attribute(IIFNAME, iif), attribute(UID_RANGE, &range)].concat(),
        )
    }

    #[test]
    fn rules_that_prohibit_what_users_send_are_read() {
        let rules = [
            rule_of(2, PROHIBIT, b"lo\0", (0, 10_122)),
            rule_of(10, PROHIBIT, b"lo\0", (0, 99_999)),
            // Another action, another way in, another family, no users.
            rule_of(2, 1, b"lo\0", (0, 1)),
            rule_of(2, PROHIBIT, b"wlan0\0", (0, 1)),
            rule_of(128, PROHIBIT, b"lo\0", (0, 1)),
            message(NEWRULE, &[2, 0, 0, 0, 0, 0, 0, PROHIBIT, 0, 0, 0, 0]),
        ];
        let (v4, v6) = (Family::V4, Family::V6);
        let expected = [(v4, (0, 10_122)), (v6, (0, 99_999))];
        let expected = expected.map(|(family, uids)| Prohibited { family, uids }).to_vec();
        assert_eq!(part(&rules.concat()), Ok(Part { prohibited: expected, is_last: false }));
        assert_eq!(part(&message(DONE, &[0; 4])), Ok(Part { prohibited: vec![], is_last: true }));
    }

    #[test]
    fn a_rule_that_selects_by_anything_else_keeps_nobody_in() {
        let range = [0u32.to_ne_bytes(), 99_999u32.to_ne_bytes()].concat();
        let of = |lengths: [u8; 3], flags: u32, more: &[u8]| {
            let [to, from, tos] = lengths;
            let header = [&[2, to, from, tos, 0, 0, 0, PROHIBIT][..], &flags.to_ne_bytes()].concat();
            let bytes =
                [&header, &attribute(IIFNAME, b"lo\0")[..], &attribute(UID_RANGE, &range), more].concat();
            part(&message(NEWRULE, &bytes)).unwrap().prohibited.len()
        };
        let word = |kind, word: u32| attribute(kind, &word.to_ne_bytes());
        // As netd writes it and the kernel lists it.
        let idle: Vec<u8> = IDLE.iter().flat_map(|kind| word(*kind, 7)).collect();
        assert_eq!(of([0; 3], 0, &[idle, word(FWMASK, PROTECTED)].concat()), 1);
        assert_eq!(of([0; 3], 1, &word(FWMARK, 0)), 1);
        for (what, lengths, flags, more) in [
            ("to one address", [32, 0, 0], 0, word(1, 1)),
            ("from one address", [0, 32, 0], 0, word(2, 1)),
            ("a type of service", [0, 0, 4], 0, vec![]),
            ("all but these users", [0; 3], 2, vec![]),
            ("no interface", [0; 3], 8, vec![]),
            ("a mark", [0; 3], 0, [word(FWMARK, PROTECTED), word(FWMASK, PROTECTED)].concat()),
            ("no mark at all", [0; 3], 0, word(FWMASK, u32::MAX)),
            ("half a mark", [0; 3], 0, attribute(FWMASK, &[0; 2])),
            ("an interface out", [0; 3], 0, attribute(17, b"wlan0\0")),
            ("a protocol", [0; 3], 0, attribute(22, &[6])),
            ("ports", [0; 3], 0, word(24, 443)),
            ("what no kernel has yet", [0; 3], 0, word(99, 0)),
        ] {
            assert_eq!(of(lengths, flags, &more), 0, "{what}");
        }
    }

    #[test]
    fn what_is_no_list_of_rules_is_refused() {
        let uids = |length: usize| {
            let header = [2, 0, 0, 0, 0, 0, 0, PROHIBIT, 0, 0, 0, 0];
            message(NEWRULE, &[&header[..], &attribute(UID_RANGE, &vec![0; length])].concat())
        };
        for (bytes, expected) in [
            (vec![0; 3], "routing rules, byte 0: length 0: expected 16 to 3"),
            (vec![0; 16], "byte 0: length 0: expected 16 to 16"),
            ([17, 0, 0, 0].repeat(4), "byte 0: length 17: expected 16 to 16"),
            (vec![0xff; 16], "byte 0: length 65537: expected 16 to 16"),
            (message(NEWRULE, &[2; 11]), "byte 0: a rule of 11 bytes: expected at least 12"),
            (
                message(NEWRULE, &[[2; 12].to_vec(), vec![3, 0, 1, 0]].concat()),
                "attribute of 3 bytes: expected 4 to 4",
            ),
            (
                message(NEWRULE, &[[2; 12].to_vec(), vec![5, 0, 1, 0]].concat()),
                "attribute of 5 bytes: expected 4 to 4",
            ),
            (uids(7), "a range of uids of 7 bytes: expected 8"),
            (uids(9), "a range of uids of 9 bytes: expected 8"),
            (message(ERROR, &[0; 20]), "byte 0: an error of the kernel's: expected rules"),
            (message(24, &[0; 12]), "byte 0: message 24: expected 32"),
            ([message(DONE, &[]), message(NEWRULE, &[2; 12])].concat(), "byte 16: a message after the last"),
            (vec![0; MAX_DATAGRAM + 1], "routing rules: expected at most 65536 bytes"),
        ] {
            let error = part(&bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\n{expected}");
        }
    }

    #[test]
    fn uids_that_no_rule_prohibits_are_counted() {
        let rules = |ranges: &[(u32, u32)]| -> Vec<Prohibited> {
            ranges.iter().map(|uids| Prohibited { family: Family::V4, uids: *uids }).collect()
        };
        for (ranges, expected) in [
            (&[][..], 10),
            (&[(10, 19)], 0),
            (&[(0, u32::MAX)], 0),
            (&[(0, 12), (14, 30)], 1),
            (&[(14, 30), (0, 12), (5, 11)], 1),
            (&[(12, 13), (12, 15)], 6),
            (&[(20, 30), (0, 9)], 10),
            (&[(19, 10)], 10),
        ] {
            assert_eq!(left_out(&rules(ranges), Family::V4, 10, 19), expected, "{ranges:?}");
        }
        assert_eq!(left_out(&rules(&[(0, 100)]), Family::V6, 10, 19), 10);
        assert_eq!(left_out(&[], Family::V6, 0, u32::MAX), u32::MAX);
    }

    #[test]
    fn no_truncation_and_no_flipped_bit_panics_or_makes_two_rules_of_one() {
        let whole = rule_of(2, PROHIBIT, b"lo\0", (0, 10_122));
        let expected = part(&whole).unwrap();
        for end in 1..whole.len() {
            assert!(part(&whole[..end]).is_err(), "{end}");
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Free: flags, sequence and port, the rule's table and its priority.
            let is_read = matches!(bit / 8, 0..6 | 16..20 | 23..32 | 36..=42 | 44..56);
            match part(&flipped) {
                Ok(found) => {
                    assert!(found.prohibited.len() <= 1 && (is_read || found == expected), "bit {bit}")
                }
                Err(_) => assert!(is_read, "bit {bit}"),
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = part(&bytes);
        }
    }
}
