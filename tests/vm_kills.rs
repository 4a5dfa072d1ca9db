//! In a virtual machine: enrolments and attestations while the daemon, the keystore and the enrolment verifier are killed
//! at random. `TRUSTD_VM_KILLS=500 cargo test --test vm_kills -- --nocapture` makes a long evening of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

#[allow(dead_code)] // of tests/vm.rs
#[path = "vm/callers.rs"]
mod callers;
#[allow(dead_code)] // of tests/vm_enrols.rs
#[path = "vm/enrolment.rs"]
mod enrolment;
#[path = "vm/running.rs"]
mod running;
mod scratch;
#[allow(dead_code)] // of tests/vm.rs
#[path = "vm/transcript.rs"]
mod transcript;

use callers::CALLS;
use data_encoding::BASE64;
use enrolment::*;
use running::carrying;
use scratch::Scratch;
use trust_token::inspect::inspect;

/// How many enrolments and attestations, where nobody says.
const FEW: usize = 14;

/// What the machine does: each round is an enrolment, or a question, its answer, and the same answer again. In half of
/// the rounds one of the three is killed meanwhile, and started again after it.
fn steps(rounds: usize, seed: u64) -> String {
    let enrolled = "trust_enrold --config /srv/trust_enrold.toml";
    let asked = format!("trustctl challenge --audience {CALLS_ID} --cnf {CNF} --ledger /exchange/ledger.db");
    let verified = format!(
        "vm_as {PARTY} trustctl verify /exchange/token --credential /exchange/calls --revoked /exchange/revoked \
         --issuer /issuer.pem --audience {CALLS_ID} --nonce $nonce --cnf {CNF} --ledger /exchange/ledger.db \
         --policy /policy.toml"
    );
    format!(
        r#"{bring_up}
cp /log/keystore.pid /log/the-keystore.pid
vm_as {ENROLMENT} {enrolled} init-state >/log/state 2>&1 3>&- || broken "no state: $(cat /log/state)"

# up NAME TEXT CONTEXT USER PROGRAM...: begins it, and waits until it has said TEXT.
up() {{
    named=$1 text=$2
    shift 2
    : >"/log/the-$named"
    vm_label u:object_r:machine_log:s0 "/log/the-$named"
    vm_as "$@" >>"/log/the-$named" 2>&1 </dev/null 3>&- &
    echo $! >"/log/the-$named.pid"
    turns=0
    until grep -qF "$text" "/log/the-$named"; do
        [ $((turns += 1)) -le 500 ] || broken "$named does not come up: $(cat "/log/the-$named")"
        usleep 20000
    done
}}

up_daemon() {{
    up daemon judged - 1000 {DAEMON} /data/misc/trustd --keys keystore --policy /policy.toml
    vm_as {CALLS} trust_client --wait version >/log/up 2>&1 3>&-
}}
up_keystore() {{ up keystore serving - 1017 {KEYSTORE} /data/misc/keystore; }}
up_service() {{ up service listening {ENROLMENT} {enrolled} serve; }}

enrol() {{
    vm_as {CALLS} trustctl enrol --service http://127.0.0.1:8787 --audience {CALLS_ID} --issuer /issuer.pem --force \
        -o /exchange/next >/log/out 2>&1 </dev/null 3>&-
    code=$?
    say "   enrol $code $(head -n 1 /log/out)"
    [ $code != 0 ] || {{ chmod 644 /exchange/next && mv /exchange/next /exchange/calls; }}
}}

ask() {{
    vm_as {PARTY} {asked} >/log/out 2>&1 </dev/null 3>&- || broken "no challenge: $(cat /log/out)"
    nonce=$(grep -oE '[0-9a-f]{{64}}' /log/out | head -n 1)
    rm -f /exchange/token
    vm_as {CALLS} trustctl attest --nonce $nonce --cnf {CNF} -o /exchange/token >/log/out 2>&1 </dev/null 3>&-
    code=$?
    say "   attest $code $(head -n 1 /log/out)"
    [ $code = 0 ] || return
    chmod 644 /exchange/token
    say "   token $(base64 -w 0 /exchange/token)"
    {verified} >/log/out 2>&1 </dev/null 3>&-
    say "   verify $? $(head -n 1 /log/out)"
    {verified} >/log/out 2>&1 </dev/null 3>&-
    say "   again $? $(head -n 1 /log/out)"
}}

# The next number below $1, by the generator of rand(3)'s example in ISO C (7.22.2).
next() {{
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    number=$((seed / 65536 % $1))
}}

round() {{
    victim=
    if [ "$1" != calm ]; then
        next 6
        case $number in
            0) victim=daemon ;;
            1) victim=keystore ;;
            2) victim=service ;;
        esac
    fi
    next 32768
    if [ -n "$victim" ]; then
        {{ usleep $((number * 20)); kill -KILL "$(cat "/log/the-$victim.pid")"; }} &
        killer=$!
    fi
    if [ "$2" = 0 ] || [ ! -e /exchange/calls ]; then enrol; else ask; fi
    if [ -n "$victim" ]; then
        wait $killer
        say "   killed $victim"
        up_$victim
    fi
}}

