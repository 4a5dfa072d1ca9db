//! The three kinds of phone: Enigm's own, a maker's, and Cuttlefish.

use super::Device;
use super::aosp::{adbd, drivers, phone};
use super::archive::zip;
use super::attestation::{Hardware, attest};
use super::build::{Boot, Build, digest};
use super::storage::{MOUNTS, apexes};

const ENIGM_OTA: &str = include_str!("../devices/enigm-ota.pem");
const ENIGM_CA: &str = include_str!("../devices/enigm-ca.pem");
const LAB_OTA: &str = include_str!("../devices/lab-ota.pem");
const MAKER_OTA: &str = include_str!("../devices/maker-ota.pem");
const MAKER_CA: &str = include_str!("../devices/maker-ca.pem");

pub const OTA_CERTS: &str = "system/etc/security/otacerts.zip";

/// The release that etc/policy/production.toml names.
pub const RELEASE: Build = Build {
    brand: "enigm",
    manufacturer: "Enigm",
    model: "Halcyon",
    name: ("halcyon", "halcyon"),
    hardware: "halcyon",
    id: "EP1A.261005.002",
    incremental: "2026100501",
    kind: "user",
    tags: "release-keys",
    date: ("Mon Oct  5 08:00:00 UTC 2026", 1_791_187_200),
    patch: "2026-10-05",
    modules: 361_000_000,
};

/// A maker's release, in the form of a Pixel's.
pub const MAKERS: Build = Build {
    brand: "example",
    manufacturer: "Example",
    model: "Lumen 2",
    name: ("lumen", "lumen"),
    hardware: "lumen",
    id: "CP1A.261005.004",
    incremental: "15012345",
    ..RELEASE
};

/// The laboratory's build for Cuttlefish: aosp_cf_arm64_phone with trustd in it, signed with its own keys.
pub const LAB: Build = Build {
    model: "Cuttlefish arm64 phone",
    name: ("enigm_cf_arm64_phone", "vsoc_arm64"),
    hardware: "cutf_cvm",
    incremental: "eng.2026100801",
    kind: "userdebug",
    tags: "dev-keys",
    date: ("Thu Oct  8 08:00:00 UTC 2026", 1_791_446_400),
    modules: 360_000_000,
    ..RELEASE
};

/// The key and the images of the release: the texts whose digests production.toml names.
pub fn fused() -> Boot {
    Boot::green("enigm sample verified boot key", "enigm sample vbmeta")
}

/// A phone with Enigm's modules and certificate authority, and this entry of otacerts.zip.
fn with_image(build: &Build, boot: &Boot, ota: (&str, &str)) -> Device {
    let mut device = phone(build, boot);
    let modules = ["com.android.art", "com.android.conscrypt", "com.android.permission"];
    apexes(&mut device, &modules.map(|name| (name, build.modules, false)), &[("5f17ab96.0", ENIGM_CA)]);
    device.file(OTA_CERTS, zip(&[ota]));
    device
}

/// Enigm's phone, with trustd and its providers, set up as the production policy asks.
pub fn enigm(build: &Build, boot: &Boot) -> Device {
    let mut device = with_image(build, boot, ("releasekey.x509.pem", ENIGM_OTA));
    device.bootconfig("androidboot.mode", "normal").property("ro.bootmode", "normal");
    grapheneos(&mut device);
    for (name, value) in [
        ("always_on_vpn_app", "com.enigm.vpn"),
        ("always_on_vpn_lockdown", "1"),
        ("clipboard_show_access_notifications", "1"),
        ("location_mode", "0"),
        ("lock_screen_allow_private_notifications", "0"),
    ] {
        device.setting("secure", name, value);
    }
    for (name, value) in [
        ("private_dns_mode", "hostname"),
        ("private_dns_specifier", "dns.enigm.example"),
        ("user_switcher_enabled", "0"),
    ] {
        device.setting("global", name, value);
    }
    // What Advanced Protection restricts.
    device.replace("data/system/users/0.xml", "<restrictions />", RESTRICTED);
    device.package("com.enigm.store", 10_130, "platform:privapp", "@system");
    device.package("com.enigm.vpn", 10_155, "default", "com.enigm.store");
    device.package("com.enigm.app", 10_156, "default", "com.enigm.store");
    device.process(2077, "com.enigm.app", "untrusted_app", 10_156);
    // The attestation is trustd's own check of the device it runs on.
    trustd(&mut device, build, boot, Hardware::Enigm);
    device
}

