//! In a virtual machine: a real binder driver, SELinux enforcing, every process in its own domain. `tests/vm/README.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[path = "vm/callers.rs"]
mod callers;
#[path = "vm/running.rs"]
mod running;
#[path = "vm/transcript.rs"]
mod transcript;

use callers::*;
use running::{Step, all, check, run};
use transcript::{Denial, Transcript};

/// The table of access, as each kind of caller finds it through the driver.
const ACCESS: [Step; 8] = [
    Step("center", CENTER, "trust_client access", 0, &[SEES_ALL]),
    Step("provider", PROVIDER, "trust_client access", 0, &[REPORTS]),
    Step("calls", CALLS, "trust_client access", 0, &[IS_TOLD]),
    Step("app", APP, "trust_client access", 0, &[IS_TOLD]),
    Step("nobody", NOBODY, "trust_client access", 0, &[SEES_NOTHING]),
    Step("nobody-else", NOBODY_ELSE, "trust_client access", 0, &[SEES_NOTHING]),
    // libbinder and rsbinder ask an object what it is before they give it out: so there is none.
    Step("stranger", STRANGER, "trust_client access", 1, &["error find"]),
    Step("isolated", ISOLATED, "trust_client access", 1, &["error find"]),
];

/// While a caller's objects are asked what they are and don't answer.
const BESIDE_MUTE: [Step; 2] = [
    Step("beside-mute", CENTER, "trust_client access", 0, &[SEES_ALL]),
    Step("beside-mute-too", CALLS, "trust_client access", 0, &[IS_TOLD]),
];

/// Listeners are called back, bounded for each uid, and forgotten when they die: the second round is as the first.
const LISTENERS: [Step; 4] = [
    Step("listens", CENTER, "trust_client listen 2", 0, &["sequence", "ok 2 changes"]),
    Step("calls-listens", CALLS, "trust_client listen 1", 0, &["sequence", "ok 1 changes"]),
    Step(
        "four-of-five",
        CENTER,
        "trust_client listen-many 5",
        0,
        &["ok 4 of 5 taken, first refusal: BUSY 2"],
    ),
    Step("four-again", CENTER, "trust_client listen-many 5", 0, &["ok 4 of 5 taken, first refusal: BUSY 2"]),
];

/// What nobody should send, and that all is well after it.
const MISUSE: [Step; 10] = [
    Step("unknown-code", CENTER, "trust_client unknown-code", 0, &["UnknownTransaction"]),
    Step("truncated", PROVIDER, "trust_client truncated", 0, &["ok "]),
    Step("wrong-token", CENTER, "trust_client wrong-token", 0, &["ok "]),
    Step("oversized", PROVIDER, "trust_client oversized 2000000", 1, &["error "]),
    Step("too-long", PROVIDER, "trust_client oversized 100000", 1, &["BAD_ARGUMENT 3"]),
    Step("hostile-strings", PROVIDER, "trust_client hostile-strings", 0, &["ok 14 strings"]),
    Step("oneway", CENTER, "trust_client oneway", 0, &["ok sent"]),
    Step("flood", CALLS, "trust_client flood 4 1", 0, &["answered", "BUSY 2"]),
    Step("dies", CENTER, "trust_client die-mid-call", 134, &["dying"]),
    Step("after-all", CENTER, "trust_client summary", 0, &["ok Summary"]),
];

/// The daemon itself, under the production policy, which asks for an app's uid too, beside its SELinux type.
const DAEMON: [Step; 8] = [
    Step("to-center", CENTER_APP, "trust_client access", 0, &[SEES_ALL]),
    Step("to-center-of-another-user", CENTER_APP_ELSE, "trust_client summary", 0, &["ok Summary"]),
    Step("to-center-of-another-uid", CENTER, "trust_client summary", 1, &["NOT_PERMITTED 1"]),
    Step("to-calls", CALLS, "trust_client access", 0, &[ATTESTS]),
    Step("to-app", APP, "trust_client access", 0, &[ATTESTS]),
    Step("to-nobody", NOBODY, "trust_client access", 0, &[SEES_NOTHING]),
    Step("to-stranger", STRANGER, "trust_client access", 1, &["error find"]),
    Step(
        "other-boot",
        SYSTEM,
        "trust_client report 00000000000000000000000000000001 1 60 pushed.wep_allowed=true",
        1,
        &["OTHER_BOOT 7"],
    ),
];