mkdir -p /data/misc/trustd
chown 1000:1000 /data/misc/trustd
chmod 700 /data/misc/trustd
seed={seed}
up_service
up_daemon
vm_as {PARTY} wget -q -O /exchange/revoked http://127.0.0.1:8787/v1/revoked/{CALLS_ID} >/log/out 2>&1 </dev/null 3>&-
vm_as {PARTY} {asked} --new >/log/out 2>&1 </dev/null 3>&-
for done in $(seq 0 {last}); do round wild $((done % 4)); done
round calm 0
round calm 1
say "== exit rounds 0"
step list {ENROLMENT} {enrolled} list
step pending {ENROLMENT} {enrolled} list --pending
for name in daemon service keystore; do kill "$(cat "/log/the-$name.pid")"; done
for name in daemon service keystore; do
    sed 's/^/   /' "/log/the-$name" >&3
    say "== exit the-$name 0"
done
stop servicemanager
"#,
        bring_up = bring_up(),
        last = rounds.saturating_sub(1),
    )
}

#[test]
fn whoever_is_killed_no_counter_goes_back_nothing_counts_twice_and_nothing_is_half_enrolled() {
    let rounds = std::env::var("TRUSTD_VM_KILLS").map_or(FEW, |rounds| rounds.parse().unwrap());
    let seed = u64::from(std::process::id()) * 7919 % (1 << 31);
    println!("{rounds} rounds, seed {seed}");
    let scratch = Scratch::new("vm-kills");
    let along = luggage(&scratch);
    let limit = format!("-t{}", 120 + rounds * 8);
    let options: Vec<&str> = [&*limit].into_iter().chain(along.iter().map(String::as_str)).collect();
    let steps = steps(rounds, seed);
    let Some(transcript) = carrying("vm-kills", &options, &["trust_enrold"], &steps) else { return };
    assert!(transcript.is_done && transcript.troubles.is_empty(), "{:#?}", transcript.troubles);
    let said = &transcript.ran("rounds").said;
    let of =
        |what: &'static str| said.lines().filter_map(move |line| line.strip_prefix(what)?.strip_prefix(' '));

    let (mut last, mut tokens) = ((0, 0), 0);
    let mut handles = Vec::new();
    for token in of("token") {
        let claims = inspect(&BASE64.decode(token.as_bytes()).unwrap()).unwrap();
        let now = (claims.counters.boot, claims.counters.sequence);
        assert!(now.0 >= last.0 && now.1 > last.1, "{now:?} after {last:?}");
        (last, tokens) = (now, tokens + 1);
        handles.push(claims.handle);
    }
    handles.dedup();
    assert_eq!(handles.len(), 1, "one device");
    // What was answered counts, since the key is the one that was enrolled; and it counts once.
    assert!(of("verify").all(|line| line.starts_with("0 VERIFIED")), "{said}");
    assert!(of("again").all(|line| line.starts_with("1 REFUSED") && line.contains("challenge")), "{said}");
    assert_eq!((of("verify").count(), of("again").count()), (tokens, tokens));
    // Enrolled, or no answer: nobody is refused, and no person is asked.
    assert!(of("enrol").all(|line| line.starts_with("0 ENROLLED") || line.starts_with("2 ")), "{said}");
    let [kept, waiting] = ["list", "pending"].map(|step| transcript.ran(step));
    assert_eq!((kept.code, waiting.code), (0, 0));
    assert_eq!(kept.said.matches(CALLS_ID).count(), 1, "{}", kept.said);
    assert!(!waiting.said.contains(CALLS_ID), "{}", waiting.said);
    assert_eq!(transcript.denials, [].into());

    let killed = |name: &'static str| of("killed").filter(|line| *line == name).count();
    let enrolled = of("enrol").filter(|line| line.starts_with('0')).count();
    println!(
        "{rounds} rounds with {} kills of the daemon, {} of the keystore, {} of the service: {enrolled} of {} \
         enrolments and {tokens} of {} questions answered",
        killed("daemon"),
        killed("keystore"),
        killed("service"),
        of("enrol").count(),
        of("attest").count(),
    );
    assert!(["daemon", "keystore", "service"].map(killed).into_iter().sum::<usize>() > 0);
}
