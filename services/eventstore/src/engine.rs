use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use events::{AnyEvent, ArchiveEvent, ClaimName, Record, Recorded};
use kernel::{Clock, LedgerId, Spawner};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;
use vault::Vault;

use crate::Fault;
use crate::bus::Bus;
use crate::states::Forgets;
use crate::store::{ClaimHash, Commit, Store, Stored, Verdict};
use crate::writer::Writer;

/// Events read at a time.
pub(crate) const PAGE: u32 = 2_000;
/// Events of all ledgers that are kept in memory for whoever follows in this process.
const RECENT_MAX: u64 = 16_384;

/// How the types of events that tell of an erasure begin.
const ERASURES: &str = "licheng.archive.Erasure";

/// One process's event store: the store, its bus, its keys, and a writer for each ledger.
pub struct Engine {
    /// Facts at rest.
    pub store: Arc<dyn Store>,
    /// Facts in motion.
    pub bus: Arc<dyn Bus>,
    /// Keys and sealing.
    pub vault: Vault,
    /// The service clock.
    pub clock: Arc<dyn Clock>,
    /// Owner of the tasks.
    pub spawner: Arc<dyn Spawner>,
    ledgers: Mutex<HashMap<LedgerId, Arc<Ledger>>>,
    found: watch::Sender<Vec<LedgerId>>,
    closed: watch::Sender<bool>,
    /// What was appended or read lately, by ledger and position; `None`: of a service that isn't ours. An event never
    /// changes, so that one can be missing here, but not wrong.
    recent: Cache<(LedgerId, u64), Option<Arc<Recorded>>>,
    /// Who in this process must drop what they opened once somebody is erased.
    told: Mutex<Vec<Weak<dyn Forgets>>>,
    /// The last position of each ledger at which keys were known to be destroyed.
    erased: Mutex<HashMap<LedgerId, u64>>,
}

/// What a process keeps of a ledger: its writer, how far it is known to have come, and how far the bus is.
pub(crate) struct Ledger {
    pub(crate) writer: Writer,
    tail: watch::Sender<u64>,
    pub(crate) on_bus: AtomicU64,
}

