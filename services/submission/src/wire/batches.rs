use chassis::{Asked, Asks, Call, wire};
use events::{Finding, ItemVerdict, Problem};
use kernel::{Malformed, Office, PersonId, SchoolYear, WorkId};
use proto::submission::v1 as message;
use proto::submission::v1::{ApproveBatchRequest, PrepareBatchRequest};

use crate::domain::batch::{Batch, Command, Stage};
use crate::facts::Year;

/// Items of a page, unless another number is asked for; and the most.
const PAGE: (usize, usize) = (200, 1_000);

/// A school year's batches.
pub(crate) fn stream(year: SchoolYear) -> String {
    format!("batch-{year}")
}

impl Asks<Batch> for PrepareBatchRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let year = super::year(self.year)?;
        Ok(Asked::new(stream(year), Command::Prepare { year }))
    }
}

impl Asks<Batch> for ApproveBatchRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let year = super::year(self.year)?;
        Ok(Asked::new(stream(year), Command::Approve { year }))
    }
}

/// A check, before it is known what it finds.
pub(crate) fn check(
    message: &message::CheckBatchRequest,
) -> Result<(kernel::RequestId, SchoolYear), Malformed> {
    let mut problems = Malformed::default();
    let request = problems.note("request_id", wire::request_id(&message.request_id));
    let year = problems.note("year", wire::school_year(message.year));
    problems.finish(request.zip(year))
}

/// Which of many are asked for, and what asks for those after them.
pub(crate) struct Page {
    after: usize,
    size: usize,
}

impl Page {
    /// Reads one.
    pub(crate) fn read(size: i32, token: &str, (few, most): (usize, usize)) -> Result<Self, Malformed> {
        let mut problems = Malformed::default();
        let size = problems.note("page_size", wire::page_size(size, few, most));
        let after = match token {
            "" => Some(0),
            token => problems.note("page_token", token.parse().map_err(|_| "must come from a page before")),
        };
        let (size, after) = problems.finish(size.zip(after))?;
        Ok(Self { after, size })
    }

    /// Those that are asked for; the token is empty if there are no more.
    pub(crate) fn of<T>(&self, all: impl Iterator<Item = T>) -> (Vec<T>, String) {
        let mut rest = all.skip(self.after).peekable();
        let page: Vec<_> = rest.by_ref().take(self.size).collect();
        let next = rest.peek().map(|_| (self.after + page.len()).to_string());
        (page, next.unwrap_or_default())
    }
}

/// A page of findings or discrepancies.
pub(crate) fn page(size: i32, token: &str) -> Result<Page, Malformed> {
    Page::read(size, token, PAGE)
}

/// How far a batch has come.
pub(crate) fn batch(batch: &Batch, year: Option<&Year>) -> message::GetBatchResponse {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let findings = year.map(Year::findings).unwrap_or_default();
    let (mut students, mut items) = (batch.students, batch.items);
    let mut waiting = 0;
    if let (Stage::Prepared, Some(year)) = (batch.stage, year) {
        let sending: Vec<_> = year.sending().map(|(_, works)| works.len()).collect();
        (students, items) = (count(sending.len()), count(sending.iter().sum()));
        waiting = count(year.unlocked().count());
    }
    message::GetBatchResponse {
        round: batch.round.into(),
        stage: stage(batch.stage).into(),
        students,
        items,
        students_waiting: waiting,
        findings: count(findings.len()),
        blocking: count(findings.iter().filter(|finding| finding.problem.blocks()).count()),
        package_size: match batch.stage {
            Stage::Built(package) | Stage::Transferred(package) => package.size,
            Stage::Idle | Stage::Prepared | Stage::Locked | Stage::Checked { .. } | Stage::Approved => 0,
        },
        discrepancies: count(year.map_or(0, |year| year.discrepancies().count())),
    }
}

/// What a check found.
pub(crate) fn finding(finding: &Finding) -> message::Finding {
    message::Finding {
        student_id: finding.student.to_string(),
        work_id: finding.work.map(|work| work.to_string()).unwrap_or_default(),
        problem: problem(finding.problem).to_owned(),
        blocking: finding.problem.blocks(),
    }
}

/// A work that isn't as it was sent.
pub(crate) fn discrepancy((student, work, verdict): (PersonId, WorkId, ItemVerdict)) -> message::Discrepancy {
    message::Discrepancy {
        student_id: student.to_string(),
        work_id: work.to_string(),
        verdict: self::verdict(verdict).into(),
        owner: Office::Registrar.name().to_owned(),
    }
}

/// What a receipt says of a work.
pub(crate) const fn verdict(verdict: ItemVerdict) -> message::ItemVerdict {
    match verdict {
        ItemVerdict::Received => message::ItemVerdict::Received,
        ItemVerdict::Missing => message::ItemVerdict::Missing,
        ItemVerdict::Altered => message::ItemVerdict::Altered,
        ItemVerdict::Doubled => message::ItemVerdict::Doubled,
    }
}

const fn problem(problem: Problem) -> &'static str {
    match problem {
        Problem::IdentityNumberMissing => "identity-number-missing",
        Problem::BirthDateMissing => "birth-date-missing",
        Problem::CourseNotSubmittable => "course-not-submittable",
        Problem::FileDamaged => "file-damaged",
    }
}

const fn stage(stage: Stage) -> message::BatchStage {
    match stage {
        Stage::Idle => message::BatchStage::Idle,
        Stage::Prepared => message::BatchStage::Prepared,
        Stage::Locked => message::BatchStage::Locked,
        Stage::Checked { .. } => message::BatchStage::Checked,
        Stage::Approved => message::BatchStage::Approved,
        Stage::Built(_) => message::BatchStage::Built,
        Stage::Transferred(_) => message::BatchStage::Transferred,
    }
}
