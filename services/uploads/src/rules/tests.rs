use kernel::{Instant, Rule, SchoolYear, Semester, Term, Window};

use super::RULES;
use crate::domain::{FileFault, Of, Refusal};

/// Whoever adds a variant adds it here, and to the lists below.
fn known(refusal: &Refusal) {
    match refusal {
        Refusal::NotEnrolled
        | Refusal::UnknownCourse
        | Refusal::CourseNotTaken
        | Refusal::NoPolicy { .. }
        | Refusal::WindowClosed { .. }
        | Refusal::Full { .. }
        | Refusal::UnknownWork
        | Refusal::Incomplete { .. }
        | Refusal::Lapsed { .. }
        | Refusal::HandedIn
        | Refusal::Withdrawn
        | Refusal::Certified
        | Refusal::Locked => {}
        Refusal::File(fault) => match fault {
            FileFault::Empty
            | FileFault::TooLarge
            | FileFault::EndingNotTaken
            | FileFault::NameSaysOtherwise
            | FileFault::Encrypted
            | FileFault::Truncated
            | FileFault::Embedded
            | FileFault::Active
            | FileFault::TooManyPixels
            | FileFault::Unreadable
            | FileFault::DigestDiffers => {}
        },
    }
}

const FAULTS: [FileFault; 11] = [
    FileFault::Empty,
    FileFault::TooLarge,
    FileFault::EndingNotTaken,
    FileFault::NameSaysOtherwise,
    FileFault::Encrypted,
    FileFault::Truncated,
    FileFault::Embedded,
    FileFault::Active,
    FileFault::TooManyPixels,
    FileFault::Unreadable,
    FileFault::DigestDiffers,
];

fn window() -> Window {
    Window::try_new(Instant::from_micros(0), Instant::from_micros(1)).unwrap()
}

#[test]
fn every_refusal_has_a_row_and_no_row_is_left_over() {
    let year = SchoolYear::try_new(114).unwrap();
    let now = Instant::from_micros(1);
    let mut every = vec![
        Refusal::NotEnrolled,
        Refusal::UnknownCourse,
        Refusal::CourseNotTaken,
        Refusal::UnknownWork,
        Refusal::Incomplete { missing: vec![1] },
        Refusal::Lapsed { until: now },
        Refusal::HandedIn,
        Refusal::Withdrawn,
        Refusal::Certified,
        Refusal::Locked,
    ];
    for of in [Of::Outcomes(Semester::new(year, Term::First)), Of::Performances(year)] {
        every.push(Refusal::NoPolicy { of });
        every.push(Refusal::WindowClosed { of, window: window(), now });
        every.push(Refusal::Full { of, cap: 1 });
    }
    every.extend(FAULTS.map(Refusal::File));
    every.iter().for_each(known);
    let refusals: Vec<_> = every.iter().map(|refusal| refusal as &dyn kernel::Refusal).collect();
    assert_eq!(Rule::differences(RULES, &refusals), Vec::<String>::new());
}
