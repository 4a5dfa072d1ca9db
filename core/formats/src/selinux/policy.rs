//! The domains that a loaded SELinux policy leaves permissive.
//!
//! ```text
//! policy = u32 0xf97cff8c | u32 8 | "SE Linux" | u32 version | u32 config | u32 symbols | u32 contexts
//!          | bitmap capabilities | bitmap permissive types | [35: bitmap] | commons | classes | roles | types | …
//! bitmap = u32 64 | u32 highest | u32 n | n × ( u32 first u64 bits )
//! ```
//!
//! Little-endian. A bit of the second bitmap is a type's number; types follow behind commons, classes and roles, which
//! are passed over. What follows the types is not read. The kernel vouches for what it shows of the policy in force
//! (/sys/fs/selinux/policy). Source: security/selinux/ss/{policydb,ebitmap}.c of Linux, `policydb_read` and its parts.

use crate::FormatError;
use crate::error::shown_bytes;
use std::collections::{BTreeMap, BTreeSet};

const WHAT: &str = "SELinux policy";
/// The largest policy, in bytes.
pub const MAX_POLICY: usize = 32 << 20;

const MAGIC: u32 = 0xf97c_ff8c;
const NAME: &[u8] = b"SE Linux";
/// Types have bounds since 24, constraints the names of types since 29, and a second list of them since 19: older
/// versions are not read. 28 has four defaults of classes; 35 a third bitmap.
const VERSIONS: std::ops::RangeInclusive<u32> = 29..=35;
const THIRD_BITMAP: u32 = 35;
/// Mls is on: roles and types are as in any other policy.
const SYMBOLS: u32 = 8;
/// An expression of a constraint that names types.
const NAMES: u32 = 5;
/// The longest name, in bytes.
const MAX_NAME: usize = 256;
/// A type's own name (TYPEDATUM_PROPERTY_PRIMARY).
const PRIMARY: u32 = 1;
/// The most entries of a table.
const MAX_ENTRIES: u32 = 1 << 20;
/// The most permissive types: a bitmap that fills the file names more of them than a policy has types.
const MAX_PERMISSIVE: usize = 1 << 16;

/// The names of the permissive types in a policy, ascending.
///
/// # Errors
/// Bytes that are no policy; a version other than 29 to 35 is unsupported.
pub fn permissive(bytes: &[u8]) -> Result<BTreeSet<Box<str>>, FormatError> {
    if bytes.len() > MAX_POLICY {
        return Err(FormatError::too_large(WHAT, "bytes", MAX_POLICY));
    }
    let mut from = Fields { rest: bytes, at: 0 };
    let (magic, length) = (from.word()?, from.word()?);
    if magic != MAGIC || length != 8 || from.take(8)? != NAME {
        return Err(from.error(format!("magic {magic:#x}: expected {MAGIC:#x} and \"SE Linux\"")));
    }
    let version = from.word()?;
    if !VERSIONS.contains(&version) {
        let message = format!("version {version}: expected {} to {}", VERSIONS.start(), VERSIONS.end());
        return Err(FormatError::unsupported(WHAT, message).at_byte(16));
    }
    let [_, symbols, _] = [from.word()?, from.word()?, from.word()?];
    if symbols != SYMBOLS {
        return Err(from.error(format!("{symbols} tables: expected {SYMBOLS}")));
    }
    from.pass_bitmap()?;
    let mut numbers = BTreeSet::new();
    let mut are_too_many = false;
    from.bitmap(|number| match numbers.len() < MAX_PERMISSIVE {
        true => drop(numbers.insert(number)),
        false => are_too_many = true,
    })?;
    if are_too_many {
        return Err(FormatError::too_large(WHAT, "permissive types", MAX_PERMISSIVE));
    }
    if version >= THIRD_BITMAP {
        from.pass_bitmap()?;
    }
    // Nearly always.
    if numbers.is_empty() {
        return Ok(BTreeSet::new());
    }
    from.table(Fields::common)?;
    from.table(Fields::class)?;
    from.table(Fields::role)?;
    let mut types: BTreeMap<u32, Box<str>> = BTreeMap::new();
    from.table(|from| {
        let [length, number, properties, _] = from.words()?;
        let name = from.name(length)?;
        // An alias has its type's number.
        if numbers.contains(&number) && properties & PRIMARY != 0 {
            types.insert(number, name.into());
        }
        Ok(())
    })?;
    let names = numbers.into_iter().map(|number| {
        let nameless = || from.error(format!("permissive type {number}: expected it among the types"));
        types.get(&number).cloned().ok_or_else(nameless)
    });
    names.collect()
}

