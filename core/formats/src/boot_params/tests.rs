use super::*;
use proptest::prelude::*;

const BOOTCONFIG: &str = r#"hardware = "cutf_cvm"
kernel.vmw_vsock.max = "16384"
androidboot.boot_devices = "pci0000:00/0000:00:08.0", "pci0000:00/0000:00:09.0"
androidboot.verifiedbootstate = "orange"
androidboot.empty = ""
# Parameters from bootloader:
# console=ttyS0 androidboot.verifiedbootstate=green
"#;

#[test]
fn a_bootconfig_as_the_kernel_prints_it_is_read_whole() {
    let params = BootParams::bootconfig(BOOTCONFIG.as_bytes()).unwrap();
    assert_eq!(params.iter().len(), 5);
    assert_eq!(params.value("androidboot.verifiedbootstate"), Some("orange"));
    assert_eq!(params.value("androidboot.empty"), Some(""));
    let joined = "pci0000:00/0000:00:08.0,pci0000:00/0000:00:09.0";
    assert_eq!(params.value("androidboot.boot_devices"), Some(joined));
    assert_eq!(params.values("androidboot.boot_devices").len(), 2);
    assert_eq!(params.value("console"), None);
    assert_eq!(params.duplicates().count(), 0);
}

#[test]
fn odd_but_valid_bootconfigs_are_read() {
    for (text, values) in [
        ("", &[][..]),
        ("k", &[]),
        ("k\n", &[]),
        ("k=", &[""]),
        ("k = v", &["v"]),
        ("k=v w ;x=y", &["v w"]),
        ("k = v # c", &["v"]),
        ("k = 'a\"b'\r\n", &["a\"b"]),
        ("k = \"a'b\"", &["a'b"]),
        ("k = \"a#b;c,d\"", &["a#b;c,d"]),
        ("k = \"a\nb\"\nx = y", &["a\nb"]),
        ("k = \"v\",\"w\"", &["v", "w"]),
        ("k = 1, # first\n   2,\n   3", &["1", "2", "3"]),
        ("k = v\nk += w", &["v", "w"]),
        ("k = v\nk := w", &["w"]),
        ("k = v\nk = w", &["v", "w"]),
        ("k = \"caf\u{e9}\"", &["caf\u{e9}"]),
        ("\u{feff}k = v", &["v"]),
    ] {
        let params =
            BootParams::bootconfig(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?} {error}"));
        let found: Vec<&str> = params.values("k").iter().map(AsRef::as_ref).collect();
        assert_eq!(found, values, "{text:?}");
    }
}

