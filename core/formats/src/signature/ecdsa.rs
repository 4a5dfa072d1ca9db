//! ECDSA signatures as KeyMint gives them: an Ecdsa-Sig-Value.

use crate::FormatError;
use crate::der::{Element, Reader, Tag};

const WHAT: &str = "ECDSA signature";

/// r and s, 32 bytes each, big-endian, of a signature on P-256 that is a DER Ecdsa-Sig-Value (RFC 3279 §2.2.3). Whether
/// it is anybody's signature of anything is not looked at.
///
/// ```text
/// SEQUENCE { r INTEGER, s INTEGER }
/// ```
///
/// # Errors
/// Another form, or a number that is 0 or does not fit into 32 bytes.
pub fn p256_fixed(signature: &[u8]) -> Result<[u8; 64], FormatError> {
    let value = Reader::single(WHAT, signature, Tag::SEQUENCE)?;
    let mut numbers = value.reader();
    let (r, s) = (number(&numbers.expect(Tag::INTEGER)?)?, number(&numbers.expect(Tag::INTEGER)?)?);
    numbers.end()?;
    let mut fixed = [0; 64];
    let (high, low) = fixed.split_at_mut(32);
    high.copy_from_slice(&r);
    low.copy_from_slice(&s);
    Ok(fixed)
}

fn number(element: &Element<'_>) -> Result<[u8; 32], FormatError> {
    let magnitude = element.magnitude()?;
    let mut number = [0; 32];
    let place = number.len().checked_sub(magnitude.len()).and_then(|from| number.get_mut(from..));
    match place {
        Some(place) if magnitude != [0] => place.copy_from_slice(magnitude),
        _ => {
            let expected = "expected a number from 1 of at most 32 octets";
            return Err(element.error(format_args!("an INTEGER of {} octets: {expected}", magnitude.len())));
        }
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{Curve, Hash, PublicKey, Ring, SignatureVerifier};
    use trust_forge::Key;

    #[test]
    fn what_a_key_signed_is_read_whole() {
        for nth in 0..64 {
            let message = format!("message {nth}");
            let der = Key::p256("signer").sign(trust_forge::Hash::Sha256, message.as_bytes());
            let fixed = p256_fixed(&der).unwrap();
            assert_eq!(written(&fixed[..32], &fixed[32..]), der);
        }
    }

    #[test]
    fn every_fault_is_refused() {
        let one = [1; 32];
        let faults: [(&str, Vec<u8>, &str); 9] = [
            ("nothing", Vec::new(), "the end: expected SEQUENCE"),
            ("a raw signature", vec![7; 64], "expected SEQUENCE"),
            ("one number", written_all(&[&one]), "the end: expected INTEGER"),
            ("three numbers", written_all(&[&one, &one, &one]), "more: expected the end"),
            ("more after it", [written(&one, &one), vec![0]].concat(), "more: expected the end"),
            ("zero", written(&[0], &one), "from 1"),
            ("33 octets", written(&[1; 33], &one), "at most 32"),
            ("negative", vec![0x30, 6, 2, 1, 0x80, 2, 1, 1], "negative"),
            ("padded", vec![0x30, 7, 2, 2, 0, 1, 2, 1, 1], "padded"),
        ];
        for (what, bytes, says) in faults {
            let error = p256_fixed(&bytes).unwrap_err().to_string();
            assert!(error.contains(says), "{what}: {error}");
        }
    }

    /// What differs in one bit, or ends early, is refused or is another signature.
    #[test]
    fn a_changed_signature_is_refused_or_another() {
        let key = Key::p256("signer");
        let der = key.sign(trust_forge::Hash::Sha256, b"message");
        let fixed = p256_fixed(&der).unwrap();
        for length in 0..der.len() {
            assert!(p256_fixed(&der[..length]).is_err(), "{length}");
        }
        for bit in 0..der.len() * 8 {
            let mut flipped = der.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(p256_fixed(&flipped).ok(), Some(fixed), "{bit}");
        }
        let point = key.public();
        let point = &point[point.len() - 65..];
        assert_eq!(Ring.verify(PublicKey::Ec(Curve::P256, point), Hash::Sha256, b"message", &der), Ok(()));
    }

    fn written(r: &[u8], s: &[u8]) -> Vec<u8> {
        written_all(&[r, s])
    }

    fn written_all(numbers: &[&[u8]]) -> Vec<u8> {
        let integers: Vec<Vec<u8>> =
            numbers.iter().map(|number| trust_forge::der::unsigned(number)).collect();
        trust_forge::der::sequence(&integers)
    }
}
