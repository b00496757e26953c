//! The school's own stream, `ledger`: its opening, and whom it knows beyond its roster.

use events::{Context, Decider, GovernanceEvent};
use kernel::{Clause, Kind, LedgerId, Owner, PersonId, Personal, Public, Refusal as Refuses, clause};

use crate::facts::Officers;

/// What has been opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct School {
    code: Option<String>,
    officers: Vec<PersonId>,
}

/// What the school can be asked for; by the command line alone, on the host itself.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// To open the ledger.
    Open {
        /// The ledger.
        ledger: LedgerId,
        /// The school's code at the ministry.
        code: String,
        /// The school's name.
        name: String,
        /// The key by which its checkpoints are checked.
        checkpoint_key: String,
    },
    /// To know an officer who is on no roster.
    NameOfficer {
        /// The person.
        person: PersonId,
        /// The name.
        name: String,
    },
}

/// Why the school says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has been opened under another code.
    OpenedOtherwise,
}

impl Decider for School {
    type Command = Command;
    type Event = GovernanceEvent;
    type Facts = Officers;
    type Refusal = Refusal;

    fn decide(&self, _: &Context<'_, Officers>, command: Command) -> Result<Vec<GovernanceEvent>, Refusal> {
        match command {
            Command::Open { ledger, code, name, checkpoint_key } => {
                self.open(ledger, code, name, checkpoint_key)
            }
            Command::NameOfficer { person, name } => Ok(self.name_officer(person, name)),
        }
    }

    fn evolve(&mut self, event: &GovernanceEvent) {
        match event {
            GovernanceEvent::LedgerOpened { code, .. } => self.code = Some(code.0.clone()),
            GovernanceEvent::OfficerNamed { person, .. } => self.officers.push(*person),
            GovernanceEvent::OfficeSeated { .. }
            | GovernanceEvent::OfficeVacated { .. }
            | GovernanceEvent::DutyAssigned { .. }
            | GovernanceEvent::PolicyAdopted { .. } => {}
        }
    }
}

impl School {
    fn open(
        &self,
        ledger: LedgerId,
        code: String,
        name: String,
        checkpoint_key: String,
    ) -> Result<Vec<GovernanceEvent>, Refusal> {
        match &self.code {
            Some(opened) if *opened == code => Ok(Vec::new()),
            Some(_) => Err(Refusal::OpenedOtherwise),
            None => Ok(vec![GovernanceEvent::LedgerOpened {
                ledger,
                code: Public(code),
                name: Public(name),
                checkpoint_key: Public(checkpoint_key),
            }]),
        }
    }

    fn name_officer(&self, person: PersonId, name: String) -> Vec<GovernanceEvent> {
        if self.officers.contains(&person) {
            return Vec::new();
        }
        vec![GovernanceEvent::OfficerNamed { person, name: Personal::new(Owner::identity(person), name) }]
    }
}

impl Refuses for Refusal {
    fn kind(&self) -> Kind {
        Kind::AlreadyExists
    }

    fn reason(&self) -> &'static str {
        "LEDGER_OPENED_OTHERWISE"
    }

    fn clause(&self) -> Clause {
        const { clause("§1") }
    }

    fn english(&self) -> String {
        "this ledger has been opened for another school code; choose another ledger".to_owned()
    }

    fn chinese(&self) -> String {
        "此帳本已以另一學校代碼開立。".to_owned()
    }
}

#[cfg(test)]
mod tests;
