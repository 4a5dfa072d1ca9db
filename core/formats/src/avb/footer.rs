//! Where a vbmeta image lies: at the start of its partition, or where the footer at the end says.

use super::MAX_VBMETA;
use super::fields::Fields;
use crate::FormatError;

/// The size of a footer, in bytes.
pub const FOOTER_SIZE: usize = 64;

const WHAT: &str = "vbmeta footer";
const MAGIC: [u8; 4] = *b"AVBf";
const RESERVED: usize = 28;

/// The last bytes of a partition. Nobody signs it: it says where to look, and what is found there is verified.
///
/// Source: AvbFooter in libavb/avb_footer.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
    /// The footer's version: major and minor.
    pub version: (u32, u32),
    /// The size of what was there before the metadata, in bytes.
    pub original_size: u64,
    /// Where the vbmeta image begins, in bytes.
    pub vbmeta_offset: u64,
    /// Its size, in bytes.
    pub vbmeta_size: u64,
}

impl Footer {
    /// The footer of a partition of `size` bytes that ends in these bytes; none where its magic is not there.
    /// One that is there and wrong is an error: libavb would go on and look at the partition's start.
    fn parse(last: &[u8], size: u64) -> Result<Option<Footer>, FormatError> {
        let Some(bytes) = last.last_chunk::<FOOTER_SIZE>().filter(|bytes| bytes.starts_with(&MAGIC)) else {
            return Ok(None);
        };
        let mut fields = Fields::named(WHAT, bytes, 0);
        fields.chunk::<4>()?;
        let version = (fields.u32()?, fields.u32()?);
        if version.0 != 1 {
            let message = format!("version {}.{}: expected 1", version.0, version.1);
            return Err(FormatError::unsupported(WHAT, message).at_byte(MAGIC.len()));
        }
        let (original_size, vbmeta_offset, vbmeta_size) = (fields.u64()?, fields.u64()?, fields.u64()?);
        fields.zeros("reserved bytes", RESERVED)?;
        if vbmeta_size > MAX_VBMETA as u64 {
            return Err(FormatError::too_large(WHAT, "bytes of vbmeta", MAX_VBMETA));
        }
        let end = vbmeta_offset.checked_add(vbmeta_size);
        let before = size.saturating_sub(FOOTER_SIZE as u64);
        if end.is_none_or(|end| end > before) {
            let message = format!(
                "vbmeta of {vbmeta_size} bytes at {vbmeta_offset}: expected it to end before the footer at {before}"
            );
            return Err(FormatError::malformed(WHAT, message));
        }
        if original_size > vbmeta_offset {
            let message = format!(
                "an image of {original_size} bytes: expected it to end before the vbmeta at {vbmeta_offset}"
            );
            return Err(FormatError::malformed(WHAT, message));
        }
        Ok(Some(Footer { version, original_size, vbmeta_offset, vbmeta_size }))
    }
}

/// Which bytes of a partition to read and hand to [`super::Vbmeta::parse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The footer that says so, if there is one.
    pub footer: Option<Footer>,
    /// Where they begin.
    pub offset: u64,
    /// How many they are, at most [`MAX_VBMETA`].
    pub size: usize,
}

impl Place {
    /// From the size of a partition (or of its file) and its last [`FOOTER_SIZE`] bytes, or all of fewer. As in
    /// libavb, a partition whose name begins with `vbmeta` has no footer, and one without a footer has its image
    /// at its start.
    pub fn find(partition: &str, size: u64, last: &[u8]) -> Result<Place, FormatError> {
        let footer = if partition.starts_with("vbmeta") { None } else { Footer::parse(last, size)? };
        let (offset, size) = match footer {
            Some(footer) => (footer.vbmeta_offset, footer.vbmeta_size),
            None => (0, size),
        };
        let size = usize::try_from(size).map_or(MAX_VBMETA, |size| size.min(MAX_VBMETA));
        Ok(Place { footer, offset, size })
    }

    /// Those bytes of a partition that is held whole.
    pub fn of<'a>(partition: &str, bytes: &'a [u8]) -> Result<(Place, &'a [u8]), FormatError> {
        let place = Place::find(partition, bytes.len() as u64, bytes)?;
        let start = usize::try_from(place.offset).unwrap_or(usize::MAX);
        let found = start.checked_add(place.size).and_then(|end| bytes.get(start..end));
        // `find` has seen that they lie before the end.
        Ok((place, found.unwrap_or_default()))
    }
}
