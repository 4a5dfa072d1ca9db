//! What a person hands over, as evidence: a capture, a directory, a getprop text, a bugreport, raw parts.
//!
//! Everything but a capture is put into a [`Root`] and read by the collectors that read a live device.

mod kind;

pub use kind::Kind;

use crate::attestation::{ChallengeFrom, Handed, HandedError, MAX_CHAIN, Revocation, Trust, challenge};
use crate::collect::{Collected, Note};
use crate::cycle::{House, collect_live, collect_root, now};
use crate::root::{Directory, Parts, Root};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use trust_evidence::{Evidence, LoadError, MAX_CAPTURE, Outcome, Reason, SourceInfo, SourceKind, Time};
use trust_formats::FormatError;
use trust_formats::bugreport::{Bugreport, DmDevice};

/// The largest input, in bytes: bugreports are big.
pub const MAX_INPUT: u64 = 256 << 20;
/// The capture fragment of a root directory.
const OBSERVATIONS: &str = "/observations.toml";

/// Why an input was refused.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It could not be read.
    #[error("{0}: can't be read: {1}")]
    Io(PathBuf, io::Error),
    /// It is larger than an input of its kind may be.
    #[error("{0}: more than {1} bytes: expected a smaller file")]
    TooLarge(PathBuf, u64),
    /// A directory that could not be opened.
    #[error("{0}: can't be opened as a root directory: {1}")]
    Directory(PathBuf, rustix::io::Errno),
    /// Nobody recognises it.
    #[error(
        "{0}: not recognised{1}: expected a capture, a root directory, a getprop text, a /proc/bootconfig, a \
         /proc/cmdline, a mount table or a bugreport (--as KIND says which)"
    )]
    Unrecognised(PathBuf, String),
    /// A capture or a fragment of one that is not well-formed.
    #[error("{0}")]
    Capture(#[from] LoadError),
    /// A format that is not well-formed.
    #[error("{0}: {1}")]
    Format(PathBuf, FormatError),
    /// A directory where a file was asked for, or the other way round.
    #[error("{0}: {1}")]
    Kind(PathBuf, &'static str),
    /// An attestation that was handed over and can't be used at all.
    #[error("{0}")]
    Attestation(#[from] HandedError),
}

/// What to read: one source, raw parts, or nothing, which is this machine.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// A file or directory; `-` is standard input.
    pub source: Option<PathBuf>,
    /// What the source is; by its content where nobody says.
    pub kind: Option<Kind>,
    /// A getprop text.
    pub getprop: Option<PathBuf>,
    /// A /proc/bootconfig.
    pub bootconfig: Option<PathBuf>,
    /// A /proc/cmdline.
    pub cmdline: Option<PathBuf>,
    /// A mount table.
    pub mounts: Option<PathBuf>,
    /// A capture, or a fragment of one, whose observations are laid over the rest.
    pub observations: Option<PathBuf>,
    /// Whether the getprop text was taken by root, so that what it lacks is absent.
    pub complete_properties: bool,
    /// Files with a key attestation chain each.
    pub attestations: Vec<PathBuf>,
    /// The challenge that was issued, in hex.
    pub challenge: Option<String>,
    /// Whether whoever judges issued the challenge, and not the device.
    pub issued_here: bool,
    /// A revocation list.
    pub revocation: Option<PathBuf>,
    /// As of when certificates must be valid; when the source was taken, where nobody says, else now.
    pub at: Option<Time>,
}

/// Reads an input; whom its key attestations are believed from is the caller's to say.
pub fn import(house: &House, input: &Input, trust: &Trust) -> Result<Collected, ImportError> {
    let mut collected = import_files(house, input)?;
    let mut handed = match &input.source {
        Some(path) if path.is_dir() => {
            let root = Directory::open(path).map_err(|error| ImportError::Directory(path.clone(), error))?;
            let (handed, notes) = Handed::from_root(&root);
            collected.notes.extend(notes);
            handed
        }
        _ => Handed::default(),
    };
    if !input.attestations.is_empty() {
        let chain = |path: &PathBuf| Ok((path.display().to_string(), read(path, MAX_CHAIN as u64)?));
        handed.chains = input.attestations.iter().map(chain).collect::<Result<_, ImportError>>()?;
    }
    if let Some(text) = &input.challenge {
        handed.challenge = Some(challenge("--challenge", text)?);
    }
    if input.issued_here {
        handed.challenge_from = ChallengeFrom::Judge;
    }
    if let Some(path) = &input.revocation {
        let (name, bytes) = (path.display().to_string(), read(path, MAX_INPUT)?);
        handed.revocation = Some(Revocation { name, bytes, is_devices: false });
    }
    // What a person named must be what they say; what lay among the device's files may be anything.
    if !input.attestations.is_empty() || input.challenge.is_some() || input.revocation.is_some() {
        handed.check()?;
    }
    if !handed.is_empty() {
        let at = input.at.or(collected.evidence.source.taken_at).unwrap_or_else(now);
        let (accounts, notes) = handed.observe(&house.catalogue, &mut collected.evidence, trust, at)?;
        collected.attestations = accounts;
        collected.notes.extend(notes);
    }
    Ok(collected)
}

fn import_files(house: &House, input: &Input) -> Result<Collected, ImportError> {
    let parts = [
        (&input.getprop, Kind::Getprop),
        (&input.bootconfig, Kind::Bootconfig),
        (&input.cmdline, Kind::Cmdline),
        (&input.mounts, Kind::Mounts),
    ];
    let mut root = Parts::default();
    let mut kinds = Vec::new();
    for (path, kind) in parts {
        if let Some(path) = path {
            root.add(kind.device_path(), read(path, MAX_INPUT)?);
            kinds.push(kind.source_kind());
        }
    }
    let mut collected = match &input.source {
        Some(path) => source(house, path, input)?,
        None if kinds.is_empty() && input.observations.is_none() && input.attestations.is_empty() => {
            live(house)?
        }
        None => {
            let kind = if let [kind] = kinds.as_slice() { *kind } else { SourceKind::Parts };
            let source =
                SourceInfo { complete_properties: input.complete_properties, ..SourceInfo::new(kind) };
            return lay_observations(house, collect_root(house, Box::new(root), source), input);
        }
    };
    if !kinds.is_empty() {
        let info = SourceInfo {
            complete_properties: input.complete_properties,
            ..SourceInfo::new(SourceKind::Parts)
        };
        let more = collect_root(house, Box::new(root), info);
        collected.evidence.overlay(more.evidence);
        collected.notes.extend(more.notes);
        collected.evidence.source.kind = SourceKind::Parts;
    }
    lay_observations(house, collected, input)
}

fn live(house: &House) -> Result<Collected, ImportError> {
    collect_live(house).map_err(|error| ImportError::Directory("/".into(), error))
}

/// Lays the observations of `--observations` over what was collected.
fn lay_observations(
    house: &House,
    mut collected: Collected,
    input: &Input,
) -> Result<Collected, ImportError> {
    if let Some(path) = &input.observations {
        let fragment = capture(house, path, &read(path, MAX_INPUT)?)?;
        let source = &mut collected.evidence.source;
        source.taken_at = source.taken_at.or(fragment.source.taken_at);
        collected.evidence.overlay(fragment);
    }
    Ok(collected)
}

fn source(house: &House, path: &Path, input: &Input) -> Result<Collected, ImportError> {
    if path.is_dir() {
        return match input.kind {
            None | Some(Kind::Root) => directory(house, path, input),
            Some(_) => Err(ImportError::Kind(path.into(), "a directory: expected a file for this --as")),
        };
    }
    import_bytes(house, path, read(path, MAX_INPUT)?, input)
}

/// Reads an input that is in memory already; `path` names it in errors.
pub fn import_bytes(
    house: &House,
    path: &Path,
    bytes: Vec<u8>,
    input: &Input,
) -> Result<Collected, ImportError> {
    let kind = match input.kind {
        Some(Kind::Root) => {
            return Err(ImportError::Kind(path.into(), "a file: expected a directory for --as root"));
        }
        Some(kind) => kind,
        None => match kind::recognise(&bytes) {
            // A device that is asked for its properties could answer with a capture, which is taken at its word.
            Ok(Kind::Capture) if !is_named_capture(path) => {
                let message = "a capture, which is taken at its word: expected --as capture, or a name that ends \
                               in .capture or .toml";
                return Err(ImportError::Kind(path.into(), message));
            }
            Ok(kind) => kind,
            Err(found) => return Err(ImportError::Unrecognised(path.into(), found)),
        },
    };
    match kind {
        Kind::Capture => {
            let evidence = capture(house, path, &bytes)?;
            Ok(Collected {
                evidence,
                attestations: Vec::new(),
                notes: Vec::new(),
                failed: Vec::new(),
                hanging: Vec::new(),
            })
        }
        Kind::Bugreport => bugreport(house, path, &bytes),
        kind => {
            kind.check(&bytes).map_err(|error| ImportError::Format(path.into(), error))?;
            let mut parts = Parts::default();
            parts.add(kind.device_path(), bytes);
            let source = SourceInfo {
                complete_properties: input.complete_properties,
                ..SourceInfo::new(kind.source_kind())
            };
            Ok(collect_root(house, Box::new(parts), source))
        }
    }
}

/// Whether a person calls the file a capture.
fn is_named_capture(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "capture" || extension == "toml")
}

