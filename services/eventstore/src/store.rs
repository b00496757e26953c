//! Facts at rest: one trait, two stores, one conformance suite.

use async_trait::async_trait;
use kernel::{Instant, LedgerId, PersonId, RequestId};
use uuid::Uuid;
use vault::KeyStore;

use crate::Fault;

#[cfg(test)]
pub(crate) mod conformance;
mod group;
pub mod postgres;
mod rows;
pub mod sqlite;

/// An event ready to be stored: its line is written once, here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The service that records it.
    pub service: &'static str,
    /// The record's bytes.
    pub record: Vec<u8>,
    /// SHA-256 of 0x00 and the record.
    pub leaf: [u8; 32],
    /// The record's type.
    pub kind: String,
    /// The person concerned.
    pub subject: Option<PersonId>,
}

/// One command's events, with everything that must hold for them to be appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// What the caller named the command by.
    pub request: RequestId,
    /// Who asked; another actor with the same request id is refused.
    pub actor: PersonId,
    /// Keyed hash of what was asked; another body with the same request id is refused.
    pub request_hash: [u8; 32],
    /// The stream that the events are of.
    pub stream: String,
    /// The stream's version before them: must be equal.
    pub version: u32,
    /// The instant of the events: at most 2 s behind the ledger's last.
    pub time: Instant,
    /// Streams that must stand at exactly these versions.
    pub guards: Vec<(String, u32)>,
    /// Hashed values that this subject takes: a value taken by another subject fails the command.
    pub claims: Vec<(ClaimHash, Uuid)>,
    /// Keys of which none may have been destroyed.
    pub keys: Vec<String>,
    /// At least one event.
    pub events: Vec<NewEvent>,
    /// The ids that the command made, kept in its receipt.
    pub ids: Vec<Uuid>,
}

/// A claimed value at rest: its kind and a keyed hash of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimHash {
    /// The kind's name.
    pub kind: &'static str,
    /// HMAC-SHA-256 with the ledger's index key.
    pub hash: [u8; 32],
}

/// What became of one command of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its events are in the log.
    Appended(Receipt),
    /// The same request was accepted before: its first answer.
    Known(Receipt),
    /// The request id is another actor's, or stands for another body.
    RequestReused,
    /// The stream has moved.
    Moved,
    /// A guarded stream has moved: this one.
    GuardMoved(String),
    /// A value is another subject's: kind and subject.
    Claimed(String, Uuid),
    /// A key that the events are sealed with has been destroyed.
    KeyDestroyed(String),
    /// The time is more than 2 s behind the ledger's last.
    Behind,
}

/// What an accepted command is remembered by. Nothing personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Position of its first event.
    pub first: u64,
    /// Position of its last event.
    pub last: u64,
    /// The ids that it made.
    pub ids: Vec<Uuid>,
}

/// A stored event, as its columns say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its position.
    pub position: u64,
    /// Its stream.
    pub stream: String,
    /// Its version there.
    pub version: u32,
    /// Its type.
    pub kind: String,
    /// The person concerned.
    pub subject: Option<PersonId>,
    /// Its time.
    pub time: Instant,
    /// Its record's bytes.
    pub record: Vec<u8>,
    /// Its leaf as it was stored.
    pub leaf: [u8; 32],
}

/// Where a ledger stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Position of its last event; 0 if it has none.
    pub position: u64,
    /// Time of its last event.
    pub time: Instant,
}

/// A view's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its key within view and ledger.
    pub key: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// What a follower writes for one step of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Documents put.
    pub put: Vec<Document>,
    /// Keys of documents removed.
    pub removed: Vec<String>,
}

/// A follower that can't get past an event of one ledger. It goes on in the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Its name: `view:` or `reactor:`, and what it is called.
    pub follower: String,
    /// The ledger.
    pub ledger: LedgerId,
    /// The last position that it got through.
    pub position: u64,
    /// What went wrong. It holds no personal data.
    pub reason: String,
    /// Since when.
    pub since: Instant,
}

/// The version of a store's schema, beside the one that this executable works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// What the store has; 0: none yet.
    pub found: i64,
    /// What is needed.
    pub needed: i64,
}

impl Schema {
    /// Whether it can be worked with.
    ///
    /// # Errors
    /// [`Fault::NewerStore`] if it is newer, [`Fault::Broken`] if it is older or missing.
    pub fn check(self) -> Result<(), Fault> {
        let Self { found, needed } = self;
        if found > needed {
            return Err(Fault::NewerStore { found, known: needed });
        }
        if found < needed {
            return Err(Fault::broken(format!(
                "the database's schema has version {found}, and {needed} is needed: run `licheng migrate`"
            )));
        }
        Ok(())
    }
}

