//! What a signal's `needs` means to SELinux, what trustd reads beside the signals, and what it is kept from.

use trust_evidence::{Signal, Source};

/// A permission that a policy grants or does not.
pub struct Rule {
    pub target: String,
    pub class: &'static str,
    pub permissions: Vec<&'static str>,
}

pub fn rule(target: &str, class: &'static str, permission: &'static str) -> Rule {
    Rule { target: target.to_owned(), class, permissions: vec![permission] }
}

/// What trustd is not given, and why.
pub const KEPT_FROM: [(&str, &str); 10] = [
    ("vendor_default_prop", "the platform lets no daemon of the system read a vendor's properties"),
    ("net_dns_prop", "the platform names who reads it: system_server, dumpstate"),
    ("package_native_service", "the provider asks: trustd asks no service of system_server's"),
    ("sensor_privacy_service", "the provider asks"),
    ("advanced_protection_service", "the provider asks"),
    ("intrusion_detection_service", "the provider asks"),
    ("backup_service", "the provider asks"),
    ("update_engine_service", "who finds it may also apply an update"),
    ("hal_client_domain(hal_bootctl)", "a client may also choose the slot to boot"),
    ("hal_client_domain(hal_oemlock)", "a client may also unlock the bootloader"),
];

/// What trustd's rules name and no signal needs, and why.
pub const REASONS: [(&str, &str); 22] = [
    // What it is.
    ("trustd", "itself: sockets, descriptors"),
    ("trustd_exec", "its program"),
    ("trustd_data_file", "its state"),
    ("trustd_service", "its service"),
    ("boot_status_prop", "whether the system has started"),
    // Whom it speaks to.
    ("servicemanager", "whoever uses Binder"),
    ("keystore", "attested.*; keys of domain APP are checked against it"),
    ("enigm_trust_audience", "listeners are called back"),
    ("enigm_trust_center", "listeners are called back"),
    ("enigm_command", "listeners are called back"),
    ("enigm_trust_provider", "answers a report"),
    // Attributes of what signals need by one type.
    ("domain", "processes.*: every process"),
    ("proc_net_type", "sockets.*: every table"),
    // Directories on the way, which are watched.
    ("rootfs", "/"),
    ("system_data_root_file", "/data"),
    ("metadata_file", "/metadata"),
    ("gsi_metadata_file", "/metadata/gsi"),
    ("apex_mnt_dir", "/apex"),
    ("sysfs", "/sys/class, /sys/devices"),
    // What other versions or partitions have in the place of what a signal names.
    ("vendor_file", "selinux.policy_precompiled: /vendor, /odm on the way to their etc/selinux"),
    ("sepolicy_file", "selinux.policy_precompiled: /odm/etc/selinux/precompiled_sepolicy"),
    ("keystore_crash_prop", "property.keystore_crashes, on Android 14 and 15"),
];

/// What must be granted so that a signal can be read.
///
/// # Errors
/// `needs` says something that is not known here.
pub fn rules(signal: &Signal) -> Result<Vec<Rule>, String> {
    let mut rules = Vec::new();
    for need in signal.needs.split(", ") {
        // In brackets stands how it is granted or used.
        let name = need.split(" (").next().unwrap_or(need);
        match name {
            "none" | "providers in policy" => {}
            "use_keystore" => {
                rules.push(rule("keystore_service", "service_manager", "find"));
                rules.push(rule("keystore", "binder", "call"));
                rules.push(Rule {
                    target: "trustd_key".to_owned(),
                    class: "keystore2_key",
                    permissions: vec!["delete", "get_info", "rebind", "update", "use"],
                });
            }
            "r_dir_file(domain)" => {
                rules.push(rule("init", "dir", "search"));
                rules.push(rule("init", "file", "read"));
                rules.push(rule("untrusted_app", "file", "read"));
            }
            "FS_IOC_MEASURE_VERITY" => rules.push(rule("apk_data_file", "file", "ioctl")),
            "kernel:security read_policy" => rules.push(rule("kernel", "security", "read_policy")),
            "adb_data_file:dir getattr" => rules.push(rule("adb_data_file", "dir", "getattr")),
            "self:netlink_route_socket nlmsg_readpriv" => {
                rules.push(rule("trustd", "netlink_route_socket", "nlmsg_readpriv"));
            }
            "self:netlink_kobject_uevent_socket" => {
                rules.push(rule("trustd", "netlink_kobject_uevent_socket", "read"));
            }
            _ if name.starts_with("group ") || name.starts_with("hal_client_domain(") => {}
            _ if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                return Err(format!(
                    "needs {need:?}: expected a type, a group or what tests/sepolicy/needs.rs knows"
                ));
            }
            name => rules.push(match signal.source {
                Source::Service(_) => rule(name, "service_manager", "find"),
                Source::Exists(_) => rule(name, "file", "getattr"),
                Source::Entries(_) => rule(name, "dir", "read"),
                // A directory of device-mapper's, or of the network's sockets: an attribute or a type.
                _ if name.ends_with("_type") => rule("proc_net", "file", "read"),
                Source::Property(_) => Rule {
                    target: name.to_owned(),
                    class: "file",
                    permissions: vec!["getattr", "map", "open", "read"],
                },
                _ => Rule {
                    target: name.to_owned(),
                    class: "file",
                    permissions: vec!["getattr", "open", "read"],
                },
            }),
        }
    }
    Ok(rules)
}
