//! The enrolment verifier over HTTP, as docs/enrolment.md has it. One request at a time, bounded in time and size;
//! no redirect is followed and no proxy is asked.

use crate::terminal::CommandError;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use trust_evidence::printable;
use trust_token::credential::{CREDENTIAL_TYPE, MAX_CREDENTIAL};
use trust_token::enrolment::{ChallengeRequest, GivenChallenge, MAX_MESSAGE, MESSAGE_TYPE};
use trust_token::evidence::EVIDENCE_TYPE;
use trust_token::sealed;
use ureq::http::{Response, Uri, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Error};

/// How long a request may take, from the name's look-up to the answer's last byte.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest problem document, in bytes.
const MAX_PROBLEM: usize = 4096;
/// The most characters of one of its members that are shown.
const MAX_SHOWN: usize = 300;
const PROBLEM_TYPE: &str = "application/problem+json";

/// Why there is no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It refuses, and says why.
    #[error("the enrolment verifier refuses: {0}")]
    Refused(Problem),
    /// Nobody answers there.
    #[error("{0}: no enrolment verifier answers there: {1}")]
    Unreachable(String, String),
    /// It took too long.
    #[error("{0}: no answer within {seconds} seconds", seconds = PATIENCE.as_secs())]
    Slow(String),
    /// It says more than it has reason to.
    #[error("{0}: an answer of more than {1} bytes")]
    TooLarge(String, usize),
    /// It says something else than was asked.
    #[error("{0}: {1}")]
    Other(String, String),
}

/// A refusal (RFC 9457): what the service says, nothing of which is verified.
#[derive(Debug)]
pub struct Problem {
    /// One of docs/enrolment.md.
    pub code: String,
    detail: String,
    rule: Option<String>,
}

