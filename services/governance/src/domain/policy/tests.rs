use std::collections::BTreeMap;

use events::spec::Given;
use events::{GovernanceEvent, PolicyTerms, SemesterTerms};
use kernel::{Instant, SchoolYear, Semester, Term, Window};
use proptest::prelude::*;

use super::{Adopt, Refusal, YearPolicy};

const NOW: Instant = Instant::from_micros(1_000);

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn terms(outcomes: u16, performances: u16) -> PolicyTerms {
    let window = year().window();
    PolicyTerms {
        outcomes_per_semester_max: 3,
        performances_per_year_max: 20,
        outcomes_selected_max: outcomes,
        performances_selected_max: performances,
        performance_upload: window,
        selection: window,
        semesters: BTreeMap::from([(
            Semester::new(year(), Term::First),
            SemesterTerms { upload: window, certification: window },
        )]),
    }
}

fn adopt(from: Option<Instant>, terms: PolicyTerms) -> Adopt {
    Adopt { year: year(), from, terms }
}

fn adopted(version: u32, from: Instant, terms: PolicyTerms) -> GovernanceEvent {
    GovernanceEvent::PolicyAdopted { year: year(), version, from, terms }
}

#[test]
fn policies_are_numbered_and_the_same_again_is_nothing() {
    Given::<YearPolicy>::nothing().at(NOW).when(adopt(None, terms(6, 10))).then([adopted(
        1,
        NOW,
        terms(6, 10),
    )]);
    let given = || Given::<YearPolicy>::events([adopted(1, NOW, terms(6, 10))]).at(NOW);
    given().when(adopt(None, terms(6, 10))).then([]);
    given().when(adopt(None, terms(5, 10))).then([adopted(2, NOW, terms(5, 10))]);
}

#[test]
fn s4_3_3_refuses_a_policy_of_seven_outcomes() {
    Given::<YearPolicy>::nothing().when(adopt(None, terms(7, 10))).then_refused(Refusal::OutcomesLooser);
}

#[test]
fn s4_4_2_refuses_a_policy_of_eleven_performances() {
    Given::<YearPolicy>::nothing().when(adopt(None, terms(6, 11))).then_refused(Refusal::PerformancesLooser);
}

#[test]
fn g3_refuses_a_policy_for_the_past() {
    let before = Some(Instant::from_micros(999));
    Given::<YearPolicy>::nothing().at(NOW).when(adopt(before, terms(6, 10))).then_refused(Refusal::Backdated);
}

#[test]
fn g3_refuses_a_policy_that_is_in_force_before_the_last() {
    let later = Instant::from_micros(5_000);
    Given::<YearPolicy>::events([adopted(1, later, terms(6, 10))])
        .at(NOW)
        .when(adopt(None, terms(5, 10)))
        .then_refused(Refusal::BeforeTheLast);
}

#[test]
fn g3_refuses_a_semester_of_another_year() {
    let mut terms = terms(6, 10);
    let elsewhere = Semester::new(SchoolYear::try_new(113).unwrap(), Term::First);
    let window = Window::try_new(NOW, NOW.plus(std::time::Duration::from_secs(1))).unwrap();
    terms.semesters.insert(elsewhere, SemesterTerms { upload: window, certification: window });
    Given::<YearPolicy>::nothing().when(adopt(None, terms)).then_refused(Refusal::SemesterOfAnotherYear);
}

proptest! {
    #[test]
    fn no_policy_is_ever_looser_than_the_national_caps(wanted in prop::collection::vec((0_u16..20, 0_u16..20), 0..8)) {
        let mut events = Vec::new();
        for (outcomes, performances) in wanted {
            let given = Given::<YearPolicy>::events(events.clone()).at(NOW);
            events.extend(given.when(adopt(None, terms(outcomes, performances))).0.unwrap_or_default());
        }
        for event in events {
            let GovernanceEvent::PolicyAdopted { terms, .. } = event else { panic!() };
            prop_assert!(terms.outcomes_selected_max <= 6 && terms.performances_selected_max <= 10);
        }
    }
}
