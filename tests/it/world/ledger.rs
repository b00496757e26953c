//! The ledger as an auditor reads it.

use futures::StreamExt as _;
use proto::audit::v1::ReadLedgerRequest;
use serde_json::Value;

use super::{Caller, PATIENCE, World, ok};

/// An event at its position.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its position.
    pub(crate) position: u64,
    /// The record.
    pub(crate) record: Value,
}

impl Entry {
    /// Its type.
    pub(crate) fn kind(&self) -> &str {
        self.record["type"].as_str().unwrap()
    }
}

impl World {
    /// Every record of the ledger, as the principal reads it.
    pub(crate) async fn records(&self) -> Vec<Entry> {
        self.read(ReadLedgerRequest::default(), |_| false).await
    }

    /// The position of the last event.
    pub(crate) async fn position(&self) -> u64 {
        self.records().await.last().map_or(0, |entry| entry.position)
    }

    /// Follows the ledger from its beginning until an event makes it enough.
    pub(crate) async fn until(&self, enough: impl FnMut(&Entry) -> bool) -> Vec<Entry> {
        let follow = ReadLedgerRequest { follow: true, ..ReadLedgerRequest::default() };
        let read = tokio::time::timeout(PATIENCE, self.read(follow, enough)).await;
        read.expect("what is waited for doesn't come")
    }

    async fn read(&self, request: ReadLedgerRequest, enough: impl FnMut(&Entry) -> bool) -> Vec<Entry> {
        read(&self.caller(self.principal), request, enough).await
    }
}

async fn read(
    auditor: &Caller,
    request: ReadLedgerRequest,
    mut enough: impl FnMut(&Entry) -> bool,
) -> Vec<Entry> {
    let mut stream = ok(auditor.audit().read_ledger(request).await);
    let mut entries = Vec::new();
    while let Some(answer) = stream.next().await {
        let answer = answer.unwrap();
        if answer.record.is_empty() {
            continue;
        }
        let record = serde_json::from_slice(&answer.record).unwrap();
        let entry = Entry { position: answer.position, record };
        let last = enough(&entry);
        entries.push(entry);
        if last {
            break;
        }
    }
    entries
}
