//! Where a device's files are read: the running system, a directory that mirrors one, or parts in memory.

use crate::collect::kernel_place;
use crate::verity::{self, Measured};
use rustix::fs::{self, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use trust_evidence::Reason;

/// The most names of a directory that are read.
const MAX_ENTRIES: usize = 65_536;

/// A tree of files with a device's paths. Paths are absolute, as on the device.
pub trait Root: Send + Sync {
    /// A file's bytes, at most `cap` of them; a longer file is malformed.
    fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, Reason>;

    /// The names in a directory, sorted.
    fn entries(&self, path: &str) -> Result<Vec<String>, Reason>;

    /// Whether a path exists. `NotPresent` where this root can't know: it does not hold the parent directory.
    fn exists(&self, path: &str) -> Result<bool, Reason>;

    /// How many directories a directory holds. What is there and is no directory, such as a link to one, counts
    /// as one.
    fn subdirectories(&self, path: &str) -> Result<i64, Reason>;

    /// The running system's answer to which kind of file system a path is on (`statfs` f_type); `None` where
    /// the root is not the running system, and its mount table alone has to say.
    fn filesystem(&self, path: &str) -> Option<u64>;

    /// What the kernel measures of a file by fs-verity. Only the running system's kernel can be asked.
    fn verity(&self, _path: &str) -> Result<Measured, Reason> {
        Err(Reason::Unsupported)
    }

    /// Whether this is the running system.
    fn is_live(&self) -> bool {
        false
    }
}

/// A directory, or the running system. Symbolic links are followed inside it and never lead out of it.
pub struct Directory {
    base: OwnedFd,
    live: bool,
}

impl Directory {
    /// The running system.
    pub fn live() -> Result<Directory, Errno> {
        Self::at(Path::new("/"), true)
    }

    /// A directory with a device's paths.
    pub fn open(path: &Path) -> Result<Directory, Errno> {
        Self::at(path, false)
    }

    fn at(path: &Path, live: bool) -> Result<Directory, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Directory { base: fs::open(path, flags, Mode::empty())?, live })
    }

    fn open_at(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Reason> {
        let relative = match path.trim_start_matches('/') {
            "" => ".",
            relative => relative,
        };
        // Non-blocking, so that a FIFO in the place of a file can't hang the open. A mere path takes no such flag.
        let flags = match flags.contains(OFlags::PATH) {
            true => flags | OFlags::CLOEXEC,
            false => flags | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY,
        };
        match self.live.then(|| kernel_place(path)).flatten() {
            None => match fs::openat2(&self.base, relative, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
                // Kernels before 5.6 have no openat2; the running system's own root needs no confinement.
                Err(Errno::NOSYS) if self.live => fs::openat(&self.base, relative, flags, Mode::empty()),
                opened => opened,
            },
            Some((place, below, magic)) => open_kernels(place, below, magic, flags),
        }
        .map_err(reason)
    }
}

impl Root for Directory {
    fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, Reason> {
        let file = File::from(self.open_at(path, OFlags::RDONLY)?);
        let metadata = file.metadata().map_err(|_| Reason::Malformed)?;
        if !metadata.is_file() {
            return Err(Reason::Malformed);
        }
        // The kernel's files have no size to go by; one page holds most of them.
        let hint = usize::try_from(metadata.len()).unwrap_or(cap).clamp(4096, cap.max(4096));
        let mut bytes = Vec::with_capacity(hint.saturating_add(1).min(1 << 20));
        let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(|error| match error.raw_os_error() {
            Some(code) => reason(Errno::from_raw_os_error(code)),
            None => Reason::Malformed,
        })?;
        if bytes.len() > cap { Err(Reason::Malformed) } else { Ok(bytes) }
    }

