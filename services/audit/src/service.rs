use std::sync::Arc;
use std::time::Duration;

use chassis::{Call, call, reading, status};
use eventstore::project::{self, Projection};
use eventstore::{Engine, Fault, Known};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use kernel::{Clause, clause};
use proto::audit::v1::audit_service_server::AuditService;
use proto::audit::v1::{
    GetCheckpointRequest, GetCheckpointResponse, GetViewDigestRequest, GetViewDigestResponse,
    ReadLedgerRequest, ReadLedgerResponse, ReplayViewRequest, ReplayViewResponse,
};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use crate::ledger::{Standings, Unsigned};
use crate::wire;
use reader::Reader;

mod reader;
mod replay;

/// Replay.
const REPLAY: Clause = clause("T2");
/// How long a query waits for what it asks for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The service.
pub(crate) struct Audit {
    engine: Arc<Engine>,
    known: Known<()>,
    views: Vec<Arc<dyn Projection>>,
    standings: Arc<Standings>,
    closed: watch::Receiver<bool>,
}

impl Audit {
    /// It reads by that engine; its streams end once `closed` says so.
    pub(crate) fn new(
        engine: Arc<Engine>,
        views: Vec<Arc<dyn Projection>>,
        standings: Arc<Standings>,
        closed: watch::Receiver<bool>,
    ) -> Self {
        Self { known: Known::new(Arc::clone(&engine)), engine, views, standings, closed }
    }

    /// Who asks, if the ledger is theirs to audit.
    async fn allowed<T>(&self, request: &Request<T>, at_least: u64) -> Result<Call, Status> {
        let call = call(request)?;
        reading(&self.known, &call, at_least).await?;
        Ok(call)
    }

    async fn digest(
        &self,
        call: &Call,
        request: &GetViewDigestRequest,
    ) -> Result<GetViewDigestResponse, Status> {
        let view = wire::digested(request, &self.views).map_err(status::malformed)?;
        let (name, version, at_least) = (view.name(), view.version(), request.at_least_position);
        project::wait_for(&self.engine, name, version, call.ledger, at_least, PATIENCE)
            .await
            .map_err(status::fault)?;
        let (position, documents) =
            self.engine.store.all_documents(name, version, call.ledger).await.map_err(status::fault)?;
        let replayed =
            project::replay(&self.engine, &*view, call.ledger, position).await.map_err(status::fault)?;
        let served = project::digest(documents.iter().map(|document| (&document.key, &document.body)));
        Ok(GetViewDigestResponse {
            view: name.to_owned(),
            version,
            position,
            served: hex::encode(served),
            replayed: hex::encode(project::digest(&replayed)),
            documents: u64::try_from(documents.len()).unwrap_or(u64::MAX),
        })
    }

    async fn replay(&self, call: &Call, request: &ReplayViewRequest) -> Result<ReplayViewResponse, Status> {
        let (view, key) = wire::replayed(request, &self.views).map_err(status::malformed)?;
        let replayed = replay::document(&self.engine, &*view, call.ledger, &key, request.position).await;
        let (position, time, document) = replayed.map_err(status::fault)?;
        let document =
            document.ok_or_else(|| status::not_found(REPLAY, "document of that view at that position"))?;
        let document = String::from_utf8(document).map_err(|error| status::fault(Fault::broken(error)))?;
        Ok(ReplayViewResponse { document, position, time: Some(chassis::wire::timestamp(time)) })
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    type ReadLedgerStream = BoxStream<'static, Result<ReadLedgerResponse, Status>>;

    async fn read_ledger(
        &self,
        request: Request<ReadLedgerRequest>,
    ) -> Result<Response<Self::ReadLedgerStream>, Status> {
        let call = self.allowed(&request, 0).await?;
        let reader = Reader::new(&self.engine, call.ledger, request.get_ref(), self.closed.clone());
        let records = reader.map_err(status::malformed)?.records();
        Ok(Response::new(records.map(|record| record.map_err(unread)).boxed()))
    }

    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        let at_least = request.get_ref().at_least_position;
        let call = self.allowed(&request, at_least).await?;
        let signed = self.standings.signed(call.ledger, at_least, PATIENCE).await;
        let (size, note, verifier_key) = signed.map_err(unsigned)?;
        Ok(Response::new(GetCheckpointResponse { note, verifier_key, size }))
    }

    async fn get_view_digest(
        &self,
        request: Request<GetViewDigestRequest>,
    ) -> Result<Response<GetViewDigestResponse>, Status> {
        let call = self.allowed(&request, request.get_ref().at_least_position).await?;
        self.digest(&call, request.get_ref()).await.map(Response::new)
    }

    async fn replay_view(
        &self,
        request: Request<ReplayViewRequest>,
    ) -> Result<Response<ReplayViewResponse>, Status> {
        let call = self.allowed(&request, request.get_ref().position).await?;
        self.replay(&call, request.get_ref()).await.map(Response::new)
    }
}

fn unsigned(unsigned: Unsigned) -> Status {
    match unsigned {
        Unsigned::NotYet(position) => status::fault(Fault::NotYet(position)),
        Unsigned::Broken(why) => status::data_loss(&why),
    }
}

fn unread(unread: reader::Unread) -> Status {
    match unread {
        reader::Unread::Hole(position) => status::data_loss(&format!("event {position} is missing")),
        reader::Unread::Fault(fault) => status::fault(fault),
    }
}
