//! docs/vendored.md.

use crate::cargo::Package;
use crate::twin::module_of;
use crate::vendored::{Node, direct, generation, lacking};
use std::collections::BTreeMap;

/// The crates of a list: a name and a version a line.
pub fn list(text: &str) -> BTreeMap<String, Vec<String>> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    lines.map(|(name, version)| (name.to_owned(), vec![version.to_owned()])).collect()
}

/// The page.
pub fn page(graph: &[Node], packages: &[Package], android: &BTreeMap<String, Vec<String>>) -> String {
    let mut text = String::from(
        "# Crates of a device's build\n\n\
         What `libtrustd`, `trustd` and `trustctl` take on Android, from `Cargo.lock`. Soong takes crates from the Android \
         tree's\n`external/rust`; what is not there is vendored: put there with an Android.bp of its own (the tree's \
         `cargo_embargo` writes\none), reviewed and kept up.\n\n\
         \"Android\" is what `external/rust/android-crates-io` was found to have in 2026 (`tests/soong/android-crates.txt`), \
         which is not all of\nit. What a tree at hand lacks, `tests/soong/vendored TREE` says.\n\n\
         ## To be vendored\n\n\
         | crate | version | for | Android |\n| --- | --- | --- | --- |\n",
    );
    for one in lacking(graph, android) {
        let by: Vec<&str> = one.by.iter().map(String::as_str).collect();
        let has = one.has.unwrap_or_else(|| "-".into());
        text.push_str(&format!("| {} | {} | {} | {has} |\n", one.name, one.version, by.join(", ")));
    }
    text.push_str(
        "\n## There already\n\n\
         Those that the project names itself, with the features that it asks for beside the default ones: a module of the \
         tree has one set\nof features for all of its users. `bundled` is Cargo's alone: the tree links its own SQLite.\n\n\
         | crate | version | module | features | Android |\n| --- | --- | --- | --- | --- |\n",
    );
    for (name, (dependency, features)) in direct(packages) {
        let Some(node) = graph.iter().find(|node| node.name == name) else { continue };
        let has = android.get(&name).and_then(|versions| versions.first());
        let Some(has) = has.filter(|has| generation(has) == generation(&node.version)) else { continue };
        let features: Vec<&str> = features.iter().map(String::as_str).collect();
        let features = if features.is_empty() { "-".to_owned() } else { features.join(", ") };
        text.push_str(&format!(
            "| {name} | {} | {} | {features} | {has} |\n",
            node.version,
            module_of(&dependency)
        ));
    }
    text
}
