//! In a virtual machine, over a real binder driver with SELinux enforcing and a real enrolment service, keys in keystore2's
//! hardware (a stand-in): whatever two audiences of one device are given or told, laid side by side. What they share is
//! what docs/attestation.md admits, or what another device is given too. `tests/vm/README.md`.

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
mod unlinkable;

use callers::{APP, CALLS};
use enrolment::*;
use running::carrying;
use scratch::Scratch;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use transcript::Transcript;
use unlinkable::{Correlator, Leaf, correlators, decode, statement, walk};

/// What must never be alike, whatever the page says and whoever else has it too.
const OWN: [&str; 20] = [
    "token/3",
    "token/7",
    "token/10",
    "token/-75000",
    "token/-75002/0",
    "token/-75002/1",
    "token/protected/4",
    "token/signature",
    "credential/3",
    "credential/8/1/-2",
    "credential/8/1/-3",
    "credential/-75000",
    "credential/signature",
    "list/3",
    "list/signature",
    "challenge/10",
    "evidence/unprotected/-4",
    "evidence/ciphertext",
    "summary/sequence",
    "change/sequence",
];

/// Two devices, one after the other in one machine, each with a keystore and a state of its own. The first has a longer
/// history.
fn steps() -> String {
    format!(
        r#"{bring_up}
stop keystore
calls() {{ who="{CALLS}" id={CALLS_ID} mark=s cnf={CNF}; }}
app() {{ who="{APP}" id={APP_ID} mark=q cnf={OTHER_CNF}; }}
as_it() {{ vm_as $who "$@" >/log/out 2>&1 </dev/null 3>&-; }}
bytes() {{ say "   $1 $(base64 -w 0 "$2")"; }}
text() {{ sed "s/^/   $1 /" /log/out >&3; }}
fresh() {{ head -c 32 /dev/urandom | xxd -p -c 64; }}

attest() {{
    rm -f /exchange/token
    as_it trustctl attest --nonce $(fresh) --cnf $cnf -o /exchange/token && bytes token /exchange/token || text refused
}}

# evidence CHALLENGE [--anew]
evidence() {{
    rm -f /exchange/evidence
    as_it trustctl evidence --challenge "$@" -o /exchange/evidence && bytes evidence /exchange/evidence || text refused
}}

# http PATH OPTIONS...
http() {{
    path=$1
    shift
    rm -f /exchange/answer
    as_it wget -q -S -O /exchange/answer "$@" http://127.0.0.1:8787/v1/$path
    text http
}}

enrol() {{
    printf '\241\003%s%s' $mark $id >/exchange/request
    chmod 644 /exchange/request
    http challenges --header 'Content-Type: application/cbor' --post-file /exchange/request
    bytes challenge /exchange/answer
    evidence $(tail -c 32 /exchange/answer | xxd -p -c 64)
    # wget ends a body at its first zero byte; nc ends with its input, which the service takes for a caller that left.
    length=$(wc -c </exchange/evidence)
    type=application/enigm-posture-evidence+cose
    printf "POST /v1/enrolments HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" >/exchange/request
    printf "Content-Type: $type\r\nContent-Length: $length\r\n\r\n" >>/exchange/request
    cat /exchange/evidence >>/exchange/request
    rm -f /exchange/over /exchange/answer
    as_it sh -c '{{ cat /exchange/request; until [ -e /exchange/over ]; do usleep 50000; done; }} |
        {{ nc 127.0.0.1 8787 >/exchange/answer; >/exchange/over; }}'
    tr -d '\r' </exchange/answer | sed '/^$/q' | grep . >/log/out
    text http
    tail -c $(sed -n 's/^content-length: //p' /log/out) /exchange/answer >/exchange/body
    mv /exchange/body /exchange/answer
    bytes credential /exchange/answer
    http revoked/$id
    bytes list /exchange/answer
    evidence $(fresh)
    as_it trust_client version
    text version
}}

look() {{
    as_it trustctl status --format json
    bytes summary /log/out
    attest
}}

refusals() {{
    as_it trustctl history
    text refused
    as_it trust_client evaluate
    text refused
    for fault in locked garbage-signature; do
        echo $fault >/data/misc/keystore/faults
        attest
    done
    echo garbage-certificate >/data/misc/keystore/faults
    evidence $(fresh) --anew
    rm /data/misc/keystore/faults
}}

# both WHAT DEVICE
both() {{
    for one in calls app; do
        $one
        $1
        say "== exit $2.$one.$3 0"
    done
}}

# debuggable 0|1: and whoever listens has heard of it.
debuggable() {{
    sed "s/\[ro.debuggable\]: \[.\]/[ro.debuggable]: [$1]/" /device/getprop.txt >/device/next
    mv /device/next /device/getprop.txt
    heard=$((heard + 1))
    tries=0
    until [ "$(wc -l </log/$device-hears)" -ge $heard ] || [ $((tries += 1)) -gt 200 ]; do usleep 50000; done
}}

serve() {{
    start $device-trustd-$1 - 1000 {DAEMON} /data/misc/trustd-$device --keys keystore --policy /policy.toml
    await $device-trustd-$1 judged
    calls
    as_it trust_client --wait version
}}

step state {ENROLMENT} trust_enrold --config /srv/trust_enrold.toml init-state
start service {ENROLMENT} trust_enrold --config /srv/trust_enrold.toml serve
await service listening
for device in one two; do
    mkdir -p /data/misc/trustd-$device /data/misc/keystore/$device
    vm_label u:object_r:keystore_data_file:s0 /data/misc/keystore/$device
    chown 1000:1000 /data/misc/trustd-$device
    chown 1017:1017 /data/misc/keystore/$device
    chmod 700 /data/misc/trustd-$device
    start $device-keystore - 1017 {KEYSTORE} /data/misc/keystore/$device
    await $device-keystore serving
    serve 1
    heard=1
    start $device-hears {CALLS} trustctl watch --format json
    await $device-hears com.enigm.status
    [ $device = two ] || {{ debuggable 1; debuggable 0; }}
    both enrol $device 1
    both look $device 2
    debuggable 1
    [ $device = two ] || {{ debuggable 0; debuggable 1; debuggable 0; debuggable 1; }}
    both look $device 3
    both refusals $device 4
    debuggable 0
    both look $device 5
    stop $device-hears
    stop $device-trustd-1
    serve 2
    both look $device 6
    stop $device-trustd-2
    stop $device-keystore
done
stop service
stop servicemanager
"#,
        bring_up = bring_up(),
    )
}

