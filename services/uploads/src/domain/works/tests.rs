use events::spec::Given;
use events::{
    CertificationEvent, GovernanceEvent, Leaving, LockedWork, PolicyTerms, RecordsEvent, SemesterTerms,
    StudentData, SubmissionEvent,
};
use kernel::{Date, Kind, Refusal as _, RequestId, Semester, Window};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const TEACHER: PersonId = PersonId::new(Uuid::from_u128(2));
/// A student who takes nothing.
const OTHER: PersonId = PersonId::new(Uuid::from_u128(5));
const COURSE: CourseId = CourseId::new(Uuid::from_u128(3));
const DROPPED: CourseId = CourseId::new(Uuid::from_u128(4));
/// The caps of the policy.
const OUTCOMES: u16 = 3;
const PERFORMANCES: u16 = 2;

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn semester() -> Semester {
    "114-1".parse().unwrap()
}

fn at(hour: i64) -> Instant {
    Instant::from_micros(hour * 3_600_000_000)
}

/// Outcomes are uploaded in the hours 100 to 200, performances in the hours 150 to 300.
fn outcome_window() -> Window {
    Window { from: at(100), until: at(200) }
}

fn performance_window() -> Window {
    Window { from: at(150), until: at(300) }
}

fn policy() -> GovernanceEvent {
    let terms = SemesterTerms { upload: outcome_window(), certification: outcome_window() };
    let terms = PolicyTerms {
        outcomes_per_semester_max: OUTCOMES,
        performances_per_year_max: PERFORMANCES,
        outcomes_selected_max: 6,
        performances_selected_max: 10,
        performance_upload: performance_window(),
        selection: outcome_window(),
        semesters: [(semester(), terms)].into(),
    };
    GovernanceEvent::PolicyAdopted { year: year(), version: 1, from: at(0), terms }
}

/// A student's registration; what it says of them matters nowhere here.
fn registered(student: PersonId) -> RecordsEvent {
    let erased = || Personal::Erased;
    let basic = StudentData {
        roster_id: erased(),
        username: erased(),
        number: erased(),
        name: erased(),
        identity_number: None,
        birth_date: None,
        grade: 10,
    };
    RecordsEvent::StudentRegistered { student, basic }
}

/// Every way to be no longer enrolled.
fn gone() -> Vec<RecordsEvent> {
    let on = Date::constant(2026, 6, 12);
    let ways = [Leaving::Transferred, Leaving::Suspended, Leaving::Withdrawn, Leaving::Deceased];
    let left = ways.map(|why| RecordsEvent::StudentLeft { student: STUDENT, on, why });
    [vec![RecordsEvent::StudentGraduated { student: STUDENT, year: year(), on }], left.to_vec()].concat()
}

fn returned_to_school() -> RecordsEvent {
    RecordsEvent::StudentReturned { student: STUDENT, on: Date::constant(2026, 6, 13) }
}

/// The courses, of which the student takes one, and has dropped another.
fn enrolled(mut given: Given<Works>) -> Given<Works> {
    let taking = format!("taking-{STUDENT}-114-1");
    for course in [COURSE, DROPPED] {
        let offered = RecordsEvent::CourseOffered {
            course,
            roster_id: Public(course.to_string()),
            semester: semester(),
            title: Public("x".into()),
            code: Public("x".into()),
            submittable: true,
        };
        let taken = RecordsEvent::CourseTaken { student: STUDENT, course, semester: semester() };
        given = given.known(&format!("course-{course}"), offered).known(&taking, taken);
    }
    for student in [STUDENT, OTHER] {
        given = given.known(&format!("student-{student}"), registered(student));
    }
    let dropped = RecordsEvent::CourseDropped { student: STUDENT, course: DROPPED, semester: semester() };
    given.known(&taking, dropped).by(STUDENT).at(at(160))
}

fn ready(events: impl IntoIterator<Item = UploadsEvent>) -> Given<Works> {
    enrolled(Given::events(events)).known("policy-114", policy())
}

fn work(n: u128) -> WorkId {
    WorkId::new(Uuid::from_u128(100 + n))
}

fn new_id(n: u32) -> Uuid {
    RequestId::new(Uuid::nil()).derive(&format!("new/{n}"))
}

fn begin() -> Begin {
    Begin {
        title: "標題".into(),
        summary: "簡述".into(),
        name: "成果.pdf".into(),
        size: 3 << 20,
        sha256: "ab".into(),
        salt: "5a".into(),
    }
}

