use super::*;
use std::string::String;

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (nth, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * nth..2 * nth + 2], 16).unwrap();
    }
    bytes
}

/// RFC 9679 §6: the one example.
#[test]
fn a_thumbprint_is_the_standards() {
    let key = PublicKey {
        x: hex("65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"),
        y: hex("1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"),
    };
    let found: String = key.thumbprint().iter().map(|byte| std::format!("{byte:02x}")).collect();
    assert_eq!(found, "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec");
}

#[test]
fn the_lower_s_is_taken() {
    let with = |s: [u8; 32]| {
        let mut signature = [7; 64];
        signature[32..].copy_from_slice(&s);
        signature
    };
    let mut above = HALF_ORDER;
    above[31] += 1;
    assert!(is_low(&with(HALF_ORDER)) && !is_low(&with(above)) && !is_low(&with(ORDER)));
    assert_eq!(lowered(with(above)), with(HALF_ORDER));
    assert_eq!(lowered(with(HALF_ORDER)), with(HALF_ORDER));
    let mut last = ORDER;
    last[31] -= 1;
    let mut one = [0; 32];
    one[31] = 1;
    assert_eq!(lowered(with(last)), with(one));
}

#[cfg(all(feature = "p256", feature = "ring"))]
#[test]
fn both_libraries_agree() {
    let key = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    let mut signature = Sign::sign(&key, b"message").unwrap();
    let public = Sign::public_key(&key);
    let verify = |signature: &Signature, message: &[u8]| {
        let both = [Ring.verify(&public, message, signature), Pure.verify(&public, message, signature)];
        assert_eq!(both[0], both[1]);
        both[0]
    };
    assert!(is_low(&signature) && verify(&signature, b"message") && !verify(&signature, b"massage"));
    for byte in 0..64 {
        signature[byte] ^= 1;
        assert!(!verify(&signature, b"message"));
        signature[byte] ^= 1;
    }
    let off_curve = PublicKey { x: [1; 32], y: [1; 32] };
    assert!(public.is_on_curve() && !off_curve.is_on_curve());
    assert!(
        !Ring.verify(&off_curve, b"message", &signature) && !Pure.verify(&off_curve, b"message", &signature)
    );
}
