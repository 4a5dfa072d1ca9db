use super::*;
use crate::written::{Writer, from_xml};
use proptest::prelude::*;

const RUNTIME_TEXT: &str = r#"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>
<runtime-permissions version="11" fingerprint="enigm/halcyon">
  <package name="com.enigm.app">
    <permission name="android.permission.CAMERA" granted="true" flags="30301" />
    <permission name="android.permission.OTHER_SENSORS" granted="false" flags="80000000" />
  </package>
  <package name="b" />
  <shared-user name="android.uid.phone"><permission name="android.permission.CAMERA" granted="true" flags="30" />
  </shared-user>
  <later-addition name="x"><permission name="y" /></later-addition>
</runtime-permissions>
"#;

const ACCESS_TEXT: &str = r#"<access>
  <package-versions><package name="a" version="15" /></package-versions>
  <app-id-permissions>
    <app-id id="10123"><permission name="android.permission.CAMERA" flags="16" />
      <permission name="android.permission.INTERNET" flags="1" /></app-id>
    <app-id id="1000" />
  </app-id-permissions>
  <app-id-device-permissions><app-id id="10123"><device id="d"><permission name="x" flags="16" /></device></app-id>
  </app-id-device-permissions>
  <app-id-app-ops><app-id id="10123"><app-op name="android:camera" mode="4" /></app-id></app-id-app-ops>
  <package-app-ops><package name="a"><app-op name="android:system_alert_window" mode="0" /></package></package-app-ops>
</access>"#;

#[test]
fn runtime_permissions_are_read_by_app() {
    let found = parse_runtime(RUNTIME_TEXT.as_bytes()).unwrap();
    let camera = "android.permission.CAMERA";
    let app = &found.packages["com.enigm.app"];
    assert_eq!(app[camera], RuntimePermission { granted: true, flags: 0x30301 });
    let sensors = app["android.permission.OTHER_SENSORS"];
    assert_eq!(sensors, RuntimePermission { granted: false, flags: 0x8000_0000 });
    assert!(found.packages["b"].is_empty() && found.packages.len() == 2);
    assert_eq!(
        found.shared_users["android.uid.phone"][camera],
        RuntimePermission { granted: true, flags: 0x30 }
    );
}

#[test]
fn access_state_is_read_from_both_forms() {
    let found = parse_access(ACCESS_TEXT.as_bytes()).unwrap();
    assert_eq!(parse_access(&from_xml(ACCESS_TEXT)).unwrap(), found);
    assert_eq!(found.permissions[&10_123]["android.permission.CAMERA"], PermissionFlags(16));
    assert_eq!(found.permissions.keys().collect::<Vec<_>>(), [&1000, &10_123]);
    assert_eq!(found.permissions[&10_123].len(), 2);
    assert_eq!(found.app_id_ops[&10_123]["android:camera"], 4);
    assert_eq!(found.package_ops["a"]["android:system_alert_window"], 0);
}

#[test]
fn a_permission_is_granted_as_android_decides_it() {
    for (flags, is_granted, is_usable) in [
        (0, false, false),
        (1, true, true),
        (1 << 1, false, false),
        (1 << 1 | 1 << 4, false, false),
        (1 | 1 << 1, true, true),
        (1 << 2, true, true),
        (1 << 3 | 1 << 5, false, false),
        (1 << 4, true, true),
        (1 << 4 | 1 << 18, false, false),
        (1 << 10 | 1 << 18, true, true),
        (1 << 11, true, true),
        (1 << 11 | 1 << 20, true, false),
        (1 << 4 | 1 << 20, true, false),
    ] {
        let flags = PermissionFlags(flags);
        assert_eq!((flags.is_granted(), flags.is_usable()), (is_granted, is_usable), "{flags:?}");
    }
}

#[test]
fn what_is_no_such_file_is_refused() {
    for (inside, message) in [
        (
            "<package/>",
            "runtime permissions, line 1: <runtime-permissions/package>: expected an attribute name",
        ),
        ("<package name='a'/><package name='a'/>", "\"a\" again: expected it once"),
        ("<package name='a'><permission name='p' granted='true'/></package>", "expected an attribute flags"),
        (
            "<package name='a'><permission name='p' granted='yes' flags='0'/></package>",
            "granted=\"yes\": expected true or false",
        ),
        (
            "<package name='a'><permission name='p' granted='true' flags='g'/></package>",
            "flags=\"g\": expected a hexadecimal number",
        ),
        ("<package name='a'><permission name='p' granted='true' flags='-1'/></package>", "expected 32 bits"),
        (
            "<shared-user name='a'><permission name='p' granted='true' flags='0'/>\
             <permission name='p' granted='true' flags='0'/></shared-user>",
            "\"p\" again: expected it once",
        ),
    ] {
        let text = format!("<runtime-permissions version='11'>{inside}</runtime-permissions>");
        let error = parse_runtime(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(message), "{text} | {error}");
    }
    let older = "<runtime-permissions><pkg name='a'><item name='p' granted='true' flags='0'/></pkg></runtime-permissions>";
    assert!(parse_runtime(older.as_bytes()).unwrap_err().is_unsupported());
    for (inside, message) in [
        ("<app-id-permissions><app-id/></app-id-permissions>", "expected an attribute id"),
        ("<app-id-permissions><app-id id='1'/><app-id id='1'/></app-id-permissions>", "\"1\" again"),
        (
            "<app-id-permissions><app-id id='1'><permission name='p'/></app-id></app-id-permissions>",
            "<access/app-id-permissions/app-id/permission>: expected an attribute flags",
        ),
        ("<app-id-app-ops><app-id id='1'><app-op mode='1'/></app-id></app-id-app-ops>", "attribute name"),
        (
            "<package-app-ops><package name='a'><app-op name='x' mode='y'/></package></package-app-ops>",
            "mode=\"y\"",
        ),
    ] {
        let text = format!("<access>{inside}</access>");
        for bytes in [text.as_bytes().to_vec(), from_xml(&text)] {
            let error = parse_access(&bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{text} | {error}");
        }
    }
    assert!(parse_access(b"<runtime-permissions/>").is_err() && parse_runtime(b"<access/>").is_err());
}

#[test]
fn one_name_repeated_stays_within_memory() {
    let mut writer = Writer::new();
    writer.start("access").start("app-id-permissions");
    for id in 0..40 {
        writer.start("app-id").int("id", id);
        (0..30).for_each(|n| {
            _ = writer
                .start("permission")
                .interned("name", &format!("{n}{}", "n".repeat(30_000)))
                .int("flags", 1)
                .end("permission")
        });
        writer.end("app-id");
    }
    writer.end("app-id-permissions").end("access");
    assert!(parse_access(&writer.finish()).unwrap_err().is_too_large());
}

#[test]
fn every_truncation_is_refused_and_no_flipped_bit_panics() {
    let bytes = from_xml(ACCESS_TEXT);
    for end in 0..bytes.len() {
        assert!(parse_access(&bytes[..end]).is_err(), "{end}");
    }
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let _ = parse_access(&flipped);
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_runtime(&bytes);
        let _ = parse_access(&bytes);
    }
}
