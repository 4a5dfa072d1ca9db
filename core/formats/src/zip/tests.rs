use super::*;
use ::zip::write::FileOptions;
use ::zip::{CompressionMethod, ZipWriter};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use std::io::{Cursor, Write};

fn options(deflated: bool) -> FileOptions {
    let method = if deflated { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    FileOptions::default().compression_method(method)
}

fn zipped(entries: &[(&str, &[u8])], deflated: bool) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, options(deflated)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn open(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, FormatError> {
    let archive = Archive::open("an archive", bytes, 8)?;
    archive
        .entries()
        .map(|entry| {
            archive.entry(entry.name)?;
            Ok((entry.name.to_owned(), entry.read(1 << 16)?))
        })
        .collect()
}

/// Replaces the first place that holds `from`.
fn with(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let (before, after) = bytes.split_at(at);
    [before, to, after.split_at(from.len()).1].concat()
}

/// Changes a byte of the first central header, counted from its start.
fn with_central(bytes: &[u8], at: usize, value: u8) -> Vec<u8> {
    let start = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let mut bytes = bytes.to_vec();
    bytes[start + at] = value;
    bytes
}

#[test]
fn entries_of_both_methods_are_read() {
    let long = vec![b'x'; 10_000];
    for deflated in [false, true] {
        let bytes = zipped(&[("a", b""), ("b/c.txt", b"hello"), ("d", &long)], deflated);
        let read = open(&bytes).unwrap();
        assert_eq!(
            read,
            [("a".into(), vec![]), ("b/c.txt".into(), b"hello".to_vec()), ("d".into(), long.clone())]
        );
    }
    assert_eq!(open(&zipped(&[], true)).unwrap(), []);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.set_comment("PK\x05\x06 a comment with a false end record inside");
    writer.add_directory("d/", FileOptions::default()).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let archive = Archive::open("an archive", &bytes, 8).unwrap();
    assert!(archive.entry("d/").unwrap().is_some() && archive.entry("e").unwrap().is_none());
}

#[test]
fn an_archive_that_is_not_whole_is_refused() {
    let bytes = zipped(&[("a", b"hello"), ("b", b"world")], false);
    for (bytes, message) in [
        (vec![], "an archive: no end record: expected a whole zip archive"),
        (b"PK\x03\x04".to_vec(), "no end record"),
        (bytes.split_at(bytes.len() - 1).0.to_vec(), "no end record"),
        ([&bytes[..], b"x"].concat(), "no end record"),
        ([b"x", &bytes[..]].concat(), "a directory of"),
        (with(&bytes, b"PK\x01\x02", b"PK\x01\x03"), "a broken directory"),
        (with(&bytes, b"PK\x03\x04", b"PK\x03\x05"), "byte 0: entry \"a\": expected a local header"),
        (with(&bytes, b"ahello", b"xhello"), "entry \"a\": expected a local header that says"),
        (with_central(&bytes, 42, 1), "entry \"a\": expected a local header"),
        (with_central(&bytes, 42, 0xff), "entry \"a\": expected a local header"),
        (with_central(&bytes, 20, 9), "entry \"a\": expected a local header"),
        (with_central(&bytes, 28, 200), "a broken directory"),
    ] {
        let error = open(&bytes).unwrap_err();
        assert!(error.to_string().contains(message), "{error} | {message}");
        assert!(!error.is_unsupported());
    }
}

#[test]
fn what_is_not_read_is_unsupported() {
    let bytes = zipped(&[("a", b"hello")], false);
    let end = bytes.len() - 22;
    let mut parts = bytes.clone();
    parts[end + 4] = 1;
    let mut many = bytes.clone();
    many[end + 8..end + 12].fill(0xff);
    let locator = [bytes.split_at(end).0, b"PK\x06\x07", &[0; 16], bytes.split_at(end).1].concat();
    for (bytes, message) in [
        (with_central(&bytes, 8, 1), "entry \"a\": encrypted"),
        (with_central(&bytes, 9, 0x20), "entry \"a\": encrypted"),
        (with_central(&bytes, 10, 99), "entry \"a\": method 99"),
        (parts, "an archive in several parts"),
        (many, "a zip64 archive"),
        (locator, "a zip64 archive"),
    ] {
        let error = open(&bytes).unwrap_err();
        assert!(error.is_unsupported() && error.to_string().contains(message), "{error} | {message}");
    }
}

#[test]
fn a_name_that_leaves_the_archive_is_refused() {
    for name in [
        "../etc/passwd",
        "a/../b",
        "..",
        "/etc/passwd",
        "a//b",
        "./a",
        "a\\b",
        "a\nb",
        "a\u{202e}\u{7f}b",
        "/",
    ] {
        let error = open(&zipped(&[("ok", b""), (name, b"x")], false)).unwrap_err().to_string();
        assert!(error.contains("entry \"") && error.contains("expected a "), "{name:?} {error}");
    }
    // The writer takes no NUL and no broken UTF-8.
    let bytes = zipped(&[("axb", b"")], false);
    for byte in [b'\0', 0xff] {
        let bytes: Vec<u8> = bytes.iter().map(|found| if *found == b'x' { byte } else { *found }).collect();
        assert!(open(&bytes).unwrap_err().to_string().contains("expected a name"), "{byte:02x}");
    }
    for name in ["...", "a..b", "a b", "caf\u{e9}", "-rf"] {
        assert!(open(&zipped(&[(name, b"x")], false)).is_ok(), "{name}");
    }
}

#[test]
fn links_and_names_given_twice_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("link", "/etc/passwd", FileOptions::default()).unwrap();
    let error = open(&writer.finish().unwrap().into_inner()).unwrap_err().to_string();
    assert!(error.contains("entry \"link\": expected a file or a directory, no link"), "{error}");
    let twice: Vec<u8> = zipped(&[("aa", b""), ("ab", b"")], false);
    let twice = with(&with(&twice, b"ab", b"aa"), b"ab", b"aa");
    assert!(open(&twice).unwrap_err().to_string().contains("entry \"aa\" again"));
}

#[test]
fn entries_that_share_their_data_are_refused() {
    // Two directory entries for one local header.
    let one = zipped(&[("a", b"hello")], false);
    let start = one.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let (local, rest) = one.split_at(start);
    let (central, end) = rest.split_at(rest.len() - 22);
    let mut end = end.to_vec();
    (end[8], end[10], end[12]) = (2, 2, (central.len() * 2).try_into().unwrap());
    let bytes = [local, central, central, &end].concat();
    assert!(open(&bytes).unwrap_err().to_string().contains("entries that overlap"));
    // The second header lies in the first entry's stored data.
    let inner = zipped(&[("b", b"world")], false);
    let (inner_local, _) =
        inner.split_at(inner.windows(4).position(|window| window == b"PK\x01\x02").unwrap());
    let outer = zipped(&[("a", inner_local), ("b", b"world")], false);
    let at = outer.windows(4).position(|window| window == b"PK\x03\x04").unwrap();
    let inside = 1 + at + outer[1..].windows(4).position(|window| window == b"PK\x03\x04").unwrap();
    let second = outer.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    let mut bytes = outer.clone();
    bytes[second + 42] = inside.try_into().unwrap();
    assert!(open(&bytes).unwrap_err().to_string().contains("entries that overlap"));
}

#[test]
fn contents_that_differ_from_their_header_are_refused() {
    let long = vec![b'x'; 70_000];
    let bomb = zipped(&[("bomb", &long)], true);
    let error = open(&bomb).unwrap_err();
    assert!(
        error.is_too_large() && error.to_string().contains("bytes in entry \"bomb\" (70000 given)"),
        "{error}"
    );
    // A size that lies in both headers.
    let lies = with(
        &with(&bomb, &70_000u32.to_le_bytes(), &9u32.to_le_bytes()),
        &70_000u32.to_le_bytes(),
        &9u32.to_le_bytes(),
    );
    let error = open(&lies).unwrap_err().to_string();
    assert!(error.contains("entry \"bomb\": more bytes than the 9"), "{error}");
    let stored = zipped(&[("a", b"hello")], false);
    let error = open(&with(&stored, b"hello", b"hallo")).unwrap_err().to_string();
    assert!(error.contains("entry \"a\": checksum "), "{error}");
}

#[test]
fn more_entries_than_the_cap_or_than_there_are_are_refused() {
    let many: Vec<String> = (0..9).map(|n| n.to_string()).collect();
    let entries: Vec<(&str, &[u8])> = many.iter().map(|name| (&**name, &b""[..])).collect();
    assert!(open(&zipped(&entries, false)).unwrap_err().is_too_large());
    let mut claims = zipped(&[("a", b"")], false);
    let end = claims.len() - 22;
    (claims[end + 8], claims[end + 10]) = (5, 5);
    assert!(open(&claims).unwrap_err().to_string().contains("a broken directory"));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = open(&bytes);
    }

    #[test]
    fn no_change_to_an_archive_panics(changes in vec((any::<Index>(), any::<u8>()), 1..6), deflated: bool) {
        let mut bytes = zipped(&[("a", b"hello hello hello"), ("b/", b""), ("c", b"")], deflated);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = open(&bytes);
    }

    #[test]
    fn what_the_zip_crate_writes_reads_back(
        entries in btree_map("[a-z]{1,4}(/[a-z]{1,4})?", vec(any::<u8>(), 0..200), 0..6),
        deflated: bool)
    {
        let list: Vec<(&str, &[u8])> = entries.iter().map(|(name, content)| (&**name, &**content)).collect();
        prop_assert_eq!(open(&zipped(&list, deflated)).unwrap(), entries.into_iter().collect::<Vec<_>>());
    }
}
