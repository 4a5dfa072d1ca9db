//! What a package says of the build that it brings: META-INF/com/android/metadata and metadata.pb beside it.
//!
//! Both say the same, the first for older devices as lines `key=value`, the second as a protobuf message with more
//! in it. The signature of the package vouches for them. Source: ota_metadata.proto and BuildLegacyOtaMetadata in
//! ota_utils.py, build/make/tools/releasetools.

mod message;
mod text;

use crate::FormatError;
pub use message::parse as parse_message;
use std::collections::BTreeMap;
pub use text::parse as parse_text;

/// Where the lines are in a package.
pub const TEXT_ENTRY: &str = "META-INF/com/android/metadata";
/// Where the message is in a package.
pub const MESSAGE_ENTRY: &str = "META-INF/com/android/metadata.pb";
/// The largest of the two, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

const WHAT: &str = "update metadata";
/// The longest value, in bytes.
const MAX_VALUE: usize = 8 << 10;
/// The most values of one kind.
const MAX_VALUES: usize = 512;

/// What a package is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// How it is installed.
    pub kind: Kind,
    /// Whether it erases the device's data.
    pub wipes: bool,
    /// Whether it goes back to an older build, by the time when they were made.
    pub downgrades: bool,
    /// Whether it goes back to an older security patch level.
    pub downgrades_patch_level: bool,
    /// Whether it gives dynamic partitions to a device that was made without.
    pub retrofits_partitions: bool,
    /// How many bytes of the cache partition it needs.
    pub required_cache: i64,
    /// What the device must be.
    pub before: DeviceState,
    /// What the device will be.
    pub after: DeviceState,
    /// Where in the package its files lie, by the name of the list.
    pub property_files: BTreeMap<Box<str>, Box<str>>,
}

/// How a package is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By update_engine, to the other slot.
    Ab,
    /// By recovery.
    Block,
    /// It makes the device unusable.
    Brick,
}

impl Kind {
    /// The kind's name in the lines.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Ab => "AB",
            Kind::Block => "BLOCK",
            Kind::Brick => "BRICK",
        }
    }
}

/// A device's build. The lines of [`TEXT_ENTRY`] have no devices after the update, and before it no time, SDK and
/// patch level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceState {
    /// Names of devices (ro.product.device): any of them.
    pub devices: Vec<Box<str>>,
    /// Build fingerprints: any of them. Before the update, none where every build will do.
    pub builds: Vec<Box<str>>,
    /// The build's number (ro.build.version.incremental).
    pub incremental: Box<str>,
    /// When the build was made, in seconds since 1970; 0 where nothing is said.
    pub timestamp: i64,
    /// The SDK level, a number or a code name.
    pub sdk_level: Box<str>,
    /// The security patch level.
    pub security_patch_level: Box<str>,
}

impl Metadata {
    fn new(kind: Kind) -> Metadata {
        Metadata {
            kind,
            wipes: false,
            downgrades: false,
            downgrades_patch_level: false,
            retrofits_partitions: false,
            required_cache: 0,
            before: DeviceState::default(),
            after: DeviceState::default(),
            property_files: BTreeMap::new(),
        }
    }

    /// Whether the lines say what the message says, as far as both can. The error names the line that differs.
    pub fn agrees_with(&self, message: &Metadata) -> Result<(), FormatError> {
        let [pre, post] = [(&self.before, &message.before), (&self.after, &message.after)];
        let pairs = [
            ("ota-type", self.kind == message.kind),
            ("ota-wipe", self.wipes == message.wipes),
            ("ota-downgrade", self.downgrades == message.downgrades),
            ("spl-downgrade", self.downgrades_patch_level == message.downgrades_patch_level),
            ("ota-retrofit-dynamic-partitions", self.retrofits_partitions == message.retrofits_partitions),
            ("ota-required-cache", self.required_cache == message.required_cache),
            ("pre-device", pre.0.devices == pre.1.devices),
            ("pre-build", pre.0.builds == pre.1.builds),
            // Written only where there is an earlier build.
            ("pre-build-incremental", pre.0.builds.is_empty() || pre.0.incremental == pre.1.incremental),
            ("post-build", post.0.builds == post.1.builds),
            ("post-build-incremental", post.0.incremental == post.1.incremental),
            ("post-timestamp", post.0.timestamp == post.1.timestamp),
            ("post-sdk-level", post.0.sdk_level == post.1.sdk_level),
            ("post-security-patch-level", post.0.security_patch_level == post.1.security_patch_level),
            ("property files", self.property_files == message.property_files),
        ];
        match pairs.into_iter().find(|(_, agrees)| !agrees) {
            None => Ok(()),
            Some((key, _)) => {
                let message = format!("{key}: another value than in metadata.pb: expected the same");
                Err(FormatError::malformed(WHAT, message))
            }
        }
    }
}

#[cfg(test)]
mod tests;
