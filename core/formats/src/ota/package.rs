//! The whole-file signature of an update package, as recovery checks it.
//!
//! ```text
//! package   = signed comment-length comment            ; signed: up to the last field of the end record
//! comment   = any signature footer
//! footer    = u16 signature-start  ff ff  u16 comment-length      ; little-endian; counted back from the end
//! ```
//!
//! The comment and its length are signed by nothing: any bytes before the signature are free. The end record's own
//! comment length, which recovery does not read, must be the footer's here, or zip readers would see another archive.
//! Source: verify_file in install/verifier.cpp of bootable/recovery.

use super::cms::Block;
use super::{Directory, Keyring, Policy, Refusal};
use crate::FormatError;
use crate::signature::{Hash, SignatureVerifier};

/// The largest package, in bytes: a zip archive without its 64-bit extension. To verify one takes as much memory.
pub const MAX_PACKAGE: u64 = u32::MAX as u64;
/// How many of a package's last bytes hold its end record, whatever its comment's length.
pub const MAX_TAIL: usize = END_RECORD + 0xffff;

const WHAT: &str = "update package";
const FOOTER: usize = 6;
const END_RECORD: usize = 22;
const MARK: &[u8] = b"PK\x05\x06";

/// A package whose whole-file signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPackage {
    signer: [u8; 32],
    hash: Hash,
}

impl SignedPackage {
    /// SHA-256 of the DER of the certificate whose key signed it.
    pub fn signer(&self) -> [u8; 32] {
        self.signer
    }

    /// The hash function of the signature.
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

/// What the end of a package says of itself; nothing in it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Where the archive's directory lies.
    pub directory: Directory,
    /// What the signature block says, or why there is none.
    pub signature: Result<Claim, Refusal>,
}

/// What a signature block says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The hash function of the signature.
    pub hash: Hash,
    /// SHA-256 of each certificate in the block.
    pub certificates: Vec<[u8; 32]>,
}

/// Reads the end of a package of `size` bytes without the rest: `tail` is its last [`MAX_TAIL`] bytes, or all of
/// them. The directory has yet to be read, by [`Directory::read`].
pub fn ending(tail: &[u8], size: u64) -> Result<Ending, FormatError> {
    Ok(Ending { directory: Directory::find(WHAT, tail, size)?, signature: claim(tail) })
}

fn claim(tail: &[u8]) -> Result<Claim, Refusal> {
    let (_, record) = split(tail)?;
    let Block { hash, certificates, .. } = block(record)?;
    Ok(Claim { hash, certificates })
}

/// Verifies the whole-file signature of a package against certificates that the caller trusts. The hash is the
/// one that the signature block names, and only keys count whose certificate is signed with the same one, as
/// recovery has it. The message is hashed once for each of these keys until one fits.
pub fn verify(
    package: &[u8],
    keyring: &Keyring,
    policy: Policy,
    verifier: &dyn SignatureVerifier,
) -> Result<SignedPackage, Refusal> {
    if u64::try_from(package.len()).map_or(true, |size| size > MAX_PACKAGE) {
        return Err(FormatError::too_large(WHAT, "bytes", u32::MAX as usize).into());
    }
    let (message, record) = split(package)?;
    let block = block(record)?;
    match (block.hash, policy) {
        (Hash::Sha256, _) | (Hash::Sha1, Policy::AllowSha1) => {}
        (Hash::Sha1, Policy::Strict) => return Err(Refusal::Sha1),
        (hash, _) => return Err(Refusal::Hash(hash)),
    }
    if !keyring.has_signer(block.hash) {
        return Err(Refusal::NoKey { hash: block.hash, own: keyring.package_hash() });
    }
    let signer = keyring.package_signer(verifier, block.hash, message, block.signature);
    signer.map(|signer| SignedPackage { signer, hash: block.hash }).ok_or(Refusal::Signature(WHAT))
}

/// The signed message, and the end record with its comment. Of a tail, the message is its part in it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let error = |message: String| Refusal::Format(FormatError::malformed(WHAT, message));
    let Some((_, [start_low, start_high, mark @ .., length_low, length_high])) =
        bytes.split_last_chunk::<FOOTER>()
    else {
        return Err(error(format!("{} bytes: expected at least {FOOTER}", bytes.len())));
    };
    if mark != &[0xff, 0xff] {
        return Err(Refusal::Unsigned(WHAT));
    }
    let start = usize::from(u16::from_le_bytes([*start_low, *start_high]));
    let comment = usize::from(u16::from_le_bytes([*length_low, *length_high]));
    if start > comment {
        return Err(error(format!(
            "a signature of {start} bytes in a comment of {comment}: expected it to fit"
        )));
    }
    if start <= FOOTER {
        return Err(error(format!(
            "a signature that starts {start} bytes before the end: expected more than {FOOTER}"
        )));
    }
    let at = bytes.len().checked_sub(END_RECORD + comment);
    let Some((before, record)) = at.and_then(|at| bytes.split_at_checked(at)) else {
        return Err(error(format!(
            "{} bytes with a comment of {comment}: expected an end record",
            bytes.len()
        )));
    };
    if !record.starts_with(MARK) {
        return Err(error(format!(
            "no end record {comment} bytes before the end: expected the comment's length"
        )));
    }
    let own = record.split_at_checked(END_RECORD - 2).and_then(|(_, rest)| rest.first_chunk());
    if own.map(|own| usize::from(u16::from_le_bytes(*own))) != Some(comment) {
        return Err(error(format!("an end record with another comment's length: expected {comment}")));
    }
    // Readers of zip archives look for the mark from the end: a second one would show them another archive.
    if record.windows(MARK.len()).skip(1).any(|window| window == MARK) {
        return Err(error("a second end record in the comment: expected none".into()));
    }
    let message = bytes.split_at_checked(before.len() + END_RECORD - 2).map(|(message, _)| message);
    message
        .map(|message| (message, record))
        .ok_or_else(|| error("a short end record: expected a whole one".into()))
}

/// The signature block in an end record's comment.
fn block(record: &[u8]) -> Result<Block<'_>, Refusal> {
    let (rest, footer) = record.split_last_chunk::<FOOTER>().ok_or(Refusal::Unsigned(WHAT))?;
    let start = footer.first_chunk().map(|start| usize::from(u16::from_le_bytes(*start))).unwrap_or_default();
    let at = record.len().saturating_sub(start);
    let (_, signature) = rest.split_at_checked(at).ok_or(Refusal::Unsigned(WHAT))?;
    Ok(Block::read(signature)?)
}

#[cfg(test)]
#[cfg(feature = "ring")]
mod tests;
