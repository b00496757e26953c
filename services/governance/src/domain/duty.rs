//! Which offices have a duty (G5). Stream: `duty-{duty}`. Annex 1 is the default.

use events::{Context, Decider, GovernanceEvent};
use kernel::{Clause, Duty, Kind, Office, Refusal as Refuses, clause};

use crate::facts::Officers;

/// The offices that a duty was last given to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assignment(Option<Vec<Office>>);

/// To give a duty to these offices and to no others.
#[derive(Clone, Debug)]
pub(crate) struct Assign {
    /// The duty.
    pub(crate) duty: Duty,
    /// At least one.
    pub(crate) offices: Vec<Office>,
}

/// Why a duty isn't given so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The principal must be able to give it back.
    PrincipalLockedOut,
}

impl Decider for Assignment {
    type Command = Assign;
    type Event = GovernanceEvent;
    type Facts = Officers;
    type Refusal = Refusal;

    fn decide(&self, _: &Context<'_, Officers>, command: Assign) -> Result<Vec<GovernanceEvent>, Refusal> {
        let Assign { duty, mut offices } = command;
        offices.sort_unstable();
        offices.dedup();
        let keeps_the_key = matches!(duty, Duty::AssignDuty | Duty::AssignOffice);
        if keeps_the_key && !offices.contains(&Office::Principal) {
            return Err(Refusal::PrincipalLockedOut);
        }
        if self.0.as_ref() == Some(&offices) {
            return Ok(Vec::new());
        }
        Ok(vec![GovernanceEvent::DutyAssigned { duty, offices }])
    }

    fn evolve(&mut self, event: &GovernanceEvent) {
        if let GovernanceEvent::DutyAssigned { offices, .. } = event {
            self.0 = Some(offices.clone());
        }
    }
}

impl Refuses for Refusal {
    fn kind(&self) -> Kind {
        Kind::FailedPrecondition
    }

    fn reason(&self) -> &'static str {
        "PRINCIPAL_LOCKED_OUT"
    }

    fn clause(&self) -> Clause {
        const { clause("G5") }
    }

    fn english(&self) -> String {
        "offices and duties must stay in the principal's hands too; add `principal` to the offices".to_owned()
    }

    fn chinese(&self) -> String {
        "職務派任與分工須保留校長之權限。".to_owned()
    }
}

#[cfg(test)]
mod tests;
