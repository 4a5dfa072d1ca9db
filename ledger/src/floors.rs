//! Floors as 32 bytes: policy version (4), counters (8, 8), patch levels (4, 4, 4), big-endian.

use trust_token::claims::Counters;
use trust_token::credential::Floors;

/// The bytes of some floors.
pub(crate) fn to_bytes(floors: &Floors) -> [u8; 32] {
    let mut bytes = [0; 32];
    let Floors { policy_version, counters, patches } = floors;
    let fields = policy_version.to_be_bytes().into_iter();
    let fields = fields.chain(counters.boot.to_be_bytes()).chain(counters.sequence.to_be_bytes());
    let fields = fields.chain(patches.iter().flat_map(|patch| patch.to_be_bytes()));
    bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
    bytes
}

/// The floors of some bytes, if they are as many as there must be.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Floors> {
    let (policy_version, rest) = bytes.split_first_chunk()?;
    let (boot, rest) = rest.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (patches, rest) = rest.as_chunks::<4>();
    let patches: &[[u8; 4]; 3] = patches.try_into().ok()?;
    rest.is_empty().then(|| Floors {
        policy_version: u32::from_be_bytes(*policy_version),
        counters: Counters { boot: u64::from_be_bytes(*boot), sequence: u64::from_be_bytes(*sequence) },
        patches: patches.map(u32::from_be_bytes),
    })
}
