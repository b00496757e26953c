//! The selection of a school year's works.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::PersonId;
use proto::audit::v1::ReadLedgerRequest;
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::certification::v1::RevokeCertificationRequest;
use proto::certification::v1::certification_service_client::CertificationServiceClient;
use proto::submission::v1::submission_service_client::SubmissionServiceClient;
use proto::submission::v1::{GetSelectionRequest, TickOutcomeRequest, TickPerformanceRequest};

use super::calendar::{self, Moment};
use super::desk::{Answer, Fault, may_pass, must, pause};
use super::run::{ACROSS, World};
use super::semester::count;
use super::tally::Tally;
use super::upload::HandedIn;

/// What a revoked work's un-ticking is recorded as.
const UNTICKED: &str = "licheng.submission.OutcomeUnticked.v1";
/// How long a reaction may take.
const REACTION: Duration = Duration::from_secs(60);

/// A student's works when the year ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    /// Outcomes that are certified.
    pub(crate) certified: Vec<HandedIn>,
    /// Outcomes that were returned.
    pub(crate) returned: Vec<HandedIn>,
    /// Performances.
    pub(crate) performances: Vec<HandedIn>,
}

/// How much is selected in the end, as the platform says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selected {
    /// Outcomes.
    pub(crate) outcomes: u64,
    /// Performances.
    pub(crate) performances: u64,
}

/// Every student selects, some too much; some certifications are revoked.
pub(crate) async fn select(
    world: &World<'_>,
    auditor: PersonId,
    shelves: &[Shelf],
    tally: &mut Tally,
) -> Result<Selected, Fault> {
    world.desk.advance(calendar::instant(world.plan.roster.year, Moment::Selecting))?;
    let bar = world.progress.begin("selection", count(shelves.len()), 0);
    let since = world.desk.seen();
    let selected = stream::iter(shelves.iter().enumerate()).map(async |(at, shelf)| {
        let mut tally = Tally::default();
        let ticked = student(world, at, shelf, shelves, since, &mut tally).await?;
        revoked(world, at, shelf, &ticked, auditor, &mut tally).await?;
        let own = own(world, at).await?;
        bar.step(1, 0);
        Ok::<_, Fault>((own, tally))
    });
    let selected: Vec<_> = selected.buffer_unordered(ACROSS).try_collect().await?;
    bar.end();
    let mut sum = Selected::default();
    for (own, counted) in selected {
        tally.merge(counted);
        sum.outcomes += own.outcomes;
        sum.performances += own.performances;
    }
    Ok(sum)
}

/// Before the window, or an hour after it, one student in twenty tries all the same: with the last outcome, which is
/// not selected then.
pub(crate) async fn outside(
    world: &World<'_>,
    shelves: &[Shelf],
    start: usize,
    when: &str,
    tally: &mut Tally,
) -> Result<(), Fault> {
    for (at, shelf) in shelves.iter().enumerate().skip(start).step_by(20) {
        if let Some(work) = shelf.certified.last() {
            tally.refusals.taken(tick(world, at, work, world.desk.seen(), when).await?);
        }
    }
    Ok(())
}

/// What a student selects; the outcomes that were taken.
async fn student<'a>(
    world: &World<'_>,
    at: usize,
    shelf: &'a Shelf,
    shelves: &[Shelf],
    since: u64,
    tally: &mut Tally,
) -> Result<Vec<&'a HandedIn>, Fault> {
    let mut ticked = Vec::new();
    for work in &shelf.certified {
        if tally.refusals.taken(tick(world, at, work, since, "tick").await?).is_some() {
            ticked.push(work);
        }
    }
    if let Some(work) = shelf.returned.first() {
        tally.refusals.taken(tick(world, at, work, since, "returned").await?);
    }
    let neighbour = shelves.get((at + 1) % shelves.len().max(1)).and_then(|shelf| shelf.certified.first());
    if let (3, Some(work)) = (at % 20, neighbour) {
        tally.refusals.taken(tick(world, at, work, since, "another's").await?);
    }
    for work in &shelf.performances {
        tally.refusals.taken(tick(world, at, work, since, "tick").await?);
    }
    Ok(ticked)
}

