//! The state of the last update: /metadata/ota/state, written by libsnapshot.
//!
//! ```text
//! message SnapshotUpdateStatus { UpdateState state = 1; … string source_build_fingerprint = 8; … } // proto3
//! ```
//!
//! A field that is zero is not written, so no update is an empty file. Versions before Android 11 wrote the
//! state's word instead. update_engine writes the file and vouches for it. Source: snapshot.proto and
//! SnapshotManager::ReadSnapshotUpdateStatus of AOSP's libsnapshot.

use crate::FormatError;
use crate::error::shown_bytes;
use crate::protobuf::{self, Field, Value};

/// The largest file, in bytes.
pub const MAX_BYTES: usize = 64 << 10;
/// The longest fingerprint, in bytes.
pub const MAX_FINGERPRINT: usize = 256;

const WHAT: &str = "update state";

/// What /metadata/ota/state says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Where the update stands.
    pub state: UpdateState,
    /// The build from which the update started. Absent in the old text form and where it is empty.
    pub source_fingerprint: Option<Box<str>>,
}

/// Where an update stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateState {
    /// No update.
    None,
    /// Being written; the old slot runs.
    Initiated,
    /// Written, not yet known to boot well.
    Unverified,
    /// The new slot booted; snapshots are being merged.
    Merging,
    /// The merge needs a reboot to finish.
    MergeNeedsReboot,
    /// Merged, not yet acknowledged.
    MergeCompleted,
    /// The merge failed.
    MergeFailed,
    /// Cancelled.
    Cancelled,
}

impl UpdateState {
    /// Every state, at the place of its number in the protobuf.
    pub const ALL: [UpdateState; 8] = [
        UpdateState::None,
        UpdateState::Initiated,
        UpdateState::Unverified,
        UpdateState::Merging,
        UpdateState::MergeNeedsReboot,
        UpdateState::MergeCompleted,
        UpdateState::MergeFailed,
        UpdateState::Cancelled,
    ];

    /// The state's name in libsnapshot's text form.
    pub fn word(self) -> &'static str {
        match self {
            UpdateState::None => "none",
            UpdateState::Initiated => "initiated",
            UpdateState::Unverified => "unverified",
            UpdateState::Merging => "merging",
            UpdateState::MergeNeedsReboot => "merge-needs-reboot",
            UpdateState::MergeCompleted => "merge-completed",
            UpdateState::MergeFailed => "merge-failed",
            UpdateState::Cancelled => "cancelled",
        }
    }
}

/// Reads /metadata/ota/state: the protobuf SnapshotUpdateStatus, or the word of older versions. An empty file
/// is [`UpdateState::None`]. Strict: a state that has no name, a known field of another type or given twice,
/// and a number that is not in its shortest form are errors. Fields that later versions add are skipped.
pub fn parse(bytes: &[u8]) -> Result<Snapshot, FormatError> {
    if bytes.len() > MAX_BYTES {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_BYTES));
    }
    // Words first: "initiated" would also be a field 13 of eight bytes.
    let by_word =
        UpdateState::ALL.into_iter().find(|state| bytes.trim_ascii_end() == state.word().as_bytes());
    if let Some(state) = by_word {
        return Ok(Snapshot { state, source_fingerprint: None });
    }
    let (mut state, mut fingerprint) = (None, None);
    for field in protobuf::fields(WHAT, bytes) {
        let Field { number, value, at, .. } = field?;
        let error = |message: String| FormatError::malformed(WHAT, message).at_byte(at);
        let twice = match (number, value) {
            (1, Value::Varint(number)) => state
                .replace(named(number).ok_or_else(|| {
                    error(format!("state {number}: expected 0 to {}", UpdateState::ALL.len() - 1))
                })?)
                .is_some(),
            (8, Value::Bytes(text)) => fingerprint
                .replace(read_fingerprint(text).ok_or_else(|| {
                    error(format!("fingerprint {}: expected printable ASCII", shown_bytes(text)))
                })?)
                .is_some(),
            (2..=7 | 9..=14, Value::Varint(_)) => false,
            (1..=14, _) => return Err(error(format!("field {number}: expected another wire type"))),
            (_, _) => false,
        };
        if twice {
            return Err(error(format!("field {number} again: expected it once")));
        }
    }
    Ok(Snapshot {
        state: state.unwrap_or(UpdateState::None),
        source_fingerprint: fingerprint.filter(|text| !text.is_empty()),
    })
}

fn named(number: u64) -> Option<UpdateState> {
    UpdateState::ALL.get(usize::try_from(number).ok()?).copied()
}

