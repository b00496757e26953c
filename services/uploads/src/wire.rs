mod category;

use chassis::{Asked, Asks, Call, order, wire};
use eventstore::Order;
use eventstore::store::Stored;
use kernel::{CourseId, Instant, LedgerId, Malformed, PersonId, RequestId, SchoolYear, WorkId};
use prost::Message as _;
use proto::uploads::v1::{
    BeginOutcomeRequest, BeginPerformanceRequest, File, FileHeader, FinishWorkRequest, GetUploadResponse,
    PutSegmentRequest, ReadFileRequest, Receipt, WithdrawWorkRequest,
};

pub(crate) use category::sheets;

use crate::domain::{Begin, Command, Found, SEGMENT_BYTES, Stage, Works, segments};
use crate::facts::Upload;
use crate::trail::HandedIn;

/// Characters of a title, and of a summary (簡述).
const TEXT_MAX: usize = 100;
/// Characters of a file's name.
const NAME_MAX: usize = 200;

/// What the student is told with a receipt (§7.2.1, U8).
const ADVICE: &str = "請自行備份原始檔案並保存此收據；檔案加上收據即可證明您已上傳。\n\
    Keep a copy of the file and of this receipt: together they prove what you handed in.";

/// A student's works of a school year.
fn stream(student: PersonId, year: SchoolYear) -> String {
    format!("works-{student}-{year}")
}

/// An outcome that is to be begun; its course says which stream it is for.
pub(crate) struct Outcome {
    request: RequestId,
    /// The course.
    pub(crate) course: CourseId,
    begin: Begin,
}

/// A work that is to be handed in.
pub(crate) struct Finish {
    request: RequestId,
    /// The work.
    pub(crate) work: WorkId,
    /// The school year that it counts in.
    pub(crate) year: SchoolYear,
}

impl Outcome {
    /// Reads one.
    pub(crate) fn read(message: &BeginOutcomeRequest) -> Result<Self, Malformed> {
        let mut problems = Malformed::default();
        let request = problems.note("request_id", wire::request_id(&message.request_id));
        let course = problems.note("course_id", wire::id(&message.course_id));
        let begin = begin(&mut problems, &message.title, &message.summary, message.file.as_ref());
        let read = request.zip(course).zip(begin);
        problems.finish(read.map(|((request, course), begin)| Self { request, course, begin }))
    }

    /// The order, for the stream of the course's school year.
    pub(crate) fn order(
        self,
        call: &Call,
        message: &BeginOutcomeRequest,
        year: SchoolYear,
    ) -> Order<Command> {
        let command = Command::BeginOutcome { course: self.course, begin: self.begin };
        let asked = Asked::new(stream(call.caller.person, year), command);
        order(call, self.request, message.at_least_position, message.encode_to_vec(), asked)
    }
}

impl Finish {
    /// Reads one.
    pub(crate) fn read(message: &FinishWorkRequest) -> Result<Self, Malformed> {
        let mut problems = Malformed::default();
        let request = problems.note("request_id", wire::request_id(&message.request_id));
        let of = noted(&mut problems, &message.work_id, message.year);
        problems.finish(request.zip(of).map(|(request, (work, year))| Self { request, work, year }))
    }

    /// The order, with what was found in the file.
    pub(crate) fn order(
        &self,
        call: &Call,
        message: &FinishWorkRequest,
        found: Option<Found>,
    ) -> Order<Command> {
        let command = Command::Finish { work: self.work, found };
        let asked = Asked::new(stream(call.caller.person, self.year), command);
        order(call, self.request, message.at_least_position, message.encode_to_vec(), asked)
    }
}

impl Asks<Works> for BeginPerformanceRequest {
    fn asks(&self, call: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let category = problems.note("category", category::read(self.category));
        let year = problems.note("year", category::year(self.year));
        let begin = begin(&mut problems, &self.title, &self.summary, self.file.as_ref());
        let details = category.zip(year).and_then(|of| category::details(&mut problems, of, &self.details));
        let read = category.zip(year).zip(begin.zip(details));
        let ((category, year), (begin, details)) = problems.finish(read)?;
        let command = Command::BeginPerformance { category, year, begin, details };
        Ok(Asked::new(stream(call.caller.person, year), command))
    }
}

impl Asks<Works> for WithdrawWorkRequest {
    fn asks(&self, call: &Call) -> Result<Asked<Command>, Malformed> {
        let (work, year) = of(&self.work_id, self.year)?;
        Ok(Asked::new(stream(call.caller.person, year), Command::Withdraw { work }))
    }
}

