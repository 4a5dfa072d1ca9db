//! The signal catalogue: every fact that a gate can read, declared once, as data.

use crate::load::{LoadError, from_toml};
use crate::source::{Origin, Sensitivity, Source};
use crate::value::Type;
use crate::{Class, Outcome, Value};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use toml::Spanned;

/// The files of the built-in catalogue, one a gate whose rows they serve.
const FILES: [(&str, &str); 10] = [
    ("core/evidence/catalogue/01-build.toml", include_str!("../catalogue/01-build.toml")),
    ("core/evidence/catalogue/02-boot.toml", include_str!("../catalogue/02-boot.toml")),
    ("core/evidence/catalogue/03-runtime.toml", include_str!("../catalogue/03-runtime.toml")),
    ("core/evidence/catalogue/04-platform.toml", include_str!("../catalogue/04-platform.toml")),
    ("core/evidence/catalogue/05-network.toml", include_str!("../catalogue/05-network.toml")),
    ("core/evidence/catalogue/06-applications.toml", include_str!("../catalogue/06-applications.toml")),
    ("core/evidence/catalogue/07-privacy.toml", include_str!("../catalogue/07-privacy.toml")),
    ("core/evidence/catalogue/08-management.toml", include_str!("../catalogue/08-management.toml")),
    ("core/evidence/catalogue/09-updates.toml", include_str!("../catalogue/09-updates.toml")),
    ("core/evidence/catalogue/10-monitoring.toml", include_str!("../catalogue/10-monitoring.toml")),
];

/// A signal's place in the catalogue it was declared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalIx(u16);

impl SignalIx {
    /// As an index into arrays that hold one entry a signal.
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// One fact from one source.
#[derive(Clone, Debug)]
pub struct Signal {
    /// `<source>.<fact>`, unique: `bootconfig.verified_boot_state`.
    pub id: Box<str>,
    /// The subject it belongs to: a [`Row`]'s id.
    pub row: Box<str>,
    /// What it says, in one line.
    pub doc: Box<str>,
    /// The type of its values.
    pub ty: Type,
    /// The strongest class that a reading of it can reach.
    pub ceiling: Class,
    /// Who writes it.
    pub origin: Origin,
    /// Where it is read.
    pub source: Source,
    /// How many seconds an observation stays fresh; `None` where it holds for the whole boot.
    pub fresh_for: Option<i64>,
    /// Who may see its value.
    pub sensitivity: Sensitivity,
    /// The SELinux type, group or permission that reading it needs on a device.
    pub needs: Box<str>,
    /// What it says on the sample production device: the good baseline of the gates' cases, and the reference
    /// against which forge cost is measured.
    pub example: Outcome,
    /// What it means that a setting has no entry, where that is documented.
    pub default: Option<Value>,
    /// What the source's own words are called here.
    map: BTreeMap<Box<str>, Box<str>>,
}

/// A subject of the catalogue: signals of several sources that bear on one question.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// `<gate>.<number>`.
    pub id: Box<str>,
    /// The subject, in a few words.
    pub title: Box<str>,
    /// Why no signal stands for it, where none does.
    pub left_out: Option<Box<str>>,
}

/// Every signal, by place and by id.
#[derive(Debug)]
pub struct Catalogue {
    rows: Vec<Row>,
    signals: Vec<Signal>,
    by_id: HashMap<Box<str>, SignalIx>,
}

impl Catalogue {
    /// The built-in catalogue. An error here is a defect of this build, and a test finds it.
    pub fn built_in() -> Result<Catalogue, LoadError> {
        Self::load(FILES)
    }

    /// Loads catalogue files: pairs of a file's name and its text.
    pub fn load<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Catalogue, LoadError> {
        let mut catalogue = Catalogue { rows: Vec::new(), signals: Vec::new(), by_id: HashMap::new() };
        for (file, text) in files {
            catalogue.add(file, text)?;
        }
        Ok(catalogue)
    }

