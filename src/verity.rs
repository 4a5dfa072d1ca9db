//! fs-verity (Documentation/filesystems/fsverity.rst of Linux): the digest of a file that the kernel itself checks
//! whenever the file is read.
//!
//! Android enables it on the APKs of apps that are installed. The kernel vouches for what it measures; that the file
//! is the one which was meant, the caller has to know.

use composefs_ioctls::fsverity::{MeasureVerityError, fs_ioc_measure_verity};
use std::fmt;
use std::io;
use std::os::fd::AsFd;

/// The kernel's numbers of hash functions (uapi/linux/fsverity.h).
const SHA256: u8 = 1;
const SHA512: u8 = 2;

/// What the kernel says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// The file's fs-verity digest.
    Digest(VerityDigest),
    /// The file has no fs-verity.
    NotVerity,
    /// The file system or the kernel has none.
    Unsupported,
}

/// A file's fs-verity digest: of its descriptor, which holds the root of its hash tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerityDigest {
    /// SHA-256, which Android uses.
    Sha256([u8; 32]),
    /// SHA-512.
    Sha512([u8; 64]),
}

impl fmt::Display for VerityDigest {
    /// As fsverity-utils prints it: `sha256:` and lower-case hex.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes): (_, &[u8]) = match self {
            VerityDigest::Sha256(bytes) => ("sha256", bytes),
            VerityDigest::Sha512(bytes) => ("sha512", bytes),
        };
        write!(f, "{name}:")?;
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Measures an open file: FS_IOC_MEASURE_VERITY. It must be open for reading; nothing of it is read. Errors are the
/// kernel's own, and a hash function that is neither SHA-256 nor SHA-512.
pub fn measure(file: impl AsFd) -> io::Result<Measured> {
    match fs_ioc_measure_verity::<32>(&file, SHA256) {
        Ok(digest) => Ok(Measured::Digest(VerityDigest::Sha256(digest))),
        // A digest of 64 bytes does not fit into 32.
        Err(MeasureVerityError::InvalidDigestSize { .. }) => {
            match fs_ioc_measure_verity::<64>(&file, SHA512) {
                Ok(digest) => Ok(Measured::Digest(VerityDigest::Sha512(digest))),
                Err(error) => refused(error),
            }
        }
        Err(error) => refused(error),
    }
}

fn refused(error: MeasureVerityError) -> io::Result<Measured> {
    match error {
        MeasureVerityError::VerityMissing => Ok(Measured::NotVerity),
        MeasureVerityError::FilesystemNotSupported => Ok(Measured::Unsupported),
        MeasureVerityError::Io(error) => Err(error),
        other => Err(io::Error::other(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File, OpenOptions};
    use std::path::{Path, PathBuf};
    use trust_formats::digest::sha256;

    /// A file that goes away with the test.
    struct Temp(PathBuf);

    impl Temp {
        fn new(directory: &Path) -> Temp {
            let path = directory.join(format!("trustd-verity-{}", std::process::id()));
            fs::write(&path, b"hello").unwrap();
            Temp(path)
        }
    }

    impl Drop for Temp {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    #[test]
    fn a_file_of_a_file_system_without_fs_verity_is_unsupported() {
        for path in ["/proc/self/status", "/dev/null"] {
            assert_eq!(measure(File::open(path).unwrap()).unwrap(), Measured::Unsupported, "{path}");
        }
        if Path::new("/dev/shm").is_dir() {
            let file = Temp::new(Path::new("/dev/shm"));
            assert_eq!(measure(File::open(&file.0).unwrap()).unwrap(), Measured::Unsupported);
        } else {
            println!("SKIPPED: /dev/shm is not there");
        }
    }

    #[test]
    fn the_kernel_measures_what_it_checks() {
        let file = Temp::new(Path::new(env!("CARGO_MANIFEST_DIR")));
        let open = || File::open(&file.0).unwrap();
        if measure(open()).unwrap() == Measured::Unsupported {
            println!("SKIPPED: the file system of the checkout, or this kernel, has no fs-verity");
            return;
        }
        assert_eq!(measure(open()).unwrap(), Measured::NotVerity);
        if let Err(error) = composefs_ioctls::fsverity::fs_ioc_enable_verity(open(), SHA256, 4096) {
            println!("SKIPPED: fs-verity can't be enabled here: {error}");
            return;
        }
        // The descriptor: version 1, SHA-256, blocks of 2^12 bytes, no salt, five bytes, and the hash of one block.
        let mut block = b"hello".to_vec();
        block.resize(4096, 0);
        let mut descriptor =
            [&[1, 1, 12, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0][..], &sha256(&block)].concat();
        descriptor.resize(256, 0);
        let expected = Measured::Digest(VerityDigest::Sha256(sha256(&descriptor)));
        assert_eq!(measure(open()).unwrap(), expected);
        assert!(OpenOptions::new().write(true).open(&file.0).is_err());
    }

    #[test]
    fn a_digest_is_shown_with_its_algorithm() {
        let shown = VerityDigest::Sha256([0xab; 32]).to_string();
        assert_eq!(shown, format!("sha256:{}", "ab".repeat(32)));
        assert_eq!(VerityDigest::Sha512([1; 64]).to_string().len(), 7 + 128);
    }
}
