use std::sync::Arc;

use chassis::{Call, call, command, reading, status};
use events::{Decider as _, SubmissionEvent};
use eventstore::{Executor, Fault};
use kernel::SchoolYear;
use proto::submission::v1::submission_service_server::SubmissionService;
use proto::submission::v1::{
    GetSelectionRequest, GetSelectionResponse, TickOutcomeRequest, TickOutcomeResponse,
    TickPerformanceRequest, TickPerformanceResponse, UntickOutcomeRequest, UntickOutcomeResponse,
    UntickPerformanceRequest, UntickPerformanceResponse,
};
use tonic::{Request, Response, Status};

use crate::{Selection, wire};

/// The gRPC service.
pub(crate) struct Service {
    executor: Arc<Executor<Selection>>,
}

impl Service {
    pub(crate) const fn new(executor: Arc<Executor<Selection>>) -> Self {
        Self { executor }
    }

    /// The caller's selection, as the store has it by now.
    async fn selection(&self, call: &Call, year: SchoolYear) -> Result<Selection, Fault> {
        let (ledger, stream) = (call.ledger, wire::stream(call.caller.person, year));
        let mut selection = Selection::default();
        for (_, event) in self.executor.engine().read_stream_open(ledger, &stream, 0).await? {
            let event = SubmissionEvent::try_from(event);
            selection
                .evolve(&event.map_err(|_| Fault::broken(format!("stream {stream} holds another's event")))?);
        }
        Ok(selection)
    }
}

#[tonic::async_trait]
impl SubmissionService for Service {
    async fn tick_outcome(
        &self,
        request: Request<TickOutcomeRequest>,
    ) -> Result<Response<TickOutcomeResponse>, Status> {
        command(&self.executor, request).await
    }

    async fn untick_outcome(
        &self,
        request: Request<UntickOutcomeRequest>,
    ) -> Result<Response<UntickOutcomeResponse>, Status> {
        command(&self.executor, request).await
    }

    async fn tick_performance(
        &self,
        request: Request<TickPerformanceRequest>,
    ) -> Result<Response<TickPerformanceResponse>, Status> {
        command(&self.executor, request).await
    }

    async fn untick_performance(
        &self,
        request: Request<UntickPerformanceRequest>,
    ) -> Result<Response<UntickPerformanceResponse>, Status> {
        command(&self.executor, request).await
    }

    async fn get_selection(
        &self,
        request: Request<GetSelectionRequest>,
    ) -> Result<Response<GetSelectionResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let year = wire::year(asked.year).map_err(status::malformed)?;
        let reading = reading(self.executor.known(), &call, asked.at_least_position).await?;
        let policy = reading.basis.authority.policy(year, reading.now).cloned();
        drop(reading);
        let selection = self.selection(&call, year).await.map_err(status::fault)?;
        Ok(Response::new(wire::answer(&selection, policy.as_ref())))
    }
}
