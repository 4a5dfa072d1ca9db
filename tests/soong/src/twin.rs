//! Whether the Android tree's build files and Cargo's say the same.

use crate::blueprint::{Finding, Module, Value, parse};
use crate::cargo::{Dependency, Package, Target, packages};
use crate::sources::{For, Source, name, sources};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders whose packages the tree does not build, and why.
pub const LEFT_OUT: [(&str, &str); 6] = [
    (
        "aidl/",
        "the tree's own aidl makes com.enigm.trust-V1-rust of the same files, under the same crate name",
    ),
    ("bindings/", "the faces for C and Java belong to relying parties, who build them with Cargo"),
    ("binder/", "the platform's libbinder_rs, whose names it has, takes its place"),
    ("enrol/", "the enrolment verifier and its service are a server's"),
    ("keystore/", "the platform's bindings of keystore2 and KeyMint take their place"),
    ("tests/", "they need crates that the tree does not vendor, or the test machine"),
];

/// Whether the tree builds a package.
pub fn is_left_out(package: &Package) -> bool {
    LEFT_OUT.iter().any(|(folder, _)| package.manifest.starts_with(folder))
}

/// Fuzz targets that the tree does not build, and why.
pub const FUZZ_LEFT_OUT: [(&str, &str); 1] =
    [("binder_parcel", "it makes parcels by rsbinder; libbinder_rs lets nobody make one without a driver")];

/// Modules of the platform that stand in the place of our crates.
pub(crate) const PLATFORMS: [(&str, &str); 4] = [
    ("trust_aidl", "com.enigm.trust-V1-rust"),
    ("trust_binder", "libbinder_rs"),
    ("trust_keymint_aidl", "android.hardware.security.keymint-V4-rust"),
    ("trust_keystore_aidl", "android.system.keystore2-V5-rust"),
];

/// The Rust module of the Android tree that is this dependency. The tree's are `lib` and the crate's name
/// (external/rust/android-crates-io/crates/*/Android.bp), but for log, as there is a C library of that name.
pub fn module_of(dependency: &Dependency) -> String {
    match PLATFORMS.iter().find(|(package, _)| *package == dependency.package) {
        Some((_, module)) => (*module).to_owned(),
        None if dependency.package == "log" => "liblog_rust".to_owned(),
        None => format!("lib{}", dependency.package.replace('-', "_")),
    }
}

/// Both sides.
pub struct Project {
    /// The project's root.
    pub root: PathBuf,
    /// The modules of every Android.bp.
    pub modules: Vec<Module>,
    /// Cargo's packages.
    pub packages: Vec<Package>,
}

impl Project {
    /// Reads both.
    ///
    /// # Errors
    /// What can't be read.
    pub fn read(root: &Path) -> Result<Project, Finding> {
        let whole = |says: String| Finding { file: "Cargo.toml".into(), line: 0, says };
        let mut packages_of = packages(root, "Cargo.toml").map_err(whole)?;
        packages_of.extend(packages(root, "fuzz/Cargo.toml").map_err(whole)?);
        let mut modules = Vec::new();
        for file in blueprints(root) {
            let text = std::fs::read_to_string(root.join(&file));
            let unread =
                |error: std::io::Error| Finding { file: file.clone(), line: 0, says: error.to_string() };
            modules.extend(parse(&file, &text.map_err(unread)?)?);
        }
        Ok(Project { root: root.to_owned(), modules: inherited(modules)?, packages: packages_of })
    }

    /// Everything in which the two sides differ.
    pub fn differences(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut matched = BTreeSet::new();
        for package in &self.packages {
            if !is_left_out(package) {
                self.package(package, &mut matched, &mut found);
            }
        }
        for module in self.modules.iter().filter(|module| module.kind.starts_with("rust_")) {
            if module.kind != "rust_defaults" && !matched.contains(module.name()) {
                found.push(module.finding("name", "Cargo has no such target: expected one, or no module"));
            }
        }
        for (folder, _) in LEFT_OUT {
            if !self.packages.iter().any(|package| package.manifest.starts_with(folder)) {
                let says = format!("LEFT_OUT names {folder}: expected a package below it");
                found.push(Finding { file: "tests/soong/src/twin.rs".into(), line: 0, says });
            }
        }
        crate::others::check(&self.root, &self.modules, &mut found);
        found.sort();
        found
    }