    fn add(&mut self, file: &str, text: &str) -> Result<(), LoadError> {
        let raw: RawFile = from_toml(file, text)?;
        let error = |span, message: String| LoadError::at(file, text, span, message);
        self.rows.extend(raw.row);
        for signal in raw.signal {
            let span = signal.id.span();
            let rows = || self.rows.iter();
            let id: Box<str> = signal.id.as_ref().as_str().into();
            if id.split_once('.').is_none_or(|(source, fact)| source.is_empty() || fact.is_empty()) {
                return Err(error(span, format!("signal \"{id}\": expected <source>.<fact>")));
            }
            if !rows().any(|row| *row.id == *signal.row.as_ref() && row.left_out.is_none()) {
                let message = format!(
                    "row \"{}\": expected a [[row]] of this file that is not left out",
                    signal.row.as_ref()
                );
                return Err(error(signal.row.span(), message));
            }
            let index = u16::try_from(self.signals.len()).map(SignalIx);
            let Ok(index) = index else {
                return Err(error(span, "more signals than an index can hold".into()));
            };
            if self.by_id.insert(id, index).is_some() {
                return Err(error(span, format!("signal \"{}\" is declared twice", signal.id.as_ref())));
            }
            self.signals.push(signal.compile(error)?);
        }
        Ok(())
    }

    /// How many signals there are.
    pub fn len(&self) -> usize {
        self.signals.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.signals.is_empty()
    }

    /// The signal with this id.
    pub fn find(&self, id: &str) -> Option<SignalIx> {
        self.by_id.get(id).copied()
    }

    /// A signal's declaration. `None` for an index of another catalogue.
    pub fn signal(&self, ix: SignalIx) -> Option<&Signal> {
        self.signals.get(ix.index())
    }

    /// A signal's id, or `?` for an index of another catalogue.
    pub fn id(&self, ix: SignalIx) -> &str {
        self.signal(ix).map_or("?", |signal| &signal.id)
    }

    /// Every signal in order.
    pub fn iter(&self) -> impl Iterator<Item = (SignalIx, &Signal)> {
        (0..).map(SignalIx).zip(&self.signals)
    }

    /// Every row in order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

impl Signal {
    /// Reads the source's text for this signal: its own words mapped to ours, then parsed as its type.
    pub fn parse(&self, text: &str) -> Option<Value> {
        self.ty.parse(self.map.get(text).map_or(text, AsRef::as_ref))
    }

