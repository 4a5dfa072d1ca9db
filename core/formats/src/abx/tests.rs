use super::*;
use crate::FormatError;
use crate::written::Writer;
use proptest::prelude::*;

/// One element, with an attribute of every type and a text.
fn sample() -> Vec<u8> {
    let mut writer = Writer::new();
    writer
        .start("r")
        .string("s", "a\u{20ac}")
        .interned("i", "r")
        .hex("h", &[0x01, 0xfe])
        .base64("b", &[0xff])
        .int("n", -2)
        .int_hex("x", 0x1f)
        .long("l", 1 << 33)
        .long_hex("y", -1)
        .float("f", 0.5)
        .double("d", 0.25)
        .boolean("t", true)
        .boolean("u", false)
        .attribute(1, "z")
        .start("x")
        .text(0x24, "t<")
        .end("x")
        .end("r");
    writer.finish()
}

/// Every event in words.
fn events(bytes: &[u8]) -> Result<Vec<String>, FormatError> {
    let mut reader = Reader::new(bytes)?;
    let mut found = Vec::new();
    while let Some(event) = reader.next_event()? {
        found.push(match event {
            Event::Start(name) => format!("<{name}>"),
            Event::Attribute(name, value) => format!("{name}={}", value.to_text().unwrap_or("-".into())),
            Event::End(name) => format!("</{name}>"),
            Event::Text(kind, text) => format!("{kind:?} {}", text.to_str()),
        });
    }
    assert_eq!(reader.next_event(), Ok(None), "the end is where it was");
    Ok(found)
}

#[test]
fn every_event_and_every_type_is_read() {
    let found = events(&sample()).unwrap();
    let expected = "<r> s=a\u{20ac} i=r h=01fe b=/w== n=-2 x=1f l=8589934592 y=-1 f=0.5 d=0.25 t=true \
                    u=false z=- <x> Text,t< </x> </r>";
    assert_eq!(found.join(" ").replace("Text ", "Text,"), expected);
}

#[test]
fn a_document_is_what_the_grammar_says_byte_by_byte() {
    #[rustfmt::skip]
    let bytes = [
        0x41, 0x42, 0x58, 0x00, // "ABX", version 0
        0x10, // start of the document
        0x32, 0xff, 0xff, 0x00, 0x01, b'r', // <r: string 0, new
        0x6f, 0xff, 0xff, 0x00, 0x01, b'n', 0x00, 0x00, 0x00, 0x64, // n="100": string 1, new, an int
        0x3f, 0x00, 0x00, 0x00, 0x01, // r="n": strings 0 and 1
        0x33, 0x00, 0x00, // </r>: string 0
        0x11, // end of the document
    ];
    assert_eq!(events(&bytes).unwrap(), ["<r>", "n=100", "r=n", "</r>"]);
    let mut writer = Writer::new();
    writer.start("r").int("n", 100).interned("r", "n").end("r");
    assert_eq!(writer.finish(), bytes);
}