    fn package(&self, package: &Package, matched: &mut BTreeSet<String>, found: &mut Vec<Finding>) {
        let mut unused: Vec<&Dependency> = package.dependencies.iter().collect();
        let library = package.targets.iter().find(|target| target.kind == "lib");
        for target in package.targets.iter().filter(|target| target.kind == "lib" || target.kind == "bin") {
            let is_fuzz = package.name == "trust_fuzz" && target.kind == "bin";
            if is_fuzz && FUZZ_LEFT_OUT.iter().any(|(name, _)| *name == target.name) {
                continue;
            }
            let (kind, expected) = match target.kind.as_str() {
                "lib" => ("rust_library", format!("lib{}", target.name)),
                _ if is_fuzz => ("rust_fuzz", format!("trust_fuzz_{}", target.name)),
                _ => ("rust_binary", target.name.clone()),
            };
            let Some(module) = self.find(package, kind, &expected, found) else { continue };
            matched.insert(expected);
            match sources(&self.root.join(&target.root), For::Device) {
                Ok(files) => {
                    unused.retain(|dependency| !name(&files, &dependency.name));
                    let whole = Whole { package, target, module, library, files: &files };
                    whole.check(found);
                }
                Err(says) => found.push(module.finding("srcs", says)),
            }
        }
        // The fuzz target that is left out is alone in naming Binder.
        unused.retain(|dependency| {
            package.name != "trust_fuzz" || !PLATFORMS.iter().any(|(name, _)| *name == dependency.package)
        });
        for dependency in unused {
            let says = format!(
                "{} depends on {}, which its sources don't name on Android",
                package.name, dependency.package
            );
            found.push(Finding { file: package.manifest.clone(), line: 0, says });
        }
        if let Some(library) = library {
            self.tests(package, library, matched, found);
        }
    }

    fn find(
        &self,
        package: &Package,
        kind: &str,
        expected: &str,
        found: &mut Vec<Finding>,
    ) -> Option<&Module> {
        let module = self.modules.iter().find(|module| module.kind == kind && module.name() == expected);
        if module.is_none() {
            let file =
                format!("{}Android.bp", package.manifest.strip_suffix("Cargo.toml").unwrap_or_default());
            let says = format!("no {kind} {expected}: expected one for the package {}", package.name);
            found.push(Finding { file, line: 0, says });
        }
        module
    }

    /// Unit tests are built in the tree where they need no more than the library does: what else tests are built with
    /// (proptest, p256) the tree does not vendor.
    fn tests(
        &self,
        package: &Package,
        library: &Target,
        matched: &mut BTreeSet<String>,
        found: &mut Vec<Finding>,
    ) {
        let Ok(files) = sources(&self.root.join(&library.root), For::Tests) else { return };
        let has_tests = files.iter().any(|file| file.text.contains("#[test]"));
        let is_own =
            |dependency: &Dependency| package.dependencies.iter().any(|own| own.name == dependency.name);
        let is_more = |dependency: &&Dependency| !is_own(dependency);
        let needs =
            package.for_tests.iter().filter(is_more).find(|dependency| name(&files, &dependency.name));
        let expected = format!("lib{}_test", library.name);
        match (has_tests, needs) {
            (true, None) => {
                let Some(module) = self.find(package, "rust_test", &expected, found) else { return };
                matched.insert(expected);
                let whole = Whole { package, target: library, module, library: None, files: &files };
                whole.check(found);
            }
            (_, needs) => {
                for module in self.modules.iter().filter(|module| module.name() == expected) {
                    let why = needs.map_or("it has no tests".to_owned(), |needs| {
                        format!("its tests need {}", needs.package)
                    });
                    found.push(module.finding("name", format!("expected none: {why}")));
                    matched.insert(expected.clone());
                }
            }
        }
    }
}

struct Whole<'a> {
    package: &'a Package,
    target: &'a Target,
    module: &'a Module,
    library: Option<&'a Target>,
    files: &'a [Source],
}

