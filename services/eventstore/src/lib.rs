//! Facts at rest and in motion: the event store, group commit, the bus, and what runs on them — commands
//! ([`Executor`]), views ([`project`]), reactors ([`react`]), deadlines ([`deadline`]).
//!
//! Owns every table. A log per ledger with dense positions is the truth; the bus is fast and not trusted. It never
//! decides anything: rules are [`events::Decider`]s.

pub mod bus;
pub mod deadline;
mod engine;
mod execute;
mod fault;
mod follow;
mod known;
pub mod project;
pub mod react;
mod relay;
mod states;
pub mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use engine::Engine;
pub use events::leaf as leaf_of;
pub use execute::{Executor, Order, Rejected, Written};
pub use fault::Fault;
pub use known::Known;
pub use relay::run as relay;
