//! `vm_label CONTEXT FILE...` gives files an SELinux context, as Android's restorecon does from file_contexts.

use rustix::fs::{XattrFlags, setxattr};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((context, files)) = arguments.split_first() else {
        println!("vm_label: expected CONTEXT FILE...");
        return ExitCode::FAILURE;
    };
    // The kernel takes contexts with their closing zero, as C programs write them.
    let value = format!("{context}\0");
    for file in files {
        if let Err(error) = setxattr(file, "security.selinux", value.as_bytes(), XattrFlags::empty()) {
            println!("vm_label: {file}: {context}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
