use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use blobstore::BlobStore;
use events::{AnyEvent, ReceiptItem, Recorded, SubmissionEvent};
use eventstore::react::{Reactor, done, order};
use eventstore::{Executor, Fault};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{Duty, FileId, PersonId, SchoolYear};

use crate::central::CentralDatabase;
use crate::domain::batch::{self, Batch};
use crate::domain::receipt::{self, Of, Receipt};
use crate::{rounds, wire};

/// Its name.
pub(crate) const NAME: &str = "submission-reconciling";
/// Receipts that are issued at the same time.
const AT_ONCE: usize = 64;

/// Reads the central database's receipt of a package back, compares it item by item (S4), and issues each student's
/// part (§8.3).
pub struct Reconciling {
    batches: Arc<Executor<Batch>>,
    receipts: Arc<Executor<Receipt>>,
    blobs: BlobStore,
    central: Arc<dyn CentralDatabase>,
}

impl Reconciling {
    /// The reactor over the service's executors, its files and the central database.
    pub fn new(
        (batches, receipts): (Arc<Executor<Batch>>, Arc<Executor<Receipt>>),
        blobs: BlobStore,
        central: Arc<dyn CentralDatabase>,
    ) -> Self {
        Self { batches, receipts, blobs, central }
    }

    async fn reconcile(
        &self,
        event: &Recorded,
        (year, round): (SchoolYear, u16),
        package: FileId,
    ) -> Result<(), Fault> {
        let received = self.central.receipt(package).await?;
        let received =
            received.ok_or(Fault::Unavailable("a receipt that the central database hasn't ready", None))?;
        // A package whose key is destroyed holds somebody who was erased: nobody can tell any more what was in it.
        let Some(manifest) = rounds::manifest(&self.blobs, event.ledger, package).await? else {
            return Ok(());
        };
        let (judged, counts) = rounds::reconcile(&manifest.items, &received);
        let mut students: BTreeMap<PersonId, Vec<ReceiptItem>> = BTreeMap::new();
        for (item, verdict) in judged {
            students.entry(item.student).or_default().push(ReceiptItem { work: item.item, verdict });
        }
        let issues = students.into_iter().map(|(student, items)| {
            let of = Of { student, year };
            self.issue(event, of, receipt::Command::Issue { of, round, items })
        });
        let issues: Vec<_> = issues.collect();
        stream::iter(issues).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        let command = batch::Command::Reconcile { year, round, counts };
        let goes = (Duty::PrepareBatch, wire::batch_stream(year));
        done(self.batches.execute(order(event, (NAME, "all"), goes, command)).await)
    }

    async fn issue(&self, event: &Recorded, of: Of, command: receipt::Command) -> Result<(), Fault> {
        let (part, stream) = (of.student.to_string(), wire::receipt_stream(of));
        done(self.receipts.execute(order(event, (NAME, &part), (Duty::PrepareBatch, stream), command)).await)
    }
}

#[async_trait]
impl Reactor for Reconciling {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn react(&self, event: &Recorded) -> Result<(), Fault> {
        match &event.event {
            AnyEvent::Submission(SubmissionEvent::BatchTransferred { year, round, package }) => {
                self.reconcile(event, (*year, *round), *package).await
            }
            AnyEvent::Governance(_)
            | AnyEvent::Records(_)
            | AnyEvent::Uploads(_)
            | AnyEvent::Certification(_)
            | AnyEvent::Submission(_)
            | AnyEvent::Archive(_) => Ok(()),
        }
    }
}
