use std::sync::Arc;

use chassis::wire;
use eventstore::project::Projection;
use eventstore::store::Stored;
use kernel::{Malformed, PersonId, WorkId};
use proto::audit::v1::{GetViewDigestRequest, ReadLedgerRequest, ReadLedgerResponse, ReplayViewRequest};
use serde_json::Value;

/// The most characters of a type's or key's name.
const NAME_MAX: usize = 200;

/// Which records are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Of this person.
    pub(crate) subject: Option<PersonId>,
    /// Of this work.
    pub(crate) work: Option<WorkId>,
    /// Of this type.
    pub(crate) kind: Option<String>,
}

impl Filter {
    /// Whether a record is to be read.
    pub(crate) fn takes(&self, stored: &Stored) -> bool {
        self.subject.is_none_or(|subject| stored.subject == Some(subject))
            && self.kind.as_ref().is_none_or(|kind| stored.kind == *kind)
            && self.work.is_none_or(|work| speaks_of(&stored.record, work))
    }
}

/// Whether an event names a work.
fn speaks_of(record: &[u8], work: WorkId) -> bool {
    let record: Value = serde_json::from_slice(record).unwrap_or_default();
    let named = record.get("data").and_then(|data| data.get("work")).and_then(Value::as_str);
    named.and_then(|named| named.parse().ok()) == Some(work)
}

/// What a reader asks for.
///
/// # Errors
/// Every field that can't be understood.
pub(crate) fn filter(request: &ReadLedgerRequest) -> Result<Filter, Malformed> {
    let mut problems = Malformed::default();
    let subject = problems.note("subject_id", optional_id(&request.subject_id));
    let work = problems.note("work_id", optional_id(&request.work_id));
    let kind = problems.note("type", wire::optional_text(&request.r#type, NAME_MAX));
    let filter = subject.zip(work).zip(kind).map(|((subject, work), kind)| Filter { subject, work, kind });
    problems.finish(filter)
}

fn optional_id<T: From<uuid::Uuid>>(text: &str) -> Result<Option<T>, &'static str> {
    if text.is_empty() { Ok(None) } else { wire::id(text).map(Some) }
}

/// A record as a message.
pub(crate) fn record(stored: Stored, read_to: u64) -> ReadLedgerResponse {
    ReadLedgerResponse {
        position: stored.position,
        record: stored.record.into(),
        leaf: stored.leaf.to_vec().into(),
        read_to,
    }
}

/// The view of which the digest is asked.
///
/// # Errors
/// No view has that name.
pub(crate) fn digested(
    request: &GetViewDigestRequest,
    views: &[Arc<dyn Projection>],
) -> Result<Arc<dyn Projection>, Malformed> {
    view(&request.view, views).map_err(|problem| Malformed::one("view", problem))
}

/// The view, and the key of the document, that are to be replayed.
///
/// # Errors
/// Every field that can't be understood.
pub(crate) fn replayed(
    request: &ReplayViewRequest,
    views: &[Arc<dyn Projection>],
) -> Result<(Arc<dyn Projection>, String), Malformed> {
    let mut problems = Malformed::default();
    let view = problems.note("view", view(&request.view, views));
    let key = problems.note("key", wire::text(&request.key, NAME_MAX));
    problems.finish(view.zip(key))
}

fn view(name: &str, views: &[Arc<dyn Projection>]) -> Result<Arc<dyn Projection>, String> {
    let found = views.iter().find(|view| view.name() == name).cloned();
    found.ok_or_else(|| {
        let names: Vec<_> = views.iter().map(|view| view.name()).collect();
        format!("must be one of: {}", names.join(", "))
    })
}
