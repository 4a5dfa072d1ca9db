//! Sockets of the internet families: /proc/net/{tcp,tcp6,udp,udp6,raw,raw6}.
//!
//! ```text
//! head = "sl local_address …"
//! row  = number ":" local ":" port remote ":" port state queues timer retransmits uid …
//! ```
//!
//! An address is one (IPv4) or four (IPv6) 32-bit words in hex, each in the machine's byte order while the
//! whole is in network order. Every Android device is little-endian, and so is every table read here. Source:
//! proc_pid_net(5), get_tcp4_sock and get_tcp6_sock of Linux.

use crate::FormatError;
use crate::error::shown;
use crate::text::{decode_as, lines};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The largest table, in bytes.
pub const MAX_TEXT: usize = 16 << 20;
/// The most sockets.
pub const MAX_SOCKETS: usize = 100_000;

const WHAT: &str = "socket table";

/// One socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// The address it is bound to; unspecified (`0.0.0.0`, `::`) for every one.
    pub local: IpAddr,
    /// The port it is bound to; of a raw socket, the protocol number.
    pub port: u16,
    /// The kernel's socket state: 1 established, 10 listening (TCP); 7 unconnected (UDP, raw).
    pub state: u8,
    /// The user that owns it.
    pub uid: u32,
}

impl Socket {
    /// The state of a TCP socket that accepts connections.
    pub const LISTEN: u8 = 10;

    /// Whether it is bound to a loopback address, also in the IPv4-mapped form `::ffff:127.0.0.1`.
    pub fn is_loopback(&self) -> bool {
        self.local.to_canonical().is_loopback()
    }
}

/// Reads one of the tables. A table without sockets is an empty list; a row of another form is an error.
pub fn parse(bytes: &[u8]) -> Result<Vec<Socket>, FormatError> {
    let text = decode_as(WHAT, bytes, MAX_TEXT)?;
    let mut rows = lines(&text);
    let head = rows.next().map_or("", |(_, line)| line);
    if !head.split_ascii_whitespace().take(2).eq(["sl", "local_address"]) {
        let message = format!("{}: expected a head \"sl local_address …\"", shown(head));
        return Err(FormatError::malformed(WHAT, message).at_line(1));
    }
    let mut sockets = Vec::new();
    for (number, line) in rows.filter(|(_, line)| !line.trim().is_empty()) {
        let socket = row(line).ok_or_else(|| {
            let message = format!("{}: expected number: local remote state … uid", shown(line));
            FormatError::malformed(WHAT, message).at_line(number)
        })?;
        if sockets.len() >= MAX_SOCKETS {
            return Err(FormatError::too_large(WHAT, "sockets", MAX_SOCKETS).at_line(number));
        }
        sockets.push(socket);
    }
    Ok(sockets)
}

fn row(line: &str) -> Option<Socket> {
    let mut fields = line.split_ascii_whitespace();
    fields.next()?.strip_suffix(':')?.parse::<u64>().ok()?;
    let (local, port) = fields.next()?.split_once(':')?;
    let (remote, remote_port) = fields.next()?.split_once(':')?;
    address(remote).filter(|_| remote.len() == local.len())?;
    hex(remote_port, 4)?;
    let state = fields.next()?;
    let uid = fields.nth(3)?;
    Some(Socket {
        local: address(local)?,
        port: hex(port, 4)?.try_into().ok()?,
        state: hex(state, 2)?.try_into().ok()?,
        uid: uid.parse().ok()?,
    })
}

fn address(field: &str) -> Option<IpAddr> {
    let (words, rest) = field.as_bytes().as_chunks::<8>();
    rest.is_empty().then_some(())?;
    let word = |digits: &[u8; 8]| Some(hex(std::str::from_utf8(digits).ok()?, 8)?.to_le_bytes());
    match words {
        [only] => Some(Ipv4Addr::from(word(only)?).into()),
        [a, b, c, d] => {
            let [a, b, c, d] =
                [word(a)?, word(b)?, word(c)?, word(d)?].map(u32::from_be_bytes).map(u128::from);
            Some(Ipv6Addr::from(a << 96 | b << 64 | c << 32 | d).into())
        }
        _ => None,
    }
}

