//! The daemon's figures on this machine, over a D-Bus of its own: `cargo bench --bench daemon`, as root, whom the policy
//! `lab` lets ask. Those over Binder are the virtual machine's (tests/vm/README.md).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // a bench that can't be set up has nothing to measure

#[path = "../tests/bus/mod.rs"]
mod bus;
#[path = "../tests/stand_in/mod.rs"]
mod stand_in;

use bus::{Client, OPEN, TestBus};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 21;
const CLIENTS: usize = 1000;
const CALLS_EACH: usize = 100;
const IDLE: Duration = Duration::from_secs(60);

fn main() {
    // `cargo test --benches` only asks whether it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: the daemon's figures: under its policies root alone may ask on D-Bus");
        return;
    }
    let Some(bus) = TestBus::start(OPEN) else { return };
    let client = bus.client();
    starting(&bus, &client);
    let daemon = Daemon::start(&bus);
    daemon.first_posture(&client);
    calling(&client);
    daemon.memory("after its start");
    crowd(&bus);
    daemon.memory("after those");
    idle(&daemon, &client);
}

struct Daemon {
    process: Child,
    state: PathBuf,
}

impl Daemon {
    fn start(bus: &TestBus) -> Daemon {
        let state = std::env::temp_dir().join(format!("trustd-bench-{}", std::process::id()));
        let _ = fs::remove_dir_all(&state);
        fs::create_dir(&state).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustd"));
        command.args(["--policy", "lab", "--bus", &bus.address, "--state"]).arg(&state);
        Daemon { process: command.stderr(Stdio::null()).spawn().unwrap(), state }
    }

    fn first_posture(&self, client: &Client) {
        while client.call("GetSummary", &()).is_err() {
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    fn proc(&self) -> PathBuf {
        Path::new("/proc").join(self.process.id().to_string())
    }

    /// What is resident, and of that what is the process's own; in KiB (proc_pid_smaps(5)).
    fn memory(&self, when: &str) {
        let rollup = fs::read_to_string(self.proc().join("smaps_rollup")).unwrap();
        let of = |name: &str| -> u64 {
            let line = rollup.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        let private = of("Private_Clean:") + of("Private_Dirty:");
        println!(
            "memory {when}: resident {:.1} MB, private {:.1} MB, anonymous {:.1} MB   (<= 10 MB, <= 5 MB)",
            of("Rss:") as f64 / 1024.0,
            private as f64 / 1024.0,
            of("Anonymous:") as f64 / 1024.0,
        );
    }

    /// How often its threads were put on a processor, all together.
    fn switches(&self) -> u64 {
        let threads = fs::read_dir(self.proc().join("task")).unwrap();
        let of = |status: String| -> u64 {
            let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
            counts.map(|line| line.rsplit_once('\t').unwrap().1.parse::<u64>().unwrap()).sum()
        };
        threads.map(|thread| of(fs::read_to_string(thread.unwrap().path().join("status")).unwrap())).sum()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.state);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// From exec to the first posture that a client gets, beside a start of the same program that only says its version.
fn starting(bus: &TestBus, client: &Client) {
    let (mut served, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let daemon = Daemon::start(bus);
        daemon.first_posture(client);
        served.push(start.elapsed());
        drop(daemon);
        let start = Instant::now();
        let mut version = Command::new(env!("CARGO_BIN_EXE_trustd"));
        version.arg("--version").stdout(Stdio::null()).status().unwrap();
        bare.push(start.elapsed());
    }
    println!(
        "exec to first posture {:.1} ms, exec of --version {:.1} ms   (<= 25 ms)",
        ms(median(served)),
        ms(median(bare))
    );
}

/// `GetSummary` beside an empty call of the same process, in turns, below the limit of calls.
fn calling(client: &Client) {
    let (mut summary, mut empty) = (Vec::new(), Vec::new());
    for _ in 0..500 {
        let start = Instant::now();
        client.call("GetSummary", &()).unwrap();
        summary.push(start.elapsed());
        let start = Instant::now();
        client.call_of("/com/enigm/Trust1", "org.freedesktop.DBus.Peer", "Ping", &()).unwrap();
        empty.push(start.elapsed());
        // One each 20 ms is allowed for ever.
        std::thread::sleep(Duration::from_millis(20));
    }
    let (summary, empty) = (median(summary), median(empty));
    println!(
        "GetSummary over D-Bus {:.3} ms, Ping {:.3} ms: {:.2}x",
        ms(summary),
        ms(empty),
        summary.as_secs_f64() / empty.as_secs_f64()
    );
}

/// Clients that come, ask more than they may, and go; half of them listen.
fn crowd(bus: &TestBus) {
    let (mut answered, mut refused) = (0, 0);
    for number in 0..CLIENTS {
        let client = bus.client();
        if number % 2 == 0 {
            let _ = client.call("Subscribe", &());
        }
        for _ in 0..CALLS_EACH {
            match client.call("GetSummary", &()) {
                Ok(_) => answered += 1,
                Err(_) => refused += 1,
            }
        }
    }
    println!("{CLIENTS} clients, {} calls: {answered} answered, {refused} too many", CLIENTS * CALLS_EACH);
}

fn idle(daemon: &Daemon, client: &Client) {
    // A listener that stays: the daemon has a reason to wake when something ages.
    while client.call("Subscribe", &()).is_err() {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(2));
    let before = daemon.switches();
    std::thread::sleep(IDLE);
    println!("{} wake-ups in {} idle seconds   (0)", daemon.switches() - before, IDLE.as_secs());
}
