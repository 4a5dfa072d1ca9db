use super::*;
use crate::written::{Writer, from_xml};
use proptest::prelude::*;

/// Every element as `path name=value …`.
fn walked(text: &[u8]) -> Result<Vec<String>, FormatError> {
    let mut found = Vec::new();
    walk("a file", text, &["r", "s"], |element| {
        let attributes: String =
            element.attributes().map(|(name, value)| format!(" {name}={value}")).collect();
        found.push(format!("{}{attributes}", element.path));
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn odd_but_valid_documents_are_walked() {
    for (text, expected) in [
        ("<r/>", &["r"][..]),
        ("<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n<r />\r\n", &["r"]),
        ("\u{feff}<r></r >", &["r"]),
        ("<!-- c --><r><!-- <x> --></r><!-- c -->", &["r"]),
        ("<r><x a=\"1\" b='2'/><x><y/></x></r>", &["r", "r/x a=1 b=2", "r/x", "r/x/y"]),
        ("<r/><s><x/></s>\n", &["r", "s", "s/x"]),
        ("<r a='&lt;&#10;&#x20ac;&quot;' />", &["r a=<\n\u{20ac}\""]),
        ("<r a=\"x\ny\"/>", &["r a=x y"]),
        ("<r>text &amp; &#65; more<x/></r>", &["r", "r/x"]),
        ("<r a='>'/>", &["r a=>"]),
    ] {
        assert_eq!(
            walked(text.as_bytes()).unwrap_or_else(|error| panic!("{text} {error}")),
            expected,
            "{text}"
        );
    }
    let utf16: Vec<u8> = "\u{feff}<?xml version='1.0' encoding='UTF-16'?><r/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(walked(&utf16).unwrap(), ["r"]);
}

#[test]
fn what_is_no_such_document_is_refused_with_its_line() {
    for (text, message) in [
        ("", "a file: no element: expected <r>"),
        (" <!-- --> ", "no element: expected <r>"),
        ("{}", "line 1: text or an entity: expected only elements"),
        ("<x/>", "line 1: <x> at the top: expected <r>"),
        ("<s/>", "<s> at the top: expected <r>"),
        ("<r/>\n<r/>", "line 2: <r> at the top: expected <s>"),
        ("<r/><s/><s/>", "<s> at the top: expected the end"),
        ("<r/>x", "text or an entity"),
        ("<r>\n<x>\n</r>", "line 3: "),
        ("<r>\n<x>", "line 2: the end inside <r/x>: expected its end tag"),
        ("<r", "expected well-formed XML"),
        ("</r>", "expected well-formed XML"),
        ("<r a=1/>", "expected well-formed XML"),
        ("<r a='1' a='2'/>", "expected well-formed XML"),
        ("<r a/>", "expected well-formed XML"),
        ("<r a='&x;'/>", "expected well-formed XML"),
        ("<r a='&#0;'/>", "expected well-formed XML"),
        ("<r a='&#x110000;'/>", "expected well-formed XML"),
        ("<r>&x;</r>", "text or an entity"),
        ("<r>&#0;</r>", "text or an entity"),
        ("<r>& </r>", "expected well-formed XML"),
        ("<!DOCTYPE r><r/>", "line 1: a DOCTYPE: expected none"),
        ("<!DOCTYPE r [<!ENTITY a \"b\">]><r a='&a;'/>", "a DOCTYPE: expected none"),
        ("<!doctype r><r/>", "expected none"),
        ("<r><![CDATA[x]]></r>", "a CDATA section: expected none"),
        ("<?php x?><r/>", "a processing instruction"),
        ("<r/><?xml version='1.0'?>", "a processing instruction"),
        ("<?xml version='1.0' encoding='latin1'?><r/>", "encoding \"latin1\": expected UTF-8"),
        ("<r><\u{e9}/></r>", "name \"\\u{e9}\": expected letters"),
        ("<r>< x/></r>", "name \"\": expected letters"),
        ("<r><1/></r>", "name \"1\""),
        ("<r><a/b/></r>", "name \"a/b\""),
        ("<r><x \u{e9}='1'/></r>", "name "),
        ("<r>\0</r>", "binary"),
    ] {
        let error = walked(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{text} | {error}");
    }
}

/// What both forms of a text say, if it is the same.
fn walked_twice(text: &str) -> Vec<String> {
    let found = walked(text.as_bytes()).unwrap_or_else(|error| panic!("{text} {error}"));
    let binary = walked(&from_xml(text)).unwrap_or_else(|error| panic!("{text} {error}"));
    assert_eq!(found, binary, "{text}");
    found
}

#[test]
fn both_forms_of_a_document_are_walked_alike() {
    for (text, elements) in [
        ("<r/>", 1),
        ("<r><x a=\"1\" b='-2'/><x><y c='true' d='false' e='x'/></x>\n</r>", 4),
        ("<r a='&lt;&#10;&#x20ac;&quot;' />\n<s key='00ff'/>", 2),
        ("<r n='99999999999' m='007'>text &amp; &#65; more<x/></r>", 2),
    ] {
        assert_eq!(walked_twice(text).len(), elements);
    }
}

#[test]
fn what_is_no_such_binary_document_is_refused_with_its_byte() {
    let of = |build: fn(&mut Writer) -> &mut Writer| {
        let mut writer = Writer::new();
        build(&mut writer);
        walked(&writer.finish())
    };
    for (found, message) in [
        (of(|w| w), "a file: no element: expected <r>"),
        (of(|w| w.start("x").end("x")), "a file, byte 5: <x> at the top: expected <r>"),
        (of(|w| w.start("r").end("r").start("r").end("r")), "byte 14: <r> at the top: expected <s>"),
        (of(|w| w.text(0x24, "x")), "byte 5: text or an entity: expected only elements"),
        (of(|w| w.start("r").text(0x26, "x").end("r")), "text or an entity"),
        (of(|w| w.start("r").text(0x26, "#0").end("r")), "text or an entity"),
        (of(|w| w.start("r").text(0x25, "x").end("r")), "a CDATA section: expected none"),
        (of(|w| w.text(0x2a, "r").start("r").end("r")), "a DOCTYPE: expected none"),
        (of(|w| w.start("r").text(0x28, "x").end("r")), "a processing instruction: expected none"),
        (walked(b"ABX\0"), "a file, byte 4: the end of the bytes"),
    ] {
        let error = found.unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
    let odd = of(|w| w.text(0x27, "\n").text(0x29, "c").start("r").attribute(1, "a").int("b", 1).end("r"));
    assert_eq!(odd.unwrap(), ["r b=1"], "an attribute without a value is not there");
}

#[test]
fn caps_are_kept() {
    let nested = |depth: usize| format!("<r>{}{}</r>", "<x>".repeat(depth - 1), "</x>".repeat(depth - 1));
    assert_eq!(walked(nested(MAX_DEPTH).as_bytes()).unwrap().len(), MAX_DEPTH);
    let attributes =
        |count: usize| format!("<r {}/>", (0..count).map(|n| format!("a{n}='' ")).collect::<String>());
    assert!(walked(attributes(MAX_ATTRIBUTES).as_bytes()).is_ok());
    for text in [
        nested(MAX_DEPTH + 1),
        attributes(MAX_ATTRIBUTES + 1),
        format!("<r>{}</r>", "<x/>".repeat(MAX_EVENTS)),
        " ".repeat(MAX_TEXT + 1),
    ] {
        let error = walked(text.as_bytes()).unwrap_err();
        assert!(error.is_too_large(), "{error}");
    }
    assert!(walked(format!("<{}/>", "r".repeat(crate::abx::MAX_NAME + 1)).as_bytes()).is_err());
}

#[test]
fn attributes_are_read_by_type() {
    let read = |text: &str| {
        let mut read = (Ok(0), Ok(false));
        walk("a file", text.as_bytes(), &["r"], |element| {
            read = (element.number::<u32>("n"), element.flag("b"));
            Ok(())
        })
        .unwrap();
        read
    };
    assert_eq!(read("<r n='7' b='true'/>"), (Ok(7), Ok(true)));
    let (number, flag) = read("<r n='+7' b='1'/>");
    assert_eq!(
        number.unwrap_err().to_string(),
        "a file, line 1: <r>: n=\"+7\": expected a whole number in range"
    );
    assert_eq!(flag.unwrap_err().to_string(), "a file, line 1: <r>: b=\"1\": expected true or false");
    let (number, flag) = read("<r n='-7'/>");
    assert!(number.is_err());
    assert_eq!(flag.unwrap_err().to_string(), "a file, line 1: <r>: expected an attribute b");
}

#[test]
fn typed_attributes_are_read_as_what_they_are() {
    let mut writer = Writer::new();
    writer.start("r").int("i", 100).int_hex("x", 100).long("l", -1).long_hex("y", 100).boolean("b", true);
    writer.string("s", "64").hex("h", &[1, 0xab]).base64("e", &[1]).end("r");
    let bytes = writer.finish();
    walk("a file", &bytes, &["r"], |element| {
        assert_eq!((element.number::<u8>("i"), element.number::<i16>("l")), (Ok(100), Ok(-1)));
        assert_eq!((element.number::<u8>("s"), element.hex("s")), (Ok(64), Ok(100)));
        assert_eq!((element.hex("x"), element.hex("y")), (Ok(100), Ok(100)));
        assert_eq!(element.flag("b"), Ok(true));
        assert_eq!(element.bytes("h").unwrap().to_vec(), [1, 0xab]);
        assert_eq!(element.bytes("s").unwrap().to_vec(), [0x64]);
        assert_eq!(element.number_if_there::<u8>("none"), Ok(None));
        for (error, message) in [
            (element.number::<u32>("l").map(drop), "byte 5: <r>: l=\"-1\": expected a whole number in range"),
            // 64 in text is 100 to who knows that it is hex and 64 to who does not.
            (element.number::<u32>("x").map(drop), "x=\"64\": expected a whole number in range"),
            (element.number::<u32>("b").map(drop), "b=\"true\": expected a whole number"),
            (element.hex("i").map(drop), "i=\"100\": expected a hexadecimal number"),
            (element.flag("i").map(drop), "i=\"100\": expected true or false"),
            (element.bytes("e").map(drop), "e=\"AQ==\": expected bytes in hexadecimal"),
            (element.hex("none").map(drop), "expected an attribute none"),
        ] {
            let error = error.unwrap_err().to_string();
            assert!(error.contains(message), "{error} | {message}");
        }
        Ok(())
    })
    .unwrap();
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = walked(&bytes);
        let _ = walked(&[b"ABX\0\x10\x32\xff\xff\0\x01r", &bytes[..]].concat());
    }

    #[test]
    fn no_text_panics(text in "((<|</|<!--?|-->|<\\?|<!\\[CDATA\\[|\\]\\]>|/>|>|r|s|x|a|='|'|&#?|;|1| |\n)){0,40}") {
        let _ = walked(text.as_bytes());
        let _ = walked(format!("<r>{text}</r>").as_bytes());
    }

    #[test]
    fn both_forms_say_the_same(values in proptest::collection::vec("[ -~&&[^&<\"]]{0,12}|-?[0-9]{1,12}|true", 0..6)) {
        let elements: String = values.iter().map(|value| format!("<x a=\"{value}\" name=\"{value}\"/>")).collect();
        walked_twice(&format!("<r>{elements}</r>"));
    }
}
