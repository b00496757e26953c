use std::sync::Arc;

use chassis::call;
use eventstore::{Engine, Known};
use proto::portfolio::v1::portfolio_service_server::PortfolioService;
use proto::portfolio::v1::{
    GetClassProgressRequest, GetClassProgressResponse, GetPortfolioRequest, GetPortfolioResponse,
    GetWorklistRequest, GetWorklistResponse,
};
use tonic::{Request, Response, Status};

use crate::query;

/// The gRPC service: each method hands over to its query.
pub(crate) struct Service {
    known: Known<()>,
}

impl Service {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { known: Known::new(engine) }
    }
}

#[tonic::async_trait]
impl PortfolioService for Service {
    async fn get_portfolio(
        &self,
        request: Request<GetPortfolioRequest>,
    ) -> Result<Response<GetPortfolioResponse>, Status> {
        query::portfolio(&self.known, &call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn get_class_progress(
        &self,
        request: Request<GetClassProgressRequest>,
    ) -> Result<Response<GetClassProgressResponse>, Status> {
        query::class_progress(&self.known, &call(&request)?, request.get_ref()).await.map(Response::new)
    }

    async fn get_worklist(
        &self,
        request: Request<GetWorklistRequest>,
    ) -> Result<Response<GetWorklistResponse>, Status> {
        query::worklist(&self.known, &call(&request)?, request.get_ref()).await.map(Response::new)
    }
}

#[cfg(test)]
mod tests;
