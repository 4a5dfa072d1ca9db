//! What a build and a bootloader say again in every place: the build.prop files, the property area,
//! /proc/bootconfig and /proc/cmdline.

use super::Device;
use trust_formats::digest::sha256;

/// A build of Android 16.
#[derive(Clone, Copy)]
pub struct Build {
    pub brand: &'static str,
    pub manufacturer: &'static str,
    pub model: &'static str,
    /// The product's and the device's name.
    pub name: (&'static str, &'static str),
    /// What the bootloader calls the hardware.
    pub hardware: &'static str,
    pub id: &'static str,
    pub incremental: &'static str,
    pub kind: &'static str,
    pub tags: &'static str,
    /// As text, and in seconds since 1970.
    pub date: (&'static str, i64),
    pub patch: &'static str,
    /// The version of its APEX modules.
    pub modules: u64,
}

/// What the bootloader found.
#[derive(Clone)]
pub struct Boot {
    pub state: &'static str,
    pub key: String,
    pub vbmeta: String,
    pub verity: &'static str,
}

/// The SHA-256 of a text, which stands for a key or an image that the samples do not have.
pub fn digest(text: &str) -> String {
    sha256(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Boot {
    /// A locked device, started with the fused key of this text and vbmeta images of that one.
    pub fn green(key: &str, vbmeta: &str) -> Boot {
        Boot { state: "green", key: digest(key), vbmeta: digest(vbmeta), verity: "enforcing" }
    }

    /// The same device with its bootloader unlocked. The key is still that of the images, but nobody vouches.
    pub fn unlocked(self) -> Boot {
        Boot { state: "orange", ..self }
    }

    fn is_locked(&self) -> bool {
        self.state != "orange"
    }
}

/// The partitions that have a build.prop: their names in property keys, the files, what these say of their own.
const PARTITIONS: [(&str, &str, &str); 7] = [
    ("system", "system/build.prop", include_str!("texts/system.prop")),
    ("system_ext", "system_ext/etc/build.prop", ""),
    ("system_dlkm", "system_dlkm/etc/build.prop", ""),
    ("vendor", "vendor/build.prop", include_str!("texts/vendor.prop")),
    ("vendor_dlkm", "vendor_dlkm/etc/build.prop", ""),
    ("odm", "odm/etc/build.prop", ""),
    ("product", "product/etc/build.prop", include_str!("texts/product.prop")),
];
/// What every partition's says.
const COMMON: &str = include_str!("texts/common.prop");

impl Build {
    pub fn fingerprint(&self) -> String {
        let Build { brand, name: (product, device), id, incremental, kind, tags, .. } = self;
        format!("{brand}/{product}/{device}:16/{id}/{incremental}:{kind}/{tags}")
    }

    /// The month of the patch level, which is all of it that counts.
    pub fn patch_month(&self) -> String {
        self.patch.chars().take("2026-10".len()).collect()
    }

    /// Writes the build.prop files; init loads them into the property area and derives the rest.
    pub fn install(&self, device: &mut Device) {
        for (partition, file, own) in PARTITIONS {
            let text =
                self.filled(&format!("{COMMON}{own}# end of file\n")).replace("{partition}", partition);
            for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
                device.property(key, value);
            }
            device.file(file, text);
        }
        device.property("ro.build.fingerprint", &self.fingerprint());
        let (product, name) = self.name;
        for (key, value) in [
            ("brand", self.brand),
            ("device", name),
            ("manufacturer", self.manufacturer),
            ("model", self.model),
            ("name", product),
        ] {
            device.property(&format!("ro.product.{key}"), value);
        }
    }

    /// A text with this build's facts in the places of their names.
    fn filled(&self, text: &str) -> String {
        let (product, device) = self.name;
        let (date, seconds) = self.date;
        // Only a user build is not debuggable, and only there adbd demands authorised keys.
        let debugging =
            if self.kind == "user" { "ro.debuggable=0\nro.adb.secure=1" } else { "ro.debuggable=1" };
        [
            ("{brand}", self.brand),
            ("{date}", date),
            ("{debugging}", debugging),
            ("{device}", device),
            ("{fingerprint}", &self.fingerprint()),
            ("{hardware}", self.hardware),
            ("{id}", self.id),
            ("{incremental}", self.incremental),
            ("{kind}", self.kind),
            ("{manufacturer}", self.manufacturer),
            ("{model}", self.model),
            ("{patch}", self.patch),
            ("{product}", product),
            ("{seconds}", &seconds.to_string()),
            ("{tags}", self.tags),
        ]
        .into_iter()
        .fold(text.into(), |text: String, (name, value)| text.replace(name, value))
    }

    /// The kernel's command line, as a bootloader that has bootconfig still writes it.
    pub fn cmdline(&self) -> String {
        format!(
            "console=null stack_depot_disable=on cgroup_disable=pressure kasan=off kvm-arm.mode=protected \
             8250.nr_uarts=0 bootconfig buildvariant={}\n",
            self.kind
        )
    }
}

/// Writes what the bootloader found, and what init makes of it.
pub fn start(device: &mut Device, build: &Build, boot: &Boot) {
    let locked = boot.is_locked();
    for (key, value) in [
        ("androidboot.vbmeta.device", "PARTUUID=00000000-0000-4000-8000-00000000000a"),
        ("androidboot.vbmeta.avb_version", "1.3"),
        ("androidboot.vbmeta.device_state", if locked { "locked" } else { "unlocked" }),
        ("androidboot.vbmeta.hash_alg", "sha256"),
        ("androidboot.vbmeta.size", "21952"),
        ("androidboot.vbmeta.digest", &boot.vbmeta),
        ("androidboot.vbmeta.public_key_digest", &boot.key),
        ("androidboot.vbmeta.invalidate_on_error", "yes"),
        ("androidboot.veritymode", boot.verity),
        ("androidboot.verifiedbootstate", boot.state),
    ] {
        device.bootconfig(key, value);
    }
    device.property("ro.boot.flash.locked", if locked { "1" } else { "0" });
    device.property("ro.hardware", build.hardware);
    device.file("proc/cmdline", build.cmdline());
    let unlockable = if locked { "0" } else { "1" };
    device.property("sys.oem_unlock_allowed", unlockable);
}
