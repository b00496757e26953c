use events::{ArchiveEvent, Context, Decider, HoldScope};
use kernel::{Clause, Compartment, Kind, Owner, Personal, clause};

use crate::facts::Kept;

/// A hold stops an erasure.
const HOLD: Clause = clause("A2");

/// A legal hold (法定保留). Streams `hold-student-{student}`, `hold-class-{class}`, `hold-school`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    stands: bool,
}

/// What a hold can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldCommand {
    /// To stand.
    Place {
        /// What it holds.
        scope: HoldScope,
        /// Why.
        reason: String,
    },
    /// To stand no longer.
    Release {
        /// What it holds.
        scope: HoldScope,
    },
}

/// Why a hold is not placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldRefusal {
    /// There is nothing of it to be held: no such student or class, or the student is erased.
    Unknown {
        /// What was to be held.
        scope: HoldScope,
    },
}

impl Decider for Hold {
    type Command = HoldCommand;
    type Event = ArchiveEvent;
    type Facts = Kept;
    type Refusal = HoldRefusal;

    fn decide(&self, at: &Context<'_, Kept>, command: HoldCommand) -> Result<Vec<ArchiveEvent>, HoldRefusal> {
        match command {
            HoldCommand::Place { .. } if self.stands => Ok(Vec::new()),
            HoldCommand::Place { scope, reason } => {
                if !is_there(at, scope) {
                    return Err(HoldRefusal::Unknown { scope });
                }
                let reason = Personal::new(Owner::new(at.caller.person, Compartment::Staff), reason);
                Ok(vec![ArchiveEvent::HoldPlaced { scope, reason }])
            }
            HoldCommand::Release { .. } if !self.stands => Ok(Vec::new()),
            HoldCommand::Release { scope } => Ok(vec![ArchiveEvent::HoldReleased { scope }]),
        }
    }

    fn evolve(&mut self, event: &ArchiveEvent) {
        match event {
            ArchiveEvent::HoldPlaced { .. } => self.stands = true,
            ArchiveEvent::HoldReleased { .. } => self.stands = false,
            ArchiveEvent::PortfolioSealed { .. }
            | ArchiveEvent::AccessRequested { .. }
            | ArchiveEvent::AccessGranted { .. }
            | ArchiveEvent::AccessDeclined { .. }
            | ArchiveEvent::ErasureRequested { .. }
            | ArchiveEvent::ErasureApproved { .. }
            | ArchiveEvent::ErasureCancelled { .. }
            | ArchiveEvent::ErasureStarted { .. }
            | ArchiveEvent::ErasureCompleted { .. } => {}
        }
    }
}

/// Whether there is something to hold. Of a student and an erasure that starts at the same time, one comes first.
fn is_there(at: &Context<'_, Kept>, scope: HoldScope) -> bool {
    match scope {
        HoldScope::Student { student } => {
            at.guarded_facts_of(&super::stream(student));
            at.standing(student).is_some()
        }
        HoldScope::Class { class } => at.facts_of(&format!("class-{class}")).has_class(class),
        HoldScope::School => true,
    }
}

impl kernel::Refusal for HoldRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown { .. } => Kind::NotFound,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "HOLD_OF_NOTHING",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::Unknown { .. } => HOLD,
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Unknown { .. } => {
                "there is no such student or class, or the student is erased; check the id".into()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::Unknown { .. } => "查無此學生或班級，或該生資料已刪除，請確認代碼。".into(),
        }
    }
}

#[cfg(test)]
mod tests;
