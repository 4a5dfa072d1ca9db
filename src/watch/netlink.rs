//! What the kernel tells over netlink: devices, links and routes, SELinux.

use super::collectors::Collectors;
use super::lost::EventSource;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recvfrom, socket_with};
use trust_formats::netlink::{MAX_DATAGRAM, RTM_LINKS, message_types, uevent};

/// The most datagrams that one look takes; the rest wakes again.
const MAX_READS: usize = 1024;

/// RTNLGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV4_RULE, _IPV6_IFADDR, _IPV6_ROUTE and _IPV6_RULE of
/// linux/rtnetlink.h, as a mask.
const ROUTES: u32 = 1 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 18;
/// SELNLGRP_AVC of linux/selinux_netlink.h, and the kernel's own uevents.
const FIRST: u32 = 1;

/// Who has to read again for what a socket tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Readers {
    /// For any message.
    pub any: Collectors,
    /// For a link that comes, goes or changes.
    pub links: Collectors,
    /// For a device of the device-mapper.
    pub mapper: Collectors,
    /// For a kernel module.
    pub modules: Collectors,
}

impl Readers {
    /// All of them.
    pub fn all(self) -> Collectors {
        self.any.and(self.links).and(self.mapper).and(self.modules)
    }
}

/// A socket that hears one kind of event.
pub struct Socket {
    socket: OwnedFd,
    source: EventSource,
    readers: Readers,
}

/// What a look at a socket gave.
#[derive(Default)]
pub struct Heard {
    /// Who has to read again.
    pub collectors: Collectors,
    /// Whether the kernel said anything that concerns us.
    pub anything: bool,
    /// How many blocks dm-verity found to be wrong.
    pub verity_errors: u64,
    /// Whether the socket's queue overflowed.
    pub overflowed: bool,
    /// What ended the socket, where something did.
    pub failed: Option<Errno>,
}

impl Socket {
    /// Subscribes one of the netlink sources. The others are of another kind and unsupported.
    pub fn open(source: EventSource, readers: Readers) -> Result<Socket, Errno> {
        // NETLINK_ROUTE is protocol 0, which has no constant.
        let (protocol, groups) = match source {
            EventSource::Routes => (None, ROUTES),
            EventSource::Selinux => (Some(netlink::SELINUX), FIRST),
            EventSource::Uevents => (Some(netlink::KOBJECT_UEVENT), FIRST),
            EventSource::Files | EventSource::Mounts | EventSource::Properties => {
                return Err(Errno::PROTONOSUPPORT);
            }
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
        bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(Socket { socket, source, readers })
    }

    /// Which source it is.
    pub fn source(&self) -> EventSource {
        self.source
    }

    /// Takes what was said.
    pub fn drain(&self, buffer: &mut [u8]) -> Heard {
        let mut heard = Heard::default();
        for _ in 0..MAX_READS {
            // With TRUNC the true length is told, so that a cut datagram shows.
            match recvfrom(&self.socket, &mut *buffer, RecvFlags::DONTWAIT | RecvFlags::TRUNC) {
                Ok((_, length, sender)) => {
                    let sender = sender.and_then(|sender| SocketAddrNetlink::try_from(sender).ok());
                    // Another process may write here too.
                    if sender.is_some_and(|sender| sender.pid() == 0) {
                        heard.take(self.source, self.readers, buffer.get(..length));
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(Errno::NOBUFS) => heard.overflowed = true,
                Err(errno) => {
                    heard.failed = Some(errno);
                    break;
                }
            }
        }
        if heard.overflowed || heard.failed.is_some() {
            heard.anything = true;
            heard.collectors.add(self.readers.all());
        }
        heard
    }
}

impl Heard {
    /// Takes a datagram of the kernel's. One that can't be read may say anything.
    fn take(&mut self, source: EventSource, readers: Readers, datagram: Option<&[u8]>) {
        let concerns = match (source, datagram) {
            (EventSource::Uevents, Some(datagram)) => match uevent(datagram) {
                Ok(event) if event.subsystem == "module" => readers.modules,
                Ok(event) if event.subsystem == "block" && is_mapped(event.devpath) => {
                    self.verity_errors = self.verity_errors.saturating_add(event.is_verity_error.into());
                    readers.mapper
                }
                Ok(_) => return,
                Err(_) => readers.all(),
            },
            (_, Some(datagram)) => match message_types(datagram) {
                Ok(types)
                    if source == EventSource::Routes && types.iter().any(|kind| RTM_LINKS.contains(kind)) =>
                {
                    readers.any.and(readers.links)
                }
                Ok(_) => readers.any,
                Err(_) => readers.all(),
            },
            (_, None) => readers.all(),
        };
        self.anything = true;
        self.collectors.add(concerns);
    }
}

/// Whether a device is one of the device-mapper's.
fn is_mapped(devpath: &str) -> bool {
    devpath.strip_prefix("/devices/virtual/block/").is_some_and(|name| name.starts_with("dm-"))
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A buffer for the largest datagram.
pub fn buffer() -> Box<[u8]> {
    vec![0; MAX_DATAGRAM].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trust_formats::netlink::{SELNL_MSG_POLICYLOAD, SELNL_MSG_SETENFORCE};

    fn heard(source: EventSource, datagram: Option<&[u8]>) -> (Vec<usize>, bool, u64) {
        let one = Collectors::one;
        let readers = Readers { any: one(0), links: one(1), mapper: one(2), modules: one(3) };
        let mut heard = Heard::default();
        heard.take(source, readers, datagram);
        (heard.collectors.indexes().into_iter().collect(), heard.anything, heard.verity_errors)
    }

    #[test]
    fn each_message_concerns_those_who_read_what_it_tells_of() {
        use EventSource::{Routes, Selinux, Uevents};
        let message = |kind: u16| [&16_u32.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10]].concat();
        let event = |path: &str, subsystem: &str, more: &str| {
            format!("add@{path}\0ACTION=add\0DEVPATH={path}\0SUBSYSTEM={subsystem}\0{more}").into_bytes()
        };
        let (dm, wrong) = ("/devices/virtual/block/dm-3", "DM_VERITY_ERR_BLOCK_NR=1,7\0");
        for (source, datagram, expected) in [
            (Routes, message(16), (vec![0, 1], true, 0)),
            (Routes, message(17), (vec![0, 1], true, 0)),
            (Routes, message(20), (vec![0], true, 0)),
            (Routes, b"garbage".to_vec(), (vec![0, 1, 2, 3], true, 0)),
            (Selinux, message(SELNL_MSG_SETENFORCE), (vec![0], true, 0)),
            (Selinux, message(SELNL_MSG_POLICYLOAD), (vec![0], true, 0)),
            (Uevents, event(dm, "block", ""), (vec![2], true, 0)),
            (Uevents, event(dm, "block", wrong), (vec![2], true, 1)),
            (Uevents, event("/devices/virtual/block/loop0", "block", wrong), (vec![], false, 0)),
            (Uevents, event("/module/wlan", "module", ""), (vec![3], true, 0)),
            (Uevents, event("/devices/platform/battery", "power_supply", ""), (vec![], false, 0)),
            (Uevents, b"garbage".to_vec(), (vec![0, 1, 2, 3], true, 0)),
        ] {
            assert_eq!(heard(source, Some(&datagram)), expected, "{}", String::from_utf8_lossy(&datagram));
        }
        assert_eq!(heard(Uevents, None), (vec![0, 1, 2, 3], true, 0));
    }
}
