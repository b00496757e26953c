use kernel::{Refusal, Rule};

use super::RULES;
use crate::domain::{duty, office, policy, school};

/// Whoever adds a variant adds it here, and to the test below.
fn known(o: &office::Refusal, p: &policy::Refusal, d: &duty::Refusal, s: &school::Refusal) {
    match o {
        office::Refusal::HeldByRelation
        | office::Refusal::PersonUnknown
        | office::Refusal::Backdated
        | office::Refusal::NotSeated
        | office::Refusal::LastPrincipal => {}
    }
    match p {
        policy::Refusal::OutcomesLooser
        | policy::Refusal::PerformancesLooser
        | policy::Refusal::Backdated
        | policy::Refusal::BeforeTheLast
        | policy::Refusal::SemesterOfAnotherYear => {}
    }
    let (duty::Refusal::PrincipalLockedOut, school::Refusal::OpenedOtherwise) = (d, s);
}

#[test]
fn every_refusal_has_a_row_and_no_row_is_left_over() {
    let (duty, school) = (duty::Refusal::PrincipalLockedOut, school::Refusal::OpenedOtherwise);
    known(&office::Refusal::NotSeated, &policy::Refusal::Backdated, &duty, &school);
    let every: [&dyn Refusal; 12] = [
        &office::Refusal::HeldByRelation,
        &office::Refusal::PersonUnknown,
        &office::Refusal::Backdated,
        &office::Refusal::NotSeated,
        &office::Refusal::LastPrincipal,
        &policy::Refusal::OutcomesLooser,
        &policy::Refusal::PerformancesLooser,
        &policy::Refusal::Backdated,
        &policy::Refusal::BeforeTheLast,
        &policy::Refusal::SemesterOfAnotherYear,
        &duty,
        &school,
    ];
    assert_eq!(Rule::differences(RULES, &every), Vec::<String>::new());
}
