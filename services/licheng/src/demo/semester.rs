//! A semester's uploads, and what is tried that can't be.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{PersonId, Term};
use proto::certification::v1::certification_service_client::CertificationServiceClient;
use proto::certification::v1::{CertifyWorksRequest, WorkToCertify};
use proto::uploads::v1::uploads_service_client::UploadsServiceClient;
use proto::uploads::v1::{ReadFileRequest, WithdrawWorkRequest};

use super::calendar::{self, Moment};
use super::desk::{Answer, Fault, No};
use super::plan::{HandIn, Sort};
use super::run::{ACROSS, World};
use super::tally::{FileVerdict, Tally};
use super::upload::{HandedIn, hand_in};

/// Every file is tried, each by a student's own hand.
pub(crate) async fn trials(world: &World<'_>, tally: &mut Tally) -> Result<(), Fault> {
    let trials = world.plan.trials();
    let bar = world.progress.begin("files tried", count(trials.len()), bytes(&trials));
    let (since, year) = (world.desk.seen(), world.year());
    let tried = stream::iter(&trials).map(async |trial| {
        let answer = hand_in(&world.desk, year, since, trial).await?;
        bar.step(1, length(trial));
        Ok::<_, Fault>((trial, answer))
    });
    // One student's files go one after another: which is first must not matter.
    let tried: Vec<_> = tried.buffered(1).try_collect().await?;
    bar.end();
    for (trial, answer) in tried {
        let verdict = match answer {
            Ok(_) => {
                accepted(trial, tally);
                FileVerdict {
                    verdict: "accepted",
                    reason: String::new(),
                    clause: String::new(),
                    text: String::new(),
                }
            }
            Err(no) => {
                tally.refusals.add(no.clone());
                let No { reason, clause, english } = no;
                FileVerdict { verdict: "refused", reason, clause, text: english }
            }
        };
        tally.files.insert(trial.name.clone(), verdict);
    }
    Ok(())
}

/// What each student hands in in a semester; the works by student.
pub(crate) async fn uploads(
    world: &World<'_>,
    term: Term,
    tally: &mut Tally,
) -> Result<Vec<Vec<HandedIn>>, Fault> {
    let semester = usize::from(term == Term::Second);
    let students = 0..world.plan.roster.students.len();
    let planned: Vec<_> = students.map(|student| world.plan.hand_ins(student, semester)).collect();
    let all = planned.iter().map(Vec::len).sum();
    let phase = if term == Term::First { "uploads, semester 1" } else { "uploads, semester 2" };
    let bar = world.progress.begin(phase, count(all), planned.iter().map(|works| bytes(works)).sum());
    let (since, year) = (world.desk.seen(), world.year());
    let handed = stream::iter(planned).map(async |works| {
        let (mut handed, mut tally) = (Vec::new(), Tally::default());
        for work in &works {
            let answer = hand_in(&world.desk, year, since, work).await?;
            bar.step(1, length(work));
            if let Some(done) = tally.refusals.taken(answer) {
                accepted(work, &mut tally);
                handed.push(done);
            }
        }
        Ok::<_, Fault>((handed, tally))
    });
    let handed: Vec<_> = handed.buffered(ACROSS).try_collect().await?;
    bar.end();
    let handed = handed.into_iter().map(|(works, counted)| {
        tally.merge(counted);
        works
    });
    Ok(handed.collect())
}

