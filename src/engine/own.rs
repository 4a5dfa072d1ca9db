//! What trustd measures of itself: where its process runs, and how its evaluating goes.

use crate::collect::Mounted;
use crate::root::Root;
use trust_evidence::{Outcome, Reason, Value};
use trust_formats::mounts::Mounts;

/// The signals that trustd gives of itself today. The others of that source are declared.
pub const MEASURED: [&str; 16] = [
    "trustd.attested_at",
    "trustd.boot_patch_floor",
    "trustd.clock",
    "trustd.clock_jumps",
    "trustd.collectors_failed",
    "trustd.confined",
    "trustd.context",
    "trustd.event_sources_lost",
    "trustd.history_intact",
    "trustd.no_foreign_code",
    "trustd.on_verity",
    "trustd.policy_refused",
    "trustd.policy_state",
    "trustd.ui_listening",
    "trustd.unknown_percent",
    "trustd.untraced",
];

/// The most of a file of /proc/self that is read, in bytes.
const MAX_OWN: usize = 4 << 20;
/// The domain of trustd.
const DOMAIN: &str = "u:r:trustd:s0";

fn truth(holds: Option<bool>) -> Outcome {
    holds.map_or(Outcome::Missing(Reason::Malformed), |holds| Outcome::Seen(Value::Bool(holds)))
}

fn text(root: &dyn Root, path: &str) -> Result<String, Reason> {
    String::from_utf8(root.read(path, MAX_OWN)?).map_err(|_| Reason::Malformed)
}

/// Where and how this process runs, by the kernel: signal ids and what was found.
pub fn process(root: &dyn Root, mounted: Option<&Mounted>) -> Vec<(&'static str, Outcome)> {
    let status = text(root, "/proc/self/status");
    let field = |name: &str| -> Result<Option<String>, Reason> {
        let status = status.as_ref().map_err(|reason| *reason)?;
        let found = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        Ok(found.map(|value| value.trim().to_owned()))
    };
    let is = |name: &str, expected: &str| field(name).map(|found| found.map(|found| found == expected));
    let untraced = is("TracerPid", "0").map_or_else(Outcome::Missing, truth);
    let no_capability =
        field("CapEff").map(|found| found.map(|set| u64::from_str_radix(&set, 16).is_ok_and(|set| set == 0)));
    let confined = (|| Ok(all([is("Seccomp", "2")?, is("NoNewPrivs", "1")?, no_capability?])))();
    let context = match text(root, "/proc/self/attr/current") {
        Ok(label) => Outcome::Seen(Value::Bool(label.trim_end_matches(['\0', '\n']) == DOMAIN)),
        // Without a security module the kernel answers with an error.
        Err(Reason::Malformed) => Outcome::Seen(Value::Bool(false)),
        Err(reason) => Outcome::Missing(reason),
    };
    let maps = text(root, "/proc/self/maps");
    let on_verity = match (&maps, mounted) {
        (Ok(maps), Some(mounted)) => executable(maps).map(|path| truth(Some(on_verity(mounted, path)))),
        _ => None,
    };
    vec![
        ("trustd.context", context),
        ("trustd.on_verity", on_verity.unwrap_or(Outcome::Missing(Reason::NotPresent))),
        ("trustd.untraced", untraced),
        ("trustd.confined", confined.map_or_else(Outcome::Missing, truth)),
        (
            "trustd.no_foreign_code",
            maps.map_or_else(Outcome::Missing, |maps| truth(Some(only_own_code(&maps)))),
        ),
    ]
}

/// All of them hold; `None` where one is not said.
fn all<const N: usize>(parts: [Option<bool>; N]) -> Option<bool> {
    parts.into_iter().try_fold(true, |all, part| Some(all & part?))
}

/// The program's own file: the first that is mapped to be executed.
fn executable(maps: &str) -> Option<&str> {
    maps.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let rights = fields.nth(1)?;
        let path = fields.nth(3)?;
        (rights.contains('x') && path.starts_with('/')).then_some(path)
    })
}

fn on_verity(mounted: &Mounted, path: &str) -> bool {
    let table: &Mounts = &mounted.table;
    table.covering(path).is_some_and(|mount| mounted.on_verity(mount))
}

/// Whether what is mapped to be executed is neither writable nor from a file that is anonymous or deleted. The
/// kernel's own pages (`[vdso]`, `[vsyscall]`) are its own.
fn only_own_code(maps: &str) -> bool {
    maps.lines().all(|line| {
        let mut fields = line.split_ascii_whitespace();
        let rights = fields.nth(1).unwrap_or_default();
        let path = fields.nth(3).unwrap_or_default();
        let kernels = path == "[vdso]" || path == "[vsyscall]";
        let from_a_file =
            path.starts_with('/') && !line.ends_with(" (deleted)") && !path.starts_with("/memfd:");
        !rights.contains('x') || (!rights.contains('w') && (kernels || from_a_file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_is_writable_anonymous_or_deleted_is_foreign() {
        let own = "55d0-55d1 r-xp 00000000 fd:00 12 /system_ext/bin/trustd\n7ffc-7ffd r-xp 00000000 00:00 0 [vdso]\n\
                   7f00-7f01 rw-p 00000000 00:00 0 [heap]\n";
        assert!(only_own_code(own));
        for foreign in [
            "7f00-7f01 rwxp 00000000 fd:00 12 /system_ext/bin/trustd",
            "7f00-7f01 r-xp 00000000 00:00 0",
            "7f00-7f01 r-xp 00000000 fd:00 12 /data/local/tmp/x.so (deleted)",
            "7f00-7f01 r-xp 00000000 00:01 12 /memfd:jit (deleted)",
            "7f00-7f01 r-xp 00000000 00:01 12 /memfd:jit",
            "7f00-7f01 r-xp 00000000 00:00 0 [stack]",
        ] {
            assert!(!only_own_code(&format!("{own}{foreign}\n")), "{foreign}");
        }
    }

    #[test]
    fn the_program_is_the_first_file_that_is_executed() {
        let maps =
            "1-2 r--p 0 fd:00 12 /a\n2-3 r-xp 0 fd:00 12 /system_ext/bin/trustd\n3-4 r-xp 0 fd:00 9 /b\n";
        assert_eq!(executable(maps), Some("/system_ext/bin/trustd"));
    }
}
