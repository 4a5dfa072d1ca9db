//! From words to types. Strict: what this project's files have no use for is an error.

use super::words::{Word, words};
use super::{AidlError, Api, Argument, Declared, Enumerator, Field, Kind, Method, Type};
use std::collections::BTreeMap;

const OWN: [&str; 12] = [
    "void",
    "boolean",
    "byte",
    "char",
    "int",
    "long",
    "float",
    "double",
    "String",
    "IBinder",
    "ParcelFileDescriptor",
    "FileDescriptor",
];

struct Reader<'a> {
    file: &'a str,
    words: std::iter::Peekable<std::vec::IntoIter<Word>>,
    line: usize,
    /// Short names to full ones.
    known: BTreeMap<String, String>,
    /// The numbers of enums that were read already: `TagType.ENUM`.
    numbers: &'a BTreeMap<String, i64>,
    constants: Vec<Field>,
}

pub fn all(texts: &[(String, String)]) -> Result<Api, AidlError> {
    let stem =
        |file: &str| file.rsplit('/').next().and_then(|name| name.strip_suffix(".aidl")).map(str::to_owned);
    let none = BTreeMap::new();
    let mut siblings: Vec<(String, String)> = Vec::new();
    for (file, text) in texts {
        let package = Reader::of(file, text, &none)?.package()?;
        siblings.extend(stem(file).map(|name| (package, name)));
    }
    let (mut api, mut numbers) = (Api::new(), BTreeMap::new());
    let mut asked: Vec<&(String, String)> = texts.iter().collect();
    // A number may be made of another file's, which then has to be read first.
    while !asked.is_empty() {
        let mut failed = Vec::new();
        let mut first_error = None;
        let before = asked.len();
        for (file, text) in std::mem::take(&mut asked).into_iter().map(|both| (&both.0, both)) {
            match one(file, &text.1, &siblings, &numbers) {
                Ok(declared) => {
                    if let Kind::Enum(names) = &declared.kind {
                        let own = names.iter().map(|of| (format!("{}.{}", declared.name, of.name), of.value));
                        numbers.extend(own);
                    }
                    api.insert(format!("{}.{}", declared.package, declared.name), declared);
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                    failed.push(text);
                }
            }
        }
        if let Some(error) = first_error.filter(|_| failed.len() == before) {
            return Err(error);
        }
        asked = failed;
    }
    Ok(api)
}

fn one(
    file: &str,
    text: &str,
    siblings: &[(String, String)],
    numbers: &BTreeMap<String, i64>,
) -> Result<Declared, AidlError> {
    let mut reader = Reader::of(file, text, numbers)?;
    let package = reader.package()?;
    let own = siblings.iter().filter(|(other, _)| *other == package);
    reader.known.extend(own.map(|(package, name)| (name.clone(), format!("{package}.{name}"))));
    let declared = reader.declared(package)?;
    let place = format!("{}/{}.aidl", declared.package.replace('.', "/"), declared.name);
    if file != place {
        let says = format!("{}.{} in this file: expected it in {place}", declared.package, declared.name);
        return Err(AidlError { file: file.into(), line: declared.line, says });
    }
    Ok(declared)
}