/// Whatever one audience was given or told of one device.
#[derive(Clone, Default)]
struct Seen {
    /// What stood at each path, at one time or another.
    leaves: BTreeMap<String, BTreeSet<Leaf>>,
    raw: Vec<Vec<u8>>,
    /// Of one life of the daemon each.
    sequences: [Vec<i128>; 2],
}

impl Seen {
    fn of(transcript: &Transcript, device: &str, who: &str) -> Seen {
        let mut seen = Seen::default();
        for phase in 1..=6 {
            for line in transcript.ran(&format!("{device}.{who}.{phase}")).said.lines() {
                let (kind, value) = line.split_once(' ').unwrap_or((line, ""));
                seen.take(phase, kind, value);
            }
        }
        if who == "calls" {
            let said = &transcript.ran(&format!("{device}-hears")).said;
            for change in said.lines().skip(1) {
                let mut change: serde_json::Value = serde_json::from_str(change).unwrap();
                // By the listener's own clock.
                change.as_object_mut().unwrap().remove("received_at").unwrap();
                seen.json("change", &change);
            }
        }
        seen
    }

    fn take(&mut self, phase: usize, kind: &str, value: &str) {
        let decoded = || data_encoding::BASE64.decode(value.as_bytes()).unwrap();
        let mut leaves = BTreeMap::new();
        match kind {
            "token" | "credential" | "list" | "evidence" => statement(kind, &decoded(), &mut leaves),
            "challenge" => walk(kind, &decode(&decoded()), &mut leaves),
            "summary" => {
                let summary = serde_json::from_slice(&decoded()).unwrap();
                self.json(kind, &summary);
                self.sequences[usize::from(phase == 6)].push(summary["sequence"].as_u64().unwrap().into());
            }
            "http" => {
                let (name, value) = value.trim().split_once(": ").unwrap_or(("status", value));
                // When one is asked is the channel's.
                if name != "date" {
                    leaves.insert(format!("http/{name}"), Leaf::Text(value.into()));
                }
            }
            "refused" | "version" => {
                leaves.insert(kind.into(), Leaf::Text(value.into()));
            }
            other => panic!("{other} {value}"),
        }
        self.raw.push(data_encoding::BASE64.decode(value.as_bytes()).unwrap_or_else(|_| value.into()));
        for (path, leaf) in leaves {
            self.leaves.entry(path).or_default().insert(leaf);
        }
    }