/// A number of exactly so many hex digits.
fn hex(field: &str, digits: usize) -> Option<u32> {
    let all = field.len() == digits && field.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(field, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn table(rows: &str) -> Result<Vec<Socket>, FormatError> {
        parse(format!("{HEAD}{rows}").as_bytes())
    }

    #[test]
    fn addresses_of_both_families_are_read() {
        for (address, expected, loopback) in [
            ("0100007F:1F90 00000000:0000", "127.0.0.1", true),
            ("00000000:1F90 00000000:0000", "0.0.0.0", false),
            ("0F02000A:1F90 0202000A:01BB", "10.0.2.15", false),
            ("00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000", "::1", true),
            ("00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000", "::", false),
            (
                "0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000",
                "::ffff:127.0.0.1",
                true,
            ),
            (
                "000080FE00000000FF005450FE12ADDE:1F90 00000000000000000000000000000000:0000",
                "fe80::5054:ff:dead:12fe",
                false,
            ),
        ] {
            let row = format!(
                "   0: {address} 0A 00000000:00000000 00:00000000 00000000 10234        0 1 1 0 100 0 0 10 0\n"
            );
            let sockets = table(&row).unwrap();
            let socket = sockets.first().unwrap();
            assert_eq!(socket.local, expected.parse::<IpAddr>().unwrap(), "{address}");
            assert_eq!((socket.port, socket.state, socket.uid), (8080, Socket::LISTEN, 10234));
            assert_eq!(socket.is_loopback(), loopback, "{address}");
        }
    }

    #[test]
    fn odd_but_valid_tables_are_read() {
        assert_eq!(table("").unwrap(), []);
        assert_eq!(table("\n").unwrap(), []);
        let udp = "  415: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000  1073 0 31 2 0000000000000000 0\r\n";
        assert_eq!(table(udp).unwrap().first().map(|socket| (socket.state, socket.uid)), Some((7, 1073)));
        let tcp6 =
            "  sl  local_address                         remote_address                        st tx_queue\n";
        assert_eq!(parse(tcp6.as_bytes()).unwrap(), []);
    }

    #[test]
    fn a_row_of_another_form_is_an_error_with_its_line() {
        let row = "0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 1000";
        assert!(table(row).is_ok());
        for (from, to) in [
            ("0:", "0"),
            ("0:", "x:"),
            ("0100007F", "0100007"),
            ("0100007F", "0100007G"),
            ("0100007F", "+100007F"),
            ("0100007F", "0100007F0000000000000000000000"),
            ("0100007F", "00000000000000000000000001000000"),
            (":1F90", ":1F9"),
            (":1F90", ""),
            (" 0A", " A"),
            (" 0A", " 0A0"),
            ("1000", "-1"),
            ("1000", "4294967296"),
            (" 1000", ""),
        ] {
            let bad = row.replacen(from, to, 1);
            let error = table(&format!("{row}\n{bad}\n")).unwrap_err();
            assert_eq!(error.line(), Some(3), "{bad}");
            assert!(error.to_string().contains("expected number: local remote state"), "{error}");
        }
        for (text, message) in [
            ("", "line 1: \"\": expected a head"),
            ("x y\n", "\"x y\": expected a head"),
            ("sl\0\0", "binary"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{text:?} {error}");
        }
    }

    #[test]
    fn caps_are_kept() {
        let rows = "0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 1000\n".repeat(MAX_SOCKETS + 1);
        assert!(table(&rows).unwrap_err().is_too_large());
        assert!(parse(&vec![b'\n'; MAX_TEXT + 1]).unwrap_err().is_too_large());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
            let _ = table(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn what_the_kernel_prints_reads_back(address: [u8; 4], port: u16, state: u8, uid: u32) {
            let word = u32::from_le_bytes(address);
            let row = format!("7: {word:08X}:{port:04X} 00000000:0000 {state:02X} 0:0 0:0 0 {uid} 0 0\n");
            prop_assert_eq!(table(&row).unwrap(), [Socket { local: address.into(), port, state, uid }]);
        }
    }
}
