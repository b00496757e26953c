//! One of each event.

use std::collections::BTreeMap;

use events::{
    ArchiveEvent, Category, CertificationEvent, Compartments, Detail, FileDescription, Finding,
    GovernanceEvent, HoldScope, ItemVerdict, Leaving, LockedWork, PolicyTerms, Problem, ReceiptItem,
    RecordsEvent, SemesterTerms, StudentData, SubmissionEvent, UntickReason, UploadsEvent, WorkKind,
};
use kernel::{
    ClassId, Compartment, CourseId, Date, Duty, FileId, Instant, Office, Owner, Personal, Public, SchoolYear,
    Semester, Term, Window, WorkId,
};
use uuid::Uuid;

use super::{LEDGER, STUDENT, TEACHER};

const CLASS: ClassId = ClassId::new(Uuid::from_u128(0xc1));
const COURSE: CourseId = CourseId::new(Uuid::from_u128(0xc0));
const WORK: WorkId = WorkId::new(Uuid::from_u128(0x30));
const FILE: FileId = FileId::new(Uuid::from_u128(0xf1));

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn semester() -> Semester {
    Semester::new(year(), Term::First)
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn window() -> Window {
    Window::try_new(at("2026-01-05T00:00:00Z"), at("2026-01-16T16:00:00Z")).unwrap()
}

fn hex64(of: &str) -> Public<String> {
    Public(of.repeat(32))
}

/// A value of a student's, a member of the staff's, a work's.
fn identity(value: &str) -> Personal<String> {
    Personal::new(Owner::identity(STUDENT), value.to_owned())
}

fn staff(value: &str) -> Personal<String> {
    Personal::new(Owner::new(TEACHER, Compartment::Staff), value.to_owned())
}

fn of_work(value: &str) -> Personal<String> {
    Personal::new(Owner::work(STUDENT, WORK), value.to_owned())
}

/// What governance records.
pub(super) fn governance() -> Vec<GovernanceEvent> {
    let terms = PolicyTerms {
        outcomes_per_semester_max: 5,
        performances_per_year_max: 20,
        outcomes_selected_max: 6,
        performances_selected_max: 10,
        performance_upload: window(),
        selection: window(),
        semesters: BTreeMap::from([(
            semester(),
            SemesterTerms { upload: window(), certification: window() },
        )]),
    };
    let (office, person, from) = (Office::Registrar, TEACHER, at("2025-08-01T00:00:00Z"));
    vec![
        GovernanceEvent::LedgerOpened {
            ledger: LEDGER,
            code: Public("353301".into()),
            name: Public("測試高級中學".into()),
            checkpoint_key: Public("licheng/ledger+0a1b2c3d+AQID".into()),
        },
        GovernanceEvent::OfficerNamed { person: TEACHER, name: staff("王校長") },
        GovernanceEvent::OfficeSeated { office, person, from },
        GovernanceEvent::OfficeVacated { office, person, from },
        GovernanceEvent::DutyAssigned {
            duty: Duty::ImportRoster,
            offices: vec![Office::Registrar, Office::ItOffice],
        },
        GovernanceEvent::PolicyAdopted { year: year(), version: 1, from, terms },
    ]
}

/// What records records.
pub(super) fn records() -> Vec<RecordsEvent> {
    let basic = || StudentData {
        roster_id: identity("stu-1"),
        username: identity("s114001"),
        number: identity("114001"),
        name: identity("林武雄"),
        identity_number: Some(identity("A123456789")),
        birth_date: Some(identity("2009-09-01")),
        grade: 10,
    };
    let (student, teacher, course, class, semester) = (STUDENT, TEACHER, COURSE, CLASS, semester());
    vec![
        RecordsEvent::StudentRegistered { student, basic: basic() },
        RecordsEvent::StudentCorrected { student, basic: basic() },
        RecordsEvent::StudentPlaced { student, class, from: None, year: year() },
        RecordsEvent::StudentGraduated { student, year: year(), on: Date::constant(2026, 6, 5) },
        RecordsEvent::StudentLeft { student, on: Date::constant(2026, 3, 2), why: Leaving::Suspended },
        RecordsEvent::StudentReturned { student, on: Date::constant(2026, 4, 1) },
        RecordsEvent::StaffRegistered {
            staff: TEACHER,
            roster_id: staff("tea-1"),
            username: staff("t0001"),
            name: staff("許俊賢"),
        },
        RecordsEvent::StaffCorrected { staff: TEACHER, username: staff("t0001"), name: staff("許俊") },
        RecordsEvent::ClassOpened {
            class,
            roster_id: Public("class-1".into()),
            year: year(),
            grade: 10,
            title: Public("10年01班".into()),
        },
        RecordsEvent::HomeroomAssigned { class, teacher },
        RecordsEvent::CourseOffered {
            course,
            roster_id: Public("course-1".into()),
            semester,
            title: Public("地理".into()),
            code: Public("GEO-1".into()),
            submittable: false,
        },
        RecordsEvent::TeacherAssigned { course, teacher },
        RecordsEvent::TeacherReleased { course, teacher },
        RecordsEvent::CourseTaken { student, course, semester },
        RecordsEvent::CourseDropped { student, course, semester },
    ]
}

/// What uploads records.
pub(super) fn uploads() -> Vec<UploadsEvent> {
    let description = |md5: Option<&str>| FileDescription {
        name: of_work("地理報告.pdf"),
        sha256: of_work(&"ab".repeat(32)),
        md5: md5.map(of_work),
    };
    let (student, work, file, category) = (STUDENT, WORK, FILE, Category::Competition);
    let (semester, year) = (semester(), year());
    let kind = WorkKind::Outcome { course: COURSE, semester };
    let found = || (hex64("c0"), hex64("5e"), Public("application/pdf".to_owned()), description(Some("0f")));
    let (commitment, sealed_sha256, media_type, described) = found();
    let outcome = UploadsEvent::OutcomeSubmitted {
        student,
        work,
        course: COURSE,
        semester,
        file,
        size: 1_048_577,
        segments: 2,
        media_type,
        commitment,
        sealed_sha256,
        description: described,
    };
    let (commitment, sealed_sha256, media_type, described) = found();
    let performance = UploadsEvent::PerformanceSubmitted {
        student,
        work,
        category,
        year,
        file,
        size: 1_048_577,
        segments: 2,
        media_type,
        commitment,
        sealed_sha256,
        description: described,
    };
    let begun = UploadsEvent::WorkBegun {
        student,
        work,
        kind,
        title: of_work("河階地形"),
        summary: of_work("實察大漢溪河階。"),
        file,
        declared: description(None),
        size: 1_048_577,
        until: at("2026-01-07T00:00:00Z"),
        salt: of_work(&"5a".repeat(32)),
        details: vec![Detail { name: Public("level".into()), value: of_work("3") }],
    };
    let refused = UploadsEvent::FileRefused {
        student,
        work,
        kind: WorkKind::Performance { category, year },
        reason: Public("ENCRYPTED_FILE".into()),
    };
    vec![begun, outcome, performance, refused, UploadsEvent::WorkWithdrawn { student, work, kind }]
}

/// What certification records.
pub(super) fn certification() -> Vec<CertificationEvent> {
    let (student, work, course, teacher, semester) = (STUDENT, WORK, COURSE, TEACHER, semester());
    let commitment = hex64("c0");
    vec![
        CertificationEvent::WorkCertified {
            student,
            work,
            course,
            semester,
            teacher,
            commitment: commitment.clone(),
        },
        CertificationEvent::WorkReturned {
            student,
            work,
            course,
            teacher,
            reason: of_work("請補上資料來源。"),
            commitment,
        },
        CertificationEvent::CertificationRevoked {
            student,
            work,
            course,
            semester,
            teacher,
            reason: of_work("認證錯誤。"),
        },
    ]
}

fn selection() -> Vec<SubmissionEvent> {
    let (student, year, work) = (STUDENT, year(), WORK);
    let commitment = hex64("c0");
    let kind = WorkKind::Outcome { course: COURSE, semester: semester() };
    let locked = LockedWork { work, kind, commitment: commitment.clone(), certificate: Some(1) };
    vec![
        SubmissionEvent::OutcomeTicked {
            student,
            year,
            work,
            commitment: commitment.clone(),
            certificate: 1,
        },
        SubmissionEvent::OutcomeUnticked { student, year, work, why: UntickReason::Revoked },
        SubmissionEvent::PerformanceTicked { student, year, work, commitment },
        SubmissionEvent::PerformanceUnticked { student, year, work, why: UntickReason::Asked },
        SubmissionEvent::SelectionLocked { student, year, works: vec![locked] },
    ]
}

fn batch() -> Vec<SubmissionEvent> {
    let (year, round, package) = (year(), 1, FILE);
    vec![
        SubmissionEvent::BatchPrepared { year, round },
        SubmissionEvent::BatchLocked { year, round, students: 300, items: 2_400 },
        SubmissionEvent::FindingsNoted {
            year,
            round,
            findings: vec![Finding {
                student: STUDENT,
                work: Some(WORK),
                problem: Problem::CourseNotSubmittable,
            }],
        },
        SubmissionEvent::BatchChecked { year, round, findings: 3, blocking: 0 },
        SubmissionEvent::BatchApproved { year, round },
        SubmissionEvent::PackageBuilt {
            year,
            round,
            package,
            students: 300,
            items: 2_400,
            size: 104_857_601,
            segments: 101,
            sha256: Personal::new(Owner::package(package), "ab".repeat(32)),
            sealed_sha256: hex64("5e"),
        },
        SubmissionEvent::BatchTransferred { year, round, package },
        SubmissionEvent::ReceiptReconciled {
            year,
            round,
            received: 2_397,
            missing: 1,
            altered: 1,
            doubled: 1,
            unknown: 0,
        },
    ]
}

fn receipt() -> Vec<SubmissionEvent> {
    let (student, year, round, work) = (STUDENT, year(), 1, WORK);
    let of_coursework =
        |text: &str| Personal::new(Owner::new(STUDENT, Compartment::Coursework), text.to_owned());
    let on = Date::constant(2026, 8, 10);
    vec![
        SubmissionEvent::ReceiptIssued {
            student,
            year,
            round,
            items: vec![ReceiptItem { work, verdict: ItemVerdict::Altered }],
            until: at("2026-08-13T16:00:00Z"),
        },
        SubmissionEvent::ReceiptConfirmed { student, year, round },
        SubmissionEvent::ReceiptDisputed {
            student,
            year,
            round,
            works: vec![work],
            text: of_coursework("檔案不是我上傳的版本。"),
            due: at("2026-08-13T16:00:00Z"),
        },
        SubmissionEvent::DisputeFellLate { student, year, round },
        SubmissionEvent::DisputeAnswered {
            student,
            year,
            round,
            again: vec![work],
            text: of_coursework("查明屬實，將重新提交。"),
            until: at("2026-08-16T16:00:00Z"),
        },
        SubmissionEvent::LetterPosted { student, year, round, on },
        SubmissionEvent::LetterAnswered { student, year, round, on, confirmed: true },
    ]
}

/// What submission records.
pub(super) fn submission() -> Vec<SubmissionEvent> {
    [selection(), batch(), receipt()].concat()
}

/// What archive records.
pub(super) fn archive() -> Vec<ArchiveEvent> {
    let (student, reader, by, until) = (STUDENT, TEACHER, TEACHER, at("2029-06-05T16:00:00Z"));
    let scope = HoldScope::Student { student };
    vec![
        ArchiveEvent::PortfolioSealed { student, until },
        ArchiveEvent::AccessRequested { student, reader, reason: staff("升學輔導") },
        ArchiveEvent::AccessGranted { student, reader, until },
        ArchiveEvent::AccessDeclined { student, reader },
        ArchiveEvent::HoldPlaced { scope, reason: staff("訴願中") },
        ArchiveEvent::HoldReleased { scope: HoldScope::Class { class: CLASS } },
        ArchiveEvent::ErasureRequested { student, by },
        ArchiveEvent::ErasureApproved { student, by, starts: until },
        ArchiveEvent::ErasureCancelled { student },
        ArchiveEvent::ErasureStarted { student },
        ArchiveEvent::ErasureCompleted {
            student,
            destroyed: Compartments { identity: 1, works: 16, ..Compartments::default() },
            files: 16,
            claims: 4,
            packages: 3,
        },
    ]
}