    fn entries(&self, path: &str) -> Result<Vec<String>, Reason> {
        let directory = self.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in fs::Dir::new(directory).map_err(reason)? {
            let entry = entry.map_err(reason)?;
            let name = entry.file_name().to_str().map_err(|_| Reason::Malformed)?;
            if name != "." && name != ".." {
                names.push(name.to_string());
            }
            if names.len() > MAX_ENTRIES {
                return Err(Reason::Malformed);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn exists(&self, path: &str) -> Result<bool, Reason> {
        match self.open_at(path, OFlags::PATH | OFlags::NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Reason::NotPresent) => {
                // What lies in / itself is known only where the root holds the system, and not a few files of it.
                let parent = match path.rsplit_once('/') {
                    Some(("", _)) | None => "/system",
                    Some((parent, _)) => parent,
                };
                self.open_at(parent, OFlags::PATH | OFlags::DIRECTORY).map(|_| false)
            }
            Err(reason) => Err(reason),
        }
    }

    fn subdirectories(&self, path: &str) -> Result<i64, Reason> {
        let itself = fs::fstat(self.open_at(path, OFlags::PATH | OFlags::NOFOLLOW)?).map_err(reason)?;
        if fs::FileType::from_raw_mode(itself.st_mode) != fs::FileType::Directory {
            return Ok(1);
        }
        let listed = self.open_at(path, OFlags::RDONLY | OFlags::DIRECTORY).and_then(|directory| {
            let mut number = 0;
            for entry in fs::Dir::new(directory).map_err(reason)?.take(MAX_ENTRIES) {
                let entry = entry.map_err(reason)?;
                let named = entry.file_name() != c"." && entry.file_name() != c"..";
                number += i64::from(named && entry.file_type() == fs::FileType::Directory);
            }
            Ok(number)
        });
        if listed != Err(Reason::PermissionDenied) {
            return listed;
        }
        // Where it may not be listed, its link count tells: two, and one for each directory in it. Some file
        // systems keep no such count and say one.
        let directory = self.open_at(path, OFlags::PATH | OFlags::DIRECTORY)?;
        let links = fs::fstat(directory).map_err(reason)?.st_nlink;
        i64::try_from(links)
            .ok()
            .and_then(|links| links.checked_sub(2))
            .filter(|n| *n >= 0)
            .ok_or(Reason::Unsupported)
    }

    fn filesystem(&self, path: &str) -> Option<u64> {
        let file = self.live.then(|| self.open_at(path, OFlags::PATH))?.ok()?;
        u64::try_from(fs::fstatfs(file).ok()?.f_type).ok()
    }

    fn verity(&self, path: &str) -> Result<Measured, Reason> {
        if !self.live {
            return Err(Reason::Unsupported);
        }
        verity::measure(self.open_at(path, OFlags::RDONLY | OFlags::NOFOLLOW)?).map_err(|error| {
            error.raw_os_error().map_or(Reason::Malformed, |code| reason(Errno::from_raw_os_error(code)))
        })
    }

    fn is_live(&self) -> bool {
        self.live
    }
}

/// Opens a file of one of the kernel's own file systems on the running system, without crossing into anything
/// that is mounted over it or below it: a file of one process bound over another's is still of this type, and
/// would show in no mount table that was forged the same way.
fn open_kernels(place: &str, below: &str, magic: u64, flags: OFlags) -> Result<OwnedFd, Errno> {
    let whole = fs::open(place, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    if u64::try_from(fs::fstatfs(&whole)?.f_type) != Ok(magic) {
        return Err(Errno::XDEV);
    }
    let below = if below.is_empty() { "." } else { below };
    match fs::openat2(
        &whole,
        below,
        flags,
        Mode::empty(),
        ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS,
    ) {
        Err(Errno::NOSYS) => fs::openat(&whole, below, flags, Mode::empty()),
        opened => opened,
    }
}

fn reason(errno: Errno) -> Reason {
    match errno {
        // ESRCH: the process went away between opening and reading.
        Errno::NOENT | Errno::NOTDIR | Errno::SRCH => Reason::NotPresent,
        Errno::ACCESS | Errno::PERM => Reason::PermissionDenied,
        Errno::NOSYS | Errno::OPNOTSUPP => Reason::Unsupported,
        Errno::TIMEDOUT => Reason::TimedOut,
        _ => Reason::Malformed,
    }
}

/// Parts in memory: what an import brought, under the paths that it would have on the device.
#[derive(Debug, Default)]
pub struct Parts {
    files: BTreeMap<String, Vec<u8>>,
    /// Directories whose whole content the parts have.
    whole: Vec<String>,
}

impl Parts {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<String>, bytes: Vec<u8>) {
        self.files.insert(path.into(), bytes);
    }

    /// Says that everything in this directory was added: what is not there is absent.
    pub fn complete(&mut self, directory: impl Into<String>) {
        self.whole.push(directory.into());
    }

    /// Whether a file was added.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}

impl Root for Parts {
    fn read(&self, path: &str, cap: usize) -> Result<Vec<u8>, Reason> {
        let bytes = self.files.get(path).ok_or(Reason::NotPresent)?;
        if bytes.len() > cap { Err(Reason::Malformed) } else { Ok(bytes.clone()) }
    }

    fn entries(&self, path: &str) -> Result<Vec<String>, Reason> {
        let below = self.files.keys().filter_map(|file| file.strip_prefix(path)?.strip_prefix('/'));
        let mut names: Vec<String> =
            below.map(|rest| rest.split('/').next().unwrap_or(rest).to_string()).collect();
        names.dedup();
        if names.is_empty() && !self.whole.iter().any(|whole| whole == path) {
            return Err(Reason::NotPresent);
        }
        Ok(names)
    }

    fn exists(&self, path: &str) -> Result<bool, Reason> {
        let below = format!("{path}/");
        if self.files.keys().any(|file| file == path || file.starts_with(&below)) {
            return Ok(true);
        }
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        if self.whole.iter().any(|whole| whole == parent) { Ok(false) } else { Err(Reason::NotPresent) }
    }

    fn subdirectories(&self, _path: &str) -> Result<i64, Reason> {
        Err(Reason::NotPresent)
    }

    fn filesystem(&self, _path: &str) -> Option<u64> {
        None
    }
}
