//! What the file holds beside the history: where that begins and ends, counters, and which policy is installed. One
//! row a value, and over all of them a seal, so that a lost or altered row shows.

use crate::serve::wire::Head;
use crate::store::chain::NOTHING;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use trust_ledger::{LedgerError, doing};
use trust_token::crypto::sha256;

/// The most audiences, and the most providers, that are remembered.
pub const MAX_NAMES: usize = 64;
/// The greatest number of an entry: further than any device comes, and far from where SQLite's numbers end.
const MAX_SEQUENCE: u64 = 1 << 53;
/// The longest name of one, in bytes.
pub const MAX_NAME: usize = 128;

const SEAL: &str = "seal";
const AUDIENCE: &str = "audience/";
const PROVIDER: &str = "provider/";

/// Which policy is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) version: u32,
    pub(crate) expires: u64,
    /// Of the policy's text.
    pub(crate) digest: [u8; 32],
    /// Of the bundle's bytes.
    pub(crate) bundle: [u8; 32],
}

/// Which revocation list is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) number: u64,
    /// Of when it is, in seconds since 1970.
    pub(crate) taken_at: i64,
    /// Of its bytes.
    pub(crate) digest: [u8; 32],
}

/// What is counted for one audience, from numbers that no other audience's begin at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// What its counter of boots is above the number of them.
    pub(crate) boots: u64,
    /// The last number that was reserved for an attestation.
    pub(crate) last: u64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// What stands before the first entry.
    pub(crate) anchor: Head,
    /// The last entry.
    pub(crate) head: Head,
    /// When the file was begun, in seconds since 1970.
    pub(crate) begun_at: i64,
    /// Whether it was begun because another was lost.
    pub(crate) is_anew: bool,
    pub(crate) boot_id: [u8; 16],
    /// How many boots this file has seen.
    pub(crate) boots: u64,
    pub(crate) policy: Option<Stamp>,
    pub(crate) revocations: Option<Listed>,
    /// The highest attested boot patch level, YYYYMM.
    pub(crate) patch_floor: Option<u32>,
    /// What is counted for each audience.
    pub(crate) audiences: BTreeMap<String, Counted>,
    /// Per provider: the last report, of which boot.
    pub(crate) providers: BTreeMap<String, ([u8; 16], u64)>,
}

impl State {
    /// Of a file that begins after this head.
    pub(crate) fn begin(anchor: Head, begun_at: i64, is_anew: bool) -> State {
        State {
            anchor,
            head: anchor,
            begun_at,
            is_anew,
            boot_id: [0; 16],
            boots: 0,
            policy: None,
            revocations: None,
            patch_floor: None,
            audiences: BTreeMap::new(),
            providers: BTreeMap::new(),
        }
    }

