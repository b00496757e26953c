use kernel::{Instant, Rule, SchoolYear, Window};

use super::RULES;
use crate::domain::{Of, Refusal};

/// Whoever adds a variant adds it here, and to the test below.
fn known(refusal: &Refusal) {
    match refusal {
        Refusal::UnknownWork { .. }
        | Refusal::AnothersWork { .. }
        | Refusal::OtherKind { .. }
        | Refusal::OtherYear { .. }
        | Refusal::NoPolicy { .. }
        | Refusal::WindowClosed { .. }
        | Refusal::Locked { .. }
        | Refusal::NotCertified
        | Refusal::NotHandedIn
        | Refusal::Full { .. } => {}
    }
}

fn window() -> Window {
    Window::try_new(Instant::from_micros(0), Instant::from_micros(1)).unwrap()
}

#[test]
fn every_refusal_has_a_row_and_no_row_is_left_over() {
    let year = SchoolYear::try_new(114).unwrap();
    let mut every = vec![Refusal::NoPolicy { year }, Refusal::NotCertified, Refusal::NotHandedIn];
    for of in [Of::Outcomes, Of::Performances] {
        every.push(Refusal::UnknownWork { of });
        every.push(Refusal::AnothersWork { of });
        every.push(Refusal::OtherKind { of });
        every.push(Refusal::OtherYear { of, year });
        every.push(Refusal::WindowClosed { of, window: window(), now: Instant::from_micros(1) });
        every.push(Refusal::Locked { of });
        every.push(Refusal::Full { of, cap: 6 });
    }
    every.iter().for_each(known);
    let refusals: Vec<_> = every.iter().map(|refusal| refusal as &dyn kernel::Refusal).collect();
    assert_eq!(Rule::differences(RULES, &refusals), Vec::<String>::new());
}
