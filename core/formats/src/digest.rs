//! SHA-256 of bytes and of sets of files.

use sha2::{Digest, Sha256};

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 of a set of files, told apart by name: of each, the name's and the content's length as 64-bit
/// little-endian numbers, each before its bytes. The caller sorts by name.
pub fn named<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (name, content) in files {
        for part in [name.as_bytes(), content] {
            // No machine has slices of more than 2^64 bytes.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn the_digest_is_sha_256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(HEXLOWER.encode(&sha256(b"abc")), expected);
    }

    #[test]
    fn a_set_is_hashed_as_its_lengths_and_bytes() {
        let bytes = [&1u64.to_le_bytes()[..], b"a", &2u64.to_le_bytes()[..], b"bc"].concat();
        assert_eq!(named([("a", &b"bc"[..])]), sha256(&bytes));
        assert_eq!(named([]), sha256(b""));
    }

    #[test]
    fn moving_a_byte_between_name_and_content_changes_the_digest() {
        let sets = [
            named([("a", &b"bc"[..])]),
            named([("ab", &b"c"[..])]),
            named([("a", &b""[..]), ("b", b"c")]),
            named([("a", &b"b"[..]), ("", b"c")]),
            named([]),
        ];
        for (n, one) in sets.iter().enumerate() {
            assert!(!sets[n + 1..].contains(one), "{n}");
        }
    }
}