/// A store of events and of what is folded from them. Decisions read the primary only.
#[async_trait]
pub trait Store: KeyStore + Send + Sync + 'static {
    /// Opens a ledger under a school's code. `false`: the code has a ledger already.
    async fn open_ledger(&self, ledger: LedgerId, code: &str) -> Result<bool, Fault>;
    /// The ledger of a school's code.
    async fn ledger_of(&self, code: &str) -> Result<Option<LedgerId>, Fault>;
    /// Every ledger and where it stands.
    async fn ledgers(&self) -> Result<Vec<(LedgerId, Head)>, Fault>;
    /// The code of the school that a ledger was opened under.
    async fn code_of(&self, ledger: LedgerId) -> Result<Option<String>, Fault>;
    /// Where a ledger stands.
    async fn head(&self, ledger: LedgerId) -> Result<Head, Fault>;

    /// Appends a group of commands in one call, one lock hold, one commit; a verdict for each, in order.
    /// Refuses a group in which a command writes a stream that an earlier one writes or guards or that guards an
    /// earlier one's, or repeats a claim or request id of an earlier one.
    async fn append(&self, ledger: LedgerId, commits: &[Commit]) -> Result<Vec<Verdict>, Fault>;
    /// The receipt of an accepted request, with its actor and hash.
    async fn receipt(
        &self,
        ledger: LedgerId,
        request: RequestId,
    ) -> Result<Option<(PersonId, [u8; 32], Receipt)>, Fault>;

    /// Events after a position, in order, at most `limit`.
    async fn read(&self, ledger: LedgerId, after: u64, limit: u32) -> Result<Vec<Stored>, Fault>;
    /// Events of a stream after a version, in order.
    async fn read_stream(&self, ledger: LedgerId, stream: &str, after: u32) -> Result<Vec<Stored>, Fault>;
    /// The present versions of streams, in the order asked; 0 for one that doesn't exist.
    async fn versions(&self, ledger: LedgerId, streams: &[String]) -> Result<Vec<u32>, Fault>;
    /// Whose claimed values are, in the order asked.
    async fn claimed(&self, ledger: LedgerId, claims: &[ClaimHash]) -> Result<Vec<Option<Uuid>>, Fault>;

    /// Gives up the claimed values of a person whose keys are destroyed ([`KeyStore::destroy_keys_of`]), and answers how
    /// many they were, however often it is asked. [`Fault::Broken`] if the keys aren't destroyed.
    async fn forget_claims(&self, ledger: LedgerId, subject: Uuid) -> Result<u32, Fault>;

    /// How far a view's version has come in a ledger; 0 if it hasn't begun.
    async fn checkpoint(&self, view: &str, version: u32, ledger: LedgerId) -> Result<u64, Fault>;
    /// Documents of a view by key.
    async fn documents(
        &self,
        view: &str,
        version: u32,
        ledger: LedgerId,
        keys: &[String],
    ) -> Result<Vec<Document>, Fault>;
    /// All documents of a view in order of key, and the position that they stand at, of one snapshot.
    async fn all_documents(
        &self,
        view: &str,
        version: u32,
        ledger: LedgerId,
    ) -> Result<(u64, Vec<Document>), Fault>;
    /// Writes a step of a view and moves its checkpoint from `from` to `to`, in one transaction.
    /// `false`: the checkpoint didn't stand at `from`, and nothing was written.
    async fn step(
        &self,
        view: &str,
        version: u32,
        ledger: LedgerId,
        from: u64,
        to: u64,
        step: &Step,
    ) -> Result<bool, Fault>;

    /// Keeps a signed checkpoint of the ledger's tree at a size.
    async fn keep_signed(&self, ledger: LedgerId, size: u64, note: &str) -> Result<(), Fault>;
    /// All signed checkpoints, in order of size.
    async fn signed(&self, ledger: LedgerId) -> Result<Vec<(u64, String)>, Fault>;
    /// The signed checkpoint of the greatest size.
    async fn newest_signed(&self, ledger: LedgerId) -> Result<Option<(u64, String)>, Fault>;

    /// Keeps a setting of the whole store unless there is one of that name, and answers the one that is kept.
    async fn keep_setting(&self, name: &str, value: &str) -> Result<String, Fault>;
    /// The setting of that name, if one is kept.
    async fn setting(&self, name: &str) -> Result<Option<String>, Fault>;
    /// Notes that a follower is parked; one that stays where it was keeps its `since`.
    async fn park(&self, parked: &Parked) -> Result<(), Fault>;
    /// Notes that a follower got through.
    async fn unpark(&self, follower: &str, ledger: LedgerId) -> Result<(), Fault>;
    /// Every follower that is parked.
    async fn parked(&self) -> Result<Vec<Parked>, Fault>;
    /// Whether the store answers.
    async fn health(&self) -> Result<(), Fault>;
}
