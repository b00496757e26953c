use events::spec::{folded, recorded};
use events::{Basis, FileDescription, WorkKind};
use kernel::{CourseId, Owner, Personal, Public};
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const OTHER: PersonId = PersonId::new(Uuid::from_u128(2));
const CLASS: ClassId = ClassId::new(Uuid::from_u128(3));
const NEXT: ClassId = ClassId::new(Uuid::from_u128(4));

fn year(number: u16) -> SchoolYear {
    SchoolYear::try_new(number).unwrap()
}

fn at(micros: i64) -> Instant {
    Instant::from_micros(micros)
}

fn file(n: u128) -> FileId {
    FileId::new(Uuid::from_u128(100 + n))
}

fn kind() -> WorkKind {
    WorkKind::Outcome { course: CourseId::new(Uuid::nil()), semester: "114-1".parse().unwrap() }
}

/// The n-th work, its file coming.
fn begun(student: PersonId, n: u128) -> (String, AnyEvent) {
    let personal = || Personal::new(Owner::identity(student), String::new());
    let declared = FileDescription { name: personal(), sha256: personal(), md5: None };
    let event = UploadsEvent::WorkBegun {
        student,
        work: WorkId::new(Uuid::from_u128(n)),
        kind: kind(),
        title: personal(),
        summary: personal(),
        file: file(n),
        declared,
        size: 1,
        until: at(1),
        salt: personal(),
        details: Vec::new(),
    };
    (format!("works-{student}-114"), event.into())
}

fn withdrawn(n: u128) -> (String, AnyEvent) {
    let work = WorkId::new(Uuid::from_u128(n));
    (
        format!("works-{STUDENT}-114"),
        UploadsEvent::WorkWithdrawn { student: STUDENT, work, kind: kind() }.into(),
    )
}

fn locked(student: PersonId, year: SchoolYear) -> (String, AnyEvent) {
    let event = SubmissionEvent::SelectionLocked { student, year, works: Vec::new() };
    (format!("selection-{student}-{year}"), event.into())
}

fn built(year: SchoolYear, round: u16, n: u128) -> (String, AnyEvent) {
    let package = file(n);
    let event = SubmissionEvent::PackageBuilt {
        year,
        round,
        package,
        students: 1,
        items: 1,
        size: 1,
        segments: 1,
        sha256: Personal::new(Owner::package(package), String::new()),
        sealed_sha256: Public(String::new()),
    };
    (format!("batch-{year}"), event.into())
}

#[test]
fn a2_every_file_of_the_students_works_is_deleted_and_no_other() {
    let basis: Basis<Kept> = folded([begun(STUDENT, 1), begun(STUDENT, 2), begun(OTHER, 3), withdrawn(2)]);
    let files = basis.facts.files_of(STUDENT);
    assert_eq!((files.works, files.standing), (vec![file(1), file(2)], 1));
    assert_eq!(basis.facts.files_of(OTHER).works, [file(3)]);
    assert_eq!(basis.facts.files_of(PersonId::new(Uuid::max())), Files::default());
}

#[test]
fn a2_every_package_built_after_the_students_lock_of_that_year_is_unreadable() {
    let basis: Basis<Kept> = folded([
        built(year(114), 1, 50),
        locked(STUDENT, year(114)),
        built(year(114), 2, 51),
        built(year(113), 1, 52),
        // Locked again in a later round: the earlier package holds the works still.
        locked(STUDENT, year(114)),
        built(year(114), 3, 53),
        locked(OTHER, year(114)),
    ]);
    let files = basis.facts.files_of(STUDENT);
    assert_eq!(files.packages, [file(51), file(53)]);
    assert_eq!(files.extracts, [extract_of(file(51), STUDENT), extract_of(file(53), STUDENT)]);
    assert_eq!(basis.facts.files_of(OTHER).packages, []);
}

#[test]
fn a2_what_an_erasure_took_is_no_longer_known() {
    let mut events = vec![begun(STUDENT, 1), begun(OTHER, 3)];
    let counts = (events::Compartments::default(), 1);
    let completed = ArchiveEvent::ErasureCompleted {
        student: STUDENT,
        destroyed: counts.0,
        files: counts.1,
        claims: 0,
        packages: 0,
    };
    events.push((stream(STUDENT), completed.into()));
    let basis: Basis<Kept> = folded(events);
    assert_eq!(basis.facts.files_of(STUDENT), Files::default());
    assert_eq!(basis.facts.files_of(OTHER).works, [file(3)]);
}

