use events::spec::{Given, folded};
use events::{AnyEvent, Basis, Caller, Channel, Standing};
use kernel::{Duty, Instant, RequestId};
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const OTHER: Uuid = Uuid::from_u128(2);
const CLASS: ClassId = ClassId::new(Uuid::from_u128(3));

fn year(year: u16) -> SchoolYear {
    SchoolYear::try_new(year).unwrap()
}

fn basic() -> Basic {
    Basic {
        roster_id: "r-1".into(),
        username: "1140001".into(),
        number: "1140001".into(),
        name: "林武雄".into(),
        identity_number: Some("A123456789".parse().unwrap()),
        birth_date: Some("2010-06-10".into()),
        grade: 10,
    }
}

fn registered() -> RecordsEvent {
    RecordsEvent::StudentRegistered { student: STUDENT, basic: basic().sealed_for(STUDENT) }
}

fn register(basic: Basic) -> StudentCommand {
    StudentCommand::Register { student: STUDENT, basic }
}

fn correct(basic: Basic) -> StudentCommand {
    StudentCommand::Correct { student: STUDENT, basic }
}

fn renew(basic: Basic) -> StudentCommand {
    StudentCommand::Renew { student: STUDENT, basic }
}

fn place(class: ClassId) -> StudentCommand {
    StudentCommand::Place { student: STUDENT, class }
}

fn opened(class: ClassId, of: u16) -> (String, RecordsEvent) {
    let (roster_id, title) = (Public("h-1".to_owned()), Public("10年01班".to_owned()));
    (
        format!("class-{class}"),
        RecordsEvent::ClassOpened { class, roster_id, year: year(of), grade: 10, title },
    )
}

fn with_class(given: Given<Student>, class: ClassId, of: u16) -> Given<Student> {
    let (stream, event) = opened(class, of);
    given.known(&stream, event)
}

use kernel::Public;

#[test]
fn a_1_registers_a_student() {
    Given::<Student>::nothing().when(register(basic())).then([registered()]);
}

#[test]
fn a_1_a_formula_as_a_name_is_text() {
    let basic = Basic { name: "=1+1".into(), ..basic() };
    let data = basic.sealed_for(STUDENT);
    let event = RecordsEvent::StudentRegistered { student: STUDENT, basic: data };
    Given::<Student>::nothing().when(register(basic)).then([event]);
}

#[test]
fn a_1_the_same_registration_again_changes_nothing() {
    Given::<Student>::events([registered()]).when(register(basic())).then([]);
}

#[test]
fn a_1_refuses_to_register_a_student_again_with_other_data() {
    let other = Basic { name: "林文雄".into(), ..basic() };
    Given::<Student>::events([registered()]).when(register(other)).then_refused(StudentRefusal::Registered);
}

#[test]
fn r1_and_r12_refuse_what_is_anothers() {
    for (name, clause) in basic().names().into_iter().zip(["R12", "R1", "R1", "R1"]) {
        let refusal = StudentRefusal::Taken(name.kind);
        assert_eq!(refusal.clause().id(), clause);
        assert_eq!(refusal.kind(), Kind::AlreadyExists);
        assert_eq!(refusal.metadata(), [("field", field_of(name.kind).to_owned())]);
        let given = Given::<Student>::nothing().claimed(name.clone(), OTHER);
        given.when(register(basic())).then_refused(refusal.clone());
        let known = Basic { name: "林文雄".into(), ..basic() };
        let given = Given::<Student>::events([registered()]).claimed(name, OTHER);
        given.when(correct(known)).then_refused(refusal);
    }
}

#[test]
fn r1_what_is_ones_own_is_no_hindrance() {
    let mut given = Given::<Student>::events([registered()]);
    for name in basic().names() {
        given = given.claimed(name, STUDENT.uuid());
    }
    let corrected = Basic { grade: 11, ..basic() };
    let data = corrected.sealed_for(STUDENT);
    given.when(correct(corrected)).then([RecordsEvent::StudentCorrected { student: STUDENT, basic: data }]);
}

#[test]
fn r1_a_correction_that_changes_nothing_is_none() {
    Given::<Student>::events([registered()]).when(correct(basic())).then([]);
}

