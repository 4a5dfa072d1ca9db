//! Refusals over HTTP: problem details (RFC 9457) with codes that stay.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use trust_enrol::Refusal;
use trust_token::evidence::EvidenceRefusal;
use trust_token::sealed::SealedRefusal;

/// What a problem's type begins with; its code follows.
pub(crate) const TYPE: &str = "tag:enigm.example,2026:enrolment#";

/// A problem.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    detail: String,
    /// Of a chain or of evidence, sealed or not: which rule of theirs.
    rule: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: &str) -> Problem {
        Problem { status, code, detail: detail.into(), rule: None }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let status = match &refusal {
            Refusal::Evidence(EvidenceRefusal::TooLarge) | Refusal::Sealed(SealedRefusal::TooLarge) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Refusal::Request(_) | Refusal::Evidence(_) | Refusal::Sealed(_) | Refusal::Opening => {
                StatusCode::BAD_REQUEST
            }
            Refusal::Audience | Refusal::Policy => StatusCode::NOT_FOUND,
            Refusal::Challenge | Refusal::ChallengeExpired => StatusCode::CONFLICT,
            ours if ours.is_ours() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::FORBIDDEN,
        };
        let rule = match &refusal {
            Refusal::Chain(rule) => Some(rule.code()),
            Refusal::Evidence(refusal) => Some(refusal.code()),
            Refusal::Sealed(refusal) => Some(refusal.code()),
            _ => None,
        };
        Problem { status, code: refusal.code(), detail: refusal.to_string(), rule }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Problem");
        let mut body = json!({
            "type": format!("{TYPE}{}", self.code),
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if let (Some(rule), Some(members)) = (self.rule, body.as_object_mut()) {
            members.insert("rule".into(), rule.into());
        }
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}
