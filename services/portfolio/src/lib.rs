//! Current views (V1): a student's portfolio, a class's progress, a teacher's worklist.
//!
//! Owns no stream and no rule: it folds what records, uploads, certification and submission recorded into documents
//! (R14, C4). What is sealed it answers by a grant alone (A5). The folds copy sealed values and never open one; the queries open what they answer. Each query waits
//! for the position that its caller last wrote (V3).

mod query;
mod service;
mod views;
mod wire;

use std::sync::Arc;

use chassis::{Module, Rpc, Task};
use eventstore::Engine;
use eventstore::project::{self, Of, Projection, View};
use kernel::Duty;
use proto::portfolio::v1::portfolio_service_server::PortfolioServiceServer;

use views::{Class, Student, Teacher, Worklist};

/// Its methods and their duties.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.portfolio.v1.PortfolioService/GetPortfolio", duty: Duty::ReadPortfolio },
    Rpc { path: "/licheng.portfolio.v1.PortfolioService/GetClassProgress", duty: Duty::FollowClass },
    Rpc { path: "/licheng.portfolio.v1.PortfolioService/GetWorklist", duty: Duty::ReadWorklist },
];

/// The names of its views.
pub const VIEWS: &[&str] = &[Student::NAME, Class::NAME, Teacher::NAME, Worklist::NAME];

/// Its views, in the order of [`VIEWS`]: to be run, digested, replayed.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(Of::<Student>::default()),
        Arc::new(Of::<Class>::default()),
        Arc::new(Of::<Teacher>::default()),
        Arc::new(Of::<Worklist>::default()),
    ]
}

/// The service over an engine, with a task for each of its views.
pub fn module(engine: &Arc<Engine>) -> Module {
    let service = PortfolioServiceServer::new(service::Service::new(Arc::clone(engine)));
    projections().into_iter().fold(Module::new("portfolio", RPCS, service), |module, view| {
        let (name, engine) = (view.name(), Arc::clone(engine));
        module.with(Task::new(name, move |stop| project::run(engine, view, stop)))
    })
}
