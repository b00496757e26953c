use std::convert::Infallible;
use std::sync::Arc;

use eventstore::Engine;
use eventstore::react::{self, Reactor};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use kernel::Duty;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::Service;

/// One service, ready to be served in this process: its routes, the duty of each of its methods, its tasks.
pub struct Module {
    pub(crate) name: &'static str,
    pub(crate) service: &'static str,
    pub(crate) rpcs: &'static [Rpc],
    pub(crate) add: Box<dyn FnOnce(Routes) -> Routes + Send>,
    pub(crate) tasks: Vec<Task>,
}

/// A method and the duty that its caller needs.
#[derive(Clone, Copy, Debug)]
pub struct Rpc {
    /// Its path: `/licheng.records.v1.RecordsService/RegisterStudent`.
    pub path: &'static str,
    /// The duty.
    pub duty: Duty,
}

/// Work in the background that ends once its receiver says `true`.
pub struct Task {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnOnce(watch::Receiver<bool>) -> BoxFuture<'static, ()> + Send>,
}

impl Task {
    /// A task under a name that the shutdown log shows.
    pub fn new<F>(name: &'static str, run: impl FnOnce(watch::Receiver<bool>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { name, run: Box::new(|stop| run(stop).boxed()) }
    }
}

impl Task {
    /// A task that runs a reactor over every ledger.
    pub fn reacting(name: &'static str, engine: &Arc<Engine>, reactor: impl Reactor) -> Self {
        let engine = Arc::clone(engine);
        Self::new(name, move |stop| react::run(engine, Arc::new(reactor), stop))
    }
}

impl Module {
    /// A module of that name, such as `records`, that serves one gRPC service.
    pub fn new<S>(name: &'static str, rpcs: &'static [Rpc], service: S) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        Self {
            name,
            service: S::NAME,
            rpcs,
            add: Box::new(|routes| routes.add_service(service)),
            tasks: Vec::new(),
        }
    }

    /// The same with one more task.
    #[must_use]
    pub fn with(mut self, task: Task) -> Self {
        self.tasks.push(task);
        self
    }

    /// Its name, by which `--only` chooses it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its methods and their duties.
    pub fn rpcs(&self) -> &'static [Rpc] {
        self.rpcs
    }
}
