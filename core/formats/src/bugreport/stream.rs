//! Lines from a stream, of which no more than a cap is held.

use std::io::{self, BufRead};

/// The longest line that is held, in bytes; the rest of a longer one is skipped.
pub(super) const MAX_LINE: usize = 64 << 10;

/// One line, without its end (LF or CRLF).
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    pub(super) bytes: &'a [u8],
    /// Whether there was more of it than is held.
    pub(super) is_cut: bool,
}

impl Line<'_> {
    /// The line as text, where it is UTF-8.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes).ok()
    }
}

/// Hands out the lines of a stream.
pub(super) struct Lines<R> {
    inner: R,
    line: Vec<u8>,
    number: usize,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(inner: R) -> Lines<R> {
        Lines { inner, line: Vec::new(), number: 0 }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let (mut length, mut has_end) = (0usize, false);
        while !has_end {
            let buffer = self.inner.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let (piece, _) = buffer.split_at(end.unwrap_or(buffer.len()));
            let (kept, _) = piece.split_at(piece.len().min(MAX_LINE.saturating_sub(self.line.len())));
            self.line.extend_from_slice(kept);
            has_end = end.is_some();
            let taken = piece.len() + usize::from(has_end);
            length = length.saturating_add(taken);
            self.inner.consume(taken);
        }
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        let is_cut = length - usize::from(has_end) > self.line.len();
        let bytes = if is_cut { &self.line } else { self.line.strip_suffix(b"\r").unwrap_or(&self.line) };
        Ok(Some(Line { number: self.number, bytes, is_cut }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn lines(bytes: &[u8], capacity: usize) -> Vec<(usize, Vec<u8>, bool)> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, bytes));
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.number, line.bytes.to_vec(), line.is_cut));
        }
        found
    }

    #[test]
    fn lines_are_the_same_however_the_stream_is_cut() {
        let expected = [
            (1, b"a".to_vec(), false),
            (2, vec![], false),
            (3, b"b\rc".to_vec(), false),
            (4, b"\xff".to_vec(), false),
        ];
        for capacity in [1, 2, 3, 100] {
            assert_eq!(lines(b"a\r\n\nb\rc\n\xff", capacity), expected, "{capacity}");
            assert_eq!(lines(b"a\n\r\nb\rc\r\n\xff\n", capacity), expected, "{capacity}");
        }
        assert_eq!(lines(b"", 8), []);
    }

    #[test]
    fn no_more_of_a_line_is_held_than_the_cap() {
        let whole = vec![b'x'; MAX_LINE];
        assert_eq!(lines(&whole, 100), [(1, whole.clone(), false)]);
        let longer = [&whole[..], b"yz\nb"].concat();
        assert_eq!(lines(&longer, 100), [(1, whole, true), (2, b"b".to_vec(), false)]);
    }
}
