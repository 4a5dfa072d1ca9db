//! Services by their names.

use crate::process::driver;
use crate::{FromIBinder, SpIBinder, StatusCode, Strong};

/// Registers a service under a name with the service manager.
pub fn add_service(identifier: &str, binder: SpIBinder) -> Result<(), StatusCode> {
    driver()?;
    rsbinder::hub::add_service(identifier, binder).map_err(|status| {
        let code = StatusCode::from(status.transaction_error());
        // The service manager refuses by an exception, which libbinder_ndk turns into this.
        if code == StatusCode::OK { StatusCode::PERMISSION_DENIED } else { code }
    })
}

/// The service of that name, if it is there now.
pub fn check_service(name: &str) -> Option<SpIBinder> {
    driver().ok()?;
    rsbinder::hub::check_service(name)
}

/// The service of that name, if it is there now and of that interface.
pub fn check_interface<T: FromIBinder + ?Sized>(name: &str) -> Result<Strong<T>, StatusCode> {
    match check_service(name) {
        Some(service) => Ok(FromIBinder::try_from(service)?),
        None => {
            driver()?;
            Err(StatusCode::NAME_NOT_FOUND)
        }
    }
}

/// The service of that name, once it is there. It wants the thread pool.
pub fn wait_for_interface<T: FromIBinder + ?Sized>(name: &str) -> Result<Strong<T>, StatusCode> {
    driver()?;
    Ok(rsbinder::hub::wait_for_interface(name)?)
}
