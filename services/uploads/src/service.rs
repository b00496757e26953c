mod lookup;

use chassis::{call, command, reading, status};
use eventstore::Executor;
use futures::stream::BoxStream;
use proto::uploads::v1::uploads_service_server::UploadsService;
use proto::uploads::v1::{
    BeginOutcomeRequest, BeginOutcomeResponse, BeginPerformanceRequest, BeginPerformanceResponse,
    FinishWorkRequest, FinishWorkResponse, GetReceiptRequest, GetReceiptResponse, GetUploadRequest,
    GetUploadResponse, ListCategoriesRequest, ListCategoriesResponse, PutSegmentRequest, PutSegmentResponse,
    ReadFileRequest, ReadFileResponse, WithdrawWorkRequest, WithdrawWorkResponse,
};
use tonic::{Request, Response, Status};

use crate::domain::Works;
use crate::files::Files;
use crate::wire;

/// The gRPC service.
pub(crate) struct Service {
    executor: Executor<Works>,
    files: Files,
}

impl Service {
    pub(crate) const fn new(executor: Executor<Works>, files: Files) -> Self {
        Self { executor, files }
    }
}

#[tonic::async_trait]
impl UploadsService for Service {
    async fn begin_outcome(
        &self,
        request: Request<BeginOutcomeRequest>,
    ) -> Result<Response<BeginOutcomeResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let outcome = wire::Outcome::read(asked).map_err(status::malformed)?;
        let year = self.year_of(&call, asked.at_least_position, outcome.course).await?;
        let written = self.executor.execute(outcome.order(&call, asked, year)).await;
        Ok(Response::new(status::reply(written.map_err(status::rejected)?).into()))
    }

    async fn begin_performance(
        &self,
        request: Request<BeginPerformanceRequest>,
    ) -> Result<Response<BeginPerformanceResponse>, Status> {
        command(&self.executor, request).await
    }

    async fn list_categories(
        &self,
        request: Request<ListCategoriesRequest>,
    ) -> Result<Response<ListCategoriesResponse>, Status> {
        let call = call(&request)?;
        drop(reading(self.executor.known(), &call, 0).await?);
        wire::sheets(request.get_ref()).map(Response::new).map_err(status::malformed)
    }

    async fn put_segment(
        &self,
        request: Request<PutSegmentRequest>,
    ) -> Result<Response<PutSegmentResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let (work, year) = wire::of(&asked.work_id, asked.year).map_err(status::malformed)?;
        let (upload, now) = self.own(&call, 0, work, Some(year)).await?;
        upload.stage.may_finish(now).map_err(|refusal| status::refused(&refusal))?;
        wire::segment(asked, upload.size).map_err(status::malformed)?;
        let segment = (asked.index, &*asked.bytes);
        self.files.put(call.ledger, upload.owner(work), upload.file, segment).await?;
        Ok(Response::new(PutSegmentResponse {}))
    }

    async fn get_upload(
        &self,
        request: Request<GetUploadRequest>,
    ) -> Result<Response<GetUploadResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let (work, year) = wire::of(&asked.work_id, asked.year).map_err(status::malformed)?;
        let (upload, _) = self.own(&call, asked.at_least_position, work, Some(year)).await?;
        let present = self.files.present(call.ledger, upload.file).await?;
        Ok(Response::new(wire::progress(&upload, present)))
    }

    async fn finish_work(
        &self,
        request: Request<FinishWorkRequest>,
    ) -> Result<Response<FinishWorkResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let finish = wire::Finish::read(asked).map_err(status::malformed)?;
        let upload = self.own(&call, asked.at_least_position, finish.work, Some(finish.year)).await?;
        let found = self.found(call.ledger, upload, finish.work).await?;
        let written = self.executor.execute(finish.order(&call, asked, found)).await;
        let written = Some(status::reply(written.map_err(status::rejected)?));
        let receipt = Some(self.receipt(call.ledger, &upload.0, finish.work).await?);
        Ok(Response::new(FinishWorkResponse { written, receipt }))
    }

    async fn withdraw_work(
        &self,
        request: Request<WithdrawWorkRequest>,
    ) -> Result<Response<WithdrawWorkResponse>, Status> {
        command(&self.executor, request).await
    }

    async fn get_receipt(
        &self,
        request: Request<GetReceiptRequest>,
    ) -> Result<Response<GetReceiptResponse>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let work = wire::work(&asked.work_id).map_err(status::malformed)?;
        let (upload, _) = self.own(&call, asked.at_least_position, work, None).await?;
        let receipt = self.receipt(call.ledger, &upload, work).await?;
        Ok(Response::new(GetReceiptResponse { receipt: Some(receipt) }))
    }

    type ReadFileStream = BoxStream<'static, Result<ReadFileResponse, Status>>;

    async fn read_file(
        &self,
        request: Request<ReadFileRequest>,
    ) -> Result<Response<Self::ReadFileStream>, Status> {
        let (call, asked) = (call(&request)?, request.get_ref());
        let work = wire::work(&asked.work_id).map_err(status::malformed)?;
        let upload = self.readable(&call, asked.at_least_position, work).await?;
        let range = wire::range(asked, upload.size).map_err(status::malformed)?;
        let download = self.download(call.ledger, &upload, work, range).await?;
        Ok(Response::new(self.files.download(download)))
    }
}

#[cfg(test)]
mod tests;