#[test]
fn r1_a_correction_may_take_a_value_away() {
    let corrected = Basic { birth_date: None, ..basic() };
    let data = corrected.sealed_for(STUDENT);
    let event = RecordsEvent::StudentCorrected { student: STUDENT, basic: data };
    Given::<Student>::events([registered()]).when(correct(corrected)).then([event]);
}

#[test]
fn r12_what_a_roster_leaves_out_stays() {
    let roster = Basic { birth_date: None, identity_number: None, ..basic() };
    Given::<Student>::events([registered()]).when(renew(roster)).then([]);
}

#[test]
fn a_1_refuses_to_correct_whom_nobody_registered() {
    Given::<Student>::nothing().when(correct(basic())).then_refused(StudentRefusal::Unknown);
    Given::<Student>::nothing().when(renew(basic())).then_refused(StudentRefusal::Unknown);
    with_class(Given::nothing(), CLASS, 114).when(place(CLASS)).then_refused(StudentRefusal::Unknown);
}

#[test]
fn r7_places_a_student_once() {
    let placed = RecordsEvent::StudentPlaced { student: STUDENT, class: CLASS, from: None, year: year(114) };
    with_class(Given::events([registered()]), CLASS, 114).when(place(CLASS)).then([placed.clone()]);
    with_class(Given::events([registered(), placed]), CLASS, 114).when(place(CLASS)).then([]);
}

#[test]
fn r7_a_student_who_changes_class_leaves_the_old_one() {
    let first = RecordsEvent::StudentPlaced { student: STUDENT, class: CLASS, from: None, year: year(114) };
    let next = ClassId::new(Uuid::from_u128(4));
    let then =
        RecordsEvent::StudentPlaced { student: STUDENT, class: next, from: Some(CLASS), year: year(114) };
    with_class(Given::events([registered(), first]), next, 114).when(place(next)).then([then]);
}

#[test]
fn r7_refuses_a_class_that_nobody_opened() {
    Given::<Student>::events([registered()]).when(place(CLASS)).then_refused(StudentRefusal::ClassUnknown);
}

#[test]
fn r7_refuses_a_class_of_an_earlier_year_than_the_last() {
    let placed = RecordsEvent::StudentPlaced { student: STUDENT, class: CLASS, from: None, year: year(114) };
    let earlier = ClassId::new(Uuid::from_u128(4));
    let given = with_class(Given::events([registered(), placed]), earlier, 113);
    given.when(place(earlier)).then_refused(StudentRefusal::PlacedLater(year(114)));
}

fn day(day: i8) -> Date {
    Date::constant(2026, 6, day)
}

/// A registered student to whom this happened, at noon of 12 June 2026 in Taipei.
fn student(events: impl IntoIterator<Item = RecordsEvent>) -> Given<Student> {
    Given::events([registered()].into_iter().chain(events)).at(noon())
}

fn noon() -> Instant {
    kernel::start_of_day_in_taipei(day(12)).plus(Duration::from_secs(12 * 60 * 60))
}

const WAYS: [Leaving; 4] = [Leaving::Transferred, Leaving::Suspended, Leaving::Withdrawn, Leaving::Deceased];

fn graduate(on: Date) -> StudentCommand {
    StudentCommand::Graduate { student: STUDENT, year: year(114), on }
}

fn leave(why: Leaving, on: Date) -> StudentCommand {
    StudentCommand::Leave { student: STUDENT, on, why }
}

fn come_back(on: Date) -> StudentCommand {
    StudentCommand::Return { student: STUDENT, on }
}

fn graduated(on: Date) -> RecordsEvent {
    RecordsEvent::StudentGraduated { student: STUDENT, year: year(114), on }
}

fn left(why: Leaving, on: Date) -> RecordsEvent {
    RecordsEvent::StudentLeft { student: STUDENT, on, why }
}

fn returned(on: Date) -> RecordsEvent {
    RecordsEvent::StudentReturned { student: STUDENT, on }
}

