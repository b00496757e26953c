use events::spec::Given;
use kernel::{Owner, Personal};
use uuid::Uuid;

use super::*;

const CLASS: ClassId = ClassId::new(Uuid::from_u128(1));
const TEACHER: PersonId = PersonId::new(Uuid::from_u128(2));

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn open(title: &str) -> ClassCommand {
    ClassCommand::Open { class: CLASS, roster_id: "h-1".into(), year: year(), grade: 10, title: title.into() }
}

fn opened() -> RecordsEvent {
    let (roster_id, title) = (Public("h-1".to_owned()), Public("10年01班".to_owned()));
    RecordsEvent::ClassOpened { class: CLASS, roster_id, year: year(), grade: 10, title }
}

fn assign() -> ClassCommand {
    ClassCommand::AssignHomeroom { class: CLASS, teacher: TEACHER }
}

fn with_teacher(given: Given<Class>) -> Given<Class> {
    let own = |value: &str| Personal::new(Owner::identity(TEACHER), value.to_owned());
    let (roster_id, username, name) = (own("r-2"), own("t0001"), own("許俊賢"));
    let event = RecordsEvent::StaffRegistered { staff: TEACHER, roster_id, username, name };
    given.known(&format!("staff-{TEACHER}"), event)
}

#[test]
fn r7_opens_a_class_once() {
    Given::<Class>::nothing().when(open("10年01班")).then([opened()]);
    Given::<Class>::events([opened()]).when(open("10年01班")).then([]);
}

#[test]
fn r15_refuses_to_open_a_class_again_by_another_name() {
    Given::<Class>::events([opened()]).when(open("10年02班")).then_refused(ClassRefusal::Differs);
}

#[test]
fn r12_refuses_a_roster_id_that_is_anothers() {
    let name = ClaimName::new(ClaimKind::RosterClass, "h-1");
    let given = Given::<Class>::nothing().claimed(name, Uuid::from_u128(9));
    given.when(open("10年01班")).then_refused(ClassRefusal::Taken);
}

#[test]
fn r7_gives_a_class_its_homeroom_teacher_once() {
    let assigned = RecordsEvent::HomeroomAssigned { class: CLASS, teacher: TEACHER };
    with_teacher(Given::events([opened()])).when(assign()).then([assigned.clone()]);
    with_teacher(Given::events([opened(), assigned])).when(assign()).then([]);
}

#[test]
fn r7_refuses_a_homeroom_teacher_who_is_no_staff() {
    Given::<Class>::events([opened()]).when(assign()).then_refused(ClassRefusal::NoStaff);
}

#[test]
fn r7_refuses_a_homeroom_teacher_for_a_class_that_nobody_opened() {
    with_teacher(Given::nothing()).when(assign()).then_refused(ClassRefusal::Unknown);
}
