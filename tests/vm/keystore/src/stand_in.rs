//! For tests alone: serves `android.system.keystore2.IKeystoreService/default` over a *KeyMint in software*, whose keys
//! lie readable in a file (the library says more). Each call is a line of its output.

use std::process::ExitCode;
use vm_keystore::{Fault, Faults, Keystore, Setup, serve};

const SERVICE: &str = "android.system.keystore2.IKeystoreService/default";
const USAGE: &str =
    "usage: keystore2_stand_in --state DIR [--strongbox] [--namespace NUMBER=TYPE]... [--seed TEXT]
    [--fault NAME]... [--faults FILE]
";

#[allow(clippy::print_stderr, reason = "a program for the test machine")]
fn main() -> ExitCode {
    println!("a stand-in for keystore2, for tests alone: its KeyMint is software, and no key in it is safe");
    let Some(setup) = setup(std::env::args().skip(1)) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    let served = Keystore::open(setup)
        .map_err(|error| format!("the keys that were kept: {error}"))
        .and_then(|keystore| serve(keystore, SERVICE).map_err(|code| format!("{SERVICE}: {code}")));
    if let Err(words) = served {
        eprintln!("{words}");
        return ExitCode::from(1);
    }
    println!("serving {SERVICE}");
    loop {
        std::thread::park();
    }
}

fn setup(mut args: impl Iterator<Item = String>) -> Option<Setup> {
    let mut setup = Setup::default();
    let mut faults = Faults::default();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--state" => setup.state = args.next()?.into(),
            "--strongbox" => setup.has_strongbox = true,
            "--namespace" => {
                let named = args.next()?;
                let (number, selinux_type) = named.split_once('=')?;
                setup.namespaces.push((number.parse().ok()?, selinux_type.to_owned()));
            }
            "--seed" => setup.seed = Some(args.next()?),
            "--fault" => faults.always.push(Fault::named(&args.next()?)?),
            "--faults" => faults.file = Some(args.next()?.into()),
            _ => return None,
        }
    }
    setup.faults = faults;
    (!setup.state.as_os_str().is_empty()).then_some(setup)
}
