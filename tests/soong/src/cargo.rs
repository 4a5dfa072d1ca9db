//! What Cargo says of the project's packages (`cargo metadata --no-deps`), and what of it holds on a device.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A package of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The oldest Rust that it is for.
    pub rust_version: String,
    /// Its manifest, from the project's root.
    pub manifest: String,
    /// What it builds.
    pub targets: Vec<Target>,
    /// What it is built with on Android, by default.
    pub dependencies: Vec<Dependency>,
    /// What its tests are built with beside that.
    pub for_tests: Vec<Dependency>,
    /// The features that are on by default, `default` among them.
    pub features: BTreeSet<String>,
}

/// A library or a program.
#[derive(Clone, Debug)]
pub struct Target {
    /// `lib`, `bin`.
    pub kind: String,
    /// The crate's name.
    pub name: String,
    /// Its root file, from the project's root.
    pub root: String,
    /// Its edition.
    pub edition: String,
}

/// A crate that a package is built with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// The package.
    pub package: String,
    /// The crate's name in the sources.
    pub name: String,
    /// The features that its user asks for.
    pub features: Vec<String>,
}

/// Asks Cargo of the workspace at `root`, whose sources are below `root`.
///
/// # Errors
/// In words: Cargo's, or what of its answer is not understood.
pub fn packages(root: &Path, manifest: &str) -> Result<Vec<Package>, String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path"]);
    let output =
        command.arg(root.join(manifest)).output().map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let whole: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    list(&whole, "packages").iter().map(|package| read(root, package)).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn read(root: &Path, package: &Value) -> Result<Package, String> {
    let name = text(package, "name");
    let below = |path: String| {
        let path = PathBuf::from(path);
        let below = path.strip_prefix(root).map(|path| path.display().to_string());
        below.map_err(|_| format!("{name}: {}: expected it below {}", path.display(), root.display()))
    };
    let mut targets = Vec::new();
    for target in list(package, "targets") {
        let kind = list(target, "kind").first().and_then(Value::as_str).unwrap_or_default().to_owned();
        let (name, edition) = (text(target, "name"), text(target, "edition"));
        targets.push(Target { kind, name, edition, root: below(text(target, "src_path"))? });
    }
    let declared = package.get("features").and_then(Value::as_object).cloned().unwrap_or_default();
    let (mut features, mut on, mut asked) = (BTreeSet::new(), BTreeSet::new(), vec!["default".to_owned()]);
    while let Some(feature) = asked.pop() {
        match feature.strip_prefix("dep:") {
            Some(package) => {
                on.insert(package.to_owned());
            }
            None => {
                let Some(more) = declared.get(&feature).and_then(Value::as_array) else { continue };
                asked.extend(more.iter().filter_map(Value::as_str).map(str::to_owned));
                features.insert(feature);
            }
        }
    }
    let (mut dependencies, mut for_tests) = (Vec::new(), Vec::new());
    for dependency in list(package, "dependencies") {
        let package = text(dependency, "name");
        let is_on = dependency.get("optional") != Some(&Value::Bool(true)) || on.contains(&package);
        if !is_on || !on_android(&text(dependency, "target"))? {
            continue;
        }
        let crate_name =
            dependency.get("rename").and_then(Value::as_str).unwrap_or(&package).replace('-', "_");
        let features =
            list(dependency, "features").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let dependency_of = Dependency { name: crate_name, package, features };
        match dependency.get("kind").and_then(Value::as_str) {
            None => {
                match dependencies.iter_mut().find(|other: &&mut Dependency| other.name == dependency_of.name)
                {
                    Some(other) => other.features.extend(dependency_of.features),
                    None => dependencies.push(dependency_of),
                }
            }
            Some("dev") => for_tests.push(dependency_of),
            _ => {}
        }
    }
    let (version, manifest) = (text(package, "version"), below(text(package, "manifest_path"))?);
    let rust_version = text(package, "rust_version");
    Ok(Package { rust_version, version, manifest, targets, dependencies, for_tests, features, name })
}

/// Whether a dependency of this condition is one on Android. There, `target_os` is "android", not "linux".
fn on_android(condition: &str) -> Result<bool, String> {
    match condition {
        "" | r#"cfg(target_os = "android")"# => Ok(true),
        r#"cfg(not(target_os = "android"))"# | r#"cfg(target_os = "linux")"# => Ok(false),
        r#"cfg(any(target_os = "android", target_os = "linux"))"#
        | r#"cfg(any(target_os = "linux", target_os = "android"))"#
        | "cfg(unix)" => Ok(true),
        other => Err(format!(
            "Cargo.toml: [target.'{other}'.dependencies]: expected a condition that cargo.rs knows"
        )),
    }
}
