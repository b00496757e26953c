//! The service over a real store, its views running: what a client sees, call by call.

mod school;

use events::{ArchiveEvent, RecordsEvent};
use eventstore::project;
use proto::portfolio::v1::{Progress, WorkState};
use proto::types::v1::Category;
use tonic::Code;
use tonic_types::StatusExt as _;

use kernel::{Instant, PersonId};

use super::*;
use school::{
    BIOLOGY, CLASS, HISTORY, HOMEROOM, LEDGER, NEXT, OTHER, REGISTRAR, STUDENT, School, TEACHER, certified,
    outcome, performance, returned, work,
};

/// Code, reason and clause of an answer.
fn said<T>(answer: Result<T, Status>) -> (Code, String, String) {
    let Err(status) = answer else { panic!("it was accepted") };
    let info = status.get_details_error_info().unwrap();
    (status.code(), info.reason, info.metadata.get("clause").cloned().unwrap_or_default())
}

fn answered(code: Code, reason: &str, clause: &str) -> (Code, String, String) {
    (code, reason.into(), clause.into())
}

/// Code and fields of an answer to a request that can't be understood.
fn fields<T>(answer: Result<T, Status>) -> (Code, Vec<String>) {
    let Err(status) = answer else { panic!("it was accepted") };
    let request = status.get_details_bad_request().unwrap();
    (status.code(), request.field_violations.into_iter().map(|violation| violation.field).collect())
}

fn class(class_id: impl ToString, year: u32, at_least_position: u64) -> GetClassProgressRequest {
    GetClassProgressRequest { at_least_position, class_id: class_id.to_string(), year }
}

fn page(page_size: i32, page_token: &str, at_least_position: u64) -> GetWorklistRequest {
    GetWorklistRequest { at_least_position, page_size, page_token: page_token.into() }
}

fn works(page: &GetWorklistResponse) -> Vec<String> {
    page.items.iter().map(|item| item.work.as_ref().unwrap().work_id.clone()).collect()
}

fn ids<const N: usize>(of: [u128; N]) -> Vec<String> {
    of.map(|n| work(n).to_string()).to_vec()
}

#[tokio::test]
async fn v1_a_student_reads_their_own_portfolio() {
    let school = School::open().await;
    // Begun in another order than that of their ids.
    school.hand_in(STUDENT, 3, outcome(BIOLOGY)).await;
    school.hand_in(STUDENT, 1, performance()).await;
    school.hand_in(STUDENT, 2, outcome(HISTORY)).await;
    school.judge(certified(STUDENT, 3, BIOLOGY)).await;
    school.judge(returned(STUDENT, 2, HISTORY)).await;
    let last = school.tick(STUDENT, 3).await;
    let portfolio = school.portfolio(STUDENT, last, STUDENT).await.unwrap();
    assert!(portfolio.position >= last);
    let student = portfolio.student.unwrap();
    assert_eq!((&*student.number, &*student.name, student.grade), ("20", "李小明", 10));
    assert_eq!((student.student_id, student.class_id), (STUDENT.to_string(), CLASS.to_string()));
    let [certified, performed, returned] = &portfolio.works[..] else { panic!("{:?}", portfolio.works) };
    assert_eq!([certified, performed, returned].map(|work| work.work_id.clone()).to_vec(), ids([3, 1, 2]));
    assert_eq!((certified.state(), certified.selected), (WorkState::Certified, true));
    assert_eq!((&*certified.course_title, &*certified.semester, certified.year), ("生物", "114-1", 114));
    assert_eq!(
        (&*certified.title, &*certified.summary, &*certified.file_name),
        ("光合作用", "觀察日記", "葉子.png")
    );
    assert_eq!((&*certified.media_type, certified.size), ("image/png", 7));
    assert_eq!(certified.commitment, "ab".repeat(32));
    let times = [certified.begun, certified.submitted, certified.judged];
    assert!(times.map(|at| at.map(|at| (at.seconds, at.nanos)).unwrap()).is_sorted());
    assert_eq!((performed.state(), performed.category()), (WorkState::Submitted, Category::Licence));
    assert_eq!((&*performed.course_id, &*performed.semester, performed.judged), ("", "", None));
    assert_eq!((returned.state(), &*returned.reason), (WorkState::Returned, "請附上資料來源"));
}

