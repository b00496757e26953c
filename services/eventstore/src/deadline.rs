//! Deadlines: what has fallen due is asked for, once, however many processes watch the clock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use events::{Caller, Channel, Deadline, Decider, Timely};
use kernel::{LedgerId, PersonId, RequestId};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::engine::Engine;
use crate::follow::{self, Fares, Follower, Next};
use crate::react::done;
use crate::{Executor, Fault, Order};

/// How often the service clock is looked at: what is due waits no longer.
const TICK: Duration = Duration::from_secs(1);

/// Asks for what a service's streams are owed when it falls due.
///
/// A command that is refused, or changes nothing, has nothing to do until its stream has moved: it isn't asked for
/// again before.
pub(crate) struct Watching<D: Decider> {
    name: &'static str,
    executor: Arc<Executor<D>>,
    /// At which version of its stream a deadline that still stands was answered.
    answered: Mutex<HashMap<LedgerId, HashMap<RequestId, u32>>>,
}

/// Watches the deadlines of every ledger until `stop`, under a name that is told when it is parked.
pub async fn run<D>(name: &'static str, executor: Arc<Executor<D>>, stop: watch::Receiver<bool>)
where
    D: Decider,
    D::Facts: Timely<D::Command>,
{
    let engine = Arc::clone(executor.engine());
    let watching = Arc::new(Watching::new(name, executor));
    follow::for_each_ledger(engine, stop, move |engine, ledger| tick(engine, Arc::clone(&watching), ledger))
        .await;
}

async fn tick<D>(engine: Arc<Engine>, watching: Arc<Watching<D>>, ledger: LedgerId)
where
    D: Decider,
    D::Facts: Timely<D::Command>,
{
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut fares = Fares::new();
    loop {
        tick.tick().await;
        if let Next::After(pause) = fares.turn(&engine, &*watching, ledger).await {
            tick.reset_after(pause);
        }
    }
}

impl<D> Watching<D>
where
    D: Decider,
    D::Facts: Timely<D::Command>,
{
    pub(crate) fn new(name: &'static str, executor: Arc<Executor<D>>) -> Self {
        Self { name, executor, answered: Mutex::default() }
    }

    /// What is due and not answered, with the version of its stream, and the position that this is known at.
    async fn due(&self, ledger: LedgerId) -> Result<(u64, Vec<(u32, Deadline<D::Command>)>), Fault> {
        let known = self.executor.known().at_least(ledger, 0).await?;
        let now = self.executor.engine().clock.now();
        let version = |stream: &String| known.versions.get(stream).copied().unwrap_or(0);
        let mut due: Vec<_> =
            known.facts.deadlines().due(now).map(|due| (version(&due.stream), due.clone())).collect();
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let before = answered.remove(&ledger).unwrap_or_default();
        let mut kept = HashMap::new();
        due.retain(|(version, deadline)| {
            let request = deadline.request(ledger);
            let is_answered = before.get(&request) == Some(version);
            if is_answered {
                kept.insert(request, *version);
            }
            !is_answered
        });
        answered.insert(ledger, kept);
        Ok((known.position, due))
    }

    /// The ledger itself asks.
    async fn ask(&self, ledger: LedgerId, known: u64, due: (u32, Deadline<D::Command>)) -> Result<(), Fault> {
        let (version, deadline) = due;
        let request = deadline.request(ledger);
        let Deadline { stream, duty, cause, command, .. } = deadline;
        let order = Order {
            ledger,
            request,
            asked: (self.name, Vec::new()),
            caller: Caller {
                causation: Some(cause),
                ..Caller::new(PersonId::new(ledger.uuid()), Channel::Deadline)
            },
            duty,
            stream,
            names: Vec::new(),
            at_least: known,
            command,
        };
        done(self.executor.execute(order).await)?;
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.entry(ledger).or_default().insert(request, version);
        Ok(())
    }
}

#[async_trait]
impl<D> Follower for Watching<D>
where
    D: Decider,
    D::Facts: Timely<D::Command>,
{
    fn name(&self) -> String {
        format!("deadline:{}", self.name)
    }

    /// What it knows is folded anew in each process.
    async fn checkpoint(&self, _: &Engine, ledger: LedgerId) -> Result<u64, Fault> {
        Ok(self.executor.known().at_least(ledger, 0).await?.position)
    }

    /// Asks for everything that is due. What can't be done holds up nothing else that is.
    async fn advance(&self, _: &Arc<Engine>, ledger: LedgerId, _: u64) -> Result<u64, Fault> {
        let (known, due) = self.due(ledger).await?;
        let mut failed: Option<Fault> = None;
        for due in due {
            if let Err(fault) = self.ask(ledger, known, due).await
                && failed.as_ref().is_none_or(follow::passes)
            {
                failed = Some(fault);
            }
        }
        failed.map_or(Ok(known), Err)
    }
}
