use chassis::wire;
use events::{Authority, Category, WorkKind};
use kernel::{ClassId, Malformed, PersonId, Personal, SchoolYear, WorkId};
use proto::portfolio::v1 as message;
use proto::portfolio::v1::{
    GetClassProgressRequest, GetClassProgressResponse, GetPortfolioRequest, GetPortfolioResponse,
    GetWorklistRequest, GetWorklistResponse, Progress, WorklistItem,
};
use proto::types::v1::Category as CategoryMessage;

use crate::views::{StudentDocument, Work, WorkState};

/// Items of a page at most.
const PAGE_MAX: usize = 200;
/// Items of a page whose size isn't named.
const PAGE: usize = 50;

/// The student that is asked for.
pub(crate) fn student_id(request: &GetPortfolioRequest) -> Result<PersonId, Malformed> {
    wire::id(&request.student_id).map_err(|problem| Malformed::one("student_id", problem))
}

/// The class and school year that are asked for.
pub(crate) fn class_and_year(request: &GetClassProgressRequest) -> Result<(ClassId, SchoolYear), Malformed> {
    let mut problems = Malformed::default();
    let class = problems.note("class_id", wire::id(&request.class_id));
    let year = problems.note("year", wire::school_year(request.year));
    problems.finish(class.zip(year))
}

/// Which items of a list are asked for (AIP-158).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Items at most.
    pub(crate) size: usize,
    /// The position that the last page ended at; 0: from the beginning.
    pub(crate) after: u64,
}

impl Page {
    pub(crate) fn read(request: &GetWorklistRequest) -> Result<Self, Malformed> {
        let mut problems = Malformed::default();
        let size = problems.note("page_size", wire::page_size(request.page_size, PAGE, PAGE_MAX));
        let after = problems.note("page_token", after(&request.page_token));
        let page = size.zip(after).map(|(size, after)| Self { size, after });
        problems.finish(page)
    }
}

/// A token is the position of the page's last item, in 16 hex digits.
fn token(position: u64) -> String {
    format!("{position:016x}")
}

fn after(text: &str) -> Result<u64, &'static str> {
    if text.is_empty() {
        return Ok(0);
    }
    let position = u64::from_str_radix(text, 16).ok().filter(|position| token(*position) == text);
    position.ok_or("must be the next_page_token of the page before, or empty")
}

/// A portfolio as answer.
pub(crate) fn portfolio(
    position: u64,
    id: PersonId,
    document: &StudentDocument,
    authority: &Authority,
) -> GetPortfolioResponse {
    let mut works: Vec<_> = document.works.iter().collect();
    works.sort_by_key(|(_, work)| work.position);
    let works = works.into_iter().map(|(id, found)| work(*id, found, authority)).collect();
    GetPortfolioResponse { position, student: Some(student(id, document)), works }
}

/// What a student has done in a school year; `named` is opened, `counted` needn't be.
pub(crate) fn progress(
    id: PersonId,
    named: &StudentDocument,
    counted: &StudentDocument,
    year: SchoolYear,
) -> Progress {
    let mut progress = Progress { student: Some(student(id, named)), ..Progress::default() };
    for work in counted.works.values().filter(|work| work.kind.year() == year) {
        let (handed_in, certified, returned) = match work.state {
            WorkState::Begun | WorkState::Withdrawn | WorkState::Refused => (0, 0, 0),
            WorkState::Submitted | WorkState::Revoked => (1, 0, 0),
            WorkState::Certified => (1, 1, 0),
            WorkState::Returned => (1, 0, 1),
        };
        let selected = u32::from(work.selected);
        match work.kind {
            WorkKind::Outcome { .. } => {
                progress.outcomes_submitted += handed_in;
                progress.outcomes_certified += certified;
                progress.outcomes_returned += returned;
                progress.outcomes_selected += selected;
            }
            WorkKind::Performance { .. } => {
                progress.performances_submitted += handed_in;
                progress.performances_selected += selected;
            }
        }
    }
    progress
}

