//! Shutdown: who is still answered, and that nothing holds it up.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use eventstore::Fault;
use eventstore::store::{Commit, NewEvent, Verdict};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use http::{Request, Response};
use kernel::{Duty, Instant, LedgerId, PersonId, RequestId};
use tokio::sync::Notify;
use tonic::Code;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Told;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::{ServerReflectionRequest, server_reflection_response::MessageResponse};
use tower::Service;
use uuid::Uuid;

use super::*;
use crate::token::Issuer;
use crate::{Config, Rpc, status};

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0xa));
const TEACHER: PersonId = PersonId::new(Uuid::from_u128(0xb));
/// What a shutdown that waits for nothing in vain stays far below.
const PROMPT: Duration = Duration::from_secs(60);

/// Takes requests that end only when the process is told to, and write then.
#[derive(Clone)]
struct Slow {
    engine: Arc<Engine>,
    stopping: watch::Receiver<bool>,
    entered: Arc<Notify>,
}

impl NamedService for Slow {
    const NAME: &'static str = "test.Slow";
}

const SLOW: &str = "/test.Slow/Write";
const RPCS: &[Rpc] = &[Rpc { path: SLOW, duty: Duty::ReadRecords }];

impl Service<Request<Body>> for Slow {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let Self { engine, mut stopping, entered } = self.clone();
        async move {
            entered.notify_one();
            stopping.wait_for(|stop| *stop).await.unwrap();
            let status = match engine.append(LEDGER, commit(1)).await {
                Ok(_) => tonic::Status::ok("written"),
                Err(fault) => status::fault(fault),
            };
            Ok(status.into_http())
        }
        .boxed()
    }
}

fn commit(n: u128) -> Commit {
    let record = format!("{{\"id\":\"{n}\"}}").into_bytes();
    let leaf = eventstore::leaf_of(&record);
    let kind = "licheng.records.X.v1".into();
    Commit {
        request: RequestId::new(Uuid::from_u128(n)),
        actor: TEACHER,
        request_hash: [0; 32],
        stream: format!("work-{n}"),
        version: 0,
        time: Instant::from_micros(1_800_000_000_000_000),
        guards: Vec::new(),
        claims: Vec::new(),
        keys: Vec::new(),
        events: vec![NewEvent { service: "records", record, leaf, kind, subject: None }],
        ids: Vec::new(),
    }
}

/// A platform of one ledger, whose shutdown may take far longer than any test.
async fn platform(folder: &Path) -> (Platform, Issuer) {
    let issuer = Issuer::local(&folder.join("keys"), "licheng").unwrap();
    let mut config = Config::embedded(folder).unwrap();
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.shutdown_seconds = 3_600;
    let platform = Platform::open(config).await.unwrap();
    platform.engine.store.open_ledger(LEDGER, "353301").await.unwrap();
    platform.engine.sweep().await.unwrap();
    (platform, issuer)
}

async fn connected(serving: &Serving) -> Channel {
    Endpoint::from_shared(format!("http://{}", serving.address)).unwrap().connect().await.unwrap()
}

fn is_stopping(answer: &Result<Verdict, Fault>) -> bool {
    matches!(answer, Err(Fault::Unavailable("this process, which is stopping,", None)))
}

