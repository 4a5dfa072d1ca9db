//! The daemon whose state is broken under it or while it does not run: what gate 10 says after one judgement, what is
//! still served, what was set aside, what `trustctl history verify` tells, and whether it heals. The second table of
//! docs/faults.md holds what was observed.

#![cfg(all(debug_assertions, target_os = "linux"))] // only a development build takes a root
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod bus;
mod faults;
mod stand_in;

use bus::{OPEN, TestBus};
use faults::site::{Around, Site, overwrite};
use std::fs;
use std::path::Path;
use std::process::Command;
use trustd::store::FILE;

/// A fault: what it is called, how it is made and taken away.
struct Row {
    name: &'static str,
    around: Around,
    disk: bool,
    make: fn(&Site),
    take_away: Option<fn(&Site)>,
}

const fn row(name: &'static str, make: fn(&Site)) -> Row {
    Row { name, around: Around::Running, disk: false, make, take_away: None }
}

const fn stopped(name: &'static str, make: fn(&Site)) -> Row {
    Row { around: Around::Stopped, ..row(name, make) }
}

fn damage(site: &Site) {
    let mut bytes = fs::read(site.file()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x5a);
    overwrite(&site.file(), &bytes);
}

fn cut(site: &Site) {
    let file = fs::OpenOptions::new().write(true).open(site.file()).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

fn empty(site: &Site) {
    overwrite(&site.file(), b"");
}

fn older_in_place(site: &Site) {
    overwrite(&site.file(), &site.older());
}

fn older_over_it(site: &Site) {
    site.swap(&site.older());
}

fn another(site: &Site) {
    site.swap(&site.anothers());
}

fn file_gone(site: &Site) {
    fs::remove_file(site.file()).unwrap();
}

fn directory_gone(site: &Site) {
    fs::remove_dir_all(site.state()).unwrap();
}

fn fill(site: &Site) {
    use std::io::Write;
    let mut ballast = fs::File::create(site.state().join("ballast")).unwrap();
    while ballast.write_all(&[1; 512]).is_ok() {}
}

fn no_ballast(site: &Site) {
    fs::remove_file(site.state().join("ballast")).unwrap();
}

/// What is open for writing keeps a disk writable; the paths to it are not any more.
fn read_only(site: &Site) {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"";
    assert!(Command::new("sh").args(["-ec", script, "sh"]).arg(site.state()).status().unwrap().success());
}

fn read_write(site: &Site) {
    let done = Command::new("mount").args(["-o", "remount,bind,rw"]).arg(site.state()).status().unwrap();
    assert!(done.success());
}

const ROWS: [Row; 17] = [
    Row { disk: true, take_away: Some(no_ballast), ..row("the disk is full", fill) },
    Row { disk: true, take_away: Some(read_write), ..row("the directory is read-only", read_only) },
    row("a page in the middle is damaged", damage),
    row("the file is cut in half", cut),
    row("the file is empty", empty),
    row("an older copy is written into it", older_in_place),
    row("an older copy takes its place", older_over_it),
    row("another device's file takes its place", another),
    row("the file is removed", file_gone),
    Row {
        take_away: Some(|site| fs::create_dir(site.state()).unwrap()),
        ..row("the directory is removed", directory_gone)
    },
    Row { disk: true, take_away: Some(no_ballast), ..stopped("the disk is full", fill) },
    Row { disk: true, take_away: Some(read_write), ..stopped("the directory is read-only", read_only) },
    stopped("a page in the middle is damaged", damage),
    stopped("the file is cut in half", cut),
    stopped("the file is empty", empty),
    stopped("an older copy takes its place", older_over_it),
    stopped("the file is removed", file_gone),
];

const CHILD: &str = "TRUSTD_FAULTS_ROW";
const STATE: &str = "TRUSTD_FAULTS_STATE";

/// Not a test of its own: one row, on a disk of its own.
#[test]
fn on_a_disk() {
    let Ok(number) = std::env::var(CHILD) else { return };
    let state = std::env::var_os(STATE).unwrap();
    let line = line(&ROWS[number.parse::<usize>().unwrap()], Some(Path::new(&state)));
    println!("\nLINE {line}");
}

/// The row's line of the table; none, where it can't be had here.
fn observed(number: usize) -> Option<String> {
    let row = &ROWS[number];
    if !row.disk {
        return Some(line(row, None));
    }
    let state = std::env::temp_dir().join(format!("trustd-disk-{}-{number}", std::process::id()));
    fs::create_dir_all(&state).unwrap();
    let output = Command::new("unshare")
        .args([
            "-m",
            "sh",
            "-ec",
            "mount -t tmpfs -o size=400k,mode=0700 none \"$1\" || exit 77; shift; exec \"$@\"",
            "sh",
        ])
        .arg(&state)
        .arg(std::env::current_exe().unwrap())
        .args(["on_a_disk", "--exact", "--nocapture"])
        .env(CHILD, number.to_string())
        .env(STATE, &state)
        .output();
    let _ = fs::remove_dir_all(&state);
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8(output.stdout).unwrap();
            Some(text.lines().find_map(|line| line.strip_prefix("LINE ")).unwrap().into())
        }
        Ok(output) if output.status.code() == Some(101) => {
            panic!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        }
        other => {
            println!("SKIPPED: {}: no disk of its own can be mounted: {other:?}", row.name);
            None
        }
    }
}

fn line(row: &Row, state: Option<&Path>) -> String {
    let bus = TestBus::start(OPEN).unwrap();
    let mut site = Site::new(state, &bus.address);
    let found = site.observe(row.around, row.make, row.take_away);
    let when = match row.around {
        Around::Running => "while it runs",
        Around::Stopped => "while it does not run",
    };
    format!("| {}, {when} | {} |", row.name, found.join(" | "))
}

#[test]
fn whatever_happens_to_the_state_one_judgement_tells_and_the_daemon_goes_on() {
    if TestBus::start(OPEN).is_none() {
        return;
    }
    let lines: Vec<Option<String>> = (0..ROWS.len()).map(observed).collect();
    if let Some(lines) = lines.iter().cloned().collect::<Option<Vec<String>>>() {
        let head = "| fault | history-intact | after a change | posture | history | held head | set aside | when it is gone | after a \
                    restart |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
        faults::blessed("store", &format!("{head}{}\n", lines.join("\n")));
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md")).unwrap();
    for line in lines.iter().flatten() {
        assert!(page.contains(line), "docs/faults.md lacks {line} (of {FILE})");
    }
}
