//! Blueprint files, as far as this project writes them: modules and their properties. Variables, `+` and `select` are
//! errors, as is a property that a module type is not known to have: `bpfix` says nothing of those.

use std::collections::BTreeMap;

/// Why a file can't be read, or what of it can't be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}:{line}: {says}")]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 where it is the file as a whole.
    pub line: usize,
    /// What was found, and what was expected.
    pub says: String,
}

/// One module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The file that it stands in, from the project's root.
    pub file: String,
    /// The line of its type.
    pub line: usize,
    /// `rust_library` and the like.
    pub kind: String,
    /// What it says of itself.
    pub properties: BTreeMap<String, Property>,
}

/// A property and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The line of its name.
    pub line: usize,
    /// What it is.
    pub value: Value,
}

/// What a property is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(BTreeMap<String, Property>),
}

impl Module {
    /// Its name; empty where it has none (`package`).
    pub fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// The folder of its file, from the project's root, with a slash behind it; empty for the root.
    pub fn folder(&self) -> &str {
        self.file.strip_suffix("Android.bp").unwrap_or_default()
    }

    /// A text.
    pub fn text(&self, property: &str) -> Option<&str> {
        match &self.properties.get(property)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A list's texts; none where it is not there.
    pub fn texts(&self, property: &str) -> Vec<&str> {
        match self.properties.get(property).map(|property| &property.value) {
            Some(Value::List(values)) => values
                .iter()
                .filter_map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it is true.
    pub fn is(&self, property: &str) -> bool {
        self.properties.get(property).is_some_and(|property| property.value == Value::Bool(true))
    }

    /// A finding at a property, or at the module where it has none of that name.
    pub fn finding(&self, property: &str, says: impl std::fmt::Display) -> Finding {
        let line = self.properties.get(property).map_or(self.line, |property| property.line);
        Finding { file: self.file.clone(), line, says: format!("{} {}: {says}", self.kind, self.name()) }
    }
}

/// The properties that a module may have here, by its type.
const KNOWN: [(&str, &[&str]); 9] = [
    ("package", &["default_applicable_licenses", "default_visibility"]),
    ("license", &["name", "visibility", "license_kinds", "license_text"]),
    (
        "rust_defaults",
        &["name", "visibility", "edition", "lints", "clippy_lints", "flags", "system_ext_specific"],
    ),
    (
        "rust_library",
        &[
            "name",
            "defaults",
            "crate_name",
            "srcs",
            "features",
            "rustlibs",
            "cargo_env_compat",
            "cargo_pkg_version",
        ],
    ),
    (
        "rust_binary",
        &[
            "name",
            "defaults",
            "crate_name",
            "stem",
            "srcs",
            "features",
            "rustlibs",
            "cargo_env_compat",
            "cargo_pkg_version",
            "prefer_rlib",
            "init_rc",
        ],
    ),
    (
        "rust_test",
        &["name", "defaults", "crate_name", "srcs", "features", "rustlibs", "test_suites", "auto_gen_config"],
    ),
    ("rust_fuzz", &["name", "edition", "srcs", "rustlibs", "corpus"]),
    (
        "aidl_interface",
        &["name", "srcs", "backend", "versions_with_info", "frozen", "system_ext_specific", "visibility"],
    ),
    (
        "android_app",
        &[
            "name",
            "srcs",
            "manifest",
            "resource_dirs",
            "static_libs",
            "platform_apis",
            "privileged",
            "certificate",
            "system_ext_specific",
            "required",
            "optimize",
        ],
    ),
];

/// Reads a file.
///
/// # Errors
/// The first thing in it that is not as it is known here.
pub fn parse(file: &str, text: &str) -> Result<Vec<Module>, Finding> {
    let mut reader = Reader { file, words: words(file, text)?.into_iter().peekable(), line: 1 };
    let mut modules = Vec::new();
    while let Some((line, kind)) = reader.words.next() {
        reader.line = line;
        let known = KNOWN.iter().find(|(known, _)| *known == kind).map(|(_, properties)| *properties);
        let known = known.or((kind == "prebuilt_etc").then_some(&[
            "name",
            "src",
            "relative_install_path",
            "system_ext_specific",
        ]));
        let Some(known) = known else {
            return Err(reader.wrong(format!("{kind}: expected a type of module that is known here")));
        };
        reader.sign("{")?;
        let properties = reader.map()?;
        if let Some((name, property)) = properties.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            let says = format!("{kind} has {name}: expected one of {}", known.join(", "));
            return Err(Finding { file: file.into(), line: property.line, says });
        }
        modules.push(Module { file: file.into(), line, kind, properties });
    }
    Ok(modules)
}

struct Reader<'a> {
    file: &'a str,
    words: std::iter::Peekable<std::vec::IntoIter<(usize, String)>>,
    line: usize,
}

impl Reader<'_> {
    fn wrong(&self, says: String) -> Finding {
        Finding { file: self.file.into(), line: self.line, says }
    }

