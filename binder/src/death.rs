//! Objects in other processes, and the news of their death.

use crate::{SpIBinder, StatusCode};
use std::sync::{Arc, Weak};

/// What to do when an object's process dies. Whoever drops it is not told any more.
pub struct DeathRecipient(Arc<Told>);

struct Told(Box<dyn Fn() + Send + Sync>);

impl rsbinder::DeathRecipient for Told {
    fn binder_died(&self, _: &rsbinder::WIBinder) {
        (self.0)();
    }
}

impl DeathRecipient {
    /// Calls `callback`, on a thread of the pool.
    pub fn new<F: Fn() + Send + Sync + 'static>(callback: F) -> DeathRecipient {
        DeathRecipient(Arc::new(Told(Box::new(callback))))
    }

    fn weak(&self) -> Weak<dyn rsbinder::DeathRecipient> {
        let told: Weak<Told> = Arc::downgrade(&self.0);
        told
    }
}

/// What can be done with any object.
pub trait IBinder {
    /// Has the recipient told when the object's process dies. [`StatusCode::DEAD_OBJECT`] if it did already; an error
    /// too if the object lives in this process.
    fn link_to_death(&mut self, recipient: &mut DeathRecipient) -> Result<(), StatusCode>;

    /// Has it told no more.
    fn unlink_to_death(&mut self, recipient: &mut DeathRecipient) -> Result<(), StatusCode>;

    /// Asks the other side for an empty answer.
    fn ping_binder(&mut self) -> Result<(), StatusCode>;
}

impl IBinder for SpIBinder {
    fn link_to_death(&mut self, recipient: &mut DeathRecipient) -> Result<(), StatusCode> {
        Ok(rsbinder::IBinder::link_to_death(&**self, recipient.weak())?)
    }

    fn unlink_to_death(&mut self, recipient: &mut DeathRecipient) -> Result<(), StatusCode> {
        Ok(rsbinder::IBinder::unlink_to_death(&**self, recipient.weak())?)
    }

    fn ping_binder(&mut self) -> Result<(), StatusCode> {
        Ok(rsbinder::IBinder::ping_binder(&**self)?)
    }
}