async fn tick(world: &World<'_>, at: usize, work: &HandedIn, since: u64, why: &str) -> Answer<()> {
    let student = person(world, at)?;
    let (request_id, work_id) = (world.desk.id(&format!("{why}/{at}/{}", work.work)), work.work.clone());
    let (at_least_position, year) = (since, world.year());
    let written = if work.course.is_some() {
        let request = TickOutcomeRequest { request_id, at_least_position, year, work_id };
        let answer = world.desk.ask(student, request, |channel, request| async move {
            SubmissionServiceClient::new(channel).tick_outcome(request).await
        });
        answer.await?.map(|answer| answer.written)
    } else {
        let request = TickPerformanceRequest { request_id, at_least_position, year, work_id };
        let answer = world.desk.ask(student, request, |channel, request| async move {
            SubmissionServiceClient::new(channel).tick_performance(request).await
        });
        answer.await?.map(|answer| answer.written)
    };
    match written {
        Ok(written) => world.desk.written(written).map(|_| Ok(())),
        Err(no) => Ok(Err(no)),
    }
}

/// One of a busy student's certifications is revoked: the work is un-ticked, and one more may be selected.
async fn revoked(
    world: &World<'_>,
    at: usize,
    shelf: &Shelf,
    ticked: &[&HandedIn],
    auditor: PersonId,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let left = shelf.certified.iter().find(|work| !ticked.contains(work));
    let (Some(work), Some(left), 0) = (ticked.first(), left, at % 20) else { return Ok(()) };
    let course = work.course.and_then(|course| world.plan.roster.courses.get(course));
    let Some(teacher) = course.and_then(|course| course.teachers.first()) else { return Ok(()) };
    let request = RevokeCertificationRequest {
        request_id: world.desk.id(&format!("revoke/{}", work.work)),
        at_least_position: world.desk.seen(),
        work_id: work.work.clone(),
        reason: "誤將他人作業認證，撤銷之。".to_owned(),
    };
    let answer = world.desk.ask(*teacher, request, |channel, request| async move {
        CertificationServiceClient::new(channel).revoke_certification(request).await
    });
    let revoked = world.desk.written(must("a revocation", answer.await?)?.written)?;
    tally.certifications_revoked += 1;
    let unticked = unticked(world, auditor, &work.work, revoked.position).await?;
    world.desk.note(unticked);
    // What is no longer certified can't be selected again; what was one too many now can.
    tally.refusals.taken(tick(world, at, work, unticked, "revoked").await?);
    tally.refusals.taken(tick(world, at, left, unticked, "again").await?);
    Ok(())
}

/// Waits until a work has been un-ticked after a position; where that stands.
async fn unticked(world: &World<'_>, auditor: PersonId, work: &str, after: u64) -> Result<u64, Fault> {
    let late = || Fault::broken(format!("the revoked work {work} was not un-ticked"));
    let followed = async {
        loop {
            match follow(world, auditor, work, after).await {
                Ok(Some(position)) => return Ok(position),
                // Who followed has gone away, and is asked again.
                Ok(None) => pause().await,
                Err(Fault::Status(status)) if may_pass(&status) => pause().await,
                Err(fault) => return Err(fault),
            }
        }
    };
    tokio::time::timeout(REACTION, followed).await.map_err(|_| late())?
}

async fn follow(world: &World<'_>, auditor: PersonId, work: &str, after: u64) -> Result<Option<u64>, Fault> {
    let request = ReadLedgerRequest {
        after_position: after,
        work_id: work.to_owned(),
        r#type: UNTICKED.to_owned(),
        follow: true,
        limit: 1,
        ..ReadLedgerRequest::default()
    };
    let records = world.desk.ask(auditor, request, |channel, request| async move {
        AuditServiceClient::new(channel).read_ledger(request).await
    });
    let mut records = must("following the ledger", records.await?)?;
    while let Some(record) = records.next().await {
        let record = record.map_err(|status| Fault::Status(Box::new(status)))?;
        if record.position > 0 {
            return Ok(Some(record.position));
        }
    }
    Ok(None)
}

/// How much a student has selected.
async fn own(world: &World<'_>, at: usize) -> Result<Selected, Fault> {
    let request = GetSelectionRequest { at_least_position: world.desk.seen(), year: world.year() };
    let answer = world.desk.ask(person(world, at)?, request, |channel, request| async move {
        SubmissionServiceClient::new(channel).get_selection(request).await
    });
    let selection = must("a student's own selection", answer.await?)?;
    let (outcomes, performances) =
        (count(selection.outcome_ids.len()), count(selection.performance_ids.len()));
    Ok(Selected { outcomes, performances })
}

fn person(world: &World<'_>, at: usize) -> Result<PersonId, Fault> {
    let student = world.plan.roster.students.get(at);
    student.map(|student| student.person).ok_or_else(|| Fault::broken("no such student"))
}