    fn next(&mut self, expected: &str) -> Result<String, Finding> {
        let Some((line, word)) = self.words.next() else {
            return Err(self.wrong(format!("the file ends: expected {expected}")));
        };
        self.line = line;
        Ok(word)
    }

    fn sign(&mut self, sign: &str) -> Result<(), Finding> {
        let found = self.next(sign)?;
        if found == sign { Ok(()) } else { Err(self.wrong(format!("{found}: expected {sign}"))) }
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = self.words.peek().is_some_and(|(_, word)| word == sign);
        if is && let Some((line, _)) = self.words.next() {
            self.line = line;
        }
        is
    }

    fn map(&mut self) -> Result<BTreeMap<String, Property>, Finding> {
        let mut map = BTreeMap::new();
        while !self.take("}") {
            let name = self.next("}")?;
            let line = self.line;
            if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
                return Err(self.wrong(format!("{name}: expected a property or }}")));
            }
            self.sign(":")?;
            let value = self.value()?;
            if map.insert(name.clone(), Property { line, value }).is_some() {
                return Err(Finding { file: self.file.into(), line, says: format!("{name}: expected once") });
            }
            if !self.take(",") && self.words.peek().is_none_or(|(_, word)| word != "}") {
                return Err(self.wrong(format!("{name}: expected , or }} behind it")));
            }
        }
        Ok(map)
    }

    fn value(&mut self) -> Result<Value, Finding> {
        let word = self.next("a value")?;
        match word.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "{" => self.map().map(Value::Map),
            "[" => {
                let mut values = Vec::new();
                while !self.take("]") {
                    values.push(self.value()?);
                    if !self.take(",") && self.words.peek().is_none_or(|(_, word)| word != "]") {
                        return Err(self.wrong("expected , or ] behind a value".into()));
                    }
                }
                Ok(Value::List(values))
            }
            text => match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                Some(text) => Ok(Value::Text(text.into())),
                None => Err(self.wrong(format!("{text}: expected a text, a list, a map, true or false"))),
            },
        }
    }
}

fn words(file: &str, text: &str) -> Result<Vec<(usize, String)>, Finding> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        let wrong = |says: String| Finding { file: file.into(), line: number + 1, says };
        while let Some(first) = rest.chars().next().filter(|_| !rest.starts_with("//")) {
            let length = if first == '"' {
                let end = rest.char_indices().skip(1).find(|(_, c)| *c == '"' || *c == '\\');
                match end {
                    Some((at, '"')) => at + 1,
                    _ => {
                        return Err(wrong(
                            "a text: expected \" at its end, in the same line, and no \\".into(),
                        ));
                    }
                }
            } else if first.is_ascii_alphabetic() {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                rest.find(|c: char| !is_name(c)).unwrap_or(rest.len())
            } else if "{}[]:,".contains(first) {
                1
            } else {
                return Err(wrong(format!(
                    "{first}: expected a Blueprint file without variables and operators"
                )));
            };
            let (word, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
            found.push((number + 1, word.to_owned()));
            rest = behind.trim_start();
        }
    }
    Ok(found)
}
