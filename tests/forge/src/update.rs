//! A whole update: its metadata in both forms, its payload, and what identifies that.

use crate::package::zip;
use crate::protobuf::{bytes, varint};
use crate::{Hash, base64};

/// META-INF/com/android/metadata of a full update.
pub const METADATA: &str = "ota-property-files=payload.bin:1:2  \n\
    ota-required-cache=0\n\
    ota-type=AB\n\
    post-build=enigm/halcyon/halcyon:16/EP1A.261005.002/2026100501:user/release-keys\n\
    post-build-incremental=2026100501\n\
    post-sdk-level=36\n\
    post-security-patch-level=2026-10-05\n\
    post-timestamp=1791187200\n\
    pre-device=halcyon\n";

/// META-INF/com/android/metadata.pb of the same update.
pub fn metadata_message() -> Vec<u8> {
    let after = [
        bytes(1, "halcyon"),
        bytes(2, "enigm/halcyon/halcyon:16/EP1A.261005.002/2026100501:user/release-keys"),
        bytes(3, "2026100501"),
        varint(4, 1_791_187_200),
        bytes(5, "36"),
        bytes(6, "2026-10-05"),
    ];
    let files = [bytes(1, "ota-property-files"), bytes(2, "payload.bin:1:2  ")];
    [varint(1, 1), bytes(4, files.concat()), bytes(5, bytes(1, "halcyon")), bytes(6, after.concat())].concat()
}

/// payload_properties.txt of a payload whose header and manifest have this size.
pub fn properties(payload: &[u8], metadata_size: usize) -> String {
    format!(
        "FILE_HASH={}\nFILE_SIZE={}\nMETADATA_HASH={}\nMETADATA_SIZE={metadata_size}\n",
        base64(&Hash::Sha256.of(payload)),
        payload.len(),
        base64(&Hash::Sha256.of(&payload[..metadata_size])),
    )
}

/// The archive of an update with this payload, not signed.
pub fn archive(payload: &[u8]) -> Vec<u8> {
    let manifest = u64::from_be_bytes(payload[12..20].try_into().expect("eight bytes"));
    zip(&[
        ("META-INF/com/android/metadata", METADATA.as_bytes()),
        ("META-INF/com/android/metadata.pb", &metadata_message()),
        ("payload.bin", payload),
        ("payload_properties.txt", properties(payload, 24 + manifest as usize).as_bytes()),
    ])
}
