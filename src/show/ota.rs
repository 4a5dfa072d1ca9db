//! Update packages, as text and JSON.

use super::{Colour, Paint, count, paragraph};
use crate::ota::{Inspection, Part, Verified, VerifyError};
use data_encoding::BASE64;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};
use trust_evidence::{Time, Value};
use trust_formats::ota::metadata::Metadata;
use trust_formats::ota::payload;
use trust_formats::ota::payload_properties::PropertiesFile;

/// The schema of both forms of JSON.
pub const OTA_SCHEMA: &str = "com.enigm.ota/1";

/// The names of published certificates by digest: see [`trust_gates::published_certificates`].
pub type Names = BTreeMap<[u8; 32], Box<str>>;

/// What became of a verification.
pub type Verdict<'a> = Result<&'a Verified, &'a VerifyError>;

/// What a package says of itself, as text.
pub fn inspected(package: &Inspection, names: &Names) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = writeln!(out, "Nothing here is verified: `trustctl ota verify` does that.\n");
    let _ = write(&mut out, package, names);
    out
}

/// A verified or refused package, as text.
pub fn verified(verdict: Verdict<'_>, names: &Names, colour: Colour) -> String {
    let mut out = String::new();
    let _ = match verdict {
        Ok(found) => (|| {
            writeln!(out, "{}", colour.paint(Paint::Good, "VERIFIED"))?;
            line(
                &mut out,
                "signed by",
                format_args!("certificate {}", signer(found.package.signer(), names)),
            )?;
            line(&mut out, "with", found.package.hash())?;
            match &found.payload {
                Some(payload) => line(
                    &mut out,
                    "payload by",
                    format_args!("certificate {}", signer(payload.signer(), names)),
                )?,
                None => line(&mut out, "payload", "none: a package for recovery")?,
            }
            write(&mut out, &found.inspection, names)
        })(),
        Err(error) => (|| {
            writeln!(out, "{}", colour.paint(Paint::Bad, "REFUSED"))?;
            paragraph(&mut out, "  ", &sentence(error))
        })(),
    };
    out
}

/// Why a package is not accepted, in the command's words.
fn sentence(error: &VerifyError) -> String {
    match error {
        VerifyError::Refused { rule: "sha1", .. } => format!("{error} (--allow-sha1 asks for it)"),
        _ => error.to_string(),
    }
}

fn write(out: &mut String, package: &Inspection, names: &Names) -> fmt::Result {
    line(out, "package", format_args!("{} bytes, {}", package.size, entries(package.entries)))?;
    match &package.signature {
        Ok(claim) => {
            let beside = match claim.certificates.len() {
                0 => "no certificate beside it".into(),
                number => {
                    format!("{} beside it (whoever signed put them there):", count(number, "certificate"))
                }
            };
            line(out, "signature", format_args!("of {}, {beside}", claim.hash))?;
            for certificate in &claim.certificates {
                line(out, "certificate", signer(*certificate, names))?;
            }
        }
        Err(refusal) => paragraph(out, &label("signature"), &refusal.to_string())?,
    }
    part(out, "metadata", &package.metadata, metadata)?;
    part(out, "properties", &package.properties, properties)?;
    part(out, "payload", &package.payload, payload_lines)?;
    package.contradictions.iter().try_for_each(|text| paragraph(out, &label("contradiction"), text))
}

