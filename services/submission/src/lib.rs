//! Submission, so far its first half: the student's selection (勾選) of a school year's works.
//!
//! Owns the streams `selection-{student}-{year}` (S1, S2, §4.3.3, §4.4.2, A.11, A.12). Events out: ticks and un-ticks
//! of outcomes and performances; events in: what uploads says of works, what certification says of outcomes. It never
//! opens a file, and never selects for a student: it only un-ticks what was revoked (C5) or taken back.

mod domain;
mod facts;
mod reactor;
mod rules;
mod service;
mod wire;

use std::sync::Arc;

use chassis::{Module, Rpc, Task};
use eventstore::{Engine, Executor, Known};
use kernel::Duty;
use proto::submission::v1::submission_service_server::SubmissionServiceServer;

pub use domain::{Choice, Command, Of, Refusal, Selection};
pub use facts::{Certificate, Work, Works};
pub use reactor::Unticking;
pub use rules::RULES;

/// Its methods and their duties.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.submission.v1.SubmissionService/TickOutcome", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/UntickOutcome", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/TickPerformance", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/UntickPerformance", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/GetSelection", duty: Duty::SelectWorks },
];

/// The service over an engine, with the reactor that un-ticks.
pub fn module(engine: &Arc<Engine>) -> Module {
    let known = Arc::new(Known::new(Arc::clone(engine)));
    let executor = Arc::new(Executor::new(Arc::clone(engine), known));
    let (engine, reactor) = (Arc::clone(engine), Arc::new(Unticking::new(Arc::clone(&executor))));
    let react = |stop| async move { eventstore::react::run(engine, reactor, stop).await };
    let service = SubmissionServiceServer::new(service::Service::new(executor));
    Module::new("submission", RPCS, service).with(Task::new("submission: un-ticking", react))
}