    fn json(&mut self, path: &str, value: &serde_json::Value) {
        use serde_json::Value as Json;
        let leaf = match value {
            Json::Object(map) => {
                return map.iter().for_each(|(key, value)| self.json(&format!("{path}/{key}"), value));
            }
            Json::Array(items) => {
                // Gates by their names, whichever others stand beside them.
                return items.iter().for_each(|item| match item["id"].as_str() {
                    Some(id) => self.json(&format!("{path}/{id}"), item),
                    None => self.json(path, item),
                });
            }
            Json::Null => Leaf::Empty,
            Json::Bool(value) => Leaf::Bool(*value),
            Json::Number(number) => Leaf::Integer(number.as_i64().unwrap().into()),
            Json::String(text) => Leaf::Text(text.clone()),
        };
        self.leaves.entry(path.into()).or_default().insert(leaf);
    }

    fn has(&self, path: &str, leaf: &Leaf) -> bool {
        self.leaves.get(path).is_some_and(|leaves| leaves.contains(leaf))
    }

    fn all(&self) -> impl Iterator<Item = (&str, &Leaf)> {
        self.leaves.iter().flat_map(|(path, leaves)| leaves.iter().map(move |leaf| (path.as_str(), leaf)))
    }

    fn windows(&self) -> HashSet<&[u8]> {
        self.raw.iter().flat_map(|bytes| bytes.windows(8)).collect()
    }
}

/// What links the two, if anything does. `others` is what they were given of another device.
fn links(one: &Seen, other: &Seen, others: &[&Seen]) -> Vec<String> {
    let table = correlators();
    let admits = |leaf: &str| table.iter().flat_map(|row| &row.paths).any(|path| Correlator::has(path, leaf));
    let is_everybodys = |path: &str, leaf: &Leaf| others.iter().all(|seen| seen.has(path, leaf));
    let (theirs, elsewhere) =
        (other.windows(), others.iter().flat_map(|seen| seen.windows()).collect::<HashSet<_>>());
    let mut links = Vec::new();
    for (path, leaf) in one.all() {
        let is_own = OWN.contains(&path);
        if other.has(path, leaf) {
            if is_own || !admits(path) && !is_everybodys(path, leaf) {
                links.push(format!("both have {path}: {leaf:?}"));
            }
            continue;
        }
        let is_anybodys = || others.iter().any(|seen| seen.all().any(|(_, known)| known == leaf));
        if let Some((at, _)) = other.all().find(|(_, known)| leaf.is_telling() && *known == leaf) {
            // What the table admits at one path and another, such as an expiry that is another's time of issue, is of it.
            if !(is_anybodys() || admits(path) && admits(at)) {
                links.push(format!("{path} is the other's {at}: {leaf:?}"));
            }
        }
        let bytes = match leaf {
            Leaf::Bytes(bytes) => bytes.as_slice(),
            Leaf::Text(text) => text.as_bytes(),
            _ => continue,
        };
        if bytes.windows(8).any(|part| theirs.contains(part) && !elsewhere.contains(part)) {
            links.push(format!("a part of {path} is the other's too: {leaf:?}"));
        }
    }
    links
}