fn capture(house: &House, path: &Path, bytes: &[u8]) -> Result<Evidence, ImportError> {
    let name = path.display().to_string();
    let text = std::str::from_utf8(bytes).map_err(|error| {
        LoadError::whole(&name, format!("byte {}: expected a capture in UTF-8", error.valid_up_to()))
    })?;
    Ok(Evidence::from_capture(&house.catalogue, &name, text)?)
}

/// A root directory, with the observations that it carries for what has no file.
fn directory(house: &House, path: &Path, input: &Input) -> Result<Collected, ImportError> {
    let root = Directory::open(path).map_err(|error| ImportError::Directory(path.into(), error))?;
    let fragment = match root.read(OBSERVATIONS, MAX_CAPTURE) {
        Ok(bytes) => Some(capture(house, &path.join("observations.toml"), &bytes)?),
        Err(Reason::NotPresent) => None,
        Err(_) => {
            let message = "expected a readable file of at most 1 MiB";
            return Err(ImportError::Kind(path.join("observations.toml"), message));
        }
    };
    let info = fragment.as_ref().map(|fragment| fragment.source.clone());
    let source = SourceInfo {
        kind: SourceKind::Root,
        taken_at: info.as_ref().and_then(|info| info.taken_at),
        complete_properties: input.complete_properties || info.is_some_and(|info| info.complete_properties),
    };
    let mut collected = collect_root(house, Box::new(root), source);
    if let Some(fragment) = fragment {
        collected.evidence.overlay(fragment);
    }
    if !collected.evidence.supplied(&house.catalogue).iter().any(|kind| *kind != "files") {
        let message =
            "holds none of a device's files: expected paths such as getprop.txt, proc/ and system/ in it";
        return Err(ImportError::Kind(path.into(), message));
    }
    Ok(collected)
}

