//! What the running kernel is asked for, and what it has told: no file says it as it is.

use crate::collect::{Context, mounted};
use crate::rules::prohibited;
use trust_evidence::{Class, Observation, Outcome, Reason, Value};
use trust_formats::routing_rules::{Family, Prohibited, left_out};
use trust_formats::selinux::policy::{MAX_POLICY, permissive};

/// The signals of that kind.
pub const ASKED: [&str; 3] = ["kernel.lockdown_rules", "kernel.verity_errors", "selinux.permissive_domains"];

const POLICY: &str = "/sys/fs/selinux/policy";
/// The apps of the first Android user (AID_APP_START and _END of system/core's android_filesystem_config.h).
const APPS: (u32, u32) = (10_000, 19_999);
/// How many of them the lockdown may leave out: the VPN's own app and those that its owner exempts.
const LEFT_OUT: u32 = 16;

/// dm-verity's findings since trustd began to listen; none while something of the kernel's events is lost.
pub fn verity_errors(counted: u64, is_lost: bool) -> Observation {
    let outcome = match is_lost {
        true => Outcome::Missing(Reason::NotPresent),
        false => Outcome::Seen(Value::Int(i64::try_from(counted).unwrap_or(i64::MAX))),
    };
    Observation { outcome, class: Class::K, taken_at: None }
}

/// Whether rules keep the apps of the first user from sending outside the VPN, in both families (system/netd's
/// RouteController, `modifyRejectNonSecureNetworkRule`).
pub fn lockdown_rules() -> Observation {
    let outcome =
        prohibited().map_or_else(Outcome::Missing, |rules| Outcome::Seen(Value::Bool(locks(&rules))));
    Observation { outcome, class: Class::K, taken_at: None }
}

fn locks(rules: &[Prohibited]) -> bool {
    [Family::V4, Family::V6].into_iter().all(|family| left_out(rules, family, APPS.0, APPS.1) <= LEFT_OUT)
}

/// The domains that the policy in force leaves permissive.
pub fn permissive_domains(context: &Context) -> Observation {
    context.mount(mounted(context));
    let vouched = context.mounted().is_some_and(|mounted| mounted.vouches(&*context.root, POLICY));
    let found = context.parse(POLICY, MAX_POLICY, permissive);
    let outcome = found.map_or_else(Outcome::Missing, crate::collect::names);
    Observation { outcome, class: if vouched { Class::K } else { Class::F }, taken_at: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lockdown_holds_for_both_families_and_all_apps_but_a_few() {
        let rules = |ranges: &[(Family, (u32, u32))]| -> Vec<Prohibited> {
            ranges.iter().map(|(family, uids)| Prohibited { family: *family, uids: *uids }).collect()
        };
        let (v4, v6) = (Family::V4, Family::V6);
        let all = (v6, (0, 99_999));
        for (ranges, expected) in [
            (vec![], false),
            (vec![(v4, (0, 99_999))], false),
            (vec![(v4, (0, 99_999)), all], true),
            // As netd writes them around the VPN's own app.
            (vec![(v4, (0, 10_122)), (v4, (10_124, 99_999)), all], true),
            (vec![(v4, (0, 10_122)), (v4, (10_140, 99_999)), all], false),
            (vec![(v4, (10_000, 10_000)), all], false),
        ] {
            assert_eq!(locks(&rules(&ranges)), expected, "{ranges:?}");
        }
    }

    #[test]
    fn what_the_kernel_is_asked_is_what_the_catalogue_has_of_that_kind() {
        let catalogue = trust_evidence::Catalogue::built_in().unwrap();
        let of_kernel = catalogue.iter().filter(|(_, signal)| signal.source.kind() == "kernel queries");
        let mut ids: Vec<&str> = of_kernel.map(|(_, signal)| &*signal.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, ASKED);
    }

    #[test]
    fn findings_count_only_while_nothing_is_lost() {
        assert_eq!(verity_errors(3, false).outcome, Outcome::Seen(Value::Int(3)));
        assert!(matches!(verity_errors(3, true).outcome, Outcome::Missing(_)));
    }
}
