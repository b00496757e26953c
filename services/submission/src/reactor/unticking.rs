use std::sync::Arc;

use async_trait::async_trait;
use events::{AnyEvent, CertificationEvent, Recorded, UploadsEvent};
use eventstore::react::{Reactor, done, order};
use eventstore::{Executor, Fault, Order};
use kernel::Duty;

use crate::{Choice, Command, Selection, wire};

/// Its name.
pub(crate) const NAME: &str = "submission-unticking";

/// Un-ticks what can't stay selected: a work whose certification was revoked (C5), a work that was taken back.
pub struct Unticking {
    executor: Arc<Executor<Selection>>,
}

impl Unticking {
    /// The reactor over the service's executor.
    pub const fn new(executor: Arc<Executor<Selection>>) -> Self {
        Self { executor }
    }
}

#[async_trait]
impl Reactor for Unticking {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn react(&self, event: &Recorded) -> Result<(), Fault> {
        let Some((choice, command)) = follows(event) else { return Ok(()) };
        done(self.executor.execute(drop(event, choice, command)).await)
    }
}

/// What follows from an event for a selection.
fn follows(event: &Recorded) -> Option<(Choice, Command)> {
    match &event.event {
        AnyEvent::Certification(CertificationEvent::CertificationRevoked {
            student, work, semester, ..
        }) => {
            let choice = Choice { student: *student, year: semester.year, work: *work };
            let revoked = event.record.streamversion;
            Some((choice, Command::DropRevoked { choice, revoked }))
        }
        AnyEvent::Uploads(UploadsEvent::WorkWithdrawn { student, work, kind }) => {
            let choice = Choice { student: *student, year: kind.year(), work: *work };
            Some((choice, Command::DropWithdrawn(choice)))
        }
        AnyEvent::Governance(_)
        | AnyEvent::Records(_)
        | AnyEvent::Uploads(_)
        | AnyEvent::Certification(_)
        | AnyEvent::Submission(_)
        | AnyEvent::Archive(_) => None,
    }
}

fn drop(event: &Recorded, choice: Choice, command: Command) -> Order<Command> {
    order(event, (NAME, "0"), (Duty::SelectWorks, wire::stream(choice.student, choice.year)), command)
}

#[cfg(test)]
mod tests {
    use events::WorkKind;
    use events::spec::recorded;
    use kernel::{CourseId, Owner, PersonId, Personal, SchoolYear, Semester, Term, WorkId};
    use uuid::Uuid;

    use super::*;

    const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
    const COURSE: CourseId = CourseId::new(Uuid::from_u128(2));
    const WORK: WorkId = WorkId::new(Uuid::from_u128(3));

    fn choice() -> Choice {
        Choice { student: STUDENT, year: SchoolYear::try_new(114).unwrap(), work: WORK }
    }

    fn semester() -> Semester {
        Semester::new(choice().year, Term::Second)
    }

    fn revoked(version: u32) -> Recorded {
        let event = CertificationEvent::CertificationRevoked {
            student: STUDENT,
            work: WORK,
            course: COURSE,
            semester: semester(),
            teacher: STUDENT,
            reason: Personal::new(Owner::work(STUDENT, WORK), "x".into()),
        };
        recorded(9, &format!("certificate-{WORK}"), version, event.into())
    }

    #[test]
    fn c5_a_revocation_unticks_by_the_version_that_revoked() {
        let event = revoked(4);
        let expected = (choice(), Command::DropRevoked { choice: choice(), revoked: 4 });
        assert_eq!(follows(&event), Some(expected));
    }

    #[test]
    fn a_work_that_is_taken_back_is_unticked() {
        let kind = WorkKind::Outcome { course: COURSE, semester: semester() };
        let event = UploadsEvent::WorkWithdrawn { student: STUDENT, work: WORK, kind };
        let event = recorded(9, "works", 1, event.into());
        assert_eq!(follows(&event), Some((choice(), Command::DropWithdrawn(choice()))));
    }

    #[test]
    fn reacting_twice_is_one_request_of_the_ledger_itself() {
        let event = revoked(4);
        let order = |event| drop(event, choice(), Command::DropWithdrawn(choice()));
        let (first, second) = (order(&event), order(&event));
        assert_eq!(first.request, second.request);
        assert_eq!(first.caller.person.uuid(), event.ledger.uuid());
        assert_eq!(first.caller.causation, Some(event.record.id));
        assert_eq!((first.at_least, first.stream), (9, format!("selection-{STUDENT}-114")));
    }
}
