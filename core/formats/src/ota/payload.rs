//! payload.bin: what update_engine writes to the other slot, and its two signatures.
//!
//! ```text
//! payload   = header manifest metadata-signature blobs payload-signature
//! header    = "CrAU" u64 2  u64 manifest-size  u32 metadata-signature-size            ; big-endian
//! manifest  = DeltaArchiveManifest                                                    ; protobuf
//! ```
//!
//! The metadata signature signs the header and the manifest; the payload signature, which the manifest places at
//! the end of the blobs, signs the same and the blobs, without the metadata signature between them. Source:
//! update_metadata.proto and payload_consumer/payload_metadata.cc of system/update_engine.

mod manifest;
mod signatures;

use super::payload_properties::Properties;
use super::{Keyring, Refusal};
use crate::FormatError;
use crate::digest::sha256;
use crate::signature::SignatureVerifier;
pub use manifest::{Manifest, Partition, PartitionInfo, Placed};
use signatures::signer;

/// How many bytes the header has.
pub const HEADER: usize = 24;
/// The largest manifest, in bytes.
pub const MAX_MANIFEST: u64 = 64 << 20;
/// The largest signature message, in bytes.
pub const MAX_SIGNATURES: u64 = 64 << 10;

const WHAT: &str = "update payload";
const METADATA: &str = "update payload's metadata";
const VERSION: u64 = 2;

/// The header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    manifest_size: u64,
    metadata_signature_size: u32,
}

impl Header {
    /// Reads the first [`HEADER`] bytes of a payload.
    pub fn read(bytes: &[u8]) -> Result<Header, FormatError> {
        let error = |message: String| FormatError::malformed(WHAT, message);
        let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
            return Err(error(format!("{} bytes: expected a header of {HEADER}", bytes.len())));
        };
        if magic != b"CrAU" {
            return Err(error(format!("{}: expected CrAU", crate::error::shown_bytes(magic))).at_byte(0));
        }
        let fields = (|| {
            let (version, rest) = rest.split_first_chunk()?;
            let (size, rest) = rest.split_first_chunk()?;
            Some((
                u64::from_be_bytes(*version),
                u64::from_be_bytes(*size),
                u32::from_be_bytes(*rest.first_chunk()?),
            ))
        })();
        let Some((version, manifest_size, metadata_signature_size)) = fields else {
            return Err(error(format!("{} bytes: expected a header of {HEADER}", bytes.len())));
        };
        if version != VERSION {
            return Err(FormatError::unsupported(WHAT, format!("version {version}: expected {VERSION}")));
        }
        if manifest_size > MAX_MANIFEST {
            return Err(FormatError::too_large(WHAT, "bytes of manifest", MAX_MANIFEST as usize));
        }
        if u64::from(metadata_signature_size) > MAX_SIGNATURES {
            return Err(FormatError::too_large(WHAT, "bytes of metadata signature", MAX_SIGNATURES as usize));
        }
        Ok(Header { manifest_size, metadata_signature_size })
    }

    /// How many bytes the manifest has.
    pub fn manifest_size(&self) -> u64 {
        self.manifest_size
    }

    /// How many bytes the header and the manifest have: METADATA_SIZE.
    pub fn metadata_size(&self) -> u64 {
        HEADER as u64 + self.manifest_size
    }

    /// How many bytes come before the blobs.
    pub fn head_size(&self) -> u64 {
        self.metadata_size() + u64::from(self.metadata_signature_size)
    }

    /// How many bytes the metadata signature has; none where the payload is not signed.
    pub fn metadata_signature_size(&self) -> u32 {
        self.metadata_signature_size
    }
}

/// What comes before the blobs of a payload; unless it comes from a [`SignedPayload`], nobody vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The header.
    pub header: Header,
    /// SHA-256 of the header and the manifest: METADATA_HASH.
    pub hash: [u8; 32],
    /// The manifest.
    pub manifest: Manifest,
}

