//! `vm_as CONTEXT UID[:GID[,GROUP...]] PROGRAM [ARGUMENT...]` becomes PROGRAM as that SELinux context, user and groups.
//!
//! It does what Android's init and zygote do before they run a program. CONTEXT `-` leaves the context to the policy's
//! type transitions, as for a service that init starts by its file's label. GID is UID where it is not given.

use rustix::fs::{Gid, Uid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};
use std::error::Error;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match become_program(&arguments) {
        Ok(never) => match never {},
        Err(error) => {
            println!("vm_as: {error}");
            ExitCode::from(126)
        }
    }
}

fn become_program(arguments: &[OsString]) -> Result<std::convert::Infallible, Box<dyn Error>> {
    let [context, identity, program, rest @ ..] = arguments else {
        return Err("expected CONTEXT UID[:GID[,GROUP...]] PROGRAM [ARGUMENT...]".into());
    };
    let identity = Identity::parse(identity.to_str().ok_or("the user is not text")?)?;
    if context != "-" {
        let context = context.to_str().ok_or("the context is not text")?;
        std::fs::write("/proc/self/attr/exec", context)
            .map_err(|error| format!("/proc/self/attr/exec = {context}: {error}"))?;
    }
    set_thread_groups(&identity.groups).map_err(|error| format!("groups: {error}"))?;
    set_thread_gid(identity.gid).map_err(|error| format!("group: {error}"))?;
    // This program has one thread: what is set for the thread is set for what it becomes.
    set_thread_uid(identity.uid).map_err(|error| format!("user: {error}"))?;
    let error = Command::new(program).args(rest).exec();
    Err(format!("{}: {error}", program.display()).into())
}

struct Identity {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

impl Identity {
    fn parse(text: &str) -> Result<Self, Box<dyn Error>> {
        let (uid, groups) = text.split_once(':').unwrap_or((text, text));
        let number = |text: &str| {
            text.parse::<u32>()
                .map_err(|error| format!("{text:?}: expected a user's or group's number: {error}"))
        };
        let mut groups = groups.split(',').map(|group| number(group).map(Gid::from_raw));
        let gid = groups.next().ok_or("no group")??;
        Ok(Self { uid: Uid::from_raw(number(uid)?), gid, groups: groups.collect::<Result<_, _>>()? })
    }
}
