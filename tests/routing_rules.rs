//! The routing rules of a running kernel, in a network namespace of our own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

use std::process::Command;
use trust_formats::routing_rules::{Family, Prohibited};
use trustd::rules::prohibited;

const INSIDE: &str = "TRUSTD_TEST_ALONE";
const TEST: &str = "the_rules_of_a_running_kernel_are_read";

fn ip(arguments: &str) -> bool {
    Command::new("ip").args(arguments.split(' ')).status().is_ok_and(|status| status.success())
}

#[test]
fn the_rules_of_a_running_kernel_are_read() {
    if std::env::var_os(INSIDE).is_none() {
        let unshare = |program: &std::ffi::OsStr, arguments: &[&str]| {
            let mut unshare = Command::new("unshare");
            // Not in a user namespace of our own: it has no users but one.
            unshare.arg("-n").arg(program).args(arguments).env(INSIDE, "1").output()
        };
        let rule = ["rule", "add", "prio", "12000", "iif", "lo", "uidrange", "0-1", "prohibit"];
        if !unshare("ip".as_ref(), &rule).is_ok_and(|output| output.status.success()) {
            println!("SKIPPED: no routing rules can be made here (unshare -n as root, ip rule)");
            return;
        }
        let output =
            unshare(std::env::current_exe().unwrap().as_os_str(), &[TEST, "--exact", "--nocapture"]).unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}{errors}");
        return;
    }
    assert_eq!(prohibited(), Ok(vec![]));
    // As netd writes a lockdown around one app; and what is none.
    assert!(ip("rule add prio 12000 fwmark 0/0x20000 iif lo uidrange 0-10122 prohibit"));
    assert!(ip("rule add prio 12000 iif lo uidrange 10124-99999 prohibit"));
    assert!(ip("rule add prio 12001 iif lo uidrange 5-6 blackhole"));
    assert!(ip("rule add prio 12002 prohibit"));
    // Which keep in whoever sends there, is marked so, or is not among them: no lockdown.
    for selector in ["to 192.0.2.1", "from 192.0.2.1", "fwmark 1", "oif lo", "ipproto tcp", "dport 443"] {
        assert!(ip(&format!("rule add prio 12003 {selector} iif lo uidrange 7-8 prohibit")), "{selector}");
    }
    assert!(ip("rule add prio 12004 not iif lo uidrange 7-8 prohibit"));
    let of = |family, uids| Prohibited { family, uids };
    let mut expected = vec![of(Family::V4, (0, 10_122)), of(Family::V4, (10_124, 99_999))];
    if ip("-6 rule add prio 12000 iif lo uidrange 0-99999 prohibit") {
        expected.push(of(Family::V6, (0, 99_999)));
    }
    let mut found = prohibited().unwrap();
    found.sort();
    assert_eq!(found, expected);
    for nth in 0..501 {
        assert!(ip(&format!("rule add prio {} iif lo uidrange {nth}-{nth} prohibit", 13_000 + nth)));
        if nth % 500 != 0 {
            continue;
        }
        // However many datagrams they take.
        assert_eq!(prohibited().unwrap().len(), expected.len() + nth + 1);
    }
}
