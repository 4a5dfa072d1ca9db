use super::*;
use proptest::prelude::*;

const MOUNTINFO: &str = "\
1 0 253:13 / / ro,relatime shared:1 - erofs /dev/block/dm-13 ro,seclabel,user_xattr,acl
22 1 0:5 / /dev rw,nosuid,relatime shared:2 - tmpfs tmpfs rw,seclabel,size=1k,mode=755
150 1 253:58 / /data rw,nosuid,nodev,noatime shared:90 master:3 - f2fs /dev/block/dm-58 rw,lazytime
400 1 7:96 / /apex/com.android.art@351011240 ro,nodev,noatime - ext4 /dev/block/loop12 ro,seclabel
";

fn only(line: &str) -> Mount {
    let table = parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line:?} {error}"));
    assert_eq!(table.iter().len(), 1, "{line:?}");
    assert!(table.dropped().is_empty(), "{line:?}");
    table.iter().next().unwrap().clone()
}

#[test]
fn mountinfo_is_read_whole() {
    let table = parse(MOUNTINFO.as_bytes()).unwrap();
    assert_eq!(table.iter().len(), 4);
    let data = table.covering("/data/local/tmp").unwrap();
    assert_eq!((data.device, data.root.as_deref(), &*data.fstype), (Some((253, 58)), Some("/"), "f2fs"));
    assert!(data.has("nodev") && data.has("lazytime") && !data.has("ro"));
    assert_eq!(&*table.covering("/system").unwrap().source, "/dev/block/dm-13");
}

#[test]
fn the_three_forms_say_the_same() {
    let info = only("1 0 253:13 / /a\\040b ro,nodev - ext4 /dev/dm-1 ro");
    let mounts = only("/dev/dm-1 /a\\040b ext4 ro,nodev 0 0");
    let output = only("/dev/dm-1 on /a b type ext4 (ro,nodev)");
    assert_eq!(mounts, output);
    assert_eq!((info.point, info.source, info.fstype, info.options), {
        let Mount { point, source, fstype, options, .. } = mounts;
        (point, source, fstype, options)
    });
}

#[test]
fn odd_but_valid_lines_are_read() {
    for (line, source, point) in [
        ("1 0 0:3 / /p rw - tmpfs  rw", "", "/p"),
        ("1 0 0:3 / /p rw - tmpfs - rw", "-", "/p"),
        ("1 0 0:3 net:[4026531840] /run/ns/a rw shared:1 - nsfs nsfs rw", "nsfs", "/run/ns/a"),
        ("1 0 0:3 / /a\\011b\\134c\\012 rw - tmpfs x\\043 rw", "x#", "/a\tb\\c\n"),
        ("1 0 0:3 / /caf\\303\\251 rw - tmpfs t rw", "t", "/caf\u{e9}"),
        ("overlay /x overlay ro,lowerdir=/a\\054b:/c 0 0", "overlay", "/x"),
        ("overlay on /x on type overlay (ro,lowerdir=/a(b))", "overlay", "/x on"),
        ("none on / type tmpfs (rw)\r", "none", "/"),
    ] {
        let mount = only(line);
        assert_eq!((&*mount.source, &*mount.point), (source, point), "{line:?}");
    }
    assert!(only("overlay /x overlay ro,lowerdir=/a\\054b:/c 0 0").has("lowerdir=/a\\054b:/c"));
}

