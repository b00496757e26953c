use events::spec::Given;
use events::{
    Category, CertificationEvent, FileDescription, GovernanceEvent, LockedWork, PolicyTerms, RecordsEvent,
    SemesterTerms, SubmissionEvent, UploadsEvent, WorkKind,
};
use kernel::{
    CourseId, FileId, Instant, Kind, Owner, PersonId, Personal, Public, Refusal as _, SchoolYear, Semester,
    Window, WorkId,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Certificate, Command, Refusal};

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const TEACHER: PersonId = PersonId::new(Uuid::from_u128(2));
const OTHER: PersonId = PersonId::new(Uuid::from_u128(3));
const COURSE: CourseId = CourseId::new(Uuid::from_u128(4));
const WORK: WorkId = WorkId::new(Uuid::from_u128(5));
const BYTES: &str = "b1";

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn semester() -> Semester {
    "114-1".parse().unwrap()
}

fn at(day: i64) -> Instant {
    Instant::from_micros(day * 86_400_000_000)
}

fn window() -> Window {
    Window { from: at(10), until: at(20) }
}

fn policy(from: Instant) -> GovernanceEvent {
    let all = Window { from: at(0), until: at(99) };
    let terms = PolicyTerms {
        outcomes_per_semester_max: 3,
        performances_per_year_max: 20,
        outcomes_selected_max: 6,
        performances_selected_max: 10,
        performance_upload: all,
        selection: all,
        semesters: [(semester(), SemesterTerms { upload: all, certification: window() })].into(),
    };
    GovernanceEvent::PolicyAdopted { year: year(), version: 1, from, terms }
}

fn personal(text: &str) -> Personal<String> {
    Personal::new(Owner::work(STUDENT, WORK), text.to_owned())
}

fn description() -> FileDescription {
    FileDescription { name: personal("a.pdf"), sha256: personal("0"), md5: None }
}

fn begun(kind: WorkKind) -> UploadsEvent {
    UploadsEvent::WorkBegun {
        student: STUDENT,
        work: WORK,
        kind,
        title: personal("title"),
        summary: personal("summary"),
        file: FileId::new(Uuid::from_u128(6)),
        declared: description(),
        size: 1,
        until: Instant::default(),
        salt: personal("00"),
        details: Vec::new(),
    }
}

fn outcome() -> WorkKind {
    WorkKind::Outcome { course: COURSE, semester: semester() }
}

fn submitted(commitment: &str) -> UploadsEvent {
    UploadsEvent::OutcomeSubmitted {
        student: STUDENT,
        work: WORK,
        course: COURSE,
        semester: semester(),
        file: FileId::new(Uuid::from_u128(6)),
        size: 1,
        segments: 1,
        media_type: Public("application/pdf".into()),
        commitment: Public(commitment.into()),
        sealed_sha256: Public("1".into()),
        description: description(),
    }
}

fn works() -> String {
    format!("works-{STUDENT}-114")
}

/// A course with its teacher, a work that is handed in, a policy, the caller its teacher, in the window.
fn given(events: impl IntoIterator<Item = CertificationEvent>) -> Given<Certificate> {
    let course = RecordsEvent::CourseOffered {
        course: COURSE,
        roster_id: Public("c".into()),
        semester: semester(),
        title: Public("國語文".into()),
        code: Public("x".into()),
        submittable: true,
    };
    Given::events(events)
        .known(&format!("course-{COURSE}"), course)
        .known(
            &format!("course-{COURSE}"),
            RecordsEvent::TeacherAssigned { course: COURSE, teacher: TEACHER },
        )
        .known(&works(), begun(outcome()))
        .known(&works(), submitted(BYTES))
        .known("policy-114", policy(at(0)))
        .at(at(15))
        .by(TEACHER)
}

fn certify(commitment: &str) -> Command {
    Command::Certify { work: WORK, commitment: commitment.into() }
}

fn give_back(reason: &str) -> Command {
    Command::Return { work: WORK, commitment: BYTES.into(), reason: reason.into() }
}

fn revoke() -> Command {
    Command::Revoke { work: WORK, reason: "誤認證".into() }
}

fn certified(commitment: &str) -> CertificationEvent {
    CertificationEvent::WorkCertified {
        student: STUDENT,
        work: WORK,
        course: COURSE,
        semester: semester(),
        teacher: TEACHER,
        commitment: Public(commitment.into()),
    }
}

