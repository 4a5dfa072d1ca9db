//! Makes the bindings of `android/**/*.aidl`, as the `aidl` compiler of the Android tree does there.

use std::error::Error;
use std::path::PathBuf;

const OUTPUT: &str = "android_system_keystore2.rs";
/// Nothing names these: their numbers are the codes of service-specific errors.
const ERRORS: [&str; 2] =
    ["android/system/keystore2/ResponseCode.aidl", "android/hardware/security/keymint/ErrorCode.aidl"];

fn main() -> Result<(), Box<dyn Error>> {
    // Its report, over several lines, is in the error's Debug form.
    ERRORS
        .iter()
        .fold(rsbinder_aidl::Builder::new(), rsbinder_aidl::Builder::source)
        .source("android/system/keystore2/IKeystoreService.aidl")
        .include_dir(".")
        .output(OUTPUT)
        .generate()
        .map_err(|error| format!("{:?}", miette::Report::new(error)))?;

    // The bindings name rsbinder; ours go through the crate that has libbinder_rs's names. The Android tree's bindings
    // show the codes of an interface's methods.
    let output = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join(OUTPUT);
    let bindings = std::fs::read_to_string(&output)?;
    let bindings = bindings
        .replace("rsbinder::", "binder::generated::")
        .replace("pub(crate) mod transactions", "pub mod transactions")
        .replace("pub(crate) const r#", "pub const r#");
    std::fs::write(&output, bindings)?;
    Ok(())
}
