//! The samples: each is one phone with the edits of its one story, in every source in which a real device of
//! its kind would show them.

use super::Device;
use super::aosp::{HOSTS, adbd, selinux_status};
use super::build::{Boot, Build, digest};
use super::phones::{LAB, OTA_CERTS, RELEASE, RESTRICTED, cuttlefish, enigm, fused, makers};
use super::storage::{MOUNTS, PARTITIONS, mount, verity};

/// Every sample, by its directory's name.
pub fn all() -> Vec<(&'static str, Device)> {
    vec![
        ("adb-and-dns", adb_and_dns()),
        ("app-collected", app_collected()),
        ("avb-test-key", cuttlefish(&LAB, "green")),
        ("cuttlefish", cuttlefish(&LAB, "orange")),
        ("cuttlefish-user", cuttlefish_user()),
        ("foreign-device-owner", foreign_device_owner()),
        ("magisk-mounts", magisk_mounts()),
        ("old-patch", old_patch()),
        ("own-key", own_key()),
        ("production", production()),
        ("rolled-back-update", rolled_back_update()),
        ("selinux-permissive", selinux_permissive()),
        ("stock-locked", makers()),
        ("test-keys", test_keys()),
        ("unlocked", unlocked()),
        ("unlocked-forged-green", unlocked_forged_green()),
        ("userdebug", userdebug()),
        ("verity-disabled", verity_disabled()),
    ]
}

fn production() -> Device {
    enigm(&RELEASE, &fused())
}

/// Enigm OS on hardware of others, under Enigm's own key, which the owner put into the bootloader.
fn own_key() -> Device {
    let boot = Boot {
        state: "yellow",
        ..Boot::green("enigm sample self-signed key", "enigm sample self-signed vbmeta")
    };
    Device { binary: true, ..enigm(&RELEASE, &boot) }
}

fn unlocked() -> Device {
    let mut device = enigm(&RELEASE, &fused().unlocked());
    device.observe("service.oem_unlock_allowed", "seen = true");
    device
}

/// Root rewrote the properties, as resetprop does, and hides otherwise.
fn unlocked_forged_green() -> Device {
    let mut device = unlocked();
    for (key, value) in [
        ("ro.boot.flash.locked", "1"),
        ("ro.boot.vbmeta.device_state", "locked"),
        ("ro.boot.verifiedbootstate", "green"),
        ("sys.oem_unlock_allowed", "0"),
    ] {
        device.property(key, value);
    }
    device
}

/// Magisk, unhidden: its tmpfs over /system/bin, a module's file bound over the system's, its daemon, its app.
fn magisk_mounts() -> Device {
    let mut device = unlocked();
    for line in include_str!("texts/magisk-mounts.txt").lines() {
        mount(&mut device, line);
    }
    device.process(811, "magiskd", "magisk", 0);
    device.package("com.topjohnwu.magisk", 10_210, "default", "@null");
    device.line("data/adb/modules/sample/module.prop", "id=sample\nname=Sample\nversion=1\nversionCode=1");
    device.file("data/adb/magisk.db", "");
    device.property("init.svc.xKp2vQdR", "stopped");
    device.observe("selinux.permissive_domains", "seen = [\"magisk\"]");
    device
}

/// A developer's build, started with the fused key: debuggable, with su, signed with development keys.
fn userdebug() -> Device {
    let build = Build { kind: "userdebug", tags: "dev-keys", incremental: "eng.2026100501", ..RELEASE };
    let mut device = enigm(&build, &Boot::green("enigm sample verified boot key", "enigm userdebug vbmeta"));
    device.process(690, "console", "shell", 2000);
    device.property("init.svc.console", "running");
    other_signer(&mut device);
    device.observe("selinux.permissive_domains", "seen = [\"su\"]");
    device
}

/// A user build, started with the fused key, whose packages and updates AOSP's published keys sign. Its
/// otacerts.zip is not ours to copy: the digest of the certificate in it stands among the observations.
fn test_keys() -> Device {
    let build = Build { tags: "test-keys", ..RELEASE };
    let mut device = enigm(&build, &Boot::green("enigm sample verified boot key", "enigm test-keys vbmeta"));
    signed_with_test_keys(&mut device);
    other_signer(&mut device);
    device
}

