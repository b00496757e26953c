//! A gRPC process ("microservice chassis"): configuration, clock, tasks, identity, telemetry, errors, server,
//! shutdown. Every service runs on it, alone or with the others in one process.
//!
//! Owns no stream. It alone reads the environment, builds a [`tonic::Status`] and starts tasks.

mod call;
pub mod clock;
pub mod config;
mod connection;
mod identity;
mod layer;
mod module;
mod platform;
mod server;
pub mod status;
mod tasks;
mod telemetry;
pub mod token;
pub mod wire;

pub use call::{Asked, Asks, Call, Reading, ask, call, command, order, reading};
pub use config::Config;
pub use identity::check as check_issuers;
pub use module::{Module, Rpc, Task};
pub use platform::{Platform, StartFault};
pub use server::{Serving, serve};
pub use tasks::Tasks;
pub use telemetry::start as start_telemetry;
