//! Serving: until SIGTERM or SIGINT; SIGHUP and the clock read the configuration anew.

use crate::clock::Clock;
use crate::config::Config;
use crate::http::{App, router};
use crate::listen::Bounded;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::{Instant, interval_at};
use trust_enrol::{FileKey, State, Verifier};
use trust_token::crypto::Sign;

/// How often the lists that the configuration names are read anew.
const RELOAD: Duration = Duration::from_secs(300);

/// Serves as a configuration says.
pub(crate) fn serve(path: &Path, clock: Clock) -> Result<(), Box<dyn std::error::Error>> {
    let Config { state, signing_key, http, rules, .. } = Config::read(path)?.with_openers()?;
    let key = FileKey::open(&signing_key)?;
    if rules.openers.iter().any(|opener| opener.public_key() == key.public_key()) {
        return Err("opener_keys: expected other keys than the signing key".into());
    }
    let verifier = Verifier::start(State::open(&state)?, rules, key).map_err(|refusal| match refusal {
        trust_enrol::Refusal::State(error) => error.to_string(),
        other => other.to_string(),
    })?;
    let timeout = Duration::from_secs(http.timeout);
    let workers = Arc::new(Semaphore::new(http.requests));
    let app = Arc::new(App { verifier, workers, clock, timeout: timeout / 2 });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(http.requests + 4)
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(http.listen).await?;
        // Whoever started it with port 0 reads it here.
        writeln!(io::stdout(), "listening on {}", listener.local_addr()?)?;
        io::stdout().flush()?;
        let listener = Bounded::new(listener, http.connections, timeout);
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(reload(path.into(), app.clone(), signal(SignalKind::hangup())?));
        let ended = async move {
            tokio::select! {
                _ = term.recv() => (),
                _ = int.recv() => (),
            }
        };
        axum::serve(listener, router(app)).with_graceful_shutdown(ended).await
    })?;
    Ok(())
}

/// Reads the configuration anew, again and again. One that can't be used changes nothing; an old revocation snapshot
/// then ages until nothing is accepted any more.
async fn reload(path: PathBuf, app: Arc<App>, mut hangup: tokio::signal::unix::Signal) {
    let mut ticks = interval_at(Instant::now() + RELOAD, RELOAD);
    loop {
        tokio::select! {
            _ = hangup.recv() => (),
            _ = ticks.tick() => (),
        }
        let (path, app) = (path.clone(), app.clone());
        let read =
            tokio::task::spawn_blocking(move || match Config::read(&path).and_then(Config::with_openers) {
                Ok(config) => match app.verifier.reload(config.rules) {
                    Ok(()) => tracing::info!("the configuration was read anew"),
                    Err(trust_enrol::Refusal::State(error)) => {
                        tracing::error!(%error, "the configuration stays as it was")
                    }
                    Err(error) => tracing::error!(%error, "the configuration stays as it was"),
                },
                Err(error) => tracing::error!(%error, "the configuration stays as it was"),
            });
        let _ = read.await;
    }
}
