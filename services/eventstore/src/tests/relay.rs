//! What a view comes to doesn't depend on what the bus does.

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::*;
use crate::Fault;
use crate::bus::Message;
use crate::project::{self, Of, digest, replay};

/// A bus between processes that loses every third message, carries every other third twice, and what it carries in
/// an order of its own. It may also be down.
#[derive(Default)]
pub(super) struct Wild {
    carried: LocalBus,
    held: Mutex<Vec<Message>>,
    taken: AtomicU64,
    published: Mutex<std::collections::HashMap<LedgerId, u64>>,
    down: std::sync::atomic::AtomicBool,
}

impl Wild {
    fn is_up(&self) -> Result<(), Fault> {
        match self.down.load(Ordering::Relaxed) {
            true => Err(Fault::Unavailable("the bus", None)),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Bus for Wild {
    async fn publish(&self, messages: Vec<Message>) -> Result<(), Fault> {
        self.is_up()?;
        let mut carried = Vec::new();
        for message in messages {
            self.published.lock().unwrap().insert(message.ledger, message.position);
            match self.taken.fetch_add(1, Ordering::Relaxed) % 3 {
                0 => {}
                1 => carried.extend([message.clone(), message]),
                _ => self.held.lock().unwrap().push(message),
            }
        }
        // What is held back comes after what is sent later, the last of it first; one stays behind for good.
        let held: Vec<_> = {
            let mut held = self.held.lock().unwrap();
            let kept = held.len().min(1);
            held.drain(kept..).collect()
        };
        carried.reverse();
        carried.extend(held.into_iter().rev());
        self.carried.publish(carried).await
    }

    async fn published(&self, ledger: LedgerId) -> Result<Option<u64>, Fault> {
        self.is_up()?;
        Ok(self.published.lock().unwrap().get(&ledger).copied())
    }

    async fn listen(&self) -> Result<BoxStream<'static, Message>, Fault> {
        self.is_up()?;
        self.carried.listen().await
    }

    fn reaches_others(&self) -> bool {
        true
    }
}

/// Two processes with a bus between them: one is asked, the other keeps the view.
pub(super) struct Pair {
    pub(super) asked: Process,
    pub(super) viewing: Process,
    pub(super) ledger: LedgerId,
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

impl Pair {
    pub(super) async fn start(folder: &Path, buses: [Arc<dyn Bus>; 2], ledger: LedgerId) -> Self {
        let [one, other] = buses;
        let asked = Process::on(embedded(folder).await, one, ledger).await;
        let viewing = Process::on(embedded(folder).await, other, ledger).await;
        let (stop, mut running) = (watch::Sender::new(false), JoinSet::new());
        for process in [&asked, &viewing] {
            running.spawn(crate::relay(Arc::clone(&process.engine), stop.subscribe()));
        }
        let view = Arc::new(Of::<Seats>::default());
        running.spawn(project::run(Arc::clone(&viewing.engine), view, stop.subscribe()));
        Self { asked, viewing, ledger, stop, running }
    }

    /// Seats by so many commands of their own, of which no two are of one stream.
    pub(super) async fn seat(&self, numbers: std::ops::Range<u128>) {
        for n in numbers {
            let order = order_in(self.ledger, n, Command::Make(2));
            let order = Order { stream: format!("office-{n}"), ..order };
            tokio::time::timeout(PATIENCE, self.asked.office.execute(order)).await.unwrap().unwrap();
        }
    }

    /// The view comes to stand at this position, and is what the other process folds from nothing.
    pub(super) async fn assert_viewed(&self, position: u64) {
        let store = &self.viewing.engine.store;
        until("the view", || async {
            (store.checkpoint("seats", 1, self.ledger).await.unwrap() >= position).then_some(())
        })
        .await;
        let (at, documents) = store.all_documents("seats", 1, self.ledger).await.unwrap();
        assert_eq!(at, position);
        let folded =
            replay(&self.asked.engine, &Of::<Seats>::default(), self.ledger, position).await.unwrap();
        assert_eq!(digest(documents.iter().map(|document| (&document.key, &document.body))), digest(&folded));
        assert_eq!(u64::try_from(folded.len()).unwrap(), position);
    }

    /// The bus comes to hold what there is up to a position.
    pub(super) async fn assert_published(&self, position: u64) {
        until("the bus", || async {
            (self.asked.engine.bus.published(self.ledger).await.ok()? == Some(position)).then_some(())
        })
        .await;
    }

    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(PATIENCE, self.running.join_all()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_loses_doubles_and_shuffles_changes_no_view() {
    let (folder, bus) = (folder(), Arc::new(Wild::default()));
    let pair = Pair::start(folder.path(), [Arc::clone(&bus) as _, bus], LEDGER).await;
    pair.seat(0..40).await;
    pair.assert_viewed(80).await;
    pair.seat(40..41).await;
    pair.assert_viewed(82).await;
    pair.assert_published(82).await;
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_views_go_on_while_the_bus_is_down() {
    let (folder, bus) = (folder(), Arc::new(Wild::default()));
    bus.down.store(true, Ordering::Relaxed);
    let pair = Pair::start(folder.path(), [Arc::clone(&bus) as _, Arc::clone(&bus) as _], LEDGER).await;
    pair.seat(0..5).await;
    pair.assert_viewed(10).await;
    assert!(bus.published.lock().unwrap().is_empty());
    bus.down.store(false, Ordering::Relaxed);
    pair.assert_published(10).await;
    bus.down.store(true, Ordering::Relaxed);
    pair.seat(5..10).await;
    pair.assert_viewed(20).await;
    bus.down.store(false, Ordering::Relaxed);
    pair.assert_published(20).await;
    pair.stop().await;
}
