//! A semester's certification: each teacher's worklist, works certified, returned, and tried by others.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{PersonId, Term};
use proto::certification::v1::certification_service_client::CertificationServiceClient;
use proto::certification::v1::work_verdict::Verdict;
use proto::certification::v1::{
    CertifyWorksRequest, ReturnWorksRequest, WorkToCertify, WorkToReturn, WorkVerdict,
};
use proto::portfolio::v1::GetWorklistRequest;
use proto::portfolio::v1::portfolio_service_client::PortfolioServiceClient;
use proto::uploads::v1::ReadFileRequest;
use proto::uploads::v1::read_file_response::Part;
use proto::uploads::v1::uploads_service_client::UploadsServiceClient;
use sha2::{Digest as _, Sha256};

use super::calendar::{self, Moment};
use super::desk::{Fault, No, must};
use super::names::RETURNS;
use super::run::{ACROSS, World};
use super::semester::count;
use super::tally::Tally;
use super::upload::HandedIn;

/// Works of one request.
const TOGETHER: usize = 100;
/// Items of a page of a worklist.
const PAGE: i32 = 200;

/// An outcome before its teacher.
#[derive(Clone, Debug)]
struct Item<'a> {
    student: usize,
    work: &'a HandedIn,
    /// One number for every item of the semester, by student.
    number: usize,
    returned: bool,
}

/// What the teachers say of a semester's outcomes; those certified and those returned, by student.
pub(crate) async fn certify(
    world: &World<'_>,
    term: Term,
    works: &[Vec<HandedIn>],
    tally: &mut Tally,
) -> Result<[Vec<Vec<HandedIn>>; 2], Fault> {
    let desks = by_teacher(world, works);
    let phase = if term == Term::First { "certification, sem. 1" } else { "certification, sem. 2" };
    let bar = world.progress.begin(phase, count(desks.values().map(Vec::len).sum()), 0);
    let since = world.desk.seen();
    let judged = stream::iter(&desks).map(async |(teacher, items)| {
        let mut tally = Tally::default();
        let seen = worklist(world, *teacher, since).await?;
        let mut taken = Vec::new();
        for returned in [false, true] {
            let items: Vec<_> = items.iter().filter(|item| item.returned == returned).collect();
            for (nth, items) in items.chunks(TOGETHER).enumerate() {
                let id = format!("judge/{teacher}/{term:?}/{returned}/{nth}");
                let verdicts = judge(world, *teacher, items, &seen, &id).await?;
                bar.step(count(items.len()), 0);
                let good = items.iter().zip(verdicts).filter_map(|(item, verdict)| {
                    tally.refusals.taken(verdict).map(|()| (item.student, item.work.clone(), returned))
                });
                taken.extend(good.collect::<Vec<_>>());
            }
        }
        others(world, *teacher, items, &seen, term, &mut tally).await?;
        Ok::<_, Fault>((taken, tally))
    });
    let judged: Vec<_> = judged.buffered(ACROSS).try_collect().await?;
    bar.end();
    let mut sorted = [vec![Vec::new(); works.len()], vec![Vec::new(); works.len()]];
    for (taken, counted) in judged {
        tally.merge(counted);
        for (student, work, returned) in taken {
            let [certified, given_back] = &mut sorted;
            let (place, sum) = match returned {
                false => (certified, &mut tally.outcomes_certified),
                true => (given_back, &mut tally.outcomes_returned),
            };
            *sum += 1;
            place.get_mut(student).into_iter().for_each(|works| works.push(work.clone()));
        }
    }
    for works in sorted.iter_mut().flatten() {
        works.sort_by(|a, b| a.key.cmp(&b.key));
    }
    Ok(sorted)
}

/// An hour after the window, teachers try to certify what they returned.
pub(crate) async fn late(
    world: &World<'_>,
    term: Term,
    returned: &[Vec<HandedIn>],
    tally: &mut Tally,
) -> Result<(), Fault> {
    world.desk.advance(calendar::instant(world.plan.roster.year, Moment::CertifyingLate(term)))?;
    let desks = by_teacher(world, returned);
    let since = world.desk.seen();
    for (teacher, items) in desks.iter().filter(|(_, items)| !items.is_empty()) {
        let seen = commitments(world, items, since).await?;
        let items: Vec<_> =
            items.iter().take(1).map(|item| Item { returned: false, ..item.clone() }).collect();
        let items: Vec<_> = items.iter().collect();
        for verdict in judge(world, *teacher, &items, &seen, &format!("late/{teacher}/{term:?}")).await? {
            tally.refusals.taken(verdict);
        }
    }
    Ok(())
}

/// The outcomes by the teacher who judges them: the first of their course.
fn by_teacher<'a>(world: &World<'_>, works: &'a [Vec<HandedIn>]) -> BTreeMap<PersonId, Vec<Item<'a>>> {
    let all =
        works.iter().enumerate().flat_map(|(student, works)| works.iter().map(move |work| (student, work)));
    let mut desks = BTreeMap::<_, Vec<_>>::new();
    for (number, (student, work)) in all.filter(|(_, work)| work.course.is_some()).enumerate() {
        let course = work.course.and_then(|at| world.plan.roster.courses.get(at));
        if let Some(teacher) = course.and_then(|course| course.teachers.first()) {
            let returned = world.plan.is_returned(student, &work.key);
            desks.entry(*teacher).or_default().push(Item { student, work, number, returned });
        }
    }
    desks
}

/// Commitments of the works that wait for a teacher, by work.
type Seen = HashMap<String, String>;