    /// Reads every row. An error, if they are not what was sealed.
    pub(crate) fn read(on: &Connection) -> Result<State, LedgerError> {
        let reading = doing("reading the state");
        let mut statement = on.prepare_cached("SELECT name, value FROM state").map_err(&reading)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&reading)?;
        let mut rows: Rows = rows.collect::<Result<_, _>>().map_err(&reading)?;
        let damaged = |says: &str| LedgerError::Damaged(says.into());
        match rows.remove(SEAL) {
            Some(seal) if seal == seal_of(&rows) => {}
            Some(_) => return Err(damaged("the state is not what was sealed")),
            None => return Err(damaged("the state has no seal")),
        }
        State::from_rows(rows).ok_or_else(|| damaged("a row of the state is of another form"))
    }

    /// Writes what differs from `before`, and the seal. Inside a transaction.
    pub(crate) fn write(&self, on: &Connection, before: Option<&State>) -> Result<(), LedgerError> {
        let writing = doing("writing the state");
        let (old, mut new) = (before.map(State::to_rows).unwrap_or_default(), self.to_rows());
        if before == Some(self) {
            return Ok(());
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            let delete = on.prepare_cached("DELETE FROM state WHERE name = ?1");
            delete.and_then(|mut delete| delete.execute(params![name])).map_err(&writing)?;
        }
        new.insert(SEAL.into(), seal_of(&new).to_vec());
        for (name, value) in new.iter().filter(|(name, value)| old.get(*name) != Some(value)) {
            let insert = on.prepare_cached("INSERT OR REPLACE INTO state (name, value) VALUES (?1, ?2)");
            insert.and_then(|mut insert| insert.execute(params![name, value])).map_err(&writing)?;
        }
        Ok(())
    }

    fn to_rows(&self) -> Rows {
        let head = |head: &Head| [&head.sequence.to_be_bytes()[..], &head.digest].concat();
        let counted = |boot_id: &[u8; 16], count: u64| [&boot_id[..], &count.to_be_bytes()].concat();
        let mut rows = Rows::from([
            ("anchor".into(), head(&self.anchor)),
            ("head".into(), head(&self.head)),
            ("begun".into(), [&self.begun_at.to_be_bytes()[..], &[self.is_anew.into()]].concat()),
            ("boot".into(), counted(&self.boot_id, self.boots)),
        ]);
        if let Some(Stamp { version, expires, digest, bundle }) = self.policy {
            let numbers = [&version.to_be_bytes()[..], &expires.to_be_bytes()].concat();
            rows.insert("policy".into(), [&numbers[..], &digest, &bundle].concat());
        }
        if let Some(Listed { number, taken_at, digest }) = self.revocations {
            let numbers = [number.to_be_bytes(), taken_at.to_be_bytes()].concat();
            rows.insert("revocations".into(), [&numbers[..], &digest].concat());
        }
        if let Some(floor) = self.patch_floor {
            rows.insert("patch-floor".into(), floor.to_be_bytes().into());
        }
        let audiences = self.audiences.iter();
        rows.extend(audiences.map(|(name, Counted { boots, last })| {
            (format!("{AUDIENCE}{name}"), [boots.to_be_bytes(), last.to_be_bytes()].concat())
        }));
        let providers = self.providers.iter();
        rows.extend(
            providers.map(|(name, (boot_id, last))| (format!("{PROVIDER}{name}"), counted(boot_id, *last))),
        );
        rows
    }

    fn from_rows(rows: Rows) -> Option<State> {
        let mut state = State::begin(NOTHING, 0, false);
        let mut seen = 0;
        for (name, value) in rows {
            match name.as_str() {
                "anchor" => state.anchor = head(&value)?,
                "head" => state.head = head(&value)?,
                "begun" => {
                    let (at, rest) = value.split_first_chunk()?;
                    state.begun_at = i64::from_be_bytes(*at);
                    state.is_anew = matches!(rest, [1]);
                }
                "boot" => (state.boot_id, state.boots) = counted(&value)?,
                "policy" => {
                    state.policy = Some(stamp(&value)?);
                    continue;
                }
                "revocations" => {
                    state.revocations = Some(listed(&value)?);
                    continue;
                }
                "patch-floor" => {
                    state.patch_floor = Some(u32::from_be_bytes(value.try_into().ok()?));
                    continue;
                }
                _ => {
                    if let Some(name) = name.strip_prefix(AUDIENCE) {
                        state.audiences.insert(name.into(), numbers(&value)?);
                    } else {
                        state.providers.insert(name.strip_prefix(PROVIDER)?.into(), counted(&value)?);
                    }
                    continue;
                }
            }
            seen += 1;
        }
        (seen == 4).then_some(state)
    }
}

type Rows = BTreeMap<String, Vec<u8>>;

/// Over every row in the order of names: the lengths of name and value (8 bytes each, big-endian), name, value.
fn seal_of(rows: &Rows) -> [u8; 32] {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes();
    let rows = rows.iter().filter(|(name, _)| *name != SEAL);
    let parts = rows.flat_map(|(name, value)| {
        let (name, value) = (name.as_bytes(), value.as_slice());
        [&length(name)[..], &length(value)[..], name, value].concat()
    });
    sha256(&[b"com.enigm.trust.state/1\0", &parts.collect::<Vec<u8>>()])
}

fn head(bytes: &[u8]) -> Option<Head> {
    let (sequence, digest) = bytes.split_first_chunk()?;
    let sequence = Some(u64::from_be_bytes(*sequence)).filter(|sequence| *sequence <= MAX_SEQUENCE)?;
    Some(Head { sequence, digest: digest.try_into().ok()? })
}

fn counted(bytes: &[u8]) -> Option<([u8; 16], u64)> {
    let (boot_id, count) = bytes.split_first_chunk()?;
    Some((*boot_id, u64::from_be_bytes(count.try_into().ok()?)))
}

fn numbers(bytes: &[u8]) -> Option<Counted> {
    let (boots, last) = bytes.split_first_chunk()?;
    Some(Counted { boots: u64::from_be_bytes(*boots), last: u64::from_be_bytes(last.try_into().ok()?) })
}

fn stamp(bytes: &[u8]) -> Option<Stamp> {
    let (version, rest) = bytes.split_first_chunk()?;
    let (expires, rest) = rest.split_first_chunk()?;
    let (digest, bundle) = rest.split_first_chunk()?;
    Some(Stamp {
        version: u32::from_be_bytes(*version),
        expires: u64::from_be_bytes(*expires),
        digest: *digest,
        bundle: bundle.try_into().ok()?,
    })
}

fn listed(bytes: &[u8]) -> Option<Listed> {
    let (number, rest) = bytes.split_first_chunk()?;
    let (taken_at, digest) = rest.split_first_chunk()?;
    Some(Listed {
        number: u64::from_be_bytes(*number),
        taken_at: i64::from_be_bytes(*taken_at),
        digest: digest.try_into().ok()?,
    })
}
