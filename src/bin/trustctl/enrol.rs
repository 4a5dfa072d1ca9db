//! `trustctl enrol`: from a challenge of the enrolment verifier's to a credential of this device's.

mod service;

use crate::args::{DaemonArgs, EnrolArgs};
use crate::ask::random;
use crate::daemon::{link, ready};
use crate::terminal::{CommandError, Outcome, print, read_capped, store, store_new};
use crate::token::seconds;
pub use service::ServiceError;
use service::{Problem, Service};
use std::io;
use std::path::Path;
use trust_evidence::printable;
use trust_token::credential::Credential;
use trust_token::crypto::{PublicKey, Ring};
use trust_token::inspect::{Stated, inspect, kid, stated};
use trustd::bundles::{MAX_KEY, signer_key};
use trustd::client::Link;
use trustd::serve::wire::Question;
use trustd::show::statement;

/// The enrolment verifier refused, or its credential was.
const REFUSED: u8 = 1;

/// Enrols this device.
pub fn enrolled(daemon: &DaemonArgs, args: &EnrolArgs) -> Outcome {
    // Before anybody is asked: what is found out only then has cost an enrolment.
    expect_place(&args.output, args.force)?;
    let issuer = args.issuer.as_deref().map(key).transpose()?;
    let ca = args.ca.as_deref().map(|path| read_capped(path, MAX_KEY)).transpose()?;
    let service = Service::at(&args.service, args.insecure, ca.as_deref())?;
    let link = link(daemon)?;
    let shown = |anew| {
        let given = service.challenge(&args.audience)?;
        let evidence = ready(|| link.enrolment_evidence(&given.challenge, anew))?;
        Ok::<_, CommandError>(service.enrol(&evidence)?)
    };
    let credential = match shown(args.anew) {
        // Of the key that it has, this enrolment verifier knows nothing: no enrolment is lost with it.
        Err(CommandError::Service(ServiceError::Refused(problem)))
            if problem.is_of_another_challenge() && !args.anew =>
        {
            shown(true)
        }
        credential => credential,
    };
    let credential = match credential {
        Err(CommandError::Service(ServiceError::Refused(problem))) => return refused(&problem, args, &*link),
        credential => credential?,
    };
    let (head, said) = match account(&credential, args, issuer.as_ref()) {
        Ok(account) => account,
        Err(why) => {
            print(format!("REFUSED  the answer is not written: {why}\n").as_bytes())?;
            return Ok(REFUSED);
        }
    };
    let written =
        if args.force { store(&args.output, &credential) } else { store_new(&args.output, &credential) };
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(&args.output),
        _ => CommandError::Io(args.output.clone(), error),
    })?;
    let (path, audience) = (args.output.display(), &args.audience);
    let verifies = match issuer {
        Some(_) => "",
        None => "  --issuer KEY verifies it, with the enrolment verifier's public key.\n",
    };
    let next = format!(
        "\nNext\n{verifies}  Give {path} to {audience}: it knows this device by it, and asks\n    trustctl challenge --audience \
         {audience} --cnf HEX --ledger FILE\n  and this device answers\n    trustctl attest --nonce HEX --cnf HEX -o \
         TOKEN\n  It needs the list of revoked handles too, GET {}/v1/revoked/{audience}\n  Enrol again, with --force, before it ends.\n",
        args.service.trim_end_matches('/')
    );
    print(format!("ENROLLED  {path}\n\n{head}{}{next}", statement::credential(&said)).as_bytes())
}

