#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use super::*;
use trust_token::qr::{Asked, attestation_text};

/// What rqrr, which is not what drew it, reads of modules; true is dark.
fn decoded(rows: &[Vec<bool>]) -> (String, usize, u16) {
    const SCALE: usize = 4;
    let (width, height) = (rows[0].len() * SCALE, rows.len() * SCALE);
    let dark = |x: usize, y: usize| if rows[y / SCALE][x / SCALE] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, dark);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    let (meta, text) = grids[0].decode().unwrap();
    (text, meta.version.0, meta.ecc_level)
}

/// The modules that a terminal shows, by what it paints and what it leaves.
fn seen(text: &str, ink_is_dark: bool) -> Vec<Vec<bool>> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let line = line.trim_start_matches(BLACK_ON_WHITE).trim_end_matches(PLAIN);
        for half in 0..2 {
            let inked = |shown| match shown {
                '█' => true,
                '▀' => half == 0,
                '▄' => half == 1,
                ' ' => false,
                other => panic!("{other:?}"),
            };
            rows.push(line.chars().map(|shown| inked(shown) == ink_is_dark).collect());
        }
    }
    rows
}

/// The sizes of docs/attestation.md, and what a challenge has at most.
#[test]
fn another_reader_reads_what_is_drawn() {
    let challenge = Asked { audience: "calls.enigm.example".into(), confirmation: [2; 32], nonce: [3; 32] };
    for (text, version) in [
        (challenge.to_text(), 6),
        (attestation_text(&[0xa5; 508]), 16),
        (attestation_text(&[0x5a; 794]), 20),
        (attestation_text(&[0xff; 890]), 21),
    ] {
        let picture = Picture::of(&text).unwrap();
        for (colour, ink_is_dark) in [(Colour::On, true), (Colour::Off, false)] {
            let drawn = picture.terminal(colour);
            let (read, found, _) = decoded(&seen(&drawn, ink_is_dark));
            assert_eq!((read, found), (text.clone(), version));
        }
        let said = picture.said();
        assert!(said.starts_with(&format!("QR code of version {version}, level ")), "{said}");
        assert!(said.contains(&format!(": {} characters, ", text.len())), "{said}");
        let svg = picture.svg();
        let mut rows = vec![vec![false; picture.code.size() as usize + 8]; picture.code.size() as usize + 8];
        for module in svg.split(" d=\"").nth(2).unwrap().split('M').skip(1) {
            let (column, rest) = module.split_once(' ').unwrap();
            let row = rest.split('h').next().unwrap();
            rows[row.parse::<usize>().unwrap()][column.parse::<usize>().unwrap()] = true;
        }
        assert_eq!(decoded(&rows).0, text);
    }
}

#[test]
fn around_the_code_is_light() {
    let picture = Picture::of("ENIGM").unwrap();
    let rows = seen(&picture.terminal(Colour::On), true);
    let size = picture.code.size() as usize;
    assert_eq!((rows.len(), rows[0].len()), ((size + 9) / 2 * 2, size + 8));
    let is_quiet = |at: usize| !(4..4 + size).contains(&at);
    for (y, row) in rows.iter().enumerate() {
        assert!(row.iter().enumerate().all(|(x, dark)| !dark || !is_quiet(x) && !is_quiet(y)), "{y}");
    }
}

#[test]
fn what_fits_no_code_is_none() {
    assert!(Picture::of("lower").is_none());
    assert!(Picture::of(&"0A".repeat(2148)).is_some());
    assert!(Picture::of(&("0A".repeat(2148) + "0")).is_none());
}