/// What students try in vain while works may be uploaded.
pub(crate) async fn forbidden(
    world: &World<'_>,
    term: Term,
    works: &[Vec<HandedIn>],
    tally: &mut Tally,
) -> Result<(), Fault> {
    let semester = usize::from(term == Term::Second);
    for (at, student) in world.plan.roster.students.iter().enumerate() {
        let neighbour = works.get((at + 1) % works.len().max(1)).and_then(|works| works.first());
        if at % 15 == 4
            && let Some(other) = world.plan.roster.other_course(student, semester, at)
        {
            let course = Sort::Outcome { course: other.id, at: 0 };
            let work = world.plan.outcome_of(at, 0, &format!("not taken/{at}/{semester}"));
            if let Some(work) = work.map(|work| HandIn { sort: course, ..work }) {
                let answer = hand_in(&world.desk, world.year(), world.desk.seen(), &work).await?;
                tally.refusals.taken(answer);
            }
        }
        if let (6, Some(work)) = (at % 20, neighbour) {
            tally.refusals.taken(withdraw(world, student.person, work).await?);
        }
        if let (8, Some(work)) = (at % 20, neighbour) {
            tally.refusals.taken(read(world, student.person, work).await?);
        }
        let own = works.get(at).and_then(|works| works.iter().find(|work| work.course.is_some()));
        if let (9, Some(work)) = (at % 30, own) {
            tally.refusals.taken(certify_own(world, student.person, work).await?);
        }
    }
    Ok(())
}

/// An hour after the window, one student in ten comes too late.
pub(crate) async fn late(world: &World<'_>, term: Term, tally: &mut Tally) -> Result<(), Fault> {
    let semester = usize::from(term == Term::Second);
    world.desk.advance(calendar::instant(world.plan.roster.year, Moment::UploadingLate(term)))?;
    let since = world.desk.seen();
    for at in (2..world.plan.roster.students.len()).step_by(10) {
        let student = world.plan.roster.students.get(at);
        let course = student.and_then(|student| student.courses.get(semester)?.first());
        let work =
            course.and_then(|course| world.plan.outcome_of(at, *course, &format!("late/{at}/{semester}")));
        if let Some(work) = work {
            tally.refusals.taken(hand_in(&world.desk, world.year(), since, &work).await?);
        }
    }
    Ok(())
}

async fn withdraw(world: &World<'_>, student: PersonId, work: &HandedIn) -> Answer<()> {
    let request = WithdrawWorkRequest {
        request_id: world.desk.id(&format!("withdraw/{student}/{}", work.work)),
        at_least_position: world.desk.seen(),
        work_id: work.work.clone(),
        year: world.year(),
    };
    let answer = world.desk.ask(student, request, |channel, request| async move {
        UploadsServiceClient::new(channel).withdraw_work(request).await
    });
    Ok(answer.await?.map(drop))
}

async fn read(world: &World<'_>, student: PersonId, work: &HandedIn) -> Answer<()> {
    let request = ReadFileRequest {
        at_least_position: world.desk.seen(),
        work_id: work.work.clone(),
        ..ReadFileRequest::default()
    };
    let answer = world.desk.ask(student, request, |channel, request| async move {
        UploadsServiceClient::new(channel).read_file(request).await
    });
    Ok(answer.await?.map(drop))
}

async fn certify_own(world: &World<'_>, student: PersonId, work: &HandedIn) -> Answer<()> {
    let request = CertifyWorksRequest {
        request_id: world.desk.id(&format!("certify own/{student}/{}", work.work)),
        at_least_position: world.desk.seen(),
        works: vec![WorkToCertify { work_id: work.work.clone(), commitment: hex::encode(work.sha256) }],
    };
    let answer = world.desk.ask(student, request, |channel, request| async move {
        CertificationServiceClient::new(channel).certify_works(request).await
    });
    Ok(answer.await?.map(drop))
}

fn accepted(work: &HandIn, tally: &mut Tally) {
    match work.sort {
        Sort::Outcome { .. } => tally.outcomes_uploaded += 1,
        Sort::Performance(_) => tally.performances_uploaded += 1,
    }
    tally.files_accepted += 1;
    tally.bytes_accepted += length(work);
    tally.receipts_proved += 1;
}

fn length(work: &HandIn) -> u64 {
    u64::try_from(work.bytes.len()).unwrap_or(u64::MAX)
}

fn bytes(works: &[HandIn]) -> u64 {
    works.iter().map(length).sum()
}

/// A number of things as it is shown.
pub(crate) fn count(things: usize) -> u64 {
    u64::try_from(things).unwrap_or(u64::MAX)
}
