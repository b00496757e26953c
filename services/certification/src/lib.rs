//! Certification (認證): the course's own teacher confirms authorship and course.
//!
//! Owns the streams `certificate-{work}` (C1, C3, C5, §4.3.1, §4.3.2). Events out: `WorkCertified`, `WorkReturned`,
//! `CertificationRevoked`; events in: what uploads says of works, what submission has locked. It holds no grade and no score, never opens a
//! file, and never un-ticks: submission hears of a revocation by its event.

mod domain;
mod facts;
mod rules;
mod service;
mod wire;

use std::sync::Arc;

use chassis::{Module, Rpc};
use eventstore::{Engine, Executor, Known};
use kernel::Duty;
use proto::certification::v1::certification_service_server::CertificationServiceServer;

pub use domain::{Certificate, Command, Refusal};
pub use facts::{Work, Works};
pub use rules::RULES;

/// Its methods and their duties.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.certification.v1.CertificationService/CertifyWorks", duty: Duty::CertifyWork },
    Rpc { path: "/licheng.certification.v1.CertificationService/ReturnWorks", duty: Duty::CertifyWork },
    Rpc {
        path: "/licheng.certification.v1.CertificationService/RevokeCertification",
        duty: Duty::CertifyWork,
    },
];

/// The service over an engine.
pub fn module(engine: &Arc<Engine>) -> Module {
    let known = Arc::new(Known::new(Arc::clone(engine)));
    let service = service::Service::new(Executor::new(Arc::clone(engine), known));
    Module::new("certification", RPCS, CertificationServiceServer::new(service))
}
