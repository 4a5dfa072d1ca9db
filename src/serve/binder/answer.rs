//! The one way out: every refusal as its code, and a panic as a refusal.

use crate::serve::wire::Refusal;
use binder::Status;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a caller gets of this work. A panic is a fault of this call alone; rsbinder would catch it too, and libbinder
/// would end the process.
pub fn answer<T>(work: impl FnOnce() -> Result<T, Refusal>) -> binder::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Refusal::Internal)).map_err(refused)
}

fn refused(refusal: Refusal) -> Status {
    Status::new_service_specific_error_str(refusal.code(), Some(refusal.to_string()))
}