/// The work and year that a request names.
pub(crate) fn of(work_id: &str, year: u32) -> Result<(WorkId, SchoolYear), Malformed> {
    let mut problems = Malformed::default();
    let of = noted(&mut problems, work_id, year);
    problems.finish(of)
}

fn noted(problems: &mut Malformed, work_id: &str, year: u32) -> Option<(WorkId, SchoolYear)> {
    let work = problems.note("work_id", wire::id(work_id));
    let year = problems.note("year", wire::school_year(year));
    work.zip(year)
}

/// The work that a query names.
pub(crate) fn work(work_id: &str) -> Result<WorkId, Malformed> {
    wire::id(work_id).map_err(|problem| Malformed::one("work_id", problem))
}

fn begin(problems: &mut Malformed, title: &str, summary: &str, file: Option<&File>) -> Option<Begin> {
    let title = problems.note("title", wire::text(title, TEXT_MAX));
    let summary = problems.note("summary", wire::text(summary, TEXT_MAX));
    let file = problems.note("file", file.ok_or("must be there"))?;
    let name = problems.note("file.name", file_name(&file.name));
    let sha256 = problems.note("file.sha256", wire::digest(&file.sha256));
    let read = title.zip(summary).zip(name.zip(sha256));
    read.map(|((title, summary), (name, sha256))| Begin {
        title,
        summary,
        name,
        size: file.size,
        sha256,
        // Drawn before the decision, which is pure; a request that is repeated keeps what it drew first.
        salt: hex::encode(rand::random::<[u8; 32]>()),
    })
}

fn file_name(name: &str) -> Result<String, String> {
    let name = wire::text(name, NAME_MAX)?;
    if name.contains(['\n', '\r', '\t']) { Err("must be one line".into()) } else { Ok(name) }
}

/// Whether a segment is one of a file of that size.
pub(crate) fn segment(message: &PutSegmentRequest, size: u32) -> Result<(), Malformed> {
    let (index, count) = (message.index, segments(size));
    if index >= count {
        return Err(Malformed::one(
            "index",
            format!("must be 0 to {} for this file", count.saturating_sub(1)),
        ));
    }
    let length = size.saturating_sub(index.saturating_mul(SEGMENT_BYTES)).min(SEGMENT_BYTES);
    if message.bytes.len() as u64 != u64::from(length) {
        let problem =
            format!("segment {index} of this file has {length} bytes, these are {}", message.bytes.len());
        return Err(Malformed::one("bytes", problem));
    }
    Ok(())
}

/// The bytes that are asked for: from, until.
pub(crate) fn range(message: &ReadFileRequest, size: u32) -> Result<(u64, u64), Malformed> {
    let (from, size) = (message.offset, u64::from(size));
    if from >= size {
        return Err(Malformed::one("offset", format!("must be less than the file's {size} bytes")));
    }
    Ok(match message.length {
        0 => (from, size),
        length => (from, from.saturating_add(length).min(size)),
    })
}

/// How far an upload has come.
pub(crate) fn progress(upload: &Upload, present: Vec<u32>) -> GetUploadResponse {
    let until: Option<Instant> = match upload.stage {
        Stage::Begun { until } | Stage::Lapsed { until } => Some(until),
        Stage::HandedIn | Stage::Refused(_) | Stage::Withdrawn => None,
    };
    let segments = segments(upload.size);
    GetUploadResponse { present, segments, until: until.map(wire::timestamp) }
}

/// What proves that a file was handed in; `None` if what it is made of has been erased.
pub(crate) fn receipt(
    ledger: LedgerId,
    work: WorkId,
    (salt, handed_in): (&str, &HandedIn),
    stored: Stored,
) -> Option<Receipt> {
    let bytes = |text: &str| hex::decode(text).ok();
    Some(Receipt {
        work_id: work.to_string(),
        position: stored.position,
        record: stored.record.into(),
        salt: bytes(salt)?.into(),
        sha256: bytes(handed_in.description.sha256.open()?)?.into(),
        commitment: bytes(&handed_in.commitment)?.into(),
        leaf: stored.leaf.to_vec().into(),
        ledger: ledger.to_string(),
        advice: ADVICE.to_owned(),
    })
}

/// What comes before a file's bytes; `None` if its name has been erased.
pub(crate) fn header(handed_in: &HandedIn, size: u32) -> Option<FileHeader> {
    Some(FileHeader {
        name: handed_in.description.name.open()?.clone(),
        media_type: handed_in.media_type.clone(),
        size: u64::from(size),
        sha256: handed_in.description.sha256.open()?.clone(),
    })
}

#[cfg(test)]
mod tests;