fn read_fingerprint(text: &[u8]) -> Option<Box<str>> {
    let text = std::str::from_utf8(text).ok()?;
    (text.len() <= MAX_FINGERPRINT && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNVERIFIED: &[u8] = &[
        0x08, 0x02, // state = Unverified
        0x10, 0x80, 0x20, // sectors_allocated = 4096
        0x28, 0x01, // using_snapuserd
        0x42, 0x05, b'a', b'/', b'b', b':', b'1', // source_build_fingerprint
        0x48, 0x01, // userspace_snapshots
        0x9a, 0x06, 0x01, 0xff, // field 99 of a later version, one byte
        0xa1, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, // field 100, eight bytes
        0xad, 0x06, 0, 0, 0, 0, // field 101, four bytes
    ];

    #[test]
    fn a_status_is_read_past_fields_that_are_not_known() {
        let snapshot = parse(UNVERIFIED).unwrap();
        assert_eq!(snapshot.state, UpdateState::Unverified);
        assert_eq!(snapshot.source_fingerprint.as_deref(), Some("a/b:1"));
    }

    #[test]
    fn odd_but_valid_states_are_read() {
        for (bytes, state) in [
            (&b""[..], UpdateState::None),
            (&[0x28, 0x01], UpdateState::None),
            (&[0x08, 0x00], UpdateState::None),
            (&[0x08, 0x03, 0x42, 0x00], UpdateState::Merging),
            (b"none", UpdateState::None),
            (b"merge-needs-reboot\n", UpdateState::MergeNeedsReboot),
            (b"cancelled", UpdateState::Cancelled),
        ] {
            assert_eq!(parse(bytes).unwrap(), Snapshot { state, source_fingerprint: None }, "{bytes:02x?}");
        }
    }

    #[test]
    fn what_is_no_state_is_refused_with_its_byte() {
        for (bytes, message) in [
            (&[0x08][..], "update state, byte 1: the end inside a number"),
            (&[0x08, 0x08], "byte 0: state 8: expected 0 to 7"),
            (&[0x08, 0x82, 0x00], "byte 1: a number in 2 bytes: expected its shortest form"),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], "expected at most 64 bits"),
            (
                &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x01],
                "expected at most 64 bits",
            ),
            (&[0x08, 0x02, 0x08, 0x02], "byte 2: field 1 again: expected it once"),
            (&[0x0a, 0x00], "byte 0: field 1: expected another wire type"),
            (&[0x40, 0x00], "field 8: expected another wire type"),
            (&[0x15, 0, 0, 0, 0], "field 2: expected another wire type"),
            (&[0x42, 0x03, b'a'], "byte 2: the end inside a field of 3 bytes"),
            (&[0x42, 0xff, 0xff, 0xff, 0xff, 0x0f, b'a'], "the end inside a field of 4294967295 bytes"),
            (&[0x42, 0x02, b'a', b'\n'], "fingerprint \"a\\u{a}\": expected printable ASCII"),
            (&[0x42, 0x01, 0xff], "expected printable ASCII"),
            (&[0x42, 0x01, b'a', 0x42, 0x00], "field 8 again"),
            (&[0x0b], "wire type 3: expected 0, 1, 2 or 5"),
            (&[0x00], "field 0: expected 1 to 536870911"),
            (&[0x81, 0x80, 0x80, 0x80, 0x10], "field 536870912: expected"),
            (&[0xa1, 0x06, 0], "the end inside a field of 8 bytes"),
            (b"Merging", "update state, byte"),
            (b"merging!", "update state, byte"),
        ] {
            let error = parse(bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{bytes:02x?} {error}");
        }
        assert!(parse(&vec![0x28; MAX_BYTES + 1]).unwrap_err().is_too_large());
        let mut long = vec![0x42, 0x81, 0x02];
        long.resize(3 + MAX_FINGERPRINT + 1, b'a');
        assert!(parse(&long).is_err());
    }

    #[test]
    fn every_word_is_the_state_of_its_place() {
        for (number, state) in UpdateState::ALL.into_iter().enumerate() {
            assert_eq!(parse(state.word().as_bytes()).unwrap().state, state);
            assert_eq!(parse(&[0x08, number.try_into().unwrap()]).unwrap().state, state);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn what_libsnapshot_writes_reads_back(state in 0u8..7, sectors in 0u8..128, fingerprint in "[!-~]{1,99}") {
            let mut bytes = vec![0x08, state, 0x10, sectors, 0x42, fingerprint.len().try_into().unwrap()];
            bytes.extend_from_slice(fingerprint.as_bytes());
            let snapshot = parse(&bytes).unwrap();
            prop_assert_eq!(snapshot.state, UpdateState::ALL[usize::from(state)]);
            prop_assert_eq!(snapshot.source_fingerprint.as_deref(), Some(&*fingerprint));
        }
    }
}
