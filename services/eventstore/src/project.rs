//! Views: pure folds of a ledger into documents, written with their checkpoint in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use events::Recorded;
use kernel::LedgerId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::Fault;
use crate::engine::Engine;
use crate::follow::{self, Follower, passes};
use crate::store::{Document, Step};

/// A view: documents by key, each a fold of the events that concern it. It copies sealed values and never opens one.
pub trait View: Send + Sync + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Its version: another fold or shape is another version, built beside the old.
    const VERSION: u32;
    /// A document; `Default` is that before the first event.
    type Document: Default + Serialize + DeserializeOwned + Send;

    /// The keys of the documents that an event concerns.
    fn keys(event: &Recorded) -> Vec<String>;
    /// Takes an event into one of them.
    fn apply(key: &str, document: &mut Self::Document, event: &Recorded);
}

/// Any view, by name.
pub trait Projection: Send + Sync + 'static {
    /// The view's name.
    fn name(&self) -> &'static str;
    /// The view's version.
    fn version(&self) -> u32;
    /// The documents that an event concerns.
    fn keys(&self, event: &Recorded) -> Vec<String>;
    /// Folds events, in order, into documents as bytes.
    ///
    /// # Errors
    /// A document that can't be read.
    fn fold(&self, documents: &mut BTreeMap<String, Vec<u8>>, events: &[Arc<Recorded>]) -> Result<(), Fault>;
}

/// A view as projection.
pub struct Of<V>(PhantomData<fn() -> V>);

impl<V> Default for Of<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<V: View> Projection for Of<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn version(&self) -> u32 {
        V::VERSION
    }

    fn keys(&self, event: &Recorded) -> Vec<String> {
        V::keys(event)
    }

    fn fold(&self, documents: &mut BTreeMap<String, Vec<u8>>, events: &[Arc<Recorded>]) -> Result<(), Fault> {
        let mut open: BTreeMap<String, V::Document> = BTreeMap::new();
        for event in events {
            for key in V::keys(event) {
                if !open.contains_key(&key) {
                    let document = match documents.get(&key) {
                        Some(body) => serde_json::from_slice(body).map_err(Fault::broken)?,
                        None => V::Document::default(),
                    };
                    open.insert(key.clone(), document);
                }
                if let Some(document) = open.get_mut(&key) {
                    V::apply(&key, document, event);
                }
            }
        }
        for (key, document) in open {
            documents.insert(key, serde_json::to_vec(&document).map_err(Fault::broken)?);
        }
        Ok(())
    }
}

/// SHA-256 over a view's documents in order of key: the same fold gives the same digest anywhere.
pub fn digest<'a>(documents: impl IntoIterator<Item = (&'a String, &'a Vec<u8>)>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (key, body) in documents {
        for part in [key.as_bytes(), body] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

/// Folds a ledger from nothing up to a position, in memory.
///
/// # Errors
/// A hole, a record that can't be read, what the store answers.
pub async fn replay(
    engine: &Engine,
    view: &dyn Projection,
    ledger: LedgerId,
    up_to: u64,
) -> Result<BTreeMap<String, Vec<u8>>, Fault> {
    let (mut documents, mut position) = (BTreeMap::new(), 0);
    while position < up_to {
        let (last, mut events) = engine.read(ledger, position).await?;
        if last == position {
            return Err(Fault::NotYet(up_to));
        }
        events.retain(|event| event.position <= up_to);
        view.fold(&mut documents, &events)?;
        position = last;
    }
    Ok(documents)
}

/// The name under which a view is parked.
pub fn follower(view: &dyn Projection) -> String {
    format!("view:{}/{}", view.name(), view.version())
}

/// Runs a view over every ledger until `stop`.
pub async fn run(engine: Arc<Engine>, view: Arc<dyn Projection>, stop: watch::Receiver<bool>) {
    follow::run(engine, Arc::new(Projecting(view)), stop).await;
}

/// A view as follower.
pub(crate) struct Projecting(pub(crate) Arc<dyn Projection>);

#[async_trait]
impl Follower for Projecting {
    fn name(&self) -> String {
        follower(&*self.0)
    }

