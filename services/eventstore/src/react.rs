//! Reactors: what happened starts further work, once, however often it is seen.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use events::Recorded;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kernel::{LedgerId, RequestId};
use tokio::sync::watch;

use crate::Fault;
use crate::engine::Engine;
use crate::store::Step;

/// How long a reactor that can't go on waits before it tries again.
const AGAIN: Duration = Duration::from_secs(5);

/// Starts work for events. Its commands carry request ids derived from the event ([`request_of`]), so that reacting
/// twice is once; a command that is refused has nothing left to do.
#[async_trait]
pub trait Reactor: Send + Sync + 'static {
    /// Its name; its checkpoint is kept under it.
    fn name(&self) -> &'static str;
    /// Does what follows from an event.
    async fn react(&self, event: &Recorded) -> Result<(), Fault>;
}

/// The id of a reactor's n-th request for an event.
pub fn request_of(reactor: &str, event: &Recorded, n: usize) -> RequestId {
    RequestId::new(event.record.id.derive(&format!("{reactor}/{n}")))
}

/// Runs a reactor over every ledger until `stop`.
pub async fn run(engine: Arc<Engine>, reactor: Arc<dyn Reactor>, stop: watch::Receiver<bool>) {
    for_each_ledger(engine, stop, move |engine, ledger| {
        let reactor = Arc::clone(&reactor);
        async move { follow(engine, reactor, ledger).await }
    })
    .await;
}

async fn follow(engine: Arc<Engine>, reactor: Arc<dyn Reactor>, ledger: LedgerId) {
    let mut tail = engine.tail(ledger);
    let mut pause = tokio::time::interval(AGAIN);
    loop {
        match advance(&engine, &*reactor, ledger).await {
            Ok(position) => {
                if tail.wait_for(|tail| *tail > position).await.is_err() {
                    return;
                }
            }
            Err(fault) => {
                tracing::error!(reactor = reactor.name(), %ledger, %fault, "the reactor is parked for this ledger");
                pause.reset();
                pause.tick().await;
            }
        }
    }
}

async fn advance(engine: &Engine, reactor: &dyn Reactor, ledger: LedgerId) -> Result<u64, Fault> {
    let name = format!("reactor:{}", reactor.name());
    let mut at = engine.store.checkpoint(&name, 1, ledger).await?;
    loop {
        let (last, events) = engine.read(ledger, at).await?;
        if last == at {
            return Ok(at);
        }
        for event in &events {
            reactor.react(event).await?;
        }
        at = match engine.store.step(&name, 1, ledger, at, last, &Step::default()).await? {
            true => last,
            false => engine.store.checkpoint(&name, 1, ledger).await?,
        };
    }
}

/// Runs a task for every ledger that this process gets to know, until `stop`.
pub(crate) async fn for_each_ledger<T: Future<Output = ()> + Send>(
    engine: Arc<Engine>,
    mut stop: watch::Receiver<bool>,
    task: impl Fn(Arc<Engine>, LedgerId) -> T,
) {
    let mut found = engine.found();
    let mut running = FuturesUnordered::new();
    let mut known = 0;
    loop {
        let new: Vec<_> = found.borrow_and_update().iter().skip(known).copied().collect();
        known += new.len();
        running.extend(new.into_iter().map(|ledger| task(Arc::clone(&engine), ledger)));
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            changed = found.changed() => if changed.is_err() { return },
            Some(()) = running.next() => {}
        }
    }
}
