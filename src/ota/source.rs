//! Ranges of a package: of a file, or of bytes that were read from one.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// What can be read in ranges.
pub trait Source {
    /// How many bytes there are.
    fn size(&self) -> io::Result<u64>;

    /// The bytes of a range, whose size the caller has bounded.
    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>>;
}

impl Source for File {
    fn size(&self) -> io::Result<u64> {
        let metadata = self.metadata()?;
        match metadata.is_file() {
            true => Ok(metadata.len()),
            false => Err(io::Error::other("no regular file: expected one that can be read at any place")),
        }
    }

    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let length = range.end.saturating_sub(range.start);
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes)
    }
}

impl Source for Vec<u8> {
    fn size(&self) -> io::Result<u64> {
        u64::try_from(self.len()).map_err(io::Error::other)
    }

    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        self.get(start..end).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
