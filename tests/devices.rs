//! The sample devices.
mod sample;

use std::path::Path;

#[test]
fn bless() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/devices");
    for (name, device) in sample::all() {
        sample::write(&home.join(name), &device.files());
    }
}
