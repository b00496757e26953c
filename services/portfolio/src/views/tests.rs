//! Events as they stand in a ledger, and what all views have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use events::{
    AnyEvent, Category, CertificationEvent, FileDescription, Recorded, RecordsEvent, StudentData,
    SubmissionEvent, UntickReason, UploadsEvent, WorkKind, spec,
};
use eventstore::project::View;
use kernel::{
    ClassId, CourseId, FileId, Instant, PersonId, Personal, Public, SchoolYear, SealedValue, Semester, WorkId,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::projections;

pub(super) const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
pub(super) const OTHER: PersonId = PersonId::new(Uuid::from_u128(2));
pub(super) const TEACHER: PersonId = PersonId::new(Uuid::from_u128(3));
pub(super) const COURSE: CourseId = CourseId::new(Uuid::from_u128(4));
pub(super) const CLASS: ClassId = ClassId::new(Uuid::from_u128(5));
pub(super) const NEXT: ClassId = ClassId::new(Uuid::from_u128(6));
pub(super) const WORK: WorkId = WorkId::new(Uuid::from_u128(7));
pub(super) const SECOND: WorkId = WorkId::new(Uuid::from_u128(8));

pub(super) fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

pub(super) fn semester() -> Semester {
    "114-1".parse().unwrap()
}

pub(super) fn outcome() -> WorkKind {
    WorkKind::Outcome { course: COURSE, semester: semester() }
}

pub(super) fn performance() -> WorkKind {
    WorkKind::Performance { category: Category::Piece, year: year() }
}

/// A value as it is at rest; no test here has a key for it.
pub(super) fn sealed(of: &str) -> Personal<String> {
    let (p, n, c) = (format!("/{of}"), "n".into(), "c".into());
    Personal::Sealed(SealedValue { kid: format!("{STUDENT}/identity"), e: Uuid::nil(), p, n, c })
}

pub(super) fn basic(of: &str) -> StudentData {
    StudentData {
        roster_id: sealed("roster_id"),
        username: sealed("username"),
        number: sealed(&format!("{of}/number")),
        name: sealed(&format!("{of}/name")),
        identity_number: Some(sealed("identity_number")),
        birth_date: None,
        grade: 10,
    }
}

pub(super) fn placed(student: PersonId, class: ClassId, from: Option<ClassId>, year: u16) -> RecordsEvent {
    let year = SchoolYear::try_new(year).unwrap();
    RecordsEvent::StudentPlaced { student, class, from, year }
}

pub(super) fn assigned(course: CourseId) -> RecordsEvent {
    RecordsEvent::TeacherAssigned { course, teacher: TEACHER }
}

pub(super) fn released(course: CourseId) -> RecordsEvent {
    RecordsEvent::TeacherReleased { course, teacher: TEACHER }
}

pub(super) fn description(of: &str) -> FileDescription {
    FileDescription { name: sealed(of), sha256: sealed("sha256"), md5: None }
}

pub(super) fn begun(work: WorkId, kind: WorkKind) -> UploadsEvent {
    UploadsEvent::WorkBegun {
        student: STUDENT,
        work,
        kind,
        title: sealed("title"),
        summary: sealed("summary"),
        file: FileId::new(Uuid::nil()),
        declared: description("declared/name"),
        size: 7,
        until: Instant::default(),
        salt: sealed("salt"),
        details: Vec::new(),
    }
}

pub(super) fn submitted(work: WorkId) -> UploadsEvent {
    UploadsEvent::OutcomeSubmitted {
        student: STUDENT,
        work,
        course: COURSE,
        semester: semester(),
        file: FileId::new(Uuid::nil()),
        size: 7,
        segments: 1,
        media_type: Public("image/png".into()),
        commitment: Public("ab".into()),
        sealed_sha256: Public("cd".into()),
        description: description("description/name"),
    }
}

pub(super) fn performed(work: WorkId) -> UploadsEvent {
    UploadsEvent::PerformanceSubmitted {
        student: STUDENT,
        work,
        category: Category::Piece,
        year: year(),
        file: FileId::new(Uuid::nil()),
        size: 7,
        segments: 1,
        media_type: Public("image/png".into()),
        commitment: Public("ab".into()),
        sealed_sha256: Public("cd".into()),
        description: description("description/name"),
    }
}

pub(super) fn refused(work: WorkId, kind: WorkKind) -> UploadsEvent {
    UploadsEvent::FileRefused { student: STUDENT, work, kind, reason: Public("EMPTY_FILE".into()) }
}

pub(super) fn withdrawn(work: WorkId, kind: WorkKind) -> UploadsEvent {
    UploadsEvent::WorkWithdrawn { student: STUDENT, work, kind }
}

pub(super) fn certified(work: WorkId) -> CertificationEvent {
    CertificationEvent::WorkCertified {
        student: STUDENT,
        work,
        course: COURSE,
        semester: semester(),
        teacher: TEACHER,
        commitment: Public("ab".into()),
    }
}

pub(super) fn returned(work: WorkId) -> CertificationEvent {
    let (reason, commitment) = (sealed("returned"), Public("ab".into()));
    CertificationEvent::WorkReturned {
        student: STUDENT,
        work,
        course: COURSE,
        teacher: TEACHER,
        reason,
        commitment,
    }
}

pub(super) fn revoked(work: WorkId) -> CertificationEvent {
    CertificationEvent::CertificationRevoked {
        student: STUDENT,
        work,
        course: COURSE,
        semester: semester(),
        teacher: TEACHER,
        reason: sealed("revoked"),
    }
}

pub(super) fn ticked(work: WorkId) -> SubmissionEvent {
    let commitment = Public("ab".into());
    SubmissionEvent::OutcomeTicked { student: STUDENT, year: year(), work, commitment, certificate: 1 }
}

pub(super) fn unticked(work: WorkId) -> SubmissionEvent {
    SubmissionEvent::OutcomeUnticked { student: STUDENT, year: year(), work, why: UntickReason::Revoked }
}

/// Events at positions 1, 2, 3, …, each at that many seconds.
pub(super) fn ledger(events: impl IntoIterator<Item = AnyEvent>) -> Vec<Arc<Recorded>> {
    let at = |position: u64, event| {
        let mut recorded = spec::recorded(position, "s", 1, event);
        recorded.record.time = second(position);
        Arc::new(recorded)
    };
    (1..).zip(events).map(|(position, event)| at(position, event)).collect()
}

pub(super) fn second(second: u64) -> Instant {
    Instant::from_micros(i64::try_from(second).unwrap() * 1_000_000)
}

/// The documents of a view after these events.
pub(super) fn documents<V: View>(
    events: impl IntoIterator<Item = AnyEvent>,
) -> BTreeMap<String, V::Document> {
    let mut documents: BTreeMap<String, V::Document> = BTreeMap::new();
    for event in ledger(events) {
        for key in V::keys(&event) {
            V::apply(&key, documents.entry(key.clone()).or_default(), &event);
        }
    }
    documents
}

#[test]
fn the_views_are_those_that_are_named() {
    let names: Vec<_> = projections().iter().map(|view| view.name()).collect();
    assert_eq!(names, crate::VIEWS);
}

fn any_event() -> impl Strategy<Value = AnyEvent> {
    let work = prop_oneof![Just(WORK), Just(SECOND)];
    (work, 0..18).prop_map(|(work, which): (WorkId, i32)| -> AnyEvent {
        match which {
            0 => RecordsEvent::StudentRegistered { student: STUDENT, basic: basic("first") }.into(),
            1 => RecordsEvent::StudentCorrected { student: STUDENT, basic: basic("second") }.into(),
            2 => placed(STUDENT, CLASS, None, 114).into(),
            3 => placed(STUDENT, NEXT, Some(CLASS), 114).into(),
            4 => placed(OTHER, CLASS, Some(CLASS), 115).into(),
            5 => RecordsEvent::HomeroomAssigned { class: CLASS, teacher: TEACHER }.into(),
            6 => assigned(COURSE).into(),
            7 => released(COURSE).into(),
            8 => begun(work, outcome()).into(),
            9 => begun(work, performance()).into(),
            10 => submitted(work).into(),
            11 => performed(work).into(),
            12 => refused(work, outcome()).into(),
            13 => withdrawn(work, outcome()).into(),
            14 => certified(work).into(),
            15 => returned(work).into(),
            16 => ticked(work).into(),
            _ => revoked(work).into(),
        }
    })
}

proptest! {
    /// Views never fail, whatever comes, and it doesn't matter in which pages it comes.
    #[test]
    fn any_history_folds_in_pages_as_it_folds_at_once(
        events in prop::collection::vec(any_event(), 0..40),
        page in 1_usize..7,
    ) {
        let events = ledger(events);
        for view in projections() {
            let (mut whole, mut paged) = (BTreeMap::new(), BTreeMap::new());
            view.fold(&mut whole, &events).unwrap();
            for page in events.chunks(page) {
                view.fold(&mut paged, page).unwrap();
            }
            prop_assert_eq!(whole, paged, "{}", view.name());
        }
    }
}
