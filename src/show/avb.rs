//! Verified Boot images in the manner of `avbtool info_image`, and what was found of them.

use crate::avb::{Image, Judged, Verdict};
use serde_json::{Value, json};
use std::fmt::{self, Write};
use trust_evidence::printable;
use trust_formats::avb::{Descriptor, HEADER_SIZE, Named, Vbmeta, test_key};
use trust_formats::digest::sha256;

/// The longest value of a property that is printed, in bytes; of a longer one its size is.
const MAX_VALUE: usize = 256;

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes all that is written to it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What an image says. Nothing of it is verified.
pub fn text(image: &Image, named: &Named<'_>) -> String {
    let mut out = String::new();
    // A string takes all that is written to it.
    let _ = write_image(&mut out, image, &named.vbmeta);
    out
}

fn write_image(out: &mut String, image: &Image, vbmeta: &Vbmeta<'_>) -> fmt::Result {
    let path = image.path.display().to_string();
    writeln!(out, "{} (partition {})", printable(&path), printable(&image.partition))?;
    if let Some(footer) = image.footer {
        writeln!(out, "Footer version:           {}.{}", footer.version.0, footer.version.1)?;
        writeln!(out, "Image size:               {} bytes", image.size)?;
        writeln!(out, "Original image size:      {} bytes", footer.original_size)?;
        writeln!(out, "VBMeta offset:            {}", footer.vbmeta_offset)?;
        writeln!(out, "VBMeta size:              {} bytes", footer.vbmeta_size)?;
        writeln!(out, "--")?;
    }
    let header = vbmeta.header();
    let (major, minor) = header.required_libavb;
    writeln!(out, "Minimum libavb version:   {major}.{minor}")?;
    writeln!(out, "Header Block:             {HEADER_SIZE} bytes")?;
    writeln!(out, "Authentication Block:     {} bytes", header.authentication_size)?;
    writeln!(out, "Auxiliary Block:          {} bytes", header.auxiliary_size)?;
    if !vbmeta.key().is_empty() {
        write_key(out, "Public key (sha256):      ", vbmeta.key())?;
    }
    if !vbmeta.key_metadata().is_empty() {
        writeln!(out, "Public key metadata:      {} bytes", vbmeta.key_metadata().len())?;
    }
    writeln!(out, "Algorithm:                {}", header.algorithm)?;
    writeln!(out, "Rollback Index:           {}", header.rollback_index)?;
    let flags = flag_names(header.flags.disables_hashtrees(), header.flags.disables_verification());
    let names = if flags.is_empty() { String::new() } else { format!(" ({})", flags.join(", ")) };
    writeln!(out, "Flags:                    {}{names}", header.flags.0)?;
    writeln!(out, "Rollback Index Location:  {}", header.rollback_index_location)?;
    writeln!(out, "Release String:           '{}'", printable(&header.release))?;
    writeln!(out, "Descriptors:")?;
    if vbmeta.descriptors().is_empty() {
        writeln!(out, "    (none)")?;
    }
    vbmeta.descriptors().iter().try_for_each(|descriptor| write_descriptor(out, descriptor))
}

fn flag_names(hashtrees: bool, verification: bool) -> Vec<&'static str> {
    let names = [(hashtrees, "HASHTREE_DISABLED"), (verification, "VERIFICATION_DISABLED")];
    names.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect()
}

/// A key by its digest and, if AOSP publishes it, its name on the line below.
fn write_key(out: &mut String, title: &str, key: &[u8]) -> fmt::Result {
    let digest = sha256(key);
    writeln!(out, "{title}{}", hex(&digest))?;
    if let Some(name) = test_key(&digest) {
        writeln!(out, "{:1$}AOSP test key {name}: published, proves nothing", "", title.len())?;
    }
    Ok(())
}