pub const RESTRICTED: &str = "<restrictions />\n  <device_policy_global_restrictions \
    no_install_unknown_sources_globally=\"true\" no_debugging_features=\"true\" />";

/// What GrapheneOS adds to AOSP.
fn grapheneos(device: &mut Device) {
    for (key, value) in [
        ("arm64.memtag.bootctl", "memtag"),
        ("net.redirect_socket_calls.hooked", "false"),
        ("persist.arm64.memtag.default", "async"),
        ("persist.keyguard.camera", "false"),
        ("persist.native_debug", "false"),
        ("persist.security.exec_spawn", "true"),
        ("persist.security.usb_mode", "2"),
        ("sys.usb.state", "charging"),
    ] {
        device.property(key, value);
    }
    for (name, value) in [
        ("bluetooth_off_timeout", "600000"),
        ("restrict_memory_dyn_code_exec", "1"),
        ("restrict_storage_dyn_code_exec", "1"),
        ("restrict_webview_dyn_code_exec", "1"),
        ("settings_reboot_after_timeout", "64800000"),
        ("wifi_off_timeout", "600000"),
    ] {
        device.setting("global", name, value);
    }
    device.setting("secure", "auto_grant_OTHER_SENSORS_perm", "0");
}

/// trustd, its Trust Security Center and its providers. What they see and no file shows is as the catalogue's
/// examples say, but for the attestation.
fn trustd(device: &mut Device, build: &Build, boot: &Boot, hardware: Hardware) {
    device.property("init.svc.trustd", "running");
    device.process(655, "trustd", "trustd", 1000);
    device.package("com.enigm.trustcenter", 10_131, "platform:privapp", "@system");
    device.observe_examples("");
    attest(device, build, boot, hardware);
    device.observe("trustd.boot_patch_floor", &format!("seen = \"{}\"", build.patch_month()));
}

/// A maker's phone, in the form of a Pixel: Google's packages and modules, nothing of GrapheneOS or of Enigm.
pub fn makers() -> Device {
    let boot = Boot::green("example maker's verified boot key", "example maker's vbmeta");
    let mut device = phone(&MAKERS, &boot);
    let apex = [
        ("com.android.art", 361_234_040, true),
        ("com.android.conscrypt", 361_210_020, true),
        ("com.android.permission", 360_000_000, false),
    ];
    apexes(&mut device, &apex, &[("4ea954a7.0", MAKER_CA)]);
    device.file(OTA_CERTS, zip(&[("releasekey.x509.pem", MAKER_OTA)]));
    device.property("arm64.memtag.bootctl", "none").property("ro.com.google.clientidbase", "android-google");
    for service in ["traced", "traced_probes"] {
        device.property(&format!("init.svc.{service}"), "running");
    }
    drivers(&mut device, &["bcmdhd4390", "gxp", "lumen_touch", "mali_kbase"]);
    device.remove("data/system/packages.list");
    for (name, uid, seinfo, installer) in [
        ("android", 1000, "platform:privapp", "@system"),
        ("com.android.settings", 1000, "platform:privapp", "@system"),
        ("com.android.phone", 1001, "platform:privapp", "@system"),
        ("com.android.systemui", 10_112, "platform:privapp", "@system"),
        ("com.google.android.packageinstaller", 10_098, "default:privapp", "@system"),
        ("com.google.android.gms", 10_125, "default:privapp", "@product"),
        ("com.google.android.gsf", 10_125, "default:privapp", "@product"),
        ("com.android.vending", 10_127, "default:privapp", "@product"),
        ("com.google.android.inputmethod.latin", 10_129, "default", "@product"),
        ("com.google.android.apps.nexuslauncher", 10_133, "default:privapp", "@product"),
        ("com.google.android.apps.photos", 10_140, "default", "com.android.vending"),
        ("org.example.reader", 10_201, "default", "com.android.vending"),
    ] {
        device.package(name, uid, seinfo, installer);
    }
    for name in ["default_input_method", "enabled_input_methods"] {
        device.setting(
            "secure",
            name,
            "com.google.android.inputmethod.latin/com.android.inputmethod.latin.LatinIME",
        );
    }
    device.no_setting("global", "private_dns_mode");
    // An auditor elsewhere had the key attested, and asked services and the kernel over adb.
    device.observe_examples("service.").observe_examples("selinux.");
    for (signal, outcome) in [
        ("service.advanced_protection", "seen = false"),
        ("service.backup_enabled", "seen = true"),
        ("service.intrusion_detection", "seen = \"disabled\""),
        ("service.oem_unlock_allowed", "seen = true"),
        ("service.payload_error", "absent = true"),
        ("service.platform_signer_expected", "seen = false"),
        ("service.updater_signer_ok", "seen = false"),
    ] {
        device.observe(signal, outcome);
    }
    attest(&mut device, &MAKERS, &boot, Hardware::Maker);
    device
}