fn outcome() -> WorkKind {
    WorkKind::Outcome { course: COURSE, semester: semester() }
}

fn performance() -> WorkKind {
    WorkKind::Performance { category: Category::Piece, year: year() }
}

fn begin_outcome() -> Command {
    Command::BeginOutcome { course: COURSE, begin: begin() }
}

fn begin_performance() -> Command {
    let details = vec![("date", "2026-03-14".to_owned())];
    Command::BeginPerformance { category: Category::Piece, year: year(), begin: begin(), details }
}

/// A work begun at an hour.
fn begun_as(kind: WorkKind, work: WorkId, file: FileId, hour: i64) -> UploadsEvent {
    let personal = |text: &str| Personal::new(Owner::work(STUDENT, work), text.to_owned());
    UploadsEvent::WorkBegun {
        student: STUDENT,
        work,
        kind,
        title: personal("標題"),
        summary: personal("簡述"),
        file,
        declared: FileDescription { name: personal("成果.pdf"), sha256: personal("ab"), md5: None },
        size: 3 << 20,
        until: at(hour).plus(UPLOAD_TIME),
        salt: personal("5a"),
        details: match kind {
            WorkKind::Outcome { .. } => Vec::new(),
            WorkKind::Performance { .. } => {
                vec![Detail { name: Public("date".into()), value: personal("2026-03-14") }]
            }
        },
    }
}

fn begun(kind: WorkKind, n: u128, hour: i64) -> UploadsEvent {
    begun_as(kind, work(n), FileId::new(Uuid::from_u128(200 + n)), hour)
}

fn found(verdict: Result<MediaType, FileFault>) -> Found {
    Found {
        sha256: "ab".into(),
        md5: "cd".into(),
        sealed_sha256: "ef".into(),
        commitment: "01".into(),
        verdict,
    }
}

fn finish(n: u128) -> Command {
    Command::Finish { work: work(n), found: Some(found(Ok(MediaType::Pdf))) }
}

fn withdraw(n: u128) -> Command {
    Command::Withdraw { work: work(n) }
}

fn submitted(n: u128) -> UploadsEvent {
    let personal = |text: &str| Personal::new(Owner::work(STUDENT, work(n)), text.to_owned());
    UploadsEvent::OutcomeSubmitted {
        student: STUDENT,
        work: work(n),
        course: COURSE,
        semester: semester(),
        file: FileId::new(Uuid::from_u128(200 + n)),
        size: 3 << 20,
        segments: 3,
        media_type: Public("application/pdf".into()),
        commitment: Public("01".into()),
        sealed_sha256: Public("ef".into()),
        description: FileDescription {
            name: personal("成果.pdf"),
            sha256: personal("ab"),
            md5: Some(personal("cd")),
        },
    }
}

fn refused(n: u128, fault: FileFault) -> UploadsEvent {
    let reason = Public(fault.reason().to_owned());
    UploadsEvent::FileRefused { student: STUDENT, work: work(n), kind: outcome(), reason }
}

fn withdrawn(n: u128) -> UploadsEvent {
    UploadsEvent::WorkWithdrawn { student: STUDENT, work: work(n), kind: outcome() }
}

fn certified(n: u128) -> CertificationEvent {
    CertificationEvent::WorkCertified {
        student: STUDENT,
        work: work(n),
        course: COURSE,
        semester: semester(),
        teacher: TEACHER,
        commitment: Public("01".into()),
    }
}

fn returned(n: u128) -> CertificationEvent {
    CertificationEvent::WorkReturned {
        student: STUDENT,
        work: work(n),
        course: COURSE,
        teacher: TEACHER,
        reason: Personal::Erased,
        commitment: Public("01".into()),
    }
}

fn certificate(n: u128) -> String {
    format!("certificate-{}", work(n))
}

#[test]
fn a_11_an_outcome_is_begun_within_the_window_and_may_be_finished_for_24_hours() {
    let (id, file) = (WorkId::new(new_id(0)), FileId::new(new_id(1)));
    ready([]).at(at(100)).when(begin_outcome()).then([begun_as(outcome(), id, file, 100)]);
}

#[test]
fn a_12_a_performance_is_begun_within_the_window() {
    let (id, file) = (WorkId::new(new_id(0)), FileId::new(new_id(1)));
    ready([]).at(at(299)).when(begin_performance()).then([begun_as(performance(), id, file, 299)]);
}

