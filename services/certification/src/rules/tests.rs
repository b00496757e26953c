use kernel::{Instant, Rule, SchoolYear, Semester, Term, Window};

use super::RULES;
use crate::domain::Refusal;

/// Whoever adds a variant adds it here, and to the test below.
fn known(refusal: &Refusal) {
    match refusal {
        Refusal::UnknownWork
        | Refusal::NeedsNoCertification
        | Refusal::AnothersCourse
        | Refusal::NotHandedIn
        | Refusal::OtherBytes { .. }
        | Refusal::NoPolicy { .. }
        | Refusal::WindowClosed { .. }
        | Refusal::AlreadyCertified
        | Refusal::NotCertified
        | Refusal::Locked => {}
    }
}

fn window() -> Window {
    Window::try_new(Instant::from_micros(0), Instant::from_micros(1)).unwrap()
}

#[test]
fn every_refusal_has_a_row_and_no_row_is_left_over() {
    let semester = Semester::new(SchoolYear::try_new(114).unwrap(), Term::First);
    let every = [
        Refusal::UnknownWork,
        Refusal::NeedsNoCertification,
        Refusal::AnothersCourse,
        Refusal::NotHandedIn,
        Refusal::OtherBytes { expected: String::new() },
        Refusal::NoPolicy { semester },
        Refusal::WindowClosed { window: window(), now: Instant::from_micros(1) },
        Refusal::AlreadyCertified,
        Refusal::NotCertified,
        Refusal::Locked,
    ];
    every.iter().for_each(known);
    let refusals: Vec<_> = every.iter().map(|refusal| refusal as &dyn kernel::Refusal).collect();
    assert_eq!(Rule::differences(RULES, &refusals), Vec::<String>::new());
}
