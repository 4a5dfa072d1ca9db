//! This process towards the driver: its threads, and whom the current one serves.

use crate::StatusCode;
use std::ffi::CStr;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many threads libbinder's pool may have, where nobody says.
const DEFAULT_THREADS: u32 = 15;

static THREADS: AtomicU32 = AtomicU32::new(DEFAULT_THREADS);

/// Opens the driver once: /dev/binderfs/binder, or where that is not there /dev/binder.
pub(crate) fn driver() -> Result<(), StatusCode> {
    if rsbinder::ProcessState::is_initialized() {
        return Ok(());
    }
    let path = if std::path::Path::new(rsbinder::DEFAULT_BINDER_PATH).exists() {
        rsbinder::DEFAULT_BINDER_PATH
    } else {
        rsbinder::LEGACY_BINDER_PATH
    };
    rsbinder::ProcessState::init(path, THREADS.load(Ordering::Relaxed))
        .map(drop)
        .map_err(|_| StatusCode::NO_INIT)
}

/// The threads of this process that serve calls.
pub struct ProcessState;

impl ProcessState {
    /// Starts one thread, and lets the driver ask for more as it needs them. Without a driver it does nothing, and
    /// what follows says so.
    pub fn start_thread_pool() {
        if driver().is_ok() {
            rsbinder::ProcessState::start_thread_pool();
        }
    }

    /// How many more threads the driver may ask for. To be called before everything else.
    pub fn set_thread_pool_max_thread_count(num_threads: u32) {
        THREADS.store(num_threads, Ordering::Relaxed);
    }

    /// Serves calls on this thread too, for as long as the driver has any.
    pub fn join_thread_pool() {
        if driver().is_ok() {
            // libbinder's gives nothing either: what follows it is the end of the process.
            let _ended = rsbinder::ProcessState::join_thread_pool();
        }
    }
}

/// The call that the current thread serves.
pub struct ThreadState;

impl ThreadState {
    /// The caller's effective uid, by the driver; this process's own where no call is served.
    pub fn get_calling_uid() -> u32 {
        rsbinder::get_calling_uid()
    }

    /// The caller's SELinux context, by the driver: None if the service did not ask for it, SELinux is not loaded,
    /// or no call is served.
    pub fn with_calling_sid<T, F>(check_permission: F) -> T
    where
        for<'a> F: FnOnce(Option<&'a CStr>) -> T,
    {
        check_permission(rsbinder::get_calling_sid().as_deref())
    }
}