/// AOSP's published keys signed the system's packages and sign its updates.
fn signed_with_test_keys(device: &mut Device) {
    device.remove(OTA_CERTS);
    let testkey = "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc";
    device.observe("certs.ota", &format!("seen = [\"{testkey}\"]"));
    let system = ["android", "com.android.settings", "com.enigm.trustcenter"];
    device.observe("packages_xml.test_signed", &format!("seen = {system:?}"));
    device.observe("service.platform_signer_is_aosp_test", "seen = true");
}

/// Cuttlefish's user variant as a plain build leaves it: signed with AOSP's keys, and open to adb all the same, since
/// its product sets the two properties (device/google/cuttlefish/shared/device.mk of Android 14; that of 2026 leaves
/// ro.debuggable alone).
fn cuttlefish_user() -> Device {
    let build = Build { kind: "user", tags: "test-keys", ..LAB };
    let mut device = cuttlefish(&build, "orange");
    for (key, value) in [("ro.adb.secure", "0"), ("ro.debuggable", "1")] {
        device.line("product/etc/build.prop", &format!("{key}={value}"));
        device.property(key, value);
    }
    signed_with_test_keys(&mut device);
    for signal in ["service.platform_signer_expected", "service.updater_signer_ok"] {
        device.observe(signal, "seen = false");
    }
    device.observe("selinux.permissive_domains", "seen = []");
    device
}

/// The packages bear another signer than the release's, and so the OTA server knows no update for them.
fn other_signer(device: &mut Device) {
    for signal in [
        "ota_server.eligible",
        "pushed.privileged_signers_ok",
        "service.platform_signer_expected",
        "service.updater_signer_ok",
    ] {
        device.observe(signal, "seen = false");
    }
}

/// Something in the kernel switched SELinux to permissive after a good boot.
fn selinux_permissive() -> Device {
    let mut device = production();
    device.file("sys/fs/selinux/status", selinux_status(false));
    device.file("sys/fs/selinux/enforce", "0");
    device
}

/// Unlocked, and vbmeta flashed with --disable-verity: the partitions are mounted as they lie in super.
fn verity_disabled() -> Device {
    let boot =
        Boot { vbmeta: digest("enigm sample vbmeta, flags 1"), verity: "disabled", ..fused().unlocked() };
    let mut device = enigm(&RELEASE, &boot);
    for (n, (partition, _)) in PARTITIONS.into_iter().enumerate() {
        let minor = verity(n);
        device.remove(&format!("sys/devices/virtual/block/dm-{minor}"));
        device.replace(MOUNTS, &format!(" 254:{minor} "), &format!(" 254:{n} "));
        device.replace(MOUNTS, &format!("/dev/block/dm-{minor} "), &format!("/dev/block/dm-{n} "));
        let verified = format!("partition.{partition}.verified");
        let of_it =
            ["", ".hash_alg", ".root_digest", ".check_at_most_once"].map(|end| format!("{verified}{end}"));
        device.no_properties(&of_it.each_ref().map(String::as_str));
    }
    device.observe("service.oem_unlock_allowed", "seen = true");
    device.observe("trustd.on_verity", "seen = false");
    device
}

/// An early release of Enigm OS that was never updated.
fn old_patch() -> Device {
    let build = Build {
        id: "BP4A.251105.003",
        incremental: "2025110501",
        date: ("Wed Nov  5 08:00:00 UTC 2025", 1_762_329_600),
        patch: "2025-11-05",
        modules: 360_500_000,
        ..RELEASE
    };
    let boot = Boot::green("enigm sample verified boot key", "enigm sample vbmeta of November 2025");
    let mut device = enigm(&build, &boot);
    device.observe("service.payload_error", "absent = true");
    device
}

