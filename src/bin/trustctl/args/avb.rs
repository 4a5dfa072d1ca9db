//! The command line of `trustctl avb`.

use super::Format;
use super::token::digest;
use clap::Subcommand;
use std::path::PathBuf;

/// Images are vbmeta images, or partition images that end in a footer. `NAME=FILE` says which partition FILE is
/// of; else it is FILE's name without extension and A/B suffix.
#[derive(Subcommand)]
pub enum AvbCommand {
    /// Print what images say; nothing is verified
    Inspect {
        /// Images; - for standard input
        #[arg(value_name = "[NAME=]FILE", required = true)]
        images: Vec<PathBuf>,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Verify the images of one slot, and say whose keys signed them
    ///
    /// Only the metadata is verified: what the partitions hold is not compared with the hash and hashtree
    /// descriptors, though a file may hold it. A key that AOSP publishes is refused even if it is the expected one:
    /// anybody can sign with it.
    ///
    /// Exit status: 0 accepted (all signatures are good, and --key-digest names the key), 1 refused (unsigned, a
    /// wrong signature, a vbmeta image or a footer that is not well-formed, another key than the expected or the
    /// chained one, a published test key, verification or dm-verity switched off), 2 usage, or a file that can't be
    /// read or holds no vbmeta image, 3 nothing is wrong but nobody named the key (no --key-digest): anybody could
    /// have signed.
    Verify {
        /// The top-level image and those that it chains to, in any order
        #[arg(value_name = "[NAME=]FILE", required = true)]
        images: Vec<PathBuf>,
        /// SHA-256 of the top-level image's key, as verifiedBootKey and androidboot.vbmeta.public_key_digest have it
        #[arg(long, value_name = "HEX", value_parser = digest)]
        key_digest: Option<[u8; 32]>,
        /// Text or JSON
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the vbmeta digest of a slot, as androidboot.vbmeta.digest has it
    ///
    /// No signature is verified.
    Digest {
        /// The top-level image and all that it chains to, in any order
        #[arg(value_name = "[NAME=]FILE", required = true)]
        images: Vec<PathBuf>,
    },
}
