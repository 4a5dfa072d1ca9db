//! The little of X.509 that finds an extension in a certificate whose encoding nobody doubts.

use data_encoding::BASE64;
use std::fs;
use std::path::Path;

/// The certificates of a file: the one of DER, or all of PEM.
pub(super) fn certificates(file: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(file).unwrap();
    let Ok(text) = std::str::from_utf8(&bytes) else { return vec![bytes] };
    let certificate = |part: &str| {
        let lines: String = part.split_once("-----END").unwrap().0.split_whitespace().collect();
        BASE64.decode(lines.as_bytes()).unwrap()
    };
    text.split("-----BEGIN CERTIFICATE-----").skip(1).map(certificate).collect()
}

/// The value of a certificate's extension, by the content of its OBJECT IDENTIFIER.
pub(super) fn extension(certificate: &[u8], oid: [u8; 10]) -> Option<Vec<u8>> {
    let fields = elements(elements(elements(certificate)[0].1)[0].1);
    let (_, extensions) = fields.iter().find(|(tag, _)| *tag == 0xa3)?;
    let mut extensions = elements(elements(extensions)[0].1).into_iter().map(|(_, parts)| elements(parts));
    let found = extensions.find(|parts| parts[0].1 == oid)?;
    found.last().map(|(_, value)| value.to_vec())
}

/// The tags and contents of the elements in a row, with tags of one octet.
fn elements(mut der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [tag, first, rest @ ..] = der {
        let octets = usize::from(first.saturating_sub(0x80));
        let (length, rest) = rest.split_at(octets);
        let length = match octets {
            0 => usize::from(*first),
            _ => length.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)),
        };
        let (content, rest) = rest.split_at(length);
        found.push((*tag, content));
        der = rest;
    }
    found
}
