use events::spec::Given;
use events::{GovernanceEvent, RecordsEvent};
use kernel::{Instant, Office, Owner, PersonId, Personal};
use uuid::Uuid;

use super::{Command, Refusal, Seats};

const NOW: Instant = Instant::from_micros(1_000);
const WHO: PersonId = PersonId::new(Uuid::from_u128(1));
const OTHER: PersonId = PersonId::new(Uuid::from_u128(2));

fn seated(office: Office, person: PersonId) -> GovernanceEvent {
    GovernanceEvent::OfficeSeated { office, person, from: NOW }
}

fn seat(office: Office, person: PersonId, from: Option<Instant>) -> Command {
    Command::Seat { office, person, from }
}

fn vacate(office: Office, person: PersonId) -> Command {
    Command::Vacate { office, person, from: None }
}

fn staff(person: PersonId) -> RecordsEvent {
    let text = |value: &str| Personal::new(Owner::identity(person), value.to_owned());
    RecordsEvent::StaffRegistered {
        staff: person,
        roster_id: text("1"),
        username: text("t1"),
        name: text("陳"),
    }
}

fn known(given: Given<Seats>) -> Given<Seats> {
    given.known("staff-1", staff(WHO)).known("staff-2", staff(OTHER)).at(NOW)
}

#[test]
fn a_member_of_the_staff_is_seated_from_now_on_or_later() {
    let later = Instant::from_micros(2_000);
    known(Given::nothing()).when(seat(Office::Registrar, WHO, None)).then([seated(Office::Registrar, WHO)]);
    known(Given::nothing())
        .when(seat(Office::Registrar, WHO, Some(later)))
        .then([GovernanceEvent::OfficeSeated { office: Office::Registrar, person: WHO, from: later }]);
    known(Given::events([seated(Office::Registrar, WHO)])).when(seat(Office::Registrar, WHO, None)).then([]);
}

#[test]
fn g5_refuses_to_seat_a_student_as_such() {
    known(Given::nothing()).when(seat(Office::Student, WHO, None)).then_refused(Refusal::HeldByRelation);
}

#[test]
fn g5_refuses_to_seat_whom_nobody_knows() {
    Given::<Seats>::nothing().when(seat(Office::Registrar, WHO, None)).then_refused(Refusal::PersonUnknown);
}

#[test]
fn g5_refuses_to_seat_from_an_instant_that_has_passed() {
    let before = Some(Instant::from_micros(999));
    known(Given::nothing()).when(seat(Office::Registrar, WHO, before)).then_refused(Refusal::Backdated);
}

#[test]
fn g5_refuses_to_vacate_an_office_not_held() {
    known(Given::nothing()).when(vacate(Office::Registrar, WHO)).then_refused(Refusal::NotSeated);
}

#[test]
fn s3_1_refuses_to_leave_the_school_without_a_principal() {
    let one = || seated(Office::Principal, WHO);
    known(Given::events([one()])).when(vacate(Office::Principal, WHO)).then_refused(Refusal::LastPrincipal);
    known(Given::events([one(), seated(Office::Principal, OTHER)]))
        .when(vacate(Office::Principal, WHO))
        .then([GovernanceEvent::OfficeVacated { office: Office::Principal, person: WHO, from: NOW }]);
}
