//! A school year's policy (G3): stricter than the national caps or equal, never looser. Stream: `policy-{year}`.

use events::{Context, Decider, GovernanceEvent, PolicyTerms};
use kernel::{Clause, Instant, Kind, Refusal as Refuses, SchoolYear, clause};

use crate::facts::Officers;

/// Outcomes that a student may select in a school year at most (§4.3.3).
pub(crate) const OUTCOMES_SELECTED_CAP: u16 = 6;
/// Performances that a student may select in a school year at most (§4.4.2).
pub(crate) const PERFORMANCES_SELECTED_CAP: u16 = 10;

/// The policy that was adopted last.
#[derive(Clone, Debug, Default)]
pub(crate) struct YearPolicy {
    version: u32,
    last: Option<(Instant, PolicyTerms)>,
}

/// To adopt a policy.
#[derive(Clone, Debug)]
pub(crate) struct Adopt {
    /// The school year.
    pub(crate) year: SchoolYear,
    /// From when on; now, if absent.
    pub(crate) from: Option<Instant>,
    /// What it says.
    pub(crate) terms: PolicyTerms,
}

/// Why a policy isn't adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// More outcomes than the national cap.
    OutcomesLooser,
    /// More performances than the national cap.
    PerformancesLooser,
    /// It would be in force before now.
    Backdated,
    /// It would be in force before the policy that it follows.
    BeforeTheLast,
    /// It speaks of a semester of another school year.
    SemesterOfAnotherYear,
}

impl Decider for YearPolicy {
    type Command = Adopt;
    type Event = GovernanceEvent;
    type Facts = Officers;
    type Refusal = Refusal;

    fn decide(&self, at: &Context<'_, Officers>, command: Adopt) -> Result<Vec<GovernanceEvent>, Refusal> {
        let Adopt { year, from, terms } = command;
        if terms.outcomes_selected_max > OUTCOMES_SELECTED_CAP {
            return Err(Refusal::OutcomesLooser);
        }
        if terms.performances_selected_max > PERFORMANCES_SELECTED_CAP {
            return Err(Refusal::PerformancesLooser);
        }
        if terms.semesters.keys().any(|semester| semester.year != year) {
            return Err(Refusal::SemesterOfAnotherYear);
        }
        if from.is_some_and(|from| from < at.now) {
            return Err(Refusal::Backdated);
        }
        let from = from.unwrap_or(at.now);
        if let Some((last_from, last)) = &self.last {
            if *last == terms && *last_from <= from {
                return Ok(Vec::new());
            }
            if from < *last_from {
                return Err(Refusal::BeforeTheLast);
            }
        }
        Ok(vec![GovernanceEvent::PolicyAdopted { year, version: self.version + 1, from, terms }])
    }

    fn evolve(&mut self, event: &GovernanceEvent) {
        if let GovernanceEvent::PolicyAdopted { version, from, terms, .. } = event {
            self.version = *version;
            self.last = Some((*from, terms.clone()));
        }
    }
}

impl Refuses for Refusal {
    fn kind(&self) -> Kind {
        Kind::FailedPrecondition
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::OutcomesLooser => "POLICY_OUTCOMES_LOOSER",
            Self::PerformancesLooser => "POLICY_PERFORMANCES_LOOSER",
            Self::Backdated => "POLICY_BACKDATED",
            Self::BeforeTheLast => "POLICY_BEFORE_THE_LAST",
            Self::SemesterOfAnotherYear => "POLICY_SEMESTER_OF_ANOTHER_YEAR",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::OutcomesLooser => const { clause("§4.3.3") },
            Self::PerformancesLooser => const { clause("§4.4.2") },
            Self::Backdated | Self::BeforeTheLast | Self::SemesterOfAnotherYear => const { clause("G3") },
        }
    }

    fn english(&self) -> String {
        match self {
            Self::OutcomesLooser => {
                format!("a policy may let students select at most {OUTCOMES_SELECTED_CAP} outcomes a year")
            }
            Self::PerformancesLooser => {
                format!(
                    "a policy may let students select at most {PERFORMANCES_SELECTED_CAP} performances a year"
                )
            }
            Self::Backdated => "a policy can't be in force before now; leave `from` out".to_owned(),
            Self::BeforeTheLast => "a policy can't be in force before the one that it follows".to_owned(),
            Self::SemesterOfAnotherYear => {
                "the policy speaks of a semester of another school year".to_owned()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::OutcomesLooser => format!("課程學習成果每學年勾選至多{OUTCOMES_SELECTED_CAP}件。"),
            Self::PerformancesLooser => format!("多元表現每學年勾選至多{PERFORMANCES_SELECTED_CAP}件。"),
            Self::Backdated => "規定之生效時間不得早於現在。".to_owned(),
            Self::BeforeTheLast => "規定之生效時間不得早於前一版本。".to_owned(),
            Self::SemesterOfAnotherYear => "規定中之學期不屬於該學年度。".to_owned(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::OutcomesLooser => vec![("cap", OUTCOMES_SELECTED_CAP.to_string())],
            Self::PerformancesLooser => vec![("cap", PERFORMANCES_SELECTED_CAP.to_string())],
            Self::Backdated | Self::BeforeTheLast | Self::SemesterOfAnotherYear => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