impl Engine {
    /// An engine over these parts.
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        vault: Vault,
        clock: Arc<dyn Clock>,
        spawner: Arc<dyn Spawner>,
    ) -> Arc<Self> {
        let (ledgers, found) = (Mutex::default(), watch::Sender::new(Vec::new()));
        let recent = Cache::builder().max_capacity(RECENT_MAX).eviction_policy(EvictionPolicy::lru()).build();
        let closed = watch::Sender::new(false);
        let (told, erased) = (Mutex::default(), Mutex::default());
        Arc::new(Self { store, bus, vault, clock, spawner, ledgers, found, closed, recent, told, erased })
    }

    /// Takes no more commands: the writers answer what is queued, and end. What is asked of the store alone goes on.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Appends a command's events; returns when they are durable, or when they can't be appended.
    ///
    /// # Errors
    /// [`Fault::Exhausted`] when too much is waiting; [`Fault::stopping`] after [`Engine::close`]; what the store
    /// answers.
    pub async fn append(self: &Arc<Self>, ledger: LedgerId, commit: Commit) -> Result<Verdict, Fault> {
        if *self.closed.borrow() {
            return Err(Fault::stopping());
        }
        let records: Vec<_> = commit.events.iter().map(|event| event.record.clone()).collect();
        let verdict = self.ledger(ledger).writer.append(commit).await?;
        if let Verdict::Appended(receipt) = &verdict {
            for (position, record) in (receipt.first..).zip(&records) {
                if let Ok(event) = decoded(ledger, position, record) {
                    event.iter().for_each(|event| self.notice(event));
                    self.recent.insert((ledger, position), event);
                }
            }
        }
        if let Verdict::Appended(receipt) | Verdict::Known(receipt) = &verdict {
            self.heard(ledger, receipt.last);
        }
        Ok(verdict)
    }

    /// Tells them whenever somebody is erased.
    pub(crate) fn tells(&self, whom: &Arc<dyn Forgets>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|told| told.strong_count() > 0);
        told.push(Arc::downgrade(whom));
    }

    /// Forgets, in this process and at once, whoever an event erases: their keys, and what was opened by them.
    fn notice(&self, event: &Recorded) {
        match &event.event {
            AnyEvent::Archive(ArchiveEvent::ErasureStarted { student }) => {
                if self.vault.forget_person(event.ledger, *student) {
                    self.forget_opened();
                }
            }
            // By now the keys of packages are destroyed too: they are no person's.
            AnyEvent::Archive(ArchiveEvent::ErasureCompleted { .. }) => {
                let mut erased = self.erased.lock().unwrap_or_else(PoisonError::into_inner);
                let newest = erased.entry(event.ledger).or_default();
                if event.position > *newest {
                    *newest = event.position;
                    self.vault.forget();
                }
            }
            AnyEvent::Archive(_)
            | AnyEvent::Governance(_)
            | AnyEvent::Records(_)
            | AnyEvent::Uploads(_)
            | AnyEvent::Certification(_)
            | AnyEvent::Submission(_) => {}
        }
    }

    fn forget_opened(&self) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter_map(Weak::upgrade).for_each(|told| told.forget());
    }

    /// Notes that a ledger has come at least so far.
    pub fn heard(self: &Arc<Self>, ledger: LedgerId, position: u64) {
        self.ledger(ledger).tail.send_if_modified(|tail| {
            let further = position > *tail;
            if further {
                *tail = position;
            }
            further
        });
    }

    /// How far a ledger is known to have come, and the news of it.
    pub fn tail(self: &Arc<Self>, ledger: LedgerId) -> watch::Receiver<u64> {
        self.ledger(ledger).tail.subscribe()
    }

    /// Whether a ledger is known to have come further than this.
    pub(crate) fn is_behind(self: &Arc<Self>, ledger: LedgerId, position: u64) -> bool {
        *self.ledger(ledger).tail.borrow() > position
    }

    /// The ledgers that this process knows, and the news of new ones.
    pub fn found(&self) -> watch::Receiver<Vec<LedgerId>> {
        self.found.subscribe()
    }

    /// Asks the store how far every ledger has come: what the bus lost is noticed by it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn sweep(self: &Arc<Self>) -> Result<(), Fault> {
        for (ledger, head) in self.store.ledgers().await? {
            self.heard(ledger, head.position);
        }
        Ok(())
    }

    pub(crate) fn ledger(self: &Arc<Self>, id: LedgerId) -> Arc<Ledger> {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = ledgers.get(&id) {
            return Arc::clone(ledger);
        }
        let closed = self.closed.subscribe();
        let writer = Writer::start(id, Arc::clone(&self.store), &*self.spawner, closed);
        let ledger = Arc::new(Ledger { writer, tail: watch::Sender::new(0), on_bus: AtomicU64::new(0) });
        ledgers.insert(id, Arc::clone(&ledger));
        self.found.send_modify(|found| found.push(id));
        ledger
    }

    /// Events after a position, in order, at most a page, personal values still sealed. An event of a service that
    /// isn't ours is left out; the position of the last one read comes with them, `after` if there is none.
    ///
    /// # Errors
    /// A hole, a record that can't be read, [`Fault::NewerEvent`] if the next is one that a newer version wrote, what
    /// the store answers.
    pub async fn read(&self, ledger: LedgerId, after: u64) -> Result<(u64, Vec<Arc<Recorded>>), Fault> {
        let (mut last, mut events) = (after, Vec::new());
        while let Some(event) = self.recent.get(&(ledger, last + 1)) {
            last += 1;
            events.extend(event);
            if events.len() >= PAGE as usize {
                break;
            }
        }
        if last > after {
            return Ok((last, events));
        }
        let page = self.store.read(ledger, after, PAGE).await?;
        // The last page is what the others will ask for too.
        let is_last = page.len() < PAGE as usize;
        for stored in &page {
            if stored.position != last + 1 {
                return Err(Fault::broken(format!("ledger {ledger} has a hole after position {last}")));
            }
            let event = match decoded(ledger, stored.position, &stored.record) {
                // What comes before it can be had.
                Err(Fault::NewerEvent(_)) if last > after => break,
                event => event?,
            };
            last = stored.position;
            event.iter().for_each(|event| self.notice(event));
            if is_last {
                self.recent.insert((ledger, last), event.clone());
            }
            events.extend(event);
        }
        Ok((last, events))
    }

    /// Events of a stream after a version, with personal values opened.
    ///
    /// # Errors
    /// A record that can't be read, a value that can't be opened, what the store answers.
    pub async fn read_stream_open(
        &self,
        ledger: LedgerId,
        stream: &str,
        after: u32,
    ) -> Result<Vec<(u32, AnyEvent)>, Fault> {
        let mut events = Vec::new();
        let read = self.store.read_stream(ledger, stream, after).await?;
        // Before anything is opened.
        for stored in read.iter().filter(|stored| stored.kind.starts_with(ERASURES)) {
            decoded(ledger, stored.position, &stored.record)?.iter().for_each(|event| self.notice(event));
        }
        for Stored { version, record, kind, .. } in read {
            let record = Record::parse(&record).map_err(Fault::broken)?;
            let data = self.vault.open(ledger, record.data).await?;
            let event =
                AnyEvent::read(&kind, data).map_err(|unknown| Fault::NewerEvent(unknown.to_string()))?;
            let event = event.ok_or_else(|| Fault::broken(format!("stream {stream} holds a {kind}")))?;
            events.push((version, event));
        }
        Ok(events)
    }

    /// Whose claimed values are, of those that are anybody's.
    ///
    /// # Errors
    /// What the store or the key store answers.
    pub async fn resolve(
        &self,
        ledger: LedgerId,
        names: &[ClaimName],
    ) -> Result<HashMap<ClaimName, Uuid>, Fault> {
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let keys = self.vault.ledger_keys(ledger).await?;
        let hash = |name: &ClaimName| ClaimHash { kind: name.kind.name(), hash: keys.claim_hash(name) };
        let hashes: Vec<_> = names.iter().map(hash).collect();
        let subjects = self.store.claimed(ledger, &hashes).await?;
        Ok(names.iter().cloned().zip(subjects).filter_map(|(name, whose)| Some((name, whose?))).collect())
    }
}

/// A stored record as event; `None`: of a service that isn't ours.
pub(crate) fn decoded(ledger: LedgerId, position: u64, line: &[u8]) -> Result<Option<Arc<Recorded>>, Fault> {
    let mut record = Record::parse(line).map_err(|e| Fault::broken(format!("event {position}: {e}")))?;
    let data = std::mem::replace(&mut record.data, Value::Null);
    let unknown = |unknown| Fault::NewerEvent(format!("event {position} of ledger {ledger}: {unknown}"));
    let event = AnyEvent::read(&record.kind, data).map_err(unknown)?;
    Ok(event.map(|event| Arc::new(Recorded { ledger, position, record, event })))
}
