//! The ten production gates: evidence and a policy in, findings and a posture out.
//!
//! A gate is a folder `gates/<id>/` with its words and rules as data. [`Gates`] loads them, a [`Policy`]
//! resolves them to a [`Plan`], and [`judge()`] applies the plan to evidence as of a point in time. Judging does
//! no I/O, reads no clock, never fails and never panics; the same input gives the same report, byte for byte.

mod access;
mod again;
mod audience;
mod check;
mod denylists;
mod describe;
mod forge_cost;
mod gate;
mod json;
mod judge;
mod list;
mod plan;
mod policy;
mod provider;
mod report;
mod resolve;
mod rule;
mod starter;

pub use access::{Access, Callers, Reader, Role};
pub use again::{Verdicts, judge_again};
pub use audience::{Audience, Fact};
pub use check::{Check, WhenAbsent};
pub use denylists::published_certificates;
pub use forge_cost::{ForgeCost, ForgeCostError, forge_cost};
pub use gate::{Gate, Gates, Objective};
pub use json::{POSTURE_SCHEMA, to_json};
pub use judge::judge;
pub use list::List;
pub use plan::{Plan, Waiver};
pub use policy::{Attestation, MAX_POLICY, POLICY_SCHEMA, Policy};
pub use provider::Provider;
pub use report::{FindingView, GateView, ObjectiveView, Read, Report, Shown};
pub use rule::{Bound, Operand, PolicyPath, Row, Rule, Section, Within};
pub use starter::starter_policy;