#[test]
fn what_is_no_such_document_is_refused_with_its_byte() {
    let within = |bytes: &[u8]| {
        let mut writer = Writer::new();
        writer.start("r").raw(bytes).end("r");
        writer.finish()
    };
    let nested = |end: &str| {
        let mut writer = Writer::new();
        writer.start("r").start("x").end(end);
        writer.finish()
    };
    for (bytes, message) in [
        (b"".to_vec(), "binary XML, byte 0: \"\": expected ABX and version 0"),
        (b"ABX\x01\x10\x11".to_vec(), "byte 0: \"ABX\\u{1}\": expected ABX and version 0"),
        (b"ABX\0".to_vec(), "byte 4: the end of the bytes: expected the start of the document"),
        (b"ABX\0\x11".to_vec(), "byte 4: token 0x11: expected the start of the document"),
        (b"ABX\0\x10".to_vec(), "byte 5: the end of the bytes: expected a token or the end of the document"),
        (b"ABX\0\x10\x10\x11".to_vec(), "byte 5: token 0x10: expected a tag, a text or an attribute"),
        (b"ABX\0\x10\x11\0".to_vec(), "byte 5: 1 bytes after the document: expected none"),
        (b"ABX\0\x10\x33\xff\xff\0\x01r\x11".to_vec(), "</r>: expected no end tag, as nothing is open"),
        (
            b"ABX\0\x10\x32\xff\xff\0\x01r\x11".to_vec(),
            "byte 11: the end of the document: expected </r> first",
        ),
        (b"ABX\0\x10\x2f\xff\xff\0\x01r\0\x01r\x11".to_vec(), "an attribute: expected it right after"),
        (nested("r"), "byte 17: </r>: expected </x>"),
        (within(&[0x22, 0, 0]), "byte 11: token 0x22: expected a tag"),
        (within(&[0x14]), "token 0x14: expected a tag"),
        (within(&[0x2b]), "token 0x2b: expected a tag"),
        (within(&[0x24, 0xff, 0xff]), "byte 11: the end inside 65535 bytes: expected all of them"),
        (within(&[0x0f, 0, 0]), "byte 11: type 0 of attribute r: expected 1 to 13"),
        (within(&[0xef, 0, 0]), "type 14 of attribute r: expected 1 to 13"),
        (within(&[0xcf, 0, 0, 0xdf, 0, 0]), "byte 14: a second attribute r: expected each once"),
        (within(&[0xcf, 0, 7]), "string 7: expected one of the 1 so far"),
        (within(&[0x32, 0, 7]), "string 7: expected one of the 1 so far"),
        (within(&[0xcf, 0xff, 0xff, 0, 1, b' ']), "name \" \": expected letters"),
        (within(&[0xcf, 0xff, 0xff, 0, 0]), "name \"\": expected letters"),
        (within(&[0x32, 0xff, 0xff, 0, 2, 0xc0, 0x80]), "name \"\\u{0}\": expected letters"),
        (within(&[0x24, 0, 0, 0xcf, 0, 0]), "an attribute: expected it right after its start tag"),
        (within(&[0x24, 0, 2, b'a', 0x00]), "byte 15: 00: expected modified UTF-8"),
        (within(&[0x24, 0, 1, 0xff]), "byte 14: ff: expected modified UTF-8"),
    ] {
        let error = events(&bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{bytes:02x?} | {error} | {message}");
    }
}

#[test]
fn strings_are_modified_utf_8_or_what_androids_runtime_makes_of_it() {
    for (bytes, text) in [
        (&b""[..], Ok("")),
        (b"plain", Ok("plain")),
        (b"\xc3\xa9\xe2\x82\xac", Ok("\u{e9}\u{20ac}")),
        (b"a\xc0\x80b", Ok("a\0b")),
        (b"\xf0\x9f\x98\x80", Ok("\u{1f600}")),
        (b"\xed\xa0\xbd\xed\xb8\x80", Ok("\u{1f600}")),
        (b"\xed\xa0\xbd\xf0\x9f\x98\x80", Ok("\u{fffd}\u{1f600}")),
        (b"\xed\xa0\xbdx", Ok("\u{fffd}x")),
        (b"\xed\xb8\x80", Ok("\u{fffd}")),
        (b"\xf4\x8f\xbf\xbf\xc0\x80", Ok("\u{10ffff}\0")),
        (b"a\0", Err(1)),
        (b"\xc0\x81", Err(0)),
        (b"\xc1\xbf", Err(0)),
        (b"ab\xc3", Err(2)),
        (b"\xc3a", Err(0)),
        (b"\xe0\x9f\xbf", Err(0)),
        (b"\xe2\x82", Err(0)),
        (b"\xf0\x8f\xbf\xbf", Err(0)),
        (b"\xf4\x90\x80\x80", Err(0)),
        (b"\xf5\x80\x80\x80", Err(0)),
        (b"\x80", Err(0)),
        (b"\xc0\x80\0", Err(2)),
    ] {
        let found = Str::read(bytes).map(|found| found.to_str().into_owned());
        assert_eq!(found.as_deref().map_err(|good| *good), text, "{bytes:02x?}");
    }
}

#[test]
fn strings_without_a_number_are_read_after_the_last_number() {
    let mut writer = Writer::new();
    writer.start("r");
    for n in 0..=MAX_POOL {
        writer.start(&format!("x{n}")).end(&format!("x{n}"));
    }
    writer.end("r");
    let bytes = writer.finish();
    let mut reader = Reader::new(&bytes).unwrap();
    let mut last = None;
    while let Some(event) = reader.next_event().unwrap() {
        if let Event::Start(name) = event {
            last = Some(name.to_string());
        }
    }
    assert_eq!(last, Some(format!("x{MAX_POOL}")));
}

#[test]
fn caps_are_kept() {
    let of = |build: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::new();
        writer.start("r");
        build(&mut writer);
        writer.end("r");
        events(&writer.finish())
    };
    let repeated = |count: usize, element: fn(&mut Writer, usize)| {
        of(&|writer| (0..count).for_each(|n| element(writer, n)))
    };
    let nested = |depth: usize| {
        of(&|writer| {
            for end in [false, true] {
                (0..depth).for_each(|_| _ = if end { writer.end("r") } else { writer.start("r") });
            }
        })
    };
    let attributes = |count: usize| repeated(count, |writer, n| _ = writer.boolean(&format!("a{n}"), true));
    assert!(nested(MAX_DEPTH - 1).is_ok() && attributes(MAX_ATTRIBUTES).is_ok());
    for result in [
        nested(MAX_DEPTH),
        attributes(MAX_ATTRIBUTES + 1),
        repeated(MAX_EVENTS / 2, |writer, _| _ = writer.start("r").end("r")),
        repeated(600, |writer, _| _ = writer.start("x").interned("a", &"l".repeat(65_535)).end("x")),
        events(&[&MAGIC[..], &vec![0; MAX_BYTES]].concat()),
    ] {
        let error = result.unwrap_err();
        assert!(error.is_too_large(), "{error}");
    }
}

