//! Base64 and PEM texts (RFC 4648, RFC 7468).

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let octet = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
        for n in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * n) & 63) as usize];
            text.push(if n <= chunk.len() { letter.into() } else { '=' });
        }
    }
    text
}

/// Blocks of one kind as a PEM text.
pub fn pem<'a>(label: &str, blocks: impl IntoIterator<Item = &'a Vec<u8>>) -> String {
    let mut text = String::new();
    for block in blocks {
        text.push_str(&format!("-----BEGIN {label}-----\n"));
        for line in base64(block).as_bytes().chunks(64) {
            text.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
            text.push('\n');
        }
        text.push_str(&format!("-----END {label}-----\n"));
    }
    text
}
