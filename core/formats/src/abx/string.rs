//! Strings as Java writes them: modified UTF-8.
//!
//! ```text
//! string = *(%x01-7F / %xC0.80 / two / three / four)
//! two    = %xC2-DF tail
//! three  = (%xE0 %xA0-BF / %xE1-EF tail) tail                     ; surrogates are legal: they come in pairs
//! four   = (%xF0 %x90-BF / %xF1-F3 tail / %xF4 %x80-8F) tail tail
//! tail   = %x80-BF
//! ```
//!
//! Modified UTF-8 writes a supplementary character as two surrogates of three bytes, and so do hosts that
//! are no Android; Android's runtime writes it in four bytes as UTF-8 does (BinaryXmlSerializer asks for
//! `obtainUsing4ByteSequences`). Both are read. Source: java.io.DataInput; art/libdexfile/dex/utf-inl.h.

use std::borrow::Cow;

/// A string of a document: checked, but neither copied nor decoded until somebody asks for it.
#[derive(Debug, Clone, Copy)]
pub struct Str<'a> {
    bytes: &'a [u8],
    /// Whether the bytes are UTF-8 too and hold no NUL, as those of nearly every string.
    is_plain: bool,
}

impl<'a> Str<'a> {
    /// Checks bytes; on failure, how many of them are good.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Str<'a>, usize> {
        if is_ascii_text(bytes) {
            return Ok(Str { bytes, is_plain: true });
        }
        let is_plain = !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok();
        if !is_plain {
            units(bytes, |_| {})?;
        }
        Ok(Str { bytes, is_plain })
    }

    /// The text. Half a surrogate pair, which is legal in a Java string, reads as U+FFFD.
    pub fn to_str(self) -> Cow<'a, str> {
        match self.plain() {
            Some(text) => Cow::Borrowed(text),
            None => {
                let mut found = Vec::with_capacity(self.bytes.len());
                // Checked when it was read.
                let _ = units(self.bytes, |unit| found.push(unit));
                Cow::Owned(String::from_utf16_lossy(&found))
            }
        }
    }

    /// The text where it is plain UTF-8 without a NUL.
    pub(super) fn plain(self) -> Option<&'a str> {
        if self.is_plain { std::str::from_utf8(self.bytes).ok() } else { None }
    }

    /// How many bytes it takes.
    pub(super) fn len(self) -> usize {
        self.bytes.len()
    }
}

/// Whether every byte is 1 to 127: eight at a time, since nearly all of a document's strings are ASCII.
fn is_ascii_text(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The lowest zero, if there is one, borrows into its own highest bit.
    let is_text = |eight: &[u8; 8]| {
        let word = u64::from_ne_bytes(*eight);
        (word.wrapping_sub(ONES) | word) & HIGHS == 0
    };
    match bytes.last_chunk::<8>() {
        // The last eight may be read twice.
        Some(last) => bytes.as_chunks::<8>().0.iter().all(is_text) && is_text(last),
        None => bytes.iter().all(|byte| (1..0x80).contains(byte)),
    }
}

impl PartialEq for Str<'_> {
    fn eq(&self, other: &Str<'_>) -> bool {
        self.to_str() == other.to_str()
    }
}

/// Hands out the UTF-16 code units of modified UTF-8; on failure, how many bytes were good.
fn units(bytes: &[u8], mut put: impl FnMut(u16)) -> Result<(), usize> {
    let tail = |byte: &u8| (byte & 0xc0 == 0x80).then_some(u32::from(byte & 0x3f));
    let mut rest = bytes;
    loop {
        let good = bytes.len() - rest.len();
        let (character, after) = match rest {
            [] => return Ok(()),
            [one @ 0x01..=0x7f, after @ ..] => (u32::from(*one), after),
            [0xc0, 0x80, after @ ..] => (0, after),
            [one @ 0xc2..=0xdf, two, after @ ..] => {
                (u32::from(one & 0x1f) << 6 | tail(two).ok_or(good)?, after)
            }
            [one @ 0xe0..=0xef, two, three, after @ ..] => {
                let low = tail(two).ok_or(good)? << 6 | tail(three).ok_or(good)?;
                (u32::from(one & 0x0f) << 12 | low, after)
            }
            [one @ 0xf0..=0xf4, two, three, four, after @ ..] => {
                let low = tail(three).ok_or(good)? << 6 | tail(four).ok_or(good)?;
                (u32::from(one & 0x07) << 18 | tail(two).ok_or(good)? << 12 | low, after)
            }
            _ => return Err(good),
        };
        // Each character has one length: the shortest, but for the NUL.
        let shortest = match bytes.len() - good - after.len() {
            3 => 0x800..0x1_0000,
            4 => 0x1_0000..0x11_0000,
            _ => 0..0x800,
        };
        if !shortest.contains(&character) {
            return Err(good);
        }
        match u16::try_from(character) {
            Ok(unit) => put(unit),
            Err(_) => {
                let above = character - 0x1_0000;
                [0xd800 | above >> 10, 0xdc00 | above & 0x3ff]
                    .into_iter()
                    .for_each(|unit| put(u16::try_from(unit).unwrap_or_default()));
            }
        }
        rest = after;
    }
}
