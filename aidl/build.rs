//! Makes the bindings of `com/enigm/trust/*.aidl`, as the `aidl` compiler of the Android tree does there.

use std::error::Error;
use std::path::PathBuf;

/// The version that `getInterfaceVersion` answers: the last one that is frozen. tests/soong/tests/aidl.rs fails where
/// the files are not that version's any more.
const VERSION: i32 = 1;
/// Its hash is the last line.
const HASHES: &str = include_str!("aidl_api/com.enigm.trust/1/.hash");
const OUTPUT: &str = "com_enigm_trust.rs";

fn main() -> Result<(), Box<dyn Error>> {
    let hash = HASHES.lines().last().ok_or("aidl_api/com.enigm.trust/1/.hash: empty, expected a hash")?;
    // Its report, over several lines, is in the error's Debug form.
    rsbinder_aidl::Builder::new()
        // Nothing names these: one stands in the errors, one behind an IBinder.
        .source("com/enigm/trust/ErrorCode.aidl")
        .source("com/enigm/trust/ITrustListener.aidl")
        .version(VERSION)
        .hash(hash)
        .source("com/enigm/trust/ITrustService.aidl")
        .version(VERSION)
        .hash(hash)
        .include_dir(".")
        .output(OUTPUT)
        .generate()
        .map_err(|error| format!("{:?}", miette::Report::new(error)))?;

    // The bindings name rsbinder; ours go through the crate that has libbinder_rs's names. The Android tree's bindings
    // show the codes of an interface's methods, and have the driver wipe only what is marked as @SensitiveData.
    let output = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join(OUTPUT);
    let bindings = std::fs::read_to_string(&output)?;
    let bindings = bindings
        .replace("rsbinder::", "binder::generated::")
        .replace("pub(crate) mod transactions", "pub mod transactions")
        .replace("pub(crate) const r#", "pub const r#")
        .replace("binder::generated::FLAG_CLEAR_BUF | ", "")
        .replace(" | binder::generated::FLAG_CLEAR_BUF", "");
    std::fs::write(&output, bindings)?;
    Ok(())
}
