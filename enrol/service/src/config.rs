//! The configuration: strict TOML, and the files that it names.

mod text;

use serde::Deserialize;
use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use text::{Fault, Text};
use trust_enrol::{KeyError, Opener, Rules};

/// The largest configuration, in bytes.
const MAX_CONFIG: u64 = 1 << 20;
/// The largest file that it names, in bytes.
const MAX_FILE: u64 = 8 << 20;

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file could not be read.
    #[error("{}: {error}", path.display())]
    File {
        path: PathBuf,
        #[source]
        error: std::io::Error,
    },
    /// It is not what is expected.
    #[error("{}: {message}", path.display())]
    Wrong { path: PathBuf, message: String },
}

impl ConfigError {
    /// A key's file that can't be used.
    pub(crate) fn key(path: &Path, error: KeyError) -> ConfigError {
        match error {
            KeyError::File { path, error } => ConfigError::File { path, error },
            KeyError::NotPrivate { mode, .. } => {
                let message = format!("mode {mode:o}: expected a regular file of mode 600");
                ConfigError::Wrong { path: path.into(), message }
            }
            error => ConfigError::Wrong { path: path.into(), message: error.to_string() },
        }
    }
}

/// Where a configuration has its own keys.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) signing_key: PathBuf,
    /// Of the keys that evidence is sealed to.
    pub(crate) opener_keys: Vec<PathBuf>,
}

impl Keys {
    /// Reads a configuration, and nothing that it names.
    pub(crate) fn read(path: &Path) -> Result<Keys, ConfigError> {
        Ok(Keys::of(&text(path)?, folder(path)))
    }

    fn of(text: &Text, folder: &Path) -> Keys {
        Keys {
            signing_key: folder.join(&text.signing_key),
            opener_keys: text.opener_keys.iter().map(|path| folder.join(path)).collect(),
        }
    }
}

/// The configuration.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) state: PathBuf,
    pub(crate) signing_key: PathBuf,
    /// Of the keys that evidence is sealed to.
    pub(crate) opener_keys: Vec<PathBuf>,
    pub(crate) http: Http,
    pub(crate) rules: Rules,
}

/// Where and how requests come.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Whether it may be elsewhere than on loopback: there is no TLS here.
    pub(crate) beyond_loopback: bool,
    /// The most connections at once; others wait.
    pub(crate) connections: usize,
    /// The most requests that are worked on at once; others wait.
    pub(crate) requests: usize,
    /// How long a connection may last, in seconds, whatever it does.
    pub(crate) timeout: u64,
}

impl Default for Http {
    fn default() -> Http {
        Http {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8787)),
            beyond_loopback: false,
            connections: 256,
            requests: 64,
            timeout: 30,
        }
    }
}

impl Config {
    /// Reads a configuration and all that it names but the state and the private keys. Relative paths are of its own
    /// folder.
    pub(crate) fn read(path: &Path) -> Result<Config, ConfigError> {
        let wrong = |message: String| ConfigError::Wrong { path: path.into(), message };
        let (text, folder) = (text(path)?, folder(path));
        let rules = text.rules(folder).map_err(|error| match error {
            Fault::Config(error) => error,
            Fault::Here(message) => wrong(message),
        })?;
        text.http.check().map_err(wrong)?;
        let Keys { signing_key, opener_keys } = Keys::of(&text, folder);
        Ok(Config { state: folder.join(&text.state), signing_key, opener_keys, http: text.http, rules })
    }
}

/// A configuration's text, by itself.
fn text(path: &Path) -> Result<Text, ConfigError> {
    let wrong = |message: String| ConfigError::Wrong { path: path.into(), message };
    let bytes = read(path, MAX_CONFIG)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("expected UTF-8".into()))?;
    let text: Text = toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().into()))?;
    text.check_keys().map_err(wrong)?;
    Ok(text)
}

/// Of which its relative paths are.
fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

impl Config {
    /// The rules with the openers, whose files are read.
    pub(crate) fn with_openers(self) -> Result<Config, ConfigError> {
        let mut rules = self.rules;
        for path in &self.opener_keys {
            let wrong = |message: String| ConfigError::Wrong { path: path.clone(), message };
            let opener = Opener::open(path).map_err(|error| ConfigError::key(path, error))?;
            if rules.openers.iter().any(|known| known.public_key() == opener.public_key()) {
                return Err(wrong("opener_keys: expected each key once".into()));
            }
            rules.openers.push(Arc::new(opener));
        }
        Ok(Config { rules, ..self })
    }
}

impl Http {
    fn check(&self) -> Result<(), String> {
        if !self.listen.ip().is_loopback() && !self.beyond_loopback {
            return Err(format!(
                "http.listen = {}: expected a loopback address, behind a proxy that does TLS, or beyond_loopback = true",
                self.listen
            ));
        }
        let within = |name: &str, value: u64, most: u64| match (1..=most).contains(&value) {
            true => Ok(()),
            false => Err(format!("http.{name} = {value}: expected 1 to {most}")),
        };
        within("connections", self.connections as u64, 10_000)?;
        within("requests", self.requests as u64, 256)?;
        within("timeout", self.timeout, 600)
    }
}

/// Thirty-two bytes as hexadecimal digits.
pub(crate) fn bytes(hex: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?.try_into().ok()
}

/// A file that is not larger than allowed.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, ConfigError> {
    let failed = |error| ConfigError::File { path: path.into(), error };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)).map_err(failed)?;
    match bytes.len() as u64 > most {
        true => {
            Err(ConfigError::Wrong { path: path.into(), message: format!("expected at most {most} bytes") })
        }
        false => Ok(bytes),
    }
}
