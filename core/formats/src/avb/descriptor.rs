//! The descriptors of a vbmeta image: what it says of partitions.
//!
//! ```text
//! descriptor = tag size content                              ; u64 u64, and a multiple of 8 bytes of content
//! ```
//!
//! As avbtool reads them: a known one is exactly as long as what it holds, padded with zeros to eight bytes.
//! Source: libavb/avb_descriptor.h and the header of each kind.

use super::fields::Fields;
use super::{MAX_DESCRIPTORS, MAX_PARTITION_NAME, WHAT};
use crate::FormatError;

/// Bytes that a descriptor of a partition reserves.
const RESERVED: usize = 60;

/// What an image says of a partition, of the kernel's command line, or of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Descriptor<'a> {
    /// A property of the build.
    Property {
        /// Its name.
        key: &'a str,
        /// Its value: mostly text.
        value: &'a [u8],
    },
    /// A partition that dm-verity checks as it is read.
    Hashtree(Hashtree<'a>),
    /// A partition that the boot loader hashes whole.
    Hash(HashDescriptor<'a>),
    /// Parameters for the kernel.
    KernelCmdline(KernelCmdline<'a>),
    /// A partition that has a vbmeta image of its own.
    ChainPartition(ChainPartition<'a>),
    /// Of a kind that libavb 1.3 does not know, and passes over.
    Unknown {
        /// Its tag.
        tag: u64,
        /// Its content with its padding.
        data: &'a [u8],
    },
}

/// The hash tree of a partition. Source: libavb/avb_hashtree_descriptor.h.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashtree<'a> {
    /// The version of dm-verity's format.
    pub dm_verity_version: u32,
    /// How many bytes are hashed.
    pub image_size: u64,
    /// Where the tree is, in bytes from the partition's start.
    pub tree_offset: u64,
    /// The tree's size, in bytes.
    pub tree_size: u64,
    /// The size of a block of data, in bytes.
    pub data_block_size: u32,
    /// The size of a block of the tree, in bytes.
    pub hash_block_size: u32,
    /// Roots of the forward error correction; 0 without one.
    pub fec_num_roots: u32,
    /// Where the error correction is, in bytes from the partition's start.
    pub fec_offset: u64,
    /// Its size, in bytes.
    pub fec_size: u64,
    /// The hash function's name: `sha1`, `sha256`.
    pub hash_algorithm: Box<str>,
    /// The partition, without A/B suffix; empty where it is the one that the image lies on.
    pub partition: &'a str,
    /// What each block is hashed with.
    pub salt: &'a [u8],
    /// The tree's root; empty where the device keeps it.
    pub root_digest: &'a [u8],
    /// 1: no A/B suffix; 2: check each block once at most.
    pub flags: u32,
}

/// The hash of a partition. Source: libavb/avb_hash_descriptor.h.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashDescriptor<'a> {
    /// How many bytes are hashed.
    pub image_size: u64,
    /// The hash function's name: `sha256`, `sha512`.
    pub hash_algorithm: Box<str>,
    /// The partition, without A/B suffix; empty where it is the one that the image lies on.
    pub partition: &'a str,
    /// What is hashed before the bytes.
    pub salt: &'a [u8],
    /// The hash; empty where the device keeps it.
    pub digest: &'a [u8],
    /// 1: no A/B suffix.
    pub flags: u32,
}

/// What is added to the kernel's command line. Source: libavb/avb_kernel_cmdline_descriptor.h.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelCmdline<'a> {
    /// 1: only with hash trees; 2: only where they are switched off.
    pub flags: u32,
    /// The parameters.
    pub cmdline: &'a str,
}

/// A partition with an image of its own. Source: libavb/avb_chain_partition_descriptor.h.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainPartition<'a> {
    /// Where the device keeps that image's rollback index; not 0, which is the top-level image's.
    pub rollback_index_location: u32,
    /// The partition, without A/B suffix.
    pub partition: &'a str,
    /// The key that must have signed it, in AVB's form.
    pub key: &'a [u8],
    /// 1: no A/B suffix.
    pub flags: u32,
}

/// Every descriptor of a region that begins at this byte of the image.
pub(super) fn all(region: &[u8], at: usize) -> Result<Vec<Descriptor<'_>>, FormatError> {
    let mut fields = Fields::new(region, at);
    let mut descriptors = Vec::new();
    while !fields.rest.is_empty() {
        if descriptors.len() == MAX_DESCRIPTORS {
            return Err(FormatError::too_large(WHAT, "descriptors", MAX_DESCRIPTORS).at_byte(fields.at));
        }
        let start = fields.at;
        let (tag, size) = (fields.u64()?, fields.u64()?);
        if !size.is_multiple_of(8) {
            let message = format!("a descriptor of {size} bytes: expected a multiple of 8");
            return Err(FormatError::malformed(WHAT, message).at_byte(start));
        }
        let at = fields.at;
        descriptors.push(one(tag, fields.take(size)?, at)?);
    }
    Ok(descriptors)
}

