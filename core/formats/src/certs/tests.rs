use super::*;
use ::zip::ZipWriter;
use ::zip::write::FileOptions;
use proptest::prelude::*;
use std::io::{Cursor, Write};

/// A DER sequence of as many bytes inside; no certificate, which nothing here asks for.
fn der(inside: usize) -> Vec<u8> {
    let mut bytes = match inside {
        0..0x80 => vec![0x30, inside.try_into().unwrap()],
        0x80..0x100 => vec![0x30, 0x81, inside.try_into().unwrap()],
        _ => vec![0x30, 0x82, (inside >> 8).try_into().unwrap(), (inside & 0xff).try_into().unwrap()],
    };
    bytes.resize(bytes.len() + inside, 7);
    bytes
}

fn pem(der: &[u8]) -> String {
    let base64 = BASE64.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))
}

fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, FileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn the_digest_is_that_of_the_der() {
    for inside in [1, 100, 200, 1_000] {
        let bytes = der(inside);
        let text = pem(&bytes);
        for text in [
            text.clone(),
            text.replace('\n', "\r\n"),
            format!("Certificate:\n  Data:\n{text}trailing text\n"),
        ] {
            assert_eq!(pem_sha256(text.as_bytes()).unwrap(), sha256(&bytes), "{inside}");
        }
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let whole = pem(&der(10));
    for (text, message) in [
        (String::new(), "certificate: expected a line -----BEGIN CERTIFICATE-----"),
        (whole.replace("CERTIFICATE", "PUBLIC KEY"), "expected a line -----BEGIN"),
        (whole.replace(END, ""), "line 1: a begin line: expected an end line after it"),
        (whole.replace(BEGIN, ""), "line 3: an end line: expected a begin line before it"),
        (format!("{whole}{whole}"), "line 4: a second certificate: expected one"),
        (format!("{BEGIN}\n{whole}"), "line 2: a second certificate"),
        (format!("{whole}{END}"), "line 4: an end line: expected a begin line"),
        (format!("{BEGIN}\n{END}"), "expected base64 of one DER sequence"),
        (format!("{BEGIN}\nMA\n{END}"), "expected base64"),
        (format!("{BEGIN}\n!!!!\n{END}"), "expected base64"),
        (format!("{BEGIN}\nProc-Type: 4,ENCRYPTED\n{END}"), "expected base64"),
        (pem(&[der(10), vec![0]].concat()), "nothing after it"),
        (pem(der(10).split_last().unwrap().1), "expected base64 of one DER sequence"),
        (pem(&[0x31, 1, 0]), "expected base64 of one DER sequence"),
        (pem(&[0x30, 0]), "expected base64 of one DER sequence"),
        (pem(&[0x30, 0x81, 1, 0]), "expected base64 of one DER sequence"),
        (pem(&[0x30, 0x80, 0, 0]), "expected base64 of one DER sequence"),
        (pem(&[0x30, 0x82, 0, 1, 0]), "expected base64 of one DER sequence"),
        ("x".repeat(MAX_PEM + 1), "expected at most 65536 bytes"),
    ] {
        let error = pem_sha256(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
}

#[test]
fn an_archive_gives_each_digest_once_and_in_order() {
    let (one, other) = (der(10), der(20));
    let (a, b) = (pem(&one), pem(&other));
    let bytes = zipped(&[
        ("build/make/target/product/security/testkey.x509.pem", &*a),
        ("releasekey.x509.pem", &b),
        ("copy.pem", &a),
        ("README.txt", "no certificate"),
    ]);
    let certs = ota(&bytes).unwrap();
    let mut expected = [sha256(&one), sha256(&other)];
    expected.sort_unstable();
    assert_eq!(certs.digests, expected);
    let dropped: Vec<_> = certs.dropped.iter().map(|dropped| (dropped.line, &*dropped.why)).collect();
    assert_eq!(dropped, [(4, "entry \"README.txt\": expected a name that ends in .pem")]);
}

#[test]
fn an_archive_without_certificates_or_with_a_bad_one_is_refused() {
    let long = "x".repeat(MAX_PEM + 1);
    let names: Vec<String> = (0..=MAX_ENTRIES).map(|n| format!("{n}.pem")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "")).collect();
    for (bytes, message) in [
        (vec![], "otacerts.zip: no end record"),
        (zipped(&[]), "otacerts.zip: nothing: expected at least one certificate"),
        (zipped(&[("a.txt", "x")]), "line 1: entry \"a.txt\": expected a name that ends in .pem"),
        (zipped(&[("a.pem", "x")]), "entry \"a.pem\": certificate: expected a line -----BEGIN"),
        (zipped(&[("a.pem", &pem(&der(9))), ("b.pem", "x")]), "entry \"b.pem\": certificate"),
        (zipped(&[("a.pem", &long)]), "expected at most 65536 bytes in entry \"a.pem\""),
        (zipped(&many), "expected at most 64 entries"),
        (zipped(&[("../a.pem", &pem(&der(9)))]), "entry \"../a.pem\": expected a relative path"),
        (vec![0; MAX_ARCHIVE + 1], "expected at most 8388608 bytes"),
    ] {
        let error = ota(&bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = ota(&bytes);
        let _ = pem_sha256(&bytes);
        let _ = pem_sha256(format!("{BEGIN}\n{}\n{END}\n", BASE64.encode(&bytes)).as_bytes());
    }
}
