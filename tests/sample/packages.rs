//! packages.xml, of what packages.list says: binary, as every device since Android 12 keeps it.

use super::abx::Writer;

/// The certificates of the sample's signers stand for real ones: a DER sequence that holds the signer's name.
fn certificate(signer: &str) -> Vec<u8> {
    let text = format!("sample certificate of {signer}");
    [&[0x30, u8::try_from(text.len()).unwrap_or(0)], text.as_bytes()].concat()
}

/// The file for the packages of a list.
pub fn xml(list: &str) -> Vec<u8> {
    let mut signers: Vec<&str> = Vec::new();
    let mut writer = Writer::new();
    writer.start("packages").start("version").int("sdkVersion", 36).int("databaseVersion", 3).end("version");
    for line in list.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [name, uid, _, _, seinfo, _, _, version, _, installer] = fields[..] else {
            panic!("{line}: expected ten fields");
        };
        let is_system = installer.starts_with('@');
        let is_privileged = seinfo.contains(":privapp");
        let place = match (is_system, is_privileged) {
            (true, true) => "/system/priv-app",
            (true, false) => "/system/app",
            _ => "/data/app/~~c2FtcGxl==",
        };
        writer.start("package").string("name", name).string("codePath", &format!("{place}/{name}"));
        writer.int("publicFlags", is_system.into()).int("privateFlags", if is_privileged { 8 } else { 0 });
        writer.long_hex("ft", 0x019c_0b0f_ab7c).long_hex("ut", 0x019c_0b0f_ab7c);
        writer.long("version", version.parse().unwrap_or(0));
        writer.int("userId", uid.parse().unwrap_or(-1));
        if !is_system && installer != "@null" {
            writer.string("installer", installer);
        }
        // Packages that are not the platform's have a signer each.
        let signer = seinfo.strip_prefix("platform").map_or(name, |_| "the platform");
        writer.start("sigs").int("count", 1).int("schemeVersion", 3).start("cert");
        match signers.iter().position(|known| *known == signer) {
            Some(number) => writer.int("index", i32::try_from(number).unwrap_or(-1)),
            None => {
                signers.push(signer);
                let number = i32::try_from(signers.len() - 1).unwrap_or(-1);
                writer.int("index", number).hex("key", &certificate(signer))
            }
        };
        writer.end("cert").end("sigs").end("package");
    }
    writer.end("packages");
    writer.finish()
}