fn bugreport(house: &House, path: &Path, bytes: &[u8]) -> Result<Collected, ImportError> {
    let report = Bugreport::parse(bytes).map_err(|error| ImportError::Format(path.into(), error))?;
    let mut notes: Vec<Note> = report
        .missing
        .iter()
        .map(|part| Note { path: path.display().to_string(), message: format!("lacks {part:?}") })
        .collect();
    let dropped = report.dropped.iter().map(|drop| format!("line {} dropped: {}", drop.line, drop.why));
    notes.extend(dropped.map(|message| Note { path: path.display().to_string(), message }));
    // The header has the device's local time without its zone; taken as UTC it is at most 14 hours off.
    let taken_at =
        report.taken_at.as_deref().and_then(|at| format!("{}Z", at.replace(' ', "T")).parse::<Time>().ok());
    if let Some(at) = taken_at {
        notes.push(Note {
            path: path.display().to_string(),
            message: format!("taken {at}, reading local time as UTC"),
        });
    }
    let mut parts = Parts::default();
    let files = [
        ("/getprop.txt", report.getprop),
        ("/proc/cmdline", report.cmdline),
        ("/proc/bootconfig", report.bootconfig),
        ("/proc/self/mountinfo", report.mountinfo),
        ("/proc/config.gz", report.kconfig),
        ("/proc/modules", report.lsmod),
    ];
    for (path, bytes) in files {
        if let Some(bytes) = bytes {
            parts.add(path, bytes);
        }
    }
    if let Some(ota) = report.ota {
        parts.complete("/metadata/ota");
        for (name, there) in
            [("rollback-indicator", ota.rollback_indicator), ("snapshot-boot", ota.snapshot_boot)]
        {
            if there {
                parts.add(format!("/metadata/ota/{name}"), Vec::new());
            }
        }
        if let Some(state) = ota.state {
            parts.add("/metadata/ota/state", state);
        }
    }
    for device in report.devices.iter().flatten() {
        add_mapped(&mut parts, device);
    }
    let source = SourceInfo { taken_at, ..SourceInfo::new(SourceKind::Bugreport) };
    let mut collected = collect_root(house, Box::new(parts), source);
    collected.notes.extend(notes);
    Ok(collected)
}

/// A device-mapper device as sysfs shows it. A device that is named like a verity one and has other targets
/// must not pass for one, so it loses its name.
fn add_mapped(parts: &mut Parts, device: &DmDevice) {
    let (major, minor) = device.device;
    let directory = format!("/sys/devices/virtual/block/dm-{minor}");
    let claims = device.name.ends_with("-verity") || *device.name == *"vroot";
    let is_verity = !device.targets.is_empty() && device.targets.iter().all(|target| **target == *"verity");
    let name = if claims && !is_verity { "not-verified" } else { &device.name };
    parts.add(format!("{directory}/dev"), format!("{major}:{minor}\n").into_bytes());
    parts.add(format!("{directory}/dm/name"), format!("{name}\n").into_bytes());
}

fn read(path: &Path, cap: u64) -> Result<Vec<u8>, ImportError> {
    let io = |error| ImportError::Io(path.into(), error);
    let mut bytes = Vec::new();
    let limit = cap + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(io)?;
    } else {
        File::open(path).map_err(io)?.take(limit).read_to_end(&mut bytes).map_err(io)?;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) >= limit {
        return Err(ImportError::TooLarge(path.into(), cap));
    }
    Ok(bytes)
}

/// How many signals an import gave a value or an absence for, and how many it could not.
pub fn tally(evidence: &Evidence, house: &House) -> (usize, usize) {
    let known = |ix| evidence.get(ix).is_some_and(|o| !matches!(o.outcome, Outcome::Missing(_)));
    let seen = house.catalogue.iter().filter(|(ix, _)| known(*ix)).count();
    (seen, house.catalogue.len() - seen)
}
