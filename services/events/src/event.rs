use kernel::{LedgerId, PersonId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    ArchiveEvent, CertificationEvent, GovernanceEvent, Record, RecordsEvent, SubmissionEvent, UploadsEvent,
};

/// What every service's event enum is. Its serde form is `{"type": "licheng.…v1", "data": {…}}`.
pub trait DomainEvent:
    Serialize + DeserializeOwned + Clone + std::fmt::Debug + Send + Sync + 'static
{
    /// The service that alone records it, such as `uploads`.
    const SERVICE: &'static str;

    /// The person concerned, if there is one.
    fn subject(&self) -> Option<PersonId>;
}

/// Any service's event.
#[derive(Clone, Debug)]
pub enum AnyEvent {
    /// Of governance.
    Governance(GovernanceEvent),
    /// Of records.
    Records(RecordsEvent),
    /// Of uploads.
    Uploads(UploadsEvent),
    /// Of certification.
    Certification(CertificationEvent),
    /// Of submission.
    Submission(SubmissionEvent),
    /// Of archive.
    Archive(ArchiveEvent),
}

/// The type is of a service that we read, but this version doesn't know it.
#[derive(Debug, thiserror::Error)]
#[error("{kind} can't be read: {source}; it needs a newer version of Licheng")]
pub struct UnknownType {
    /// The record's type.
    pub kind: String,
    /// What reading it answered.
    pub source: serde_json::Error,
}

/// An event at its place in a ledger.
#[derive(Clone, Debug)]
pub struct Recorded<E = AnyEvent> {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its position there, from 1 without a gap.
    pub position: u64,
    /// All attributes of the record; `data` is left null, since `event` is what it says.
    pub record: Record,
    /// What happened.
    pub event: E,
}

impl AnyEvent {
    /// Reads an event by its type. `None` is a type of a service that isn't one of ours: to be skipped.
    ///
    /// # Errors
    /// [`UnknownType`]: of one of our services, and not to be read. To be waited for, never skipped.
    pub fn read(kind: &str, data: Value) -> Result<Option<Self>, UnknownType> {
        let service = kind.strip_prefix("licheng.").and_then(|rest| rest.split('.').next());
        let read = match service {
            Some(GovernanceEvent::SERVICE) => typed(kind, data).map(Self::Governance),
            Some(RecordsEvent::SERVICE) => typed(kind, data).map(Self::Records),
            Some(UploadsEvent::SERVICE) => typed(kind, data).map(Self::Uploads),
            Some(CertificationEvent::SERVICE) => typed(kind, data).map(Self::Certification),
            Some(SubmissionEvent::SERVICE) => typed(kind, data).map(Self::Submission),
            Some(ArchiveEvent::SERVICE) => typed(kind, data).map(Self::Archive),
            Some(_) | None => return Ok(None),
        };
        read.map(Some).map_err(|source| UnknownType { kind: kind.to_owned(), source })
    }
}

fn typed<E: DomainEvent>(kind: &str, data: Value) -> Result<E, serde_json::Error> {
    // `opening` lets values that vault has opened through; of sealed ones it makes nothing else.
    kernel::opening(serde_json::json!({ "type": kind, "data": data }))
}

macro_rules! any_event {
    ($($variant:ident($event:ident)),+ $(,)?) => {$(
        impl From<$event> for AnyEvent {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        }

        impl TryFrom<AnyEvent> for $event {
            type Error = AnyEvent;

            fn try_from(event: AnyEvent) -> Result<Self, AnyEvent> {
                match event {
                    AnyEvent::$variant(event) => Ok(event),
                    other => Err(other),
                }
            }
        }
    )+};
}

any_event! {
    Governance(GovernanceEvent),
    Records(RecordsEvent),
    Uploads(UploadsEvent),
    Certification(CertificationEvent),
    Submission(SubmissionEvent),
    Archive(ArchiveEvent),
}
