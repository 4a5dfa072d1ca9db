//! Writes DER (ITU-T X.690): each function gives one whole element.

/// An element with this tag octet.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    tagged(&[tag], content)
}

fn tagged(tag: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = tag.to_vec();
    match content.len() {
        short @ 0..0x80 => bytes.push(short as u8),
        long => {
            let octets = long.to_be_bytes();
            let octets = &octets[octets.iter().position(|octet| *octet != 0).unwrap_or(0)..];
            bytes.push(0x80 | octets.len() as u8);
            bytes.extend(octets);
        }
    }
    bytes.extend(content);
    bytes
}

/// A SEQUENCE of elements.
pub fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &elements.concat())
}

/// A SET OF elements in DER's order.
pub fn set_of(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut sorted = elements.to_vec();
    sorted.sort();
    element(0x31, &sorted.concat())
}

/// `[number]` around an element (EXPLICIT).
pub fn explicit(number: u32, inner: &[u8]) -> Vec<u8> {
    if number < 31 {
        return element(0xa0 | number as u8, inner);
    }
    let mut tag = vec![0xbf];
    if number >= 0x80 {
        tag.push(0x80 | (number >> 7) as u8);
    }
    tag.push((number & 0x7f) as u8);
    tagged(&tag, inner)
}

/// An INTEGER from a number.
pub fn integer(value: u64) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// An INTEGER from big-endian bytes, which are taken for positive.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    element(2, &shortest(bytes))
}

fn shortest(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut content = bytes[start..].to_vec();
    if content.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    content
}

/// An ENUMERATED.
pub fn enumerated(value: u8) -> Vec<u8> {
    element(10, &[value])
}

/// A BOOLEAN.
pub fn boolean(value: bool) -> Vec<u8> {
    element(1, &[if value { 0xff } else { 0 }])
}

/// A NULL.
pub fn null() -> Vec<u8> {
    element(5, &[])
}

/// An OCTET STRING.
pub fn octets(content: &[u8]) -> Vec<u8> {
    element(4, content)
}

/// A BIT STRING of whole octets.
pub fn bits(content: &[u8]) -> Vec<u8> {
    element(3, &[&[0], content].concat())
}

/// An OBJECT IDENTIFIER.
pub fn oid(arcs: &[u64]) -> Vec<u8> {
    let mut content = Vec::new();
    let first = arcs[0] * 40 + arcs[1];
    for arc in std::iter::once(first).chain(arcs[2..].iter().copied()) {
        let mut septets = vec![(arc & 0x7f) as u8];
        let mut rest = arc >> 7;
        while rest > 0 {
            septets.push(0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        content.extend(septets.iter().rev());
    }
    element(6, &content)
}

/// A UTF8String.
pub fn utf8(text: &str) -> Vec<u8> {
    element(12, text.as_bytes())
}

/// A UTCTime (`YYMMDDhhmmssZ`) or a GeneralizedTime (`YYYYMMDDhhmmssZ`).
pub fn time(text: &str) -> Vec<u8> {
    element(if text.len() == 13 { 23 } else { 24 }, text.as_bytes())
}
