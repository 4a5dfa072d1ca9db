//! The chain of the history: what an entry's digest is over, and what makes a row of entries a history. No I/O, so
//! that who is handed entries can verify them too.
//!
//! An entry's digest is SHA-256 over `com.enigm.trust.history/1`, a zero byte, and the entry as these 148 bytes,
//! numbers big-endian:
//!
//! ```text
//!   0   8  sequence          32   8  since_boot         52  32  checks_digest
//!   8   8  at (signed)       40   1  cause              84  32  policy_digest
//!  16  16  boot_id           41   1  posture           116  32  previous
//!                            42  10  gates 1 to 10
//! ```
//!
//! The numbers of postures and verdicts are the attestation's: non-compliant 0, indeterminate 1, at-risk 2, compliant
//! 3; fail 0, unknown 1, pass 2, not-applicable 3.

use crate::serve::wire::{Cause, Head, HistoryEntry};
use std::fmt;
use trust_posture::{Posture, Verdict};
use trust_token::crypto::sha256;

/// What every digest begins with.
pub const DOMAIN: &[u8] = b"com.enigm.trust.history/1\0";
/// The length of an entry, in bytes.
pub const BODY: usize = 148;
/// What stands before the first entry of all.
pub const NOTHING: Head = Head { sequence: 0, digest: [0; 32] };

/// What an entry is to say. Its number, cause and links are the chain's to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// When it was judged, in seconds since 1970 by the device's clock.
    pub at: i64,
    /// Which boot: the kernel's random boot id.
    pub boot_id: [u8; 16],
    /// Milliseconds since that boot, sleep included.
    pub since_boot: u64,
    /// The posture from here on.
    pub posture: Posture,
    /// The verdicts of gates 1 to 10.
    pub gates: [Verdict; 10],
    /// SHA-256 of every check's verdict.
    pub checks_digest: [u8; 32],
    /// SHA-256 of the policy's bytes.
    pub policy_digest: [u8; 32],
}

impl New {
    /// The entry after this head.
    pub fn chained(&self, after: &Head, cause: Cause) -> HistoryEntry {
        let New { at, boot_id, since_boot, posture, gates, checks_digest, policy_digest } = self.clone();
        let (sequence, previous) = (after.sequence.saturating_add(1), after.digest);
        let digest = [0; 32];
        let mut entry = HistoryEntry {
            sequence,
            at,
            boot_id,
            since_boot,
            cause,
            posture,
            gates,
            checks_digest,
            policy_digest,
            previous,
            digest,
        };
        entry.digest = digest_of(&to_bytes(&entry));
        entry
    }

    /// What an entry says.
    pub fn of(entry: &HistoryEntry) -> New {
        let HistoryEntry { at, boot_id, since_boot, posture, gates, checks_digest, policy_digest, .. } =
            entry.clone();
        New { at, boot_id, since_boot, posture, gates, checks_digest, policy_digest }
    }
}

/// The head that an entry is.
pub fn head_of(entry: &HistoryEntry) -> Head {
    Head { sequence: entry.sequence, digest: entry.digest }
}

/// A head as people pass it on: its number, a colon, its digest in hexadecimal.
pub fn head_text(head: &Head) -> String {
    format!("{}:{}", head.sequence, data_encoding::HEXLOWER.encode(&head.digest))
}

/// The head of such a text.
pub fn head_from_text(text: &str) -> Option<Head> {
    let (sequence, digest) = text.split_once(':')?;
    let digest = data_encoding::HEXLOWER_PERMISSIVE.decode(digest.as_bytes()).ok()?;
    let is_plain = sequence.bytes().all(|byte| byte.is_ascii_digit());
    Some(Head { sequence: sequence.parse().ok().filter(|_| is_plain)?, digest: digest.try_into().ok()? })
}

/// The digest of an entry's bytes.
pub fn digest_of(body: &[u8]) -> [u8; 32] {
    sha256(&[DOMAIN, body])
}