fn one(tag: u64, content: &[u8], at: usize) -> Result<Descriptor<'_>, FormatError> {
    let mut fields = Fields::new(content, at);
    let descriptor = match tag {
        0 => property(&mut fields)?,
        1 => Descriptor::Hashtree(hashtree(&mut fields)?),
        2 => Descriptor::Hash(hash(&mut fields)?),
        3 => {
            let (flags, length) = (fields.u32()?, fields.u32()?);
            let cmdline = fields.text("kernel command line", length.into())?;
            Descriptor::KernelCmdline(KernelCmdline { flags, cmdline })
        }
        4 => Descriptor::ChainPartition(chain(&mut fields)?),
        tag => return Ok(Descriptor::Unknown { tag, data: content }),
    };
    match fields.rest.len() {
        padding @ 0..8 => fields.zeros("padding of a descriptor", padding)?,
        more => return Err(fields.error(format_args!("{more} bytes more: expected the descriptor's end"))),
    }
    Ok(descriptor)
}

fn property<'a>(fields: &mut Fields<'a>) -> Result<Descriptor<'a>, FormatError> {
    let (key, value) = (fields.u64()?, fields.u64()?);
    let key = fields.text("property key", key)?;
    fields.zeros("the end of a property's key", 1)?;
    let value = fields.take(value)?;
    fields.zeros("the end of a property's value", 1)?;
    Ok(Descriptor::Property { key, value })
}

fn hashtree<'a>(fields: &mut Fields<'a>) -> Result<Hashtree<'a>, FormatError> {
    let dm_verity_version = fields.u32()?;
    let (image_size, tree_offset, tree_size) = (fields.u64()?, fields.u64()?, fields.u64()?);
    let (data_block_size, hash_block_size) = (fields.u32()?, fields.u32()?);
    let fec_num_roots = fields.u32()?;
    let (fec_offset, fec_size) = (fields.u64()?, fields.u64()?);
    let Digested { hash_algorithm, partition, salt, digest, flags } = digested(fields)?;
    Ok(Hashtree {
        dm_verity_version,
        image_size,
        tree_offset,
        tree_size,
        data_block_size,
        hash_block_size,
        fec_num_roots,
        fec_offset,
        fec_size,
        hash_algorithm,
        partition,
        salt,
        root_digest: digest,
        flags,
    })
}

fn hash<'a>(fields: &mut Fields<'a>) -> Result<HashDescriptor<'a>, FormatError> {
    let image_size = fields.u64()?;
    let Digested { hash_algorithm, partition, salt, digest, flags } = digested(fields)?;
    Ok(HashDescriptor { image_size, hash_algorithm, partition, salt, digest, flags })
}

/// What both descriptors that hold a digest end in.
struct Digested<'a> {
    hash_algorithm: Box<str>,
    partition: &'a str,
    salt: &'a [u8],
    digest: &'a [u8],
    flags: u32,
}

fn digested<'a>(fields: &mut Fields<'a>) -> Result<Digested<'a>, FormatError> {
    let hash_algorithm = fields.padded_text::<32>("hash algorithm")?;
    let (name, salt, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let flags = fields.u32()?;
    fields.zeros("reserved bytes of a descriptor", RESERVED)?;
    let expected = match &*hash_algorithm {
        "sha1" => Some(20),
        "sha256" | "blake2b-256" => Some(32),
        "sha512" => Some(64),
        _ => None,
    };
    if expected.is_some_and(|expected| size != 0 && size != expected) {
        let message = format!("digest of {size} bytes: expected that of {hash_algorithm}, or none");
        return Err(fields.error(message));
    }
    let partition = partition(fields, name)?;
    let (salt, digest) = (fields.take(salt.into())?, fields.take(size.into())?);
    Ok(Digested { hash_algorithm, partition, salt, digest, flags })
}

fn chain<'a>(fields: &mut Fields<'a>) -> Result<ChainPartition<'a>, FormatError> {
    let at = fields.at;
    let (rollback_index_location, name, key) = (fields.u32()?, fields.u32()?, fields.u32()?);
    if rollback_index_location == 0 {
        let message = "rollback index location 0: expected another than the top-level image's";
        return Err(FormatError::malformed(WHAT, message).at_byte(at));
    }
    let flags = fields.u32()?;
    fields.zeros("reserved bytes of a descriptor", RESERVED)?;
    let at = fields.at;
    let partition = partition(fields, name)?;
    if partition.is_empty() {
        let message = "a chained partition without a name: expected one";
        return Err(FormatError::malformed(WHAT, message).at_byte(at));
    }
    Ok(ChainPartition { rollback_index_location, partition, key: fields.take(key.into())?, flags })
}

fn partition<'a>(fields: &mut Fields<'a>, length: u32) -> Result<&'a str, FormatError> {
    if length > MAX_PARTITION_NAME as u32 {
        let things = "bytes in the name of a partition";
        return Err(FormatError::too_large(WHAT, things, MAX_PARTITION_NAME).at_byte(fields.at));
    }
    fields.text("partition name", length.into())
}
