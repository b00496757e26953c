use events::spec::Given;
use events::{RecordsEvent, StudentData};
use kernel::{ClassId, PersonId, Public, Refusal as _, SchoolYear};
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const PRINCIPAL: PersonId = PersonId::new(Uuid::from_u128(2));
const CLASS: ClassId = ClassId::new(Uuid::from_u128(3));

fn scopes() -> [HoldScope; 3] {
    [HoldScope::Student { student: STUDENT }, HoldScope::Class { class: CLASS }, HoldScope::School]
}

fn place(scope: HoldScope) -> HoldCommand {
    HoldCommand::Place { scope, reason: "訴訟".into() }
}

fn placed(scope: HoldScope) -> ArchiveEvent {
    let owner = Owner::new(PRINCIPAL, Compartment::Staff);
    ArchiveEvent::HoldPlaced { scope, reason: Personal::new(owner, "訴訟".into()) }
}

fn registered() -> RecordsEvent {
    let personal = || Personal::new(Owner::identity(STUDENT), String::new());
    let basic = StudentData {
        roster_id: personal(),
        username: personal(),
        number: personal(),
        name: personal(),
        identity_number: None,
        birth_date: None,
        grade: 12,
    };
    RecordsEvent::StudentRegistered { student: STUDENT, basic }
}

fn opened() -> RecordsEvent {
    let (year, title) = (SchoolYear::try_new(114).unwrap(), Public("12年01班".into()));
    RecordsEvent::ClassOpened { class: CLASS, roster_id: Public("c".into()), year, grade: 12, title }
}

fn given(events: impl IntoIterator<Item = ArchiveEvent>) -> Given<Hold> {
    Given::events(events)
        .known(&format!("student-{STUDENT}"), registered())
        .known(&format!("class-{CLASS}"), opened())
        .by(PRINCIPAL)
}

#[test]
fn a2_a_hold_is_placed_and_released_with_a_reason_of_who_places_it() {
    for scope in scopes() {
        given([]).when(place(scope)).then([placed(scope)]);
        let released = ArchiveEvent::HoldReleased { scope };
        given([placed(scope)]).when(HoldCommand::Release { scope }).then([released.clone()]);
        given([placed(scope), released]).when(place(scope)).then([placed(scope)]);
    }
}

#[test]
fn a2_what_is_so_already_changes_nothing() {
    for scope in scopes() {
        given([placed(scope)]).when(place(scope)).then([]);
        given([]).when(HoldCommand::Release { scope }).then([]);
    }
}

#[test]
fn a2_refuses_a_hold_on_what_is_not_there() {
    for scope in scopes() {
        let nowhere = Given::<Hold>::nothing().by(PRINCIPAL);
        match scope {
            HoldScope::School => nowhere.when(place(scope)).then([placed(scope)]),
            HoldScope::Student { .. } | HoldScope::Class { .. } => {
                nowhere.when(place(scope)).then_refused(HoldRefusal::Unknown { scope });
            }
        }
    }
    assert_eq!(HoldRefusal::Unknown { scope: HoldScope::School }.kind(), Kind::NotFound);
}

#[test]
fn a2_refuses_a_hold_on_whoever_is_erased() {
    let scope = HoldScope::Student { student: STUDENT };
    let started = ArchiveEvent::ErasureStarted { student: STUDENT };
    let given = given([]).known(&super::super::stream(STUDENT), started);
    given.when(place(scope)).then_refused(HoldRefusal::Unknown { scope });
}
