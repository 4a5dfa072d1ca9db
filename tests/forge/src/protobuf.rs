//! Writes protobuf messages: each function gives one whole field.

/// A number on the wire.
pub fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field with a number.
pub fn varint(field: u64, value: u64) -> Vec<u8> {
    [number(field << 3), number(value)].concat()
}

/// A field with bytes, a text or a message.
pub fn bytes(field: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [&number(field << 3 | 2), &number(value.len() as u64), value].concat()
}

/// A field of four bytes.
pub fn fixed32(field: u64, value: u32) -> Vec<u8> {
    [&number(field << 3 | 5)[..], &value.to_le_bytes()].concat()
}
