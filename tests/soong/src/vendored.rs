//! The crates that an Android tree has to have, and what of them it lacks.

use crate::cargo::{Dependency, Package};
use crate::twin::{PLATFORMS, is_left_out, module_of};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A crate in the graph of what a device's build takes: as `cargo tree` shows it, each as often as it is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// How deep it stands; what follows it deeper is what it needs.
    pub depth: usize,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it is the project's own.
    pub is_own: bool,
}

/// Asks Cargo what the daemon and `trustctl` take on a device, without what tests and build scripts take.
///
/// # Errors
/// In words: Cargo's.
pub fn graph(root: &Path) -> Result<Vec<Node>, String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args([
        "tree",
        "--locked",
        "--package",
        "trustd",
        "--edges",
        "normal",
        "--no-dedupe",
        "--prefix",
        "depth",
    ]);
    command.args(["--target", "aarch64-linux-android", "--format", "|{p}", "--manifest-path"]);
    let output =
        command.arg(root.join("Cargo.toml")).output().map_err(|error| format!("cargo tree: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo tree: {}", String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8_lossy(&output.stdout).lines().map(node).collect()
}

/// `2|serde v1.0.229 (/where/it/is)`
fn node(line: &str) -> Result<Node, String> {
    let read = || {
        let (depth, package) = line.split_once('|')?;
        let mut words = package.split(' ');
        let (name, version) = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
        let is_own = words.any(|word| word.starts_with("(/"));
        Some(Node { depth: depth.parse().ok()?, name, version, is_own })
    };
    read().ok_or_else(|| format!("cargo tree: {line:?}: expected a depth, a name and a version"))
}

/// A crate that is not there, or there in another generation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lacking {
    /// Its name.
    pub name: String,
    /// The version that the project is tested with.
    pub version: String,
    /// What there is.
    pub has: Option<String>,
    /// Who needs it.
    pub by: BTreeSet<String>,
}

/// What of the graph is not among these crates. What a crate needs that is there is its own affair.
pub fn lacking(graph: &[Node], has: &BTreeMap<String, Vec<String>>) -> Vec<Lacking> {
    let mut found: BTreeMap<(String, String), Lacking> = BTreeMap::new();
    let mut above: Vec<&str> = Vec::new();
    let mut satisfied: Option<usize> = None;
    for node in graph {
        above.truncate(node.depth);
        if satisfied.is_some_and(|depth| node.depth > depth) {
            continue;
        }
        satisfied = None;
        let versions = has.get(&node.name).map_or(&[][..], Vec::as_slice);
        let is_platforms = PLATFORMS.iter().any(|(name, _)| *name == node.name);
        if is_platforms || versions.iter().any(|version| generation(version) == generation(&node.version)) {
            satisfied = Some(node.depth);
        } else if !node.is_own {
            let key = (node.name.clone(), node.version.clone());
            let one = found.entry(key).or_insert_with(|| Lacking {
                name: node.name.clone(),
                version: node.version.clone(),
                has: versions.first().cloned(),
                by: BTreeSet::new(),
            });
            one.by.extend(above.last().map(|name| (*name).to_owned()));
        }
        above.push(&node.name);
    }
    found.into_values().collect()
}

/// What may differ without a change of the interface stands behind it: `1` of 1.2.3, `0.12` of 0.12.3.
pub fn generation(version: &str) -> &str {
    let end = |dots: usize| version.match_indices('.').nth(dots).map_or(version.len(), |(at, _)| at);
    version.get(..end(usize::from(version.starts_with("0.")))).unwrap_or(version)
}

/// The crates that the project names itself, with the features that it asks of them.
pub fn direct(packages: &[Package]) -> BTreeMap<String, (Dependency, BTreeSet<String>)> {
    let mut found: BTreeMap<String, (Dependency, BTreeSet<String>)> = BTreeMap::new();
    let is_built = |package: &&Package| package.name != "trust_fuzz" && !is_left_out(package);
    for dependency in packages.iter().filter(is_built).flat_map(|package| &package.dependencies) {
        if !packages.iter().any(|own| own.name == dependency.package) {
            let one = found.entry(dependency.package.clone());
            one.or_insert_with(|| (dependency.clone(), BTreeSet::new()))
                .1
                .extend(dependency.features.clone());
        }
    }
    found
}

