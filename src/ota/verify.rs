//! Whether a package is signed, all through, by keys that the caller trusts.

use super::{Inspection, OtaError, PAYLOAD, PROPERTIES, Source, look, no_archive};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use trust_formats::certs::MAX_ARCHIVE;
use trust_formats::ota::metadata::Kind;
use trust_formats::ota::package::{self, MAX_PACKAGE, SignedPackage};
use trust_formats::ota::payload::{self, SignedPayload};
use trust_formats::ota::{Keyring, Policy, Refusal};
use trust_formats::signature::Ring;
use trust_gates::published_certificates;

/// A package whose signatures were all verified, and which says nothing that contradicts itself.
#[derive(Debug)]
pub struct Verified {
    /// Who signed the package.
    pub package: SignedPackage,
    /// Who signed its payload; absent where it has none, being made for recovery.
    pub payload: Option<SignedPayload>,
    /// What it says.
    pub inspection: Inspection,
}

/// Why a package is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] OtaError),
    /// A rule was broken.
    #[error("{}: {}: {message}", path.display(), rule)]
    Refused {
        /// The package.
        path: PathBuf,
        /// The rule's name.
        rule: &'static str,
        /// A sentence.
        message: String,
    },
}

/// The certificates of files: otacerts.zip archives and PEM texts, told apart by their first bytes.
pub fn keyring(files: &[PathBuf]) -> Result<Keyring, OtaError> {
    let mut keyring = Keyring::default();
    for path in files {
        let mut bytes = Vec::new();
        let file =
            File::open(path).and_then(|file| file.take(MAX_ARCHIVE as u64 + 1).read_to_end(&mut bytes));
        file.map_err(|error| OtaError::Io(path.clone(), error))?;
        let added = match bytes.starts_with(b"PK") {
            true => keyring.add_otacerts(&bytes).map(|_| ()),
            false => keyring.add_pem(&bytes),
        };
        added.map_err(|error| OtaError::Format(path.clone(), error))?;
    }
    Ok(keyring)
}

/// Verifies the signature of a package, and both of its payload. A package that one of AOSP's published keys signed
/// is refused even if its certificate is given: anybody can sign with that key. Takes as much memory as the package
/// has bytes, at most [`MAX_PACKAGE`].
pub fn verify(path: &Path, keyring: &Keyring, policy: Policy) -> Result<Verified, VerifyError> {
    let refused = |rule, message: String| VerifyError::Refused { path: path.into(), rule, message };
    let broken = |refusal: Refusal| refused(refusal.rule(), refusal.to_string());
    let mut bytes = read(path)?;
    let package = package::verify(&bytes, keyring, policy, &Ring).map_err(|refusal| {
        let (_, tail) = bytes.split_at(bytes.len().saturating_sub(package::MAX_TAIL));
        match package::ending(tail, u64::try_from(bytes.len()).unwrap_or(u64::MAX)) {
            Ok(_) => broken(refusal),
            // No end of an archive: that it lacks a signature there is not what is wrong with it.
            Err(error) => no_archive(path, &bytes).map_or_else(|| broken(error.into()), VerifyError::from),
        }
    })?;
    not_published(path, "the package", package.signer())?;
    let inspection = look(path, &bytes)?;
    let part = |error: &trust_formats::FormatError| refused("format", error.to_string());
    let metadata = inspection.metadata.as_ref().map_err(part)?;
    let properties = inspection.properties.as_ref().map_err(part)?;
    let head = inspection.payload.as_ref().map_err(part)?;
    if let Some(contradiction) = inspection.contradictions.first() {
        return Err(refused("contradiction", contradiction.clone()));
    }
    let (Some(_), Some(at)) = (head, inspection.payload_at.clone()) else {
        return match metadata {
            Some(metadata) if metadata.kind == Kind::Ab => Err(refused(
                "no-payload",
                format!("a package for update_engine without {PAYLOAD}: expected one"),
            )),
            _ => Ok(Verified { package, payload: None, inspection }),
        };
    };
    let [start, end] = [at.start, at.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
    bytes.truncate(end);
    bytes.drain(..start.min(bytes.len()));
    let payload = payload::verify(bytes, keyring, &Ring).map_err(broken)?;
    for signer in [payload.metadata_signer(), payload.signer()] {
        not_published(path, PAYLOAD, signer)?;
    }
    if properties.as_ref().is_some_and(|file| file.properties != *payload.properties()) {
        return Err(refused(
            "contradiction",
            format!("{PROPERTIES} is not that of {PAYLOAD}: expected its hashes"),
        ));
    }
    Ok(Verified { package, payload: Some(payload), inspection })
}

fn not_published(path: &Path, what: &str, signer: [u8; 32]) -> Result<(), VerifyError> {
    let names = published_certificates().map_err(OtaError::Load)?;
    let Some(name) = names.get(&signer) else { return Ok(()) };
    Err(VerifyError::Refused {
        path: path.into(),
        rule: "published-key",
        message: format!(
            "{what} is signed by AOSP's published key \"{name}\", with which anybody can sign: expected a release key"
        ),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, OtaError> {
    let read = || -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let size = file.size()?;
        if size > MAX_PACKAGE {
            let message =
                format!("{size} bytes: expected at most {MAX_PACKAGE}: a package is verified in memory");
            return Err(io::Error::other(message));
        }
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(usize::try_from(size).map_err(io::Error::other)?)
            .map_err(io::Error::other)?;
        file.take(size).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| OtaError::Io(path.into(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_key_is_no_release_even_if_its_certificate_is_given() {
        let mut refused = 0;
        for digest in published_certificates().unwrap().into_keys() {
            let error = not_published(Path::new("ota.zip"), "the package", digest).unwrap_err();
            assert!(matches!(error, VerifyError::Refused { rule: "published-key", .. }), "{error}");
            refused += 1;
        }
        assert_eq!(refused, 10);
        not_published(Path::new("ota.zip"), "the package", [7; 32]).unwrap();
    }
}
