//! Diagnostic notation (RFC 8949 §8) of a signed statement, with a comment a line that names what stands there.

use alloc::format;
use alloc::string::{String, ToString};

/// Where an item stands: what its keys mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Statement,
    Protected,
    Payload,
    Confirmation,
    Key,
    Gates,
    Gate,
    Vector,
    Verifier,
    Policy,
    Counters,
    Boot,
    Floors,
    Value,
}

/// What stands at a key, or at an index of an array, of a place; and what place that is.
fn meaning(place: Place, key: i128) -> (&'static str, Place) {
    use Place::*;
    match (place, key) {
        (Statement, 0) => ("protected header", Protected),
        (Statement, 1) => ("unprotected header", Value),
        (Statement, 2) => ("payload", Payload),
        (Statement, 3) => ("signature: r, s", Value),
        (Protected, 1) => ("alg: ES256 is -7", Value),
        (Protected, 4) => ("kid: thumbprint of the key that signed", Value),
        (Protected, 16) => ("typ", Value),
        (Payload, 3) => ("aud: for whom", Value),
        (Payload, 4) => ("exp: seconds since 1970", Value),
        (Payload, 6) => ("iat: seconds since 1970", Value),
        (Payload, 7) => ("cti: random", Value),
        (Payload, 8) => ("cnf", Confirmation),
        (Payload, 10) => ("eat_nonce: the challenge", Value),
        (Payload, 265) => ("eat_profile", Value),
        (Payload, 266) => ("submods: the gates", Gates),
        (Payload | Gate, 1000) => ("ear_status: tier", Value),
        (Payload, 1004) => ("ear_verifier_id", Verifier),
        (Payload, -75_000) => ("handle", Value),
        (Payload, -75_001) => ("policy", Policy),
        (Payload, -75_002) => ("counters", Counters),
        (Payload, -75_003) => ("posture, 0 to 3", Value),
        (Payload, -75_004) => ("boot facts", Boot),
        (Payload, -75_005) => ("waivers that hold", Value),
        (Payload, -75_020) => ("evidence level, 0 to 2", Value),
        (Payload, -75_021) => ("floors", Floors),
        (Payload, -75_022) => ("boot key", Value),
        (Payload, -75_030) => ("number of the list", Value),
        (Payload, -75_031) => ("revoked handles, 32 bytes each", Value),
        (Confirmation, 1) => ("COSE_Key", Key),
        (Confirmation, 5) => ("ckt: thumbprint of the key that the caller proves", Value),
        (Key, 1) => ("kty: EC2 is 2", Value),
        (Key, -1) => ("crv: P-256 is 1", Value),
        (Key, -2) => ("x", Value),
        (Key, -3) => ("y", Value),
        (Gate, 1001) => ("ear_trustworthiness_vector", Vector),
        (Gate, -75_010) => ("state, 0 to 3", Value),
        (Vector, 1) => ("configuration", Value),
        (Vector, 2) => ("executables", Value),
        (Vector, 3) => ("file-system", Value),
        (Verifier, 0) => ("developer", Value),
        (Verifier, 1) => ("build", Value),
        (Policy, 0) => ("id", Value),
        (Policy, 1) => ("version", Value),
        (Policy, 2) => ("SHA-256 of its bytes", Value),
        (Policy, 3) => ("whether a laboratory's", Value),
        (Counters, 0) => ("boots", Value),
        (Counters, 1) => ("judgements", Value),
        (Boot, 0) => ("verified boot state, 0 to 3", Value),
        (Boot, 1) => ("verified boot key", Value),
        (Boot, 2) => ("vbmeta digest", Value),
        (Boot, 3) | (Floors, 3) => ("patch level of the system", Value),
        (Boot, 4) | (Floors, 4) => ("patch level of the vendor image", Value),
        (Boot, 5) | (Floors, 5) => ("patch level of the boot image", Value),
        (Floors, 0) => ("policy version", Value),
        (Floors, 1) => ("boots", Value),
        (Floors, 2) => ("judgements", Value),
        _ => ("not of the profile", Value),
    }
}

/// The notation; of what is no well-formed item, a comment that says so.
pub(super) fn of(statement: &[u8]) -> String {
    let mut whole = Notation { bytes: statement, at: 0, out: String::new(), depth: 0 };
    match whole.item(Place::Statement, "", "", "a statement") {
        Some(()) if whole.at == statement.len() => whole.out,
        _ => "/ not one well-formed item /\n".to_string(),
    }
}

struct Notation<'a> {
    bytes: &'a [u8],
    at: usize,
    out: String,
    depth: usize,
}

impl<'a> Notation<'a> {
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// Major type, argument (none for an indefinite length), and the encoding indicator of a longer form than needed.
    fn head(&mut self) -> Option<(u8, Option<u64>, &'static str)> {
        let first = self.take(1)?[0];
        let (octets, least, indicator) = match first & 0x1f {
            short @ 0..24 => return Some((first >> 5, Some(short.into()), "")),
            24 => (1, 24, "_0"),
            25 => (2, 0x100, "_1"),
            26 => (4, 0x1_0000, "_2"),
            27 => (8, 0x1_0000_0000, "_3"),
            31 => return Some((first >> 5, None, "_")),
            _ => return None,
        };
        let value = self.take(octets)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        Some((first >> 5, Some(value), if value < least { indicator } else { "" }))
    }