#[test]
fn a_11_refuses_an_outcome_outside_the_window() {
    let (of, window) = (Of::Outcomes(semester()), outcome_window());
    for now in [at(100).minus(Duration::from_micros(1)), at(200), at(201)] {
        let refusal = Refusal::WindowClosed { of, window, now };
        assert_eq!((refusal.clause().id(), refusal.kind()), ("A.11", Kind::FailedPrecondition));
        ready([]).at(now).when(begin_outcome()).then_refused(refusal);
    }
}

#[test]
fn a_12_refuses_a_performance_outside_the_window() {
    let (of, window) = (Of::Performances(year()), performance_window());
    for now in [at(149), at(300)] {
        let refusal = Refusal::WindowClosed { of, window, now };
        assert_eq!(refusal.clause().id(), "A.12");
        ready([]).at(now).when(begin_performance()).then_refused(refusal);
    }
}

#[test]
fn g3_refuses_where_no_policy_is_in_force() {
    let (outcomes, performances) = (Of::Outcomes(semester()), Of::Performances(year()));
    let given = enrolled(Given::nothing());
    given.when(begin_outcome()).then_refused(Refusal::NoPolicy { of: outcomes });
    given.when(begin_performance()).then_refused(Refusal::NoPolicy { of: performances });
    // A policy that says nothing of the semester.
    let GovernanceEvent::PolicyAdopted { year, version, from, mut terms } = policy() else { unreachable!() };
    terms.semesters.clear();
    let silent = GovernanceEvent::PolicyAdopted { year, version, from, terms };
    let given = enrolled(Given::nothing()).known("policy-114", silent);
    given.when(begin_outcome()).then_refused(Refusal::NoPolicy { of: outcomes });
}

#[test]
fn a_11_refuses_an_unknown_course() {
    let course = CourseId::new(Uuid::from_u128(9));
    ready([]).when(Command::BeginOutcome { course, begin: begin() }).then_refused(Refusal::UnknownCourse);
    assert_eq!(Refusal::UnknownCourse.kind(), Kind::NotFound);
}

#[test]
fn u1_refuses_a_course_that_the_student_does_not_take() {
    let dropped = Command::BeginOutcome { course: DROPPED, begin: begin() };
    ready([]).when(dropped).then_refused(Refusal::CourseNotTaken);
    ready([]).by(OTHER).when(begin_outcome()).then_refused(Refusal::CourseNotTaken);
}

#[test]
fn s4_3_1_refuses_one_outcome_too_many_in_a_semester() {
    let refusal = Refusal::Full { of: Of::Outcomes(semester()), cap: OUTCOMES };
    assert_eq!(refusal.clause().id(), "§4.3.1");
    let there = [begun(outcome(), 1, 150), submitted(1), begun(outcome(), 2, 159), begun(outcome(), 3, 160)];
    ready(there.clone()).when(begin_outcome()).then_refused(refusal.clone());
    // Performances have places of their own.
    assert!(ready(there.clone()).when(begin_performance()).0.is_ok());
    let more = there.iter().cloned().chain([submitted(2), submitted(3)]);
    ready(more).at(at(190)).when(begin_outcome()).then_refused(refusal);
}

#[test]
fn s4_4_1_refuses_one_performance_too_many_in_a_year() {
    let refusal = Refusal::Full { of: Of::Performances(year()), cap: PERFORMANCES };
    assert_eq!(refusal.clause().id(), "§4.4.1");
    let there = [begun(performance(), 1, 159), begun(performance(), 2, 160)];
    ready(there).when(begin_performance()).then_refused(refusal);
}

#[test]
fn s4_3_1_a_place_is_free_again_after_a_refusal_a_withdrawal_or_24_hours() {
    let there = || [begun(outcome(), 1, 101), begun(outcome(), 2, 110), begun(outcome(), 3, 120)];
    assert!(ready(there()).at(at(124)).when(begin_outcome()).0.is_err());
    assert!(ready(there()).at(at(125)).when(begin_outcome()).0.is_ok());
    for freed in [refused(1, FileFault::Empty), withdrawn(1)] {
        let events = there().into_iter().chain([freed]);
        assert!(ready(events).at(at(124)).when(begin_outcome()).0.is_ok());
    }
}

#[test]
fn u4_refuses_a_file_by_its_size_or_ending() {
    for (size, fault) in
        [(0, FileFault::Empty), (4_194_305, FileFault::TooLarge), (u64::MAX, FileFault::TooLarge)]
    {
        let command = Command::BeginOutcome { course: COURSE, begin: Begin { size, ..begin() } };
        ready([]).when(command).then_refused(Refusal::File(fault));
    }
    let begin = Begin { name: "成果.docx".into(), ..begin() };
    let (category, details) = (Category::Other, Vec::new());
    let command = Command::BeginPerformance { category, year: year(), begin, details };
    ready([]).when(command).then_refused(Refusal::File(FileFault::EndingNotTaken));
}

