//! Submission: the student's selection (勾選) of a school year's works, the batch that the registrar submits (提交) to the
//! central database (中央資料庫), the receipt (收訖明細) that each student confirms.
//!
//! Owns the streams `selection-{student}-{year}` (S1, S2, §4.3.3, §4.4.2, §5, A.11, A.12), `batch-{year}` (S3, S4) and
//! `receipt-{student}-{year}` (S5, S6, §8.3), and the files of packages and extracts. Events out: ticks, locks, batches,
//! receipts; events in: what uploads says of works, what certification says of outcomes. It never selects for a
//! student: it only un-ticks what was revoked (C5) or taken back.

mod central;
mod checking;
mod domain;
mod dossier;
mod facts;
mod files;
mod package;
mod packing;
mod reactor;
mod rounds;
mod rules;
mod service;
mod wire;

use std::sync::Arc;

use blobstore::BlobStore;
use chassis::{Module, Rpc, Task};
use eventstore::{Engine, Executor, Known, deadline};
use kernel::Duty;
use proto::submission::v1::submission_service_server::SubmissionServiceServer;

pub use central::{Announced, CentralDatabase, GrpcCentral, Parts, ReceivedItem};
pub use domain::{Choice, Command, Of, Refusal, Selection, batch, receipt};
pub use facts::{Certificate, Dispute, Rounds, School, Submissions, Work, Works, Year};
pub use reactor::{Locking, Reconciling, Sending, Unticking};
pub use rules::RULES;

/// Its methods and their duties.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.submission.v1.SubmissionService/TickOutcome", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/UntickOutcome", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/TickPerformance", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/UntickPerformance", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/GetSelection", duty: Duty::SelectWorks },
    Rpc { path: "/licheng.submission.v1.SubmissionService/PrepareBatch", duty: Duty::PrepareBatch },
    Rpc { path: "/licheng.submission.v1.SubmissionService/CheckBatch", duty: Duty::PrepareBatch },
    Rpc { path: "/licheng.submission.v1.SubmissionService/ApproveBatch", duty: Duty::ApproveBatch },
    Rpc { path: "/licheng.submission.v1.SubmissionService/GetBatch", duty: Duty::ReadBatch },
    Rpc { path: "/licheng.submission.v1.SubmissionService/ListFindings", duty: Duty::ReadBatch },
    Rpc { path: "/licheng.submission.v1.SubmissionService/ListDiscrepancies", duty: Duty::ReadBatch },
    Rpc { path: "/licheng.submission.v1.SubmissionService/GetReceipt", duty: Duty::ConfirmReceipt },
    Rpc { path: "/licheng.submission.v1.SubmissionService/ConfirmReceipt", duty: Duty::ConfirmReceipt },
    Rpc { path: "/licheng.submission.v1.SubmissionService/DisputeReceipt", duty: Duty::ConfirmReceipt },
    Rpc { path: "/licheng.submission.v1.SubmissionService/GetExtract", duty: Duty::ConfirmReceipt },
    Rpc { path: "/licheng.submission.v1.SubmissionService/ListDisputes", duty: Duty::AnswerDispute },
    Rpc { path: "/licheng.submission.v1.SubmissionService/AnswerDispute", duty: Duty::AnswerDispute },
    Rpc { path: "/licheng.submission.v1.SubmissionService/GetLetter", duty: Duty::KeepLetters },
    Rpc { path: "/licheng.submission.v1.SubmissionService/RecordLetterPosted", duty: Duty::KeepLetters },
    Rpc { path: "/licheng.submission.v1.SubmissionService/RecordLetterAnswered", duty: Duty::KeepLetters },
];

/// The names of its reactors; two of them run only where there is a central database.
pub const fn reactors(central: bool) -> &'static [&'static str] {
    let all = &[reactor::UNTICKING, reactor::LOCKING, reactor::SENDING, reactor::RECONCILING];
    if central { all } else { &[reactor::UNTICKING, reactor::LOCKING] }
}

/// The service over an engine, with its files, and what follows by itself. Without a central database, an approved
/// batch waits.
pub fn module(engine: &Arc<Engine>, blobs: &BlobStore, central: Option<Arc<dyn CentralDatabase>>) -> Module {
    let known = Arc::new(Known::new(Arc::clone(engine)));
    let selections = Arc::new(Executor::new(Arc::clone(engine), Arc::clone(&known)));
    let batches = Arc::new(Executor::new(Arc::clone(engine), Arc::clone(&known)));
    let receipts = Arc::new(Executor::new(Arc::clone(engine), known));
    let (ticked, prepared) = (Arc::clone(&selections), Arc::clone(&batches));
    let unticking = Task::reacting("submission: un-ticking", engine, Unticking::new(Arc::clone(&ticked)));
    let locking = Task::reacting("submission: locking", engine, Locking::new(ticked, prepared));
    let disputed = Arc::clone(&receipts);
    let answers = move |stop| deadline::run("dispute-answers", disputed, stop);
    let mut tasks = vec![unticking, locking, Task::new("submission: deadlines", answers)];
    if let Some(central) = central {
        let sending = Sending::new(Arc::clone(&batches), blobs.clone(), Arc::clone(&central));
        tasks.push(Task::reacting("submission: sending", engine, sending));
        let executors = (Arc::clone(&batches), Arc::clone(&receipts));
        let reconciling = Reconciling::new(executors, blobs.clone(), central);
        tasks.push(Task::reacting("submission: reconciling", engine, reconciling));
    }
    let service = service::Service { selections, batches, receipts, blobs: blobs.clone() };
    let module = Module::new("submission", RPCS, SubmissionServiceServer::new(service));
    tasks.into_iter().fold(module, Module::with)
}