    /// A value in the source's own word, where it has another: `orange` for unverified.
    pub fn native(&self, value: &Value) -> Option<&str> {
        let value = value.to_string();
        self.map.iter().find(|(_, canonical)| ***canonical == *value).map(|(native, _)| &**native)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    row: Vec<Row>,
    #[serde(default)]
    signal: Vec<RawSignal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSignal {
    id: Spanned<String>,
    row: Spanned<String>,
    doc: Box<str>,
    #[serde(rename = "type")]
    ty: Spanned<String>,
    #[serde(default)]
    words: Vec<Box<str>>,
    #[serde(default)]
    map: BTreeMap<Box<str>, Box<str>>,
    class: Class,
    origin: Origin,
    source: Source,
    fresh_for: Option<Spanned<String>>,
    #[serde(default)]
    sensitivity: Sensitivity,
    example: Spanned<toml::Value>,
    default: Option<Spanned<String>>,
    needs: Box<str>,
}

impl RawSignal {
    fn compile(
        self,
        error: impl Fn(std::ops::Range<usize>, String) -> LoadError,
    ) -> Result<Signal, LoadError> {
        let name = self.ty.as_ref().as_str();
        if (name == "word") == self.words.is_empty() {
            return Err(error(
                self.ty.span(),
                format!("type \"{name}\": expected `words` with type \"word\" and nowhere else"),
            ));
        }
        let ty = match name {
            "bool" => Type::Bool,
            "int" => Type::Int,
            "word" => Type::Word(self.words.into()),
            "digest" => Type::Digest(32),
            "month" => Type::Month,
            "time" => Type::Time,
            "version" => Type::Version,
            "name" => Type::Name,
            "names" => Type::Names,
            other => {
                let message = format!(
                    "type \"{other}\": expected bool, int, word, digest, month, time, version, name or names"
                );
                return Err(error(self.ty.span(), message));
            }
        };
        if let Some(bad) = self.map.values().find(|canonical| ty.parse(canonical).is_none()) {
            return Err(error(self.id.span(), format!("map gives \"{bad}\": expected {}", ty.expects())));
        }
        let default = match &self.default {
            None => None,
            Some(text) => {
                let value = ty.parse(text.as_ref()).filter(|_| matches!(self.source, Source::Setting(..)));
                Some(value.ok_or_else(|| {
                    let message =
                        format!("default = \"{}\": expected {}, for a setting", text.as_ref(), ty.expects());
                    error(text.span(), message)
                })?)
            }
        };
        let example = match self.example.as_ref() {
            toml::Value::String(text) if text == "absent" => Outcome::Absent,
            value => match ty.from_toml(value) {
                Some(value) => Outcome::Seen(value),
                None => {
                    let message = format!("example = {value}: expected \"absent\" or {}", ty.expects());
                    return Err(error(self.example.span(), message));
                }
            },
        };
        let fresh_for = match self.fresh_for {
            None => None,
            Some(text) => Some(seconds(text.as_ref()).ok_or_else(|| {
                error(
                    text.span(),
                    format!("fresh_for = \"{}\": expected a number with s, m, h or d", text.as_ref()),
                )
            })?),
        };
        Ok(Signal {
            id: self.id.into_inner().into(),
            row: self.row.into_inner().into(),
            doc: self.doc,
            ty,
            ceiling: self.class,
            origin: self.origin,
            source: self.source,
            fresh_for,
            sensitivity: self.sensitivity,
            needs: self.needs,
            example,
            default,
            map: self.map,
        })
    }
}

/// Seconds of a duration such as `90s`, `10m`, `24h` or `7d`.
fn seconds(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u32 = text.get(..text.len() - 1)?.parse().ok()?;
    i64::from(number).checked_mul(unit).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_loads_and_every_row_has_a_signal_or_a_reason() {
        let catalogue = Catalogue::built_in().unwrap_or_else(|error| panic!("{error}"));
        for row in catalogue.rows() {
            let signals = catalogue.iter().filter(|(_, signal)| signal.row == row.id).count();
            assert_eq!(signals == 0, row.left_out.is_some(), "row {}", row.id);
        }
    }

    #[test]
    fn a_bad_declaration_is_refused_with_its_line() {
        let row = "[[row]]\nid = \"1.1\"\ntitle = \"x\"\n";
        let good = "[[signal]]\nid = \"a.b\"\nrow = \"1.1\"\ndoc = \"d\"\ntype = \"int\"\nclass = \"I\"\n\
                    origin = \"init\"\nsource = { property = \"x\" }\nexample = 1\nneeds = \"none\"\n";
        let load = |text: &str| Catalogue::load([("c.toml", text)]);
        assert!(load(&format!("{row}{good}")).is_ok());
        for (from, to, line) in [
            ("\"a.b\"", "\"ab\"", 5),
            ("\"1.1\"\ndoc", "\"9.9\"\ndoc", 6),
            ("\"int\"", "\"integer\"", 8),
            ("\"int\"", "\"word\"", 8),
            ("\"I\"", "\"Z\"", 9),
            ("\"init\"", "\"nobody\"", 10),
            ("property", "prop", 11),
            ("example = 1", "example = \"one\"", 12),
            ("needs", "need", 13),
        ] {
            let error = load(&format!("{row}{}", good.replace(from, to))).unwrap_err();
            assert_eq!(error.line(), Some(line), "{error}");
        }
        assert!(load(&format!("{row}{good}{good}")).unwrap_err().to_string().contains("declared twice"));
    }
}
