use chassis::Call;
use events::{Caller, Category, Channel};
use kernel::Duty;
use proto::uploads::v1::{CategorySheet, Detail, ListCategoriesRequest};
use uuid::Uuid;

use super::*;
use crate::domain::FileFault;

fn call() -> Call {
    let caller = Caller::new(PersonId::new(Uuid::from_u128(1)), Channel::Grpc);
    let (ledger, duty) = (LedgerId::new(Uuid::from_u128(2)), Duty::UploadFile);
    Call { ledger, caller, duty, method: "/BeginOutcome" }
}

fn id(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

fn file() -> File {
    File { name: " 成果.pdf ".into(), size: 5, sha256: "AB".repeat(32) }
}

fn outcome() -> BeginOutcomeRequest {
    BeginOutcomeRequest {
        request_id: id(9),
        at_least_position: 7,
        course_id: id(3),
        title: "題".repeat(100),
        summary: "簡".repeat(100),
        file: Some(file()),
    }
}

fn fields<T>(read: Result<T, Malformed>) -> Vec<String> {
    read.err().unwrap_or_default().0.into_iter().map(|problem| problem.field).collect()
}

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

#[test]
fn an_outcome_goes_to_its_students_stream_of_the_courses_year() {
    let order = Outcome::read(&outcome()).unwrap().order(&call(), &outcome(), year());
    assert_eq!(order.stream, format!("works-{}-114", Uuid::from_u128(1)));
    assert_eq!((order.request, order.at_least), (RequestId::new(Uuid::from_u128(9)), 7));
    let Command::BeginOutcome { course, begin } = order.command else { panic!("another command") };
    assert_eq!(course, CourseId::new(Uuid::from_u128(3)));
    assert_eq!((begin.name.as_str(), begin.size, begin.sha256), ("成果.pdf", 5, "ab".repeat(32)));
    assert_eq!(begin.salt.len(), 64);
}

#[test]
fn each_work_has_a_salt_of_its_own() {
    let salt = || Outcome::read(&outcome()).unwrap().begin.salt;
    assert_ne!(salt(), salt());
}

#[test]
fn every_field_that_is_wrong_is_named() {
    let file = File { name: "a\nb.pdf".into(), size: 0, sha256: "x".into() };
    let message = BeginOutcomeRequest {
        request_id: id(0),
        course_id: "x".into(),
        title: "題".repeat(101),
        summary: " ".into(),
        file: Some(file),
        ..outcome()
    };
    let expected = ["request_id", "course_id", "title", "summary", "file.name", "file.sha256"];
    assert_eq!(fields(Outcome::read(&message)), expected);
    assert_eq!(fields(Outcome::read(&BeginOutcomeRequest { file: None, ..outcome() })), ["file"]);
    let message = BeginPerformanceRequest::default();
    assert_eq!(fields(message.asks(&call())), ["category", "year", "title", "summary", "file"]);
    let message = FinishWorkRequest { request_id: "x".into(), ..FinishWorkRequest::default() };
    assert_eq!(fields(Finish::read(&message)), ["request_id", "work_id", "year"]);
    assert_eq!(fields(WithdrawWorkRequest::default().asks(&call())), ["work_id", "year"]);
}

fn performance(category: Category, details: &[(&str, &str)]) -> BeginPerformanceRequest {
    let detail = |(name, value): &(&str, &str)| Detail { name: (*name).into(), value: (*value).into() };
    BeginPerformanceRequest {
        request_id: id(9),
        category: sheets(&ListCategoriesRequest { year: 114 })
            .unwrap()
            .sheets
            .iter()
            .map(CategorySheet::category)
            .find(|it| format!("{it:?}") == format!("{category:?}"))
            .unwrap()
            .into(),
        year: 114,
        title: "題".into(),
        summary: "簡".into(),
        file: Some(file()),
        details: details.iter().map(detail).collect(),
        ..BeginPerformanceRequest::default()
    }
}

#[test]
fn u2_every_category_is_read_as_it_is_listed() {
    let listed = sheets(&ListCategoriesRequest { year: 114 }).unwrap().sheets;
    assert_eq!(listed.len(), 10);
    for sheet in listed {
        let message = BeginPerformanceRequest {
            category: sheet.category,
            ..performance(Category::Piece, &[("?", "x")])
        };
        // Only what the category asks for is at fault.
        let fields = fields(message.asks(&call()));
        let needed = sheet.fields.iter().filter(|field| field.required);
        let needed = needed.map(|field| format!("details.{}", field.name));
        assert_eq!(fields, ["details.?".to_owned()].into_iter().chain(needed).collect::<Vec<_>>());
    }
    for year in [0, 107, 1_000] {
        assert_eq!(fields(sheets(&ListCategoriesRequest { year })), ["year"]);
    }
    for category in [0, 99] {
        let message = BeginPerformanceRequest { category, ..performance(Category::Piece, &[]) };
        assert_eq!(fields(message.asks(&call())), ["category"]);
    }
}

#[test]
fn u2_what_was_written_goes_with_the_performance_in_the_sheets_order() {
    let written = [("end-date", "2026-03-15"), ("unit", " 圖書館 "), ("start-date", "2026-03-14")];
    let asked = performance(Category::Service, &written).asks(&call()).unwrap();
    let Command::BeginPerformance { details, category, .. } = asked.command else { panic!("another") };
    assert_eq!(category, Category::Service);
    let expected = [("unit", "圖書館"), ("start-date", "2026-03-14"), ("end-date", "2026-03-15")];
    assert_eq!(details, expected.map(|(name, value)| (name, value.to_owned())));
    let late = [("unit", "館"), ("start-date", "2026-03-16"), ("end-date", "2026-03-15")];
    let late = BeginPerformanceRequest { title: String::new(), ..performance(Category::Service, &late) };
    assert_eq!(fields(late.asks(&call())), ["title", "details.end-date"]);
}

#[test]
fn a_segment_has_its_place_and_length() {
    let sent = |index, length| PutSegmentRequest {
        index,
        bytes: vec![0; length].into(),
        ..PutSegmentRequest::default()
    };
    let (whole, size) = (SEGMENT_BYTES as usize, 2 * SEGMENT_BYTES + 5);
    for right in [sent(0, whole), sent(1, whole), sent(2, 5)] {
        assert!(segment(&right, size).is_ok());
    }
    for (wrong, field) in [
        (sent(3, 5), "index"),
        (sent(u32::MAX, 5), "index"),
        (sent(0, whole - 1), "bytes"),
        (sent(2, whole), "bytes"),
        (sent(2, 0), "bytes"),
    ] {
        assert_eq!(fields(segment(&wrong, size)), [field]);
    }
    assert!(segment(&sent(1, whole), 2 * SEGMENT_BYTES).is_ok());
    assert_eq!(fields(segment(&sent(2, 0), 2 * SEGMENT_BYTES)), ["index"]);
}

#[test]
fn a_range_ends_with_the_file() {
    let asked = |offset, length| ReadFileRequest { offset, length, ..ReadFileRequest::default() };
    assert_eq!(range(&asked(0, 0), 10), Ok((0, 10)));
    assert_eq!(range(&asked(3, 4), 10), Ok((3, 7)));
    assert_eq!(range(&asked(3, u64::MAX), 10), Ok((3, 10)));
    assert_eq!(fields(range(&asked(10, 0), 10)), ["offset"]);
}

#[test]
fn progress_says_until_when_only_while_it_may_go_on() {
    let upload = |stage| Upload {
        student: PersonId::new(Uuid::from_u128(1)),
        kind: events::WorkKind::Performance { category: Category::Piece, year: year() },
        file: kernel::FileId::new(Uuid::from_u128(5)),
        size: SEGMENT_BYTES + 1,
        stage,
    };
    let begun = progress(&upload(Stage::Begun { until: Instant::default() }), vec![1]);
    assert_eq!((begun.segments, begun.present), (2, vec![1]));
    assert!(begun.until.is_some());
    assert!(progress(&upload(Stage::Refused(FileFault::Empty)), Vec::new()).until.is_none());
}
