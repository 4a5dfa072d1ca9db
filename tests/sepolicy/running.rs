//! Runs `tests/sepolicy/check`, and reads what a domain may do from what it compiled.

use crate::needs::Rule;
use crate::scratch::Scratch;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

pub const STAND_IN: &str = "tests/sepolicy/stand-in";

/// Program and the Debian package that has it.
const TOOLS: [(&str, &str); 5] = [
    ("python3", "python3"),
    ("m4", "m4"),
    ("checkpolicy", "checkpolicy"),
    ("secilc", "secilc"),
    ("sefcontext_compile", "selinux-utils"),
];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Whether the policy's compilers are here; says so where they are not.
pub fn has_tools() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = |tool: &str| std::env::split_paths(&path).any(|directory| directory.join(tool).exists());
    let missing: Vec<&str> =
        TOOLS.iter().filter(|(tool, _)| !is_here(tool)).map(|(_, package)| *package).collect();
    if !missing.is_empty() {
        println!("SKIPPED: the SELinux policy: apt-get install {}", missing.join(" "));
    }
    missing.is_empty()
}

/// What a check came to.
pub struct Ran {
    pub code: i32,
    pub said: String,
}

fn command(program: &str, arguments: &[&str]) -> Output {
    // -B: python leaves nothing in the source tree.
    Command::new("python3").arg("-B").arg(program).args(arguments).current_dir(root()).output().unwrap()
}

pub fn check(arguments: &[&str]) -> Ran {
    let output = command("tests/sepolicy/check", arguments);
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    Ran { code: output.status.code().unwrap(), said }
}

/// What a domain may do.
#[derive(Default)]
pub struct Allowed {
    own: BTreeSet<String>,
    may: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Allowed {
    pub fn may(&self, rule: &Rule) -> bool {
        let found = self.may.get(&(rule.target.clone(), rule.class.to_owned()));
        found.is_some_and(|found| rule.permissions.iter().all(|permission| found.contains(*permission)))
    }

    /// The types and attributes that the domain's own rules name.
    pub fn own_targets(&self) -> impl Iterator<Item = &String> {
        self.own.iter()
    }
}

/// Every domain of the stand-in with our policy in it, on a user build; none where it can't be compiled here.
pub fn domains() -> Option<&'static BTreeMap<String, Allowed>> {
    static DOMAINS: OnceLock<BTreeMap<String, Allowed>> = OnceLock::new();
    has_tools().then(|| DOMAINS.get_or_init(read))
}

fn read() -> BTreeMap<String, Allowed> {
    let scratch = Scratch::new("sepolicy-domains");
    let kept = scratch.0.display().to_string();
    let ran = check(&[STAND_IN, "--variant", "user", "--keep", &kept]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let output = command("tests/sepolicy/allowed.py", &[&format!("{kept}/user.cil")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut domains: BTreeMap<String, Allowed> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let [domain, kind, target, class, permissions @ ..] = words.as_slice() else { panic!("{line}") };
        let allowed = domains.entry(domain.clone()).or_default();
        match kind.as_str() {
            "own" => drop(allowed.own.insert(target.clone())),
            _ => drop(
                allowed.may.insert((target.clone(), class.clone()), permissions.iter().cloned().collect()),
            ),
        }
    }
    domains
}
