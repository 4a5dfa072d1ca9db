//! Mount tables: /proc/PID/mountinfo, /proc/mounts and the output of `mount`.
//!
//! ```text
//! mountinfo = id SP parent SP major ":" minor SP root SP point SP options *( SP tag )
//!             " - " fstype SP source SP options
//! mounts    = source SP point SP fstype SP options SP freq SP passno
//! mount     = source " on " point " type " fstype " (" options ")"
//! ```
//!
//! The first two write space, tab, line end, backslash and `#` as three octal digits (`\040`); `mount` writes
//! them bare. Source: proc_pid_mountinfo(5), fs/proc_namespace.c of Linux, toys/lsb/mount.c of toybox.

mod line;

use crate::error::shown;
use crate::text::{decode_as, lines};
use crate::{Drops, FormatError};
use line::Form;

/// The largest table, in bytes.
pub const MAX_TEXT: usize = 8 << 20;
/// The most mounts in a table.
pub const MAX_MOUNTS: usize = 50_000;
/// The longest line, in bytes.
pub const MAX_LINE: usize = 256 << 10;

const WHAT: &str = "mount table";

/// A mount table in its own order: a later mount covers an earlier one at the same point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounts {
    mounts: Vec<Mount>,
    dropped: Drops,
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Major and minor number of the file system's device; only mountinfo has them.
    pub device: Option<(u32, u32)>,
    /// What of the file system is mounted, `/` unless it is a bind mount; only mountinfo has it.
    pub root: Option<Box<str>>,
    /// Where it is mounted: an absolute path.
    pub point: Box<str>,
    /// The file system's type.
    pub fstype: Box<str>,
    /// A device's path, or what the file system calls its source. May be empty.
    pub source: Box<str>,
    /// Options of the mount as the table has them, between commas and with their escapes. /proc/mounts and
    /// `mount` have all options here.
    pub options: Box<str>,
    /// Options of the file system; only mountinfo tells them apart.
    pub super_options: Box<str>,
}

impl Mount {
    /// Whether the whole file system is mounted, as far as the table tells, and not a directory or file of it.
    pub fn is_whole(&self) -> bool {
        self.root.as_deref().is_none_or(|root| root == "/")
    }

    /// Whether an option is set, on the mount or on the file system. In mountinfo a mount is writable only if
    /// both say `rw`: ask `has("ro")`, not `has("rw")`.
    pub fn has(&self, option: &str) -> bool {
        self.options.split(',').chain(self.super_options.split(',')).any(|set| set == option)
    }
}

impl Mounts {
    /// The mounts in the table's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Mount> {
        self.mounts.iter()
    }

    /// The mount that a path lies on, whole components at a time: a later mount covers an earlier one at its own
    /// point and hides those below it. `path` is absolute.
    pub fn covering(&self, path: &str) -> Option<&Mount> {
        let path = path.trim_end_matches('/');
        let depth = |mount: &Mount| mount.point.trim_end_matches('/').len();
        self.mounts.iter().filter(|mount| is_on(path, &mount.point)).fold(None, |covering, mount| {
            match covering {
                // The root itself is moved into place after /dev, /proc and others are mounted, and hides none of them.
                Some(earlier) if depth(mount) == 0 && depth(earlier) > 0 => Some(earlier),
                _ => Some(mount),
            }
        })
    }

    /// The lines that could not be used. What they would have mounted is not in the table.
    pub fn dropped(&self) -> &Drops {
        &self.dropped
    }
}

/// Reads a mount table of any of the three forms; the first line that fits one decides.
///
/// Lines of another form are dropped. An error is a text without a single mount, one past a cap, and bytes
/// that are no text.
pub fn parse(bytes: &[u8]) -> Result<Mounts, FormatError> {
    let text = decode_as(WHAT, bytes, MAX_TEXT)?;
    let mut form = None;
    let mut table = Mounts { mounts: Vec::new(), dropped: Drops::default() };
    for (number, line) in lines(&text) {
        if line.trim().is_empty() {
            continue;
        }
        if line.len() > MAX_LINE {
            table.dropped.push(number, format_args!("{}: expected at most {MAX_LINE} bytes", shown(line)));
            continue;
        }
        let read = match form {
            Some(form) => line::read(form, line),
            None => Form::ALL.into_iter().find_map(|tried| {
                let mount = line::read(tried, line)?;
                form = Some(tried);
                Some(mount)
            }),
        };
        let Some(mount) = read else {
            let expected = form.map_or("a line of mountinfo, /proc/mounts or mount", Form::expects);
            table.dropped.push(number, format_args!("{}: expected {expected}", shown(line)));
            continue;
        };
        if table.mounts.len() >= MAX_MOUNTS {
            return Err(FormatError::too_large(WHAT, "mounts", MAX_MOUNTS).at_line(number));
        }
        table.mounts.push(mount);
    }
    match table.mounts.is_empty() {
        true => Err(table.dropped.nothing_usable(WHAT, "lines of mountinfo, /proc/mounts or mount")),
        false => Ok(table),
    }
}

/// `path` has no slash at its end. A point that is only slashes is a prefix of every path.
fn is_on(path: &str, point: &str) -> bool {
    let point = point.trim_end_matches('/');
    path.strip_prefix(point).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
