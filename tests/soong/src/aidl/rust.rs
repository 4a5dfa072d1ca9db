//! What the Android tree's aidl makes of an interface for Rust, as far as its users see it: names, types and signatures
//! (`system/tools/aidl/generate_rust.cpp`, `aidl_to_rust.cpp`). Nothing is sent: it is for the compiler to check.

use super::{Api, Declared, Field, Kind, Method, Type};
use std::fmt::Write;

struct Writer<'a> {
    api: &'a Api,
    /// The Rust path of a package.
    place: &'a dyn Fn(&str) -> String,
    version: (i32, &'a str),
}

/// The modules of one package, a type in each, for the module of its name.
pub fn bindings(api: &Api, package: &str, place: &dyn Fn(&str) -> String, version: (i32, &str)) -> String {
    let writer = Writer { api, place, version };
    let mut text = String::new();
    for declared in api.values().filter(|declared| declared.package == package) {
        // Writing to a String can't fail.
        let _written = writer.declared(&mut text, declared);
    }
    text
}

impl Writer<'_> {
    fn declared(&self, text: &mut String, declared: &Declared) -> std::fmt::Result {
        let name = &declared.name;
        writeln!(text, "pub mod {name} {{")?;
        for constant in &declared.constants {
            let value = constant.default.as_deref().unwrap_or_default();
            writeln!(text, "pub const r#{}: {} = {value};", constant.name, self.value(&constant.of))?;
        }
        match &declared.kind {
            Kind::Enum(names) => {
                writeln!(
                    text,
                    "#[derive(Debug, Default, Copy, Clone, PartialOrd, Ord, PartialEq, Eq, Hash)]"
                )?;
                writeln!(text, "pub struct r#{name}(pub i32);\nimpl r#{name} {{")?;
                for of in names {
                    // Backed by an int; a tag's highest bit is its sign.
                    writeln!(text, "pub const r#{}: Self = Self({}u32 as i32);", of.name, of.value as u32)?;
                }
                writeln!(text, "}}")?;
            }
            Kind::Parcelable(fields) => {
                writeln!(text, "#[derive(Debug, Default{})]\npub struct r#{name} {{", derives(declared))?;
                for field in fields {
                    writeln!(text, "pub r#{}: {},", field.name, self.field(field))?;
                }
                writeln!(text, "}}")?;
            }
            Kind::Union(fields) => {
                writeln!(text, "#[derive(Debug{})]\npub enum r#{name} {{", derives(declared))?;
                for field in fields {
                    let (first, rest) = field.name.split_at_checked(1).unwrap_or_default();
                    writeln!(text, "{}{rest}({}),", first.to_uppercase(), self.field(field))?;
                }
                let first = fields.first().map(|field| field.name.as_str()).unwrap_or_default();
                let (initial, rest) = first.split_at_checked(1).unwrap_or_default();
                let first = format!("{}{rest}", initial.to_uppercase());
                writeln!(
                    text,
                    "}}\nimpl Default for {name} {{ fn default() -> Self {{ Self::{first}(Default::default()) }} }}"
                )?;
            }
            Kind::Interface(methods) => self.interface(text, name, methods)?,
        }
        writeln!(text, "}}")
    }

    fn interface(&self, text: &mut String, name: &str, methods: &[Method]) -> std::fmt::Result {
        let (version, hash) = self.version;
        writeln!(text, "pub const VERSION: i32 = {version};\npub const HASH: &str = {hash:?};")?;
        writeln!(text, "pub trait r#{name}: binder::Interface + Send {{")?;
        for method in methods {
            let gives = self.gives(&method.gives);
            let takes: String =
                method.takes.iter().map(|of| format!(", r#{}: {}", of.name, self.takes(&of.of))).collect();
            writeln!(text, "fn r#{}(&self{takes}) -> binder::Result<{gives}>;", method.name)?;
        }
        writeln!(text, "fn r#getInterfaceVersion(&self) -> binder::Result<i32> {{ Ok(VERSION) }}")?;
        writeln!(text, "fn r#getInterfaceHash(&self) -> binder::Result<String> {{ Ok(HASH.into()) }}\n}}")?;
        writeln!(text, "pub mod transactions {{")?;
        for (at, method) in methods.iter().enumerate() {
            writeln!(text, "pub const r#{}: u32 = 1 + {at};", method.name)?;
        }
        let native = format!("Bn{}", name.strip_prefix('I').unwrap_or(name));
        writeln!(
            text,
            "}}\npub struct r#{native};\nimpl r#{native} {{\n\
             pub fn new_binder<T: r#{name} + binder::Interface + Send + Sync + 'static>(inner: T, _features: \
             binder::BinderFeatures) -> binder::Strong<dyn r#{name}> {{ binder::Strong::new(Box::new(inner)) }}\n}}\n\
             impl binder::FromIBinder for dyn r#{name} {{ fn try_from(_: binder::SpIBinder) -> Result<binder::Strong<dyn \
             r#{name}>, binder::StatusCode> {{ Err(binder::StatusCode::BAD_TYPE) }} }}\n\
             impl std::fmt::Debug for dyn r#{name} {{ fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result \
             {{ f.pad(stringify!({name})) }} }}"
        )
    }

    fn is_interface(&self, name: &str) -> bool {
        self.api.get(name).is_some_and(|declared| matches!(declared.kind, Kind::Interface(_)))
    }

    /// By its value, without its brackets and whether it may be null.
    fn bare(&self, name: &str, in_array: bool) -> String {
        let own = match name {
            "void" => "()",
            "boolean" => "bool",
            "byte" if in_array => "u8",
            "byte" => "i8",
            "char" => "u16",
            "int" => "i32",
            "long" => "i64",
            "float" => "f32",
            "double" => "f64",
            "String" => "String",
            "IBinder" => "binder::SpIBinder",
            other => {
                let (package, short) = other.rsplit_once('.').unwrap_or(("", other));
                let path = format!("{}::{short}::{short}", (self.place)(package));
                return if self.is_interface(other) { format!("binder::Strong<dyn {path}>") } else { path };
            }
        };
        own.to_owned()
    }

    fn value(&self, of: &Type) -> String {
        match of.name.split_once('[') {
            Some((of, "]")) => format!("Vec<{}>", self.bare(of, true)),
            Some((of, length)) => format!("[{}; {}]", self.bare(of, true), length.trim_end_matches(']')),
            None => self.bare(&of.name, false),
        }
    }

    fn gives(&self, of: &Type) -> String {
        if is_nullable(of) { format!("Option<{}>", self.value(of)) } else { self.value(of) }
    }

    /// An object may be missing until it is set.
    fn field(&self, field: &Field) -> String {
        let is_object = self.is_interface(&field.of.name) || field.of.name == "IBinder";
        if is_object || is_nullable(&field.of) {
            format!("Option<{}>", self.value(&field.of))
        } else {
            self.value(&field.of)
        }
    }

    fn takes(&self, of: &Type) -> String {
        let is_enum = self.api.get(&of.name).is_some_and(|declared| matches!(declared.kind, Kind::Enum(_)));
        let is_small =
            ["boolean", "byte", "char", "int", "long", "float", "double"].contains(&of.name.as_str());
        let borrowed = match of.name.split_once('[') {
            Some((of, "]")) => format!("&[{}]", self.bare(of, true)),
            _ if is_enum || is_small => self.value(of),
            _ if of.name == "String" => "&str".to_owned(),
            _ => format!("&{}", self.value(of)),
        };
        if is_nullable(of) { format!("Option<{borrowed}>") } else { borrowed }
    }
}

fn is_nullable(of: &Type) -> bool {
    of.annotations.iter().any(|annotation| annotation.starts_with("@nullable"))
}

/// What `@RustDerive` names; nothing else is derived but Debug.
fn derives(declared: &Declared) -> String {
    let asked = declared.annotations.iter().find_map(|annotation| annotation.strip_prefix("@RustDerive("));
    let each = asked.into_iter().flat_map(|asked| asked.trim_end_matches(')').split(','));
    each.filter_map(|one| one.strip_suffix("=true")).map(|one| format!(", {one}")).collect()
}
