//! Followers: what runs along every ledger, and stays behind in one alone when it can't get past an event there.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use kernel::LedgerId;
use tokio::sync::watch;

use crate::Fault;
use crate::engine::Engine;
use crate::store::Parked;

/// How long a follower that is parked waits before it tries again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long one waits for what passes by itself.
const SOON: Duration = Duration::from_millis(500);
/// Characters of a reason that are kept.
const REASON_MAX: usize = 500;

/// A view or a reactor.
#[async_trait]
pub(crate) trait Follower: Send + Sync + 'static {
    /// What it is told by when it is parked: `view:` or `reactor:`, and its name.
    fn name(&self) -> String;
    /// How far it has come in a ledger, as the store says.
    async fn checkpoint(&self, engine: &Engine, ledger: LedgerId) -> Result<u64, Fault>;
    /// Goes on from its checkpoint as far as the ledger has come; answers how far it came. What it got through before
    /// it failed is kept.
    async fn advance(&self, engine: &Arc<Engine>, ledger: LedgerId, from: u64) -> Result<u64, Fault>;
}

/// How a follower fares in one ledger.
pub(crate) struct Fares {
    /// Where it stands, while that is known.
    at: Option<u64>,
    /// Whether the store says that it is parked, or may say so from a former run.
    parked: bool,
    /// Whether it waits for what passes by itself: it is told of once.
    waits: bool,
}

/// What it does next.
pub(crate) enum Next {
    /// Waits until the ledger has come further than this.
    Beyond(u64),
    /// Waits so long.
    After(Duration),
}

impl Fares {
    pub(crate) const fn new() -> Self {
        Self { at: None, parked: true, waits: false }
    }

    /// One turn: as far as it goes.
    pub(crate) async fn turn(
        &mut self,
        engine: &Arc<Engine>,
        follower: &dyn Follower,
        ledger: LedgerId,
    ) -> Next {
        match self.go_on(engine, follower, ledger).await {
            Ok(position) => {
                (self.at, self.waits) = (Some(position), false);
                Next::Beyond(position)
            }
            Err(fault) => {
                self.at = None;
                let follower = follower.name();
                if passes(&fault) {
                    if !std::mem::replace(&mut self.waits, true) {
                        tracing::warn!(follower, %ledger, %fault, "the follower waits");
                    }
                    Next::After(SOON)
                } else {
                    tracing::error!(follower, %ledger, %fault, "the follower is parked for this ledger");
                    Next::After(AGAIN)
                }
            }
        }
    }

    async fn go_on(
        &mut self,
        engine: &Arc<Engine>,
        follower: &dyn Follower,
        ledger: LedgerId,
    ) -> Result<u64, Fault> {
        let from = match self.at {
            Some(at) => at,
            None => follower.checkpoint(engine, ledger).await?,
        };
        let advance = AssertUnwindSafe(follower.advance(engine, ledger, from)).catch_unwind().await;
        match advance.unwrap_or_else(|_| Err(Fault::broken("it panicked; the log says more"))) {
            Ok(position) => {
                if self.parked {
                    engine.store.unpark(&follower.name(), ledger).await?;
                    self.parked = false;
                }
                Ok(position)
            }
            Err(fault) => {
                if !passes(&fault) {
                    self.parked = true;
                    let position = follower.checkpoint(engine, ledger).await?;
                    let reason = fault.to_string().chars().take(REASON_MAX).collect();
                    let (follower, since) = (follower.name(), engine.clock.now());
                    engine.store.park(&Parked { follower, ledger, position, reason, since }).await?;
                }
                Err(fault)
            }
        }
    }
}

/// Whether waiting is all that is needed; anything else is about the event itself.
pub(crate) fn passes(fault: &Fault) -> bool {
    match fault {
        Fault::Contended
        | Fault::Unavailable(..)
        | Fault::Exhausted
        | Fault::ClockSkew
        | Fault::NotYet(_)
        | Fault::NewerEvent(_)
        | Fault::NewerStore { .. } => true,
        Fault::RequestReused | Fault::Broken(_) => false,
    }
}

/// Runs a follower over every ledger until `stop`.
pub(crate) async fn run(engine: Arc<Engine>, follower: Arc<dyn Follower>, stop: watch::Receiver<bool>) {
    for_each_ledger(engine, stop, move |engine, ledger| follow(engine, Arc::clone(&follower), ledger)).await;
}

async fn follow(engine: Arc<Engine>, follower: Arc<dyn Follower>, ledger: LedgerId) {
    let mut tail = engine.tail(ledger);
    let mut pause = tokio::time::interval(AGAIN);
    let mut fares = Fares::new();
    loop {
        match fares.turn(&engine, &*follower, ledger).await {
            Next::Beyond(position) => {
                if tail.wait_for(|tail| *tail > position).await.is_err() {
                    return;
                }
            }
            Next::After(duration) => {
                pause.reset_after(duration);
                pause.tick().await;
            }
        }
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