/// A class as answer, by student number.
pub(crate) fn class_progress(position: u64, mut students: Vec<Progress>) -> GetClassProgressResponse {
    let place = |progress: &Progress| {
        let student = progress.student.as_ref();
        student.map(|student| (student.number.clone(), student.student_id.clone()))
    };
    students.sort_by_cached_key(place);
    GetClassProgressResponse { position, students }
}

/// A page of a worklist as answer.
pub(crate) fn worklist(
    position: u64,
    shown: &[(PersonId, StudentDocument)],
    next: Option<u64>,
    authority: &Authority,
) -> GetWorklistResponse {
    let items = shown.iter().flat_map(|(id, document)| {
        document.works.iter().map(|(work_id, found)| WorklistItem {
            student: Some(student(*id, document)),
            work: Some(work(*work_id, found, authority)),
        })
    });
    GetWorklistResponse {
        position,
        items: items.collect(),
        next_page_token: next.map(token).unwrap_or_default(),
    }
}

/// Whose key is destroyed has no name any more: the fields stay empty.
fn student(id: PersonId, document: &StudentDocument) -> message::Student {
    let roster = document.roster.as_ref();
    message::Student {
        student_id: id.to_string(),
        number: roster.map(|roster| open(&roster.number)).unwrap_or_default(),
        name: roster.map(|roster| open(&roster.name)).unwrap_or_default(),
        grade: roster.map_or(0, |roster| u32::from(roster.grade)),
        class_id: document.class.map(|class| class.to_string()).unwrap_or_default(),
    }
}

fn work(id: WorkId, work: &Work, authority: &Authority) -> message::Work {
    let (course, semester, category) = match work.kind {
        WorkKind::Outcome { course, semester } => (Some(course), semester.to_string(), None),
        WorkKind::Performance { category, .. } => (None, String::new(), Some(category)),
    };
    let course_title = course.and_then(|course| authority.course(course)).map(|course| course.title.clone());
    let reason = work.reason.as_ref().map(open).or_else(|| work.refusal.clone());
    message::Work {
        work_id: id.to_string(),
        course_id: course.map(|course| course.to_string()).unwrap_or_default(),
        course_title: course_title.unwrap_or_default(),
        semester,
        category: category.map_or(CategoryMessage::Unspecified, category_message).into(),
        year: u32::from(work.kind.year().number()),
        title: open(&work.title),
        summary: open(&work.summary),
        file_name: open(&work.file_name),
        media_type: work.media_type.clone().unwrap_or_default(),
        size: u64::from(work.size),
        commitment: work.commitment.clone().unwrap_or_default(),
        state: state(work.state).into(),
        reason: reason.unwrap_or_default(),
        selected: work.selected,
        begun: Some(wire::timestamp(work.begun)),
        submitted: work.submitted.map(wire::timestamp),
        judged: work.judged.map(wire::timestamp),
    }
}

fn open(value: &Personal<String>) -> String {
    value.open().cloned().unwrap_or_default()
}

const fn category_message(category: Category) -> CategoryMessage {
    match category {
        Category::Post => CategoryMessage::Post,
        Category::Competition => CategoryMessage::Competition,
        Category::Licence => CategoryMessage::Licence,
        Category::Service => CategoryMessage::Service,
        Category::Piece => CategoryMessage::Piece,
        Category::FlexibleLearning => CategoryMessage::FlexibleLearning,
        Category::GroupActivity => CategoryMessage::GroupActivity,
        Category::Workplace => CategoryMessage::Workplace,
        Category::AdvancedCourse => CategoryMessage::AdvancedCourse,
        Category::Other => CategoryMessage::Other,
    }
}

const fn state(state: WorkState) -> message::WorkState {
    match state {
        WorkState::Begun => message::WorkState::Begun,
        WorkState::Submitted => message::WorkState::Submitted,
        WorkState::Certified => message::WorkState::Certified,
        WorkState::Returned => message::WorkState::Returned,
        WorkState::Revoked => message::WorkState::Revoked,
        WorkState::Withdrawn => message::WorkState::Withdrawn,
        WorkState::Refused => message::WorkState::Refused,
    }
}

#[cfg(test)]
mod tests;