impl Whole<'_> {
    fn check(&self, found: &mut Vec<Finding>) {
        let Whole { package, target, module, .. } = self;
        let own: Vec<String> =
            module.texts("srcs").iter().map(|src| format!("{}{src}", module.folder())).collect();
        if own != [target.root.as_str()] {
            let says = format!("srcs is {}, expected Cargo's {}", own.join(", "), target.root);
            found.push(module.finding("srcs", says));
        }
        if module.text("edition") != Some(&target.edition) {
            let says =
                format!("edition is {:?}, expected Cargo's {:?}", module.text("edition"), target.edition);
            found.push(module.finding("edition", says));
        }
        self.crate_name(found);
        let expected: BTreeSet<&str> = if package.name == "trust_fuzz" && target.kind == "bin" {
            BTreeSet::new()
        } else {
            package.features.iter().map(String::as_str).collect()
        };
        let features: BTreeSet<&str> = module.texts("features").into_iter().collect();
        if features != expected {
            found.push(
                module
                    .finding("features", format!("features are {features:?}, expected Cargo's {expected:?}")),
            );
        }
        self.dependencies(found);
        let asks = self.files.iter().any(|file| asks_for_version(&file.text));
        let version = module.text("cargo_pkg_version");
        let expected = asks.then_some(package.version.as_str());
        if version != expected || module.is("cargo_env_compat") != asks {
            let says = format!(
                "cargo_pkg_version is {version:?}, expected {expected:?}, and cargo_env_compat with it"
            );
            found.push(module.finding("cargo_pkg_version", says));
        }
        if module.kind != "rust_fuzz" && !module.texts("flags").contains(&"-Funsafe_code") {
            found.push(
                module.finding("flags", "no -Funsafe_code: expected it, as Cargo.toml forbids unsafe_code"),
            );
        }
    }

    fn crate_name(&self, found: &mut Vec<Finding>) {
        let (module, target) = (self.module, self.target);
        let own = module.text("crate_name");
        match module.kind.as_str() {
            "rust_library" | "rust_test" if own != Some(&target.name) => {
                found.push(
                    module
                        .finding("crate_name", format!("crate_name is {own:?}, expected {:?}", target.name)),
                );
            }
            // Of two crates of one name, rustc would take them for the same (E0519).
            "rust_binary"
                if own.unwrap_or(module.name()) == self.library.map_or("", |library| &library.name) =>
            {
                found.push(module.finding("crate_name", "the library's: expected a name of its own"));
            }
            "rust_binary" if module.text("stem").unwrap_or(module.name()) != target.name => {
                found.push(module.finding("stem", format!("expected Cargo's {}", target.name)));
            }
            _ => {}
        }
    }

    fn dependencies(&self, found: &mut Vec<Finding>) {
        let (module, package) = (self.module, self.package);
        let mut expected: BTreeSet<String> = package
            .dependencies
            .iter()
            .filter(|dependency| name(self.files, &dependency.name))
            .map(module_of)
            // Soong gives it to every rust_fuzz (build/soong/rust/fuzz.go).
            .filter(|name| name != "liblibfuzzer_sys")
            .collect();
        if let Some(library) = self.library.filter(|_| self.target.kind == "bin")
            && name(self.files, &library.name)
        {
            expected.insert(format!("lib{}", library.name));
        }
        let own: BTreeSet<String> = module.texts("rustlibs").into_iter().map(str::to_owned).collect();
        for lacks in expected.difference(&own) {
            let says =
                format!("rustlibs lacks {lacks}: expected it, as {} names its crate", self.target.root);
            found.push(module.finding("rustlibs", says));
        }
        for more in own.difference(&expected) {
            let says = format!(
                "rustlibs has {more}: expected a dependency in {} on Android that the sources name",
                package.manifest
            );
            found.push(module.finding("rustlibs", says));
        }
    }
}

/// Every Android.bp that is the project's, from its root.
pub fn blueprints(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut asked = vec![PathBuf::new()];
    while let Some(folder) = asked.pop() {
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else { continue };
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            let name = entry.file_name();
            if name == "Android.bp" {
                found.push(path.display().to_string());
            } else if root.join(&path).is_dir()
                && name != "target"
                && !name.to_string_lossy().starts_with('.')
            {
                let is_data = path.starts_with("tests/devices") || path.starts_with("fuzz/seeds");
                asked.extend((!is_data).then_some(path));
            }
        }
    }
    found.sort();
    found
}

/// Modules with what they have of their defaults.
fn inherited(mut modules: Vec<Module>) -> Result<Vec<Module>, Finding> {
    let defaults: Vec<Module> =
        modules.iter().filter(|module| module.kind == "rust_defaults").cloned().collect();
    for module in &mut modules {
        let asked: Vec<String> = module.texts("defaults").into_iter().map(str::to_owned).collect();
        for asked in asked {
            let Some(given) = defaults.iter().find(|given| given.name() == asked).cloned() else {
                return Err(
                    module.finding("defaults", format!("{asked}: expected rust_defaults of that name"))
                );
            };
            for (name, property) in given.properties.into_iter().filter(|(name, _)| name != "name") {
                match (module.properties.get_mut(&name), property.value) {
                    (Some(own), Value::List(more)) => {
                        if let Value::List(own) = &mut own.value {
                            own.extend(more);
                        }
                    }
                    (Some(_), _) => {}
                    (None, value) => {
                        let line =
                            module.properties.get("defaults").map_or(module.line, |property| property.line);
                        module.properties.insert(name, crate::blueprint::Property { line, value });
                    }
                }
            }
        }
    }
    Ok(modules)
}

/// Whether a source takes its package's version from the build: by the macro, or by clap's `#[command(version)]`, which
/// asks the environment while it is expanded.
fn asks_for_version(text: &str) -> bool {
    let commands = text.split("#[command(").skip(1).filter_map(|rest| rest.split(")]").next());
    let is_derived = commands.flat_map(|command| command.split(',')).any(|word| word.trim() == "version");
    is_derived || text.contains("env!(\"CARGO_PKG_VERSION\")")
}
