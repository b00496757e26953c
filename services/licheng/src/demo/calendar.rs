//! The demo's school year: when what happens, and the policy that says when it may.

use std::time::Duration;

use chassis::wire::window_message;
use jiff::civil::Date;
use kernel::{Instant, SchoolYear, Semester, Term, Window, start_of_day_in_taipei};
use proto::governance::v1::{PolicyTerms, SemesterTerms};

/// Outcomes that a student may upload in a semester.
pub(crate) const OUTCOMES_PER_SEMESTER: u32 = 4;

/// A moment of the demo's school year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The ledger is opened, the roster imported.
    Opening,
    /// Works of a semester are uploaded.
    Uploading(Term),
    /// An hour after their window.
    UploadingLate(Term),
    /// Outcomes of a semester are certified.
    Certifying(Term),
    /// An hour after their window.
    CertifyingLate(Term),
    /// Works are selected.
    Selecting,
    /// An hour after their window.
    SelectingLate,
}

/// The instant of a moment.
pub(crate) fn instant(year: SchoolYear, moment: Moment) -> Instant {
    let late = |instant: Instant| instant.plus(Duration::from_secs(60 * 60));
    let morning = |month, day| on(year, month, day).plus(Duration::from_secs(9 * 60 * 60));
    match moment {
        Moment::Opening => morning(8, 20),
        Moment::Uploading(Term::First) => morning(1, 12),
        Moment::Uploading(Term::Second) => morning(6, 10),
        Moment::UploadingLate(term) => late(uploads(year, term).until),
        Moment::Certifying(Term::First) => morning(2, 5),
        Moment::Certifying(Term::Second) => morning(7, 6),
        Moment::CertifyingLate(term) => late(certification(year, term).until),
        Moment::Selecting => morning(7, 20),
        Moment::SelectingLate => late(selection(year).until),
    }
}

/// A school year's policy: the national numbers of selections, these windows.
pub(crate) fn terms(year: SchoolYear, performances: u32) -> PolicyTerms {
    let semesters = [Term::First, Term::Second].map(|term| SemesterTerms {
        semester: Semester::new(year, term).to_string(),
        upload: Some(window_message(uploads(year, term))),
        certification: Some(window_message(certification(year, term))),
    });
    PolicyTerms {
        outcomes_per_semester_max: OUTCOMES_PER_SEMESTER,
        performances_per_year_max: performances,
        outcomes_selected_max: 6,
        performances_selected_max: 10,
        performance_upload: Some(window_message(Window { from: year.window().from, until: on(year, 7, 15) })),
        selection: Some(window_message(selection(year))),
        semesters: semesters.into(),
    }
}

fn uploads(year: SchoolYear, term: Term) -> Window {
    match term {
        Term::First => Window { from: year.window().from, until: on(year, 2, 1) },
        Term::Second => Window { from: on(year, 2, 1), until: on(year, 7, 1) },
    }
}

fn certification(year: SchoolYear, term: Term) -> Window {
    match term {
        Term::First => Window { from: year.window().from, until: on(year, 2, 15) },
        Term::Second => Window { from: on(year, 2, 1), until: on(year, 7, 15) },
    }
}

fn selection(year: SchoolYear) -> Window {
    Window { from: on(year, 7, 16), until: year.window().until }
}

/// The first instant of a day of the school year.
fn on(year: SchoolYear, month: i8, day: i8) -> Instant {
    let gregorian = year.begins_in() + i16::from(month < 8);
    Date::new(gregorian, month, day).map_or(year.window().from, start_of_day_in_taipei)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_one_after_another_each_in_or_after_its_window() {
        let year = SchoolYear::try_new(114).unwrap();
        let (first, second) = (Term::First, Term::Second);
        let moments = [
            Moment::Opening,
            Moment::Uploading(first),
            Moment::UploadingLate(first),
            Moment::Certifying(first),
            Moment::CertifyingLate(first),
            Moment::Uploading(second),
            Moment::UploadingLate(second),
            Moment::Certifying(second),
            Moment::CertifyingLate(second),
            Moment::Selecting,
            Moment::SelectingLate,
        ];
        assert!(moments.is_sorted_by_key(|moment| instant(year, *moment)));
        for term in [first, second] {
            assert!(uploads(year, term).holds(instant(year, Moment::Uploading(term))));
            assert!(!uploads(year, term).holds(instant(year, Moment::UploadingLate(term))));
            assert!(certification(year, term).holds(instant(year, Moment::Certifying(term))));
            assert!(!certification(year, term).holds(instant(year, Moment::CertifyingLate(term))));
            assert!(!selection(year).holds(instant(year, Moment::Certifying(term))));
        }
        assert!(selection(year).holds(instant(year, Moment::Selecting)));
        assert!(!selection(year).holds(instant(year, Moment::SelectingLate)));
    }
}