#[test]
fn two_audiences_share_what_the_page_admits_or_another_device_has_too() {
    let scratch = Scratch::new("vm-unlinkable");
    let along = luggage(&scratch);
    let options: Vec<&str> = ["-t120"].into_iter().chain(along.iter().map(String::as_str)).collect();
    let Some(transcript) = carrying("vm-unlinkable", &options, &["trust_enrold"], &steps()) else { return };
    assert!(transcript.is_done && transcript.troubles.is_empty(), "{:#?}", transcript.troubles);
    assert_eq!(transcript.denials, [].into(), "SELinux refused what it should not");
    let of = |device| ["calls", "app"].map(|who| Seen::of(&transcript, device, who));
    let ([calls, app], [other_calls, other_app]) = (of("one"), of("two"));

    // It was all there, and each audience knows its own device again.
    for (who, seen) in
        [("calls", &calls), ("app", &app), ("calls of two", &other_calls), ("app of two", &other_app)]
    {
        let count = |path: &str| seen.leaves.get(path).map_or(0, BTreeSet::len);
        let found = [
            "token/signature",
            "token/-75000",
            "credential/signature",
            "list/signature",
            "evidence/ciphertext",
        ];
        assert_eq!(found.map(count), [4, 1, 1, 1, 2], "{who}");
        assert_eq!((count("summary/posture"), count("token/-75003")), (2, 2), "{who}: the posture changes");
        assert!(
            count("refused") >= 3 && count("http/content-type") == 3,
            "{who}: {:?}",
            seen.leaves["refused"]
        );
        assert_eq!(seen.leaves["token/-75000"], seen.leaves["credential/-75000"], "{who}");
    }
    assert!(calls.leaves["change/sequence"].len() >= 4);
    for (seen, own) in [(&calls, &other_calls), (&app, &other_app)] {
        assert!(seen.leaves["token/-75000"].is_disjoint(&own.leaves["token/-75000"]), "two devices");
    }

    let others = [&other_calls, &other_app];
    let links = [links(&calls, &app, &others), links(&app, &calls, &others)].concat();
    assert!(links.is_empty(), "{links:#?}");

    // It would have been found: what is one audience's own at the other too, and what nobody knows of beside it.
    let path_of_a_chain = "evidence/protected/33/1";
    for path in OWN.into_iter().chain([path_of_a_chain]) {
        let unknown = BTreeSet::from([Leaf::Bytes(vec![7; 100])]);
        let leaves = calls.leaves.get(path).unwrap_or(&unknown);
        let [mut one, mut other] = [calls.clone(), app.clone()];
        one.leaves.insert(path.into(), leaves.clone());
        other.leaves.insert(path.into(), leaves.clone());
        assert!(!self::links(&one, &other, &others).is_empty(), "{path}");
    }
    for path in ["token/-75000", "credential/8/1/-2", "evidence/ciphertext"] {
        let Some(Leaf::Bytes(bytes)) = calls.leaves[path].first() else { panic!("{path}") };
        let mut other = app.clone();
        other.raw.push([&b"somewhere "[..], &bytes[12..24]].concat());
        assert!(!self::links(&calls, &other, &others).is_empty(), "a part of {path}");
    }

    // However much happened between two questions: that anything did is all that a number tells.
    let rises = |seen: &Seen| -> BTreeSet<i128> {
        seen.sequences.iter().flat_map(|life| life.windows(2).map(|pair| pair[1] - pair[0])).collect()
    };
    assert_eq!(rises(&app), [1].into());
    assert_eq!(rises(&app), rises(&other_app));
}
