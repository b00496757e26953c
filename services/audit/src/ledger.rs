//! The integrator: takes appended records into each ledger's tree at once, and signs checkpoints while it grows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eventstore::{Engine, Fault};
use kernel::LedgerId;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior};

use crate::book::{Book, Trouble};
use crate::tree::Frontier;

/// How often a ledger that grows is signed.
const SIGNED_EVERY: Duration = Duration::from_secs(1);
/// How long it waits before it tries again what failed.
const AGAIN: Duration = Duration::from_secs(5);

/// How a ledger's proof stands in this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It hasn't been read yet.
    #[default]
    Reading,
    /// Signed so far.
    Signed {
        /// How many records the newest checkpoint covers.
        size: u64,
        /// Its signed note.
        note: String,
        /// The key that it is checked by.
        verifier_key: String,
    },
    /// It is not what was signed before: nothing more is signed, and this says why.
    Broken(String),
}

/// How the proof of each ledger stands.
#[derive(Default)]
pub(crate) struct Standings(Mutex<HashMap<LedgerId, watch::Sender<Standing>>>);

impl Standings {
    /// How a ledger's proof stands, and the news of it.
    pub(crate) fn of(&self, ledger: LedgerId) -> watch::Receiver<Standing> {
        self.sender(ledger).subscribe()
    }

    fn sender(&self, ledger: LedgerId) -> watch::Sender<Standing> {
        let mut standings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        standings.entry(ledger).or_default().clone()
    }

    /// A checkpoint that covers at least so much, with the key that it is checked by.
    ///
    /// # Errors
    /// [`Unsigned`].
    pub(crate) async fn signed(
        &self,
        ledger: LedgerId,
        at_least: u64,
        patience: Duration,
    ) -> Result<(u64, String, String), Unsigned> {
        let mut standing = self.of(ledger);
        let enough = standing.wait_for(|standing| match standing {
            Standing::Reading => false,
            Standing::Signed { size, .. } => *size >= at_least,
            Standing::Broken(_) => true,
        });
        let standing = tokio::time::timeout(patience, enough).await;
        match standing.ok().and_then(Result::ok).as_deref() {
            Some(Standing::Signed { size, note, verifier_key }) => {
                Ok((*size, note.clone(), verifier_key.clone()))
            }
            Some(Standing::Broken(why)) => Err(Unsigned::Broken(why.clone())),
            Some(Standing::Reading) | None => Err(Unsigned::NotYet(at_least)),
        }
    }
}

/// There is no such checkpoint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unsigned {
    /// Not in time.
    NotYet(u64),
    /// And there won't be: the ledger is not what was signed before.
    Broken(String),
}

/// Integrates every ledger that this process gets to know, until `stop`; then signs what isn't signed yet.
pub(crate) async fn run(
    engine: Arc<Engine>,
    checkpoints: PathBuf,
    standings: Arc<Standings>,
    mut stop: watch::Receiver<bool>,
) {
    let mut found = engine.found();
    let mut known = 0;
    // Each ledger's task holds a sender: once all are gone, all have ended.
    let (running, mut ended) = mpsc::channel::<()>(1);
    loop {
        let new: Vec<_> = found.borrow_and_update().iter().skip(known).copied().collect();
        known += new.len();
        for ledger in new {
            let (engine_of, checkpoints) = (Arc::clone(&engine), checkpoints.clone());
            let standing = standings.sender(ledger);
            let task = follow(engine_of, ledger, checkpoints, standing, stop.clone());
            let running = running.clone();
            let task = async move {
                task.await;
                drop(running);
            };
            engine.spawner.spawn("ledger", Box::pin(task));
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            changed = found.changed() => if changed.is_err() { break },
        }
    }
    drop(running);
    while ended.recv().await.is_some() {}
}

/// Why a step is taken.
enum Cause {
    Stop,
    Tick,
    Grown,
}

