use std::sync::Arc;

use async_trait::async_trait;
use events::{AnyEvent, Recorded, RecordsEvent};
use eventstore::react::{Reactor, done, order};
use eventstore::{Executor, Fault, Order};
use kernel::{Duty, PersonId};

use crate::domain::stream;
use crate::{Command, Portfolio};

/// Its name.
pub(crate) const NAME: &str = "archive-sealing";

/// Seals the portfolio of whoever graduates (§10).
pub struct Sealing {
    executor: Arc<Executor<Portfolio>>,
}

impl Sealing {
    /// The reactor over the service's executor.
    pub const fn new(executor: Arc<Executor<Portfolio>>) -> Self {
        Self { executor }
    }
}

#[async_trait]
impl Reactor for Sealing {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn react(&self, event: &Recorded) -> Result<(), Fault> {
        let Some((student, command)) = follows(event) else { return Ok(()) };
        done(self.executor.execute(seal(event, student, command)).await)
    }
}

/// What follows from an event for a portfolio.
fn follows(event: &Recorded) -> Option<(PersonId, Command)> {
    match &event.event {
        AnyEvent::Records(RecordsEvent::StudentGraduated { student, on, .. }) => {
            Some((*student, Command::Seal { student: *student, on: *on }))
        }
        AnyEvent::Governance(_)
        | AnyEvent::Records(_)
        | AnyEvent::Uploads(_)
        | AnyEvent::Certification(_)
        | AnyEvent::Submission(_)
        | AnyEvent::Archive(_) => None,
    }
}

fn seal(event: &Recorded, student: PersonId, command: Command) -> Order<Command> {
    order(event, (NAME, "0"), (Duty::ChangeStatus, stream(student)), command)
}

#[cfg(test)]
mod tests {
    use events::spec::recorded;
    use kernel::{Date, SchoolYear};
    use uuid::Uuid;

    use super::*;

    const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));

    #[test]
    fn a1_a_graduation_seals_by_its_day() {
        let (on, year) = (Date::constant(2026, 6, 12), SchoolYear::try_new(114).unwrap());
        let graduated = RecordsEvent::StudentGraduated { student: STUDENT, year, on };
        let event = recorded(9, &format!("student-{STUDENT}"), 3, graduated.into());
        let command = Command::Seal { student: STUDENT, on };
        assert_eq!(follows(&event), Some((STUDENT, command.clone())));
        let order = seal(&event, STUDENT, command);
        assert_eq!(order.caller.person.uuid(), event.ledger.uuid());
        assert_eq!(order.caller.causation, Some(event.record.id));
        assert_eq!((order.at_least, order.stream), (9, format!("archive-{STUDENT}")));
    }

    #[test]
    fn nothing_else_seals() {
        let left = RecordsEvent::StudentReturned { student: STUDENT, on: Date::constant(2026, 6, 12) };
        assert_eq!(follows(&recorded(9, "student-1", 3, left.into())), None);
    }
}