fn write_descriptor(out: &mut String, descriptor: &Descriptor<'_>) -> fmt::Result {
    match descriptor {
        Descriptor::Property { key, value } => {
            writeln!(out, "    Prop: {} -> {}", printable(key), shown_value(value))
        }
        Descriptor::Hashtree(tree) => {
            writeln!(out, "    Hashtree descriptor:")?;
            writeln!(out, "      Version of dm-verity:  {}", tree.dm_verity_version)?;
            writeln!(out, "      Image Size:            {} bytes", tree.image_size)?;
            writeln!(out, "      Tree Offset:           {}", tree.tree_offset)?;
            writeln!(out, "      Tree Size:             {} bytes", tree.tree_size)?;
            writeln!(out, "      Data Block Size:       {} bytes", tree.data_block_size)?;
            writeln!(out, "      Hash Block Size:       {} bytes", tree.hash_block_size)?;
            writeln!(out, "      FEC num roots:         {}", tree.fec_num_roots)?;
            writeln!(out, "      FEC offset:            {}", tree.fec_offset)?;
            writeln!(out, "      FEC size:              {} bytes", tree.fec_size)?;
            writeln!(out, "      Hash Algorithm:        {}", printable(&tree.hash_algorithm))?;
            writeln!(out, "      Partition Name:        {}", printable(tree.partition))?;
            writeln!(out, "      Salt:                  {}", hex(tree.salt))?;
            writeln!(out, "      Root Digest:           {}", hex(tree.root_digest))?;
            writeln!(out, "      Flags:                 {}", tree.flags)
        }
        Descriptor::Hash(hash) => {
            writeln!(out, "    Hash descriptor:")?;
            writeln!(out, "      Image Size:            {} bytes", hash.image_size)?;
            writeln!(out, "      Hash Algorithm:        {}", printable(&hash.hash_algorithm))?;
            writeln!(out, "      Partition Name:        {}", printable(hash.partition))?;
            writeln!(out, "      Salt:                  {}", hex(hash.salt))?;
            writeln!(out, "      Digest:                {}", hex(hash.digest))?;
            writeln!(out, "      Flags:                 {}", hash.flags)
        }
        Descriptor::KernelCmdline(kernel) => {
            writeln!(out, "    Kernel Cmdline descriptor:")?;
            writeln!(out, "      Flags:                 {}", kernel.flags)?;
            writeln!(out, "      Kernel Cmdline:        '{}'", printable(kernel.cmdline))
        }
        Descriptor::ChainPartition(chain) => {
            writeln!(out, "    Chain Partition descriptor:")?;
            writeln!(out, "      Partition Name:          {}", printable(chain.partition))?;
            writeln!(out, "      Rollback Index Location: {}", chain.rollback_index_location)?;
            write_key(out, "      Public key (sha256):     ", chain.key)?;
            writeln!(out, "      Flags:                   {}", chain.flags)
        }
        Descriptor::Unknown { tag, data } => {
            writeln!(out, "    Unknown descriptor:")?;
            writeln!(out, "      Tag:  {tag}")?;
            writeln!(out, "      Data: {} bytes", data.len())
        }
    }
}

fn shown_value(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        _ if value.len() >= MAX_VALUE => format!("({} bytes)", value.len()),
        Ok(text) => format!("'{}'", printable(text)),
        Err(_) => format!("(hexadecimal {})", hex(value)),
    }
}

/// The same for programs.
pub fn json(image: &Image, named: &Named<'_>) -> Value {
    let header = named.vbmeta.header();
    let descriptors: Vec<Value> = named.vbmeta.descriptors().iter().map(descriptor_json).collect();
    json!({
        "file": image.path.display().to_string(),
        "partition": image.partition,
        "footer": image.footer.map(|footer| json!({
            "version": format!("{}.{}", footer.version.0, footer.version.1),
            "image_size": image.size,
            "original_image_size": footer.original_size,
            "vbmeta_offset": footer.vbmeta_offset,
            "vbmeta_size": footer.vbmeta_size,
        })),
        "minimum_libavb_version": format!("{}.{}", header.required_libavb.0, header.required_libavb.1),
        "authentication_block_size": header.authentication_size,
        "auxiliary_block_size": header.auxiliary_size,
        "algorithm": header.algorithm.to_string(),
        "key": key_json(named.vbmeta.key()),
        "key_metadata_size": named.vbmeta.key_metadata().len(),
        "rollback_index": header.rollback_index,
        "rollback_index_location": header.rollback_index_location,
        "flags": header.flags.0,
        "release": header.release,
        "descriptors": descriptors,
    })
}

