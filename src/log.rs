//! The daemon's log: logcat on Android, standard error elsewhere, which systemd hands to the journal. Nothing private
//! is logged, and nothing for each call at the level of info.

#[cfg(not(target_os = "android"))]
use tracing::Level;

/// Starts logging. What is read and judged is logged only where it is asked for.
#[cfg(not(target_os = "android"))]
pub fn start(verbose: bool) {
    let level = if verbose { Level::DEBUG } else { Level::INFO };
    // The journal has its own times.
    let has_times = std::env::var_os("JOURNAL_STREAM").is_none();
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_target(false);
    // A second start changes nothing: tests start many daemons in one process.
    let _ = match has_times {
        true => log.with_timer(tracing_subscriber::fmt::time::SystemTime).try_init(),
        false => log.without_time().try_init(),
    };
}

/// Starts logging. What is read and judged is logged only where it is asked for.
#[cfg(target_os = "android")]
pub fn start(verbose: bool) {
    let level = if verbose { log::LevelFilter::Debug } else { log::LevelFilter::Info };
    android_logger::init_once(android_logger::Config::default().with_max_level(level).with_tag("trustd"));
}
