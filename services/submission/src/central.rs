//! The central database (中央資料庫), behind a port: packages go there, receipts come back.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use eventstore::Fault;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use kernel::{FileId, WorkId};
use proto::central::v1::central_database_service_client::CentralDatabaseServiceClient;
use proto::central::v1::{BeginPackageRequest, GetReceiptRequest, SendPackageRequest};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Status};

/// Bytes of one message.
const MESSAGE_BYTES: usize = 64 * 1024;
/// Messages that are read ahead of the connection.
const AHEAD: usize = 16;
/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long an answer may take that is not the end of a long stream.
const ANSWERING: Duration = Duration::from_secs(30);

/// What is said of a package before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The package.
    pub package: FileId,
    /// The school's code.
    pub school: String,
    /// Bytes of it.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
}

/// An item as the central database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedItem {
    /// The work; `None`: an id that is none of ours.
    pub work: Option<WorkId>,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
}

/// Bytes of a package, from somewhere on.
pub type Parts = BoxStream<'static, Result<Bytes, Fault>>;

/// The central database.
#[async_trait]
pub trait CentralDatabase: Send + Sync + 'static {
    /// Begins a package, or goes on with one: how many of its bytes are there.
    async fn begin(&self, announced: &Announced) -> Result<u64, Fault>;
    /// Sends bytes from `offset` on; how many of the package's are there then.
    async fn send(&self, package: FileId, offset: u64, parts: Parts) -> Result<u64, Fault>;
    /// The receipt of a complete package; `None`: not yet.
    async fn receipt(&self, package: FileId) -> Result<Option<Vec<ReceivedItem>>, Fault>;
}

/// The central database over gRPC.
pub struct GrpcCentral(CentralDatabaseServiceClient<Channel>);

impl GrpcCentral {
    /// The one at that address; it is connected to when it is needed.
    ///
    /// # Errors
    /// The address is none.
    pub fn at(url: &str) -> Result<Self, tonic::transport::Error> {
        let mut endpoint = Endpoint::from_shared(url.to_owned())?.connect_timeout(CONNECTING);
        if url.starts_with("https:") {
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots())?;
        }
        Ok(Self(CentralDatabaseServiceClient::new(endpoint.connect_lazy())))
    }
}

#[async_trait]
impl CentralDatabase for GrpcCentral {
    async fn begin(&self, announced: &Announced) -> Result<u64, Fault> {
        let Announced { package, school, size, sha256 } = announced.clone();
        let (package_id, sha256) = (package.to_string(), sha256.into());
        let request = BeginPackageRequest { package_id, school_code: school, size, sha256 };
        let mut request = tonic::Request::new(request);
        request.set_timeout(ANSWERING);
        Ok(self.0.clone().begin_package(request).await.map_err(unanswered)?.into_inner().received)
    }

    async fn send(&self, package: FileId, offset: u64, parts: Parts) -> Result<u64, Fault> {
        let (sender, messages) = mpsc::channel(AHEAD);
        let mut client = self.0.clone();
        // What can't be read ends the stream; what has arrived by then stays.
        let sending = forward(package, offset, parts, sender);
        let (sent, answer) = tokio::join!(sending, client.send_package(ReceiverStream::new(messages)));
        sent?;
        Ok(answer.map_err(unanswered)?.into_inner().received)
    }

    async fn receipt(&self, package: FileId) -> Result<Option<Vec<ReceivedItem>>, Fault> {
        let mut request = tonic::Request::new(GetReceiptRequest { package_id: package.to_string() });
        request.set_timeout(ANSWERING);
        let receipt = self.0.clone().get_receipt(request).await.map_err(unanswered)?.into_inner();
        let items = receipt
            .items
            .into_iter()
            .map(|item| ReceivedItem { work: item.item_id.parse().ok(), sha256: hex::encode(item.sha256) });
        Ok(receipt.ready.then(|| items.collect()))
    }
}

/// Sends a package's bytes on as messages, until there are no more or nobody takes them.
async fn forward(
    package: FileId,
    offset: u64,
    mut parts: Parts,
    messages: mpsc::Sender<SendPackageRequest>,
) -> Result<(), Fault> {
    let mut at = offset;
    while let Some(part) = parts.next().await {
        for bytes in cut(part?) {
            let (package_id, offset) = (package.to_string(), at);
            at += bytes.len() as u64;
            if messages.send(SendPackageRequest { package_id, offset, bytes }).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn cut(mut bytes: Bytes) -> Vec<Bytes> {
    let mut cut = Vec::with_capacity(bytes.len() / MESSAGE_BYTES + 1);
    while bytes.len() > MESSAGE_BYTES {
        cut.push(bytes.split_to(MESSAGE_BYTES));
    }
    cut.push(bytes);
    cut
}

/// What doesn't answer is asked again; what says no needs somebody to look at it.
fn unanswered(status: Status) -> Fault {
    match status.code() {
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::NotFound
        | Code::AlreadyExists
        | Code::Unimplemented => {
            let (code, message) = (status.code(), status.message());
            Fault::broken(format!("the central database says {code:?}: {message}"))
        }
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::OutOfRange
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Fault::Unavailable("the central database", Some(Box::new(status))),
    }
}
