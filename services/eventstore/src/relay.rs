//! Carries what is committed to the bus, and what is on the bus to this process's listeners.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt as _;
use kernel::LedgerId;
use serde::Deserialize;
use tokio::sync::watch;

use crate::Fault;
use crate::bus::Message;
use crate::engine::{Engine, PAGE};
use crate::follow::for_each_ledger;
use crate::store::Stored;

/// How often the store is asked what the bus may have lost.
const SWEEP: Duration = Duration::from_secs(1);
/// How long a relay lets a faster one go first.
const SOON: Duration = Duration::from_millis(50);
/// Events that a bus that has nothing of a ledger is given at most: whoever needs more reads the store.
const BACKLOG_MAX: u64 = 10_000;

/// Runs until `stop`: relays every ledger's backlog to the bus, hears what others publish, and sweeps. A bus that is
/// down stops none of it but itself.
pub async fn run(engine: Arc<Engine>, stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let sweeping = async {
        loop {
            tick.tick().await;
            if let Err(fault) = engine.sweep().await {
                tracing::warn!(%fault, "the store can't be swept");
            }
        }
    };
    let mut stopped = stop.clone();
    let relaying = async {
        if engine.bus.reaches_others() {
            let relays = for_each_ledger(Arc::clone(&engine), stop, relay);
            tokio::join!(relays, listen(&engine));
        } else {
            // Whoever follows in this process hears of an event as it is appended.
            std::future::pending().await
        }
    };
    tokio::select! {
        _ = stopped.wait_for(|stop| *stop) => {}
        () = relaying => {}
        () = sweeping => {}
    }
}

/// Hears what is published, by whomever, and connects again when the bus is gone.
async fn listen(engine: &Arc<Engine>) {
    let mut pause = tokio::time::interval(SWEEP);
    let mut failing = false;
    loop {
        pause.tick().await;
        match engine.bus.listen().await {
            Ok(mut messages) => {
                failing = false;
                while let Some(message) = messages.next().await {
                    let ledger = engine.ledger(message.ledger);
                    ledger.on_bus.fetch_max(message.position, Ordering::Relaxed);
                    engine.heard(message.ledger, message.position);
                }
            }
            Err(fault) if !failing => {
                failing = true;
                tracing::warn!(%fault, "the bus can't be heard; the store is swept instead");
            }
            Err(_) => {}
        }
    }
}

/// Publishes one ledger's events after each commit, from where the bus stands.
async fn relay(engine: Arc<Engine>, ledger: LedgerId) {
    let mut tail = engine.tail(ledger);
    let mut published = None;
    let mut pause = tokio::time::interval(SWEEP);
    let mut failing = false;
    loop {
        match publish(&engine, ledger, &mut published).await {
            Ok(so_far) => {
                failing = false;
                if tail.wait_for(|tail| *tail > so_far).await.is_err() {
                    return;
                }
            }
            Err(fault) => {
                // Where the bus stands is asked of it again.
                published = None;
                let contended = matches!(fault, Fault::Contended);
                if !contended && !failing {
                    failing = true;
                    tracing::warn!(%ledger, %fault, "the bus doesn't take events; the store keeps them");
                }
                pause.reset_after(if contended { SOON } else { SWEEP });
                pause.tick().await;
            }
        }
    }
}

/// Brings the bus as far as the store is; answers how far that is.
async fn publish(engine: &Arc<Engine>, ledger: LedgerId, published: &mut Option<u64>) -> Result<u64, Fault> {
    let known = engine.ledger(ledger);
    let mut after = match *published {
        Some(position) => position,
        None => match engine.bus.published(ledger).await? {
            Some(position) => position,
            None => engine.store.head(ledger).await?.position.saturating_sub(BACKLOG_MAX),
        },
    };
    loop {
        // What another process has published meanwhile needn't be published again.
        after = after.max(known.on_bus.load(Ordering::Relaxed));
        let page = engine.store.read(ledger, after, PAGE).await?;
        let Some(last) = page.last().map(|stored| stored.position) else { break };
        engine.bus.publish(page.into_iter().map(|stored| message(ledger, stored)).collect()).await?;
        after = last;
        *published = Some(after);
    }
    *published = Some(after);
    Ok(after)
}

/// What the bus needs of a record.
#[derive(Deserialize)]
struct Identity {
    id: String,
}

fn message(ledger: LedgerId, stored: Stored) -> Message {
    let Stored { position, kind, record, .. } = stored;
    // A record that can't be read is published too: whoever hears it sees its position.
    let id =
        serde_json::from_slice(&record).map_or_else(|_| format!("{ledger}/{position}"), |Identity { id }| id);
    Message { ledger, position, kind, id, record }
}
