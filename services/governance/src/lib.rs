//! Governance: who may do what, and by which policy (G3, G5; §3.4, §4.3.1, §4.4.1).
//!
//! Owns the streams `ledger`, `office-{office}`, `duty-{duty}`, `policy-{year}`; records
//! [`events::GovernanceEvent`]; hears `records` to know whom the school knows. Every other service folds its events
//! into [`events::Authority`].

mod domain;
mod facts;
mod opening;
mod rules;
mod service;
mod wire;

use std::sync::Arc;

use chassis::{Module, Rpc};
use eventstore::{Engine, Executor, Known};
use kernel::Duty;
use proto::governance::v1::governance_service_server::GovernanceServiceServer;

pub use opening::{OpenFault, Opened, Opening, draw_ledger, open_school};
pub use rules::RULES;

/// Its methods and their duties.
pub const RPCS: &[Rpc] = &[
    Rpc { path: "/licheng.governance.v1.GovernanceService/SeatOffice", duty: Duty::AssignOffice },
    Rpc { path: "/licheng.governance.v1.GovernanceService/VacateOffice", duty: Duty::AssignOffice },
    Rpc { path: "/licheng.governance.v1.GovernanceService/AssignDuty", duty: Duty::AssignDuty },
    Rpc { path: "/licheng.governance.v1.GovernanceService/AdoptPolicy", duty: Duty::AdoptPolicy },
    Rpc { path: "/licheng.governance.v1.GovernanceService/GetPolicy", duty: Duty::ReadGovernance },
    Rpc { path: "/licheng.governance.v1.GovernanceService/ListOffices", duty: Duty::ReadGovernance },
];

/// The service over an engine.
pub fn module(engine: &Arc<Engine>) -> Module {
    let known = Arc::new(Known::new(Arc::clone(engine)));
    let service = service::Service {
        offices: Executor::new(Arc::clone(engine), Arc::clone(&known)),
        duties: Executor::new(Arc::clone(engine), Arc::clone(&known)),
        policies: Executor::new(Arc::clone(engine), Arc::clone(&known)),
        known,
    };
    Module::new("governance", RPCS, GovernanceServiceServer::new(service))
}
