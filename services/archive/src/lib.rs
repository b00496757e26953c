//! Archive: sealed portfolios of graduates (封存), who may read them, legal holds, and erasure (刪除) (§10, A1, A2, A5).
//!
//! Owns the streams `archive-{student}`, `hold-student-{student}`, `hold-class-{class}`, `hold-school`. Events out: seals,
//! access, holds, erasures in their steps; events in: graduations, and by facts the files of works and packages, and who
//! was last in which class. It alone destroys keys, files and claims of a person. It never changes or removes an event,
//! and what it destroys it counts: the last event of an erasure is its certificate.

mod domain;
mod erasing;
mod facts;
mod reactor;
mod rules;
mod service;
mod wire;

use std::sync::Arc;

use blobstore::BlobStore;
use chassis::{Module, Rpc, Task};
use eventstore::{Engine, Executor, Known, deadline};
use kernel::Duty;
use proto::archive::v1::archive_service_server::ArchiveServiceServer;

pub use domain::{
    ACCESS_TIME, Access, Command, Destroyed, Erasure, GRACE, Hold, HoldCommand, HoldRefusal, Portfolio,
    RETENTION_YEARS, Refusal,
};
pub use erasing::Erasing;
pub use facts::{Files, Kept};
pub use reactor::Sealing;
pub use rules::RULES;

/// Its methods and their duties.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.archive.v1.ArchiveService/RequestAccess", duty: Duty::RequestAccess },
    Rpc { path: "/licheng.archive.v1.ArchiveService/GrantAccess", duty: Duty::GrantAccess },
    Rpc { path: "/licheng.archive.v1.ArchiveService/DeclineAccess", duty: Duty::GrantAccess },
    Rpc { path: "/licheng.archive.v1.ArchiveService/ListAccess", duty: Duty::ReadArchive },
    Rpc { path: "/licheng.archive.v1.ArchiveService/PlaceHold", duty: Duty::HoldErasure },
    Rpc { path: "/licheng.archive.v1.ArchiveService/ReleaseHold", duty: Duty::HoldErasure },
    Rpc { path: "/licheng.archive.v1.ArchiveService/ListHolds", duty: Duty::ReadArchive },
    Rpc { path: "/licheng.archive.v1.ArchiveService/RequestErasure", duty: Duty::RequestErasure },
    Rpc { path: "/licheng.archive.v1.ArchiveService/ApproveErasure", duty: Duty::ApproveErasure },
    Rpc { path: "/licheng.archive.v1.ArchiveService/CancelErasure", duty: Duty::CancelErasure },
    Rpc { path: "/licheng.archive.v1.ArchiveService/GetErasure", duty: Duty::ReadArchive },
];

/// The names of its reactors.
pub const REACTORS: &[&str] = &[reactor::NAME, erasing::NAME];

/// The service over an engine, with the reactors that seal and erase, and the deadline at which an erasure starts. The blob
/// store is the one that works and packages are kept in.
pub fn module(engine: &Arc<Engine>, blobs: &BlobStore) -> Module {
    let known = Arc::new(Known::new(Arc::clone(engine)));
    let portfolios: Arc<Executor<Portfolio>> =
        Arc::new(Executor::new(Arc::clone(engine), Arc::clone(&known)));
    let holds = Executor::new(Arc::clone(engine), known);
    let sealing = Sealing::new(Arc::clone(&portfolios));
    let erasing = Erasing::new(Arc::clone(&portfolios), blobs.clone());
    let due = Arc::clone(&portfolios);
    let starting = move |stop| deadline::run("archive-erasures", due, stop);
    let service = ArchiveServiceServer::new(service::Service::new(portfolios, holds));
    Module::new("archive", RPCS, service)
        .with(Task::reacting("archive: sealing", engine, sealing))
        .with(Task::reacting("archive: erasing", engine, erasing))
        .with(Task::new("archive: starting erasures", starting))
}