#[test]
fn u4_a_work_is_handed_in_within_24_hours_of_its_beginning_whatever_the_window() {
    let there = [begun(outcome(), 1, 199)];
    let last = at(223).minus(Duration::from_micros(1));
    ready(there.clone()).at(last).when(finish(1)).then([submitted(1)]);
    ready(there).at(at(223)).when(finish(1)).then_refused(Refusal::Lapsed { until: at(223) });
}

#[test]
fn u4_a_clock_that_is_behind_brings_no_lapsed_work_back() {
    let there = [begun(outcome(), 1, 101), begun(outcome(), 2, 125)];
    ready(there).at(at(124)).when(finish(1)).then_refused(Refusal::Lapsed { until: at(125) });
}

#[test]
fn u4_a_refused_file_is_recorded_with_its_reason() {
    let command = |fault| Command::Finish { work: work(1), found: Some(found(Err(fault))) };
    for fault in FileFault::ALL {
        ready([begun(outcome(), 1, 159)]).when(command(fault)).then([refused(1, fault)]);
    }
}

#[test]
fn u4_bytes_that_nobody_announced_are_refused_whatever_they_are() {
    let other = Found { sha256: "ba".into(), ..found(Ok(MediaType::Pdf)) };
    let command = Command::Finish { work: work(1), found: Some(other) };
    ready([begun(outcome(), 1, 159)]).when(command).then([refused(1, FileFault::DigestDiffers)]);
    let refusal = Refusal::File(FileFault::DigestDiffers);
    assert_eq!(refusal.metadata(), [("field", "file.sha256".to_owned())]);
}

#[test]
fn u4_refuses_to_finish_what_is_finished_or_refused() {
    let begun = begun(outcome(), 1, 159);
    ready([begun.clone(), submitted(1)]).when(finish(1)).then_refused(Refusal::HandedIn);
    let fault = FileFault::Encrypted;
    ready([begun, refused(1, fault)]).when(finish(1)).then_refused(Refusal::File(fault));
}

#[test]
fn u6_refuses_to_finish_what_was_taken_back() {
    let there = [begun(outcome(), 1, 159), submitted(1), withdrawn(1)];
    ready(there).when(finish(1)).then_refused(Refusal::Withdrawn);
}

#[test]
fn u4_refuses_an_unknown_work() {
    ready([begun(outcome(), 1, 159)]).when(finish(2)).then_refused(Refusal::UnknownWork);
    ready([begun(outcome(), 1, 159)]).when(withdraw(2)).then_refused(Refusal::UnknownWork);
}

#[test]
fn u4_refuses_to_finish_what_was_not_read() {
    let command = Command::Finish { work: work(1), found: None };
    let refusal = Refusal::Incomplete { missing: vec![0, 1, 2] };
    assert_eq!(refusal.metadata(), [("missing", "0 1 2".to_owned())]);
    ready([begun(outcome(), 1, 159)]).when(command).then_refused(refusal);
}

#[test]
fn u4_the_same_bytes_may_be_two_works() {
    let there = [begun(outcome(), 1, 159), submitted(1), begun(outcome(), 2, 159)];
    ready(there).when(finish(2)).then([submitted(2)]);
}

#[test]
fn u6_a_work_is_taken_back_before_it_is_certified() {
    let there = || [begun(outcome(), 1, 159), submitted(1)];
    ready(there()).when(withdraw(1)).then([withdrawn(1)]);
    ready([begun(outcome(), 1, 159)]).when(withdraw(1)).then([withdrawn(1)]);
    let returned = ready(there()).known(&certificate(1), returned(1));
    returned.when(withdraw(1)).then([withdrawn(1)]);
    ready(there().into_iter().chain([withdrawn(1)])).when(withdraw(1)).then([]);
}

#[test]
fn u6_refuses_to_take_back_what_is_certified() {
    let given = ready([begun(outcome(), 1, 159), submitted(1)]).known(&certificate(1), certified(1));
    given.when(withdraw(1)).then_refused(Refusal::Certified);
    let fault = FileFault::Truncated;
    let given = ready([begun(outcome(), 1, 159), refused(1, fault)]);
    given.when(withdraw(1)).then_refused(Refusal::File(fault));
}