#[test]
fn a_line_of_another_form_is_dropped_with_its_number() {
    for line in [
        "1 0 253 / /x ro - ext4 s ro",
        "1 0 253:1 / x ro - ext4 s ro",
        "1 0 253:1 / /x ro ext4 s ro",
        "1 0 253:1 / /x ro - ext4 s",
        "1 0 253:1 / /x ro - ext4 s ro more",
        "1 0 253:1 / /x\\08 ro - ext4 s ro",
        "1 0 253:1 / /x\\000 ro - ext4 s ro",
        "1 0 253:1 / /x\\377 ro - ext4 s ro",
        "1 0 253:1 / /x\\ ro - ext4 s ro",
        "1 0 253:1 / /x\\777 ro - ext4 s ro",
        "-1 0 253:1 / /x ro - ext4 s ro",
        "1 0 253:99999999999 / /x ro - ext4 s ro",
        "1 0 253:1 / /x ro -  s ro",
        "/dev/dm-1 /x ext4 ro 0 0",
        "/dev/dm-1 on /x type ext4 (ro)",
    ] {
        let table = parse(format!("{MOUNTINFO}{line}\n").as_bytes()).unwrap();
        assert_eq!(table.iter().len(), 4, "{line}");
        let dropped: Vec<_> = table.dropped().iter().map(|dropped| dropped.line).collect();
        assert_eq!(dropped, [5], "{line}");
    }
    for line in ["a on /b on /c type t (rw)", "a on b type t (rw)", "a on /b type (rw)", "a on /b type t rw"]
    {
        assert!(parse(line.as_bytes()).is_err(), "{line}");
    }
}

#[test]
fn a_text_without_a_mount_is_refused() {
    for (text, message) in [
        ("", "mount table: nothing: expected lines of mountinfo"),
        (
            "\nmount: not found\n",
            "mount table, line 2: \"mount: not found\": expected a line of mountinfo, /proc/mounts",
        ),
        ("a b c d 0 x", "mount table, line 1"),
        ("1 0 0:3 / /p rw - tmpfs t rw\0", "binary"),
    ] {
        let error = parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{text:?} {error}");
    }
}

#[test]
fn caps_are_kept() {
    let line = "a /b t rw 0 0\n";
    assert_eq!(parse(line.repeat(MAX_MOUNTS).as_bytes()).unwrap().iter().len(), MAX_MOUNTS);
    let error = parse(line.repeat(MAX_MOUNTS + 1).as_bytes()).unwrap_err();
    assert!(error.is_too_large(), "{error}");
    let table = parse(format!("{line}a /{} t rw 0 0", "b".repeat(MAX_LINE)).as_bytes()).unwrap();
    assert_eq!((table.iter().len(), table.dropped().len()), (1, 1));
    assert!(parse(&vec![b' '; MAX_TEXT + 1]).unwrap_err().is_too_large());
}

#[test]
fn a_path_lies_on_the_mount_that_is_seen_there() {
    let table = "2 /data\n3 /data/app\n4 /data\n5 /dat\n6 /data/late\n1 /\n";
    let text: String =
        table.lines().filter_map(|l| l.split_once(' ')).map(|(s, p)| format!("{s} {p} t rw 0 0\n")).collect();
    let table = parse(text.as_bytes()).unwrap();
    for (path, source) in [
        ("/", "1"),
        ("/system", "1"),
        ("/data", "4"),
        ("/data/", "4"),
        ("/data/x", "4"),
        // The later mount over /data hides the one in it; that of / itself hides nothing.
        ("/data/app", "4"),
        ("/data/late/x", "6"),
        ("/data/apps", "4"),
        ("/database", "1"),
        ("/dat/a", "5"),
    ] {
        assert_eq!(&*table.covering(path).unwrap().source, source, "{path}");
    }
    assert_eq!(parse(b"a /b t rw 0 0").unwrap().covering("/c"), None);
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b' ' | b'\t' | b'\n' | b'\\' | b'#' => format!("\\{byte:03o}"),
            _ => char::from(byte).into(),
        })
        .collect()
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_text_panics(text in r"((1|/a|x|0:3|-|rw,ro|on|type|\(rw\)|\\04|\\040|) ?\n?){0,30}") {
        if let Ok(table) = parse(text.as_bytes()) {
            prop_assert!(table.iter().all(|mount| mount.point.starts_with('/')));
            table.covering(&text);
        }
    }

    #[test]
    fn what_the_kernel_prints_reads_back(point in "/[ -~\t\n]{0,9}", source in "[ -~\t\n]{0,9}", minor: u32) {
        let line = format!("9 1 0:{minor} / {} rw shared:1 - ext4 {} ro", escaped(&point), escaped(&source));
        let mount = only(&line);
        prop_assert_eq!((&*mount.point, &*mount.source), (&*point, &*source));
        prop_assert_eq!(mount.device, Some((0, minor)));
    }
}