#[test]
fn what_is_no_bootconfig_is_refused_with_its_line() {
    for (text, message) in [
        ("k = \"v", "line 1: value \"v\": expected its closing \""),
        ("a = 1\nk = 'v\n", "line 2: value \"v\\u{a}\": expected its closing '"),
        ("k = \"v\" w", "line 1: \"w\": expected a comma or the line's end after the value"),
        ("k = \"v\"\"w\"", "line 1: \"\\\"w\\\"\": expected a comma"),
        ("k {\n a = 1\n}", "line 1: \"{\": expected =, +=, := or the line's end"),
        ("k = v }", "line 1: \"}\": expected a comma"),
        ("k v", "line 1: \"v\": expected =, +=, :="),
        ("k ? v", "line 1: \"? v\": expected =, +=, :="),
        ("\n\n= v", "line 3: \"= v\": expected key of 1 to 256 letters"),
        ("k\u{e9} = v", "line 1: \"\\u{e9} = v\": expected ="),
        ("k = v\0", "bootconfig, byte 5: binary"),
        ("[ro.a]: [b]", "expected key of"),
    ] {
        let error = BootParams::bootconfig(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{text:?} {error}");
    }
}

#[test]
fn odd_but_valid_command_lines_are_read() {
    for (text, key, value, values) in [
        ("a=1 k=v b\n", "k", Some("v"), &["v"][..]),
        ("k", "k", Some(""), &[]),
        ("k=", "k", Some(""), &[""]),
        ("k=\"a b\" x", "k", Some("a b"), &["a b"]),
        ("\"k=a b\" x", "k", Some("a b"), &["a b"]),
        ("k=a=b", "k", Some("a=b"), &["a=b"]),
        (
            "dm=\"1 vroot none ro 1,0 10 linear\"",
            "dm",
            Some("1 vroot none ro 1,0 10 linear"),
            &["1 vroot none ro 1,0 10 linear"],
        ),
        ("k=1 k=1", "k", Some("1"), &["1", "1"]),
        ("k=1\tk=2\n", "k", Some("1"), &["1", "2"]),
        ("-- k", "k", Some(""), &[]),
        (" \n", "k", None, &[]),
        ("", "k", None, &[]),
    ] {
        let params = BootParams::cmdline(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?} {error}"));
        assert_eq!(params.value(key), value, "{text:?}");
        let found: Vec<&str> = params.values(key).iter().map(AsRef::as_ref).collect();
        assert_eq!(found, values, "{text:?}");
    }
}

#[test]
fn what_is_no_command_line_is_refused() {
    for (text, message) in [
        ("a=1 k=\"v w", "cmdline: \"k=\\\"v w\": expected a closing double quote"),
        ("=v", "key \"\": expected 1 to 256 printable ASCII characters"),
        ("caf\u{e9}=1", "key \"caf\\u{e9}\": expected"),
        ("a=\0", "cmdline, byte 2: binary"),
    ] {
        let error = BootParams::cmdline(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{text:?} {error}");
    }
}

#[test]
fn a_key_given_twice_is_named_if_its_values_differ() {
    let text = "androidboot.veritymode=eio a=1 a=1 androidboot.veritymode=enforcing b=1 b";
    let params = BootParams::cmdline(text.as_bytes()).unwrap();
    assert_eq!(params.duplicates().collect::<Vec<_>>(), ["androidboot.veritymode", "b"]);
    assert_eq!(params.value("androidboot.veritymode"), Some("eio"));
    let params = BootParams::bootconfig(b"a = 1\na += 2\nb = 1\nb := 2\nc = 1\nc = 2\n").unwrap();
    assert_eq!(params.duplicates().collect::<Vec<_>>(), ["c"]);
    assert_eq!(params.value("a"), Some("1,2"));
}

#[test]
fn caps_are_kept() {
    let many: String = (0..=MAX_PARAMS).map(|n| format!("k{n} ")).collect();
    assert!(BootParams::cmdline(many.as_bytes()).unwrap_err().is_too_large());
    let many = many.replace(' ', "\n");
    let error = BootParams::bootconfig(many.as_bytes()).unwrap_err();
    assert_eq!((error.is_too_large(), error.line()), (true, Some(MAX_PARAMS + 1)));
    let long = "k".repeat(MAX_KEY + 1);
    assert!(BootParams::cmdline(long.as_bytes()).is_err());
    assert!(BootParams::bootconfig(long.as_bytes()).is_err());
    for read in [BootParams::cmdline, BootParams::bootconfig] {
        assert!(read(&vec![b' '; MAX_TEXT + 1]).unwrap_err().is_too_large());
        assert!(read(&vec![b' '; MAX_TEXT]).is_ok());
    }
}

#[test]
fn appending_to_one_key_again_and_again_ends_soon() {
    let text = "k += v\n".repeat(MAX_PARAMS);
    let params = BootParams::bootconfig(text.as_bytes()).unwrap();
    assert_eq!(params.values("k").len(), MAX_PARAMS);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = BootParams::bootconfig(&bytes);
        let _ = BootParams::cmdline(&bytes);
    }

    #[test]
    fn no_text_panics(text in "([a-c.]{0,2} ?[=+:]{0,2} ?[\"'#;,\u{e9} v]{0,3}[\r\n]?){0,12}") {
        let _ = BootParams::bootconfig(text.as_bytes());
        let _ = BootParams::cmdline(text.as_bytes());
    }

    #[test]
    fn what_the_kernel_prints_reads_back(params in proptest::collection::btree_map(
        "[a-z]{1,3}(\\.[a-z0-9_-]{1,4}){0,3}", proptest::collection::vec("[ -!#-~]{0,8}", 1..4), 0..12))
    {
        let quoted = |values: &Vec<String>| {
            values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(", ")
        };
        let text: String = params.iter().map(|(key, values)| format!("{key} = {}\n", quoted(values))).collect();
        let read = BootParams::bootconfig(text.as_bytes()).unwrap();
        prop_assert_eq!(read.iter().len(), params.len());
        for (key, values) in &params {
            let found: Vec<&str> = read.values(key).iter().map(AsRef::as_ref).collect();
            prop_assert_eq!(&found, values);
        }
    }
}
