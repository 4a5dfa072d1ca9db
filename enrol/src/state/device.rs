//! Enrolled handles, each with its one key. A row is never removed.

use crate::clock::integer;
use crate::state::{StateError, doing, execute, one};
use rusqlite::{Connection, OptionalExtension, Row, params};
use trust_token::credential::EvidenceLevel;
use trust_token::crypto::Sha256Digest;

const COLUMNS: &str =
    "audience, handle, key, attested, judged_at, level, issued_at, policy, system, vendor, boot";

/// An enrolled handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// For whom.
    pub audience: Box<str>,
    /// What it is called, to this audience alone.
    pub handle: [u8; 32],
    /// The thumbprint of its key.
    pub key: Sha256Digest,
    /// What the key was attested for; see [`trust_token::evidence::attestation_challenge`].
    pub attested: Sha256Digest,
    /// When its chain was first verified, in seconds since 1970.
    pub judged_at: u64,
    /// How well the key is kept.
    pub level: EvidenceLevel,
    /// When its last credential was given, as that says.
    pub issued_at: u64,
    /// The floor of the policy's version.
    pub policy: u32,
    /// The floors of the patch levels of system, vendor and boot image, YYYYMM.
    pub patches: [u32; 3],
}

/// The device of a handle.
pub(crate) fn find(on: &Connection, audience: &str, handle: &[u8; 32]) -> Result<Option<Device>, StateError> {
    let query = format!("SELECT {COLUMNS} FROM device WHERE audience = ?1 AND handle = ?2");
    one(on, &query, params![audience, handle], read).optional().map_err(doing("looking a handle up"))
}

/// An audience and a handle.
type Owner = (Box<str>, [u8; 32]);

/// Whose key it is.
pub(crate) fn key_owner(on: &Connection, key: &Sha256Digest) -> Result<Option<Owner>, StateError> {
    let query = "SELECT audience, handle FROM device WHERE key = ?1";
    let found = one(on, query, params![key], |row| Ok((row.get::<_, String>(0)?.into(), row.get(1)?)));
    found.optional().map_err(doing("looking a key up"))
}

/// Enrols a handle; none if as many as may be are.
pub(crate) fn insert(on: &Connection, device: &Device, most: u64) -> Result<bool, StateError> {
    // No row is ever removed, so that the highest number is how many there are.
    let last = one(on, "SELECT max(rowid) FROM device", [], |row| row.get::<_, Option<i64>>(0));
    if last.map_err(doing("counting devices"))?.unwrap_or_default().unsigned_abs() >= most {
        return Ok(false);
    }
    let insert =
        format!("INSERT INTO device ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
    write(on, &insert, device)?;
    Ok(true)
}

/// Remembers what a handle has now.
pub(crate) fn replace(on: &Connection, device: &Device) -> Result<(), StateError> {
    let update = "UPDATE device SET key = ?3, attested = ?4, judged_at = ?5, level = ?6, issued_at = ?7, policy = ?8, system = ?9, vendor = ?10, boot = ?11 WHERE audience = ?1 AND handle = ?2";
    write(on, update, device)
}

fn write(on: &Connection, sql: &str, device: &Device) -> Result<(), StateError> {
    let [system, vendor, boot] = device.patches;
    let row = params![
        &*device.audience,
        device.handle,
        device.key,
        device.attested,
        integer(device.judged_at),
        device.level as i64,
        integer(device.issued_at),
        device.policy,
        system,
        vendor,
        boot
    ];
    execute(on, sql, row).map(|_| ()).map_err(doing("writing a device"))
}

/// Every device, by audience and handle.
pub(crate) fn all(on: &Connection) -> Result<Vec<Device>, StateError> {
    let reading = doing("reading the devices");
    let query = format!("SELECT {COLUMNS} FROM device ORDER BY audience, handle");
    let mut statement = on.prepare(&query).map_err(&reading)?;
    let rows = statement.query_map([], read).map_err(&reading)?;
    rows.collect::<Result<_, _>>().map_err(&reading)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Device> {
    let seconds = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Device {
        audience: row.get::<_, String>(0)?.into(),
        handle: row.get(1)?,
        key: row.get(2)?,
        attested: row.get(3)?,
        judged_at: seconds(4)?,
        level: level(row.get(5)?),
        issued_at: seconds(6)?,
        policy: row.get(7)?,
        patches: [row.get(8)?, row.get(9)?, row.get(10)?],
    })
}

/// A level that nobody wrote counts as the least.
pub(crate) fn level(number: i64) -> EvidenceLevel {
    match number {
        2 => EvidenceLevel::StrongBox,
        1 => EvidenceLevel::TrustedEnvironment,
        _ => EvidenceLevel::Software,
    }
}
