//! What the kernel says: SELinux, modules, its own build options, sockets, processes.

use super::context::{Context, MAX_FILE, Sink, names, truth};
use super::reads::Reads;
use std::collections::BTreeSet;
use trust_evidence::{Outcome, Reason, Signal, Source, Value};
use trust_formats::selinux::Status;
use trust_formats::selinux::pairing::{MAX_DIGEST, PAIRS, PRECOMPILED, Pair, digest};
use trust_formats::sockets::Socket;
use trust_formats::{kconfig as config, modules as table, selinux as status, sockets as net};

const SELINUX: &str = "/sys/fs/selinux";
/// The most processes that are looked at.
const MAX_PROCESSES: usize = 65_536;

/// What [`selinux`] reads.
pub const SELINUX_READS: Reads = Reads::These(&[
    "/sys/fs/selinux/status",
    "/sys/fs/selinux/enforce",
    "/sys/fs/selinux/deny_unknown",
    // The precompiled policy, and the digests in pairs; each one's directory tells whether it can be there.
    "/odm/etc/selinux/*",
    "/product/etc/selinux/*",
    "/system/etc/selinux/*",
    "/system_ext/etc/selinux/*",
    "/vendor/etc/selinux/*",
]);
/// What [`modules`] reads.
pub const MODULES_READS: Reads = Reads::These(&["/proc/modules"]);
/// What [`kconfig`] reads.
pub const KCONFIG_READS: Reads = Reads::These(&["/proc/config.gz"]);
/// What [`sockets`] reads.
pub const SOCKETS_READS: Reads =
    Reads::These(&["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/raw", "/proc/net/raw6"]);
/// What [`processes`] reads.
pub const PROCESSES_READS: Reads = Reads::These(&["/proc/", "/proc/*/attr/current", "/proc/*/status"]);

/// The state of SELinux: the status page, and the one-digit files where there is no page.
pub fn selinux(context: &Context, sink: &mut Sink<'_>) {
    let page = context.parse(&format!("{SELINUX}/status"), 4096, status::status);
    for (ix, signal) in sink.claimed() {
        let Source::Collector(_, item) = &signal.source else { continue };
        let (path, outcome) = match (&**item, &page) {
            ("enforcing" | "deny_unknown", Ok(Status { enforcing, deny_unknown, .. })) => {
                ("status", truth(if **item == *"enforcing" { *enforcing } else { *deny_unknown }))
            }
            ("enforcing", Err(_)) => ("enforce", digit(context, "enforce")),
            ("deny_unknown", Err(_)) => ("deny_unknown", digit(context, "deny_unknown")),
            ("policy_loads", Ok(page)) => ("status", Outcome::Seen(Value::Int(page.policy_loads.into()))),
            ("policy_loads", Err(reason)) => ("status", Outcome::Missing(*reason)),
            ("policy_precompiled", _) => {
                let (read, outcome) = precompiled(context);
                sink.put_all(ix, &read, outcome);
                continue;
            }
            _ => ("policy", Outcome::Missing(Reason::Unsupported)),
        };
        sink.put(ix, &format!("{SELINUX}/{path}"), outcome);
    }
}

/// Whether init loaded the precompiled policy, as it decides that, and the files which say so. Without the
/// platform's digest there is nothing to compare: the system is not split, or is not here.
fn precompiled(context: &Context) -> (Vec<String>, Outcome) {
    let mut read = Vec::new();
    let compared = (|| {
        let mut found = Ok(None);
        for path in PRECOMPILED {
            read.push(path.to_string());
            match there(context, path) {
                Ok(true) => {
                    found = Ok(Some(path));
                    break;
                }
                Ok(false) => {}
                // It may be there all the same; the other one decides, if it is.
                Err(reason) => found = Err(reason),
            }
        }
        let Some(policy) = found? else { return Ok(truth(false)) };
        let mut all_match = true;
        for (n, (actual, suffix)) in PAIRS.into_iter().enumerate() {
            let beside = format!("{policy}{suffix}");
            let pair = Pair {
                actual: policy_digest(context, actual)?,
                precompiled: policy_digest(context, &beside)?,
            };
            if n == 0 && pair.actual.is_none() {
                return Err(Reason::NotPresent);
            }
            read.extend([actual.to_string(), beside]);
            all_match &= pair.matches();
        }
        Ok(truth(all_match))
    })();
    (read, compared.unwrap_or_else(Outcome::Missing))
}

