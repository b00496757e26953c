use std::sync::Arc;

use chassis::{call, command, reading, status};
use events::{ArchiveEvent, Record};
use eventstore::{Executor, Fault, Known};
use kernel::LedgerId;
use proto::archive::v1::archive_service_server::ArchiveService;
use proto::archive::v1::{
    ApproveErasureRequest, ApproveErasureResponse, CancelErasureRequest, CancelErasureResponse,
    DeclineAccessRequest, DeclineAccessResponse, GetErasureRequest, GetErasureResponse, GrantAccessRequest,
    GrantAccessResponse, ListAccessRequest, ListAccessResponse, ListHoldsRequest, ListHoldsResponse,
    PlaceHoldRequest, PlaceHoldResponse, ReleaseHoldRequest, ReleaseHoldResponse, RequestAccessRequest,
    RequestAccessResponse, RequestErasureRequest, RequestErasureResponse,
};
use tonic::{Request, Response, Status};

use crate::domain::stream;
use crate::wire::{self, Told};
use crate::{Hold, Kept, Portfolio};

/// The gRPC service.
pub(crate) struct Service {
    portfolios: Arc<Executor<Portfolio>>,
    holds: Executor<Hold>,
}

impl Service {
    pub(crate) const fn new(portfolios: Arc<Executor<Portfolio>>, holds: Executor<Hold>) -> Self {
        Self { portfolios, holds }
    }

    fn known(&self) -> &Known<Kept> {
        self.portfolios.known()
    }

    /// A stream's events as the store has them by now, opened.
    async fn told(&self, ledger: LedgerId, stream: &str) -> Result<Vec<Told>, Fault> {
        let engine = self.portfolios.engine();
        let stored = engine.store.read_stream(ledger, stream, 0).await?;
        let events = engine.read_stream_open(ledger, stream, 0).await?;
        let both = stored.into_iter().zip(events);
        both.map(|(stored, (_, event))| {
            let by = Record::parse(&stored.record).map_err(Fault::broken)?.actor;
            let event = ArchiveEvent::try_from(event);
            let event = event.map_err(|_| Fault::broken(format!("stream {stream} holds another's event")))?;
            Ok(Told { at: stored.time, by, event })
        })
        .collect()
    }
}

#[tonic::async_trait]
impl ArchiveService for Service {
    async fn request_access(
        &self,
        request: Request<RequestAccessRequest>,
    ) -> Result<Response<RequestAccessResponse>, Status> {
        command(&self.portfolios, request).await
    }

    async fn grant_access(
        &self,
        request: Request<GrantAccessRequest>,
    ) -> Result<Response<GrantAccessResponse>, Status> {
        command(&self.portfolios, request).await
    }

    async fn decline_access(
        &self,
        request: Request<DeclineAccessRequest>,
    ) -> Result<Response<DeclineAccessResponse>, Status> {
        command(&self.portfolios, request).await
    }

    async fn list_access(
        &self,
        request: Request<ListAccessRequest>,
    ) -> Result<Response<ListAccessResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let student = wire::student(&asked.student_id).map_err(status::malformed)?;
        drop(reading(self.known(), &call, asked.at_least_position).await?);
        let told = self.told(call.ledger, &stream(student)).await.map_err(status::fault)?;
        wire::access(&told).map(Response::new).ok_or_else(wire::not_sealed)
    }

    async fn place_hold(
        &self,
        request: Request<PlaceHoldRequest>,
    ) -> Result<Response<PlaceHoldResponse>, Status> {
        command(&self.holds, request).await
    }

    async fn release_hold(
        &self,
        request: Request<ReleaseHoldRequest>,
    ) -> Result<Response<ReleaseHoldResponse>, Status> {
        command(&self.holds, request).await
    }

    async fn list_holds(
        &self,
        request: Request<ListHoldsRequest>,
    ) -> Result<Response<ListHoldsResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let reading = reading(self.known(), &call, asked.at_least_position).await?;
        let scopes: Vec<_> = reading.basis.facts.holds().collect();
        drop(reading);
        let mut holds = Vec::with_capacity(scopes.len());
        for scope in scopes {
            let told = self.told(call.ledger, &scope.stream()).await.map_err(status::fault)?;
            holds.extend(wire::hold(scope, &told));
        }
        Ok(Response::new(ListHoldsResponse { holds }))
    }

    async fn request_erasure(
        &self,
        request: Request<RequestErasureRequest>,
    ) -> Result<Response<RequestErasureResponse>, Status> {
        command(&self.portfolios, request).await
    }

    async fn approve_erasure(
        &self,
        request: Request<ApproveErasureRequest>,
    ) -> Result<Response<ApproveErasureResponse>, Status> {
        command(&self.portfolios, request).await
    }

    async fn cancel_erasure(
        &self,
        request: Request<CancelErasureRequest>,
    ) -> Result<Response<CancelErasureResponse>, Status> {
        command(&self.portfolios, request).await
    }

    async fn get_erasure(
        &self,
        request: Request<GetErasureRequest>,
    ) -> Result<Response<GetErasureResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let student = wire::student(&asked.student_id).map_err(status::malformed)?;
        let reading = reading(self.known(), &call, asked.at_least_position).await?;
        let held: Vec<_> = reading.basis.facts.holds_on(student).collect();
        drop(reading);
        let told = self.told(call.ledger, &stream(student)).await.map_err(status::fault)?;
        wire::erasure(&told, &held).map(Response::new).ok_or_else(wire::not_sealed)
    }
}

#[cfg(test)]
mod tests;
