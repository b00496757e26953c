//! The relay over NATS JetStream: what the server does with what it is given twice, and what is done when it is wiped,
//! not there, or gone for a while.

use std::process::Stdio;

use async_nats::jetstream;
use futures::StreamExt as _;
use tokio::process::{Child, Command as Start};
use tokio::sync::Mutex;

use super::relay::Pair;
use super::*;
use crate::Fault;
use crate::bus::Message;
use crate::bus::nats::NatsBus;

/// Who wipes the shared server's stream, and who counts what is in it, take turns.
static TURN: Mutex<()> = Mutex::const_new(());

#[expect(clippy::disallowed_methods, reason = "the tests' servers are told by the environment")]
fn setting(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} isn't set; tests/run starts the servers and sets it"))
}

async fn shared() -> (Arc<NatsBus>, jetstream::Context) {
    let url = setting("LICHENG_TEST_NATS");
    let client = async_nats::connect(&url).await.unwrap();
    (Arc::new(NatsBus::connect(&url).await.unwrap()), jetstream::new(client))
}

/// A ledger that no other run of the tests publishes.
fn own(n: u128) -> LedgerId {
    LedgerId::new(Uuid::from_u128((u128::from(std::process::id()) << 64) | n))
}

fn message(ledger: LedgerId, position: u64) -> Message {
    let (kind, id) = ("licheng.records.X.v1".into(), format!("{ledger}/{position}"));
    Message { ledger, position, kind, record: id.clone().into_bytes(), id }
}

/// How many messages the stream holds of a ledger.
async fn held(context: &jetstream::Context, ledger: LedgerId) -> usize {
    let subject = format!("licheng.v1.{ledger}");
    let stream = context.get_stream("licheng").await.unwrap();
    let mut info = stream.info_with_subjects(&subject).await.unwrap();
    info.next().await.map_or(0, |counted| counted.unwrap().1)
}

#[tokio::test]
async fn who_looks_is_told_whether_a_server_is_there() {
    NatsBus::look(&setting("LICHENG_TEST_NATS")).await.unwrap();
    assert!(matches!(NatsBus::look("nats://127.0.0.1:1").await, Err(Fault::Unavailable(..))));
    let unread = NatsBus::look("not a URL, with a password").await.unwrap_err();
    assert!(!unread.to_string().contains("password"), "{unread}");
}

#[tokio::test]
async fn what_is_published_twice_is_held_once() {
    let _turn = TURN.lock().await;
    let ((bus, context), ledger) = (shared().await, own(1));
    let messages = |positions: std::ops::RangeInclusive<u64>| {
        positions.map(|position| message(ledger, position)).collect::<Vec<_>>()
    };
    let mut heard = bus.listen().await.unwrap().filter(|heard| std::future::ready(heard.ledger == ledger));
    assert_eq!(bus.published(ledger).await.unwrap(), None);
    bus.publish(messages(1..=3)).await.unwrap();
    assert_eq!(heard.next().await.unwrap(), message(ledger, 1));
    // Whoever doesn't know that they were acknowledged sends them again, and goes on.
    bus.publish(messages(1..=4)).await.unwrap();
    assert_eq!(bus.published(ledger).await.unwrap(), Some(4));
    assert_eq!(held(&context, ledger).await, 4);
    // Two at once: one of them may be told that the other was faster, and nothing is held twice or lost.
    let (_, other) =
        (bus.publish(messages(4..=4)).await, NatsBus::connect(&setting("LICHENG_TEST_NATS")).await);
    let other = other.unwrap();
    let both = tokio::join!(bus.publish(messages(5..=9)), other.publish(messages(5..=9)));
    for outcome in [both.0, both.1] {
        assert!(matches!(outcome, Ok(()) | Err(Fault::Contended)), "{outcome:?}");
    }
    let so_far = bus.published(ledger).await.unwrap().unwrap();
    bus.publish(messages(so_far + 1..=10)).await.unwrap();
    assert_eq!(held(&context, ledger).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_wiped_meanwhile_is_made_anew_and_no_view_misses_anything() {
    let _turn = TURN.lock().await;
    let (folder, ledger) = (folder(), own(2));
    let ((bus, context), (other, _)) = (shared().await, shared().await);
    let pair = Pair::start(folder.path(), [bus, other], ledger).await;
    pair.seat(0..5).await;
    pair.assert_published(10).await;
    context.delete_stream("licheng").await.unwrap();
    pair.seat(5..10).await;
    pair.assert_viewed(20).await;
    pair.assert_published(20).await;
    // And once more, with nothing that comes after: whoever needs it has the store.
    context.delete_stream("licheng").await.unwrap();
    pair.seat(10..11).await;
    pair.assert_viewed(22).await;
    pair.assert_published(22).await;
    pair.stop().await;
}

/// A server of this test's own, to be stopped and started again.
struct Server {
    folder: TempDir,
    port: u16,
}

impl Server {
    fn new() -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self { folder: folder(), port: free.local_addr().unwrap().port() }
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    async fn start(&self) -> Child {
        let server = Start::new(setting("LICHENG_TEST_BIN_NATS"))
            .args(["-js", "-a", "127.0.0.1", "-p", &self.port.to_string(), "-sd"])
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        until("the server", || async { async_nats::connect(self.url()).await.ok() }).await;
        server
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_views_go_on_without_a_server() {
    let (folder, server) = (folder(), Server::new());
    let connecting = async { Arc::new(NatsBus::connect(&server.url()).await.unwrap()) as Arc<dyn Bus> };
    let one = tokio::time::timeout(PATIENCE, connecting).await.unwrap();
    let other = Arc::new(NatsBus::connect(&server.url()).await.unwrap());
    assert!(matches!(one.published(LEDGER).await, Err(Fault::Unavailable("the bus", _))));
    let pair = Pair::start(folder.path(), [one, other], LEDGER).await;
    pair.seat(0..5).await;
    pair.assert_viewed(10).await;
    let mut running = server.start().await;
    pair.assert_published(10).await;
    running.kill().await.unwrap();
    pair.seat(5..10).await;
    pair.assert_viewed(20).await;
    let _running = server.start().await;
    pair.assert_published(20).await;
    pair.stop().await;
}
