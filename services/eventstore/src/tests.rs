//! What runs on a store, with a small decider over SQLite: each [`Process`] has its own memory, as another host has.

mod deadline;
mod execute;
mod follow;
mod forget;
mod nats;
mod office;
mod relay;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use events::{Caller, Channel, Recorded};
use kernel::{Clock, Duty, Instant, LedgerId, PersonId, RequestId, Spawner};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyStore, Vault};

use crate::bus::Bus;
use crate::bus::local::LocalBus;
use crate::project::View;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::{Engine, Executor, Known, Order, Rejected, Written};
use office::{Command, No, Office, Policies};

const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(0xa));
const OTHER: LedgerId = LedgerId::new(Uuid::from_u128(0xaa));
const NOON: i64 = 1_800_000_000_000_000;
/// A test that waits longer than this waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that is set by hand, and goes a step further whenever it is read.
struct Hand {
    now: AtomicI64,
    step: AtomicI64,
}

impl Hand {
    fn set(&self, now: i64, step: i64) {
        self.now.store(now, Ordering::Relaxed);
        self.step.store(step, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant::from_micros(self.now.fetch_add(self.step.load(Ordering::Relaxed), Ordering::Relaxed))
    }
}

/// Starts tasks in the test's runtime.
struct Here(tokio::runtime::Handle);

impl Spawner for Here {
    fn spawn(&self, _: &'static str, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.0.spawn(task);
    }
}

/// One process over a store's file.
struct Process {
    engine: Arc<Engine>,
    clock: Arc<Hand>,
    office: Arc<Executor<Office>>,
    policies: Executor<Policies>,
}

type Answer = Result<Written, Rejected<No>>;

impl Process {
    async fn start(folder: &TempDir) -> Self {
        Self::on(embedded(folder.path()).await, Arc::new(LocalBus::default()), LEDGER).await
    }

    /// With a bus, and a ledger beside [`OTHER`].
    async fn on(store: Arc<dyn Store>, bus: Arc<dyn Bus>, ledger: LedgerId) -> Self {
        store.open_ledger(ledger, "353301").await.unwrap();
        store.open_ledger(OTHER, "353302").await.unwrap();
        let keys: Arc<dyn KeyStore> = Arc::clone(&store) as _;
        let kek = KeyEncryptionKey::parse(&"ab".repeat(32)).unwrap();
        let clock = Arc::new(Hand { now: AtomicI64::new(NOON), step: AtomicI64::new(0) });
        let spawner = Arc::new(Here(tokio::runtime::Handle::current()));
        let engine = Engine::new(store, bus, Vault::new(keys, kek), Arc::clone(&clock) as _, spawner);
        let known = Arc::new(Known::new(Arc::clone(&engine)));
        let office = Arc::new(Executor::new(Arc::clone(&engine), known));
        let known = Arc::new(Known::new(Arc::clone(&engine)));
        let policies = Executor::new(Arc::clone(&engine), known);
        Self { engine, clock, office, policies }
    }

    async fn ask(&self, request: u128, command: Command) -> Answer {
        self.office.execute(order(request, command)).await
    }

    /// Adopts the next version of the policy.
    async fn adopt(&self, request: u128) -> Written {
        self.adopt_in(LEDGER, request).await
    }

    async fn adopt_in(&self, ledger: LedgerId, request: u128) -> Written {
        let Order { ledger, request, asked, caller, duty, names, at_least, .. } =
            order_in(ledger, request, Command::Make(0));
        let (stream, command) = ("policy-115".to_owned(), ());
        let order = Order { ledger, request, asked, caller, duty, stream, names, at_least, command };
        self.policies.execute(order).await.unwrap()
    }
}

fn folder() -> TempDir {
    TempDir::new().unwrap()
}

/// The embedded store of a folder.
async fn embedded(folder: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(&folder.join("store")).await.unwrap())
}

fn person(n: u128) -> PersonId {
    PersonId::new(Uuid::from_u128(n))
}

/// A command of the ledger itself for the office's stream.
fn order(request: u128, command: Command) -> Order<Command> {
    Order {
        ledger: LEDGER,
        request: RequestId::new(Uuid::from_u128(request)),
        asked: ("Office", format!("{command:?}").into_bytes()),
        caller: Caller::new(person(LEDGER.uuid().as_u128()), Channel::Reactor),
        duty: Duty::AssignOffice,
        stream: "office-library".into(),
        names: Vec::new(),
        at_least: 0,
        command,
    }
}

/// The same in another ledger.
fn order_in(ledger: LedgerId, request: u128, command: Command) -> Order<Command> {
    let caller = Caller::new(PersonId::new(ledger.uuid()), Channel::Reactor);
    Order { ledger, caller, ..order(request, command) }
}

/// Asks until it is so; a test that waits in vain fails.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let mut poll = tokio::time::interval(Duration::from_millis(10));
    let asking = async {
        loop {
            poll.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("in vain: {what}"))
}

/// Who was seated, a document each: in what order, and how often.
struct Seats;

impl View for Seats {
    const NAME: &'static str = "seats";
    const VERSION: u32 = 1;
    type Document = Vec<u64>;

    fn keys(event: &Recorded) -> Vec<String> {
        office::who(event).map(|person| person.to_string()).into_iter().collect()
    }

    fn apply(_: &str, document: &mut Vec<u64>, event: &Recorded) {
        document.push(event.position);
    }
}