    async fn checkpoint(&self, engine: &Engine, ledger: LedgerId) -> Result<u64, Fault> {
        engine.store.checkpoint(self.0.name(), self.0.version(), ledger).await
    }

    async fn advance(&self, engine: &Arc<Engine>, ledger: LedgerId, from: u64) -> Result<u64, Fault> {
        let mut at = from;
        loop {
            let (last, events) = engine.read(ledger, at).await?;
            if last == at {
                return Ok(at);
            }
            at = match self.step(engine, ledger, (at, last), &events).await {
                // Only the event that can't be folded is stayed at, not the page that it is in.
                Err(fault) if !passes(&fault) => self.one_by_one(engine, ledger, (at, last), &events).await?,
                outcome => outcome?,
            };
            if !engine.is_behind(ledger, at) {
                return Ok(at);
            }
        }
    }
}

impl Projecting {
    /// Folds events and moves the checkpoint; answers where it stands then.
    async fn step(
        &self,
        engine: &Engine,
        ledger: LedgerId,
        (from, to): (u64, u64),
        events: &[Arc<Recorded>],
    ) -> Result<u64, Fault> {
        let (view, name, version) = (&self.0, self.0.name(), self.0.version());
        let keys: BTreeSet<_> = events.iter().flat_map(|event| view.keys(event)).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let stored = match keys.is_empty() {
            true => Vec::new(),
            false => engine.store.documents(name, version, ledger, &keys).await?,
        };
        let mut documents: BTreeMap<_, _> = stored.into_iter().map(|d| (d.key, d.body)).collect();
        view.fold(&mut documents, events)?;
        let put = documents.into_iter().map(|(key, body)| Document { key, body }).collect();
        let step = Step { put, removed: Vec::new() };
        // Another process may fold the same view: whoever is second reads where the first stands.
        match engine.store.step(name, version, ledger, from, to, &step).await? {
            true => Ok(to),
            false => self.checkpoint(engine, ledger).await,
        }
    }

    async fn one_by_one(
        &self,
        engine: &Engine,
        ledger: LedgerId,
        (from, to): (u64, u64),
        events: &[Arc<Recorded>],
    ) -> Result<u64, Fault> {
        let mut at = from;
        for event in events {
            let stands = self.step(engine, ledger, (at, event.position), std::slice::from_ref(event)).await?;
            if stands != event.position {
                return Ok(stands);
            }
            at = stands;
        }
        // What isn't of ours stands at the end.
        if at == to { Ok(at) } else { self.step(engine, ledger, (at, to), &[]).await }
    }
}

/// One document, not older than a position.
///
/// # Errors
/// [`Fault::NotYet`] if the view hasn't come so far within `patience`; what the store answers.
pub async fn document<V: View>(
    engine: &Arc<Engine>,
    ledger: LedgerId,
    key: &str,
    at_least: u64,
    patience: Duration,
) -> Result<(u64, Option<V::Document>), Fault> {
    let position = wait_for(engine, V::NAME, V::VERSION, ledger, at_least, patience).await?;
    let found = engine.store.documents(V::NAME, V::VERSION, ledger, &[key.to_owned()]).await?;
    let body = found.into_iter().next().map(|document| document.body);
    let document = body.map(|body| serde_json::from_slice(&body)).transpose().map_err(Fault::broken)?;
    Ok((position, document))
}

/// Waits until a view has come at least so far; answers where it stands.
///
/// # Errors
/// [`Fault::NotYet`], what the store answers.
pub async fn wait_for(
    engine: &Arc<Engine>,
    view: &str,
    version: u32,
    ledger: LedgerId,
    at_least: u64,
    patience: Duration,
) -> Result<u64, Fault> {
    let deadline = tokio::time::Instant::now() + patience;
    let mut poll = tokio::time::interval(Duration::from_millis(5));
    loop {
        let position = engine.store.checkpoint(view, version, ledger).await?;
        if position >= at_least {
            return Ok(position);
        }
        if tokio::time::Instant::now() >= deadline {
            return Err(Fault::NotYet(at_least));
        }
        poll.tick().await;
    }
}
