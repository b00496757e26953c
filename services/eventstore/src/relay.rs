//! Carries what is committed to the bus, and what is on the bus to this process's listeners.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use kernel::LedgerId;
use tokio::sync::watch;

use crate::Fault;
use crate::bus::Message;
use crate::engine::{Engine, PAGE};

/// How often the store is asked what the bus may have lost.
const SWEEP: Duration = Duration::from_secs(1);

/// Runs until `stop`: relays every ledger's backlog to the bus, hears what others publish, and sweeps.
pub async fn run(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let relays = relay_all(Arc::clone(&engine));
    let listening = listen(Arc::clone(&engine));
    let sweeping = async {
        loop {
            tick.tick().await;
            if let Err(fault) = engine.sweep().await {
                tracing::warn!(%fault, "the store can't be swept");
            }
        }
    };
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        () = relays => {}
        () = listening => {}
        () = sweeping => {}
    }
}

/// Hears what is published, by whomever, and connects again when the bus is gone.
async fn listen(engine: Arc<Engine>) {
    let mut pause = tokio::time::interval(SWEEP);
    loop {
        pause.tick().await;
        match engine.bus.listen().await {
            Ok(mut messages) => {
                while let Some(message) = messages.next().await {
                    engine.heard(message.ledger, message.position);
                }
            }
            Err(fault) => tracing::warn!(%fault, "the bus can't be heard; the store is swept instead"),
        }
    }
}

async fn relay_all(engine: Arc<Engine>) {
    let mut found = engine.found();
    let mut running = futures::stream::FuturesUnordered::new();
    let mut known = 0;
    loop {
        let new: Vec<_> = found.borrow_and_update().iter().skip(known).copied().collect();
        known += new.len();
        running.extend(new.into_iter().map(|ledger| relay(Arc::clone(&engine), ledger)));
        tokio::select! {
            changed = found.changed() => if changed.is_err() { return },
            Some(()) = running.next() => {}
        }
    }
}

/// Publishes one ledger's events after each commit, from where the bus stands.
async fn relay(engine: Arc<Engine>, ledger: LedgerId) {
    let mut tail = engine.tail(ledger);
    let mut published = None;
    let mut pause = tokio::time::interval(SWEEP);
    loop {
        let outcome = publish(&engine, ledger, &mut published).await;
        if let Err(fault) = outcome {
            tracing::warn!(%ledger, %fault, "the bus doesn't take events; the store keeps them");
            // Another relay may have been faster: ask the bus again where it stands.
            published = None;
            pause.tick().await;
            continue;
        }
        let so_far = published.unwrap_or(0);
        if tail.wait_for(|tail| *tail > so_far).await.is_err() {
            return;
        }
    }
}

async fn publish(engine: &Engine, ledger: LedgerId, published: &mut Option<u64>) -> Result<(), Fault> {
    let mut after = match *published {
        Some(position) => position,
        None => match engine.bus.published(ledger).await? {
            Some(position) => position,
            // Who listens in this process alone has the store for what was before.
            None => engine.store.head(ledger).await?.position,
        },
    };
    loop {
        let page = engine.store.read(ledger, after, PAGE).await?;
        let Some(last) = page.last().map(|stored| stored.position) else { break };
        let messages = page.into_iter().map(|stored| Message {
            ledger,
            position: stored.position,
            kind: stored.kind,
            id: format!("{ledger}/{}", stored.position),
            record: stored.record,
        });
        engine.bus.publish(messages.collect()).await?;
        after = last;
    }
    *published = Some(after);
    Ok(())
}
