//! Reactors: what happened starts further work, once, however often it is seen.

use std::sync::Arc;

use async_trait::async_trait;
use events::{Caller, Channel, Recorded};
use kernel::{Duty, LedgerId, PersonId, RequestId};
use tokio::sync::watch;

use crate::engine::Engine;
use crate::follow::{self, Follower};
use crate::store::{Step, Store};
use crate::{Fault, Order, Rejected, Written};

/// A reactor's checkpoint has no versions: what it did once is done.
const VERSION: u32 = 1;

/// Starts work for events. Its commands carry request ids derived from the event ([`order`]), so that reacting
/// twice is once; a command that is refused has nothing left to do.
#[async_trait]
pub trait Reactor: Send + Sync + 'static {
    /// Its name; its checkpoint is kept under it.
    fn name(&self) -> &'static str;
    /// Does what follows from an event.
    ///
    /// # Errors
    /// What passes by itself is tried again; for anything else the reactor is parked at this event, in this ledger.
    async fn react(&self, event: &Recorded) -> Result<(), Fault>;
}

/// A command that follows from an event: the ledger itself asks. `part` names it among those of that reactor that follow
/// from the event.
pub fn order<C>(
    event: &Recorded,
    (reactor, part): (&'static str, &str),
    (duty, stream): (Duty, String),
    command: C,
) -> Order<C> {
    Order {
        ledger: event.ledger,
        request: RequestId::new(event.record.id.derive(&format!("{reactor}/{part}"))),
        asked: (reactor, Vec::new()),
        caller: Caller {
            correlation: event.record.correlationid.clone(),
            causation: Some(event.record.id),
            traceparent: event.record.traceparent.clone(),
            ..Caller::new(PersonId::new(event.ledger.uuid()), Channel::Reactor)
        },
        duty,
        stream,
        names: Vec::new(),
        at_least: event.position,
        command,
    }
}

/// What came of it: what is refused has nothing left to do.
///
/// # Errors
/// The fault, where it is one.
pub fn done<R>(outcome: Result<Written, Rejected<R>>) -> Result<(), Fault> {
    match outcome {
        Ok(_) | Err(Rejected::Refused(_) | Rejected::Denied(_)) => Ok(()),
        Err(Rejected::Fault(fault)) => Err(fault),
    }
}

/// How far a reactor of that name has come in a ledger.
///
/// # Errors
/// What the store answers.
pub async fn checkpoint(store: &dyn Store, name: &str, ledger: LedgerId) -> Result<u64, Fault> {
    store.checkpoint(&follower(name), VERSION, ledger).await
}

/// The name under which a reactor is parked and its checkpoint kept.
pub fn follower(name: &str) -> String {
    format!("reactor:{name}")
}

/// Runs a reactor over every ledger until `stop`.
pub async fn run(engine: Arc<Engine>, reactor: Arc<dyn Reactor>, stop: watch::Receiver<bool>) {
    follow::run(engine, Arc::new(Reacting(reactor)), stop).await;
}

/// A reactor as follower.
pub(crate) struct Reacting(pub(crate) Arc<dyn Reactor>);

#[async_trait]
impl Follower for Reacting {
    fn name(&self) -> String {
        follower(self.0.name())
    }

    async fn checkpoint(&self, engine: &Engine, ledger: LedgerId) -> Result<u64, Fault> {
        checkpoint(&*engine.store, self.0.name(), ledger).await
    }

    async fn advance(&self, engine: &Arc<Engine>, ledger: LedgerId, from: u64) -> Result<u64, Fault> {
        let mut at = from;
        loop {
            let (mut last, events) = engine.read(ledger, at).await?;
            if last == at {
                return Ok(at);
            }
            let mut failed = None;
            for event in &events {
                if let Err(fault) = self.0.react(event).await {
                    (last, failed) = (event.position - 1, Some(fault));
                    break;
                }
            }
            let done = engine.store.step(&self.name(), VERSION, ledger, at, last, &Step::default()).await?;
            if let Some(fault) = failed {
                return Err(fault);
            }
            at = if done { last } else { self.checkpoint(engine, ledger).await? };
            if !engine.is_behind(ledger, at) {
                return Ok(at);
            }
        }
    }
}
