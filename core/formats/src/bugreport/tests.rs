use super::*;
use ::zip::ZipWriter;
use ::zip::write::FileOptions;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use std::io::{Cursor, Write};

const TEXT: &str = r#"========================================================
== dumpstate: 2026-11-20 08:00:00
========================================================

Build: AQ3A.261105.002
Build fingerprint: 'enigm/phone/phone:16/AQ3A/1:user/release-keys'
Bootloader: unknown
Network: Operator
Android SDK version: 36
Kernel: Linux version 6.1.90 (build@host)
Command line: console=ttyS0 quiet
Bootconfig: androidboot.verifiedbootstate = "green"
androidboot.boot_devices = "a", "b"
Uptime: up 1 hour
Bugreport format version: 2.0
Dumpstate info: id=1 pid=2 dry_run=0

------ DEVICE-MAPPER (gsid dump-device-mapper) ------
Device system-verity (253:13)
    verity 0 1843200 1 253:3 253:3 4096 4096 sha256
Device system_a (253:3)
    linear 0 1000 259:1 2048
------ 0.012s was the duration of 'DEVICE-MAPPER' ------

------ LSMOD (lsmod) ------
Module                  Size  Used by
zram                36864  1

------ 0.003s was the duration of 'LSMOD' ------
*** Error dumping /proc/x (X): Permission denied
------ SYSTEM PROPERTIES (getprop) ------
[ro.a]: [1]
[ro.b]: [2
3]
------ 0.090s was the duration of 'SYSTEM PROPERTIES' ------
== dumpstate: done (id 1)
"#;

const NAME: &str = "bugreport-phone-AQ3A-2026-11-20-08-00-00.txt";

