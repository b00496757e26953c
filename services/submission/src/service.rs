mod batches;
mod receipts;

use std::sync::Arc;

use blobstore::BlobStore;
use chassis::{call, command, reading, status};
use eventstore::Executor;
use proto::submission::v1::submission_service_server::SubmissionService;
use proto::submission::v1::{
    AnswerDisputeRequest, AnswerDisputeResponse, ApproveBatchRequest, ApproveBatchResponse,
    CheckBatchRequest, CheckBatchResponse, ConfirmReceiptRequest, ConfirmReceiptResponse,
    DisputeReceiptRequest, DisputeReceiptResponse, GetBatchRequest, GetBatchResponse, GetExtractRequest,
    GetExtractResponse, GetLetterRequest, GetLetterResponse, GetReceiptRequest, GetReceiptResponse,
    GetSelectionRequest, GetSelectionResponse, ListDiscrepanciesRequest, ListDiscrepanciesResponse,
    ListDisputesRequest, ListDisputesResponse, ListFindingsRequest, ListFindingsResponse,
    PrepareBatchRequest, PrepareBatchResponse, RecordLetterAnsweredRequest, RecordLetterAnsweredResponse,
    RecordLetterPostedRequest, RecordLetterPostedResponse, TickOutcomeRequest, TickOutcomeResponse,
    TickPerformanceRequest, TickPerformanceResponse, UntickOutcomeRequest, UntickOutcomeResponse,
    UntickPerformanceRequest, UntickPerformanceResponse,
};
use tonic::{Request, Response, Status};

use crate::domain::batch::Batch;
use crate::domain::receipt::Receipt;
use crate::{Selection, wire};

/// The gRPC service.
pub(crate) struct Service {
    pub(crate) selections: Arc<Executor<Selection>>,
    pub(crate) batches: Arc<Executor<Batch>>,
    pub(crate) receipts: Arc<Executor<Receipt>>,
    pub(crate) blobs: BlobStore,
}

#[tonic::async_trait]
impl SubmissionService for Service {
    async fn tick_outcome(
        &self,
        request: Request<TickOutcomeRequest>,
    ) -> Result<Response<TickOutcomeResponse>, Status> {
        command(&self.selections, request).await
    }

    async fn untick_outcome(
        &self,
        request: Request<UntickOutcomeRequest>,
    ) -> Result<Response<UntickOutcomeResponse>, Status> {
        command(&self.selections, request).await
    }

    async fn tick_performance(
        &self,
        request: Request<TickPerformanceRequest>,
    ) -> Result<Response<TickPerformanceResponse>, Status> {
        command(&self.selections, request).await
    }

    async fn untick_performance(
        &self,
        request: Request<UntickPerformanceRequest>,
    ) -> Result<Response<UntickPerformanceResponse>, Status> {
        command(&self.selections, request).await
    }

    async fn get_selection(
        &self,
        request: Request<GetSelectionRequest>,
    ) -> Result<Response<GetSelectionResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let year = wire::year(asked.year).map_err(status::malformed)?;
        let reading = reading(self.selections.known(), &call, asked.at_least_position).await?;
        let policy = reading.basis.authority.policy(year, reading.now).cloned();
        drop(reading);
        let stream = wire::stream(call.caller.person, year);
        let selection = self.selections.folded(call.ledger, &stream).await.map_err(status::fault)?;
        Ok(Response::new(wire::answer(&selection, policy.as_ref())))
    }

    async fn prepare_batch(
        &self,
        request: Request<PrepareBatchRequest>,
    ) -> Result<Response<PrepareBatchResponse>, Status> {
        command(&self.batches, request).await
    }

    async fn check_batch(
        &self,
        request: Request<CheckBatchRequest>,
    ) -> Result<Response<CheckBatchResponse>, Status> {
        let written = self.check(&call(&request)?, request.get_ref()).await?;
        Ok(Response::new(status::reply(written).into()))
    }

    async fn approve_batch(
        &self,
        request: Request<ApproveBatchRequest>,
    ) -> Result<Response<ApproveBatchResponse>, Status> {
        command(&self.batches, request).await
    }

    async fn get_batch(
        &self,
        request: Request<GetBatchRequest>,
    ) -> Result<Response<GetBatchResponse>, Status> {
        self.batch(&call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn list_findings(
        &self,
        request: Request<ListFindingsRequest>,
    ) -> Result<Response<ListFindingsResponse>, Status> {
        self.findings(&call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn list_discrepancies(
        &self,
        request: Request<ListDiscrepanciesRequest>,
    ) -> Result<Response<ListDiscrepanciesResponse>, Status> {
        self.discrepancies(&call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn get_receipt(
        &self,
        request: Request<GetReceiptRequest>,
    ) -> Result<Response<GetReceiptResponse>, Status> {
        self.receipt(&call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn confirm_receipt(
        &self,
        request: Request<ConfirmReceiptRequest>,
    ) -> Result<Response<ConfirmReceiptResponse>, Status> {
        command(&self.receipts, request).await
    }

    async fn dispute_receipt(
        &self,
        request: Request<DisputeReceiptRequest>,
    ) -> Result<Response<DisputeReceiptResponse>, Status> {
        command(&self.receipts, request).await
    }

    async fn get_extract(
        &self,
        request: Request<GetExtractRequest>,
    ) -> Result<Response<GetExtractResponse>, Status> {
        self.extract(&call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn list_disputes(
        &self,
        request: Request<ListDisputesRequest>,
    ) -> Result<Response<ListDisputesResponse>, Status> {
        self.disputes(&call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn answer_dispute(
        &self,
        request: Request<AnswerDisputeRequest>,
    ) -> Result<Response<AnswerDisputeResponse>, Status> {
        command(&self.receipts, request).await
    }

    async fn get_letter(
        &self,
        request: Request<GetLetterRequest>,
    ) -> Result<Response<GetLetterResponse>, Status> {
        self.letter(&call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn record_letter_posted(
        &self,
        request: Request<RecordLetterPostedRequest>,
    ) -> Result<Response<RecordLetterPostedResponse>, Status> {
        command(&self.receipts, request).await
    }

    async fn record_letter_answered(
        &self,
        request: Request<RecordLetterAnsweredRequest>,
    ) -> Result<Response<RecordLetterAnsweredResponse>, Status> {
        command(&self.receipts, request).await
    }
}
