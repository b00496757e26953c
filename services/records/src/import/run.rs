//! All rows, file by file in the order in which they depend on one another; those of one file side by side.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chassis::{Asked, Call, order, status};
use events::Decider;
use eventstore::{Executor, Fault, Rejected};
use futures::StreamExt as _;
use kernel::{RequestId, Semester};
use proto::records::v1::ImportRosterResponse;
use tokio::sync::mpsc;
use tonic::Status;
use uuid::Uuid;

use super::report::{Report, Verdict, refused};
use super::{enrollments, groups, people};
use crate::Executors;
use crate::roster::{Entry, Place, Plan, Standing};

/// Rows that are under way at once.
const AT_ONCE: usize = 64;

/// Why an import ends before its last row.
pub(super) enum Stop {
    /// The client has gone: there is nobody to tell.
    NobodyListens,
    /// Something can't be done; the same import may go on later.
    Status(Box<Status>),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Status(Box::new(status::fault(fault)))
    }
}

/// One import.
pub(super) struct Import {
    pub(super) executors: Arc<Executors>,
    pub(super) call: Call,
    request: RequestId,
    at_least: u64,
    position: AtomicU64,
}

impl Import {
    pub(super) fn new(executors: Arc<Executors>, call: Call, request: RequestId, at_least: u64) -> Arc<Self> {
        Arc::new(Self { executors, call, request, at_least, position: AtomicU64::new(at_least) })
    }

    /// The request id of a row: of its first command, and what those of further ones derive from.
    pub(super) fn request_of(&self, place: &Place) -> RequestId {
        RequestId::new(self.request.derive(&format!("{}/{}", place.file.name(), place.number)))
    }

    /// Executes one command of a row, about the thing of that id.
    pub(super) async fn execute<D: Decider>(
        &self,
        executor: &Executor<D>,
        (request, place, about): (RequestId, &Place, Uuid),
        asked: Asked<D::Command>,
    ) -> Result<Verdict, Stop> {
        if self.executors.stopping.load(Ordering::Relaxed) {
            return Err(Stop::Status(Box::new(status::stopping())));
        }
        let order = order(&self.call, request, self.at_least, place.body.clone(), asked);
        match executor.execute(order).await {
            Ok(written) => {
                self.position.fetch_max(written.position, Ordering::Relaxed);
                let verdict = written.first.map(|_| Verdict::Accepted(about));
                Ok(verdict.unwrap_or(Verdict::Unchanged(Some(about))))
            }
            Err(Rejected::Refused(refusal)) => Ok(refused(&refusal)),
            Err(rejected @ (Rejected::Denied(_) | Rejected::Fault(_))) => {
                Err(Stop::Status(Box::new(status::rejected(rejected))))
            }
        }
    }
}

/// Takes every row and tells of it; ends with what keeps it from going on, if anything does.
pub(super) async fn all(
    import: Arc<Import>,
    plan: Plan,
    answers: mpsc::Sender<Result<ImportRosterResponse, Status>>,
) {
    let report = Report::new(answers.clone(), plan.row_count());
    match in_order(&import, plan, report).await {
        Ok(()) | Err(Stop::NobodyListens) => {}
        Err(Stop::Status(status)) => {
            // Whoever has gone meanwhile needn't be told.
            let _ = answers.send(Err(*status)).await;
        }
    }
}

async fn in_order(import: &Arc<Import>, plan: Plan, mut report: Report) -> Result<(), Stop> {
    let semesters = semesters(&plan.sessions);
    // These are recorded with the people and classes that name them; alone they change nothing.
    untaken(plan.sessions, &mut report).await?;
    untaken(plan.orgs, &mut report).await?;
    let mut people = people::take(import, plan.users, &mut report).await?;
    people::follow(plan.roles, &people, &mut report).await?;
    people::follow(plan.demographics, &people, &mut report).await?;
    untaken(plan.courses, &mut report).await?;
    let mut groups = groups::take(import, plan.classes, &mut report).await?;
    people::find_others(import, &plan.enrollments, &mut people).await?;
    groups::find_others(import, &plan.enrollments, &semesters, &mut groups).await?;
    enrollments::take(import, plan.enrollments, &people, &groups, &mut report).await?;
    report.end(import.position.load(Ordering::Relaxed)).await
}

async fn untaken<T>(entries: Vec<Entry<T>>, report: &mut Report) -> Result<(), Stop> {
    for Entry { place, standing } in entries {
        let verdict = Verdict::of_bad(standing).map_or_else(|bad| bad, |_| Verdict::Unchanged(None));
        report.row(&place, &verdict).await?;
    }
    Ok(())
}

/// Every semester that the bundle speaks of.
fn semesters(sessions: &[Entry<Vec<Semester>>]) -> Vec<Semester> {
    let good = sessions.iter().filter_map(|session| match &session.standing {
        Standing::Good(semesters) => Some(semesters),
        Standing::Refused(_) | Standing::Skipped(_) => None,
    });
    let mut semesters: Vec<_> = good.flatten().copied().collect();
    semesters.sort_unstable();
    semesters.dedup();
    semesters
}

/// Takes rows side by side, and tells of each in their order.
pub(super) async fn side_by_side<T, O, F>(
    rows: impl IntoIterator<Item = T> + Send,
    take: impl Fn(T) -> F + Send,
    report: &mut Report,
    mut then: impl FnMut(&Place, &Verdict, O) + Send,
) -> Result<(), Stop>
where
    F: Future<Output = Result<(Place, Verdict, O), Stop>> + Send,
    T: Send,
    O: Send,
{
    let rows: Vec<_> = rows.into_iter().map(take).collect();
    let mut taken = futures::stream::iter(rows).buffered(AT_ONCE);
    while let Some(row) = taken.next().await {
        let (place, verdict, other) = row?;
        report.row(&place, &verdict).await?;
        then(&place, &verdict, other);
    }
    Ok(())
}
