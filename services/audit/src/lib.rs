//! The history of a school, and what proves it: trail (T1), replay (T2), Merkle ledger (T3).
//!
//! Owns no stream and no rule: it reads what the others recorded. For each ledger it keeps a Merkle tree (RFC 6962)
//! over the records, integrated right after each append, and signs its checkpoints (C2SP signed notes, Ed25519)
//! while it grows; they are kept in the database and outside it, and none is ever signed that is inconsistent with
//! the newest. [`export`] writes a ledger out after verifying the store, [`verify`] checks an export offline. Every
//! check hashes the stored bytes anew; a stored leaf is never trusted.

use std::path::Path;
use std::sync::Arc;

use chassis::{Module, Rpc, Task};
use eventstore::Engine;
use eventstore::project::Projection;
use kernel::Duty;
use proto::audit::v1::audit_service_server::AuditServiceServer;
use tokio::sync::watch;

mod book;
mod export;
mod ledger;
mod note;
mod outside;
mod papers;
mod service;
mod trail;
mod tree;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

pub use export::{Along, Damage, ExportFault, Inspected, Summary, export, inspect};
pub use note::{Checkpoint, NotACheckpoint, NotAKey, Signer, VerifierKey};
pub use outside::Outside;
pub use tree::{Frontier, Hash};
pub use verify::{Finding, Verified, VerifyFault, verify};

/// Every method and the duty that it needs.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.audit.v1.AuditService/ReadLedger", duty: Duty::AuditLedger },
    Rpc { path: "/licheng.audit.v1.AuditService/GetCheckpoint", duty: Duty::AuditLedger },
    Rpc { path: "/licheng.audit.v1.AuditService/GetViewDigest", duty: Duty::AuditLedger },
    Rpc { path: "/licheng.audit.v1.AuditService/ReplayView", duty: Duty::AuditLedger },
];

/// The service, its integrator, and the end of its streams at shutdown. `checkpoints` is the folder outside the
/// database; `views` are those that can be digested and replayed.
pub fn module(engine: &Arc<Engine>, checkpoints: &Path, views: Vec<Arc<dyn Projection>>) -> Module {
    let standings = Arc::new(ledger::Standings::default());
    let (closing, closed) = watch::channel(false);
    let service = service::Audit::new(Arc::clone(engine), views, Arc::clone(&standings), closed);
    let (engine, checkpoints) = (Arc::clone(engine), checkpoints.to_owned());
    Module::new("audit", RPCS, AuditServiceServer::new(service))
        .with(Task::new("ledgers", move |stop| ledger::run(engine, checkpoints, standings, stop)))
        .with(Task::new("ledger streams", move |mut stop| async move {
            let _ = stop.wait_for(|stop| *stop).await;
            closing.send_replace(true);
        }))
}
