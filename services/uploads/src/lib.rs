//! Uploads: students' works and their files (U1, U2, U4, U6, U8; A.11, A.12, §4.3.1, §4.4.1, §5, §7.2.1).
//!
//! Owns the streams `works-{student}-{year}`, and what the blob store holds of their files. Events out: `WorkBegun`,
//! `OutcomeSubmitted`, `PerformanceSubmitted`, `FileRefused`, `WorkWithdrawn`; events in: courses, policies and
//! students' standing by [`events::Authority`], what certification and submission say of a work. It never replaces a byte that was sent, and never says that
//! a file is what its name says without reading it.

mod domain;
mod examine;
mod facts;
mod files;
mod rules;
mod service;
mod trail;
mod wire;

use std::sync::Arc;

use blobstore::BlobStore;
use chassis::{Module, Rpc};
use eventstore::{Engine, Executor, Known};
use kernel::Duty;
use proto::uploads::v1::uploads_service_server::UploadsServiceServer;

pub use domain::{
    Begin, Command, DOCUMENT_BYTES_MAX, Field, FieldKind, FileFault, Found, MEDIA_BYTES_MAX, MediaType, Of,
    Refusal, SEGMENT_BYTES, Sheet, Stage, UPLOAD_TIME, Work, Works, Written, segments,
};
pub use examine::examine;
pub use facts::{Upload, Uploads};
pub use rules::RULES;

/// Its methods and their duties.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.uploads.v1.UploadsService/BeginOutcome", duty: Duty::UploadOutcome },
    Rpc { path: "/licheng.uploads.v1.UploadsService/BeginPerformance", duty: Duty::UploadPerformance },
    Rpc { path: "/licheng.uploads.v1.UploadsService/ListCategories", duty: Duty::UploadPerformance },
    Rpc { path: "/licheng.uploads.v1.UploadsService/PutSegment", duty: Duty::UploadFile },
    Rpc { path: "/licheng.uploads.v1.UploadsService/GetUpload", duty: Duty::UploadFile },
    Rpc { path: "/licheng.uploads.v1.UploadsService/FinishWork", duty: Duty::UploadFile },
    Rpc { path: "/licheng.uploads.v1.UploadsService/WithdrawWork", duty: Duty::UploadFile },
    Rpc { path: "/licheng.uploads.v1.UploadsService/GetReceipt", duty: Duty::UploadFile },
    Rpc { path: "/licheng.uploads.v1.UploadsService/ReadFile", duty: Duty::ReadFile },
];

/// The service over an engine, with its files in a blob store.
pub fn module(engine: &Arc<Engine>, blobs: &BlobStore) -> Module {
    let known = Arc::new(Known::new(Arc::clone(engine)));
    let executor = Executor::new(Arc::clone(engine), known);
    let service = service::Service::new(executor, files::Files::new(blobs.clone()));
    Module::new("uploads", RPCS, UploadsServiceServer::new(service))
}