#[test]
fn every_truncation_is_refused_and_no_flipped_bit_panics() {
    let bytes = sample();
    let debugged = |bytes: &[u8]| -> Result<Vec<String>, FormatError> {
        let mut reader = Reader::new(bytes)?;
        std::iter::from_fn(|| reader.next_event().transpose())
            .map(|event| Ok(format!("{:?}", event?)))
            .collect()
    };
    let expected = debugged(&bytes).unwrap();
    for end in 0..bytes.len() {
        assert!(events(&bytes[..end]).is_err(), "{end}");
    }
    let mut others = 0;
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        // Letters, numbers and types are free, all else is not: a bit gives an error or other events.
        if let Ok(found) = debugged(&flipped) {
            assert_ne!(found, expected, "bit {bit}");
            others += 1;
        }
    }
    assert!(others < 8 * bytes.len() / 2, "{others}");
}

#[test]
fn a_document_is_written_out_as_text() {
    let text = to_xml(&sample()).unwrap();
    let (declaration, text) = text.split_once('\n').unwrap();
    assert_eq!(declaration, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>");
    assert_eq!(
        text,
        "<r s=\"a\u{20ac}\" i=\"r\" h=\"01fe\" b=\"/w==\" n=\"-2\" x=\"1f\" l=\"8589934592\" y=\"-1\" \
         f=\"0.5\" d=\"0.25\" t=\"true\" u=\"false\"><x>t&lt;</x></r>"
    );
    let of = |token: u8, value: &str, text: &str| {
        let mut writer = Writer::new();
        writer.start("r").string("a", value).text(token, text).end("r");
        to_xml(&writer.finish())
    };
    for (token, value, inside, expected) in [
        (0x24, "a\n\t\"&", "a\n\t\"&", "<r a=\"a&#10;&#9;&quot;&amp;\">a\n\t&quot;&amp;</r>"),
        (0x25, "", "]]>", "<r a=\"\">]]&gt;</r>"),
        (0x26, "", "amp", "<r a=\"\">&amp;</r>"),
        (0x27, "", "\n ", "<r a=\"\">\n </r>"),
        (0x29, "", "--", "<r a=\"\"></r>"),
    ] {
        let written = of(token, value, inside).unwrap();
        assert_eq!(written.lines().skip(1).collect::<Vec<_>>().join("\n"), expected);
    }
    for (token, value, inside, message) in [
        (0x24, "\0", "", "binary XML, byte 11: a NUL: expected only what XML text can hold"),
        (0x24, "", "\0", "a NUL"),
        (0x26, "", "x;", "an entity of its own"),
        (0x28, "", "x", "a processing instruction"),
        (0x2a, "", "x", "a DOCTYPE"),
    ] {
        let error = of(token, value, inside).unwrap_err();
        assert!(error.is_unsupported() && error.to_string().contains(message), "{error}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = events(&bytes);
        let _ = events(&[b"ABX\0\x10\x32\xff\xff\0\x01r", &bytes[..]].concat());
    }

    #[test]
    fn a_string_of_utf_8_without_a_nul_is_that_text(
        bytes in proptest::collection::vec(prop_oneof![8 => 1u8..0x80, 1 => any::<u8>()], 0..40)
    ) {
        let found = Str::read(&bytes);
        match std::str::from_utf8(&bytes) {
            Ok(text) if !text.contains('\0') => prop_assert_eq!(found.unwrap().to_str(), text),
            Ok(text) => prop_assert_eq!(found.err(), text.find('\0')),
            Err(_) => prop_assert!(found.is_err() || bytes.contains(&0xc0) || bytes.contains(&0xed)),
        }
    }

    #[test]
    fn no_order_of_tokens_panics(tokens in proptest::collection::vec(any::<(u8, u8)>(), 0..40)) {
        let mut bytes = b"ABX\0\x10".to_vec();
        for (token, low) in tokens {
            bytes.extend([token, 0, low % 4]);
        }
        let _ = to_xml(&bytes);
    }

    #[test]
    fn what_is_written_reads_back(strings in proptest::collection::vec("\\PC{0,20}|\0", 0..6), number: i64) {
        let mut writer = Writer::new();
        writer.start("r").long("n", number).long_hex("x", number);
        for (n, text) in strings.iter().enumerate() {
            writer.start("e").string("s", text).interned("i", text).int("n", n as i32).text(0x24, text).end("e");
        }
        writer.end("r");
        let found = events(&writer.finish()).unwrap();
        let mut expected = vec!["<r>".to_string(), format!("n={number}")];
        let sign = if number < 0 { "-" } else { "" };
        expected.push(format!("x={sign}{:x}", number.unsigned_abs()));
        for (n, text) in strings.iter().enumerate() {
            let element = ["<e>".into(), format!("s={text}"), format!("i={text}"), format!("n={n}")];
            expected.extend(element);
            expected.extend([format!("Text {text}"), "</e>".into()]);
        }
        expected.push("</r>".into());
        prop_assert_eq!(found, expected);
    }
}