#[tokio::test]
async fn a_shutdown_waits_for_requests_and_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, issuer) = platform(folder.path()).await;
    let (engine, entered) = (Arc::clone(&platform.engine), Arc::new(Notify::new()));
    let stopping = platform.tasks.stopping();
    let slow = Slow { engine: Arc::clone(&engine), stopping, entered: Arc::clone(&entered) };
    let serving = serve(&platform, vec![Module::new("slow", RPCS, slow)]).await.unwrap();

    // Who is connected and says nothing, watches health, or talks with reflection, would never end by themselves.
    let _silent = tokio::net::TcpStream::connect(serving.address).await.unwrap();
    let mut channel = connected(&serving).await;
    let asked = HealthCheckRequest { service: Slow::NAME.to_owned() };
    let mut health = HealthClient::new(channel.clone()).watch(asked).await.unwrap().into_inner();
    assert_eq!(health.message().await.unwrap().unwrap().status(), Told::Serving);
    let list = MessageRequest::ListServices(String::new());
    let list = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let talk = futures::stream::iter([list]).chain(futures::stream::pending());
    let mut reflection = ServerReflectionClient::new(channel.clone());
    let mut answers = reflection.server_reflection_info(talk).await.unwrap().into_inner();
    let first = answers.message().await.unwrap().unwrap().message_response;
    assert!(matches!(first, Some(MessageResponse::ListServicesResponse(_))));

    let token = issuer.token(LEDGER, TEACHER, Duration::from_secs(600)).unwrap();
    let request = Request::post(format!("http://{}{SLOW}", serving.address));
    let request = request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    std::future::poll_fn(|context| channel.poll_ready(context)).await.unwrap();
    let written = channel.call(request);
    let (written, ()) = tokio::join!(written, async {
        entered.notified().await;
        tokio::time::timeout(PROMPT, serving.shut_down()).await.unwrap().unwrap();
    });

    // It was under way, and could still write.
    assert_eq!(written.unwrap().headers()["grpc-status"], "0");
    assert_eq!(engine.store.head(LEDGER).await.unwrap().position, 1);
    assert_eq!(health.message().await.unwrap().unwrap().status(), Told::NotServing);
    assert_eq!(health.message().await.unwrap_err().code(), Code::Unavailable);
    assert!(!matches!(answers.message().await, Ok(Some(_))));
    assert!(is_stopping(&engine.append(LEDGER, commit(2)).await));
}

#[tokio::test]
async fn what_is_queued_is_answered_and_then_the_writers_end() {
    let folder = tempfile::tempdir().unwrap();
    let (platform, _) = platform(folder.path()).await;
    let engine = &platform.engine;
    let mut queued: Vec<_> = (1..=600).map(|n| engine.append(LEDGER, commit(n)).boxed()).collect();
    // Each is begun, and none of them answered: this is the only thread that the writer could run on.
    assert!(queued.iter_mut().all(|append| append.now_or_never().is_none()));
    engine.close();
    let other = LedgerId::new(Uuid::from_u128(0xaa));
    let (finished, answers, late) = tokio::join!(
        platform.tasks.finish(PROMPT),
        futures::future::join_all(queued),
        // A ledger that nobody asked for before.
        engine.append(other, commit(1)),
    );
    assert!(finished);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Verdict::Appended(_)))));
    assert_eq!(engine.store.head(LEDGER).await.unwrap().position, 600);
    assert!(is_stopping(&late));
    assert!(is_stopping(&engine.append(LEDGER, commit(1_000)).await));
}

#[tokio::test]
async fn what_does_not_end_is_not_waited_for_longer_than_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let (mut platform, _) = platform(folder.path()).await;
    platform.config.shutdown_seconds = 0;
    platform.tasks.start(crate::Task::new("endless", |_| std::future::pending()));
    let serving = serve(&platform, Vec::new()).await.unwrap();
    tokio::time::timeout(PROMPT, serving.shut_down()).await.unwrap().unwrap();
    assert!(!platform.tasks.finish(Duration::ZERO).await);
}

#[tokio::test]
async fn a_bus_that_is_down_holds_up_neither_start_nor_commands_nor_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::embedded(folder.path()).unwrap();
    Issuer::local(&folder.path().join("keys"), "licheng").unwrap();
    config.listen = "127.0.0.1:0".parse().unwrap();
    // Nobody listens there.
    config.bus.url = Some("nats://127.0.0.1:1".to_owned());
    config.shutdown_seconds = 3_600;
    let all = async {
        let platform = Platform::open(config).await.unwrap();
        platform.engine.store.open_ledger(LEDGER, "353301").await.unwrap();
        platform.engine.sweep().await.unwrap();
        let serving = serve(&platform, Vec::new()).await.unwrap();
        assert!(matches!(platform.engine.append(LEDGER, commit(1)).await, Ok(Verdict::Appended(_))));
        serving.shut_down().await.unwrap();
        assert!(platform.tasks.finish(Duration::ZERO).await);
    };
    tokio::time::timeout(PROMPT, all).await.unwrap();
}
