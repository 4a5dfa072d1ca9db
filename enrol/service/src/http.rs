//! The routes, thin over the verifier.

use crate::clock::Clock;
use crate::problem::Problem;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use trust_enrol::{FileKey, Refusal, Verifier};
use trust_token::bundle::BUNDLE_TYPE;
use trust_token::credential::CREDENTIAL_TYPE;
use trust_token::enrolment::{ChallengeRequest, MAX_MESSAGE, MESSAGE_TYPE};
use trust_token::evidence::{EVIDENCE_TYPE, MAX_EVIDENCE};
use trust_token::revocation::REVOCATION_TYPE;
use trust_token::sealed::{MAX_SEALED, SEALED_TYPE};

/// How long a request may wait until it is worked on.
const WAIT: Duration = Duration::from_secs(5);

/// What the routes work on.
pub(crate) struct App {
    pub(crate) verifier: Verifier<FileKey>,
    /// How many requests may be worked on at once: each has a thread while it is.
    pub(crate) workers: Arc<Semaphore>,
    /// By which everything counts.
    pub(crate) clock: Clock,
    /// How long a body may take.
    pub(crate) timeout: Duration,
}

/// The service.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/challenges", post(challenges))
        .route("/v1/enrolments", post(enrolments))
        .route("/v1/revoked/{audience}", get(revoked))
        .route("/v1/policies/{id}", get(policies))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "not-found", "nothing is here") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "expected another method")
        })
        .with_state(app)
}

async fn challenges(State(app): State<Arc<App>>, request: Request) -> Response {
    let answer = async {
        let body = body(&app, request, MESSAGE_TYPE, MAX_MESSAGE).await?;
        let request = ChallengeRequest::from_bytes(&body).map_err(Refusal::Request)?;
        let clock = app.clock;
        work(&app, move |verifier| verifier.challenge(clock.now(), &request.audience)).await
    };
    let given = answer.await.map(|given| (StatusCode::CREATED, MESSAGE_TYPE, given.to_bytes().into()));
    respond("challenges", given)
}

async fn enrolments(State(app): State<Arc<App>>, request: Request) -> Response {
    let answer = async {
        let body = match is_of(&request, SEALED_TYPE) {
            true => body(&app, request, SEALED_TYPE, MAX_SEALED).await?,
            false => body(&app, request, EVIDENCE_TYPE, MAX_EVIDENCE).await?,
        };
        let clock = app.clock;
        work(&app, move |verifier| verifier.enrol(clock.now(), &body)).await
    };
    let given = answer.await.map(|credential| (StatusCode::CREATED, CREDENTIAL_TYPE, credential.into()));
    respond("enrolments", given)
}

/// A name in a path; one that is no text is nobody's.
type Named = Result<Path<String>, PathRejection>;

async fn revoked(State(app): State<Arc<App>>, name: Named) -> Response {
    let Ok(Path(audience)) = name else { return respond("revoked", Err(Refusal::Audience.into())) };
    let clock = app.clock;
    let list = work(&app, move |verifier| verifier.revoked(clock.now(), &audience)).await;
    respond("revoked", list.map(|list| (StatusCode::OK, REVOCATION_TYPE, Bytes::from_owner(list))))
}

async fn policies(State(app): State<Arc<App>>, name: Named) -> Response {
    let Ok(Path(id)) = name else { return respond("policies", Err(Refusal::Policy.into())) };
    let bundle = work(&app, move |verifier| verifier.policy(&id)).await;
    respond("policies", bundle.map(|bundle| (StatusCode::OK, BUNDLE_TYPE, bundle.into())))
}

/// A body of this media type, not larger than this.
async fn body(app: &App, request: Request, media: &str, most: usize) -> Result<Vec<u8>, Problem> {
    if !is_of(&request, media) {
        let detail = format!("expected content-type: {media}");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", &detail));
    }
    let too_large = || {
        let detail = format!("expected at most {most} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", &detail)
    };
    let announced = announced(request.headers());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(app.timeout, to_bytes(request.into_body(), most)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        // What is too large and did not say so, or ended in the middle.
        Ok(Err(_)) if announced.is_none() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(StatusCode::BAD_REQUEST, "body", "the body ended early")),
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body took too long")),
    }
}

fn is_of(request: &Request, media: &str) -> bool {
    request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) == Some(media.as_bytes())
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Works on a request in a thread of its own, when one is free.
async fn work<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Verifier<FileKey>) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many requests at once");
    let waited = tokio::time::timeout(WAIT, app.workers.clone().acquire_owned()).await;
    let permit = waited.map_err(|_| busy())?.map_err(|_| busy())?;
    let app = app.clone();
    let done = tokio::task::spawn_blocking(move || {
        let answer = work(&app.verifier);
        // The asker may have gone; the thread is busy until here.
        drop(permit);
        answer
    });
    match done.await {
        Ok(answer) => answer.map_err(|refusal| {
            if let Refusal::State(error) = &refusal {
                tracing::error!(%error, "the state");
            }
            refusal.into()
        }),
        Err(_) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the request failed")),
    }
}

/// The answer, and a line in the log that says what was asked and what came of it, and of nobody.
fn respond(route: &'static str, answer: Result<(StatusCode, &'static str, Bytes), Problem>) -> Response {
    match answer {
        Ok((status, media, bytes)) => {
            tracing::info!(route, status = status.as_u16());
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(problem) => {
            tracing::info!(route, status = problem.status.as_u16(), code = problem.code);
            problem.into_response()
        }
    }
}
