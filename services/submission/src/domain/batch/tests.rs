use events::spec::Given;
use events::{GovernanceEvent, LockedWork, PolicyTerms, Problem, WorkKind};
use kernel::{CourseId, Instant, LedgerId, PersonId, Refusal as _, Semester, Window, WorkId};
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const OTHER: PersonId = PersonId::new(Uuid::from_u128(2));
const WORK: WorkId = WorkId::new(Uuid::from_u128(3));
const LEDGER: LedgerId = LedgerId::new(Uuid::from_u128(4));

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn at(day: i64) -> Instant {
    Instant::from_micros(day * 86_400_000_000)
}

fn policy() -> GovernanceEvent {
    let window = Window { from: at(10), until: at(20) };
    let terms = PolicyTerms {
        outcomes_per_semester_max: 3,
        performances_per_year_max: 20,
        outcomes_selected_max: 6,
        performances_selected_max: 10,
        performance_upload: window,
        selection: window,
        semesters: [].into(),
    };
    GovernanceEvent::PolicyAdopted { year: year(), version: 1, from: at(0), terms }
}

fn selection(student: PersonId) -> String {
    format!("selection-{student}-114")
}

fn ticked(student: PersonId) -> SubmissionEvent {
    let commitment = Public("b".into());
    SubmissionEvent::OutcomeTicked { student, year: year(), work: WORK, commitment, certificate: 1 }
}

fn locked(student: PersonId) -> SubmissionEvent {
    let semester: Semester = "114-1".parse().unwrap();
    let kind = WorkKind::Outcome { course: CourseId::new(Uuid::nil()), semester };
    let work = LockedWork { work: WORK, kind, commitment: Public("b".into()), certificate: Some(1) };
    SubmissionEvent::SelectionLocked { student, year: year(), works: vec![work] }
}

fn prepared(round: u16) -> SubmissionEvent {
    SubmissionEvent::BatchPrepared { year: year(), round }
}

fn batch_locked(students: u32, items: u32) -> SubmissionEvent {
    SubmissionEvent::BatchLocked { year: year(), round: 1, students, items }
}

fn checked(findings: u32, blocking: u32) -> SubmissionEvent {
    SubmissionEvent::BatchChecked { year: year(), round: 1, findings, blocking }
}

fn approved() -> SubmissionEvent {
    SubmissionEvent::BatchApproved { year: year(), round: 1 }
}

fn package() -> FileId {
    events::package_of(LEDGER, year(), 1, "rows")
}

fn built() -> SubmissionEvent {
    SubmissionEvent::PackageBuilt {
        year: year(),
        round: 1,
        package: package(),
        students: 1,
        items: 1,
        size: 7,
        segments: 1,
        sha256: Personal::new(Owner::package(package()), "c".into()),
        sealed_sha256: Public("d".into()),
    }
}

fn transferred() -> SubmissionEvent {
    SubmissionEvent::BatchTransferred { year: year(), round: 1, package: package() }
}

fn reconciled(missing: u32) -> SubmissionEvent {
    SubmissionEvent::ReceiptReconciled {
        year: year(),
        round: 1,
        received: 0,
        missing,
        altered: 0,
        doubled: 0,
        unknown: 0,
    }
}

fn issued(verdict: events::ItemVerdict) -> SubmissionEvent {
    let items = vec![events::ReceiptItem { work: WORK, verdict }];
    SubmissionEvent::ReceiptIssued { student: STUDENT, year: year(), round: 1, items, until: at(33) }
}

/// After these events of the batch's own, with one student's selection, the window closed.
fn given(events: impl IntoIterator<Item = SubmissionEvent>) -> Given<Batch> {
    Given::events(events).known("policy-114", policy()).known(&selection(STUDENT), ticked(STUDENT)).at(at(30))
}

const PREPARE: fn() -> Command = || Command::Prepare { year: year() };

#[test]
fn s_3_a_batch_goes_from_selections_to_a_reconciled_receipt() {
    given([]).when(PREPARE()).then([prepared(1)]);
    let lock = Command::Lock { year: year(), round: 1 };
    given([prepared(1)]).known(&selection(STUDENT), locked(STUDENT)).when(lock).then([batch_locked(1, 1)]);
    let check = Command::Check { year: year(), findings: Vec::new() };
    given([prepared(1), batch_locked(1, 1)]).when(check).then([checked(0, 0)]);
    let approve = Command::Approve { year: year() };
    given([prepared(1), batch_locked(1, 1), checked(0, 0)]).when(approve).then([approved()]);
    let history = [prepared(1), batch_locked(1, 1), checked(0, 0), approved()];
    let found = Built {
        package: Package { file: package(), size: 7, segments: 1 },
        students: 1,
        items: 1,
        sha256: "c".into(),
        sealed_sha256: "d".into(),
    };
    given(history.clone()).when(Command::Build { year: year(), round: 1, built: found }).then([built()]);
    let history = history.into_iter().chain([built()]);
    let transfer = Command::Transfer { year: year(), round: 1 };
    given(history.clone()).when(transfer).then([transferred()]);
    let history = history.chain([transferred()]);
    let counts = Counts { missing: 1, ..Counts::default() };
    given(history).when(Command::Reconcile { year: year(), round: 1, counts }).then([reconciled(1)]);
}