fn returned(reason: &str) -> CertificationEvent {
    CertificationEvent::WorkReturned {
        student: STUDENT,
        work: WORK,
        course: COURSE,
        teacher: TEACHER,
        reason: personal(reason),
        commitment: Public(BYTES.into()),
    }
}

fn revoked() -> CertificationEvent {
    CertificationEvent::CertificationRevoked {
        student: STUDENT,
        work: WORK,
        course: COURSE,
        semester: semester(),
        teacher: TEACHER,
        reason: personal("誤認證"),
    }
}

#[test]
fn c1_the_courses_teacher_certifies_a_work_or_returns_it_with_a_reason() {
    given([]).when(certify(BYTES)).then([certified(BYTES)]);
    given([]).when(give_back("請附引用來源")).then([returned("請附引用來源")]);
}

#[test]
fn c1_a_returned_work_may_be_certified_after_all() {
    given([returned("no")]).when(certify(BYTES)).then([certified(BYTES)]);
}

#[test]
fn c1_asking_for_what_is_so_already_changes_nothing() {
    given([certified(BYTES)]).at(at(30)).when(certify(BYTES)).then([]);
    given([returned("no")]).at(at(30)).when(give_back("no")).then([]);
    given([returned("no")]).when(give_back("no, because")).then([returned("no, because")]);
    given([certified(BYTES), revoked()]).when(revoke()).then([]);
}

#[test]
fn c1_refuses_a_work_that_nobody_began() {
    Given::<Certificate>::nothing().by(TEACHER).when(certify(BYTES)).then_refused(Refusal::UnknownWork);
    assert_eq!(Refusal::UnknownWork.kind(), Kind::NotFound);
}

#[test]
fn c1_refuses_a_performance_which_needs_no_certification() {
    let kind = WorkKind::Performance { category: Category::Piece, year: year() };
    let given = Given::<Certificate>::nothing().known(&works(), begun(kind)).by(TEACHER);
    given.when(certify(BYTES)).then_refused(Refusal::NeedsNoCertification);
}

#[test]
fn s4_3_2_refuses_a_teacher_of_another_course() {
    for command in [certify(BYTES), give_back("no"), revoke()] {
        given([certified(BYTES)]).by(OTHER).when(command).then_refused(Refusal::AnothersCourse);
    }
    assert_eq!(Refusal::AnothersCourse.kind(), Kind::PermissionDenied);
}

#[test]
fn s4_3_2_refuses_a_teacher_who_no_longer_has_the_course() {
    let released = RecordsEvent::TeacherReleased { course: COURSE, teacher: TEACHER };
    let given = given([]).known(&format!("course-{COURSE}"), released);
    given.when(certify(BYTES)).then_refused(Refusal::AnothersCourse);
}

#[test]
fn s4_3_1_refuses_a_work_that_is_not_handed_in() {
    let (student, work, kind) = (STUDENT, WORK, outcome());
    let withdrawn = UploadsEvent::WorkWithdrawn { student, work, kind };
    let refused = UploadsEvent::FileRefused { student, work, kind, reason: Public("NOT_A_PDF".into()) };
    for event in [withdrawn, refused] {
        let given = given([]).known(&works(), event);
        given.when(certify(BYTES)).then_refused(Refusal::NotHandedIn);
        given.when(give_back("no")).then_refused(Refusal::NotHandedIn);
    }
}

#[test]
fn c3_refuses_other_bytes_than_those_handed_in() {
    let refusal = Refusal::OtherBytes { expected: "b2".into() };
    let given = given([]).known(&works(), submitted("b2"));
    given.when(certify(BYTES)).then_refused(refusal.clone());
    given.when(give_back("no")).then_refused(refusal.clone());
    assert_eq!(refusal.metadata(), [("expected", "b2".to_owned())]);
}

#[test]
fn g3_refuses_where_no_policy_says_when() {
    let course = format!("course-{COURSE}");
    let offered = RecordsEvent::CourseOffered {
        course: COURSE,
        roster_id: Public("c".into()),
        semester: semester(),
        title: Public("t".into()),
        code: Public("x".into()),
        submittable: true,
    };
    let given = Given::<Certificate>::nothing()
        .known(&course, offered)
        .known(&course, RecordsEvent::TeacherAssigned { course: COURSE, teacher: TEACHER })
        .known(&works(), submitted(BYTES))
        .known("policy-114", policy(at(16)))
        .by(TEACHER);
    let refusal = Refusal::NoPolicy { semester: semester() };
    given.at(at(15)).when(certify(BYTES)).then_refused(refusal);
}

