use events::spec::Given;
use uuid::Uuid;

use super::*;

const STAFF_ID: PersonId = PersonId::new(Uuid::from_u128(1));
const OTHER: Uuid = Uuid::from_u128(2);

fn register(name: &str) -> StaffCommand {
    let (roster_id, username) = ("r-1".to_owned(), "t0001".to_owned());
    StaffCommand::Register { staff: STAFF_ID, roster_id, username, name: name.to_owned() }
}

fn renew(username: &str, name: &str) -> StaffCommand {
    StaffCommand::Renew { staff: STAFF_ID, username: username.to_owned(), name: name.to_owned() }
}

fn registered() -> RecordsEvent {
    RecordsEvent::StaffRegistered {
        staff: STAFF_ID,
        roster_id: own(STAFF_ID, "r-1".into()),
        username: own(STAFF_ID, "t0001".into()),
        name: own(STAFF_ID, "許俊賢".into()),
    }
}

#[test]
fn r7_registers_a_member_of_the_staff_once() {
    Given::<Staff>::nothing().when(register("許俊賢")).then([registered()]);
    Given::<Staff>::events([registered()]).when(register("許俊賢")).then([]);
}

#[test]
fn r7_refuses_to_register_again_with_other_data() {
    Given::<Staff>::events([registered()]).when(register("許俊")).then_refused(StaffRefusal::Registered);
}

#[test]
fn r12_refuses_what_is_anothers() {
    for name in register("許俊賢").names() {
        let refusal = StaffRefusal::Taken(name.kind);
        assert_eq!((refusal.kind(), refusal.clause().id()), (Kind::AlreadyExists, "R12"));
        Given::<Staff>::nothing().claimed(name, OTHER).when(register("許俊賢")).then_refused(refusal);
    }
    let name = ClaimName::new(ClaimKind::Username, "t0002");
    let given = Given::<Staff>::events([registered()]).claimed(name, OTHER);
    given.when(renew("t0002", "許俊賢")).then_refused(StaffRefusal::Taken(ClaimKind::Username));
}

#[test]
fn r12_takes_over_what_a_roster_says() {
    let corrected = RecordsEvent::StaffCorrected {
        staff: STAFF_ID,
        username: own(STAFF_ID, "t0002".into()),
        name: own(STAFF_ID, "許賢".into()),
    };
    Given::<Staff>::events([registered()]).when(renew("t0002", "許賢")).then([corrected.clone()]);
    Given::<Staff>::events([registered(), corrected]).when(renew("t0002", "許賢")).then([]);
    Given::<Staff>::events([registered()]).when(renew("t0001", "許俊賢")).then([]);
}

#[test]
fn r7_refuses_to_renew_whom_nobody_registered() {
    Given::<Staff>::nothing().when(renew("t0001", "許俊賢")).then_refused(StaffRefusal::Unknown);
}
