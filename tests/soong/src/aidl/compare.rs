//! What a newer version may change of an older one. As `aidl --checkapi` (`system/tools/aidl/aidl_checkapi.cpp`), and
//! stricter in two places: every annotation counts, `@nullable` too, and a new field has its default written out.

use super::dump::{method, written};
use super::{Api, Declared, Enumerator, Field, Kind, Method};

/// How alike two versions have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// In everything.
    Equal,
    /// So that whoever was built with the older understands the newer: methods and fields may be added at the end.
    Compatible,
}

/// One change that may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file of the newer, or of the older where the newer has none.
    pub file: String,
    /// The line in it.
    pub line: usize,
    /// What it is.
    pub says: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.says)
    }
}

struct Compared<'a> {
    level: Level,
    now: &'a Declared,
    found: &'a mut Vec<Difference>,
}

/// Every change that the level does not allow.
pub fn compare(older: &Api, newer: &Api, level: Level) -> Vec<Difference> {
    let mut found = Vec::new();
    for (name, was) in older {
        match newer.get(name) {
            None => found.push(Difference {
                file: was.file.clone(),
                line: was.line,
                says: format!("the type {name} is gone: expected it to stay"),
            }),
            Some(now) => Compared { level, now, found: &mut found }.declared(was),
        }
    }
    if level == Level::Equal {
        for (name, now) in newer.iter().filter(|(name, _)| !older.contains_key(*name)) {
            let says = format!("the type {name} is new: expected none but in a new version");
            found.push(Difference { file: now.file.clone(), line: now.line, says });
        }
    }
    found
}

impl Compared<'_> {
    fn say(&mut self, line: usize, says: String) {
        self.found.push(Difference { file: self.now.file.clone(), line, says });
    }

    fn declared(mut self, was: &Declared) {
        let now = self.now;
        if was.annotations != now.annotations {
            let (was, is) = (was.annotations.join(" "), now.annotations.join(" "));
            self.say(now.line, format!("annotations of {}: {is:?}, expected {was:?}", now.name));
        }
        for old in &was.constants {
            let same =
                |new: &&Field| (&new.name, &new.of, &new.default) == (&old.name, &old.of, &old.default);
            if !now.constants.iter().any(|new| same(&new)) {
                self.say(
                    now.line,
                    format!("the constant {} is gone or changed: expected {:?}", old.name, old.default),
                );
            }
        }
        let constants = now.constants.iter().map(|new| (new.line, new.name.clone()));
        self.added(was.constants.len(), constants, "constant");
        match (&was.kind, &now.kind) {
            (Kind::Interface(was), Kind::Interface(now)) => self.methods(was, now),
            (Kind::Parcelable(was), Kind::Parcelable(now)) | (Kind::Union(was), Kind::Union(now)) => {
                self.fields(was, now);
            }
            (Kind::Enum(was), Kind::Enum(now)) => self.enumerators(was, now),
            (was, kind) => {
                let says = format!("{} is of kind {}, expected {}", now.name, kind.keyword(), was.keyword());
                self.say(now.line, says);
            }
        }
    }

    /// A method's transaction code is its place.
    fn methods(&mut self, was: &[Method], now: &[Method]) {
        for (place, old) in was.iter().enumerate() {
            let Some((at, new)) = now.iter().enumerate().find(|(_, new)| new.signature() == old.signature())
            else {
                let says =
                    format!("the method {} is gone or changed: expected `{}`", old.signature(), method(old));
                self.say(self.now.line, says);
                continue;
            };
            if at != place || old.number != new.number {
                let code = |number: Option<i64>, place: usize| match number {
                    Some(number) => format!("= {number}"),
                    None => format!("number {}", place + 1),
                };
                let (is, was) = (code(new.number, at), code(old.number, place));
                self.say(new.line, format!("the method {} is {is}, expected {was}", old.signature()));
            }
            // Arguments' names go nowhere.
            if method(&unnamed(old)) != method(&unnamed(new)) {
                self.say(new.line, format!("`{}`: expected `{}`", method(new), method(old)));
            }
        }
        self.added(was.len(), now.iter().map(|new| (new.line, new.signature())), "method");
    }

    fn fields(&mut self, was: &[Field], now: &[Field]) {
        let written = |field: &Field| {
            let default = field.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            format!("{} {}{default}", written(&field.of), field.name)
        };
        for (place, old) in was.iter().enumerate() {
            match now.get(place) {
                None => self
                    .say(self.now.line, format!("the field `{}` is gone: expected it to stay", written(old))),
                Some(new) if written(new) != written(old) => {
                    let says =
                        format!("field {}: `{}`, expected `{}`", place + 1, written(new), written(old));
                    self.say(new.line, says);
                }
                Some(_) => {}
            }
        }
        let bare = |field: &&Field| {
            field.default.is_none() && !field.of.annotations.iter().any(|a| a == "@nullable")
        };
        let is_union = matches!(self.now.kind, Kind::Union(_));
        for new in now.iter().skip(was.len()).filter(bare).filter(|_| !is_union) {
            let says = format!("the new field {}: expected a default, or @nullable", new.name);
            self.say(new.line, says);
        }
        self.added(was.len(), now.iter().map(|new| (new.line, new.name.clone())), "field");
    }

    fn enumerators(&mut self, was: &[Enumerator], now: &[Enumerator]) {
        for old in was {
            match now.iter().find(|new| new.name == old.name) {
                None => self.say(self.now.line, format!("{} is gone: expected {}", old.name, old.value)),
                Some(new) if new.value != old.value => {
                    self.say(new.line, format!("{} is {}, expected {}", old.name, new.value, old.value));
                }
                Some(_) => {}
            }
        }
        for (place, new) in now.iter().enumerate() {
            if now.iter().take(place).any(|other| other.value == new.value) {
                self.say(
                    new.line,
                    format!("{} is {} as another is: expected a number of its own", new.name, new.value),
                );
            }
        }
        self.added(was.len(), now.iter().map(|new| (new.line, new.name.clone())), "name");
    }

    fn added(&mut self, were: usize, now: impl Iterator<Item = (usize, String)>, what: &str) {
        if self.level == Level::Equal {
            for (line, name) in now.skip(were) {
                self.say(line, format!("the {what} {name} is new: expected none but in a new version"));
            }
        }
    }
}

fn unnamed(method: &Method) -> Method {
    let mut method = method.clone();
    for argument in &mut method.takes {
        argument.name.clear();
    }
    method
}
