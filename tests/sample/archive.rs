//! Archives whose bytes are the same wherever they are made: nothing in them is compressed.

use flate2::Crc;
use std::io::{Cursor, Write};
use zip::write::FileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A zip archive of stored entries, dated 1980.
pub fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = FileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, text) in entries {
        writer.start_file(*name, stored).unwrap_or_else(|error| panic!("{name}: {error}"));
        writer.write_all(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    writer.finish().unwrap_or_else(|error| panic!("{error}")).into_inner()
}

/// A gzip file of one stored block (RFC 1951 §3.2.4, RFC 1952 §2.3), without name and time.
pub fn gzip(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or_else(|_| panic!("expected a text of one block"));
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let block = [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), text.as_bytes()].concat();
    [&head[..], &block, &crc.sum().to_le_bytes(), &u32::from(length).to_le_bytes()].concat()
}