fn policy_digest(context: &Context, path: &str) -> Result<Option<[u8; 32]>, Reason> {
    match there(context, path)? {
        true => context.parse(path, MAX_DIGEST, digest).map(Some),
        false => Ok(None),
    }
}

/// Whether a file is there. The running system holds everything; any other root says so only of directories that it
/// holds, and an image without an SELinux directory has no file in it.
fn there(context: &Context, path: &str) -> Result<bool, Reason> {
    match context.root.exists(path) {
        Err(Reason::NotPresent) if context.root.is_live() => Ok(false),
        Err(Reason::NotPresent) => {
            let (directory, _) = path.rsplit_once('/').unwrap_or_default();
            match context.root.exists(directory)? {
                false => Ok(false),
                true => Err(Reason::NotPresent),
            }
        }
        found => found,
    }
}

fn digit(context: &Context, file: &str) -> Outcome {
    match context.root.read(&format!("{SELINUX}/{file}"), 16) {
        Ok(bytes) => match bytes.trim_ascii() {
            b"1" => truth(true),
            b"0" => truth(false),
            _ => Outcome::Missing(Reason::Malformed),
        },
        Err(reason) => Outcome::Missing(reason),
    }
}

/// /proc/modules.
pub fn modules(context: &Context, sink: &mut Sink<'_>) {
    const PATH: &str = "/proc/modules";
    // A kernel without modules has the file, and it is empty.
    let parse = |bytes: &[u8]| if bytes.is_empty() { Ok(None) } else { table::parse(bytes).map(Some) };
    let modules = context.parse(PATH, MAX_FILE, parse);
    if let Ok(Some(modules)) = &modules {
        context.dropped(PATH, modules.dropped());
    }
    sink.each(PATH, |_| match &modules {
        // A line that could not be read may hide a module.
        Ok(Some(modules)) if !modules.dropped().is_empty() => Outcome::Missing(Reason::Malformed),
        Ok(Some(modules)) => names(modules.iter().map(|module| module.name.clone())),
        Ok(None) => names::<&str>([]),
        Err(reason) => Outcome::Missing(*reason),
    });
}

/// /proc/config.gz. An option that is not set is false.
pub fn kconfig(context: &Context, sink: &mut Sink<'_>) {
    const PATH: &str = "/proc/config.gz";
    let config = context.parse(PATH, MAX_FILE, config::parse);
    sink.each(PATH, |signal| match (&config, &signal.source) {
        (Ok(config), Source::Collector(_, option)) => truth(matches!(config.value(option), Some("y" | "m"))),
        (Ok(_), _) => Outcome::Missing(Reason::Unsupported),
        (Err(reason), _) => Outcome::Missing(*reason),
    });
}