async fn worklist(world: &World<'_>, teacher: PersonId, since: u64) -> Result<Seen, Fault> {
    let (mut seen, mut page_token) = (Seen::new(), String::new());
    loop {
        let request = GetWorklistRequest { at_least_position: since, page_size: PAGE, page_token };
        let page = world.desk.ask(teacher, request, |channel, request| async move {
            PortfolioServiceClient::new(channel).get_worklist(request).await
        });
        let page = must("a teacher's worklist", page.await?)?;
        let works = page.items.into_iter().filter_map(|item| item.work);
        seen.extend(works.map(|work| (work.work_id, work.commitment)));
        if page.next_page_token.is_empty() {
            return Ok(seen);
        }
        page_token = page.next_page_token;
    }
}

/// Commitments as the students' own receipts say: a worklist no longer shows what was returned.
async fn commitments(world: &World<'_>, items: &[Item<'_>], since: u64) -> Result<Seen, Fault> {
    let mut seen = Seen::new();
    for item in items.iter().take(1) {
        let Some(student) = world.plan.roster.students.get(item.student) else { continue };
        let request = proto::uploads::v1::GetReceiptRequest {
            at_least_position: since,
            work_id: item.work.work.clone(),
        };
        let answer = world.desk.ask(student.person, request, |channel, request| async move {
            UploadsServiceClient::new(channel).get_receipt(request).await
        });
        let receipt = must("a student's own receipt", answer.await?)?.receipt;
        let receipt = receipt.ok_or_else(|| Fault::broken("an answer without a receipt"))?;
        seen.insert(item.work.work.clone(), hex::encode(receipt.commitment));
    }
    Ok(seen)
}

/// Certifies works together, or returns them; a verdict for each, in order.
async fn judge(
    world: &World<'_>,
    teacher: PersonId,
    items: &[&Item<'_>],
    seen: &Seen,
    id: &str,
) -> Result<Vec<Result<(), No>>, Fault> {
    let (request_id, at_least_position) = (world.desk.id(id), world.desk.seen());
    let mut shown = Vec::new();
    for item in items {
        let work_id = item.work.work.clone();
        let commitment = seen.get(&work_id).cloned();
        let missing = || Fault::broken(format!("the work {work_id} is not on its teacher's worklist"));
        shown.push((item, work_id.clone(), commitment.ok_or_else(missing)?));
    }
    let returning = items.first().is_some_and(|item| item.returned);
    let answer = if returning {
        let works = shown.into_iter().map(|(item, work_id, commitment)| {
            let reason = world.plan.random(item.student, &item.work.key).one(RETURNS).to_owned();
            WorkToReturn { work_id, commitment, reason }
        });
        let request = ReturnWorksRequest { request_id, at_least_position, works: works.collect() };
        let answer = world.desk.ask(teacher, request, |channel, request| async move {
            CertificationServiceClient::new(channel).return_works(request).await
        });
        answer.await?.map(|answer| answer.verdicts)
    } else {
        let works = shown.into_iter().map(|(_, work_id, commitment)| WorkToCertify { work_id, commitment });
        let request = CertifyWorksRequest { request_id, at_least_position, works: works.collect() };
        let answer = world.desk.ask(teacher, request, |channel, request| async move {
            CertificationServiceClient::new(channel).certify_works(request).await
        });
        answer.await?.map(|answer| answer.verdicts)
    };
    match answer {
        Ok(verdicts) => verdicts.into_iter().map(|verdict| verdict_of(world, verdict)).collect(),
        Err(no) => Ok(vec![Err(no); items.len()]),
    }
}

fn verdict_of(world: &World<'_>, verdict: WorkVerdict) -> Result<Result<(), No>, Fault> {
    match verdict.verdict {
        Some(Verdict::Written(written)) => world.desk.written(Some(written)).map(|_| Ok(())),
        Some(Verdict::Refusal(refusal)) => Ok(Err(refusal.into())),
        None => Err(Fault::broken("a work without a verdict")),
    }
}

/// What goes on beside it: the teacher reads some files back, and another course's teacher tries to certify some.
async fn others(
    world: &World<'_>,
    teacher: PersonId,
    items: &[Item<'_>],
    seen: &Seen,
    term: Term,
    tally: &mut Tally,
) -> Result<(), Fault> {
    for item in items {
        if item.number % 20 == 0 {
            read_back(world, teacher, item.work).await?;
            tally.files_read_back += 1;
        }
        let course = item.work.course.and_then(|at| world.plan.roster.courses.get(at));
        let other = course.and_then(|course| world.plan.roster.other_teacher(course, item.number));
        if let (12, Some(other)) = (item.number % 25, other) {
            let item = Item { returned: false, ..item.clone() };
            let id = format!("another's/{}/{term:?}", item.number);
            for verdict in judge(world, other, &[&item], seen, &id).await? {
                tally.refusals.taken(verdict);
            }
        }
    }
    Ok(())
}

/// Reads a work's file; other bytes than those that were handed in are a fault.
async fn read_back(world: &World<'_>, teacher: PersonId, work: &HandedIn) -> Result<(), Fault> {
    let request = ReadFileRequest {
        at_least_position: world.desk.seen(),
        work_id: work.work.clone(),
        ..ReadFileRequest::default()
    };
    let answer = world.desk.ask(teacher, request, |channel, request| async move {
        UploadsServiceClient::new(channel).read_file(request).await
    });
    let mut parts = must("reading a work's file", answer.await?)?;
    let mut hash = Sha256::new();
    while let Some(part) = parts.next().await {
        if let Some(Part::Chunk(bytes)) = part.map_err(|status| Fault::Status(Box::new(status)))?.part {
            hash.update(bytes);
        }
    }
    match hash.finalize()[..] == work.sha256 {
        true => Ok(()),
        false => Err(Fault::broken(format!("the file of work {} reads back otherwise", work.work))),
    }
}
