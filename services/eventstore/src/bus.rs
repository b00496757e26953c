//! Facts in motion: fast, and not trusted. Whoever listens notices a missing position and reads the store.

use async_trait::async_trait;
use futures::stream::BoxStream;
use kernel::LedgerId;

use crate::Fault;

pub mod local;
pub mod nats;

/// A stored event on its way: the record's bytes and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The ledger.
    pub ledger: LedgerId,
    /// The position.
    pub position: u64,
    /// The event's type.
    pub kind: String,
    /// The event's id, by which a repeated message is known.
    pub id: String,
    /// The record's bytes.
    pub record: Vec<u8>,
}

/// Carries every event at once to whoever listens. It may lose, repeat and reorder.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes messages of one ledger in order, each acknowledged before this returns. [`Fault::Contended`] says that
    /// another was faster: ask where the bus stands, and go on from there.
    async fn publish(&self, messages: Vec<Message>) -> Result<(), Fault>;
    /// The last position that the bus holds of a ledger; `None` if it holds nothing of it.
    async fn published(&self, ledger: LedgerId) -> Result<Option<u64>, Fault>;
    /// Everything that is published from now on, of all ledgers. It ends when the connection is lost for good.
    async fn listen(&self) -> Result<BoxStream<'static, Message>, Fault>;
    /// Whether messages reach other processes.
    fn reaches_others(&self) -> bool;
}