#[test]
fn s5_refuses_to_begin_what_is_no_longer_a_students() {
    let stream = format!("student-{STUDENT}");
    for gone in gone() {
        let given = ready([begun(outcome(), 1, 159)]).known(&stream, gone);
        for command in [begin_outcome(), begin_performance()] {
            given.when(command).then_refused(Refusal::NotEnrolled);
        }
        // What was begun before is finished, or taken back.
        given.when(finish(1)).then([submitted(1)]);
        given.when(withdraw(1)).then([withdrawn(1)]);
        assert!(given.known(&stream, returned_to_school()).when(begin_outcome()).0.is_ok());
    }
    ready([]).by(TEACHER).when(begin_performance()).then_refused(Refusal::NotEnrolled);
    assert_eq!(Refusal::NotEnrolled.clause().id(), "§5");
}

fn locked(n: u128, kind: WorkKind) -> SubmissionEvent {
    let commitment = Public("01".into());
    let locked = LockedWork { work: work(n), kind, commitment, certificate: Some(1) };
    SubmissionEvent::SelectionLocked { student: STUDENT, year: year(), works: vec![locked] }
}

#[test]
fn u6_refuses_to_take_back_what_is_locked_for_submission() {
    let there = || [begun(outcome(), 1, 159), submitted(1), begun(outcome(), 2, 159)];
    let selection = format!("selection-{STUDENT}-114");
    let given = ready(there()).known(&certificate(1), certified(1));
    let given = given.known(&selection, locked(1, outcome()));
    given.when(withdraw(1)).then_refused(Refusal::Locked);
    // The way out that a certified work has is closed too, so it isn't named.
    assert_eq!(Refusal::Locked.clause().id(), "U6");
    // What isn't in the lock is the student's own to take back; and what was taken back before stays so.
    given.when(withdraw(2)).then([withdrawn(2)]);
    let before = ready(there().into_iter().chain([withdrawn(1)])).known(&selection, locked(2, outcome()));
    before.when(withdraw(1)).then([]);
    let performed = ready([begun(performance(), 1, 159)]).known(&selection, locked(1, performance()));
    performed.when(withdraw(1)).then_refused(Refusal::Locked);
}

#[derive(Clone, Debug)]
enum Step {
    Outcome,
    Performance,
    Finish(usize, bool),
    Withdraw(usize),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Outcome),
        3 => Just(Step::Performance),
        4 => (0..40_usize, any::<bool>()).prop_map(|(n, good)| Step::Finish(n, good)),
        1 => (0..40_usize).prop_map(Step::Withdraw),
        // A clock may be a little behind another's.
        2 => (-1..9_i64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #[test]
    fn no_sequence_of_commands_exceeds_the_caps(steps in steps()) {
        let (mut events, mut works, mut hour) = (Vec::<UploadsEvent>::new(), Vec::<WorkId>::new(), 160);
        for step in steps {
            let any = |n: usize| works.get(n % works.len().max(1)).copied().unwrap_or(work(0));
            let command = match step {
                Step::Outcome => begin_outcome(),
                Step::Performance => begin_performance(),
                Step::Finish(n, good) => {
                    let verdict = if good { Ok(MediaType::Pdf) } else { Err(FileFault::Unreadable) };
                    Command::Finish { work: any(n), found: Some(found(verdict)) }
                }
                Step::Withdraw(n) => Command::Withdraw { work: any(n) },
                Step::Wait(hours) => {
                    hour += hours;
                    continue;
                }
            };
            let decided = ready(events.clone()).at(at(hour)).when(command).0;
            for mut event in decided.unwrap_or_default() {
                // Every command has the same request id here, so new works are told apart by hand.
                if let UploadsEvent::WorkBegun { work: id, .. } = &mut event {
                    *id = work(works.len() as u128);
                    works.push(*id);
                }
                events.push(event);
            }
            let mut state = Works::default();
            events.iter().for_each(|event| state.evolve(event));
            let handed_in = |of: Of| {
                let counts = |work: &&Work| Of::from(work.kind) == of && work.stage == Stage::HandedIn;
                state.works.values().filter(counts).count()
            };
            let (outcomes, performances) = (Of::Outcomes(semester()), Of::Performances(year()));
            prop_assert!(state.count(outcomes, at(hour)) <= usize::from(OUTCOMES));
            prop_assert!(state.count(performances, at(hour)) <= usize::from(PERFORMANCES));
            prop_assert!(handed_in(outcomes) <= usize::from(OUTCOMES));
            prop_assert!(handed_in(performances) <= usize::from(PERFORMANCES));
        }
    }
}
