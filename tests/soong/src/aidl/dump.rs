//! A type as the Android tree writes frozen versions: without comments and imports, every name in full
//! (`system/tools/aidl/aidl_dumpapi.cpp`). Its preamble is left out: it is no part of what is compared.

use super::{Argument, Declared, Kind, Method, Type};
use std::fmt::Write;

/// The text of its file.
pub fn dump(declared: &Declared) -> String {
    let mut text = format!("package {};\n", declared.package);
    if !declared.annotations.is_empty() {
        text.push_str(&format!("{}\n", declared.annotations.join(" ")));
    }
    text.push_str(&format!("{} {} {{\n", declared.kind.keyword(), declared.name));
    // Writing to a String can't fail.
    let _written = members(&mut text, &declared.kind);
    for constant in &declared.constants {
        let value = constant.default.as_deref().unwrap_or_default();
        text.push_str(&format!("  const {} {} = {value};\n", written(&constant.of), constant.name));
    }
    text.push_str("}\n");
    text
}

fn members(text: &mut String, kind: &Kind) -> std::fmt::Result {
    match kind {
        Kind::Interface(methods) => methods.iter().try_for_each(|of| writeln!(text, "  {};", method(of))),
        Kind::Parcelable(fields) | Kind::Union(fields) => fields.iter().try_for_each(|field| {
            let default = field.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            writeln!(text, "  {} {}{default};", written(&field.of), field.name)
        }),
        Kind::Enum(names) => names.iter().try_for_each(|of| writeln!(text, "  {} = {},", of.name, of.value)),
    }
}

/// A method in a line.
pub(super) fn method(method: &Method) -> String {
    let takes: Vec<String> = method.takes.iter().map(argument).collect();
    let oneway = if method.oneway { "oneway " } else { "" };
    let number = method.number.map(|number| format!(" = {number}")).unwrap_or_default();
    format!("{oneway}{} {}({}){number}", written(&method.gives), method.name, takes.join(", "))
}

fn argument(argument: &Argument) -> String {
    let direction =
        if argument.direction.is_empty() { String::new() } else { format!("{} ", argument.direction) };
    format!("{direction}{} {}", written(&argument.of), argument.name)
}

/// A type with its annotations.
pub(super) fn written(of: &Type) -> String {
    of.annotations.iter().map(String::as_str).chain([of.name.as_str()]).collect::<Vec<_>>().join(" ")
}
