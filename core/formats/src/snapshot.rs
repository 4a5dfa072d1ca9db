//! The state of the last update: /metadata/ota/state, written by libsnapshot.

use crate::FormatError;

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
/// is [`UpdateState::None`].
pub fn parse(_bytes: &[u8]) -> Result<Snapshot, FormatError> {
    Err(FormatError::malformed("update state", "not written yet"))
}