async fn follow(
    engine: Arc<Engine>,
    ledger: LedgerId,
    checkpoints: PathBuf,
    standing: watch::Sender<Standing>,
    mut stop: watch::Receiver<bool>,
) {
    let Some(mut book) = opened(&engine, ledger, &checkpoints, &standing, &mut stop).await else { return };
    let mut tail = engine.tail(ledger);
    let (mut tick, mut again) = (ticks(SIGNED_EVERY), ticks(AGAIN));
    loop {
        let at = book.size();
        let cause = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => Cause::Stop,
            _ = tick.tick(), if book.unsigned() => Cause::Tick,
            grown = tail.wait_for(|tail| *tail > at) => if grown.is_ok() { Cause::Grown } else { Cause::Stop },
        };
        let step = match cause {
            Cause::Stop => integrate_and_sign(&mut book).await,
            Cause::Tick => book.sign().await,
            Cause::Grown => grow(&mut book).await,
        };
        match step {
            Ok(()) => say(&book, &standing),
            Err(trouble) if trouble.passes() => {
                tracing::warn!(%ledger, %trouble, "the ledger can't be signed for the moment");
                wait(&mut again, &mut stop).await;
            }
            Err(trouble) => return refuse(ledger, &trouble, &standing),
        }
        if matches!(cause, Cause::Stop) {
            return;
        }
    }
}

/// The book with everything read that the store has, once it can be had; `None`: told to stop, or never.
async fn opened(
    engine: &Engine,
    ledger: LedgerId,
    checkpoints: &Path,
    standing: &watch::Sender<Standing>,
    stop: &mut watch::Receiver<bool>,
) -> Option<Book> {
    let mut again = ticks(AGAIN);
    loop {
        let read = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return None,
            read = read(engine, ledger, checkpoints) => read,
        };
        match read {
            Ok(book) => {
                say(&book, standing);
                return Some(book);
            }
            Err(trouble) if trouble.passes() => {
                tracing::warn!(%ledger, %trouble, "the ledger can't be read for the moment");
                wait(&mut again, stop).await;
            }
            Err(trouble) => {
                refuse(ledger, &trouble, standing);
                return None;
            }
        }
    }
}

/// Hashes every record anew, and holds the newest checkpoints against them: the fork guard.
async fn read(engine: &Engine, ledger: LedgerId, checkpoints: &Path) -> Result<Book, Trouble> {
    let nothing = (Frontier::default(), Frontier::default());
    let mut book = Book::open(engine, ledger, checkpoints, nothing).await?;
    book.compare().await?;
    book.integrate().await?;
    Ok(book)
}

async fn integrate_and_sign(book: &mut Book) -> Result<(), Trouble> {
    book.integrate().await?;
    if book.unsigned() { book.sign().await } else { Ok(()) }
}

/// The store must have what it was heard to have.
async fn grow(book: &mut Book) -> Result<(), Trouble> {
    let before = book.size();
    book.integrate().await?;
    if book.size() > before { Ok(()) } else { Err(Fault::NotYet(before + 1).into()) }
}

fn say(book: &Book, standing: &watch::Sender<Standing>) {
    let size = book.proven_size();
    standing.send_if_modified(|standing| {
        let new = match standing {
            Standing::Signed { size: before, .. } => *before != size,
            // A checkpoint of nothing says nothing.
            Standing::Reading => size > 0,
            Standing::Broken(_) => false,
        };
        if new {
            let verifier_key = book.verifier().to_string();
            *standing = Standing::Signed { size, note: book.signed(), verifier_key };
        }
        new
    });
}

fn refuse(ledger: LedgerId, trouble: &Trouble, standing: &watch::Sender<Standing>) {
    tracing::error!(
        %ledger, %trouble,
        "THE LEDGER IS NOT WHAT WAS SIGNED: nothing more is signed; run `licheng audit export`, which names what \
         was altered, and compare with a backup"
    );
    standing.send_replace(Standing::Broken(trouble.to_string()));
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn wait(again: &mut Interval, stop: &mut watch::Receiver<bool>) {
    again.reset();
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        _ = again.tick() => {}
    }
}
