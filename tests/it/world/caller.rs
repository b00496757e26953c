//! Somebody with a token.

use futures::Stream;
use proto::archive::v1::archive_service_client::ArchiveServiceClient;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::certification::v1::certification_service_client::CertificationServiceClient;
use proto::governance::v1::governance_service_client::GovernanceServiceClient;
use proto::records::v1::records_service_client::RecordsServiceClient;
use proto::submission::v1::submission_service_client::SubmissionServiceClient;
use proto::uploads::v1::uploads_service_client::UploadsServiceClient;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

type Called = InterceptedService<Channel, Headers>;

/// A client's side of a connection, with the headers of who calls.
#[derive(Clone)]
pub(crate) struct Caller(Called);

/// The headers that go with each request.
#[derive(Clone)]
pub(crate) struct Headers(Vec<(&'static str, MetadataValue<Ascii>)>);

impl Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for (name, value) in &self.0 {
            request.metadata_mut().insert(*name, value.clone());
        }
        Ok(request)
    }
}

impl Caller {
    /// Who calls by a token.
    pub(crate) fn new(channel: Channel, token: &str) -> Self {
        Self::with(channel, &[("authorization", &format!("Bearer {token}"))])
    }

    /// Who calls with these headers.
    pub(crate) fn with(channel: Channel, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, value.parse().unwrap()));
        Self(InterceptedService::new(channel, Headers(headers.collect())))
    }

    pub(crate) fn governance(&self) -> GovernanceServiceClient<Called> {
        GovernanceServiceClient::new(self.0.clone())
    }

    pub(crate) fn records(&self) -> RecordsServiceClient<Called> {
        RecordsServiceClient::new(self.0.clone())
    }

    pub(crate) fn uploads(&self) -> UploadsServiceClient<Called> {
        UploadsServiceClient::new(self.0.clone())
    }

    pub(crate) fn certification(&self) -> CertificationServiceClient<Called> {
        CertificationServiceClient::new(self.0.clone())
    }

    pub(crate) fn submission(&self) -> SubmissionServiceClient<Called> {
        SubmissionServiceClient::new(self.0.clone())
    }

    pub(crate) fn archive(&self) -> ArchiveServiceClient<Called> {
        ArchiveServiceClient::new(self.0.clone())
    }

    pub(crate) fn audit(&self) -> AuditServiceClient<Called> {
        AuditServiceClient::new(self.0.clone())
    }
}

/// Calls a method by its path, whatever its messages are; the first answer.
pub(crate) async fn ask<M, R>(
    caller: &Caller,
    path: &str,
    request: Request<impl Stream<Item = M> + Send + 'static>,
) -> Result<R, Status>
where
    M: prost::Message + 'static,
    R: prost::Message + Default + 'static,
{
    let mut grpc = Grpc::new(caller.0.clone());
    grpc.ready().await.unwrap();
    let path: PathAndQuery = path.parse().unwrap();
    let mut answers = grpc.streaming(request, path, ProstCodec::<M, R>::default()).await?.into_inner();
    answers.message().await?.ok_or_else(|| Status::cancelled("there is no answer"))
}