#[test]
fn s5_a_student_graduates_leaves_and_comes_back() {
    student([]).when(graduate(day(12))).then([graduated(day(12))]);
    for why in WAYS {
        student([]).when(leave(why, day(1))).then([left(why, day(1))]);
    }
    let away = left(Leaving::Suspended, day(1));
    student([away.clone()]).when(come_back(day(5))).then([returned(day(5))]);
    student([away.clone(), returned(day(5))]).when(graduate(day(12))).then([graduated(day(12))]);
    let again = left(Leaving::Transferred, day(12));
    student([away, returned(day(5))]).when(leave(Leaving::Transferred, day(12))).then([again]);
}

#[test]
fn s5_the_same_status_of_the_same_day_changes_nothing() {
    student([graduated(day(12))]).when(graduate(day(12))).then([]);
    for why in WAYS {
        student([left(why, day(1))]).when(leave(why, day(1))).then([]);
    }
    let away = left(Leaving::Suspended, day(1));
    student([away, returned(day(5))]).when(come_back(day(5))).then([]);
    // Even if the clock has been put back since.
    student([graduated(day(12))]).at(Instant::default()).when(graduate(day(12))).then([]);
}

#[test]
fn a_1_nobody_unknown_graduates_leaves_or_comes_back() {
    for command in [graduate(day(1)), leave(Leaving::Withdrawn, day(1)), come_back(day(1))] {
        Given::<Student>::nothing().at(noon()).when(command).then_refused(StudentRefusal::Unknown);
    }
}

#[test]
fn s5_refuses_to_graduate_or_to_leave_who_is_not_enrolled() {
    for gone in [graduated(day(1)), left(Leaving::Suspended, day(1)), left(Leaving::Transferred, day(1))] {
        student([gone.clone()]).when(graduate(day(2))).then_refused(StudentRefusal::NotEnrolled);
        let leave = leave(Leaving::Withdrawn, day(2));
        student([gone]).when(leave).then_refused(StudentRefusal::NotEnrolled);
    }
    let other = StudentCommand::Graduate { student: STUDENT, year: year(113), on: day(1) };
    student([graduated(day(1))]).when(other).then_refused(StudentRefusal::NotEnrolled);
}

#[test]
fn s5_refuses_the_return_of_who_has_not_left_or_has_graduated() {
    student([]).when(come_back(day(1))).then_refused(StudentRefusal::HasNotLeft);
    let back = [left(Leaving::Suspended, day(1)), returned(day(2))];
    student(back).when(come_back(day(3))).then_refused(StudentRefusal::HasNotLeft);
    student([graduated(day(1))]).when(come_back(day(2))).then_refused(StudentRefusal::Graduated);
}

#[test]
fn s5_refuses_whatever_would_follow_a_death() {
    let given = student([left(Leaving::Deceased, day(1))]);
    for command in [graduate(day(2)), leave(Leaving::Withdrawn, day(2)), come_back(day(2))] {
        given.when(command).then_refused(StudentRefusal::Deceased);
    }
}

#[test]
fn s5_refuses_a_day_that_is_later_than_tomorrow_in_taipei() {
    let midnight = kernel::start_of_day_in_taipei(day(12));
    let last = Instant::from_micros(midnight.micros() - 1);
    for command in [graduate(day(13)), leave(Leaving::Suspended, day(13))] {
        assert!(student([]).at(midnight).when(command.clone()).0.is_ok());
        student([]).at(last).when(command).then_refused(StudentRefusal::DayToCome);
    }
    let away = left(Leaving::Suspended, day(1));
    student([away]).at(last).when(come_back(day(13))).then_refused(StudentRefusal::DayToCome);
    assert_eq!(StudentRefusal::DayToCome.metadata(), [("field", "on".to_owned())]);
    // However long ago, on the other hand.
    let old = Date::constant(1999, 9, 21);
    student([]).when(leave(Leaving::Withdrawn, old)).then([left(Leaving::Withdrawn, old)]);
}

fn any_change() -> impl Strategy<Value = StudentCommand> {
    let way = (0..WAYS.len()).prop_map(|n| WAYS[n]);
    prop_oneof![
        (1..15_i8).prop_map(|on| graduate(day(on))),
        (way, 1..15_i8).prop_map(|(why, on)| leave(why, day(on))),
        (1..15_i8).prop_map(|on| come_back(day(on))),
    ]
}

