//! Android's properties: every change of any of them raises one serial.
//!
//! No event tells of it. init writes through a mapping, of which neither inotify nor poll(2) know, and the futex that
//! bionic has wait on the serial takes a mapping of our own, which no safe code can make. So who wants to know looks:
//! whoever asks the daemon has it look unless it has within [`PACE`], and while somebody listens it looks at that pace.
//! A change is seen before the answer, or told, within that time. A device that nobody asks is not woken.
//!
//! Source: `SystemProperties::Update` and `Add` of bionic/libc/system_properties/system_properties.cpp.

use crate::collect::PROPERTIES_SERIAL;
use rustix::fd::OwnedFd;
use rustix::fs::{self, Mode, OFlags};
use rustix::io::{Errno, pread};
use std::path::Path;
use std::time::Duration;
use trust_formats::property_area;

/// How old what was seen of the serial may be.
pub const PACE: Duration = Duration::from_secs(2);
/// The serial stands in an area's first bytes.
const HEAD: usize = 16;

/// The serial, as it was seen last.
#[derive(Debug)]
pub struct Properties {
    area: OwnedFd,
    seen: u32,
}

impl Properties {
    /// The serial of a running system. None where it has no properties: it is no Android.
    ///
    /// # Errors
    /// It has some, and their serial can't be read.
    pub fn open(base: &Path) -> Result<Option<Properties>, Errno> {
        let path = base.join(PROPERTIES_SERIAL.trim_start_matches('/'));
        let is_android = path.parent().is_some_and(Path::exists);
        if !is_android {
            return Ok(None);
        }
        let area = fs::open(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        let seen = serial(&area)?;
        Ok(Some(Properties { area, seen }))
    }

    /// Whether a property has changed since this was last asked.
    ///
    /// # Errors
    /// The serial can't be read any more.
    pub fn has_changed(&mut self) -> Result<bool, Errno> {
        let now = serial(&self.area)?;
        Ok(std::mem::replace(&mut self.seen, now) != now)
    }
}

fn serial(area: &OwnedFd) -> Result<u32, Errno> {
    let mut head = [0; HEAD];
    let read = loop {
        match pread(area, &mut head, 0) {
            Err(Errno::INTR) => {}
            read => break read?,
        }
    };
    let head = head.get(..read).unwrap_or_default();
    property_area::serial(head).map_err(|_| Errno::INVAL)
}