fn zipped(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, FileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn whole_zip() -> Vec<u8> {
    zipped(&[
        ("version.txt", "2.0"),
        ("FS/proc/412/mountinfo", "of 412"),
        ("FS/proc/1/mountinfo", "of 1"),
        ("FS/proc/config.gz", "gz"),
        ("FS/metadata/ota/state", "\u{8}\u{2}"),
        ("FS/metadata/ota/snapshot-boot", "_a"),
        (NAME, TEXT),
        ("main_entry.txt", NAME),
        ("dumpstate_log.txt", ""),
    ])
}

fn read(text: &str) -> Bugreport {
    Bugreport::parse(text.as_bytes()).unwrap()
}

fn reasons(report: &Bugreport) -> Vec<String> {
    report.dropped.iter().map(|dropped| format!("{} {}", dropped.line, dropped.why)).collect()
}

#[test]
fn a_zip_gives_all_its_parts() {
    let report = Bugreport::parse(&whole_zip()).unwrap();
    assert_eq!(report.missing, []);
    assert_eq!(reasons(&report), [""; 0]);
    assert_eq!(report.taken_at.as_deref(), Some("2026-11-20 08:00:00"));
    assert_eq!(report.fingerprint.as_deref(), Some("enigm/phone/phone:16/AQ3A/1:user/release-keys"));
    assert_eq!(report.mountinfo.as_deref(), Some(&b"of 1"[..]));
    assert_eq!(report.kconfig.as_deref(), Some(&b"gz"[..]));
    let ota = report.ota.unwrap();
    assert_eq!(
        (ota.state.as_deref(), ota.rollback_indicator, ota.snapshot_boot),
        (Some(&b"\x08\x02"[..]), false, true)
    );
}

#[test]
fn the_text_alone_gives_what_it_holds() {
    let report = read(TEXT);
    assert_eq!(report.missing, [Part::Mountinfo, Part::Kconfig, Part::Ota]);
    let properties = crate::properties::Properties::parse(report.getprop.as_deref().unwrap()).unwrap();
    assert_eq!((properties.value("ro.a"), properties.value("ro.b")), (Some("1"), Some("2\n3")));
    let bootconfig =
        crate::boot_params::BootParams::bootconfig(report.bootconfig.as_deref().unwrap()).unwrap();
    assert_eq!(bootconfig.value("androidboot.boot_devices"), Some("a,b"));
    assert_eq!(report.cmdline.as_deref(), Some(&b"console=ttyS0 quiet\n"[..]));
    assert_eq!(crate::modules::parse(report.lsmod.as_deref().unwrap()).unwrap().iter().len(), 1);
    let devices: Vec<_> = report.devices.iter().flatten().map(|d| (&*d.name, d.targets.join(" "))).collect();
    assert_eq!(devices, [("system-verity", "verity".into()), ("system_a", "linear".into())]);
    assert_eq!(read(&TEXT.replace('\n', "\r\n")), read(TEXT));
}

#[test]
fn odd_but_valid_reports_are_read() {
    for (from, to, missing) in [
        ("Android SDK version: 36\n", "", None),
        (
            "Bootconfig: androidboot.verifiedbootstate = \"green\"\nandroidboot.boot_devices = \"a\", \"b\"\n",
            "",
            Some(Part::Bootconfig),
        ),
        (
            "Bootconfig: androidboot",
            "Bootconfig: *** Error dumping /proc/bootconfig: Permission denied\nandroidboot",
            Some(Part::Bootconfig),
        ),
        ("console=ttyS0 quiet", "(unknown)", Some(Part::Cmdline)),
        ("'enigm/phone/phone:16/AQ3A/1:user/release-keys'", "'(unknown)'", Some(Part::Fingerprint)),
        ("'enigm/phone", "enigm/phone", Some(Part::Fingerprint)),
        ("2026-11-20 08:00:00", "yesterday", Some(Part::TakenAt)),
        ("LSMOD", "MODULES", Some(Part::Lsmod)),
        ("Dumpstate info: id=1 pid=2 dry_run=0\n", "", None),
        ("Kernel: Linux", "Kernel: \u{7}Linux", None),
    ] {
        let text = TEXT.replace(from, to);
        assert_ne!(text, TEXT, "{from}");
        let report = read(&text);
        let mut expected = vec![Part::Mountinfo, Part::Kconfig, Part::Ota];
        expected.extend(missing);
        expected.sort_unstable();
        assert_eq!(report.missing, expected, "{from} {:?}", reasons(&report));
    }
}

#[test]
fn a_part_that_is_given_twice_or_broken_off_is_dropped_and_reported() {
    for (from, to, part, reason) in [
        (
            "*** Error",
            "------ SYSTEM PROPERTIES (getprop) ------\n[ro.a]: [0]\n\
             ------ 0.1s was the duration of 'SYSTEM PROPERTIES' ------\n*** Error",
            Part::Getprop,
            "34 Getprop: given again: expected it once",
        ),
        ("Operator\n", "Operator\nCommand line: quiet\n", Part::Cmdline, "12 Cmdline: given again"),
        (
            "------ 0.090s was the duration of 'SYSTEM PROPERTIES' ------\n",
            "",
            Part::Getprop,
            "0 Getprop: a section without an end line",
        ),
        (
            "------ 0.003s was the duration of 'LSMOD' ------\n",
            "",
            Part::Lsmod,
            "29 Lsmod: \"*** Error dumping",
        ),
        ("of 'LSMOD'", "of 'LSMOD2'", Part::Lsmod, "29 Lsmod: another section's line"),
        (
            "zram ",
            "*** command 'lsmod' timed out after 10.000s\nzram ",
            Part::Lsmod,
            "27 Lsmod: \"*** command 'lsmod' timed out",
        ),
        ("    linear", "linear", Part::Devices, "0 Devices: \"linear 0 1000"),
        ("Device ", "device ", Part::Devices, "0 Devices: device-mapper list, line 1: \"device system"),
    ] {
        let text = TEXT.replace(from, to);
        assert_ne!(text, TEXT, "{from}");
        let report = read(&text);
        assert!(report.missing.contains(&part), "{from} {:?}", report.missing);
        assert!(reasons(&report).iter().any(|found| found.starts_with(reason)), "{:?}", reasons(&report));
    }
}

#[test]
fn what_is_no_report_is_refused() {
    for (bytes, message) in [
        (vec![], "bug report: \"the end\": expected a zip, or a line \"== dumpstate: …\""),
        (b"hello\n".to_vec(), "expected a zip, or a line"),
        ("x\n".repeat(100).into_bytes(), "bug report, line 8: \"x\": expected a zip, or a line"),
        (vec![0xff; 10], "expected a zip"),
        (b"PK\x03\x04".to_vec(), "no end record"),
        (zipped(&[("a.txt", TEXT)]), "no entry main_entry.txt or bugreport-"),
        (zipped(&[("x/bugreport-a.txt", TEXT)]), "no entry main_entry.txt"),
        (zipped(&[("bugreport-a.txt", TEXT), ("bugreport-b.txt", TEXT)]), "several entries bugreport-"),
        (
            zipped(&[("main_entry.txt", "bugreport-b.txt"), ("bugreport-a.txt", TEXT)]),
            "main_entry.txt names \"bugreport-b.txt\": expected an entry",
        ),
        (zipped(&[("main_entry.txt", &"x".repeat(257))]), "at most 256 bytes in entry \"main_entry.txt\""),
        (zipped(&[(NAME, "hello")]), "expected a zip, or a line"),
        (
            zipped(&[(NAME, TEXT), ("../../etc/passwd", "")]),
            "entry \"../../etc/passwd\": expected a relative path",
        ),
        (zipped(&[(NAME, TEXT), ("/etc/passwd", "")]), "entry \"/etc/passwd\": expected a relative path"),
        (zipped(&[(NAME, TEXT), ("a\\b", "")]), "entry \"a\\\\b\": expected a name without"),
    ] {
        let error = Bugreport::parse(&bytes).unwrap_err().to_string();
        assert!(error.contains(message), "{error} | {message}");
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(NAME, FileOptions::default()).unwrap();
    writer.write_all(TEXT.as_bytes()).unwrap();
    writer.add_symlink("FS/proc/config.gz", "/etc/passwd", FileOptions::default()).unwrap();
    let error = Bugreport::parse(&writer.finish().unwrap().into_inner()).unwrap_err().to_string();
    assert!(
        error.contains("entry \"FS/proc/config.gz\": expected a file or a directory, no link"),
        "{error}"
    );
}

#[test]
fn an_entry_that_inflates_past_its_cap_is_refused() {
    let bomb = "\0".repeat(MAX_PART + 1);
    let error = Bugreport::parse(&zipped(&[(NAME, TEXT), ("FS/proc/config.gz", &bomb)])).unwrap_err();
    assert!(error.is_too_large() && error.to_string().contains("FS/proc/config.gz"), "{error}");
    // An entry that nobody reads is never inflated.
    assert!(Bugreport::parse(&zipped(&[(NAME, TEXT), ("FS/data/other", &bomb)])).is_ok());
}

#[test]
fn the_lowest_pid_stands_in_for_pid_1() {
    let report = Bugreport::parse(&zipped(&[
        (NAME, TEXT),
        ("FS/proc/412/mountinfo", "of 412"),
        ("FS/proc/77/mountinfo", "of 77"),
        ("FS/proc/007/mountinfo", "of 007"),
        ("FS/proc/self/mountinfo", "of self"),
    ]));
    assert_eq!(report.unwrap().mountinfo.as_deref(), Some(&b"of 77"[..]));
}

#[test]
fn a_part_past_its_cap_is_dropped() {
    let long = format!("[ro.a]: [1]\n{}", "[x]: [y]\n".repeat(MAX_PART / 8));
    let report = read(&TEXT.replace("[ro.a]: [1]\n", &long));
    assert!(report.missing.contains(&Part::Getprop));
    let report = read(&TEXT.replace("[ro.a]: [1]", &"x".repeat(70_000)));
    assert_eq!(reasons(&report), ["32 Getprop: a line that is too long"]);
    let report = read(&TEXT.replace("quiet", &"x".repeat(70_000)));
    assert!(report.missing.contains(&Part::Cmdline));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = Bugreport::parse(&bytes);
        let _ = Bugreport::parse(&[ZIP, &bytes].concat());
        let _ = Bugreport::parse(&[FIRST_LINE, &bytes].concat());
    }

    #[test]
    fn no_change_to_a_report_panics(changes in vec((any::<Index>(), any::<u8>()), 1..9)) {
        for mut bytes in [TEXT.as_bytes().to_vec(), whole_zip()] {
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            let _ = Bugreport::parse(&bytes);
        }
    }

    #[test]
    fn no_order_of_lines_panics(picks in vec(any::<Index>(), 0..60)) {
        let lines: Vec<&str> = TEXT.lines().collect();
        let text: String = picks.iter().map(|pick| format!("{}\n", pick.get(&lines))).collect();
        if let Ok(report) = Bugreport::parse([FIRST_LINE, text.as_bytes()].concat().as_slice()) {
            prop_assert_eq!(report.missing.clone(), report.absent());
        }
    }
}

const FIRST_LINE: &[u8] = b"== dumpstate: 2026-11-20 08:00:00\n";
