//! `trustctl attestation`: verifies a chain by itself.

use crate::args::{Format, TrustArgs, with_roots};
use crate::terminal::{CommandError, Outcome, print, print_json, read_capped};
use std::path::Path;
use trust_evidence::Time;
use trust_formats::attestation::{Chain, Demand, MAX_LIST, RevocationList, split, verify};
use trust_formats::signature::Ring;
use trustd::attestation::{HandedError, MAX_CHAIN, Trust, challenge, revocation_list};
use trustd::show::attestation as show;

/// A chain that was refused.
const REFUSED: u8 = 1;
/// A chain that holds, of which not everything was asked.
const NOT_ALL_ASKED: u8 = 3;

/// Verifies a chain and prints what it attests.
pub fn verified(
    chain: &Path,
    issued: Option<&str>,
    at: Option<Time>,
    revocation: Option<&Path>,
    trust: &TrustArgs,
    format: Format,
) -> Outcome {
    let trust = with_roots(Trust::google(), trust)?;
    let issued = issued.map(|text| challenge("--challenge", text)).transpose()?;
    let list = match revocation {
        Some(path) => {
            let bytes = read_capped(path, 2 * MAX_LIST)?;
            let list = revocation_list(&bytes, &trust);
            Some(list.map_err(|error| HandedError::Revocation(path.display().to_string(), error))?)
        }
        None => None,
    };
    let certificates = split(&read_capped(chain, MAX_CHAIN)?)
        .map_err(|error| CommandError::Usage(format!("{}: {error}", chain.display())))?;
    let demand = Demand {
        at: at.unwrap_or_else(trustd::cycle::now).unix(),
        roots: &trust.roots,
        challenge: issued.as_deref(),
        revocation: list.as_ref().map(|list| (list, trust.revocation_age)),
        purposes: None,
    };
    let parsed = Chain::parse(&certificates);
    let judged = parsed.as_ref().map_err(Clone::clone).and_then(|chain| verify(chain, &demand, &Ring));
    let listed = list.as_ref().map(RevocationList::len);
    let chain = parsed.as_ref().ok();
    match format {
        Format::Json => print_json(&show::json(chain, &judged, listed, demand.at))?,
        Format::Text => print(show::text(chain, &judged, listed).as_bytes())?,
    };
    Ok(match judged {
        Err(_) => REFUSED,
        Ok(_) if issued.is_none() || list.is_none() => NOT_ALL_ASKED,
        Ok(_) => 0,
    })
}
