//! The text of a configuration: its tables, and the rules that they come to.

use super::{ConfigError, Http, MAX_FILE, bytes, read};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use trust_enrol::{Audience, BootKey, Lifetimes, Limits, Release, Revocation, Rules, public_key};
use trust_formats::attestation::key_description::VerifiedBootState;
use trust_formats::attestation::{RevocationList, Roots, pin, split};
use trust_formats::signature::Ring;
use trust_formats::x509::Certificate;

/// The most of anything that it lists.
const MAX_ENTRIES: usize = 1000;

/// The most keys that evidence may be sealed to: one that comes, one that holds, and some that go.
const MAX_OPENERS: usize = 8;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) state: PathBuf,
    pub(super) signing_key: PathBuf,
    #[serde(default)]
    pub(super) opener_keys: Vec<PathBuf>,
    #[serde(default)]
    accept_file_keys: bool,
    #[serde(default)]
    policy_signers: Vec<PathBuf>,
    #[serde(default)]
    pub(super) http: Http,
    attestation: Option<Attestation>,
    #[serde(default)]
    boot: Vec<Boot>,
    #[serde(default)]
    release: Vec<ReleaseText>,
    #[serde(default)]
    floors: Patches,
    audience: Vec<AudienceText>,
    #[serde(default)]
    lifetimes: LifetimesText,
    #[serde(default)]
    limits: LimitsText,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attestation {
    #[serde(default)]
    google_roots: bool,
    #[serde(default)]
    roots: Vec<PathBuf>,
    revocation: PathBuf,
    revocation_signers: Vec<String>,
    #[serde(default = "a_week")]
    revocation_age_days: u32,
}

