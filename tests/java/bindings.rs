//! Writes the Java that a compiler of AIDL makes of the interface: the same names, types, order and transaction codes,
//! as far as the apps here use them (no version, no hash, no default implementation).

use super::aidl::{Field, Item, Method, Type};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What the classes are in.
const PACKAGE: &str = "com.enigm.trust";

/// A class for every item, by its name.
pub fn write(items: &BTreeMap<String, Item>) -> Result<BTreeMap<String, String>, String> {
    let all = items.iter().map(|(name, item)| {
        let body = match item {
            Item::Enum(values) => constants(name, values),
            Item::Parcelable(fields) => parcelable(items, name, fields)?,
            Item::Interface(oneway, methods) => interface(items, name, *oneway, methods)?,
        };
        Ok((name.clone(), format!("package {PACKAGE};\n\n{body}")))
    });
    all.collect()
}

fn constants(name: &str, values: &[(String, i32)]) -> String {
    let values = values.iter().fold(String::new(), |mut all, (value, number)| {
        let _ = writeln!(all, "  int {value} = {number};");
        all
    });
    format!("public @interface {name} {{\n{values}}}\n")
}

/// How Java spells a type, and writes and reads it.
struct Spelled {
    java: String,
    write: String,
    read: String,
}

fn spell(items: &BTreeMap<String, Item>, ty: &Type, value: &str, flags: &str) -> Result<Spelled, String> {
    let own = items.get(&ty.name);
    let (java, kind) = match (ty.name.as_str(), own) {
        (_, Some(Item::Enum(_))) => ("int", "Int"),
        (name, Some(Item::Parcelable(_))) => (name, "Typed"),
        ("int", _) => ("int", "Int"),
        ("long", _) => ("long", "Long"),
        ("boolean", _) => ("boolean", "Boolean"),
        ("byte", _) => ("byte", "Byte"),
        ("String", _) => ("String", "String"),
        ("IBinder", _) => ("android.os.IBinder", "StrongBinder"),
        (name, _) => return Err(format!("{name}: expected a type that this interface has")),
    };
    let (write, read) = match (kind, ty.array) {
        ("Typed", None) => {
            (format!("writeTypedObject({value}, {flags})"), format!("readTypedObject({java}.CREATOR)"))
        }
        ("Typed", Some(None)) => {
            (format!("writeTypedArray({value}, {flags})"), format!("createTypedArray({java}.CREATOR)"))
        }
        ("Byte", Some(Some(size))) => (
            format!("writeFixedArray({value}, {flags}, {size})"),
            format!("createFixedArray(byte[].class, {size})"),
        ),
        ("Int" | "String" | "Byte", Some(None)) => {
            (format!("write{kind}Array({value})"), format!("create{kind}Array()"))
        }
        ("Int" | "Long" | "Boolean" | "String" | "StrongBinder", None) => {
            (format!("write{kind}({value})"), format!("read{kind}()"))
        }
        _ => return Err(format!("{ty:?}: expected a shape that this interface has")),
    };
    let java = if ty.array.is_some() { format!("{java}[]") } else { java.to_owned() };
    Ok(Spelled { java, write, read })
}

fn parcelable(items: &BTreeMap<String, Item>, name: &str, fields: &[Field]) -> Result<String, String> {
    let (mut declared, mut writes, mut reads) = (String::new(), String::new(), String::new());
    for field in fields {
        let spelled = spell(items, &field.ty, &field.name, "flags")?;
        let default = field.default.as_ref().map_or(String::new(), |value| format!(" = {value}"));
        let _ = writeln!(declared, "  public {} {}{default};", spelled.java, field.name);
        let _ = writeln!(writes, "    parcel.{};", spelled.write);
        // An older writer has fewer fields.
        let _ = writeln!(reads, "      if (parcel.dataPosition() >= end) return;");
        let _ = writeln!(reads, "      {} = parcel.{};", field.name, spelled.read);
    }
    Ok(format!(
        "public class {name} implements android.os.Parcelable {{
{declared}
  public static final android.os.Parcelable.Creator<{name}> CREATOR = new android.os.Parcelable.Creator<{name}>() {{
    @Override public {name} createFromParcel(android.os.Parcel parcel) {{
      {name} made = new {name}();
      made.readFromParcel(parcel);
      return made;
    }}
    @Override public {name}[] newArray(int size) {{ return new {name}[size]; }}
  }};

  @Override public final void writeToParcel(android.os.Parcel parcel, int flags) {{
    int start = parcel.dataPosition();
    parcel.writeInt(0);
{writes}    int end = parcel.dataPosition();
    parcel.setDataPosition(start);
    parcel.writeInt(end - start);
    parcel.setDataPosition(end);
  }}

  public final void readFromParcel(android.os.Parcel parcel) {{
    int start = parcel.dataPosition();
    int size = parcel.readInt();
    if (size < 4 || size > parcel.dataAvail() + 4) throw new android.os.BadParcelableException(\"{name} of \" + size);
    int end = start + size;
    try {{
{reads}    }} finally {{
      parcel.setDataPosition(end);
    }}
  }}

  @Override public int describeContents() {{ return 0; }}
}}
"
    ))
}