#[test]
fn s_3_what_was_missing_is_another_round_and_what_was_received_is_none() {
    let over = || [prepared(1), batch_locked(1, 1), checked(0, 0), approved(), built(), transferred()];
    let receipt = format!("receipt-{STUDENT}-114");
    let sent = |verdict| {
        // In the ledger's order: the lock came after the batch was prepared.
        given(over().into_iter().chain([reconciled(1)]))
            .known("batch-114", prepared(1))
            .known(&selection(STUDENT), locked(STUDENT))
            .known(&receipt, issued(verdict))
    };
    sent(events::ItemVerdict::Missing).when(PREPARE()).then([prepared(2)]);
    sent(events::ItemVerdict::Altered).when(PREPARE()).then([prepared(2)]);
    for verdict in [events::ItemVerdict::Received, events::ItemVerdict::Doubled] {
        sent(verdict).when(PREPARE()).then_refused(Refusal::NothingToSend { year: year() });
    }
}

#[test]
fn s_3_refuses_a_batch_while_students_select() {
    let refusal = Refusal::SelectionOpen { until: at(20) };
    given([]).at(Instant::from_micros(at(20).micros() - 1)).when(PREPARE()).then_refused(refusal.clone());
    given([]).at(at(20)).when(PREPARE()).then([prepared(1)]);
    assert_eq!(refusal.metadata(), [("until", at(20).to_string())]);
}

#[test]
fn g3_refuses_a_batch_without_a_policy() {
    let given = Given::<Batch>::events([]).known(&selection(STUDENT), ticked(STUDENT)).at(at(30));
    given.when(PREPARE()).then_refused(Refusal::NoPolicy { year: year() });
}

#[test]
fn s_3_refuses_a_batch_of_nothing() {
    let given = Given::<Batch>::events([]).known("policy-114", policy()).at(at(30));
    given.when(PREPARE()).then_refused(Refusal::NothingToSend { year: year() });
}

#[test]
fn s_3_refuses_a_second_round_while_one_is_under_way() {
    let refusal = Refusal::UnderWay { round: 1 };
    let history = [prepared(1), batch_locked(1, 1), checked(0, 0), approved(), built(), transferred()];
    for n in 1..=history.len() {
        let history = history.iter().take(n).cloned();
        given(history).when(PREPARE()).then_refused(refusal.clone());
    }
    let check = Command::Check { year: year(), findings: Vec::new() };
    given(history).when(check).then_refused(refusal);
}

#[test]
fn s_3_refuses_to_check_before_everything_is_locked() {
    let check = || Command::Check { year: year(), findings: Vec::new() };
    given([]).when(check()).then_refused(Refusal::NotPrepared { year: year() });
    given([prepared(1)]).when(check()).then_refused(Refusal::NotLocked { round: 1 });
}

#[test]
fn s_3_refuses_to_approve_what_is_not_checked_or_found_damaged() {
    let approve = || Command::Approve { year: year() };
    given([]).when(approve()).then_refused(Refusal::NotPrepared { year: year() });
    given([prepared(1), batch_locked(1, 1)]).when(approve()).then_refused(Refusal::NotChecked { round: 1 });
    let found = [prepared(1), batch_locked(1, 1), checked(3, 2)];
    given(found.clone()).when(approve()).then_refused(Refusal::Blocked { blocking: 2 });
    given(found.into_iter().chain([checked(1, 0)])).when(approve()).then([approved()]);
}

#[test]
fn s_3_findings_are_noted_some_at_a_time_and_counted() {
    let finding = |problem| Finding { student: OTHER, work: Some(WORK), problem };
    let mut findings = vec![finding(Problem::CourseNotSubmittable); FINDINGS_AT_ONCE];
    findings.push(finding(Problem::FileDamaged));
    let noted = |findings: &[Finding]| {
        let findings = findings.to_vec();
        SubmissionEvent::FindingsNoted { year: year(), round: 1, findings }
    };
    let (first, last) = findings.split_at(FINDINGS_AT_ONCE);
    let check = Command::Check { year: year(), findings: findings.clone() };
    let expected = [noted(first), noted(last), checked(201, 1)];
    given([prepared(1), batch_locked(1, 1)]).when(check).then(expected);
}

#[test]
fn s_3_what_follows_is_done_once_and_in_its_round() {
    let history = [prepared(1), batch_locked(1, 1), checked(0, 0), approved(), built(), transferred()];
    let follow = |round| {
        [
            Command::Lock { year: year(), round },
            Command::Transfer { year: year(), round },
            Command::Reconcile { year: year(), round: round + 1, counts: Counts::default() },
        ]
    };
    for command in follow(1) {
        given(history.clone()).when(command).then([]);
    }
    for command in follow(0) {
        given([prepared(1)]).when(command).then([]);
    }
    given(history).when(Command::Approve { year: year() }).then([]);
}
