use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use events::{Caller, Channel};
use eventstore::Engine;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, BodyStream, StreamBody};
use kernel::{Duty, LedgerId};
use tokio::sync::watch;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument as _;

use crate::identity::Identity;
use crate::{Call, Rpc, status, telemetry};

/// Paths that need no token: health and reflection.
const OPEN: [&str; 3] = ["/grpc.health.v1.", "/grpc.reflection.v1.", "/grpc.reflection.v1alpha."];
/// Names one of several ledgers that a token is for.
const LEDGER: &str = "licheng-ledger";
/// What the caller knows the whole undertaking by.
const CORRELATION: &str = "licheng-correlation-id";

/// Lets no request through without a token that is believed, and puts a [`Call`] into those it lets through.
/// It looks at headers alone, before a message is read.
#[derive(Clone)]
pub(crate) struct IdentityLayer(Arc<Gate>);

struct Gate {
    identity: Identity,
    engine: Arc<Engine>,
    duties: HashMap<&'static str, (&'static str, Duty)>,
    open_ledgers: Mutex<Vec<LedgerId>>,
    stopping: watch::Receiver<bool>,
}

impl IdentityLayer {
    pub(crate) fn new(
        identity: Identity,
        engine: Arc<Engine>,
        rpcs: impl Iterator<Item = Rpc>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let duties = rpcs.map(|rpc| (rpc.path, (rpc.path, rpc.duty))).collect();
        Self(Arc::new(Gate { identity, engine, duties, open_ledgers: Mutex::default(), stopping }))
    }
}

impl<S> Layer<S> for IdentityLayer {
    type Service = Identified<S>;

    fn layer(&self, inner: S) -> Identified<S> {
        Identified { inner, gate: Arc::clone(&self.0) }
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub(crate) struct Identified<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> Service<Request<Body>> for Identified<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The instance that was polled ready is the one to call.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let gate = Arc::clone(&self.gate);
        let path = request.uri().path().to_owned();
        if OPEN.iter().any(|open| path.starts_with(open)) {
            let stopping = gate.stopping.clone();
            return async move { Ok(ending(&mut inner, request, stopping).await) }.boxed();
        }
        let span = telemetry::rpc_span(&path, request.headers());
        let traceparent = telemetry::traceparent(&span, request.headers());
        async move {
            match gate.call(&path, request.headers(), traceparent).await {
                Ok(call) => {
                    request.extensions_mut().insert(call);
                    inner.call(request).await.map(decoded)
                }
                Err(status) => Ok((*status).into_http()),
            }
        }
        .instrument(span)
        .boxed()
    }
}

/// A message that can't be decoded is its sender's fault, and not the platform's, as the codec says.
fn decoded(response: Response<Body>) -> Response<Body> {
    match Status::from_header_map(response.headers()).and_then(|said| status::undecoded(&said)) {
        Some(status) => status.into_http(),
        None => response,
    }
}

impl Gate {
    async fn call(
        &self,
        path: &str,
        headers: &HeaderMap,
        traceparent: Option<String>,
    ) -> Result<Call, Box<Status>> {
        let no = |problem| Box::new(status::unauthenticated(problem));
        let token = headers.get("authorization").ok_or_else(|| no("there is no token"))?;
        let token = token.to_str().ok().and_then(|token| token.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or_else(|| no("the authorization is no bearer token"))?;
        let bearer = self.identity.bearer(token.trim()).map_err(no)?;
        let ledger = chosen(&bearer.ledgers, headers)?;
        if !self.is_open(ledger).await? {
            return Err(no("the token's school has no ledger here"));
        }
        let Some((method, duty)) = self.duties.get(path).copied() else {
            return Err(Box::new(Status::unimplemented(
                "there is no such method; reflection lists those there are",
            )));
        };
        let mut caller = Caller::new(bearer.person, Channel::Grpc);
        caller.traceparent = traceparent;
        caller.correlation = correlation(headers);
        Ok(Call { ledger, caller, duty, method })
    }

    /// Whether the ledger is open here; asked once, since none is ever closed.
    async fn is_open(&self, ledger: LedgerId) -> Result<bool, Box<Status>> {
        let known =
            |gate: &Self| gate.open_ledgers.lock().unwrap_or_else(PoisonError::into_inner).contains(&ledger);
        if known(self) {
            return Ok(true);
        }
        let all = self.engine.store.ledgers().await.map_err(|fault| Box::new(status::fault(fault)))?;
        let all = all.into_iter().map(|(ledger, _)| ledger).collect();
        *self.open_ledgers.lock().unwrap_or_else(PoisonError::into_inner) = all;
        Ok(known(self))
    }
}

/// Answers a request of which neither side may ever see an end, like a watch of health or a talk with reflection: both
/// end when the process is told to.
async fn ending<S>(inner: &mut S, request: Request<Body>, stopping: watch::Receiver<bool>) -> Response<Body>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    let mut told = stopping.clone();
    let nothing = async move {
        let _ = told.wait_for(|stop| *stop).await;
        None
    };
    let mut told = stopping;
    let trailers = async move {
        let _ = told.wait_for(|stop| *stop).await;
        let mut trailers = HeaderMap::new();
        status::stopping().add_header(&mut trailers).ok()?;
        Some(Ok(trailers))
    };
    let Ok(response) = inner.call(request.map(|body| cut(body, nothing))).await;
    response.map(|body| cut(body, trailers))
}

/// A body that ends, with these trailers, once they are there.
fn cut<T>(body: Body, trailers: T) -> Body
where
    T: Future<Output = Option<Result<HeaderMap, Status>>> + Send + 'static,
{
    let end = Box::pin(BodyStream::new(Body::empty().with_trailers(trailers)));
    let frames = stream::unfold(Some((BodyStream::new(body), end)), async |state| {
        let (mut frames, mut end) = state?;
        tokio::select! {
            // What there is by then goes first.
            biased;
            frame = frames.next() => frame.map(|frame| (frame, Some((frames, end)))),
            frame = end.next() => frame.map(|frame| (frame, None)),
        }
    });
    Body::new(StreamBody::new(frames))
}

/// The one ledger of the token, or that of several which the request names.
fn chosen(ledgers: &[LedgerId], headers: &HeaderMap) -> Result<LedgerId, Box<Status>> {
    let named = headers.get(LEDGER).map(|name| name.to_str().ok().and_then(|name| name.parse().ok()));
    match (named, ledgers) {
        (None, [ledger]) => Ok(*ledger),
        (None, _) => Err(Box::new(status::unauthenticated(
            "the token is for several schools; name one by the header licheng-ledger",
        ))),
        (Some(Some(named)), ledgers) if ledgers.contains(&named) => Ok(named),
        (Some(_), _) => Err(Box::new(status::other_school())),
    }
}

/// At most 100 visible ASCII characters; anything else is left out.
fn correlation(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CORRELATION)?.to_str().ok()?;
    let fits = !text.is_empty() && text.len() <= 100 && text.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| text.to_owned())
}