fn interface(
    items: &BTreeMap<String, Item>,
    name: &str,
    oneway: bool,
    methods: &[Method],
) -> Result<String, String> {
    let (mut declared, mut codes, mut cases, mut calls) =
        (String::new(), String::new(), String::new(), String::new());
    for (at, method) in methods.iter().enumerate() {
        let answers = method
            .answers
            .as_ref()
            .map(|ty| spell(items, ty, "answer", "android.os.Parcelable.PARCELABLE_WRITE_RETURN_VALUE"));
        let answers = answers.transpose()?;
        let (mut parameters, mut given, mut writes, mut reads) =
            (Vec::new(), Vec::new(), String::new(), String::new());
        for (ty, argument) in &method.arguments {
            let spelled = spell(items, ty, argument, "0")?;
            parameters.push(format!("{} {argument}", spelled.java));
            given.push(argument.as_str());
            let _ = writeln!(writes, "        data.{};", spelled.write);
            let _ = writeln!(reads, "          {} {argument} = data.{};", spelled.java, spelled.read);
        }
        let java = answers.as_ref().map_or("void", |answer| &answer.java);
        let (parameters, given, name) = (parameters.join(", "), given.join(", "), &method.name);
        let _ = writeln!(declared, "  {java} {name}({parameters}) throws android.os.RemoteException;");
        let _ = writeln!(
            codes,
            "    static final int TRANSACTION_{name} = android.os.IBinder.FIRST_CALL_TRANSACTION + {at};"
        );
        let served = match &answers {
            Some(answer) => format!(
                "{java} answer = {name}({given});\n          reply.writeNoException();\n          reply.{};",
                answer.write
            ),
            None if oneway => format!("{name}({given});"),
            None => format!("{name}({given});\n          reply.writeNoException();"),
        };
        let _ = writeln!(
            cases,
            "        case TRANSACTION_{name}: {{\n{reads}          data.enforceNoDataAvail();\n          {served}\n          return true;\n        }}"
        );
        let answered = answers
            .as_ref()
            .map_or(String::new(), |answer| format!("        return reply.{};\n", answer.read));
        let reply = if oneway { "null" } else { "android.os.Parcel.obtain()" };
        let heard = if oneway { "" } else { "        reply.readException();\n" };
        let flags = if oneway { "android.os.IBinder.FLAG_ONEWAY" } else { "0" };
        let recycled = if oneway { "" } else { "        reply.recycle();\n" };
        let _ = writeln!(
            calls,
            "      @Override public {java} {name}({parameters}) throws android.os.RemoteException {{
      android.os.Parcel data = android.os.Parcel.obtain();
      android.os.Parcel reply = {reply};
      try {{
        data.writeInterfaceToken(DESCRIPTOR);
{writes}        if (!remote.transact(Stub.TRANSACTION_{name}, data, reply, {flags})) {{
          throw new android.os.RemoteException(\"{name} is not served\");
        }}
{heard}{answered}      }} finally {{
{recycled}        data.recycle();
      }}
      }}"
        );
    }
    Ok(format!(
        "public interface {name} extends android.os.IInterface {{
  String DESCRIPTOR = \"{PACKAGE}.{name}\";

{declared}
  abstract class Stub extends android.os.Binder implements {name} {{
{codes}
    public Stub() {{ attachInterface(this, DESCRIPTOR); }}

    public static {name} asInterface(android.os.IBinder object) {{
      if (object == null) return null;
      android.os.IInterface local = object.queryLocalInterface(DESCRIPTOR);
      return local instanceof {name} ? ({name}) local : new Proxy(object);
    }}

    @Override public android.os.IBinder asBinder() {{ return this; }}

    @Override protected boolean onTransact(int code, android.os.Parcel data, android.os.Parcel reply, int flags)
        throws android.os.RemoteException {{
      data.enforceInterface(DESCRIPTOR);
      switch (code) {{
{cases}        default:
          return super.onTransact(code, data, reply, flags);
      }}
    }}

    private static final class Proxy implements {name} {{
      private final android.os.IBinder remote;
      Proxy(android.os.IBinder remote) {{ this.remote = remote; }}
      @Override public android.os.IBinder asBinder() {{ return remote; }}
{calls}    }}
  }}
}}
"
    ))
}