#[tokio::test]
async fn v1_a_portfolio_is_its_students_or_read_by_duty() {
    let school = School::open().await;
    let last = school.hand_in(STUDENT, 1, performance()).await;
    assert_eq!(school.portfolio(REGISTRAR, last, STUDENT).await.unwrap().works.len(), 1);
    let others = school.portfolio(OTHER, last, STUDENT).await;
    assert_eq!(said(others), answered(Code::PermissionDenied, "OUT_OF_REACH", "V1"));
    // Who may not read others' doesn't learn who is there.
    let nobody = school.portfolio(OTHER, last, CLASS).await;
    assert_eq!(said(nobody), answered(Code::PermissionDenied, "OUT_OF_REACH", "V1"));
    let teachers = school.portfolio(TEACHER, last, STUDENT).await;
    assert_eq!(said(teachers), answered(Code::PermissionDenied, "DUTY_MISSING", "V1"));
    for no_student in [CLASS.to_string(), TEACHER.to_string()] {
        let nobody = school.portfolio(REGISTRAR, last, no_student).await;
        assert_eq!(said(nobody), answered(Code::NotFound, "NOT_THERE", "V1"));
    }
    assert_eq!(
        fields(school.portfolio(STUDENT, 0, "me").await),
        (Code::InvalidArgument, vec!["student_id".into()])
    );
}

#[tokio::test]
async fn v3_a_position_that_the_ledger_has_not_reached_is_not_answered_for() {
    let school = School::open().await;
    let last = school.hand_in(STUDENT, 1, performance()).await;
    let early = school.portfolio(STUDENT, last + 1, STUDENT).await;
    assert_eq!(said(early), answered(Code::Unavailable, "NOT_YET", ""));
}

#[tokio::test]
async fn r14_a_homeroom_teacher_follows_the_class() {
    let school = School::open().await;
    for n in 1..=3 {
        school.hand_in(STUDENT, n, outcome(BIOLOGY)).await;
    }
    school.hand_in(STUDENT, 4, performance()).await;
    school.judge(certified(STUDENT, 1, BIOLOGY)).await;
    school.judge(returned(STUDENT, 2, BIOLOGY)).await;
    let last = school.tick(STUDENT, 1).await;
    let progress = school.progress(HOMEROOM, class(CLASS, 114, last)).await.unwrap();
    let [first, second] = &progress.students[..] else { panic!("{:?}", progress.students) };
    let number = |progress: &Progress| progress.student.as_ref().unwrap().number.clone();
    assert_eq!((number(first), number(second)), ("10".into(), "20".into()));
    assert_eq!(second.student.as_ref().unwrap().name, "李小明");
    let counts = Progress {
        student: second.student.clone(),
        outcomes_submitted: 3,
        outcomes_certified: 1,
        outcomes_returned: 1,
        outcomes_selected: 1,
        performances_submitted: 1,
        performances_selected: 0,
    };
    assert_eq!(*second, counts);
    assert_eq!(*first, Progress { student: first.student.clone(), ..Progress::default() });
    assert_eq!(school.progress(REGISTRAR, class(CLASS, 114, last)).await.unwrap(), progress);
    assert!(school.progress(HOMEROOM, class(CLASS, 113, last)).await.unwrap().students.is_empty());
}

#[tokio::test]
async fn r14_a_class_is_followed_by_its_own_homeroom_teacher() {
    let school = School::open().await;
    let others = school.progress(HOMEROOM, class(NEXT, 114, 0)).await;
    assert_eq!(said(others), answered(Code::PermissionDenied, "OUT_OF_REACH", "A.12"));
    let students = school.progress(STUDENT, class(CLASS, 114, 0)).await;
    assert_eq!(said(students), answered(Code::PermissionDenied, "DUTY_MISSING", "A.12"));
    let unknown = school.progress(REGISTRAR, class(STUDENT, 114, 0)).await;
    assert_eq!(said(unknown), answered(Code::NotFound, "NOT_THERE", "V1"));
    let malformed = school.progress(HOMEROOM, class("10年01班", 0, 0)).await;
    assert_eq!(fields(malformed), (Code::InvalidArgument, vec!["class_id".into(), "year".into()]));
}