/// Where a tree keeps crates.
const FOLDERS: [&str; 3] = [
    "external/rust/android-crates-io/crates",
    "external/rust/android-crates-io/extra_versions/crates",
    "external/rust/crates",
];
/// What a tree has of the platform: a path, and what it is.
const PLATFORM: [(&str, &str); 3] = [
    ("frameworks/native/libs/binder/rust/src/service.rs", "libbinder_rs with check_interface, of Android 16"),
    (
        "system/hardware/interfaces/keystore2/aidl/aidl_api/android.system.keystore2/5",
        "android.system.keystore2-V5-rust, of Android 16",
    ),
    (
        "hardware/interfaces/security/keymint/aidl/aidl_api/android.hardware.security.keymint/4",
        "android.hardware.security.keymint-V4-rust, of Android 16",
    ),
];

/// Everything that a tree lacks, a line each.
///
/// # Errors
/// In words: it is no Android tree.
pub fn check(tree: &Path, graph: &[Node], packages: &[Package]) -> Result<Vec<String>, String> {
    if !tree.join("external/rust").is_dir() {
        return Err(format!("{}: no external/rust in it: expected an Android tree", tree.display()));
    }
    let mut has: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut places: BTreeMap<String, Vec<std::path::PathBuf>> = BTreeMap::new();
    let mut lines = Vec::new();
    for folder in FOLDERS {
        for entry in tree.join(folder).read_dir().into_iter().flatten().flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path().join("Cargo.toml")) else { continue };
            let manifest = match text.parse::<toml::Table>() {
                Ok(manifest) => manifest,
                Err(error) => {
                    let path = entry.path().join("Cargo.toml");
                    lines.push(format!("{}: can't be read: {}", path.display(), error.message()));
                    continue;
                }
            };
            let of = |key: &str| manifest.get("package")?.get(key)?.as_str().map(str::to_owned);
            if let (Some(name), Some(version)) = (of("name"), of("version")) {
                places.entry(name.clone()).or_default().push(entry.path());
                has.entry(name).or_default().push(version);
            }
        }
    }
    for (path, what) in PLATFORM.iter().filter(|(path, _)| !tree.join(path).exists()) {
        lines.push(format!("{path}: not there: expected {what}"));
    }
    lines.extend(compiler(tree, packages));
    for one in lacking(graph, &has) {
        let by: Vec<&str> = one.by.iter().map(String::as_str).collect();
        let found = one.has.map_or("not there".to_owned(), |version| format!("{version} is there"));
        let (name, version) = (one.name, one.version);
        lines.push(format!("{name}: {found}: expected {version}, for {}", by.join(", ")));
    }
    for (name, (dependency, features)) in direct(packages) {
        lines.extend(modules(&dependency, &features, places.get(&name).map_or(&[], Vec::as_slice)));
    }
    Ok(lines)
}

/// Where Soong says which Rust it takes, unless RUST_PREBUILTS_VERSION does.
const COMPILER: &str = "build/soong/rust/config/global.go";

/// Whether the tree's Rust is older than the project's.
fn compiler(tree: &Path, packages: &[Package]) -> Option<String> {
    let expected = &packages.iter().find(|package| package.name == "trustd")?.rust_version;
    let text = std::fs::read_to_string(tree.join(COMPILER)).unwrap_or_default();
    let named =
        text.lines().enumerate().find(|(_, line)| line.trim_start().starts_with("RustDefaultVersion "));
    let Some((number, line)) = named else {
        return Some(format!("{COMPILER}: no RustDefaultVersion: expected {expected} or newer"));
    };
    let found = line.split('"').nth(1).unwrap_or_default();
    let parts =
        |version: &str| version.split('.').map_while(|part| part.parse::<u32>().ok()).collect::<Vec<_>>();
    let says = format!("{COMPILER}:{}: Rust {found}: expected {expected} or newer", number + 1);
    (parts(found) < parts(expected)).then_some(says)
}

/// Whether a crate that is there is built as a module of the name that ours ask for, with the features.
fn modules(
    dependency: &Dependency,
    features: &BTreeSet<String>,
    places: &[std::path::PathBuf],
) -> Vec<String> {
    let module = module_of(dependency);
    let named = format!("name: \"{module}\"");
    let texts: Vec<(String, String)> = places
        .iter()
        .map(|place| place.join("Android.bp"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap_or_default()))
        .collect();
    let Some((path, start, text)) =
        texts.iter().find_map(|(path, text)| text.find(&named).map(|start| (path, start, text)))
    else {
        let missing = |(path, _): &(String, String)| format!("{path}: no module {module}: expected it");
        return texts.first().map(missing).into_iter().collect();
    };
    let block = text.get(start..).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
    let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
    // The tree's own SQLite is linked in the place of the one that is bundled.
    let lacks = |feature: &&String| *feature != "bundled" && !block.contains(&format!("\"{feature}\""));
    let say = |feature: &String| format!("{path}:{line}: {module} lacks the feature {feature}: expected it");
    features.iter().filter(lacks).map(say).collect()
}
