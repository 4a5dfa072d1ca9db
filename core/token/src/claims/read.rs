//! Bytes to claims.

use super::gate::{posture, posture_of, state, vector, verdict};
use super::*;
use crate::cbor::{Key, Malformed, Reader};
use trust_posture::GateId;

impl Claims {
    /// Reads the one encoding of some claims. What is there twice in other words (AR4SI's) must say the same.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Claims, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut map = reader.map()?;
        reader.expect(&mut map, AUD)?;
        let audience = text(&mut reader)?;
        reader.expect(&mut map, EXP)?;
        let expires_at = reader.unsigned()?;
        reader.expect(&mut map, IAT)?;
        let issued_at = reader.unsigned()?;
        reader.expect(&mut map, CTI)?;
        let id = reader.fixed()?;
        reader.expect(&mut map, CNF)?;
        let mut method = reader.map()?;
        reader.expect(&mut method, CKT)?;
        let confirmation = reader.fixed()?;
        reader.last(&method)?;
        reader.expect(&mut map, NONCE)?;
        let nonce = reader.fixed()?;
        reader.expect(&mut map, EAT_PROFILE)?;
        exactly(&mut reader, PROFILE, "the profile of this verifier")?;
        reader.expect(&mut map, SUBMODS)?;
        let gates = gates(&mut reader)?;
        reader.expect(&mut map, EAR_STATUS)?;
        let tier = reader.integer()?;
        reader.expect(&mut map, EAR_VERIFIER_ID)?;
        let mut verifier = reader.map()?;
        reader.expect(&mut verifier, 0)?;
        exactly(&mut reader, DEVELOPER, "the developer of this profile")?;
        reader.expect(&mut verifier, 1)?;
        let build = text(&mut reader)?;
        reader.last(&verifier)?;
        reader.expect(&mut map, HANDLE)?;
        let handle = reader.fixed()?;
        reader.expect(&mut map, POLICY)?;
        let policy = policy(&mut reader)?;
        reader.expect(&mut map, COUNTERS)?;
        reader.array(2)?;
        let counters = Counters { boot: reader.unsigned()?, sequence: reader.unsigned()? };
        reader.expect(&mut map, POSTURE)?;
        let wrong = reader.error("a posture, 0 to 3, and its tier in ear_status");
        let posture = posture_of(reader.integer()?).filter(|found| posture(*found).1 == tier).ok_or(wrong)?;
        let (mut boot, mut waivers) = (None, 0);
        while let Some(key) = reader.key(&mut map)? {
            let wrong = reader.error("boot facts, then waivers, at least one");
            match key {
                Key::Integer(BOOT) => boot = Some(Boot::read(&mut reader)?),
                Key::Integer(WAIVERS) => {
                    waivers = reader.unsigned()?;
                    if !(1..=MAX_WAIVERS).contains(&waivers) {
                        return Err(wrong);
                    }
                }
                _ => return Err(wrong),
            }
        }
        reader.end()?;
        Ok(Claims {
            audience,
            issued_at,
            expires_at,
            id,
            confirmation,
            nonce,
            build,
            handle,
            policy,
            counters,
            posture,
            gates,
            boot,
            waivers,
        })
    }
}

/// A text that a person may be shown: 1 to [`MAX_TEXT`] bytes of printable ASCII without spaces.
pub(crate) fn text(reader: &mut Reader<'_>) -> Result<Box<str>, Malformed> {
    let wrong = reader.error("1 to 64 printable ASCII characters without spaces");
    let text = reader.text()?;
    let is_plain = (1..=MAX_TEXT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain { Ok(text.into()) } else { Err(wrong) }
}

fn exactly(reader: &mut Reader<'_>, expected: &str, words: &'static str) -> Result<(), Malformed> {
    let wrong = reader.error(words);
    if reader.text()? == expected { Ok(()) } else { Err(wrong) }
}

fn policy(reader: &mut Reader<'_>) -> Result<PolicyClaim, Malformed> {
    reader.array(4)?;
    let id = text(reader)?;
    let wrong = reader.error("a version of 32 bits");
    let version = u32::try_from(reader.unsigned()?).map_err(|_| wrong)?;
    Ok(PolicyClaim { id, version, digest: reader.fixed()?, is_lab: reader.boolean()? })
}

fn gates(reader: &mut Reader<'_>) -> Result<Vec<GateClaim>, Malformed> {
    let mut gates = Vec::new();
    let mut map = reader.map()?;
    let none = reader.error("at least one gate");
    while let Some(key) = reader.key(&mut map)? {
        let unknown = reader.error("a gate's id");
        let Key::Text(id) = key else { return Err(unknown) };
        let gate = GateId::from_id(id).ok_or(unknown)?;
        let mut fields = reader.map()?;
        reader.expect(&mut fields, EAR_STATUS)?;
        let tier = reader.integer()?;
        reader.expect(&mut fields, EAR_VECTOR)?;
        let mut claim = reader.map()?;
        let differs = reader.error("the gate's own trustworthiness claim");
        let Some(Key::Integer(trust)) = reader.key(&mut claim)? else { return Err(differs) };
        let value = reader.integer()?;
        reader.last(&claim)?;
        reader.expect(&mut fields, STATE)?;
        let wrong = reader.error("a state, 0 to 3");
        let verdict = verdict(reader.integer()?).ok_or(wrong)?;
        reader.last(&fields)?;
        if state(verdict).1 != tier || vector(gate, verdict) != (trust, value) {
            return Err(differs);
        }
        gates.push(GateClaim { gate, verdict });
    }
    gates.sort_by_key(|claim| claim.gate);
    if gates.is_empty() { Err(none) } else { Ok(gates) }
}
