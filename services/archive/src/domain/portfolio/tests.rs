use events::spec::Given;
use events::{HoldScope, RecordsEvent, StudentData};
use kernel::{ClassId, Kind, Refusal as _, SchoolYear, start_of_day_in_taipei};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const OTHER: PersonId = PersonId::new(Uuid::from_u128(2));
const READER: PersonId = PersonId::new(Uuid::from_u128(3));
const REGISTRAR: PersonId = PersonId::new(Uuid::from_u128(4));
const PRINCIPAL: PersonId = PersonId::new(Uuid::from_u128(5));
const CLASS: ClassId = ClassId::new(Uuid::from_u128(6));
const FORMER: ClassId = ClassId::new(Uuid::from_u128(7));

/// 12 June 2026, three years on, and the next day's first instant.
fn graduation() -> Date {
    Date::constant(2026, 6, 12)
}

fn sealed_until() -> Instant {
    start_of_day_in_taipei(Date::constant(2029, 6, 13))
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

const MICRO: Duration = Duration::from_micros(1);

fn registered(student: PersonId) -> RecordsEvent {
    let personal = || Personal::new(Owner::identity(student), String::new());
    let basic = StudentData {
        roster_id: personal(),
        username: personal(),
        number: personal(),
        name: personal(),
        identity_number: None,
        birth_date: None,
        grade: 12,
    };
    RecordsEvent::StudentRegistered { student, basic }
}

fn placed(class: ClassId) -> RecordsEvent {
    let year = SchoolYear::try_new(114).unwrap();
    RecordsEvent::StudentPlaced { student: STUDENT, class, from: None, year }
}

fn held(scope: HoldScope) -> ArchiveEvent {
    ArchiveEvent::HoldPlaced { scope, reason: Personal::new(Owner::identity(PRINCIPAL), String::new()) }
}

/// A school with the student, last in [`CLASS`], and another student, at the instant of the seal's date.
fn given(events: impl IntoIterator<Item = ArchiveEvent>) -> Given<Portfolio> {
    let stream = |student: PersonId| format!("student-{student}");
    Given::events(events)
        .known(&stream(STUDENT), registered(STUDENT))
        .known(&stream(OTHER), registered(OTHER))
        .known(&stream(STUDENT), placed(FORMER))
        .known(&stream(STUDENT), placed(CLASS))
        .at(sealed_until())
}

fn sealed() -> ArchiveEvent {
    ArchiveEvent::PortfolioSealed { student: STUDENT, until: sealed_until() }
}

fn asked(reader: PersonId) -> ArchiveEvent {
    let reason = Personal::new(Owner::identity(STUDENT), "推薦".into());
    ArchiveEvent::AccessRequested { student: STUDENT, reader, reason }
}

fn granted(until: Instant) -> ArchiveEvent {
    ArchiveEvent::AccessGranted { student: STUDENT, reader: READER, until }
}

fn declined() -> ArchiveEvent {
    ArchiveEvent::AccessDeclined { student: STUDENT, reader: READER }
}

fn requested() -> ArchiveEvent {
    ArchiveEvent::ErasureRequested { student: STUDENT, by: REGISTRAR }
}

fn starts() -> Instant {
    sealed_until().plus(GRACE)
}

fn approved() -> ArchiveEvent {
    ArchiveEvent::ErasureApproved { student: STUDENT, by: PRINCIPAL, starts: starts() }
}

fn cancelled() -> ArchiveEvent {
    ArchiveEvent::ErasureCancelled { student: STUDENT }
}

fn started() -> ArchiveEvent {
    ArchiveEvent::ErasureStarted { student: STUDENT }
}

fn destroyed() -> Destroyed {
    let keys = Compartments { identity: 1, works: 3, ..Compartments::default() };
    Destroyed { keys, files: 3, claims: 4, packages: 1 }
}

fn completed() -> ArchiveEvent {
    let Destroyed { keys, files, claims, packages } = destroyed();
    ArchiveEvent::ErasureCompleted { student: STUDENT, destroyed: keys, files, claims, packages }
}

fn request_access() -> Command {
    Command::RequestAccess { student: STUDENT, reason: "推薦".into() }
}

fn grant(until: Instant) -> Command {
    Command::GrantAccess { student: STUDENT, reader: READER, until }
}

fn decline() -> Command {
    Command::DeclineAccess { student: STUDENT, reader: READER }
}

fn complete() -> Command {
    Command::Complete { student: STUDENT, destroyed: destroyed() }
}

const REQUEST: Command = Command::RequestErasure(STUDENT);
const APPROVE: Command = Command::ApproveErasure(STUDENT);
const CANCEL: Command = Command::CancelErasure(STUDENT);
const START: Command = Command::Start(STUDENT);

// The seal (A1, §10).

#[test]
fn a1_a_graduate_is_sealed_for_three_whole_years() {
    let seal = |on| Command::Seal { student: STUDENT, on };
    given([]).when(seal(graduation())).then([sealed()]);
    let until = |year, month, day| ArchiveEvent::PortfolioSealed {
        student: STUDENT,
        until: start_of_day_in_taipei(Date::constant(year, month, day)),
    };
    // The day itself doesn't count, and 29 February may be missing at the other end.
    for (on, ends) in [
        ((2028, 2, 28), (2031, 3, 1)),
        ((2028, 2, 29), (2031, 3, 1)),
        ((2025, 2, 28), (2028, 3, 1)),
        ((2025, 2, 27), (2028, 2, 28)),
        ((2026, 12, 31), (2030, 1, 1)),
    ] {
        let on = Date::constant(on.0, on.1, on.2);
        given([]).when(seal(on)).then([until(ends.0, ends.1, ends.2)]);
    }
    // It ends at midnight in Taipei.
    assert_eq!(sealed_until().to_string(), "2029-06-12T16:00:00.000000Z");
    assert_eq!(RETENTION_YEARS, 3);
}

#[test]
fn a1_sealing_twice_changes_nothing() {
    let again = Command::Seal { student: STUDENT, on: Date::constant(2030, 6, 12) };
    given([sealed()]).when(again.clone()).then([]);
    given([sealed(), requested(), approved(), started()]).when(again).then([]);
}

// Access (A5).

#[test]
fn a5_access_is_requested_granted_and_requested_again() {
    let until = sealed_until().plus(seconds(60));
    given([sealed()]).by(READER).when(request_access()).then([asked(READER)]);
    given([sealed()]).by(STUDENT).when(request_access()).then([asked(STUDENT)]);
    given([sealed(), asked(READER)]).by(PRINCIPAL).when(grant(until)).then([granted(until)]);
    given([sealed(), asked(READER)]).by(PRINCIPAL).when(decline()).then([declined()]);
    for answer in [granted(until), declined()] {
        given([sealed(), asked(READER), answer]).by(READER).when(request_access()).then([asked(READER)]);
    }
}

#[test]
fn a5_what_is_so_already_changes_nothing() {
    let until = sealed_until().plus(seconds(60));
    given([sealed(), asked(READER)]).by(READER).when(request_access()).then([]);
    given([sealed(), asked(READER), granted(until)]).by(PRINCIPAL).when(grant(until)).then([]);
    given([sealed(), asked(READER), declined()]).by(PRINCIPAL).when(decline()).then([]);
}

#[test]
fn a5_refuses_access_to_what_is_not_sealed() {
    let until = sealed_until().plus(seconds(60));
    for command in [request_access(), grant(until), decline()] {
        given([]).by(PRINCIPAL).when(command).then_refused(Refusal::NotSealed);
    }
}

#[test]
fn a5_refuses_a_student_who_asks_for_anothers() {
    let refusal = Refusal::AnothersPortfolio;
    given([sealed()]).by(OTHER).when(request_access()).then_refused(refusal);
    assert_eq!(refusal.kind(), Kind::PermissionDenied);
}

#[test]
fn a5_refuses_a_grant_without_a_request_that_waits() {
    let until = sealed_until().plus(seconds(60));
    let later = until.plus(MICRO);
    let refusal = Refusal::AccessNotRequested;
    let answered = [vec![], vec![asked(OTHER)], vec![asked(READER), granted(later)]];
    for before in answered {
        let given = given([sealed()].into_iter().chain(before)).by(PRINCIPAL);
        given.when(grant(until)).then_refused(refusal);
        given.when(decline()).then_refused(refusal);
    }
    given([sealed(), asked(READER), declined()]).by(PRINCIPAL).when(grant(until)).then_refused(refusal);
}

#[test]
fn a5_refuses_a_grant_to_oneself() {
    let until = sealed_until().plus(seconds(60));
    let refusal = Refusal::AccessToOneself;
    given([sealed(), asked(READER)]).by(READER).when(grant(until)).then_refused(refusal);
    assert_eq!(refusal.kind(), Kind::PermissionDenied);
}

#[test]
fn a5_refuses_a_grant_that_is_over_or_lasts_longer_than_thirty_days() {
    let (now, most) = (sealed_until(), sealed_until().plus(seconds(30 * 86_400)));
    let given = given([sealed(), asked(READER)]).by(PRINCIPAL);
    for until in [now, now.minus(MICRO)] {
        given.when(grant(until)).then_refused(Refusal::AccessUntilPast { until, now });
    }
    for until in [now.plus(MICRO), most] {
        given.when(grant(until)).then([granted(until)]);
    }
    let until = most.plus(MICRO);
    given.when(grant(until)).then_refused(Refusal::AccessTooLong { until, most });
}

#[test]
fn a5_refuses_access_to_what_is_erased() {
    let until = sealed_until().plus(seconds(60));
    for last in [vec![started()], vec![started(), completed()]] {
        let events = [sealed(), asked(READER), requested(), approved()].into_iter().chain(last);
        let given = given(events).by(PRINCIPAL);
        for command in [request_access(), grant(until), decline()] {
            given.when(command).then_refused(Refusal::Erased);
        }
    }
}

// Erasure (§10, A2).

#[test]
fn s10_refuses_to_erase_what_is_not_sealed() {
    given([]).by(REGISTRAR).when(REQUEST).then_refused(Refusal::NothingSealed);
}

#[test]
fn s10_refuses_an_erasure_before_the_date_in_the_seal_and_not_at_it() {
    let until = sealed_until();
    for early in [seconds(86_400), MICRO] {
        let now = until.minus(early);
        let refusal = Refusal::TooEarly { until, now };
        given([sealed()]).by(REGISTRAR).at(now).when(REQUEST).then_refused(refusal);
        assert_eq!(refusal.clause().id(), "§10");
    }
    given([sealed()]).by(REGISTRAR).at(until).when(REQUEST).then([requested()]);
}

#[test]
fn a2_an_erasure_is_requested_approved_and_starts_seven_days_later() {
    given([sealed(), requested()]).by(PRINCIPAL).when(APPROVE).then([approved()]);
    assert_eq!(starts().since(sealed_until()), seconds(7 * 86_400));
    given([sealed(), requested(), approved()]).at(starts()).when(START).then([started()]);
    given([sealed(), requested(), approved(), started()]).when(complete()).then([completed()]);
}

#[test]
fn a2_asking_for_what_is_so_already_changes_nothing() {
    given([sealed(), requested()]).by(OTHER).when(REQUEST).then([]);
    given([sealed(), requested(), approved()]).by(REGISTRAR).when(REQUEST).then([]);
    given([sealed(), requested(), approved()]).by(PRINCIPAL).when(APPROVE).then([]);
    for last in [vec![started()], vec![started(), completed()]] {
        let events = [sealed(), requested(), approved()].into_iter().chain(last);
        given(events).at(starts()).when(START).then([]);
    }
    given([sealed(), requested(), approved(), started(), completed()]).when(complete()).then([]);
}

#[test]
fn a2_refuses_to_approve_or_cancel_what_nobody_requested() {
    for events in [vec![sealed()], vec![sealed(), requested(), cancelled()]] {
        for command in [APPROVE, CANCEL] {
            let refusal = Refusal::ErasureNotRequested;
            given(events.clone()).by(PRINCIPAL).when(command).then_refused(refusal);
        }
    }
}

#[test]
fn a2_refuses_an_approval_by_who_requested() {
    let refusal = Refusal::ApprovedByWhoRequested;
    given([sealed(), requested()]).by(REGISTRAR).when(APPROVE).then_refused(refusal);
    assert_eq!(refusal.kind(), Kind::PermissionDenied);
}

#[test]
fn a2_refuses_to_start_what_is_not_approved() {
    for events in
        [vec![sealed()], vec![sealed(), requested()], vec![sealed(), requested(), approved(), cancelled()]]
    {
        for command in [START, complete()] {
            given(events.clone()).at(starts()).when(command).then_refused(Refusal::ErasureNotApproved);
        }
    }
    let refusal = Refusal::ErasureNotApproved;
    given([sealed(), requested(), approved()]).at(starts()).when(complete()).then_refused(refusal);
}

#[test]
fn a2_refuses_to_start_before_the_seven_days_are_over() {
    let given = given([sealed(), requested(), approved()]).at(starts().minus(MICRO));
    given.when(START).then_refused(Refusal::ErasureNotDue { starts: starts() });
}

#[test]
fn a2_an_erasure_is_cancelled_until_it_has_started() {
    given([sealed(), requested()]).by(REGISTRAR).when(CANCEL).then([cancelled()]);
    let given = given([sealed(), requested(), approved()]).by(PRINCIPAL);
    given.at(starts().plus(seconds(1))).when(CANCEL).then([cancelled()]);
}

#[test]
fn a2_refuses_whatever_comes_after_an_erasure_has_begun() {
    for last in [vec![started()], vec![started(), completed()]] {
        let given = given([sealed(), requested(), approved()].into_iter().chain(last)).by(PRINCIPAL);
        for command in [REQUEST, APPROVE, CANCEL] {
            given.when(command).then_refused(Refusal::ErasureBegun);
        }
    }
}

#[test]
fn a2_refuses_every_step_while_a_hold_stands() {
    let scopes =
        [HoldScope::Student { student: STUDENT }, HoldScope::Class { class: CLASS }, HoldScope::School];
    let steps = [
        (vec![sealed()], REQUEST, requested()),
        (
            vec![sealed(), requested()],
            APPROVE,
            ArchiveEvent::ErasureApproved { student: STUDENT, by: PRINCIPAL, starts: starts().plus(GRACE) },
        ),
        (vec![sealed(), requested(), approved()], START, started()),
    ];
    for scope in scopes {
        for (before, command, after) in steps.clone() {
            let by = if command == REQUEST { REGISTRAR } else { PRINCIPAL };
            let given = given(before).by(by).at(starts()).known(&scope.stream(), held(scope));
            given.when(command.clone()).then_refused(Refusal::Held { scope });
            let given = given.known(&scope.stream(), ArchiveEvent::HoldReleased { scope });
            given.when(command).then([after]);
        }
    }
}

#[test]
fn a2_a_hold_on_others_stops_nothing() {
    for scope in [HoldScope::Student { student: OTHER }, HoldScope::Class { class: FORMER }] {
        let given = given([sealed(), requested(), approved()]).at(starts());
        given.known(&scope.stream(), held(scope)).when(START).then([started()]);
    }
}

#[test]
fn a2_a_hold_does_not_forbid_to_cancel() {
    let given = given([sealed(), requested()]).by(PRINCIPAL);
    given.known("hold-school", held(HoldScope::School)).when(CANCEL).then([cancelled()]);
}

fn command() -> impl Strategy<Value = Command> {
    let grant_until = (-2_i64..=40)
        .prop_map(|days| grant(Instant::from_micros(sealed_until().micros() + days * 86_400_000_000)));
    prop_oneof![
        Just(Command::Seal { student: STUDENT, on: graduation() }),
        Just(request_access()),
        grant_until,
        Just(decline()),
        Just(REQUEST),
        Just(APPROVE),
        Just(CANCEL),
        Just(START),
        Just(complete()),
    ]
}

proptest! {
    /// Whatever is asked, by whom and when: nothing is erased but after the date in the seal, by two persons, seven days
    /// after the second of them, and nothing follows it but its certificate.
    #[test]
    fn a2_nothing_is_erased_but_late_by_two_and_after_seven_days(
        asked in prop::collection::vec((command(), 0_u8..3, -10_i64..40), 1..60),
    ) {
        let mut events: Vec<ArchiveEvent> = Vec::new();
        let mut log: Vec<(Instant, ArchiveEvent)> = Vec::new();
        for (command, by, days) in asked {
            let by = [REGISTRAR, PRINCIPAL, READER][usize::from(by)];
            let now = Instant::from_micros(sealed_until().micros() + days * 86_400_000_000);
            let outcome = given(events.clone()).by(by).at(now).when(command);
            for event in outcome.0.unwrap_or_default() {
                log.push((now, event.clone()));
                events.push(event);
            }
        }
        let at = |wanted: fn(&ArchiveEvent) -> bool| log.iter().rposition(|(_, event)| wanted(event));
        if let Some(start) = at(|event| matches!(event, ArchiveEvent::ErasureStarted { .. })) {
            let request = log[..start].iter().rposition(|it| matches!(it.1, ArchiveEvent::ErasureRequested { .. }));
            let approval = log[..start].iter().rposition(|it| matches!(it.1, ArchiveEvent::ErasureApproved { .. }));
            let (request, approval) = (request.unwrap(), approval.unwrap());
            prop_assert!(request < approval);
            prop_assert!(log[request].0 >= sealed_until());
            prop_assert!(log[start].0.since(log[approval].0) >= GRACE);
            let (ArchiveEvent::ErasureRequested { by, .. }, ArchiveEvent::ErasureApproved { by: other, .. }) =
                (&log[request].1, &log[approval].1) else { unreachable!() };
            prop_assert_ne!(by, other);
            let rest: Vec<_> = log[start + 1..].iter().map(|(_, event)| event.clone()).collect();
            prop_assert!(rest.is_empty() || rest == [completed()]);
        }
    }
}