fn part<T>(
    out: &mut String,
    name: &str,
    part: &Part<T>,
    write: impl FnOnce(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    match part {
        Ok(Some(value)) => write(out, value),
        Ok(None) => line(out, name, "none"),
        Err(error) => paragraph(out, &label(name), &error.to_string()),
    }
}

fn metadata(out: &mut String, metadata: &Metadata) -> fmt::Result {
    line(out, "type", metadata.kind.word())?;
    line(out, "for", metadata.before.devices.join(", "))?;
    metadata.before.builds.iter().try_for_each(|build| line(out, "from", build))?;
    metadata.after.builds.iter().try_for_each(|build| line(out, "build", build))?;
    for (name, text) in [
        ("incremental", &metadata.after.incremental),
        ("SDK level", &metadata.after.sdk_level),
        ("patch level", &metadata.after.security_patch_level),
    ] {
        if !text.is_empty() {
            line(out, name, text)?;
        }
    }
    if metadata.after.timestamp != 0 {
        line(out, "timestamp", seconds(metadata.after.timestamp))?;
    }
    for (is, text) in [
        (metadata.wipes, "it erases the device's data"),
        (metadata.downgrades, "it goes back to an older build"),
        (metadata.downgrades_patch_level, "it goes back to an older security patch level"),
    ] {
        if is {
            line(out, "note", text)?;
        }
    }
    Ok(())
}

/// As the file has them: hashes are SHA-256 in base64.
fn properties(out: &mut String, file: &PropertiesFile) -> fmt::Result {
    let said = &file.properties;
    line(out, "properties", "payload_properties.txt says of the payload:")?;
    line(out, "says", format_args!("FILE_HASH={}", BASE64.encode(&said.file_hash)))?;
    line(out, "says", format_args!("FILE_SIZE={}", said.file_size))?;
    line(out, "says", format_args!("METADATA_HASH={}", BASE64.encode(&said.metadata_hash)))?;
    line(out, "says", format_args!("METADATA_SIZE={}", said.metadata_size))?;
    file.others.iter().try_for_each(|(key, value)| line(out, "says", format_args!("{key}={value}")))
}

fn payload_lines(out: &mut String, payload: &payload::Metadata) -> fmt::Result {
    let manifest = &payload.manifest;
    let is_signed = payload.header.metadata_signature_size() > 0 && manifest.signatures.is_some();
    let form = if manifest.is_full() { "full" } else { "from another build" };
    let scope = if manifest.is_partial { ", of some partitions" } else { "" };
    line(out, "payload", format_args!("{form}{scope}, {}", if is_signed { "signed" } else { "UNSIGNED" }))?;
    let (size, metadata_size) = (payload.header.manifest_size(), payload.header.metadata_size());
    line(
        out,
        "manifest",
        format_args!("{size} bytes, with the header before it {metadata_size} (METADATA_SIZE)"),
    )?;
    line(out, "METADATA_HASH", BASE64.encode(&payload.hash))?;
    line(out, "  in hex", hex(payload.hash))?;
    if let Some(time) = manifest.max_timestamp {
        // CheckTimestampError in payload_consumer/delta_performer.cc of system/update_engine.
        let means = match manifest.is_partial {
            true => "not looked at in an update of some partitions",
            false => "no build made later takes it, unless it allows downgrades",
        };
        line(out, "max_timestamp", format_args!("{}: {means}", seconds(time)))?;
    }
    for partition in &manifest.partitions {
        let holds = partition.new.map(|new| format!("{} bytes, SHA-256 {}", new.size, hex(new.hash)));
        line(out, &partition.name, holds.unwrap_or_else(|| "no digest".into()))?;
    }
    Ok(())
}

/// What a package says of itself, as JSON.
pub fn inspected_json(package: &Inspection, names: &Names) -> Json {
    let certificate = |digest: &[u8; 32]| certificate(*digest, names);
    let signature = match &package.signature {
        Ok(claim) => json!({
            "hash": claim.hash.to_string(),
            "certificates": claim.certificates.iter().map(certificate).collect::<Vec<_>>(),
        }),
        Err(refusal) => json!({ "rule": refusal.rule(), "error": refusal.to_string() }),
    };
    json!({
        "schema": OTA_SCHEMA,
        "size": package.size,
        "entries": package.entries,
        "signature": signature,
        "metadata": json_part(&package.metadata, |metadata| json!({
            "type": metadata.kind.word(),
            "devices": metadata.before.devices,
            "from_builds": metadata.before.builds,
            "builds": metadata.after.builds,
            "incremental": metadata.after.incremental,
            "timestamp": metadata.after.timestamp,
            "sdk_level": metadata.after.sdk_level,
            "security_patch_level": metadata.after.security_patch_level,
            "wipes": metadata.wipes,
            "downgrades": metadata.downgrades,
            "downgrades_patch_level": metadata.downgrades_patch_level,
        })),
        "payload_properties": json_part(&package.properties, |file| json!({
            "file_hash": hex(file.properties.file_hash),
            "file_size": file.properties.file_size,
            "metadata_hash": hex(file.properties.metadata_hash),
            "metadata_size": file.properties.metadata_size,
            "others": file.others.iter().map(|(key, value)| (key.to_string(), json!(value))).collect::<serde_json::Map<_, _>>(),
        })),
        "payload": json_part(&package.payload, |payload| json!({
            "metadata_hash": hex(payload.hash),
            "metadata_size": payload.header.metadata_size(),
            "manifest_size": payload.header.manifest_size(),
            "is_full": payload.manifest.is_full(),
            "is_partial": payload.manifest.is_partial,
            "is_signed": payload.header.metadata_signature_size() > 0 && payload.manifest.signatures.is_some(),
            "max_timestamp": payload.manifest.max_timestamp,
            "security_patch_level": payload.manifest.security_patch_level,
            "partitions": payload.manifest.partitions.iter().map(|partition| json!({
                "name": partition.name,
                "size": partition.new.map(|new| new.size),
                "hash": partition.new.map(|new| hex(new.hash)),
            })).collect::<Vec<_>>(),
        })),
        "contradictions": package.contradictions,
    })
}

/// A verified or refused package, as JSON.
pub fn verified_json(verdict: Verdict<'_>, names: &Names) -> Json {
    match verdict {
        Ok(found) => json!({
            "schema": OTA_SCHEMA,
            "verified": true,
            "signer": certificate(found.package.signer(), names),
            "hash": found.package.hash().to_string(),
            "payload_signer": found.payload.as_ref().map(|payload| certificate(payload.signer(), names)),
            "package": inspected_json(&found.inspection, names),
        }),
        Err(error) => {
            let rule = if let VerifyError::Refused { rule, .. } = error { Some(rule) } else { None };
            json!({ "schema": OTA_SCHEMA, "verified": false, "rule": rule, "error": sentence(error) })
        }
    }
}

fn json_part<T>(part: &Part<T>, value: impl FnOnce(&T) -> Json) -> Json {
    match part {
        Ok(found) => found.as_ref().map_or(Json::Null, value),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

fn certificate(digest: [u8; 32], names: &Names) -> Json {
    json!({ "sha256": hex(digest), "published_as": names.get(&digest) })
}

/// Seconds since 1970, as the file has them and as a date.
fn seconds(seconds: i64) -> String {
    match Time::from_unix(seconds) {
        Some(time) => format!("{seconds} ({time})"),
        None => format!("{seconds} (seconds since 1970)"),
    }
}

/// A certificate's SHA-256 in hex, with the name of a published one.
fn signer(digest: [u8; 32], names: &Names) -> String {
    let name = names.get(&digest);
    let digest = hex(digest);
    match name {
        Some(name) => format!("{digest} (AOSP's published \"{name}\": no release)"),
        None => digest,
    }
}

fn hex(digest: [u8; 32]) -> String {
    Value::Digest(digest.into()).to_string()
}

fn entries(number: usize) -> String {
    if number == 1 { count(1, "entry") } else { format!("{number} entries") }
}

fn line(out: &mut String, name: &str, value: impl Display) -> fmt::Result {
    writeln!(out, "{}{value}", label(name))
}

fn label(name: &str) -> String {
    format!("  {name:<13} ")
}
