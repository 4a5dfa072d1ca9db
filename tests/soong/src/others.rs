//! What the Android tree's build files name that is no crate: files, the interface's versions, the two apps.

use crate::blueprint::{Finding, Module, Value};
use std::collections::BTreeSet;
use std::path::Path;

/// Properties whose values are files or patterns, from the module's folder.
const FILES: [&str; 7] = ["srcs", "src", "manifest", "init_rc", "corpus", "resource_dirs", "license_text"];

pub(crate) fn check(root: &Path, modules: &[Module], found: &mut Vec<Finding>) {
    for module in modules {
        for property in FILES {
            let one = module.text(property).into_iter();
            for file in
                one.chain(module.texts(property)).filter(|file| !is_there(&root.join(module.folder()), file))
            {
                found.push(
                    module.finding(
                        property,
                        format!("{file:?}: no such file in the folder of this Android.bp"),
                    ),
                );
            }
        }
        match module.kind.as_str() {
            "aidl_interface" => interface(root, module, found),
            "android_app" => app(modules, module, found),
            "rust_binary" => program(module, found),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    for module in modules.iter().filter(|module| !module.name().is_empty() && !names.insert(module.name())) {
        found.push(module.finding("name", "another module has it: expected a name of its own"));
    }
}

/// Whether a file, or one that a pattern with `*` and `**` means, is there.
fn is_there(folder: &Path, pattern: &str) -> bool {
    let Some((before, last)) = pattern.rsplit_once('/').filter(|_| pattern.contains('*')) else {
        return match pattern.split_once('*') {
            Some(_) => any(folder, pattern, false),
            None => folder.join(pattern).exists(),
        };
    };
    match before.strip_suffix("/**") {
        Some(below) => any(&folder.join(below), last, true),
        None => any(&folder.join(before), last, false),
    }
}

fn any(folder: &Path, pattern: &str, deep: bool) -> bool {
    let Some((start, end)) = pattern.split_once('*') else { return folder.join(pattern).is_file() };
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        (path.is_file() && name.starts_with(start) && name.ends_with(end))
            || (deep && path.is_dir() && any(&path, pattern, true))
    })
}

fn interface(root: &Path, module: &Module, found: &mut Vec<Finding>) {
    let mut named = BTreeSet::new();
    if let Some(Value::List(versions)) =
        module.properties.get("versions_with_info").map(|versions| &versions.value)
    {
        for version in versions {
            if let Value::Map(info) = version
                && let Some(Value::Text(version)) = info.get("version").map(|version| &version.value)
            {
                named.insert(version.clone());
            }
        }
    }
    let kept = root.join(module.folder()).join("aidl_api").join(module.name());
    let mut frozen = BTreeSet::new();
    for entry in std::fs::read_dir(&kept).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        frozen.extend((name != "current").then_some(name));
    }
    if named != frozen || named.is_empty() {
        let says = format!("versions are {named:?}, expected those of {}: {frozen:?}", kept.display());
        found.push(module.finding("versions_with_info", says));
    }
    if !module.is("frozen") {
        found
            .push(module.finding("frozen", "frozen: expected true, as nothing is added to the last version"));
    }
}

fn app(modules: &[Module], module: &Module, found: &mut Vec<Finding>) {
    for property in ["platform_apis", "privileged", "system_ext_specific"] {
        if !module.is(property) {
            found.push(module.finding(property, format!("{property}: expected true")));
        }
    }
    if module.text("certificate") != Some("platform") {
        found.push(module.finding("certificate", "expected \"platform\": its SELinux domain is by that key"));
    }
    for required in module.texts("required") {
        if !modules.iter().any(|module| module.name() == required) {
            found.push(module.finding("required", format!("{required}: expected a module of ours")));
        }
    }
}

fn program(module: &Module, found: &mut Vec<Finding>) {
    // By name: the daemon alone is init's to start.
    if module.name() == "trustd" && module.texts("init_rc").is_empty() {
        found.push(module.finding("init_rc", "no init_rc: expected it, or nobody starts the daemon"));
    }
    for property in ["system_ext_specific", "prefer_rlib"] {
        if !module.is(property) {
            found.push(module.finding(property, format!("{property}: expected true")));
        }
    }
}