#[tokio::test]
async fn c4_a_worklist_comes_in_pages_oldest_first() {
    let school = School::open().await;
    for (n, student, course) in [
        (5, STUDENT, BIOLOGY),
        (1, OTHER, HISTORY),
        (4, OTHER, BIOLOGY),
        (2, STUDENT, HISTORY),
        (3, OTHER, HISTORY),
    ] {
        school.hand_in(student, n, outcome(course)).await;
    }
    let last = school.hand_in(STUDENT, 6, performance()).await;
    let first = school.worklist(TEACHER, page(2, "", last)).await.unwrap();
    assert_eq!(works(&first), ids([5, 1]));
    let item = first.items[1].clone();
    assert_eq!(item.student.unwrap().name, "王大華");
    let shown = item.work.unwrap();
    assert_eq!(
        (shown.state(), &*shown.course_title, &*shown.title),
        (WorkState::Submitted, "歷史", "光合作用")
    );
    // What is judged between two pages moves nothing else.
    let last = school.judge(certified(STUDENT, 5, BIOLOGY)).await;
    let second = school.worklist(TEACHER, page(2, &first.next_page_token, last)).await.unwrap();
    assert_eq!(works(&second), ids([4, 2]));
    let third = school.worklist(TEACHER, page(2, &second.next_page_token, last)).await.unwrap();
    assert_eq!((works(&third), &*third.next_page_token), (ids([3]), ""));
    let all = school.worklist(TEACHER, page(0, "", last)).await.unwrap();
    assert_eq!((works(&all), &*all.next_page_token), (ids([1, 4, 2, 3]), ""));
    assert!(all.position >= last);
}

#[tokio::test]
async fn c4_a_worklist_is_the_calling_teachers() {
    let school = School::open().await;
    let last = school.hand_in(STUDENT, 1, outcome(BIOLOGY)).await;
    assert_eq!(works(&school.worklist(TEACHER, page(0, "", last)).await.unwrap()), ids([1]));
    assert!(school.worklist(HOMEROOM, page(0, "", last)).await.unwrap().items.is_empty());
    let students = school.worklist(STUDENT, page(0, "", last)).await;
    assert_eq!(said(students), answered(Code::PermissionDenied, "DUTY_MISSING", "C4"));
    let released = RecordsEvent::TeacherReleased { course: BIOLOGY, teacher: TEACHER };
    let last = school.say(&format!("course-{BIOLOGY}"), released).await;
    assert!(school.worklist(TEACHER, page(0, "", last)).await.unwrap().items.is_empty());
    let malformed = school.worklist(TEACHER, page(0, "second", 0)).await;
    assert_eq!(fields(malformed), (Code::InvalidArgument, vec!["page_token".into()]));
    let malformed = school.worklist(TEACHER, page(-1, "", 0)).await;
    assert_eq!(fields(malformed), (Code::InvalidArgument, vec!["page_size".into()]));
}

fn sealed(student: PersonId) -> ArchiveEvent {
    ArchiveEvent::PortfolioSealed { student, until: Instant::from_micros(i64::MAX) }
}

fn granted(student: PersonId, reader: PersonId, until: Instant) -> ArchiveEvent {
    ArchiveEvent::AccessGranted { student, reader, until }
}

#[tokio::test]
async fn a5_a_sealed_portfolio_is_read_by_a_grant_alone() {
    let school = School::open().await;
    school.hand_in(STUDENT, 1, performance()).await;
    let archive = format!("archive-{STUDENT}");
    let last = school.say(&archive, sealed(STUDENT)).await;
    let refused = || answered(Code::PermissionDenied, "PORTFOLIO_SEALED", "A5");
    for reader in [STUDENT, REGISTRAR] {
        assert_eq!(said(school.portfolio(reader, last, STUDENT).await), refused());
    }
    // Who may not read others' doesn't learn that it is sealed, and nobody else's is.
    let others = said(school.portfolio(OTHER, last, STUDENT).await);
    assert_eq!(others, answered(Code::PermissionDenied, "OUT_OF_REACH", "V1"));
    assert!(school.portfolio(REGISTRAR, last, OTHER).await.is_ok());
    // A grant that has ended is none, and one person's is nobody else's.
    let (ended, stands) = (Instant::default(), Instant::from_micros(i64::MAX));
    let last = school.say(&archive, granted(STUDENT, REGISTRAR, ended)).await;
    assert_eq!(said(school.portfolio(REGISTRAR, last, STUDENT).await), refused());
    let last = school.say(&archive, granted(STUDENT, REGISTRAR, stands)).await;
    assert_eq!(school.portfolio(REGISTRAR, last, STUDENT).await.unwrap().works.len(), 1);
    assert_eq!(said(school.portfolio(STUDENT, last, STUDENT).await), refused());
    let last = school.say(&archive, granted(STUDENT, STUDENT, stands)).await;
    assert!(school.portfolio(STUDENT, last, STUDENT).await.is_ok());
    // What is erased is there for nobody, whatever was granted.
    let last = school.say(&archive, ArchiveEvent::ErasureStarted { student: STUDENT }).await;
    let erased = said(school.portfolio(REGISTRAR, last, STUDENT).await);
    assert_eq!(erased, answered(Code::NotFound, "NOT_THERE", "V1"));
}