proptest! {
    /// Whatever is asked, nothing comes after graduation or death, leaving and coming back alternate, and authority
    /// says the same of the student as the student's own stream.
    #[test]
    fn s5_any_sequence_of_changes_is_a_life(commands in proptest::collection::vec(any_change(), 0..30)) {
        let mut events = vec![registered()];
        for command in commands {
            let said = Given::<Student>::events(events.clone()).at(noon()).when(command.clone()).0;
            for event in said.unwrap_or_default() {
                let enrolled = !matches!(
                    events.last(),
                    Some(RecordsEvent::StudentGraduated { .. } | RecordsEvent::StudentLeft { .. })
                );
                let last = matches!(
                    events.last(),
                    Some(
                        RecordsEvent::StudentGraduated { .. }
                            | RecordsEvent::StudentLeft { why: Leaving::Deceased, .. }
                    )
                );
                let returns = matches!(event, RecordsEvent::StudentReturned { .. });
                prop_assert!(!last && returns != enrolled);
                events.push(event);
                let stream = format!("student-{STUDENT}");
                let basis = folded::<Classes>(events.iter().map(|it| (stream.clone(), it.clone().into())));
                let standing = basis.authority.standing(STUDENT);
                prop_assert_eq!(standing == Some(Standing::Enrolled), returns);
            }
        }
    }
}

fn any_basic() -> impl Strategy<Value = Basic> {
    ("[ab]", "[ab]", "[ab]", "[ab]", proptest::option::of("2010-06-1[01]"), 10u8..12).prop_map(
        |(roster_id, username, number, name, birth_date, grade)| Basic {
            roster_id,
            username,
            number,
            name,
            identity_number: None,
            birth_date,
            grade,
        },
    )
}

proptest! {
    /// However a roster comes, taking it a second time changes nothing.
    #[test]
    fn r12_a_second_import_is_none(first in any_basic(), second in any_basic()) {
        let mut state = Student::default();
        let (basis, claimed) = (Basis::<Classes>::default(), HashMap::new());
        let caller = Caller::new(STUDENT, Channel::Grpc);
        let request = RequestId::new(Uuid::nil());
        let at = Context::new(Instant::default(), &caller, Duty::ImportRoster, request, &basis, &claimed);
        for command in [register(first), renew(second.clone())] {
            for event in state.decide(&at, command).unwrap() {
                state.evolve(&event);
            }
        }
        prop_assert_eq!(state.decide(&at, renew(second)).unwrap(), vec![]);
    }

    /// A value that is one student's is never another's, whatever is asked.
    #[test]
    fn r1_claims_stay_unique(all in proptest::collection::vec((0u128..4, any_basic()), 1..12)) {
        let (basis, caller) = (Basis::<Classes>::default(), Caller::new(STUDENT, Channel::Grpc));
        let (mut states, mut claimed) = (HashMap::<Uuid, Student>::new(), HashMap::new());
        for (n, basic) in all {
            let id = Uuid::from_u128(n);
            let student = PersonId::new(id);
            let request = RequestId::new(id);
            let state = states.entry(id).or_default();
            let at = Context::new(Instant::default(), &caller, Duty::KeepBasicData, request, &basis, &claimed);
            let command = match state.basic() {
                Some(_) => StudentCommand::Correct { student, basic },
                None => StudentCommand::Register { student, basic },
            };
            let events = state.decide(&at, command).unwrap_or_default();
            for event in events {
                state.evolve(&event);
                for claim in events::claims(&event.into()) {
                    let whose = *claimed.entry(claim.name).or_insert(claim.subject);
                    prop_assert_eq!(whose, claim.subject);
                }
            }
        }
    }
}

#[test]
fn classes_are_known_by_their_year() {
    let (stream, event) = opened(CLASS, 114);
    let basis = folded::<Classes>([(stream, AnyEvent::from(event))]);
    assert_eq!(basis.facts.year_of(CLASS), Some(year(114)));
    assert_eq!(basis.facts.year_of(ClassId::new(OTHER)), None);
}
