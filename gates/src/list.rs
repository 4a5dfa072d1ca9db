//! Lists of values that a rule compares with.

use std::fmt;
use trust_evidence::{Names, Type, Value};

/// The operand of `one_of`, `none_of`, `subset_of` and `disjoint_from`. Names may end in `*`, which stands for
/// any rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Values that are not names.
    values: Vec<Value>,
    /// Whole names, in order.
    exact: Vec<Box<str>>,
    /// Beginnings of names.
    prefixes: Vec<Box<str>>,
}

impl List {
    /// Reads a list for signals of type `ty`: elements are of that type, names for a set of names.
    pub fn from_toml(ty: &Type, value: &toml::Value) -> Option<List> {
        let element = if *ty == Type::Names { &Type::Name } else { ty };
        let mut list = List::default();
        for item in value.as_array()? {
            match element.from_toml(item)? {
                Value::Name(name) => match name.strip_suffix('*') {
                    Some(prefix) => list.prefixes.push(prefix.into()),
                    None => list.exact.push(name),
                },
                value => list.values.push(value),
            }
        }
        list.exact.sort_unstable();
        Some(list)
    }

    /// This list with the entries of another.
    pub fn and(mut self, other: List) -> List {
        self.values.extend(other.values);
        self.exact.extend(other.exact);
        self.exact.sort_unstable();
        self.prefixes.extend(other.prefixes);
        self
    }

    /// Whether a single value is in the list. A set of names never is.
    pub fn contains(&self, value: &Value) -> bool {
        match value {
            Value::Name(name) => self.matches(name),
            value => self.values.contains(value),
        }
    }

    /// The names that are not in the list.
    pub fn outside<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = &'a str> {
        names.iter().filter(|name| !self.matches(name))
    }

    /// Whether every name is in the list. Both are sorted, so this walks each once.
    pub fn covers(&self, names: &Names) -> bool {
        let mut exact = self.exact.iter().peekable();
        names.iter().all(|name| {
            while exact.next_if(|entry| ***entry < *name).is_some() {}
            exact.peek().is_some_and(|entry| ***entry == *name) || self.starts(name)
        })
    }

    /// The names that are in the list.
    pub fn inside<'a>(&'a self, names: &'a Names) -> impl Iterator<Item = &'a str> {
        names.iter().filter(|name| self.matches(name))
    }

    /// Whether no name is in the list.
    pub fn avoids(&self, names: &Names) -> bool {
        self.inside(names).next().is_none()
    }

    fn matches(&self, name: &str) -> bool {
        self.exact.binary_search_by(|entry| (**entry).cmp(name)).is_ok() || self.starts(name)
    }

    fn starts(&self, name: &str) -> bool {
        self.prefixes.iter().any(|prefix| name.starts_with(&**prefix))
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.iter().map(ToString::to_string);
        let exact = self.exact.iter().map(ToString::to_string);
        let prefixes = self.prefixes.iter().map(|prefix| format!("{prefix}*"));
        let all: Vec<String> = values.chain(exact).chain(prefixes).collect();
        f.write_str(if all.is_empty() { "none" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}