fn a_week() -> u32 {
    7
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Boot {
    pub(super) state: BootState,
    key: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BootState {
    Verified,
    SelfSigned,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseText {
    name: String,
    vbmeta: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Patches {
    system: u32,
    vendor: u32,
    boot: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AudienceText {
    id: String,
    #[serde(default)]
    sees: Vec<Patch>,
    #[serde(default)]
    policy_version: u32,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Patch {
    System,
    Vendor,
    Boot,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LifetimesText {
    challenge: u64,
    credential: u64,
    rounding: u64,
    list: u64,
    pending: u64,
    skew: u64,
}

impl Default for LifetimesText {
    fn default() -> LifetimesText {
        let Lifetimes { challenge, credential, rounding, list, pending, skew } = Lifetimes::default();
        LifetimesText { challenge, credential, rounding, list, pending, skew }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsText {
    challenges: u64,
    pending_of_a_handle: u64,
    pending: u64,
    devices: u64,
}

impl Default for LimitsText {
    fn default() -> LimitsText {
        let Limits { challenges, pending_of_a_handle, pending, devices } = Limits::default();
        LimitsText { challenges, pending_of_a_handle, pending, devices }
    }
}

/// What is wrong: another file, or something in this one.
pub(super) enum Fault {
    Config(ConfigError),
    Here(String),
}

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Fault {
        Fault::Config(error)
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Fault {
        Fault::Here(message)
    }
}

impl Text {
    pub(super) fn rules(&self, folder: &Path) -> Result<Rules, Fault> {
        let lists = [self.boot.len(), self.release.len(), self.audience.len(), self.policy_signers.len()];
        if lists.iter().any(|length| *length > MAX_ENTRIES) {
            return Err(format!("a list of more than {MAX_ENTRIES} entries").into());
        }
        let (roots, revocation) = match &self.attestation {
            Some(attestation) => attestation.read(folder)?,
            None => (Roots::none(), None),
        };
        let boot_keys = self.boot.iter().map(|boot| {
            let state = match boot.state {
                BootState::Verified => VerifiedBootState::Verified,
                BootState::SelfSigned => VerifiedBootState::SelfSigned,
            };
            Ok(BootKey { key: digest("boot.key", &boot.key)?, state })
        });
        let releases = self.release.iter().map(|release| {
            Ok(Release {
                name: release.name.as_str().into(),
                vbmeta: digest("release.vbmeta", &release.vbmeta)?,
            })
        });
        let signers = self.policy_signers.iter().map(|path| {
            let path = folder.join(path);
            let key = public_key(&read(&path, MAX_FILE)?);
            key.map_err(|error| Fault::from(ConfigError::Wrong { path, message: error.to_string() }))
        });
        Ok(Rules {
            roots,
            revocation,
            boot_keys: boot_keys.collect::<Result<_, String>>()?,
            releases: releases.collect::<Result<_, String>>()?,
            patches: self.floors.check()?,
            audiences: self.audiences()?,
            accept_file_keys: self.accept_file_keys,
            openers: Vec::new(),
            policy_signers: signers.collect::<Result<_, Fault>>()?,
            lifetimes: self.lifetimes.check()?,
            limits: Limits {
                challenges: self.limits.challenges,
                pending_of_a_handle: self.limits.pending_of_a_handle,
                pending: self.limits.pending,
                devices: self.limits.devices,
            },
        })
    }

    /// That it names what is needed for the keys that it takes.
    pub(super) fn check_keys(&self) -> Result<(), String> {
        if self.attestation.is_none() && !self.accept_file_keys {
            return Err("expected [attestation], or accept_file_keys = true".into());
        }
        if self.opener_keys.is_empty() && !self.accept_file_keys {
            return Err("expected opener_keys, or accept_file_keys = true".into());
        }
        if self.opener_keys.len() > MAX_OPENERS || self.opener_keys.contains(&self.signing_key) {
            return Err(format!(
                "opener_keys: expected at most {MAX_OPENERS}, and not signing_key among them"
            ));
        }
        Ok(())
    }

    fn audiences(&self) -> Result<Vec<Audience>, String> {
        let mut audiences: Vec<Audience> = Vec::new();
        for AudienceText { id, sees, policy_version } in &self.audience {
            if !(1..=64).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(format!(
                    "audience.id = {id:?}: expected 1 to 64 printable ASCII characters without spaces"
                ));
            }
            if audiences.iter().any(|known| *known.id == **id) {
                return Err(format!("audience.id = {id:?}: expected each once"));
            }
            let sees = [Patch::System, Patch::Vendor, Patch::Boot].map(|patch| sees.contains(&patch));
            audiences.push(Audience { id: id.as_str().into(), sees, policy_version: *policy_version });
        }
        match audiences.is_empty() {
            true => Err("expected one [[audience]] or more".into()),
            false => Ok(audiences),
        }
    }
}

impl Patches {
    fn check(&self) -> Result<[u32; 3], String> {
        let is_month = |value: u32| {
            value == 0 || ((200_001..=209_912).contains(&value) && (1..=12).contains(&(value % 100)))
        };
        for (name, value) in [("system", self.system), ("vendor", self.vendor), ("boot", self.boot)] {
            if !is_month(value) {
                return Err(format!("floors.{name} = {value}: expected a month as YYYYMM, or 0"));
            }
        }
        Ok([self.system, self.vendor, self.boot])
    }
}

impl LifetimesText {
    fn check(&self) -> Result<Lifetimes, String> {
        let LifetimesText { challenge, credential, rounding, list, pending, skew } = *self;
        let year = 366 * 86_400;
        for (name, value, least, most) in [
            ("challenge", challenge, 10, 86_400),
            ("rounding", rounding, 1, 86_400),
            ("credential", credential, 60, 3 * year),
            ("list", list, 1, 86_400),
            ("pending", pending, 60, year),
            ("skew", skew, 0, 86_400),
        ] {
            if !(least..=most).contains(&value) {
                return Err(format!("lifetimes.{name} = {value}: expected {least} to {most} seconds"));
            }
        }
        match credential >= 2 * rounding {
            true => Ok(Lifetimes { challenge, credential, rounding, list, pending, skew }),
            false => Err(format!(
                "lifetimes.credential = {credential}: expected twice the rounding, {rounding}, or more"
            )),
        }
    }
}

impl Attestation {
    fn read(&self, folder: &Path) -> Result<(Roots, Option<Revocation>), Fault> {
        let mut roots = if self.google_roots { Roots::google() } else { Roots::none() };
        for path in &self.roots {
            let path = folder.join(path);
            let wrong = |error: trust_formats::FormatError| {
                Fault::from(ConfigError::Wrong { path: path.clone(), message: error.to_string() })
            };
            for certificate in split(&read(&path, MAX_FILE)?).map_err(wrong)? {
                let certificate = Certificate::parse(&certificate).map_err(wrong)?;
                roots = roots.and(&certificate.subject.to_string(), pin(&certificate));
            }
        }
        if roots.iter().len() == 0 {
            return Err("attestation.roots: expected a root, or google_roots = true".to_owned().into());
        }
        if !(1..=36_600).contains(&self.revocation_age_days) {
            return Err("attestation.revocation_age_days: expected 1 to 36600".to_owned().into());
        }
        let signers = self.revocation_signers.iter().map(|hex| digest("attestation.revocation_signers", hex));
        let signers: Vec<[u8; 32]> = signers.collect::<Result<_, String>>()?;
        let path = folder.join(&self.revocation);
        // What is missing on the first day, and is not the configuration's own to make.
        let snapshot = read(&path, MAX_FILE).map_err(|error| {
            format!("attestation.revocation: {error}: expected a signed snapshot (docs/revocations.md)")
        })?;
        let list = RevocationList::snapshot(&snapshot, &signers, &Ring);
        let list = list.map_err(|error| ConfigError::Wrong { path, message: error.to_string() })?;
        Ok((roots, Some(Revocation { list, max_age: i64::from(self.revocation_age_days) * 86_400 })))
    }
}

fn digest(name: &str, hex: &str) -> Result<[u8; 32], String> {
    bytes(hex).ok_or_else(|| format!("{name} = {hex:?}: expected 64 hexadecimal digits"))
}
