//! In a virtual machine, over a real binder driver with SELinux enforcing: a device whose keys are keystore2's is enrolled,
//! attests, and is believed; then everything that must not be believed. `tests/vm/README.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[allow(dead_code)] // of tests/vm.rs
#[path = "vm/callers.rs"]
mod callers;
#[path = "vm/enrolment.rs"]
mod enrolment;
#[path = "vm/running.rs"]
mod running;
mod scratch;
#[allow(dead_code)] // of tests/vm.rs
#[path = "vm/transcript.rs"]
mod transcript;

use callers::{APP, CALLS, CENTER_APP};
use enrolment::*;
use running::carrying;
use scratch::Scratch;
use std::fmt::Write as _;

/// What is to happen, and what must come of it: a name, the code, texts of which the output has each.
#[derive(Default)]
struct Script {
    text: String,
    expected: Vec<(String, i32, Vec<&'static str>)>,
}

impl Script {
    fn shell(&mut self, lines: &str) {
        self.text.push_str(lines);
        self.text.push('\n');
    }

    fn step(&mut self, name: &str, who: &str, program: &str, code: i32, says: &[&'static str]) {
        writeln!(self.text, "step {name} {who} {program}").unwrap();
        self.expected.push((name.into(), code, says.into()));
    }

    /// A relying party's question, whose nonce is `$nonce` from now on.
    fn challenge(&mut self, name: &str) {
        let ledger = "--ledger /exchange/ledger.db";
        self.step(
            name,
            PARTY,
            &format!("trustctl challenge --audience {CALLS_ID} --cnf {CNF} {ledger}"),
            0,
            &[],
        );
        self.shell(&format!("nonce=$(grep -oE '[0-9a-f]{{64}}' /log/{name} | head -n 1)"));
    }

    fn attest(&mut self, name: &str, who: &str, more: &str) {
        let program = format!("trustctl attest --nonce $nonce {more} -o /exchange/{name}");
        self.step(name, who, &program, 0, &[]);
        self.shell(&format!("chmod 644 /exchange/{name}"));
    }

    /// What the relying party says of what was answered under a name.
    fn verify(&mut self, name: &str, answer: &str, more: &str, code: i32, says: &[&'static str]) {
        let program = format!(
            "trustctl verify /exchange/{answer} --credential /exchange/calls --revoked /exchange/revoked \
             --issuer /issuer.pem --audience {CALLS_ID} --nonce $nonce --cnf {CNF} --ledger /exchange/ledger.db {more}"
        );
        self.step(name, PARTY, &program, code, says);
    }

    /// A whole question and answer.
    fn round(&mut self, name: &str, code: i32, says: &[&'static str]) {
        self.challenge(&format!("{name}-asked"));
        self.attest(&format!("{name}-answered"), CALLS, &format!("--cnf {CNF}"));
        self.verify(name, &format!("{name}-answered"), "--policy /policy.toml", code, says);
    }

    fn enrol(
        &mut self,
        name: &str,
        who: &str,
        audience: &str,
        output: &str,
        code: i32,
        says: &[&'static str],
    ) {
        let program = format!(
            "trustctl enrol --service http://127.0.0.1:8787 --audience {audience} --issuer /issuer.pem --force \
             -o /exchange/{output}"
        );
        self.step(name, who, &program, code, says);
        self.shell(&format!("chmod 644 /exchange/{output}"));
    }

    fn daemon(&mut self, name: &str, state: &str, options: &str) {
        self.shell(&format!(
            "mkdir -p {state}\nchown 1000:1000 {state}\nchmod 700 {state}\n\
             start {name} - 1000 {DAEMON} {state} {options}\nawait {name} judged"
        ));
        self.step(&format!("{name}-serves"), CALLS, "trust_client --wait version", 0, &[]);
    }
}

/// What is there before any question.
fn begin() -> Script {
    let mut script = Script::default();
    script.shell(&bring_up());
    script.step("state", ENROLMENT, "trust_enrold --config /srv/trust_enrold.toml init-state", 0, &[]);
    script.shell(&format!(
        "start service {ENROLMENT} trust_enrold --config /srv/trust_enrold.toml serve\nawait service listening"
    ));
    script.daemon("daemon", "/data/misc/trustd", "--keys keystore --policy /policy.toml");
    let (party, list) = (PARTY, "http://127.0.0.1:8787/v1/revoked");
    script.enrol("calls-enrol", CALLS, CALLS_ID, "calls", 0, &["ENROLLED", "VERIFIED", "a StrongBox"]);
    script.enrol("app-enrols", APP, APP_ID, "app", 0, &["ENROLLED"]);
    script.step("list", party, &format!("wget -q -O /exchange/revoked {list}/{CALLS_ID}"), 0, &[]);
    let ledger =
        format!("trustctl challenge --audience {CALLS_ID} --cnf {CNF} --ledger /exchange/ledger.db --new");
    script.step("ledger", party, &ledger, 0, &[]);
    script
}

/// The whole path, then what must fail.
fn script() -> Script {
    let mut script = begin();
    let mine = format!("--cnf {CNF}");
    let known = "--policy /policy.toml";
    script.round("believed", 0, &["VERIFIED  compliant, its key kept by a StrongBox"]);
    script.verify("replayed", "believed-answered", known, 1, &["REFUSED  challenge-used"]);

    script.challenge("second");
    script.verify("yesterday-s", "believed-answered", known, 1, &["REFUSED  nonce"]);
    script.attest("app-s", APP, &mine);
    script.verify("another-audience-s", "app-s", known, 1, &["REFUSED  unknown-key"]);
    script.attest("relayed", CALLS, &format!("--cnf {OTHER_CNF}"));
    script.verify("relayed-by-another", "relayed", known, 1, &["REFUSED  confirmation"]);
    script.challenge("third");
    script.attest("late", CALLS, &mine);
    script.shell("date -u -s '2026-11-02 09:10:00' >/dev/null");
    script.verify("too-late", "late", known, 1, &["REFUSED  too-late"]);
    script.shell("date -u -s '2026-11-02 09:00:30' >/dev/null");

    // A keystore that shows another device's chain, a chain of before, or nothing at all.
    for (fault, code) in
        [("others-chain", 2), ("old-challenge", 2), ("garbage-certificate", 2), ("locked", 2)]
    {
        script.shell(&format!("echo {fault} >/data/misc/keystore/faults"));
        let program = "trustctl evidence --anew --challenge 0808080808080808080808080808080808080808080808080808080808080808";
        script.step(fault, CALLS, program, code, &[]);
    }
    script.shell("echo garbage-signature >/data/misc/keystore/faults");
    script.challenge("unsigned");
    let asked = format!("trustctl attest --nonce $nonce {mine}");
    script.step("garbage-signature", CALLS, &asked, 2, &[]);
    script.shell("echo hang >/data/misc/keystore/faults");
    script.step("hangs", CALLS, &asked, 2, &["timed out"]);
    script.step("others-are-answered", CALLS, "trust_client summary", 0, &["ok Summary"]);
    // It never answers what it hung on: it is started again, with its keys.
    script.shell(&format!(
        "rm /data/misc/keystore/faults\nstop keystore KILL\n\
         start keystore-again - 1017 {KEYSTORE} /data/misc/keystore\nawait keystore-again serving"
    ));
    script.expected.push(("keystore".into(), 137, vec!["its KeyMint is software", "hangs"]));
    // What failed halfway made no other key: the credential of before still counts.
    script.step("looked-for", CALLS, "trust_client --wait version", 0, &[]);
    script.shell(&format!(
        "for try in $(seq 50); do vm_as {CALLS} {asked} >/log/again 2>&1 3>&- && break; usleep 200000; done"
    ));
    script.round("believed-again", 0, &["VERIFIED"]);

    // The posture turns bad, and good.
    let property = |from, to| {
        format!(
            "sed 's/\\[ro.debuggable\\]: \\[{from}\\]/[ro.debuggable]: [{to}]/' /device/getprop.txt >/device/next\n\
             mv /device/next /device/getprop.txt"
        )
    };
    script.shell(&property(0, 1));
    script.round("debuggable", 1, &["REFUSED  gate: build-integrity"]);
    script.shell(&property(1, 0));
    script.round("mended", 0, &["VERIFIED"]);

    // Stopped: no answer is none.
    script.shell("kill -STOP $(cat /log/daemon.pid)");
    script.challenge("unanswered");
    script.shell(&format!(
        "timeout 3 vm_as {CALLS} {asked} >/log/silent 2>&1 3>&-; say \"== exit silent $?\"\nkill -CONT $(cat /log/daemon.pid)"
    ));
    script.expected.push(("silent".into(), 143, vec![]));
    script.shell("stop daemon KILL");
    script.expected.push(("daemon".into(), 137, vec![]));
    script.step("gone", CALLS, &asked, 2, &["no daemon"]);

    // The same device under another policy than the relying party knows, under a laboratory's, and with a key in a file.
    let state = "/data/misc/trustd";
    for (name, options, code, says) in [
        ("other-policy", "--keys keystore --policy /stricter.toml", 1, "REFUSED  unknown-policy"),
        ("lab-policy", "--keys keystore --policy /lab.toml", 1, "REFUSED  lab-policy"),
    ] {
        script.daemon(name, state, options);
        script.challenge(&format!("{name}-asked"));
        script.attest(&format!("{name}-answered"), CALLS, &mine);
        let policies = if name == "lab-policy" { "--policy /policy.toml --policy /lab.toml" } else { known };
        script.verify(&format!("{name}-refused"), &format!("{name}-answered"), policies, code, &[says]);
        script.shell(&format!("stop {name}"));
        script.expected.push((name.into(), 0, vec![]));
    }
    // A newer policy, once seen, and then the one of before.
    script.daemon("newer", state, "--keys keystore --policy /stricter.toml");
    let both = "--policy /policy.toml --policy /stricter.toml";
    for (name, code, says) in [("newer", 0, "VERIFIED"), ("lowered", 1, "REFUSED  floor: policy version 1")] {
        if name == "lowered" {
            script.shell("stop newer");
            script.expected.push(("newer".into(), 0, vec![]));
            script.daemon("lowered", state, "--keys keystore --policy /policy.toml");
        }
        script.challenge(&format!("{name}-asked"));
        script.attest(&format!("{name}-answered"), CALLS, &mine);
        script.verify(&format!("{name}-judged"), &format!("{name}-answered"), both, code, &[says]);
    }
    script.shell("stop lowered");
    script.expected.push(("lowered".into(), 0, vec![]));

    script.daemon("in-a-file", state, "--keys file --policy /policy.toml");
    script.challenge("file-asked");
    script.attest("file-answered", CALLS, &mine);
    script.verify("file-unknown", "file-answered", both, 1, &["REFUSED  unknown-key"]);
    script.enrol("file-enrols", CALLS, CALLS_ID, "file", 1, &["REFUSED", "file-key"]);
    script.shell(
        "stop service\nsed 's/accept_file_keys = false/accept_file_keys = true/' /enrolment/trust_enrold.toml \
         >/srv/trust_enrold.toml\n",
    );
    script.expected.push(("service".into(), 0, vec![]));
    script.shell(&format!(
        "start lenient {ENROLMENT} trust_enrold --config /srv/trust_enrold.toml serve\nawait lenient listening"
    ));
    script.enrol("software-enrols", CALLS, CALLS_ID, "calls", 0, &["ENROLLED", "software"]);
    script.verify("software", "file-answered", both, 1, &["REFUSED  evidence-level"]);
    script.challenge("software-asked");
    script.attest("software-answered", CALLS, &mine);
    script.verify("software-will-do", "software-answered", &format!("{both} --software"), 0, &["VERIFIED"]);
    script.shell("stop in-a-file\nstop lenient\n");
    script.expected.push(("in-a-file".into(), 0, vec![]));
    script.expected.push(("lenient".into(), 0, vec![]));

    // Another device: another keystore, another state.
    script.shell(&format!(
        "stop keystore-again\nmkdir /data/misc/keystore/other\nvm_label u:object_r:keystore_data_file:s0 \
         /data/misc/keystore/other\nchown 1017:1017 /data/misc/keystore/other\n\
         start other-keystore - 1017 {KEYSTORE} /data/misc/keystore/other\nawait other-keystore serving"
    ));
    script.expected.push(("keystore-again".into(), 143, vec![]));
    script.daemon("other", "/data/misc/other", "--keys keystore --policy /policy.toml");
    script.challenge("other-asked");
    script.step("not-enrolled", CALLS, &asked, 2, &["enrolled first"]);
    script.step(
        "shown-by-other",
        CALLS,
        "trustctl evidence --challenge 0808080808080808080808080808080808080808080808080808080808080808 -o /exchange/evidence",
        0,
        &[],
    );
    script.attest("other-answered", CALLS, &mine);
    script.verify("another-device-s", "other-answered", both, 1, &["REFUSED  unknown-key"]);
    script.shell("stop other\nstop other-keystore\nstop servicemanager");
    script
}

/// Runs a script, and compares what came of it.
fn run(name: &str, script: &Script) {
    let scratch = Scratch::new(name);
    let along = luggage(&scratch);
    let options: Vec<&str> = ["-t240"].into_iter().chain(along.iter().map(String::as_str)).collect();
    let Some(transcript) = carrying(name, &options, &["trust_enrold"], &script.text) else { return };
    assert!(transcript.is_done && transcript.troubles.is_empty(), "{:#?}", transcript.troubles);
    for (name, code, says) in &script.expected {
        let ran = transcript.ran(name);
        assert_eq!(ran.code, *code, "{name}: {}", ran.said);
        for text in says {
            assert!(ran.said.contains(text), "{name}: expected {text:?} in {}", ran.said);
        }
    }
    assert_eq!(transcript.denials, [].into(), "SELinux refused what it should not");
}

#[test]
fn from_a_challenge_to_a_decision_and_everything_that_must_not_be_believed() {
    run("vm-enrols", &script());
}

/// The machine's own attestation: what its gate of boot integrity rests on, before and after a list of what is revoked
/// was brought, and of another's hardware.
#[test]
fn a_device_attests_itself_once_it_can_tell_what_is_revoked() {
    const DAEMON: &str =
        "trustd --bus none --verbose --keys keystore --policy /live.toml --state /data/misc/trustd";
    // Class S: nobody says what is revoked. Class L.
    const BEFORE: &str =
        "signal: \"attested.chain\", evidenceClass: EvidenceClass(2), observed: \"verified\"";
    const AFTER: &str = "signal: \"attested.chain\", evidenceClass: EvidenceClass(7), observed: \"verified\"";
    let mut script = Script::default();
    script.shell(&bring_up());
    script.shell(&format!(
        "mkdir -p /data/misc/trustd\nchown 1000:1000 /data/misc/trustd\nchmod 700 /data/misc/trustd\n\
         start daemon - 1000 {DAEMON}\nawait daemon 'verified, class S'"
    ));
    script.step("without", CENTER_APP, "trust_client gate 2", 0, &[BEFORE]);
    let install = "trustctl revocations install /enrolment/revocation.pem";
    script.step("not-theirs", CALLS, install, 1, &["not permitted"]);
    script.step("installs", CENTER_APP, install, 0, &[]);
    script.shell("await daemon 'verified, class L'");
    script.step("with", CENTER_APP, "trust_client gate 2", 0, &[AFTER]);
    script.shell(&format!(
        "stop daemon\necho others-chain >/data/misc/keystore/faults\nstart daemon-again - 1000 {DAEMON}\n\
         await daemon-again \"can't be attested\""
    ));
    script.expected.push(("daemon".into(), 0, vec![]));
    script.step("another-s", CENTER_APP, "trust_client gate 2", 0, &["signal: \"attested.chain\""]);
    script.shell("stop daemon-again\nstop keystore\nstop servicemanager");
    run("vm-attests", &script);
}
