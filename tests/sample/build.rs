//! What a build and a bootloader say again in every place: the build.prop files, the property area,
//! /proc/bootconfig, /proc/cmdline and the key attestation.

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
    pub abi: &'static str,
    pub id: &'static str,
    pub incremental: &'static str,
    pub kind: &'static str,
    pub tags: &'static str,
    /// As text, and in seconds since 1970.
    pub date: (&'static str, i64),
    pub patch: &'static str,
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

/// The partitions that have a build.prop: their names in property keys, and the files.
const PARTITIONS: [(&str, &str); 7] = [
    ("system", "system/build.prop"),
    ("system_ext", "system_ext/etc/build.prop"),
    ("system_dlkm", "system_dlkm/etc/build.prop"),
    ("vendor", "vendor/build.prop"),
    ("vendor_dlkm", "vendor_dlkm/etc/build.prop"),
    ("odm", "odm/etc/build.prop"),
    ("product", "product/etc/build.prop"),
];

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
        for (partition, file) in PARTITIONS {
            let mut text = self.common(partition);
            match partition {
                "system" => text.push_str(&self.system()),
                "vendor" => text.push_str(&self.vendor()),
                "product" => text.push_str(
                    "# from variable PRODUCT_PRODUCT_PROPERTIES\nro.build.characteristics=nosdcard\n\
                     ro.config.alarm_alert=Alarm_Classic.ogg\nro.config.ringtone=Ring_Synth_04.ogg\n\
                     ro.control_privapp_permissions=enforce\nro.product.locale=en-US\n\
                     ro.storage_manager.enabled=false\n",
                ),
                _ => {}
            }
            text.push_str("# end of file\n");
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

    fn common(&self, partition: &str) -> String {
        let Build {
            brand, manufacturer, model, name: (product, device), id, incremental, kind, tags, ..
        } = self;
        let (date, seconds) = self.date;
        let fingerprint = self.fingerprint();
        format!(
            "####################################\n# from generate_common_build_props\n# These properties identify this \
             partition image.\n####################################\n\
             ro.product.{partition}.brand={brand}\nro.product.{partition}.device={device}\n\
             ro.product.{partition}.manufacturer={manufacturer}\nro.product.{partition}.model={model}\n\
             ro.product.{partition}.name={product}\nro.{partition}.build.date={date}\n\
             ro.{partition}.build.date.utc={seconds}\nro.{partition}.build.fingerprint={fingerprint}\n\
             ro.{partition}.build.id={id}\nro.{partition}.build.tags={tags}\nro.{partition}.build.type={kind}\n\
             ro.{partition}.build.version.incremental={incremental}\nro.{partition}.build.version.release=16\n\
             ro.{partition}.build.version.release_or_codename=16\nro.{partition}.build.version.sdk=36\n"
        )
    }

    fn system(&self) -> String {
        let Build { name: (product, device), id, incremental, kind, tags, patch, abi, .. } = self;
        let (date, seconds) = self.date;
        // adbd demands authorised keys of user builds alone; only they are not debuggable.
        let debugging = match *kind {
            "user" => "ro.debuggable=0\nro.adb.secure=1\n",
            _ => "ro.debuggable=1\n",
        };
        format!(
            "####################################\n# from gen_build_prop.py:generate_build_info\n\
             ####################################\n# begin build properties\n\
             ro.build.id={id}\nro.build.display.id={id}\nro.build.version.incremental={incremental}\n\
             ro.build.version.sdk=36\nro.build.version.preview_sdk=0\nro.build.version.preview_sdk_fingerprint=REL\n\
             ro.build.version.codename=REL\nro.build.version.all_codenames=REL\nro.build.version.release=16\n\
             ro.build.version.release_or_codename=16\nro.build.version.release_or_preview_display=16\n\
             ro.build.version.security_patch={patch}\nro.build.version.base_os=\n\
             ro.build.version.min_supported_target_sdk=28\nro.build.date={date}\nro.build.date.utc={seconds}\n\
             ro.build.type={kind}\nro.build.user=build\nro.build.host=builder\nro.build.tags={tags}\n\
             ro.build.flavor={product}-{kind}\nro.build.product={device}\n\
             ro.build.description={product}-{kind} 16 {id} {incremental} {tags}\n# end build properties\n\
             ####################################\n# from variable ADDITIONAL_SYSTEM_PROPERTIES\n\
             ####################################\nro.treble.enabled=true\nro.llndk.api_level=202504\n\
             net.bt.name=Android\nro.force.debuggable=0\nro.secure=1\nro.allow.mock.location=0\n{debugging}\
             security.perf_harden=1\nro.actionable_compatible_property.enabled=true\n\
             ro.system.product.cpu.abilist={abi}\nro.system.product.cpu.abilist32=\n\
             ro.system.product.cpu.abilist64={abi}\nro.zygote=zygote64\ndalvik.vm.dex2oat-Xms=64m\n\
             dalvik.vm.dex2oat-Xmx=512m\ndalvik.vm.usejit=true\ndalvik.vm.useartservice=true\n\
             dalvik.vm.image-dex2oat-Xms=64m\ndalvik.vm.minidebuginfo=true\n\
             log.tag.stats_log=I\npersist.debug.dalvik.vm.core_platform_api_policy=just-warn\n"
        )
    }

    fn vendor(&self) -> String {
        let Build { hardware, patch, abi, .. } = self;
        format!(
            "####################################\n# from variable ADDITIONAL_VENDOR_PROPERTIES\n\
             ####################################\nro.vendor.build.security_patch={patch}\n\
             ro.vendor.product.cpu.abilist={abi}\nro.vendor.product.cpu.abilist32=\n\
             ro.vendor.product.cpu.abilist64={abi}\nro.product.board={hardware}\nro.board.platform={hardware}\n\
             ro.product.first_api_level=36\nro.vendor.api_level=202504\nro.build.ab_update=true\n\
             ro.boot.dynamic_partitions=true\nro.crypto.volume.options=aes-256-xts:aes-256-hctr2\n\
             ro.hardware.keystore=trusty\nro.hardware.gatekeeper=trusty\nro.opengles.version=196610\n\
             ro.soc.manufacturer={}\nro.soc.model={hardware}\nro.sf.lcd_density=420\n\
             ro.surface_flinger.supports_background_blur=1\n",
            self.manufacturer
        )
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

/// Observes the key attestation of a device in this state. The class says who issued its challenge, and whether
/// its chain ends in a pinned root.
pub fn attest(device: &mut Device, build: &Build, boot: &Boot, class: &str) {
    let (state, key) = match boot.state {
        "green" => ("verified", boot.key.clone()),
        "yellow" => ("self-signed", boot.key.clone()),
        // KeyMint: an unlocked device has no key that was verified.
        _ => ("unverified", "0".repeat(64)),
    };
    let month = build.patch_month();
    for (field, value) in [
        ("verified_boot_state", state),
        ("verified_boot_key", &key),
        ("verified_boot_hash", &boot.vbmeta),
        ("os_patch", &month),
        ("vendor_patch", &month),
        ("boot_patch", &month),
        ("os_version", "16"),
        ("security_level", "trusted-environment"),
        ("keymint_level", "trusted-environment"),
    ] {
        device.observe(&format!("attested.{field}"), &format!("seen = \"{value}\", class = \"{class}\""));
    }
    let locked = boot.is_locked();
    device.observe("attested.device_locked", &format!("seen = {locked}, class = \"{class}\""));
    device.observe("attested.keymint_version", &format!("seen = 400, class = \"{class}\""));
}
