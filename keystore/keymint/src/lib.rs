//! Bindings of `android.hardware.security.keymint`, as far as keystore2's clients see it.
//!
//! Names and paths are those of the crate of the Android tree (`android.hardware.security.keymint-V4-rust`), which a
//! device's build takes instead. `keystore/` makes both packages' bindings at once, as one imports the other.

pub use android_system_keystore2::keymint as aidl;
