use std::sync::Arc;

use async_trait::async_trait;
use events::{AnyEvent, Recorded, SubmissionEvent};
use eventstore::react::{Reactor, done, order};
use eventstore::{Executor, Fault};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{Duty, PersonId, SchoolYear};

use crate::domain::batch::{self, Batch};
use crate::{Command, Selection, wire};

/// Its name.
pub(crate) const NAME: &str = "submission-locking";
/// Selections that are locked at the same time: what waits together is committed together.
const AT_ONCE: usize = 64;

/// Locks every selection of a batch that was prepared (S3). After a crash it goes on with those that aren't locked.
pub struct Locking {
    selections: Arc<Executor<Selection>>,
    batches: Arc<Executor<Batch>>,
}

impl Locking {
    /// The reactor over the service's executors.
    pub const fn new(selections: Arc<Executor<Selection>>, batches: Arc<Executor<Batch>>) -> Self {
        Self { selections, batches }
    }

    async fn lock(&self, event: &Recorded, student: PersonId, year: SchoolYear) -> Result<(), Fault> {
        let (part, stream) = (student.to_string(), wire::stream(student, year));
        let command = Command::Lock { student, year };
        done(
            self.selections.execute(order(event, (NAME, &part), (Duty::PrepareBatch, stream), command)).await,
        )
    }
}

#[async_trait]
impl Reactor for Locking {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn react(&self, event: &Recorded) -> Result<(), Fault> {
        let AnyEvent::Submission(SubmissionEvent::BatchPrepared { year, round }) = &event.event else {
            return Ok(());
        };
        let (year, round) = (*year, *round);
        let known = self.selections.known().at_least(event.ledger, event.position).await?;
        let unlocked = known.facts.rounds.year(year).into_iter().flat_map(|year| year.unlocked());
        let students: Vec<_> = unlocked.collect();
        drop(known);
        let locks = students.into_iter().map(|student| self.lock(event, student, year));
        let locks: Vec<_> = locks.collect();
        stream::iter(locks).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        let (stream, command) = (wire::batch_stream(year), batch::Command::Lock { year, round });
        // Decided with all of the locks: they are in this process's own tail.
        done(self.batches.execute(order(event, (NAME, "all"), (Duty::PrepareBatch, stream), command)).await)
    }
}