/// Cuttlefish with this build, started with these verified boot facts. Its KeyMint takes the root of trust from properties and
/// says that it is a TEE; its chain ends in a root whose key is public, so the attestation is no more than a
/// service's word.
pub fn cuttlefish(build: &Build, state: &'static str) -> Device {
    // AOSP's public AVB test key (external/avb/test/data/testkey_rsa4096.pem).
    let key = "7728e30f50bfa5cea165f473175a08803f6a8346642b5aa10913e9d9e6defef6";
    let boot = Boot { state, key: key.into(), vbmeta: digest("cuttlefish vbmeta"), verity: "enforcing" };
    let mut device = with_image(build, &boot, ("devkey.x509.pem", LAB_OTA));
    trustd(&mut device, build, &boot, Hardware::Virtual);
    for (at, (key, value)) in
        [("hardware", "cutf_cvm"), ("kernel.mac80211_hwsim.radios", "0")].into_iter().enumerate()
    {
        device.bootconfig.insert(at, (key.into(), format!("\"{value}\"")));
    }
    device.file(
        "proc/cmdline",
        format!(
            "panic=-1 8250.nr_uarts=1 loop.max_part=7 printk.devkmsg=on firmware_class.path=/vendor/etc/ \
             init=/init bootconfig buildvariant={}\n",
            build.kind
        ),
    );
    device.replace(MOUNTS, "/dev/block/sda10", "/dev/block/vda10");
    for name in ["gatekeeper", "keystore"] {
        let key = format!("ro.hardware.{name}");
        device.replace("vendor/build.prop", &format!("{key}=trusty"), &format!("{key}=nonsecure"));
        device.property(&key, "nonsecure");
    }
    for (key, value) in [
        ("androidboot.boot_devices", "\"pci0000:00/0000:00:08.0\", \"pci0000:00/0000:00:09.0\""),
        ("androidboot.console", "invalid"),
        ("androidboot.cpuvulkan.version", "4198400"),
        ("androidboot.fstab_suffix", "f2fs"),
        ("androidboot.hardware.egl", "angle"),
        ("androidboot.hardware.gralloc", "minigbm"),
        ("androidboot.hardware.hwcomposer", "ranchu"),
        ("androidboot.hardware.vulkan", "pastel"),
        ("androidboot.hypervisor.version", "cf-crosvm"),
        ("androidboot.lcd_density", "320"),
        ("androidboot.setupwizard_mode", "DISABLED"),
        (
            "androidboot.vendor.apex.com.android.hardware.keymint",
            "com.android.hardware.keymint.rust_nonsecure",
        ),
        ("androidboot.vsock_tombstone_port", "6600"),
    ] {
        device.bootconfig(key, value);
    }
    for (key, value) in [
        ("persist.adb.tcp.port", "5555"),
        ("ro.hardware.virtual_device", "1"),
        ("ro.setupwizard.mode", "DISABLED"),
        ("sys.oem_unlock_allowed", "1"),
        ("sys.usb.controller", "dummy_udc.0"),
        ("sys.usb.state", "adb"),
    ] {
        device.property(key, value);
    }
    adbd(&mut device, 5555);
    device.line("sys/class/net/eth0/operstate", "up");
    drivers(&mut device, &["virt_wifi", "virtio_gpu", "vmw_vsock_virtio_transport"]);
    device.setting("global", "adb_enabled", "1").setting("global", "development_settings_enabled", "1");
    device.unobserve("pushed.").unobserve("ota_server.");
    for (signal, outcome) in [
        ("kernel.lockdown_rules", "seen = false"),
        ("selinux.permissive_domains", "seen = [\"su\"]"),
        ("service.advanced_protection", "seen = false"),
        ("service.intrusion_detection", "seen = \"disabled\""),
        ("service.oem_unlock_allowed", "seen = true"),
        ("trustd.unknown_percent", "seen = 6"),
    ] {
        device.observe(signal, outcome);
    }
    device
}