const ATTEST: &str = "trustctl attest \
    --nonce 0505050505050505050505050505050505050505050505050505050505050505 \
    --cnf 0606060606060606060606060606060606060606060606060606060606060606";

const EVIDENCE: &str = "trustctl evidence \
    --challenge 0707070707070707070707070707070707070707070707070707070707070707";

/// What the owner's own tool says over Binder, to the center and to who may not ask. Exit codes as `trustctl --help` says.
const TOOL: [Step; 10] = [
    Step("status", CENTER_APP, "trustctl status", 1, &["since number", "security-monitoring"]),
    Step("history-holds", CENTER_APP, "trustctl history verify", 0, &["VERIFIES"]),
    Step("providers", CENTER_APP, "trustctl providers", 0, &["platform: "]),
    Step("status-to-nobody", NOBODY, "trustctl status", 2, &["the daemon refuses"]),
    Step("providers-to-calls", CALLS, "trustctl providers", 2, &["the daemon refuses"]),
    Step("status-to-stranger", STRANGER, "trustctl status", 2, &["no daemon answers there"]),
    Step("attested-to-calls", CALLS, ATTEST, 0, &[]),
    Step("attested-to-app", APP, ATTEST, 0, &[]),
    Step("attested-to-center", CENTER_APP, ATTEST, 2, &["not permitted"]),
    Step("shown-by-calls", CALLS, EVIDENCE, 0, &[]),
];

/// After those, in this order: a report is told to who listens, and not taken twice; a kill loses no history.
const AFTERWARDS: [Step; 9] = [
    Step("reports", SYSTEM, "trust_client report own 7 600 pushed.wep_allowed=true", 0, &["ok"]),
    Step(
        "reported",
        CENTER_APP,
        "trustctl explain pushed.wep_allowed --bus binder",
        0,
        &["Observed: true (class J)"],
    ),
    Step(
        "reports-again",
        SYSTEM,
        "trust_client report own 7 600 pushed.wep_allowed=false",
        1,
        &["REPLAYED 8"],
    ),
    Step(
        "reports-not-its-own",
        SYSTEM,
        "trust_client report own 8 600 property.debuggable=true",
        1,
        &["NOT_YOURS 6"],
    ),
    Step("listener", "", "", 0, &["Change {", "ok 1 changes"]),
    Step("history-before", CENTER_APP, "trust_client history 0 1", 0, &["sequence: 1,"]),
    Step(
        "daemon",
        "",
        "",
        137,
        &[
            "uid=10101 selinux_type=\"enigm_calls\" name=binder method=Gate",
            "uid=1000 selinux_type=\"enigm_trust_center\" name=binder method=Summary",
            "uid=9103 selinux_type=\"enigm_command\" name=binder method=Summary",
        ],
    ),
    Step("history-after", CENTER_APP, "trust_client history 0 1", 0, &["sequence: 1,"]),
    Step("daemon-again", "", "", 0, &["stopping"]),
];

/// Everything that SELinux refuses in one run: source, target, class, permission.
const DENIALS: [[&str; 4]; 3] = [
    ["untrusted_app", "trustd", "binder", "call"],
    ["isolated_app", "servicemanager", "binder", "call"],
    // The center tries to be the service manager.
    ["enigm_trust_center", "enigm_trust_center", "binder", "set_context_mgr"],
];

/// What becomes of the programs that others run beside.
const BESIDE: [Step; 8] = [
    // The posture first; then that it is shown; then the report.
    Step("watch", "", "", 143, &["\"waivers\"", "[\"network-security\"]"]),
    Step("impostor", "", "", 1, &["did not take"]),
    Step("stuck", "", "", 137, &["stuck in Change"]),
    Step("mute", "", "", 137, &["18 refused: BUSY 2"]),
    Step("trustd", "", "", 137, &["serving"]),
    Step("mourner", "", "", 1, &["error the service died"]),
    Step("revived", "", "", 0, &["ok Summary"]),
    Step("usurper", "", "", 1, &["cannot become the service manager"]),
];