/// Facts that take one event after another, each at an instant.
#[derive(Default)]
struct Folding(Kept, u64);

impl Folding {
    fn take(&mut self, time: i64, event: impl Into<AnyEvent>) {
        self.1 += 1;
        let mut recorded = recorded(self.1, "any", 1, event.into());
        recorded.record.time = at(time);
        self.0.apply(&recorded);
    }

    /// When the student's erasure starts, if it does.
    fn due(&self) -> Option<i64> {
        let own = stream(STUDENT);
        let due = self.0.deadlines().due(at(i64::MAX)).find(|due| due.stream == own);
        due.map(|due| {
            assert_eq!(due.command, Command::Start(STUDENT));
            due.due.micros()
        })
    }
}

fn placed(class: ClassId) -> RecordsEvent {
    RecordsEvent::StudentPlaced { student: STUDENT, class, from: None, year: year(114) }
}

fn approved(starts: i64) -> ArchiveEvent {
    ArchiveEvent::ErasureApproved { student: STUDENT, by: OTHER, starts: at(starts) }
}

fn hold(scope: HoldScope) -> ArchiveEvent {
    ArchiveEvent::HoldPlaced { scope, reason: Personal::new(Owner::identity(OTHER), String::new()) }
}

#[test]
fn a2_an_approved_erasure_is_due_until_it_starts_or_is_cancelled() {
    let ends = [
        ArchiveEvent::ErasureCancelled { student: STUDENT },
        ArchiveEvent::ErasureStarted { student: STUDENT },
    ];
    for end in ends {
        let mut facts = Folding::default();
        assert_eq!(facts.due(), None);
        facts.take(1, approved(100));
        assert_eq!(facts.due(), Some(100));
        facts.take(2, end);
        assert_eq!(facts.due(), None);
        facts.take(3, approved(200));
        assert_eq!(facts.due(), Some(200));
    }
}

#[test]
fn a2_a_hold_lifts_the_deadline_of_those_it_covers_until_it_is_released() {
    let own = HoldScope::Student { student: STUDENT };
    for scope in [own, HoldScope::Class { class: CLASS }, HoldScope::School] {
        let mut facts = Folding::default();
        facts.take(1, placed(CLASS));
        facts.take(2, approved(100));
        facts.take(3, hold(scope));
        assert_eq!((facts.due(), facts.0.holds_on(STUDENT).collect()), (None, vec![scope]));
        facts.take(4, ArchiveEvent::HoldReleased { scope });
        assert_eq!(facts.due(), Some(100));
        // Released after its time: due from then on.
        facts.take(5, hold(scope));
        facts.take(300, ArchiveEvent::HoldReleased { scope });
        assert_eq!(facts.due(), Some(300));
    }
    let mut facts = Folding::default();
    facts.take(1, placed(CLASS));
    facts.take(2, approved(100));
    facts.take(3, hold(HoldScope::Student { student: OTHER }));
    facts.take(4, hold(HoldScope::Class { class: NEXT }));
    assert_eq!(facts.due(), Some(100));
}

#[test]
fn a2_of_two_holds_the_last_that_is_released_sets_the_deadline() {
    let own = HoldScope::Student { student: STUDENT };
    let mut facts = Folding::default();
    facts.take(1, hold(own));
    facts.take(2, hold(HoldScope::School));
    facts.take(3, approved(100));
    assert_eq!(facts.due(), None);
    facts.take(4, ArchiveEvent::HoldReleased { scope: own });
    assert_eq!(facts.due(), None);
    facts.take(200, ArchiveEvent::HoldReleased { scope: HoldScope::School });
    assert_eq!(facts.due(), Some(200));
}

#[test]
fn a2_a_hold_on_a_class_follows_where_the_student_was_last() {
    let mut facts = Folding::default();
    facts.take(1, placed(CLASS));
    facts.take(2, hold(HoldScope::Class { class: NEXT }));
    facts.take(3, approved(100));
    assert_eq!(facts.due(), Some(100));
    facts.take(4, placed(NEXT));
    assert_eq!(facts.due(), None);
    facts.take(5, placed(CLASS));
    assert_eq!(facts.due(), Some(100));
}