impl Problem {
    /// Whether the key was made for another challenge than one that this enrolment verifier knows: its enrolment was lost
    /// on the way, or was another enrolment verifier's.
    pub fn is_of_another_challenge(&self) -> bool {
        self.code == "chain" && self.rule.as_deref() == Some("challenge-mismatch")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if let Some(rule) = &self.rule {
            write!(f, ", {rule}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// An enrolment verifier.
pub struct Service {
    agent: Agent,
    base: String,
}

impl Service {
    /// The one at this address. Plain http:// is for this machine, unless whoever asks takes it for others too.
    pub fn at(url: &str, is_insecure: bool, ca: Option<&[u8]>) -> Result<Service, CommandError> {
        let wrong = |expected: &str| CommandError::Usage(format!("--service {}: {expected}", printable(url)));
        let uri: Uri = url.parse().map_err(|_| wrong("expected a URL such as https://enrol.example"))?;
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("expected a URL such as https://enrol.example"))?;
        if uri.query().is_some() || uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(wrong("expected a URL without user and query"));
        }
        match uri.scheme_str() {
            Some("https") => (),
            Some("http") if is_loopback(host) || is_insecure => (),
            Some("http") => {
                return Err(wrong(
                    "expected https://, since http:// shows the evidence to whoever is on the way, who links this \
                     device by it; --insecure takes it",
                ));
            }
            _ => return Err(wrong("expected https://, or http:// on this machine")),
        }
        let roots = ca.map(authorities).transpose()?;
        let tls = TlsConfig::builder().root_certs(roots.unwrap_or(RootCerts::WebPki)).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .user_agent(concat!("trustctl/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Service { agent: config.into(), base: url.trim_end_matches('/').to_owned() })
    }

    /// A challenge for an audience.
    pub fn challenge(&self, audience: &str) -> Result<GivenChallenge, ServiceError> {
        let request = ChallengeRequest { audience: audience.into() };
        let (url, answer) =
            self.post("/v1/challenges", MESSAGE_TYPE, &request.to_bytes(), MESSAGE_TYPE, MAX_MESSAGE)?;
        GivenChallenge::from_bytes(&answer)
            .map_err(|malformed| ServiceError::Other(url, format!("no challenge: {malformed}")))
    }

    /// The credential that evidence is worth; what it is, the caller finds out.
    pub fn enrol(&self, evidence: &[u8]) -> Result<Vec<u8>, ServiceError> {
        let media = media_type(evidence);
        self.post("/v1/enrolments", media, evidence, CREDENTIAL_TYPE, MAX_CREDENTIAL)
            .map(|(_, answer)| answer)
    }

    /// Where it asked, and the answer: 201, of this type, of at most so many bytes.
    fn post(
        &self,
        path: &str,
        media: &str,
        body: &[u8],
        expected: &str,
        most: usize,
    ) -> Result<(String, Vec<u8>), ServiceError> {
        let url = format!("{}{path}", self.base);
        let request =
            self.agent.post(&url).header(header::CONTENT_TYPE, media).header(header::ACCEPT, expected);
        let failed = |error, most| failed(&url, error, most);
        let mut response = request.send(body).map_err(|error| failed(error, most))?;
        let status = response.status().as_u16();
        let found = said_type(&response);
        if found == PROBLEM_TYPE && status >= 400 {
            let body = body_of(&mut response, MAX_PROBLEM).map_err(|error| failed(error, MAX_PROBLEM))?;
            return Err(match Problem::of(&body) {
                Some(problem) => ServiceError::Refused(problem),
                None => {
                    ServiceError::Other(url, format!("status {status}, and no problem with a code beside it"))
                }
            });
        }
        if status != 201 || found != expected {
            let found = if found.is_empty() { "of no type".into() } else { shown(&found) };
            let says = format!("status {status}, {found}: expected status 201, {expected}");
            return Err(ServiceError::Other(url, says));
        }
        let body = body_of(&mut response, most).map_err(|error| failed(error, most))?;
        Ok((url, body))
    }
}

/// What the daemon's bytes are sent as: the one place that says so. A COSE_Encrypt0 is evidence that was sealed to the
/// enrolment verifier; they are not looked into further.
fn media_type(evidence: &[u8]) -> &'static str {
    match evidence.first() {
        Some(&sealed::FIRST_BYTE) => sealed::SEALED_TYPE,
        _ => EVIDENCE_TYPE,
    }
}

impl Problem {
    fn of(body: &[u8]) -> Option<Problem> {
        let problem: serde_json::Value = serde_json::from_slice(body).ok()?;
        let member = |name: &str| problem.get(name)?.as_str().map(shown);
        let code = member("code")?;
        let detail = member("detail").unwrap_or_else(|| "it does not say why".into());
        Some(Problem { code, detail, rule: member("rule") })
    }
}

/// What somebody else wrote, for a terminal.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(MAX_SHOWN).collect();
    printable(&cut).to_string()
}

fn said_type(response: &Response<Body>) -> String {
    let said = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    said.unwrap_or_default().to_owned()
}

fn body_of(response: &mut Response<Body>, most: usize) -> Result<Vec<u8>, Error> {
    response.body_mut().with_config().limit(most.try_into().unwrap_or(u64::MAX)).read_to_vec()
}

fn failed(url: &str, error: Error, most: usize) -> ServiceError {
    match error {
        Error::Timeout(_) => ServiceError::Slow(url.into()),
        Error::BodyExceedsLimit(_) => ServiceError::TooLarge(url.into(), most),
        error => ServiceError::Unreachable(url.into(), shown(&error.to_string())),
    }
}

/// Whether a host is this machine, by what it is called.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn authorities(pem: &[u8]) -> Result<RootCerts, CommandError> {
    let wrong = || CommandError::Usage("--ca: expected certificates, PEM".into());
    let mut found: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(pem) {
        match item.map_err(|_| wrong())? {
            PemItem::Certificate(certificate) => found.push(certificate),
            _ => return Err(wrong()),
        }
    }
    if found.is_empty() { Err(wrong()) } else { Ok(RootCerts::new_with_certs(&found)) }
}
