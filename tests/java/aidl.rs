//! Reads the AIDL that this repository's interface is written in: a part of the language, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;

/// A type as a field or an argument names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// `int`, `String`, `GateId`, ...
    pub name: String,
    /// `None`: one; `Some(None)`: an array; `Some(Some(n))`: an array of `n`.
    pub array: Option<Option<usize>>,
    /// Whether it may be null.
    pub nullable: bool,
}

/// A field of a parcelable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its type.
    pub ty: Type,
    /// Its name.
    pub name: String,
    /// Its default, as it is written.
    pub default: Option<String>,
}

/// A method of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// What it answers; `None` for `void`.
    pub answers: Option<Type>,
    /// Its name.
    pub name: String,
    /// Its arguments, all of which go in.
    pub arguments: Vec<(Type, String)>,
}

/// What a file declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A parcelable with its fields.
    Parcelable(Vec<Field>),
    /// An enum over `int` with its values.
    Enum(Vec<(String, i32)>),
    /// An interface, and whether it is oneway.
    Interface(bool, Vec<Method>),
}

/// Every file of a folder, by the name that it declares.
pub fn read(folder: &Path) -> Result<BTreeMap<String, Item>, String> {
    let mut items = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (name, item) = parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        if path.file_stem().is_none_or(|stem| *stem != *name) {
            return Err(format!("{}: declares {name}: expected the file's own name", path.display()));
        }
        items.insert(name, item);
    }
    Ok(items)
}

/// One file: its name and what it declares.
pub fn parse(text: &str) -> Result<(String, Item), String> {
    let mut tokens = Tokens(tokens(text)?);
    tokens.word("package")?;
    tokens.until(";")?;
    while tokens.take("import") {
        tokens.until(";")?;
    }
    let backing = tokens.take("@");
    if backing {
        for token in ["Backing", "(", "type", "=", "\"int\"", ")"] {
            tokens.word(token)?;
        }
    }
    let oneway = tokens.take("oneway");
    let kind = tokens.next()?;
    let name = tokens.next()?;
    tokens.word("{")?;
    let item = match kind.as_str() {
        "parcelable" if !backing && !oneway => Item::Parcelable(tokens.list(Tokens::field)?),
        "enum" if backing && !oneway => Item::Enum(tokens.list(Tokens::value)?),
        "interface" if !backing => Item::Interface(oneway, tokens.list(Tokens::method)?),
        _ => return Err(format!("{kind}: expected a parcelable, an enum with @Backing or an interface")),
    };
    match tokens.0.pop() {
        None => Ok((name, item)),
        Some(token) => Err(format!("{token}: expected the end of the file")),
    }
}

/// Words, texts and signs, last first.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let skips = [("/*", "*/"), ("//", "\n")];
        if let Some((opens, closes)) = skips.iter().find(|(opens, _)| rest.starts_with(opens)) {
            let inside = rest.strip_prefix(opens).unwrap_or_default();
            rest = inside.split_once(closes).ok_or(format!("{opens}: expected {closes} after it"))?.1;
        } else {
            let is_part = |c: char| c.is_alphanumeric() || "_.-".contains(c);
            let length = match first {
                '"' => rest.split('"').nth(1).ok_or("\": expected another after it")?.len() + 2,
                _ => rest.find(|c| !is_part(c)).unwrap_or(rest.len()).max(first.len_utf8()),
            };
            let (token, after) = rest.split_at(length);
            found.push(token.to_owned());
            rest = after;
        }
        rest = rest.trim_start();
    }
    found.reverse();
    Ok(found)
}

struct Tokens(Vec<String>);

impl Tokens {
    fn next(&mut self) -> Result<String, String> {
        self.0.pop().ok_or_else(|| "the file ends: expected more".into())
    }

    fn take(&mut self, token: &str) -> bool {
        let is_next = self.0.last().is_some_and(|next| next == token);
        is_next && self.0.pop().is_some()
    }

    fn word(&mut self, token: &str) -> Result<(), String> {
        match self.next()? {
            next if next == token => Ok(()),
            next => Err(format!("{next}: expected {token}")),
        }
    }

    fn until(&mut self, token: &str) -> Result<String, String> {
        let mut all = String::new();
        loop {
            match self.next()? {
                next if next == token => return Ok(all),
                next => all.push_str(&next),
            }
        }
    }

    fn list<T>(&mut self, one: fn(&mut Tokens) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut all = Vec::new();
        while !self.take("}") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn ty(&mut self) -> Result<Type, String> {
        let nullable = self.take("@");
        if nullable {
            self.word("nullable")?;
        }
        let name = self.next()?;
        let array = match self.take("[") {
            false => None,
            true => Some(match self.until("]")?.as_str() {
                "" => None,
                size => Some(size.parse().map_err(|_| format!("[{size}]: expected a number"))?),
            }),
        };
        Ok(Type { name, array, nullable })
    }

    fn field(&mut self) -> Result<Field, String> {
        let (ty, name) = (self.ty()?, self.next()?);
        let default = self.take("=").then(|| self.next()).transpose()?;
        self.word(";")?;
        Ok(Field { ty, name, default })
    }

    fn value(&mut self) -> Result<(String, i32), String> {
        let name = self.next()?;
        self.word("=")?;
        let value = self.next()?;
        self.word(",")?;
        Ok((name, value.parse().map_err(|_| format!("{value}: expected a number"))?))
    }

    fn method(&mut self) -> Result<Method, String> {
        let answers = (!self.take("void")).then(|| self.ty()).transpose()?;
        let name = self.next()?;
        self.word("(")?;
        let mut arguments = Vec::new();
        while !self.take(")") {
            self.take("in");
            arguments.push((self.ty()?, self.next()?));
            if !self.take(",") {
                self.word(")")?;
                break;
            }
        }
        self.word(";")?;
        Ok(Method { answers, name, arguments })
    }
}
