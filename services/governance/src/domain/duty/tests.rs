use events::GovernanceEvent;
use events::spec::Given;
use kernel::{Duty, Office};

use super::{Assign, Assignment, Refusal};

#[test]
fn a_duty_is_given_to_offices_in_one_order_whatever_the_order_asked() {
    let given = GovernanceEvent::DutyAssigned {
        duty: Duty::KeepCourses,
        offices: vec![Office::Registrar, Office::CurriculumOffice],
    };
    let command = Assign {
        duty: Duty::KeepCourses,
        offices: vec![Office::CurriculumOffice, Office::Registrar, Office::Registrar],
    };
    Given::<Assignment>::nothing().when(command.clone()).then([given.clone()]);
    Given::<Assignment>::events([given]).when(command).then([]);
}

#[test]
fn g5_refuses_to_lock_the_principal_out() {
    for duty in [Duty::AssignDuty, Duty::AssignOffice] {
        let command = Assign { duty, offices: vec![Office::Registrar] };
        Given::<Assignment>::nothing().when(command).then_refused(Refusal::PrincipalLockedOut);
    }
}
