use std::sync::Arc;

use chassis::{call, command, reading, status};
use eventstore::{Executor, Known};
use kernel::clause;
use proto::governance::v1 as message;
use proto::governance::v1::governance_service_server::GovernanceService;
use tonic::{Request, Response, Status};

use crate::domain::duty::Assignment;
use crate::domain::office::Seats;
use crate::domain::policy::YearPolicy;
use crate::facts::Officers;
use crate::wire;

/// Governance over gRPC.
pub(crate) struct Service {
    pub(crate) known: Arc<Known<Officers>>,
    pub(crate) offices: Executor<Seats>,
    pub(crate) duties: Executor<Assignment>,
    pub(crate) policies: Executor<YearPolicy>,
}

#[tonic::async_trait]
impl GovernanceService for Service {
    async fn seat_office(
        &self,
        request: Request<message::SeatOfficeRequest>,
    ) -> Result<Response<message::SeatOfficeResponse>, Status> {
        command(&self.offices, request).await
    }

    async fn vacate_office(
        &self,
        request: Request<message::VacateOfficeRequest>,
    ) -> Result<Response<message::VacateOfficeResponse>, Status> {
        command(&self.offices, request).await
    }

    async fn assign_duty(
        &self,
        request: Request<message::AssignDutyRequest>,
    ) -> Result<Response<message::AssignDutyResponse>, Status> {
        command(&self.duties, request).await
    }

    async fn adopt_policy(
        &self,
        request: Request<message::AdoptPolicyRequest>,
    ) -> Result<Response<message::AdoptPolicyResponse>, Status> {
        command(&self.policies, request).await
    }

    async fn get_policy(
        &self,
        request: Request<message::GetPolicyRequest>,
    ) -> Result<Response<message::GetPolicyResponse>, Status> {
        let reading = reading(&self.known, &call(&request)?, request.get_ref().at_least_position).await?;
        let (year, at) = wire::question(request.get_ref(), reading.now).map_err(status::malformed)?;
        let policy = reading.basis.authority.policy(year, at);
        let policy = policy.ok_or_else(|| status::not_found(const { clause("G3") }, "policy"))?;
        Ok(Response::new(wire::policy_message(policy)))
    }

    async fn list_offices(
        &self,
        request: Request<message::ListOfficesRequest>,
    ) -> Result<Response<message::ListOfficesResponse>, Status> {
        let reading = reading(&self.known, &call(&request)?, request.get_ref().at_least_position).await?;
        let at =
            wire::instant_asked(request.get_ref().at.as_ref(), reading.now).map_err(status::malformed)?;
        Ok(Response::new(wire::offices_message(&reading.basis.authority, at)))
    }
}
