//! The enrolment verifier: who a device's posture key belongs to, and how well it is kept.
//!
//! A device asks for a challenge, makes a posture key that its hardware attests for that challenge, and shows
//! [`trust_token::evidence::Evidence`]. What comes back is a credential: for one audience, of one handle and one key,
//! with nothing in it that links the device to what it is called elsewhere.
//!
//! ```text
//! challenge ──► sealed evidence ──► open ──► appraise (pure) ──► commit (one transaction) ──► credential
//!   state             bytes        opener      rules, chain         state: pins, floors       signing key
//! ```
//!
//! `docs/enrolment.md` has the protocol, the states, the refusals, and what is kept.

mod appraise;
mod clock;
mod keyfile;
mod opening;
mod queue;
mod refusal;
mod rules;
mod signing;
mod state;
mod verifier;

pub use appraise::{Appraised, Expected, appraise};
pub use keyfile::KeyError;
pub use opening::Opener;
pub use queue::Queue;
pub use refusal::{CODES, Refusal};
pub use rules::{Audience, BootKey, Lifetimes, Limits, Release, Revocation, Rules};
pub use signing::{FileKey, public_key};
pub use state::{Device, KIND, Pending, State, StateError};
pub use verifier::{Decision, Published, Verifier};