fn key_json(key: &[u8]) -> Value {
    let digest = sha256(key);
    match key {
        [] => Value::Null,
        _ => json!({ "sha256": hex(&digest), "test_key": test_key(&digest) }),
    }
}

fn descriptor_json(descriptor: &Descriptor<'_>) -> Value {
    match descriptor {
        Descriptor::Property { key, value } => match std::str::from_utf8(value) {
            Ok(text) => json!({ "kind": "property", "key": key, "value": text }),
            Err(_) => json!({ "kind": "property", "key": key, "value_hex": hex(value) }),
        },
        Descriptor::Hashtree(tree) => json!({
            "kind": "hashtree",
            "dm_verity_version": tree.dm_verity_version,
            "image_size": tree.image_size,
            "tree_offset": tree.tree_offset,
            "tree_size": tree.tree_size,
            "data_block_size": tree.data_block_size,
            "hash_block_size": tree.hash_block_size,
            "fec_num_roots": tree.fec_num_roots,
            "fec_offset": tree.fec_offset,
            "fec_size": tree.fec_size,
            "hash_algorithm": tree.hash_algorithm,
            "partition": tree.partition,
            "salt": hex(tree.salt),
            "root_digest": hex(tree.root_digest),
            "flags": tree.flags,
        }),
        Descriptor::Hash(hash) => json!({
            "kind": "hash",
            "image_size": hash.image_size,
            "hash_algorithm": hash.hash_algorithm,
            "partition": hash.partition,
            "salt": hex(hash.salt),
            "digest": hex(hash.digest),
            "flags": hash.flags,
        }),
        Descriptor::KernelCmdline(kernel) => {
            json!({ "kind": "kernel_cmdline", "flags": kernel.flags, "cmdline": kernel.cmdline })
        }
        Descriptor::ChainPartition(chain) => json!({
            "kind": "chain_partition",
            "partition": chain.partition,
            "rollback_index_location": chain.rollback_index_location,
            "key": key_json(chain.key),
            "flags": chain.flags,
        }),
        Descriptor::Unknown { tag, data } => json!({ "kind": "unknown", "tag": tag, "data": hex(data) }),
    }
}

/// What was found of a slot: each image and whose key signed it, the verdict, what was left open.
pub fn judged_text(judged: &Judged) -> String {
    let mut out = String::new();
    for signed in &judged.signed {
        let name = printable(&signed.partition);
        out += &format!("{name}: good signature ({}) by key {}\n", signed.algorithm, hex(&signed.key));
        if let Some(test) = signed.test_key {
            out += &format!("    AOSP test key {test}: published, proves nothing\n");
        }
    }
    let lines = |word: &str, list: &[String]| {
        list.iter().map(|line| format!("{word}: {}\n", printable(line))).collect::<String>()
    };
    out += &match judged.verdict() {
        Verdict::Accepted => "accepted: signed by the key that --key-digest names\n".to_string(),
        Verdict::UnnamedKey => {
            "signed, by a key that nobody named (--key-digest HEX says whose it should be)\n".to_string()
        }
        Verdict::Refused => lines("refused", &judged.findings),
    };
    out + &lines("note", &judged.notes)
}

/// The same for programs.
pub fn judged_json(judged: &Judged) -> Value {
    let image = |signed: &crate::avb::Signed| {
        json!({
            "partition": signed.partition,
            "algorithm": signed.algorithm.to_string(),
            "key": { "sha256": hex(&signed.key), "test_key": signed.test_key },
        })
    };
    json!({
        "verdict": match judged.verdict() {
            Verdict::Accepted => "accepted",
            Verdict::UnnamedKey => "unnamed-key",
            Verdict::Refused => "refused",
        },
        "signed": judged.signed.iter().map(image).collect::<Vec<_>>(),
        "findings": judged.findings,
        "notes": judged.notes,
    })
}