/// Starts the daemon itself, as Android's init does, and waits until it serves.
fn serve(name: &str) -> String {
    format!(
        "mkdir -p /data/misc/trustd\nchown -R 1000:1000 /data/misc/trustd\nchmod 700 /data/misc/trustd\n\
         start {name} - 1000 trustd --bus none --state /data/misc/trustd --verbose\nawait {name} judged\n\
         step {name}-serves {CENTER_APP} trust_client --wait version\n"
    )
}

/// What is asked of it.
fn daemon_steps() -> String {
    let [reports, reported, again, not_own, _, before, _, after, _] = &AFTERWARDS;
    let one = |step: &Step| all(std::slice::from_ref(step));
    [
        &serve("daemon"),
        &all(&DAEMON),
        &all(&TOOL),
        &format!("start watch {CENTER_APP} trustctl watch --format json\nawait watch waivers\n"),
        &format!("start listener {CENTER_APP} trust_client listen 1\nawait listener ready\n"),
        &one(reports),
        "await listener 'ok 1 changes'\nstop listener\nawait watch '\"gates\":[\"network-security\"]'\nstop watch\n",
        &one(reported),
        &one(again),
        &one(not_own),
        &one(before),
        "stop daemon KILL\n",
        &serve("daemon-again"),
        &one(after),
        "stop daemon-again\n",
    ]
    .concat()
}

/// The file of steps.
fn steps() -> String {
    let serve = |name: &str| {
        format!(
            "start {name} - 1000 trust_server --change 100 center=enigm_trust_center \
             provider=enigm_trust_provider audience=enigm_calls audience=enigm_trust_app\nawait {name} serving\n"
        )
    };
    [
        "servicemanager\n",
        // The name is trustd's alone.
        &format!("cp /bin/trust_server /bin/impostor\nstep impostor {STRANGER} impostor\n"),
        &serve("trustd"),
        &all(&ACCESS),
        // Those that never answer, while others call and listen. rsbinder asks the mute ones what they are, and waits:
        // there are more of them than trustd has threads.
        &format!("start stuck {APP} trust_client listen-stuck\nawait stuck 'stuck in'\n"),
        &format!("start mute {APP} trust_client listen-mute 20\nawait mute '18 refused: BUSY 2'\n"),
        &all(&BESIDE_MUTE),
        &all(&LISTENERS),
        "stop stuck KILL\nstop mute KILL\n",
        &all(&MISUSE),
        // Whoever listens learns that the service died; it is there again for whoever asks again.
        &format!("start mourner {CENTER} trust_client listen 1000000\nawait mourner ready\n"),
        "stop trustd KILL\nawait mourner died\nstop mourner\n",
        &serve("trustd-again"),
        &format!("step revived {CENTER} trust_client summary\n"),
        "stop trustd-again\n",
        &daemon_steps(),
        "stop servicemanager\n",
        &format!("cp /bin/rsb_hub /bin/usurper\nstep usurper {CENTER} usurper\n"),
    ]
    .concat()
}