impl<'a> Reader<'a> {
    fn of(file: &'a str, text: &str, numbers: &'a BTreeMap<String, i64>) -> Result<Reader<'a>, AidlError> {
        let words = words(file, text)?.into_iter().peekable();
        Ok(Reader { file, words, line: 0, known: BTreeMap::new(), numbers, constants: Vec::new() })
    }

    fn wrong(&self, says: String) -> AidlError {
        AidlError { file: self.file.into(), line: self.line, says }
    }

    fn next(&mut self, expected: &str) -> Result<String, AidlError> {
        match self.words.next() {
            Some(word) => {
                self.line = word.line;
                Ok(word.text)
            }
            None => Err(self.wrong(format!("the file ends: expected {expected}"))),
        }
    }

    fn is_next(&mut self, text: &str) -> bool {
        self.words.peek().is_some_and(|word| word.text == text)
    }

    fn take(&mut self, text: &str) -> bool {
        let is = self.is_next(text);
        if is && let Some(word) = self.words.next() {
            self.line = word.line;
        }
        is
    }

    fn sign(&mut self, sign: &str) -> Result<(), AidlError> {
        let found = self.next(sign)?;
        if found == sign { Ok(()) } else { Err(self.wrong(format!("{found}: expected {sign}"))) }
    }

    fn name(&mut self, of: &str) -> Result<String, AidlError> {
        let found = self.next(of)?;
        let is = found.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if is { Ok(found) } else { Err(self.wrong(format!("{found}: expected {of}"))) }
    }

    fn package(&mut self) -> Result<String, AidlError> {
        self.sign("package")?;
        let package = self.name("a package")?;
        self.sign(";")?;
        while self.take("import") {
            let full = self.name("a type")?;
            self.sign(";")?;
            let short = full.rsplit('.').next().unwrap_or(&full).to_owned();
            self.known.insert(short, full);
        }
        Ok(package)
    }

    fn annotations(&mut self) -> Result<Vec<String>, AidlError> {
        let mut found = Vec::new();
        while self.words.peek().is_some_and(|word| word.text.starts_with('@')) {
            let mut annotation = self.next("an annotation")?;
            if self.take("(") {
                annotation.push('(');
                while !self.is_next(")") {
                    annotation.push_str(&self.next(")")?);
                }
                self.sign(")")?;
                annotation.push(')');
            }
            found.push(annotation);
        }
        Ok(found)
    }

    fn declared(&mut self, package: String) -> Result<Declared, AidlError> {
        let annotations = self.annotations()?;
        let oneway = self.take("oneway");
        let keyword = self.next("interface, parcelable, union or enum")?;
        let name = self.name("a name")?;
        let line = self.line;
        self.sign("{")?;
        let kind = match keyword.as_str() {
            "interface" => Kind::Interface(self.members(|reader| reader.method(oneway))?),
            "parcelable" => Kind::Parcelable(self.members(Reader::field)?),
            "union" => Kind::Union(self.members(Reader::field)?),
            "enum" => Kind::Enum(self.enumerators()?),
            other => {
                return Err(self.wrong(format!("{other}: expected interface, parcelable, union or enum")));
            }
        };
        if let Some(more) = self.words.next() {
            self.line = more.line;
            return Err(self.wrong(format!("{}: expected one type a file", more.text)));
        }
        let constants = std::mem::take(&mut self.constants);
        Ok(Declared { file: self.file.into(), line, package, name, annotations, constants, kind })
    }

    fn members<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, AidlError>) -> Result<Vec<T>, AidlError> {
        let mut found = Vec::new();
        while !self.take("}") {
            if self.take("const") {
                let constant = self.field()?;
                self.constants.push(constant);
            } else {
                found.push(one(self)?);
            }
        }
        Ok(found)
    }

    fn used(&mut self) -> Result<Type, AidlError> {
        let annotations = self.annotations()?;
        let short = self.name("a type")?;
        let mut name = self.full(&short)?;
        while self.take("[") {
            let length = if self.is_next("]") { String::new() } else { self.next("a length")? };
            self.sign("]")?;
            name.push_str(&format!("[{length}]"));
        }
        Ok(Type { annotations, name })
    }

    fn full(&self, short: &str) -> Result<String, AidlError> {
        if OWN.contains(&short) || short.contains('.') {
            return Ok(short.to_owned());
        }
        self.known.get(short).cloned().ok_or_else(|| {
            self.wrong(format!("{short}: expected a type of AIDL's, of this package or imported"))
        })
    }

    fn method(&mut self, oneway: bool) -> Result<Method, AidlError> {
        let mut annotations = self.annotations()?;
        let oneway = self.take("oneway") || oneway;
        let mut gives = self.used()?;
        annotations.append(&mut gives.annotations);
        gives.annotations = annotations;
        let name = self.name("a method's name")?;
        let line = self.line;
        self.sign("(")?;
        let mut takes = Vec::new();
        while !self.take(")") {
            if !takes.is_empty() {
                self.sign(",")?;
            }
            let direction =
                ["in", "out", "inout"].into_iter().find(|word| self.take(word)).unwrap_or_default();
            let of = self.used()?;
            takes.push(Argument { direction: direction.into(), of, name: self.name("an argument's name")? });
        }
        let number = if self.take("=") { Some(self.number()?) } else { None };
        self.sign(";")?;
        Ok(Method { line, oneway, gives, name, takes, number })
    }

    fn field(&mut self) -> Result<Field, AidlError> {
        let of = self.used()?;
        let name = self.name("a field's name")?;
        let line = self.line;
        let default = if self.take("=") { Some(self.value()?) } else { None };
        self.sign(";")?;
        Ok(Field { line, of, name, default })
    }

    /// A default: a number, a text, a name of an enum, or a list of these.
    fn value(&mut self) -> Result<String, AidlError> {
        let mut value = String::new();
        while !self.is_next(";") {
            let word = self.next(";")?;
            match word.split_once('.') {
                Some((of, name)) if self.known.contains_key(of) => {
                    value.push_str(&format!("{}.{name}", self.full(of)?));
                }
                _ => value.push_str(&word),
            }
        }
        Ok(value)
    }

    fn enumerators(&mut self) -> Result<Vec<Enumerator>, AidlError> {
        let mut found: Vec<Enumerator> = Vec::new();
        while !self.take("}") {
            let name = self.name("a name")?;
            let line = self.line;
            let value = match (self.take("="), found.last()) {
                (true, _) => self.number()?,
                (false, Some(last)) => last.value + 1,
                (false, None) => 0,
            };
            found.push(Enumerator { line, name, value });
            if !self.take(",") && !self.is_next("}") {
                return Err(self.wrong("expected , or } behind a number".into()));
            }
        }
        Ok(found)
    }

    /// A number, or several with `|` and `<<` between them, from the left.
    fn number(&mut self) -> Result<i64, AidlError> {
        let mut number = self.term()?;
        loop {
            if self.take("|") {
                number |= self.term()?;
            } else if self.take("<") {
                self.sign("<")?;
                let by = self.term()?;
                let shifted = u32::try_from(by).ok().and_then(|by| number.checked_shl(by));
                number = shifted.ok_or_else(|| self.wrong(format!("{by}: expected a number of bits")))?;
            } else {
                return Ok(number);
            }
        }
    }

    fn term(&mut self) -> Result<i64, AidlError> {
        let sign = if self.take("-") { -1 } else { 1 };
        let found = self.next("a number")?;
        let number = match found.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16).ok(),
            None => found.parse::<i64>().ok().or_else(|| self.numbers.get(&found).copied()),
        };
        number.map(|number| sign * number).ok_or_else(|| self.wrong(format!("{found}: expected a number")))
    }
}