/// What a credential says, under a line that says how far to believe it; or why it is not taken.
fn account(
    bytes: &[u8],
    args: &EnrolArgs,
    issuer: Option<&PublicKey>,
) -> Result<(String, Credential), String> {
    let (head, said) = match issuer {
        Some(issuer) => {
            let now = seconds(args.at.unwrap_or_else(trustd::cycle::now));
            let verified = Credential::verify(bytes, std::slice::from_ref(issuer), now, &Ring);
            let verified = verified.map_err(|refusal| format!("the credential: {refusal}"))?;
            let signer = data_encoding::HEXLOWER.encode(verified.issuer());
            (format!("VERIFIED: --issuer signed it, the key {signer}; it says\n"), verified.get().clone())
        }
        None => match stated(bytes) {
            Ok(Stated::Credential(said)) => {
                ("NOT VERIFIED: anybody could have answered so; it says of itself\n".into(), *said)
            }
            Ok(_) => return Err("another statement, expected a credential".into()),
            Err(refusal) => return Err(format!("no credential: {refusal}")),
        },
    };
    match *said.audience == *args.audience {
        true => Ok((head, said)),
        false => Err(format!("a credential for {}, expected one for {}", said.audience, args.audience)),
    }
}

fn key(path: &Path) -> Result<PublicKey, CommandError> {
    signer_key(&read_capped(path, MAX_KEY)?)
        .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display())))
}

/// That a credential can be written there.
fn expect_place(path: &Path, force: bool) -> Result<(), CommandError> {
    let name = path.display().to_string();
    let wrong = |why: &str| Err(CommandError::Usage(format!("{}: {why}", printable(&name))));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if path.is_dir() {
        return wrong("a folder: expected a file's name");
    }
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return wrong("there is no such folder");
    }
    match !force && path.symlink_metadata().is_ok() {
        true => Err(exists(path)),
        false => Ok(()),
    }
}

fn exists(path: &Path) -> CommandError {
    let name = path.display().to_string();
    CommandError::Usage(format!("{}: there is a file already: --force replaces it", printable(&name)))
}

/// Why the enrolment verifier refuses, and what may be done.
fn refused(problem: &Problem, args: &EnrolArgs, link: &dyn Link) -> Outcome {
    let hint = match &*problem.code {
        "approval" => approval(&args.audience, link),
        "challenge" => format!(
            "The challenge was made for {}. The daemon enrols for what its policy makes of you:\nis it that audience? \
             docs/access.md\n",
            args.audience
        ),
        "challenge-expired" | "busy" | "too-many-challenges" | "state" | "signing" | "timeout" => {
            "Ask again: nothing was decided that a second time would not decide.\n".into()
        }
        "device-clock" => "Set this device's clock.\n".into(),
        "patch" if !args.anew => {
            "--anew makes a new key, which tells today's patch levels, and which a person then approves.\n"
                .into()
        }
        "audience" => "Ask whoever runs it which audiences it has.\n".into(),
        "revoked" => "That is for good. What gives this device another handle is in docs/keys.md.\n".into(),
        "recipient" => {
            "Its opener key and the one that this device's policy names differ: docs/enrolment.md, Opener keys.\n"
                .into()
        }
        "not-found" => "--service is the address without a path: what is asked begins with /v1.\n".into(),
        "file-key" => {
            "This device keeps its key in a file, which nothing attests: laboratories alone take it.\n".into()
        }
        _ => String::new(),
    };
    print(format!("REFUSED  {problem}\n{}{hint}", if hint.is_empty() { "" } else { "\n" }).as_bytes())?;
    Ok(REFUSED)
}

/// What a person approves. The handle and the key's thumbprint are the daemon's word, in an attestation that goes to
/// nobody: evidence may be sealed.
fn approval(audience: &str, link: &dyn Link) -> String {
    let asked = random().ok().map(|nonce| Question { nonce, confirmation: [0; 32] });
    let token = asked.and_then(|question| ready(|| link.attest(&question)).ok());
    let known = token.and_then(|token| Some((inspect(&token).ok()?.handle, kid(&token).ok()?)));
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    match known {
        Some((handle, key)) => format!(
            "This device's key is\n  {}\nRead it to a person who runs the enrolment verifier, over another way than this \
             one, who says there\n  trust_enrold approve {audience} {} {}\nand enrol again, without --anew: with this same key.\n",
            hex(&key),
            hex(&handle),
            hex(&key)
        ),
        None => format!(
            "The daemon does not say which key it is. `trust_enrold list --pending` lists those that wait for\n{audience}.\n"
        ),
    }
}