#[test]
fn over_a_real_driver_each_caller_gets_what_it_may_and_no_more() {
    let Some(transcript) = run("vm", &[], &steps()) else { return };
    assert!(transcript.is_done && transcript.troubles.is_empty(), "{:#?}", transcript.troubles);
    let stand_in = ACCESS.iter().chain(&BESIDE_MUTE).chain(&LISTENERS).chain(&MISUSE).chain(&BESIDE);
    check(&transcript, stand_in.chain(&DAEMON).chain(&TOOL).chain(&AFTERWARDS));
    let entry = |name| transcript.ran(name).said.lines().next().map(str::to_owned);
    assert_eq!(entry("history-before"), entry("history-after"), "the first entry, before and after a kill");
    // Who asks decides for whom the answer is, and no two get the same of anything that names the device.
    let claims = ["attested-to-calls", "attested-to-app"].map(|step| {
        let said = transcript.ran(step).said.trim().to_owned();
        trust_token::inspect::inspect(&data_encoding::BASE64.decode(said.as_bytes()).unwrap()).unwrap()
    });
    let [calls, app] = &claims;
    assert_eq!((&*calls.audience, &*app.audience), ("calls.enigm.example", "app.enigm.example"));
    assert_eq!((calls.nonce, calls.confirmation), ([5; 32], [6; 32]));
    assert_eq!(calls.posture, trust_posture::Posture::NonCompliant, "a plain Linux machine");
    assert!(calls.handle != app.handle && calls.id != app.id);
    let shown =
        data_encoding::BASE64.decode(transcript.ran("shown-by-calls").said.trim().as_bytes()).unwrap();
    let shown = trust_token::evidence::Evidence::verify(&shown, &trust_token::crypto::Ring).unwrap();
    let evidence = shown.get();
    assert_eq!(
        (evidence.challenge, evidence.handle, &evidence.audience),
        ([7; 32], calls.handle, &calls.audience)
    );
    let expected = DENIALS.map(|[source, target, class, permission]| Denial {
        source: source.to_owned(),
        target: target.to_owned(),
        class: class.to_owned(),
        permission: permission.to_owned(),
    });
    assert_eq!(transcript.denials, expected.into(), "left: what SELinux refused; right: what it should");
}

/// A device that slept is another one, for all that trustd knows: whoever asks is answered by what was read since.
#[test]
fn after_a_sleep_everything_is_read_again_before_an_answer() {
    const SLEEPS: &str = "-- sleeps";
    let steps = [
        "servicemanager\n",
        &serve("sleeper"),
        &format!("step before {CENTER_APP} trust_client summary\n"),
        &format!("echo '{SLEEPS}' >>/log/sleeper\ndoze 3\n"),
        &format!("step after {CENTER_APP} trust_client summary\n"),
        "stop sleeper\nstop servicemanager\n",
    ];
    let Some(transcript) = run("vm-sleep", &["-s"], &steps.concat()) else { return };
    assert!(transcript.is_done && transcript.troubles.is_empty(), "{:#?}", transcript.troubles);
    let judged_at = |step: &str| {
        let ran = transcript.ran(step);
        let (_, rest) = ran.said.split_once("judgedAt: ").unwrap_or_else(|| panic!("{step}: {}", ran.said));
        rest.split(',').next().unwrap().parse::<i64>().unwrap()
    };
    assert!(judged_at("after") >= judged_at("before") + 2, "judged when it was asleep, or before");
    let (awake, woken) = transcript.ran("sleeper").said.split_once(SLEEPS).unwrap();
    let reading = |log: &str| log.lines().find_map(|line| Some(line.split_once("reading ")?.1.to_owned()));
    let all = reading(awake).expect("it reads everything when it starts");
    assert_eq!(reading(woken), Some(all));
}

#[test]
fn a_transcript_says_what_ran_and_what_was_refused() {
    let text = "== enforcing u:r:init:s0\n== start one - 1000 service\n== step two u:r:app:s0 1001 client\n   hello\n   \
                == exit one 1\n== exit two 3\n== kernel [ 1.0] audit: type=1400 audit(1.0:4): avc:  denied  { call \
                transfer } for  pid=1 comm=\"a\" scontext=u:r:app:s0:c1,c4 tcontext=u:r:trustd:s0 tclass=binder \
                permissive=0\n== exit one 143\n== unheard one ready\n== done\n";
    let transcript = Transcript::parse(text);
    assert!(transcript.is_done);
    assert_eq!(
        (transcript.ran("two").code, transcript.ran("two").said.as_str()),
        (3, "hello\n== exit one 1\n")
    );
    assert_eq!((transcript.ran("one").code, transcript.ran("one").said.as_str()), (143, ""));
    let denials: Vec<String> = transcript.denials.iter().map(Denial::to_string).collect();
    assert_eq!(denials, ["app trustd:binder call", "app trustd:binder transfer"]);
    assert_eq!(transcript.troubles, ["== unheard one ready"]);
    assert!(!Transcript::parse("== broken mounts\n").is_done);
}