impl Metadata {
    /// Reads the header and the manifest from the bytes that a payload begins with.
    pub fn read(payload: &[u8]) -> Result<Metadata, FormatError> {
        let header = Header::read(payload)?;
        let (metadata, _) = parts(payload, header.metadata_size(), "header and manifest")?;
        let (_, manifest) = metadata.split_at_checked(HEADER).unwrap_or_default();
        Ok(Metadata { header, hash: sha256(metadata), manifest: Manifest::parse(manifest)? })
    }
}

/// A payload both of whose signatures were verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPayload {
    metadata_signer: [u8; 32],
    signer: [u8; 32],
    properties: Properties,
    metadata: Metadata,
}

impl SignedPayload {
    /// SHA-256 of the DER of the certificate whose key signed the payload.
    pub fn signer(&self) -> [u8; 32] {
        self.signer
    }

    /// The same of the metadata signature; it may be another of the given certificates.
    pub fn metadata_signer(&self) -> [u8; 32] {
        self.metadata_signer
    }

    /// The hashes and sizes as they were found, to compare with payload_properties.txt.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// What is signed.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

/// The hashes and sizes of a payload, as payload_properties.txt has them.
pub fn properties(payload: &[u8]) -> Result<Properties, FormatError> {
    let metadata = Metadata::read(payload)?;
    Ok(Properties {
        file_hash: sha256(payload),
        file_size: u64::try_from(payload.len()).unwrap_or(u64::MAX),
        metadata_hash: metadata.hash,
        metadata_size: metadata.header.metadata_size(),
    })
}

/// Verifies both signatures of a payload against certificates that the caller trusts, by SHA-256. It takes the
/// bytes over to join in place what the second signature signs: a payload may have gigabytes. A payload that
/// lacks one of the two is unsigned.
pub fn verify(
    mut payload: Vec<u8>,
    keyring: &Keyring,
    verifier: &dyn SignatureVerifier,
) -> Result<SignedPayload, Refusal> {
    let metadata = Metadata::read(&payload)?;
    let header = metadata.header;
    let Some(placed) = metadata.manifest.signatures.filter(|_| header.metadata_signature_size > 0) else {
        return Err(Refusal::Unsigned(WHAT));
    };
    let (signed, rest) = parts(&payload, header.metadata_size(), "header and manifest")?;
    let (signature, blobs) = parts(rest, header.metadata_signature_size.into(), "metadata signature")?;
    let metadata_signer = signer(signed, signature, keyring, verifier, METADATA)?;
    let blobs_size = u64::try_from(blobs.len()).unwrap_or(u64::MAX);
    if placed.offset.checked_add(placed.size) != Some(blobs_size) {
        let Placed { offset, size } = placed;
        let message =
            format!("a signature of {size} bytes at {offset} of {blobs_size}: expected it to end there");
        return Err(FormatError::malformed(WHAT, message).into());
    }
    let properties = Properties {
        file_hash: sha256(&payload),
        file_size: u64::try_from(payload.len()).unwrap_or(u64::MAX),
        metadata_hash: metadata.hash,
        metadata_size: header.metadata_size(),
    };
    let start = signed.len();
    let end = start + signature.len();
    payload.drain(start..end);
    let signed_size = header.metadata_size().saturating_add(placed.offset);
    let (signed, signature) = parts(&payload, signed_size, "blobs")?;
    let signer = signer(signed, signature, keyring, verifier, WHAT)?;
    Ok(SignedPayload { metadata_signer, signer, properties, metadata })
}

fn parts<'a>(bytes: &'a [u8], size: u64, name: &str) -> Result<(&'a [u8], &'a [u8]), FormatError> {
    let parts = usize::try_from(size).ok().and_then(|size| bytes.split_at_checked(size));
    parts.ok_or_else(|| {
        FormatError::malformed(WHAT, format!("{} bytes of {name}: expected {size}", bytes.len()))
    })
}

#[cfg(test)]
#[cfg(feature = "ring")]
mod tests;
