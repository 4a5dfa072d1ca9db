//! Writes Android Binary XML as Android's serializer does, for samples, tests and benches.

#![allow(dead_code)] // no test needs all of it

use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;

const NEW: u16 = 0xffff;

/// A document that is being written. Nothing is checked: tests write wrong ones too.
pub struct Writer {
    bytes: Vec<u8>,
    pool: HashMap<String, u16>,
}

impl Writer {
    /// The magic and the start of the document.
    pub fn new() -> Writer {
        Writer { bytes: b"ABX\0\x10".to_vec(), pool: HashMap::new() }
    }

    /// The end of the document, and its bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.push(0x11);
        self.bytes
    }

    /// How many bytes there are so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn start(&mut self, name: &str) -> &mut Writer {
        self.raw(&[0x32]).numbered(name)
    }

    pub fn end(&mut self, name: &str) -> &mut Writer {
        self.raw(&[0x33]).numbered(name)
    }

    /// Text, CDATA, … by its token.
    pub fn text(&mut self, token: u8, text: &str) -> &mut Writer {
        self.raw(&[token]).counted(&modified(text))
    }

    pub fn string(&mut self, name: &str, value: &str) -> &mut Writer {
        self.attribute(2, name).counted(&modified(value))
    }

    pub fn interned(&mut self, name: &str, value: &str) -> &mut Writer {
        self.attribute(3, name).numbered(value)
    }

    pub fn hex(&mut self, name: &str, value: &[u8]) -> &mut Writer {
        self.attribute(4, name).counted(value)
    }

    pub fn base64(&mut self, name: &str, value: &[u8]) -> &mut Writer {
        self.attribute(5, name).counted(value)
    }

    pub fn int(&mut self, name: &str, value: i32) -> &mut Writer {
        self.attribute(6, name).raw(&value.to_be_bytes())
    }

    pub fn int_hex(&mut self, name: &str, value: i32) -> &mut Writer {
        self.attribute(7, name).raw(&value.to_be_bytes())
    }

    pub fn long(&mut self, name: &str, value: i64) -> &mut Writer {
        self.attribute(8, name).raw(&value.to_be_bytes())
    }

    pub fn long_hex(&mut self, name: &str, value: i64) -> &mut Writer {
        self.attribute(9, name).raw(&value.to_be_bytes())
    }

    pub fn float(&mut self, name: &str, value: f32) -> &mut Writer {
        self.attribute(10, name).raw(&value.to_be_bytes())
    }

    pub fn double(&mut self, name: &str, value: f64) -> &mut Writer {
        self.attribute(11, name).raw(&value.to_be_bytes())
    }

    pub fn boolean(&mut self, name: &str, value: bool) -> &mut Writer {
        self.attribute(if value { 12 } else { 13 }, name)
    }

    /// The token and the name of an attribute.
    pub fn attribute(&mut self, kind: u8, name: &str) -> &mut Writer {
        self.raw(&[kind << 4 | 15]).numbered(name)
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Writer {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn counted(&mut self, bytes: &[u8]) -> &mut Writer {
        let length = u16::try_from(bytes.len()).expect("a string has at most 65535 bytes");
        self.raw(&length.to_be_bytes()).raw(bytes)
    }

    /// A string by its number, or with the next free one.
    fn numbered(&mut self, text: &str) -> &mut Writer {
        if let Some(number) = self.pool.get(text) {
            let number = number.to_be_bytes();
            return self.raw(&number);
        }
        let next = u16::try_from(self.pool.len()).unwrap_or(NEW);
        if next != NEW {
            self.pool.insert(text.into(), next);
        }
        self.raw(&NEW.to_be_bytes()).counted(&modified(text))
    }
}

/// Modified UTF-8 as Android's runtime writes it: UTF-8 but for the NUL.
fn modified(text: &str) -> Vec<u8> {
    let two = |byte: u8| if byte == 0 { vec![0xc0, 0x80] } else { vec![byte] };
    text.bytes().flat_map(two).collect()
}

/// A text as system_server might have written it: what looks like a number, a truth or bytes gets that type.
pub fn from_xml(text: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().expect("the text is XML") {
            Event::Start(start) => open(&mut writer, &start),
            Event::End(end) => {
                writer.end(&String::from_utf8_lossy(end.name().as_ref()));
            }
            Event::Text(found) => {
                writer.text(0x24, &String::from_utf8_lossy(&found));
            }
            Event::GeneralRef(name) => {
                writer.text(0x26, &String::from_utf8_lossy(&name));
            }
            Event::Eof => return writer.finish(),
            _ => {}
        }
    }
}

fn open(writer: &mut Writer, start: &BytesStart<'_>) {
    let element = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    writer.start(&element);
    for attribute in start.attributes() {
        let attribute = attribute.expect("the text is XML");
        let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Explicit1_0)
            .expect("the text is XML")
            .into_owned();
        let is_number = |number: i64| number.to_string() == value;
        // A setting's value is text, whatever it looks like.
        match (&*value, value.parse::<i64>()) {
            _ if element == "setting" => writer.string(&name, &value),
            ("true", _) => writer.boolean(&name, true),
            ("false", _) => writer.boolean(&name, false),
            (_, Ok(number)) if is_number(number) => match i32::try_from(number) {
                Ok(number) => writer.int(&name, number),
                Err(_) => writer.long(&name, number),
            },
            _ if name == "key" => match bytes(&value) {
                Some(bytes) => writer.hex(&name, &bytes),
                None => writer.string(&name, &value),
            },
            _ if name == "package" || name == "name" => writer.interned(&name, &value),
            _ => writer.string(&name, &value),
        };
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        hex.bytes().map(|digit| char::from(digit).to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits?;
    (digits.len() % 2 == 0).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