/// An entry as its digest reads it.
pub fn to_bytes(entry: &HistoryEntry) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BODY);
    bytes.extend(entry.sequence.to_be_bytes());
    bytes.extend(entry.at.to_be_bytes());
    bytes.extend(entry.boot_id);
    bytes.extend(entry.since_boot.to_be_bytes());
    bytes.push(entry.cause as u8);
    bytes.push(posture_number(entry.posture));
    bytes.extend(entry.gates.map(verdict_number));
    bytes.extend(entry.checks_digest);
    bytes.extend(entry.policy_digest);
    bytes.extend(entry.previous);
    bytes
}

/// The entry of some bytes, with the digest that they have.
pub fn from_bytes(bytes: &[u8]) -> Option<HistoryEntry> {
    let (sequence, rest) = bytes.split_first_chunk()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (boot_id, rest) = rest.split_first_chunk()?;
    let (since_boot, rest) = rest.split_first_chunk()?;
    let ([cause, posture], rest) = rest.split_first_chunk()?;
    let (gates, rest) = rest.split_first_chunk::<10>()?;
    let (checks_digest, rest) = rest.split_first_chunk()?;
    let (policy_digest, rest) = rest.split_first_chunk()?;
    let previous = rest.try_into().ok()?;
    let verdicts = gates.map(|number| VERDICTS.get(usize::from(number)).copied());
    let verdicts: Vec<Verdict> = verdicts.into_iter().collect::<Option<_>>()?;
    Some(HistoryEntry {
        sequence: u64::from_be_bytes(*sequence),
        at: i64::from_be_bytes(*at),
        boot_id: *boot_id,
        since_boot: u64::from_be_bytes(*since_boot),
        cause: *CAUSES.get(usize::from(*cause))?,
        posture: *POSTURES.get(usize::from(*posture))?,
        gates: verdicts.try_into().ok()?,
        checks_digest: *checks_digest,
        policy_digest: *policy_digest,
        previous,
        digest: digest_of(bytes),
    })
}

const CAUSES: [Cause; 3] = [Cause::Change, Cause::Boot, Cause::Anew];
const POSTURES: [Posture; 4] =
    [Posture::NonCompliant, Posture::Indeterminate, Posture::AtRisk, Posture::Compliant];
const VERDICTS: [Verdict; 4] = [Verdict::Fail, Verdict::Unknown, Verdict::Pass, Verdict::NotApplicable];

fn posture_number(posture: Posture) -> u8 {
    match posture {
        Posture::NonCompliant => 0,
        Posture::Indeterminate => 1,
        Posture::AtRisk => 2,
        Posture::Compliant => 3,
    }
}

fn verdict_number(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Fail => 0,
        Verdict::Unknown => 1,
        Verdict::Pass => 2,
        Verdict::NotApplicable => 3,
    }
}

/// A history that was read from its anchor to its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What stands before its first entry: the last that was pruned, or nothing.
    pub anchor: Head,
    /// How many entries there are.
    pub entries: u64,
    /// Its last entry; the anchor, if there is none.
    pub head: Head,
}

/// The first place where entries are no history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The number that was expected there.
    pub sequence: u64,
    /// What is wrong with it.
    pub why: Break,
}

/// How many entries are left when the oldest are pruned.
pub const LEFT: u64 = super::MAX_ENTRIES - super::MAX_ENTRIES / 8;

/// What breaks a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The number is another: an entry is missing, doubled or moved.
    Number(u64),
    /// The digest is not that of what the entry says.
    Digest,
    /// It names another entry before it.
    Link,
    /// Its cause says the same boot of another one, or another boot of the same.
    Cause,
    /// It is the first, those before it are gone, and so few are left as no daemon leaves when it prunes.
    Start,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: ", self.sequence)?;
        match self.why {
            Break::Number(found) => write!(f, "found number {found}"),
            Break::Digest => write!(f, "its digest is not that of what it says"),
            Break::Link => write!(f, "it follows another entry than the one before it"),
            Break::Cause => write!(f, "its cause does not fit its boot"),
            Break::Start => write!(f, "it is the first, and a daemon that prunes leaves {LEFT} at least"),
        }
    }
}

