use chassis::{call, command, status};
use eventstore::{Executor, Order};
use futures::StreamExt as _;
use futures::stream;
use kernel::WorkId;
use proto::certification::v1::certification_service_server::CertificationService;
use proto::certification::v1::{
    CertifyWorksRequest, CertifyWorksResponse, ReturnWorksRequest, ReturnWorksResponse,
    RevokeCertificationRequest, RevokeCertificationResponse, WorkVerdict,
};
use tonic::{Request, Response, Status};

use crate::{Certificate, Command, wire};

/// Works of one request that are judged at the same time, so that they share commits.
const AT_ONCE: usize = 32;

/// The gRPC service.
pub(crate) struct Service {
    executor: Executor<Certificate>,
}

impl Service {
    pub(crate) const fn new(executor: Executor<Certificate>) -> Self {
        Self { executor }
    }

    /// A verdict for each work. A fault ends the call only after every work has been tried: asking again is safe.
    async fn judged(&self, orders: Vec<(WorkId, Order<Command>)>) -> Result<Vec<WorkVerdict>, Status> {
        let mut judging = Vec::with_capacity(orders.len());
        for (work, order) in orders {
            judging.push(async move { wire::verdict(work, self.executor.execute(order).await) });
        }
        let judged: Vec<Result<_, Status>> = stream::iter(judging).buffered(AT_ONCE).collect().await;
        judged.into_iter().collect()
    }
}

#[tonic::async_trait]
impl CertificationService for Service {
    async fn certify_works(
        &self,
        request: Request<CertifyWorksRequest>,
    ) -> Result<Response<CertifyWorksResponse>, Status> {
        let call = call(&request)?;
        let orders = wire::orders(&call, request.get_ref()).map_err(status::malformed)?;
        let verdicts = self.judged(orders).await?;
        Ok(Response::new(CertifyWorksResponse { verdicts }))
    }

    async fn return_works(
        &self,
        request: Request<ReturnWorksRequest>,
    ) -> Result<Response<ReturnWorksResponse>, Status> {
        let call = call(&request)?;
        let orders = wire::orders(&call, request.get_ref()).map_err(status::malformed)?;
        let verdicts = self.judged(orders).await?;
        Ok(Response::new(ReturnWorksResponse { verdicts }))
    }

    async fn revoke_certification(
        &self,
        request: Request<RevokeCertificationRequest>,
    ) -> Result<Response<RevokeCertificationResponse>, Status> {
        command(&self.executor, request).await
    }
}