/// /proc/net: sockets that listen beyond loopback, and raw sockets.
pub fn sockets(context: &Context, sink: &mut Sink<'_>) {
    let tables = |files: [&str; 2]| -> Result<Vec<Socket>, Reason> {
        let mut sockets = Vec::new();
        for (n, file) in files.into_iter().enumerate() {
            match context.parse(&format!("/proc/net/{file}"), 8 << 20, net::parse) {
                Ok(found) => sockets.extend(found),
                // A kernel without IPv6 has no second table.
                Err(Reason::NotPresent) if n == 1 => {}
                Err(reason) => return Err(reason),
            }
        }
        Ok(sockets)
    };
    let tcp = tables(["tcp", "tcp6"]);
    let listeners =
        || tcp.as_ref().map(|all| all.iter().filter(|s| s.state == Socket::LISTEN && !s.is_loopback()));
    let raw = tables(["raw", "raw6"]);
    for (ix, signal) in sink.claimed() {
        let Source::Collector(_, item) = &signal.source else { continue };
        let outcome = match &**item {
            "tcp_listeners" => listeners().map(|all| names(all.map(|s| format!("{}/{}", s.uid, s.port)))),
            "tcp_ports" => listeners().map(|all| names(all.map(|s| s.port.to_string()))),
            "raw_uids" => raw.as_ref().map(|all| names(all.iter().map(|s| s.uid.to_string()))),
            _ => Err(&Reason::Unsupported),
        };
        // Through /proc/net lie the tables of IPv4 and IPv6 alike.
        sink.put(ix, "/proc/net", outcome.unwrap_or_else(|reason| Outcome::Missing(*reason)));
    }
}

/// The SELinux types of all processes, and of those that run as root.
pub fn processes(context: &Context, sink: &mut Sink<'_>) {
    let seen = look(context);
    sink.each("/proc", |signal: &Signal| match (&seen, &signal.source) {
        (Ok((all, root)), Source::Collector(_, item)) => {
            names(if **item == *"root_domains" { root } else { all }.iter().cloned())
        }
        (Ok(_), _) => Outcome::Missing(Reason::Unsupported),
        (Err(reason), _) => Outcome::Missing(*reason),
    });
}

/// All types, and those of root's processes.
type Domains = (BTreeSet<String>, BTreeSet<String>);

fn look(context: &Context) -> Result<Domains, Reason> {
    let mut domains = Domains::default();
    let pids = context.root.entries("/proc")?;
    let pids: Vec<&String> =
        pids.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).collect();
    if pids.is_empty() {
        return Err(Reason::NotPresent);
    }
    // Where /proc hides the processes of others (hidepid), what is seen is no sign of what runs.
    if !pids.iter().any(|pid| *pid == "1") {
        return Err(Reason::PermissionDenied);
    }
    if pids.len() > MAX_PROCESSES {
        return Err(Reason::Malformed);
    }
    for pid in pids {
        // Without a security module the kernel answers with an error (EINVAL).
        let attribute = match context.root.read(&format!("/proc/{pid}/attr/current"), 4096) {
            Err(Reason::Malformed) => Err(Reason::Unsupported),
            attribute => attribute,
        };
        // A process that ended while we looked is none.
        let Some(context_text) = gone(attribute)? else { continue };
        let label =
            std::str::from_utf8(&context_text).map_err(|_| Reason::Malformed)?.trim_end_matches(['\0', '\n']);
        // user:role:type:level; anything else is not SELinux.
        let domain = label.split(':').nth(2).ok_or(Reason::Unsupported)?.to_string();
        let Some(status) = gone(context.root.read(&format!("/proc/{pid}/status"), 65_536))? else { continue };
        let status = String::from_utf8_lossy(&status);
        let uids = status.lines().find_map(|line| line.strip_prefix("Uid:")).ok_or(Reason::Malformed)?;
        let capable = status.lines().find_map(|line| line.strip_prefix("CapEff:")).is_some_and(administers);
        if capable || uids.split_ascii_whitespace().any(|uid| uid == "0") {
            domains.1.insert(domain.clone());
        }
        domains.0.insert(domain);
    }
    Ok(domains)
}

/// Whether a set of capabilities, in hex, is as good as root: CAP_SYS_MODULE (16) or CAP_SYS_ADMIN (21).
fn administers(capabilities: &str) -> bool {
    u64::from_str_radix(capabilities.trim(), 16).is_ok_and(|set| set & (1 << 16 | 1 << 21) != 0)
}

fn gone(read: Result<Vec<u8>, Reason>) -> Result<Option<Vec<u8>>, Reason> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Reason::NotPresent) => Ok(None),
        Err(reason) => Err(reason),
    }
}
