//! Messages to commands and back.

use std::collections::BTreeMap;

use chassis::wire::{
    id, instant, optional_instant, required, school_year, semester, timestamp, window, window_message,
};
use chassis::{Asked, Asks, Call};
use events::{Authority, Policy, PolicyTerms, SemesterTerms};
use kernel::{Duty, Instant, Malformed, Office, SchoolYear, Semester};
use proto::governance::v1 as message;

use crate::domain::duty::{self, Assign};
use crate::domain::office::{self, Seats};
use crate::domain::policy::{Adopt, YearPolicy};

impl Asks<Seats> for message::SeatOfficeRequest {
    fn asks(&self, _: &Call) -> Result<Asked<office::Command>, Malformed> {
        let mut problems = Malformed::default();
        let office = problems.note("office", self.office.parse::<Office>());
        let person = problems.note("person_id", id(&self.person_id));
        let from = problems.note("from", optional_instant(self.from.as_ref()));
        let (office, (person, from)) = problems.finish(office.zip(person.zip(from)))?;
        Ok(Asked::new(format!("office-{office}"), office::Command::Seat { office, person, from }))
    }
}

impl Asks<Seats> for message::VacateOfficeRequest {
    fn asks(&self, _: &Call) -> Result<Asked<office::Command>, Malformed> {
        let mut problems = Malformed::default();
        let office = problems.note("office", self.office.parse::<Office>());
        let person = problems.note("person_id", id(&self.person_id));
        let from = problems.note("from", optional_instant(self.from.as_ref()));
        let (office, (person, from)) = problems.finish(office.zip(person.zip(from)))?;
        Ok(Asked::new(format!("office-{office}"), office::Command::Vacate { office, person, from }))
    }
}

impl Asks<duty::Assignment> for message::AssignDutyRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Assign>, Malformed> {
        let mut problems = Malformed::default();
        let duty = problems.note("duty", self.duty.parse::<Duty>());
        let offices: Vec<_> = (0..)
            .zip(&self.offices)
            .filter_map(|(n, office): (u32, _)| {
                problems.note(&format!("offices[{n}]"), office.parse::<Office>())
            })
            .collect();
        let offices =
            problems.note("offices", if offices.is_empty() { Err("must name one") } else { Ok(offices) });
        let (duty, offices) = problems.finish(duty.zip(offices))?;
        Ok(Asked::new(format!("duty-{duty}"), Assign { duty, offices }))
    }
}

impl Asks<YearPolicy> for message::AdoptPolicyRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Adopt>, Malformed> {
        let mut problems = Malformed::default();
        let year = problems.note("year", school_year(self.year));
        let from = problems.note("from", optional_instant(self.from.as_ref()));
        let terms = required("terms", self.terms.as_ref())?;
        let terms = terms_of(terms, &mut problems);
        let (year, (from, terms)) = problems.finish(year.zip(from.zip(terms)))?;
        Ok(Asked::new(format!("policy-{year}"), Adopt { year, from, terms }))
    }
}

fn terms_of(terms: &message::PolicyTerms, problems: &mut Malformed) -> Option<PolicyTerms> {
    let counts = [
        ("terms.outcomes_per_semester_max", terms.outcomes_per_semester_max),
        ("terms.performances_per_year_max", terms.performances_per_year_max),
        ("terms.outcomes_selected_max", terms.outcomes_selected_max),
        ("terms.performances_selected_max", terms.performances_selected_max),
    ];
    let counts = counts.map(|(field, count)| problems.note(field, count_of(count)));
    let performance_upload =
        problems.note("terms.performance_upload", window(terms.performance_upload.as_ref()));
    let selection = problems.note("terms.selection", window(terms.selection.as_ref()));
    let semesters = (0..)
        .zip(&terms.semesters)
        .map(|(n, terms): (u32, _)| semester_of(&format!("terms.semesters[{n}]"), terms, problems))
        .collect::<Option<BTreeMap<_, _>>>();
    let [Some(outcomes), Some(performances), Some(outcomes_selected), Some(performances_selected)] = counts
    else {
        return None;
    };
    Some(PolicyTerms {
        outcomes_per_semester_max: outcomes,
        performances_per_year_max: performances,
        outcomes_selected_max: outcomes_selected,
        performances_selected_max: performances_selected,
        performance_upload: performance_upload?,
        selection: selection?,
        semesters: semesters?,
    })
}

fn semester_of(
    field: &str,
    terms: &message::SemesterTerms,
    problems: &mut Malformed,
) -> Option<(Semester, SemesterTerms)> {
    let semester = problems.note(&format!("{field}.semester"), semester(&terms.semester));
    let upload = problems.note(&format!("{field}.upload"), window(terms.upload.as_ref()));
    let certification =
        problems.note(&format!("{field}.certification"), window(terms.certification.as_ref()));
    Some((semester?, SemesterTerms { upload: upload?, certification: certification? }))
}

fn count_of(count: u32) -> Result<u16, &'static str> {
    u16::try_from(count).ok().filter(|count| (1..=1_000).contains(count)).ok_or("must be 1 to 1000")
}

/// The school year and the instant that a question is about; no instant: now.
pub(crate) fn question(
    message: &message::GetPolicyRequest,
    now: Instant,
) -> Result<(SchoolYear, Instant), Malformed> {
    let mut problems = Malformed::default();
    let year = problems.note("year", school_year(message.year));
    let at = problems.note("at", message.at.as_ref().map_or(Ok(now), instant));
    problems.finish(year.zip(at))
}

/// The instant that a question is about; absent: now.
pub(crate) fn instant_asked(at: Option<&prost_types::Timestamp>, now: Instant) -> Result<Instant, Malformed> {
    at.map_or(Ok(now), instant).map_err(|problem| Malformed::one("at", problem))
}

/// A policy as a message.
pub(crate) fn policy_message(policy: &Policy) -> message::GetPolicyResponse {
    let terms = &policy.terms;
    let semesters = terms.semesters.iter().map(|(semester, terms)| message::SemesterTerms {
        semester: semester.to_string(),
        upload: Some(window_message(terms.upload)),
        certification: Some(window_message(terms.certification)),
    });
    message::GetPolicyResponse {
        version: policy.version,
        from: Some(timestamp(policy.from)),
        terms: Some(message::PolicyTerms {
            outcomes_per_semester_max: terms.outcomes_per_semester_max.into(),
            performances_per_year_max: terms.performances_per_year_max.into(),
            outcomes_selected_max: terms.outcomes_selected_max.into(),
            performances_selected_max: terms.performances_selected_max.into(),
            performance_upload: Some(window_message(terms.performance_upload)),
            selection: Some(window_message(terms.selection)),
            semesters: semesters.collect(),
        }),
    }
}

/// Offices and duties at an instant, as a message.
pub(crate) fn offices_message(authority: &Authority, at: Instant) -> message::ListOfficesResponse {
    let seats = authority.seats(at).map(|seat| message::Seat {
        office: seat.office.name().to_owned(),
        person_id: seat.person.to_string(),
        from: Some(timestamp(seat.from)),
    });
    let duties = Duty::ALL.iter().copied().map(|duty| message::DutyOffices {
        duty: duty.name().to_owned(),
        offices: authority.offices_of(duty).iter().map(ToString::to_string).collect(),
        clause: duty.clause().id().to_owned(),
    });
    message::ListOfficesResponse { seats: seats.collect(), duties: duties.collect() }
}