#[tokio::test]
async fn a5_progress_and_worklist_leave_out_who_is_sealed_or_erased() {
    let school = School::open().await;
    school.hand_in(STUDENT, 1, outcome(BIOLOGY)).await;
    let last = school.hand_in(OTHER, 2, outcome(BIOLOGY)).await;
    let students = async |last| {
        let progress = school.progress(HOMEROOM, class(CLASS, 114, last)).await.unwrap();
        let student = |progress: &Progress| progress.student.as_ref().unwrap().student_id.clone();
        progress.students.iter().map(student).collect::<Vec<_>>()
    };
    let waiting = async |last| {
        let all = school.worklist(TEACHER, page(1, "", last)).await.unwrap();
        (works(&all), all.next_page_token.is_empty())
    };
    assert_eq!(students(last).await, [OTHER.to_string(), STUDENT.to_string()]);
    assert_eq!(waiting(last).await, (ids([1]), false));
    let last = school.say(&format!("archive-{STUDENT}"), sealed(STUDENT)).await;
    assert_eq!(students(last).await, [OTHER.to_string()]);
    // A page is as long as before, without the one that is left out.
    assert_eq!(waiting(last).await, (ids([2]), true));
    let granted = granted(STUDENT, HOMEROOM, Instant::from_micros(i64::MAX));
    let last = school.say(&format!("archive-{STUDENT}"), granted).await;
    assert_eq!(students(last).await, [OTHER.to_string(), STUDENT.to_string()]);
    assert_eq!(waiting(last).await, (ids([2]), true));
    for student in [STUDENT, OTHER] {
        let erased = ArchiveEvent::ErasureStarted { student };
        school.say(&format!("archive-{student}"), erased).await;
    }
    let last = school.say(&format!("archive-{OTHER}"), sealed(OTHER)).await;
    assert_eq!(students(last).await, [""; 0]);
    assert_eq!(waiting(last).await, (Vec::new(), true));
}

#[tokio::test]
async fn t2_what_is_stored_is_what_the_log_replays_to_and_says_nothing_open() {
    let school = School::open().await;
    school.hand_in(STUDENT, 1, outcome(BIOLOGY)).await;
    school.hand_in(OTHER, 2, outcome(BIOLOGY)).await;
    let last = school.judge(returned(STUDENT, 1, BIOLOGY)).await;
    for (view, count) in crate::projections().into_iter().zip([2, 2, 1, 2]) {
        let (name, version) = (view.name(), view.version());
        let patience = std::time::Duration::from_secs(60);
        project::wait_for(&school.engine, name, version, LEDGER, last, patience).await.unwrap();
        let (position, stored) = school.engine.store.all_documents(name, version, LEDGER).await.unwrap();
        let replayed = project::replay(&school.engine, &*view, LEDGER, position).await.unwrap();
        assert_eq!((position, stored.len()), (last, count), "{name}");
        let served = project::digest(stored.iter().map(|document| (&document.key, &document.body)));
        assert_eq!(served, project::digest(&replayed), "{name}");
        for document in stored {
            let body = String::from_utf8(document.body).unwrap();
            for open in ["李小明", "王大華", "光合作用", "葉子.png", "請附上資料來源"] {
                assert!(!body.contains(open), "{name}: {open}");
            }
        }
    }
}