    fn line(&mut self, text: &str, note: &str) {
        let comment = if note.is_empty() { String::new() } else { format!("  / {note} /") };
        self.out += &format!("{:indent$}{text}{comment}\n", "", indent = 2 * self.depth);
    }

    /// An item with what leads its line and what closes it.
    fn item(&mut self, place: Place, lead: &str, close: &str, note: &str) -> Option<()> {
        let (major, argument, indicator) = self.head()?;
        match (major, argument) {
            (0, Some(value)) => self.line(&format!("{lead}{value}{indicator}{close}"), note),
            (1, Some(value)) => {
                self.line(&format!("{lead}{}{indicator}{close}", -1 - i128::from(value)), note);
            }
            (2, Some(length)) => {
                let content = self.take(length)?;
                if !(place == Place::Protected || place == Place::Payload)
                    || self.embedded(place, content, lead, close, note).is_none()
                {
                    let hex: String = content.iter().map(|byte| format!("{byte:02x}")).collect();
                    self.line(&format!("{lead}h'{hex}'{indicator}{close}"), note);
                }
            }
            (3, Some(length)) => {
                let text = core::str::from_utf8(self.take(length)?).ok()?;
                self.line(&format!("{lead}{text:?}{indicator}{close}"), note);
            }
            (4 | 5, Some(0)) => {
                let brackets = if major == 4 { "[]" } else { "{}" };
                self.line(&format!("{lead}{brackets}{indicator}{close}"), note);
            }
            (4 | 5, length) => {
                let (opening, closing) = if major == 4 { ("[", "]") } else { ("{", "}") };
                self.line(&format!("{lead}{opening}{indicator}"), note);
                self.depth += 1;
                self.members(place, major == 5, length)?;
                self.depth -= 1;
                self.line(&format!("{closing}{close}"), "");
            }
            (6, Some(tag)) => {
                self.item(place, &format!("{lead}{tag}{indicator}("), &format!("){close}"), note)?;
            }
            (7, Some(20)) => self.line(&format!("{lead}false{close}"), note),
            (7, Some(21)) => self.line(&format!("{lead}true{close}"), note),
            _ => return None,
        }
        Some(())
    }

    /// A byte string that holds an item.
    fn embedded(&mut self, place: Place, content: &[u8], lead: &str, close: &str, note: &str) -> Option<()> {
        let mut inner = Notation { bytes: content, at: 0, out: String::new(), depth: self.depth };
        inner.item(place, &format!("{lead}<< "), &format!(" >>{close}"), note)?;
        if inner.at != content.len() {
            return None;
        }
        self.out += &inner.out;
        Some(())
    }

    fn members(&mut self, place: Place, is_map: bool, length: Option<u64>) -> Option<()> {
        let mut read = 0;
        loop {
            let ends = match length {
                Some(length) => read == length,
                None => self.bytes.get(self.at) == Some(&0xff),
            };
            if ends {
                return self.take(u64::from(length.is_none())).map(|_| ());
            }
            let (lead, (note, inner)) =
                if is_map { self.key(place)? } else { (String::new(), meaning(place, read.into())) };
            read += 1;
            // A comma after the last member is not allowed: RFC 8949 takes JSON's grammar.
            let is_last = match length {
                Some(length) => read == length,
                None => false,
            };
            self.item(inner, &lead, if is_last { "" } else { "," }, note)?;
            if length.is_none() && self.bytes.get(self.at) == Some(&0xff) {
                self.drop_comma();
            }
        }
    }

    /// Takes the comma of the last line back, once the end of an indefinite length is seen.
    fn drop_comma(&mut self) {
        let start = self.out.trim_end().rfind('\n').map_or(0, |at| at + 1);
        let line = self.out.split_off(start);
        let (text, comment) =
            line.split_once("  / ").map_or((&*line, None), |(text, rest)| (text, Some(rest)));
        let text = text.trim_end().trim_end_matches(',');
        self.out += &match comment {
            Some(comment) => format!("{text}  / {comment}"),
            None => format!("{text}\n"),
        };
    }

    fn key(&mut self, place: Place) -> Option<(String, (&'static str, Place))> {
        let (major, argument, indicator) = self.head()?;
        let argument = argument?;
        let number = match major {
            0 => i128::from(argument),
            1 => -1 - i128::from(argument),
            3 => {
                let id = core::str::from_utf8(self.take(argument)?).ok()?;
                return Some((format!("{id:?}{indicator}: "), ("a gate", Place::Gate)));
            }
            _ => return None,
        };
        Some((format!("{number}{indicator}: "), meaning(place, number)))
    }
}
