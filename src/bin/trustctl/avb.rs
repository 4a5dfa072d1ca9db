//! `trustctl avb`: Verified Boot images.

use crate::args::{AvbCommand, Format};
use crate::terminal::{CommandError, Outcome, print, print_json, warn};
use std::path::PathBuf;
use trust_evidence::printable;
use trust_formats::avb::{ChainError, Named};
use trust_formats::signature::Ring;
use trustd::avb::{AvbError, Image, Judged, Verdict, digest, judge};
use trustd::show::avb as show;

/// What was asked for is there and is refused.
const REFUSED: u8 = 1;
/// Nothing is against it, and nobody said whose key to expect.
const UNNAMED_KEY: u8 = 3;

/// Runs a command; its exit status.
pub fn run(command: AvbCommand) -> Outcome {
    match command {
        AvbCommand::Inspect { images, format } => {
            let images = opened(&images)?;
            let named = parsed(&images)?;
            let pairs = || images.iter().zip(&named);
            match format {
                Format::Json => print_json(&pairs().map(|(image, named)| show::json(image, named)).collect()),
                Format::Text => {
                    let texts: Vec<String> = pairs().map(|(image, named)| show::text(image, named)).collect();
                    print(texts.join("\n").as_bytes())
                }
            }
        }
        AvbCommand::Verify { images, key_digest, format } => verify(&images, key_digest, format),
        AvbCommand::Digest { images } => {
            let images = opened(&images)?;
            let named = parsed(&images)?;
            let digest = digest(&named).map_err(usage)?;
            if named.iter().any(|image| image.vbmeta.header().flags.disables_verification()) {
                warn("verification is switched off: the digest is that of the top-level image alone");
            }
            print(format!("{} ({})\n", show::hex(&digest.bytes), digest.hash).as_bytes())
        }
    }
}

fn verify(images: &[PathBuf], expected: Option<[u8; 32]>, format: Format) -> Outcome {
    let judged = match opened(images) {
        Ok(images) => match parsed(&images) {
            Ok(named) => judge(&named, &Ring, expected).map_err(usage)?,
            Err(error) => refused(error)?,
        },
        Err(error) => refused(error)?,
    };
    match format {
        Format::Json => print_json(&show::judged_json(&judged))?,
        Format::Text => print(show::judged_text(&judged).as_bytes())?,
    };
    Ok(match judged.verdict() {
        Verdict::Accepted => 0,
        Verdict::Refused => REFUSED,
        Verdict::UnnamedKey => UNNAMED_KEY,
    })
}

/// A vbmeta image that is not well-formed is refused as a wrong signature is; a file that can't be read, or holds no
/// vbmeta image, is not judged.
fn refused(error: AvbError) -> Result<Judged, CommandError> {
    match error {
        AvbError::Malformed(..) => Ok(Judged::refused(error.to_string())),
        other => Err(other.into()),
    }
}

/// Images that belong to no one slot; their names are an attacker's.
fn usage(error: ChainError) -> CommandError {
    let hint = if let ChainError::ToItself(_) = error { " (vbmeta=FILE names it so)" } else { "" };
    CommandError::Usage(format!("{}{hint}", printable(&error.to_string())))
}

fn opened(paths: &[PathBuf]) -> Result<Vec<Image>, AvbError> {
    paths.iter().map(|path| Image::open(path)).collect()
}

fn parsed(images: &[Image]) -> Result<Vec<Named<'_>>, AvbError> {
    images.iter().map(Image::named).collect()
}
