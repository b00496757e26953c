use events::spec::{Given, folded};
use events::{AnyEvent, Basis, Caller, Channel};
use kernel::{Duty, Instant, RequestId};
use proptest::prelude::*;
use std::collections::HashMap;
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
