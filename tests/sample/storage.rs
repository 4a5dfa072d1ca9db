//! What files stand on: block devices, mounts, APEX modules.

use super::Device;

/// The mount table.
pub const MOUNTS: &str = "proc/self/mountinfo";

/// The dynamic partitions and where they are mounted, in the order of their block devices.
pub const PARTITIONS: [(&str, &str); 7] = [
    ("system", "/"),
    ("system_dlkm", "/system_dlkm"),
    ("system_ext", "/system_ext"),
    ("product", "/product"),
    ("vendor", "/vendor"),
    ("vendor_dlkm", "/vendor_dlkm"),
    ("odm", "/odm"),
];

/// The dm-verity device over a partition: the partitions come first, and user data last.
pub fn verity(partition: usize) -> usize {
    PARTITIONS.len() + partition
}

/// A device-mapper device, as sysfs has it. libdm gives each a random UUID at every boot.
pub fn mapped(device: &mut Device, minor: usize, name: &str) {
    let directory = format!("sys/devices/virtual/block/dm-{minor}");
    device.line(&format!("{directory}/dev"), &format!("254:{minor}"));
    device.line(&format!("{directory}/dm/name"), name);
    device.line(&format!("{directory}/dm/uuid"), &format!("00000000-0000-4000-8000-{minor:012}"));
}

/// Adds a line to the mount table.
pub fn mount(device: &mut Device, line: &str) {
    device.line(MOUNTS, line);
}

/// An APEX module: its name, its version, and whether it was updated since the image was made.
pub type Apex = (&'static str, u64, bool);

/// The active APEX modules, and the certificate authorities that conscrypt brings: names and PEM texts.
pub fn apexes(device: &mut Device, modules: &[Apex], authorities: &[(&str, &str)]) {
    let mut list = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<apex-info-list>\n");
    for (n, (name, version, updated)) in modules.iter().enumerate() {
        let preinstalled = format!("/system/apex/{name}.apex");
        let mut row = |path: &str, version: u64, is_factory: bool, is_active: bool| {
            list.push_str(&format!(
                r#"    <apex-info moduleName="{name}" modulePath="{path}" preinstalledModulePath="{preinstalled}""#
            ));
            list.push_str(&format!(
                r#" versionCode="{version}" versionName="" isFactory="{is_factory}" isActive="{is_active}""#
            ));
            list.push_str(
                r#" lastUpdateMillis="1230768000" provideSharedApexLibs="false" partition="SYSTEM">"#,
            );
            list.push_str("</apex-info>\n");
        };
        // A module of the image stands on a loop device: its file is verified already. An update has dm-verity.
        let (number, block) = if *updated {
            row(&format!("/data/apex/active/{name}@{version}.apex"), *version, false, true);
            row(&preinstalled, 360_000_000, true, false);
            let minor = verity(PARTITIONS.len()) + 1 + n;
            mapped(device, minor, &format!("{name}@{version}"));
            (format!("254:{minor}"), format!("dm-{minor}"))
        } else {
            row(&preinstalled, *version, true, true);
            let directory = format!("sys/devices/virtual/block/loop{n}");
            device.line(&format!("{directory}/dev"), &format!("7:{}", 8 * n));
            device.line(&format!("{directory}/loop/backing_file"), &preinstalled);
            (format!("7:{}", 8 * n), format!("loop{n}"))
        };
        let (id, group) = (90 + 2 * n, 90 + n);
        for (id, point) in [(id, format!("{name}@{version}")), (id + 1, name.to_string())] {
            let block = format!("ext4 /dev/block/{block} ro,seclabel");
            mount(
                device,
                &format!("{id} 43 {number} / /apex/{point} ro,nodev,noatime shared:{group} - {block}"),
            );
        }
    }
    device.file("apex/apex-info-list.xml", list + "</apex-info-list>\n");
    for (name, pem) in authorities {
        device.file(&format!("apex/com.android.conscrypt/cacerts/{name}"), *pem);
    }
}