/// Somebody had root through adb over the network: it is open still, and names resolve as they like.
fn adb_and_dns() -> Device {
    let mut device = production();
    for (key, value) in [
        ("net.dns1", "203.0.113.53"),
        ("persist.adb.tcp.port", "5555"),
        ("persist.sys.usb.config", "mtp,adb"),
        ("service.adb.tcp.port", "5555"),
        ("sys.usb.config", "mtp,adb"),
        ("sys.usb.state", "mtp,adb"),
    ] {
        device.property(key, value);
    }
    adbd(&mut device, 5555);
    device.line("data/misc/adb/adb_keys", "QAAAAA== sample@example");
    for name in ["adb_enabled", "development_settings_enabled"] {
        device.setting("global", name, "1");
    }
    device.setting("global", "private_dns_mode", "off").no_setting("global", "private_dns_specifier");
    // Debugging can't be on where it is restricted.
    device.replace(
        "data/system/users/0.xml",
        RESTRICTED,
        &RESTRICTED.replace(" no_debugging_features=\"true\"", ""),
    );
    // A verified partition's file changes only by a mount over it.
    device.file("system/etc/hosts", format!("{HOSTS}203.0.113.80    www.example.com\n"));
    let over = "/local/tmp/hosts /system/etc/hosts rw,nosuid,nodev,noatime shared:70";
    let line = format!("201 24 254:14 {over} - f2fs /dev/block/dm-14 rw,lazytime,seclabel,inlinecrypt");
    mount(&mut device, &line);
    device.observe("pushed.private_dns_active", "seen = false");
    device
}

/// Enrolled under another organisation's management.
fn foreign_device_owner() -> Device {
    let mut device = production();
    let owner = "<root>\n  <device-owner component=\"org.example.mdm/org.example.mdm.Receiver\" />\n  \
                 <device-owner-context userId=\"0\" />";
    device.replace("data/system/device_owner_2.xml", "<root>", owner);
    device.replace("data/system/users/userlist.xml", "id=\"-10000\"", "id=\"0\"");
    device.package("org.example.mdm", 10_220, "default", "com.android.managedprovisioning");
    device.property("ro.organization_owned", "true").property("persist.logd.security", "true");
    device.observe("pushed.device_owner", "seen = \"org.example.mdm/.Receiver\"");
    device
}

/// An update was written to the other slot and did not boot: the bootloader went back to this one.
fn rolled_back_update() -> Device {
    let mut device = production();
    // SnapshotUpdateStatus: state Unverified, using_snapuserd, source_build_fingerprint, userspace_snapshots.
    let fingerprint = RELEASE.fingerprint();
    let length = u8::try_from(fingerprint.len()).unwrap_or(0);
    let state = [&[0x08, 2, 0x28, 1, 0x42, length][..], fingerprint.as_bytes(), &[0x48, 1]].concat();
    device.file("metadata/ota/state", state);
    device.file("metadata/ota/snapshot-boot", "_a").file("metadata/ota/rollback-indicator", "1");
    device.observe("service.merge_status", "seen = \"snapshotted\"");
    device
}

/// What an ordinary app sees of the production device: the properties that its domain may read, and no file.
fn app_collected() -> Device {
    let mut device = Device::default();
    for (key, value) in production().properties {
        if !is_hidden_from_apps(&key) {
            device.property(&key, &value);
        }
    }
    device
}

/// Whether a getprop run by an app lacks a property: the real one that was looked at, and GrapheneOS's own.
fn is_hidden_from_apps(key: &str) -> bool {
    let families = ["apexd.", "keystore.", "net.redirect_socket_calls.", "odsign.", "persist.security."];
    let verity =
        ["odm", "product", "system", "system_ext", "vendor"].map(|name| format!("partition.{name}.verified"));
    let keys = [
        "persist.keyguard.camera",
        "persist.native_debug",
        "persist.traced.enable",
        "ro.boot.serialno",
        "ro.debuggable",
        "ro.gsid.image_running",
        "ro.persistent_properties.ready",
        "ro.secure",
        "ro.serialno",
        "ro.vendor.build.security_patch",
        "sys.oem_unlock_allowed",
        "sys.usb.state",
    ];
    keys.contains(&key)
        || families.iter().any(|family| key.starts_with(family))
        || verity.iter().any(|family| key.starts_with(family) && !key.ends_with(".check_at_most_once"))
}
