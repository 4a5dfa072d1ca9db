//! The kernel's routing rules, asked for over NETLINK_ROUTE (RTM_GETRULE; rtnetlink(7)).

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recvfrom, sendto, socket_with,
};
use trust_evidence::Reason;
use trust_formats::routing_rules::{MAX_DATAGRAM, Prohibited, part};

/// struct nlmsghdr and struct fib_rule_hdr.
const REQUEST: u32 = 28;
const RTM_GETRULE: u16 = 34;
/// NLM_F_REQUEST and NLM_F_DUMP.
const FLAGS: u16 = 0x301;
/// How long the kernel, which answers at once, may take.
const PATIENCE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// The most datagrams of a list.
const MAX_PARTS: usize = 256;

/// The rules that prohibit what users of this machine send, of both families.
///
/// # Errors
/// Why they can't be had.
pub fn prohibited() -> Result<Vec<Prohibited>, Reason> {
    dump().map_err(|errno| match errno {
        Errno::ACCESS | Errno::PERM => Reason::PermissionDenied,
        Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT | Errno::NOSYS | Errno::OPNOTSUPP => Reason::Unsupported,
        Errno::TIMEDOUT => Reason::TimedOut,
        _ => Reason::Malformed,
    })
}

fn dump() -> Result<Vec<Prohibited>, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    let mut request = Vec::new();
    request.extend(REQUEST.to_ne_bytes());
    request.extend(RTM_GETRULE.to_ne_bytes());
    request.extend(FLAGS.to_ne_bytes());
    // Sequence and port, and a rule of any family.
    request.resize(usize::try_from(REQUEST).unwrap_or(28), 0);
    sendto(&socket, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    let mut rules = Vec::new();
    for _ in 0..MAX_PARTS {
        match poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&PATIENCE)) {
            Ok(0) => return Err(Errno::TIMEDOUT),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(errno) => return Err(errno),
        }
        let (_, length, sender) = recvfrom(&socket, &mut buffer[..], RecvFlags::TRUNC)?;
        let sender = sender.and_then(|sender| SocketAddrNetlink::try_from(sender).ok());
        // Another process may write here too.
        if sender.is_none_or(|sender| sender.pid() != 0) {
            continue;
        }
        let part = buffer.get(..length).and_then(|datagram| part(datagram).ok()).ok_or(Errno::BADMSG)?;
        rules.extend(part.prohibited);
        if part.is_last {
            return Ok(rules);
        }
    }
    Err(Errno::MSGSIZE)
}