struct Fields<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.error(format!("{length} bytes: expected them before the end")));
        };
        (self.rest, self.at) = (rest, self.at.saturating_add(length));
        Ok(taken)
    }

    fn word(&mut self) -> Result<u32, FormatError> {
        Ok(self.take(4)?.first_chunk().map_or(0, |word| u32::from_le_bytes(*word)))
    }

    fn words<const N: usize>(&mut self) -> Result<[u32; N], FormatError> {
        let mut words = [0; N];
        for word in &mut words {
            *word = self.word()?;
        }
        Ok(words)
    }

    fn name(&mut self, length: u32) -> Result<&'a str, FormatError> {
        let at = self.at;
        let bytes = self.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        match std::str::from_utf8(bytes) {
            Ok(name)
                if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic()) =>
            {
                Ok(name)
            }
            _ => {
                let message =
                    format!("name {}: expected 1 to {MAX_NAME} printable characters", shown_bytes(bytes));
                Err(FormatError::malformed(WHAT, message).at_byte(at))
            }
        }
    }

    /// A bitmap: each of its bits that is set.
    fn bitmap(&mut self, mut set: impl FnMut(u32)) -> Result<(), FormatError> {
        let [size, highest, count] = self.words()?;
        if size != 64 || !highest.is_multiple_of(64) || count > highest / 64 {
            let message =
                format!("a bitmap of {count} times {size} bits up to {highest}: expected parts of 64");
            return Err(self.error(message));
        }
        let mut next = 0;
        for _ in 0..count {
            let first = self.word()?;
            let bits = self.take(8)?.first_chunk().map_or(0, |bits| u64::from_le_bytes(*bits));
            if !first.is_multiple_of(64) || first >= highest || first < next {
                return Err(self.error(format!("part {first} of a bitmap: expected them in their order")));
            }
            next = first.saturating_add(64);
            (0..64).filter(|bit| bits >> bit & 1 == 1).for_each(|bit| set(first.saturating_add(bit)));
        }
        Ok(())
    }

    fn pass_bitmap(&mut self) -> Result<(), FormatError> {
        self.bitmap(|_| {})
    }

    /// A table: each of its entries in turn.
    fn table(
        &mut self,
        mut entry: impl FnMut(&mut Self) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let [_, count] = self.words()?;
        self.entries(count, &mut entry)
    }

    fn entries(
        &mut self,
        count: u32,
        entry: &mut impl FnMut(&mut Self) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        if count > MAX_ENTRIES {
            return Err(self.error(format!("{count} entries: expected at most {MAX_ENTRIES}")));
        }
        (0..count).try_for_each(|_| entry(self))
    }

    fn permission(&mut self) -> Result<(), FormatError> {
        let [length, _] = self.words()?;
        self.name(length).map(drop)
    }

    fn common(&mut self) -> Result<(), FormatError> {
        let [length, _, _, permissions] = self.words()?;
        self.name(length)?;
        self.entries(permissions, &mut Self::permission)
    }

    fn class(&mut self) -> Result<(), FormatError> {
        let [length, common, _, _, permissions, constraints] = self.words()?;
        self.name(length)?;
        if common != 0 {
            self.name(common)?;
        }
        self.entries(permissions, &mut Self::permission)?;
        self.entries(constraints, &mut Self::constraint)?;
        let transitions = self.word()?;
        self.entries(transitions, &mut Self::constraint)?;
        // Defaults of a new object's user, role, range and type.
        self.words::<4>().map(drop)
    }

    fn constraint(&mut self) -> Result<(), FormatError> {
        let [_, expressions] = self.words()?;
        self.entries(expressions, &mut |from| {
            let [kind, _, _] = from.words()?;
            if kind == NAMES {
                // The names as the kernel has them, then as they were written: types, types that are not, flags.
                (0..3).try_for_each(|_| from.pass_bitmap())?;
                from.word()?;
            }
            Ok(())
        })
    }

    fn role(&mut self) -> Result<(), FormatError> {
        let [length, _, _] = self.words()?;
        self.name(length)?;
        self.pass_bitmap()?;
        self.pass_bitmap()
    }

    fn error(&self, message: String) -> FormatError {
        FormatError::malformed(WHAT, message).at_byte(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Default)]
    struct Policy(Vec<u8>);

    impl Policy {
        fn words(mut self, words: &[u32]) -> Policy {
            words.iter().for_each(|word| self.0.extend(word.to_le_bytes()));
            self
        }

        fn text(mut self, text: &str) -> Policy {
            self.0.extend(text.as_bytes());
            self
        }

        fn bitmap(self, bits: &[u32]) -> Policy {
            let mut parts: BTreeMap<u32, u64> = BTreeMap::new();
            bits.iter().for_each(|bit| *parts.entry(bit / 64 * 64).or_default() |= 1 << (bit % 64));
            let highest = parts.last_key_value().map_or(0, |(first, _)| first + 64);
            let mut policy = self.words(&[64, highest, u32::try_from(parts.len()).unwrap()]);
            for (first, bits) in parts {
                policy = policy.words(&[first]);
                policy.0.extend(bits.to_le_bytes());
            }
            policy
        }
    }

    /// A policy with a common, a class with a constraint of each list, a role, and four types: `a`, its alias, an
    /// attribute, and `su`.
    fn policy(version: u32, permissive: &[u32]) -> Vec<u8> {
        let constraint = |policy: Policy| {
            policy.words(&[1, 2, 2, 0, 0, NAMES, 0, 0]).bitmap(&[1]).bitmap(&[1, 70]).bitmap(&[]).words(&[0])
        };
        let mut policy =
            Policy::default().words(&[MAGIC, 8]).text("SE Linux").words(&[version, 1, SYMBOLS, 9]);
        policy = policy.bitmap(&[0, 1]).bitmap(permissive);
        if version >= THIRD_BITMAP {
            policy = policy.bitmap(&[3]);
        }
        policy = policy.words(&[1, 1, 4, 1, 1, 1]).text("file").words(&[4, 1]).text("read");
        policy =
            policy.words(&[1, 1, 3, 4, 1, 1, 1, 1]).text("dir").text("file").words(&[6, 2]).text("search");
        policy = constraint(policy).words(&[1]);
        policy = constraint(policy).words(&[0; 4]);
        policy = policy.words(&[1, 1, 1, 1, 0]).text("r").bitmap(&[0]).bitmap(&[1, 70]);
        policy = policy.words(&[80, 4]);
        for (name, number, properties) in [("a", 1, 1), ("alias", 1, 0), ("domain", 2, 2), ("su", 70, 1)] {
            policy = policy.words(&[u32::try_from(name.len()).unwrap(), number, properties, 0]).text(name);
        }
        policy.text("whatever follows").0
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        permissive(bytes).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn permissive_types_are_named() {
        for version in VERSIONS {
            assert_eq!(names(&policy(version, &[])), [""; 0]);
            assert_eq!(names(&policy(version, &[70])), ["su"]);
            assert_eq!(names(&policy(version, &[1, 70])), ["a", "su"]);
        }
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let whole = policy(33, &[70]);
        let with = |at: usize, word: u32| {
            let mut changed = whole.clone();
            changed[at..at + 4].copy_from_slice(&word.to_le_bytes());
            changed
        };
        for (bytes, expected) in [
            (vec![], "SELinux policy, byte 0: 4 bytes: expected them before the end"),
            (with(0, 0xf97c_ff8d), "magic 0xf97cff8d: expected 0xf97cff8c"),
            (with(8, 0x2045_5342), "expected 0xf97cff8c and \"SE Linux\""),
            (with(16, 28), "byte 16: version 28: expected 29 to 35"),
            (with(16, 36), "byte 16: version 36: expected 29 to 35"),
            (with(24, 7), "7 tables: expected 8"),
            (with(32, 32), "a bitmap of 1 times 32 bits up to 64: expected parts of 64"),
            (with(36, 65), "a bitmap of 1 times 64 bits up to 65"),
            (with(40, 2), "a bitmap of 2 times 64 bits up to 64"),
            (with(44, 64), "part 64 of a bitmap: expected them in their order"),
            (with(44, 1), "part 1 of a bitmap"),
            (with(84, u32::MAX), "4294967295 entries: expected at most 1048576"),
            (with(88, 0), "name \"\": expected 1 to 256 printable characters"),
            (with(104, 0x0066_6966), "expected 1 to 256 printable characters"),
            (policy(33, &[2]), "permissive type 2: expected it among the types"),
            (policy(33, &[9]), "permissive type 9: expected it among the types"),
            (vec![0; MAX_POLICY + 1], "SELinux policy: expected at most 33554432 bytes"),
        ] {
            let error = permissive(&bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\n{expected}");
        }
        assert!(permissive(&with(16, 36)).unwrap_err().is_unsupported());
    }

    #[test]
    fn a_bitmap_that_fills_the_file_is_refused() {
        let head = |parts: u32| {
            let policy = Policy::default().words(&[MAGIC, 8]).text("SE Linux").words(&[33, 1, SYMBOLS, 9]);
            policy.bitmap(&[]).words(&[64, parts * 64, parts])
        };
        let full = |parts: u32| {
            let mut policy = head(parts);
            (0..parts)
                .for_each(|nth| policy = std::mem::take(&mut policy).words(&[nth * 64, u32::MAX, u32::MAX]));
            policy.0
        };
        let largest = u32::try_from(MAX_PERMISSIVE / 64).unwrap();
        let error = permissive(&full(largest + 1)).unwrap_err().to_string();
        assert_eq!(error, "SELinux policy: expected at most 65536 permissive types");
        // As many as may be are no error yet: what lacks is the rest.
        let error = permissive(&full(largest)).unwrap_err().to_string();
        assert!(error.contains("before the end"), "{error}");
        assert!(permissive(&full(2_796_000)).is_err());
    }

    #[test]
    fn no_truncation_and_no_flipped_bit_panics_or_hides_a_permissive_type() {
        let whole = policy(33, &[70]);
        let end = whole.len() - "whatever follows".len();
        for cut in 0..end {
            assert!(permissive(&whole[..cut]).is_err(), "{cut}");
        }
        for bit in 0..end * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // But for the bit itself: whoever could flip that could load another policy.
            let is_itself = (56..80).contains(&(bit / 8));
            assert!(
                is_itself
                    || permissive(&flipped).is_ok_and(|names| names.len() == 1)
                    || permissive(&flipped).is_err()
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), at in 20usize..300) {
            let _ = permissive(&bytes);
            let mut changed = policy(33, &[70]);
            changed.iter_mut().skip(at).zip(&bytes).for_each(|(to, from)| *to = *from);
            let _ = permissive(&changed);
        }
    }
}