#[test]
fn s4_3_2_refuses_outside_the_window_by_a_microsecond() {
    let last = Instant::from_micros(window().until.micros() - 1);
    given([]).at(window().from).when(certify(BYTES)).then([certified(BYTES)]);
    given([]).at(last).when(certify(BYTES)).then([certified(BYTES)]);
    let early = Instant::from_micros(window().from.micros() - 1);
    for now in [early, window().until] {
        let refusal = Refusal::WindowClosed { window: window(), now };
        given([]).at(now).when(certify(BYTES)).then_refused(refusal.clone());
        given([]).at(now).when(give_back("no")).then_refused(refusal);
    }
}

#[test]
fn c5_revokes_a_certification_at_any_time_and_certifies_anew_within_the_window() {
    given([certified(BYTES)]).at(at(90)).when(revoke()).then([revoked()]);
    given([certified(BYTES), revoked()]).when(certify(BYTES)).then([certified(BYTES)]);
}

#[test]
fn c5_refuses_to_return_what_is_certified() {
    given([certified(BYTES)]).when(give_back("no")).then_refused(Refusal::AlreadyCertified);
}

#[test]
fn c5_refuses_to_revoke_what_is_not_certified() {
    given([]).when(revoke()).then_refused(Refusal::NotCertified);
    given([returned("no")]).when(revoke()).then_refused(Refusal::NotCertified);
}

/// A lock of these works, as submission records it.
fn locked(works: &[WorkId]) -> SubmissionEvent {
    let works = works.iter().map(|work| LockedWork {
        work: *work,
        kind: outcome(),
        commitment: Public(BYTES.into()),
        certificate: Some(1),
    });
    SubmissionEvent::SelectionLocked { student: STUDENT, year: year(), works: works.collect() }
}

#[test]
fn c5_refuses_to_revoke_what_is_locked_for_submission() {
    let selection = format!("selection-{STUDENT}-114");
    let given = given([certified(BYTES)]).known(&selection, locked(&[WORK]));
    given.when(revoke()).then_refused(Refusal::Locked);
    assert_eq!((Refusal::Locked.reason(), Refusal::Locked.clause().id()), ("CERTIFICATE_LOCKED", "C5"));
    // It stays certified, and asking for that changes nothing.
    given.when(certify(BYTES)).then([]);
}

#[test]
fn c5_what_was_revoked_before_the_lock_stays_so() {
    let selection = format!("selection-{STUDENT}-114");
    let others = locked(&[WorkId::new(Uuid::from_u128(99))]);
    given([certified(BYTES), revoked()]).known(&selection, others.clone()).when(revoke()).then([]);
    // A lock of others' works leaves this one to its teacher.
    given([certified(BYTES)]).known(&selection, others).when(revoke()).then([revoked()]);
}

proptest! {
    /// Whatever is asked: certified is exactly what was certified last and neither returned nor revoked since.
    #[test]
    fn c3_any_sequence_leaves_one_certificate_for_the_bytes_handed_in(steps in prop::collection::vec(0_u8..4, 0..40)) {
        let mut events: Vec<CertificationEvent> = Vec::new();
        for step in steps {
            let command = match step {
                0 => certify(BYTES),
                1 => certify("others"),
                2 => give_back("no"),
                _ => revoke(),
            };
            events.extend(given(events.clone()).when(command).0.unwrap_or_default());
        }
        let commitments = events.iter().filter_map(|event| match event {
            CertificationEvent::WorkCertified { commitment, .. } => Some(commitment.0.as_str()),
            CertificationEvent::WorkReturned { .. } | CertificationEvent::CertificationRevoked { .. } => None,
        });
        prop_assert!(commitments.clone().all(|commitment| commitment == BYTES));
        // A revocation follows a certification, and nothing else does but a revocation.
        for pair in events.windows(2) {
            let after = matches!(pair[0], CertificationEvent::WorkCertified { .. });
            let revokes = matches!(pair[1], CertificationEvent::CertificationRevoked { .. });
            prop_assert_eq!(after, revokes);
        }
    }
}