/// A walk along entries, oldest first.
#[derive(Debug)]
pub struct Walk {
    so_far: Verified,
    boot_id: Option<[u8; 16]>,
}

impl Walk {
    /// From what stands before the first.
    pub fn from(anchor: Head) -> Walk {
        Walk { so_far: Verified { anchor, entries: 0, head: anchor }, boot_id: None }
    }

    /// Along one entry.
    pub fn step(&mut self, entry: &HistoryEntry) -> Result<(), Broken> {
        let sequence = self.so_far.head.sequence.saturating_add(1);
        let fits_boot = match (entry.cause, self.boot_id) {
            (Cause::Change, Some(boot_id)) => entry.boot_id == boot_id,
            (Cause::Boot, Some(boot_id)) => entry.boot_id != boot_id,
            _ => true,
        };
        let broken = |why| Err(Broken { sequence, why });
        match () {
            () if entry.sequence != sequence => return broken(Break::Number(entry.sequence)),
            () if entry.previous != self.so_far.head.digest => return broken(Break::Link),
            () if entry.digest != digest_of(&to_bytes(entry)) => return broken(Break::Digest),
            () if !fits_boot => return broken(Break::Cause),
            () => {}
        }
        self.so_far.head = head_of(entry);
        self.so_far.entries = self.so_far.entries.saturating_add(1);
        self.boot_id = Some(entry.boot_id);
        Ok(())
    }

    /// What was walked.
    pub fn end(self) -> Verified {
        self.so_far
    }
}

/// Walks along entries as they were handed over, oldest first; what the first follows is taken at its word.
pub fn verify(entries: &[HistoryEntry]) -> Result<Verified, Broken> {
    let anchor = entries
        .first()
        .map_or(NOTHING, |first| Head { sequence: first.sequence.saturating_sub(1), digest: first.previous });
    let mut walk = Walk::from(anchor);
    entries.iter().try_for_each(|entry| walk.step(entry))?;
    Ok(walk.end())
}

/// The same of a whole history, from its first entry on: where those before it are gone, either the first says that the
/// history was begun anew, or so many are left as a daemon leaves when it prunes.
pub fn verify_whole(entries: &[HistoryEntry]) -> Result<Verified, Broken> {
    let verified = verify(entries)?;
    match entries.first() {
        Some(first)
            if verified.anchor.sequence > 0 && verified.entries < LEFT && first.cause != Cause::Anew =>
        {
            Err(Broken { sequence: first.sequence, why: Break::Start })
        }
        _ => Ok(verified),
    }
}

/// Whether a history is the one that an earlier head was of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has that entry.
    Continues,
    /// It ends before that entry: an older copy was put back, or it was begun anew.
    Missing,
    /// It has another entry of that number: it was rewritten, or begun anew.
    Forked,
    /// Entries up to that one were pruned: nothing can be said.
    Pruned,
    /// It goes on from that entry, and no longer has it.
    Anchor,
}

impl Standing {
    /// As JSON writes it.
    pub fn code(self) -> &'static str {
        match self {
            Standing::Continues => "continues",
            Standing::Missing => "missing",
            Standing::Forked => "forked",
            Standing::Pruned => "pruned",
            Standing::Anchor => "anchor",
        }
    }

    /// How `head` stands to a history, of which `found` is the entry or the anchor of that number.
    pub fn of(head: &Head, history: &Verified, found: Option<Head>) -> Standing {
        match found {
            _ if *head == NOTHING => Standing::Continues,
            _ if head.sequence > history.head.sequence => Standing::Missing,
            _ if head.sequence < history.anchor.sequence => Standing::Pruned,
            Some(found) if found == *head && found == history.anchor => Standing::Anchor,
            Some(found) if found == *head => Standing::Continues,
            _ => Standing::Forked,
        }
    }
}
