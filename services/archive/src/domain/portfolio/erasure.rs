use events::ArchiveEvent;
use kernel::PersonId;

use super::{At, Decided, Destroyed, Erasure, GRACE, Portfolio, Refusal};

impl Portfolio {
    pub(super) fn request_erasure(&self, at: &At<'_>, student: PersonId) -> Decided {
        let until = self.sealed_until.ok_or(Refusal::NothingSealed)?;
        match self.erasure {
            Erasure::None => {}
            Erasure::Requested { .. } | Erasure::Approved { .. } => return Ok(Vec::new()),
            Erasure::Started | Erasure::Completed => return Err(Refusal::ErasureBegun),
        }
        if at.now < until {
            return Err(Refusal::TooEarly { until, now: at.now });
        }
        not_held(at, student)?;
        Ok(vec![ArchiveEvent::ErasureRequested { student, by: at.caller.person }])
    }

    pub(super) fn approve_erasure(&self, at: &At<'_>, student: PersonId) -> Decided {
        let by = at.caller.person;
        match self.erasure {
            Erasure::None => return Err(Refusal::ErasureNotRequested),
            Erasure::Requested { by: requested } if requested == by => {
                return Err(Refusal::ApprovedByWhoRequested);
            }
            Erasure::Requested { .. } => {}
            Erasure::Approved { .. } => return Ok(Vec::new()),
            Erasure::Started | Erasure::Completed => return Err(Refusal::ErasureBegun),
        }
        not_held(at, student)?;
        Ok(vec![ArchiveEvent::ErasureApproved { student, by, starts: at.now.plus(GRACE) }])
    }

    pub(super) fn cancel_erasure(&self, student: PersonId) -> Decided {
        match self.erasure {
            Erasure::None => Err(Refusal::ErasureNotRequested),
            Erasure::Requested { .. } | Erasure::Approved { .. } => {
                Ok(vec![ArchiveEvent::ErasureCancelled { student }])
            }
            Erasure::Started | Erasure::Completed => Err(Refusal::ErasureBegun),
        }
    }

    pub(super) fn start(&self, at: &At<'_>, student: PersonId) -> Decided {
        let starts = match self.erasure {
            Erasure::None | Erasure::Requested { .. } => return Err(Refusal::ErasureNotApproved),
            Erasure::Approved { starts } => starts,
            Erasure::Started | Erasure::Completed => return Ok(Vec::new()),
        };
        if at.now < starts {
            return Err(Refusal::ErasureNotDue { starts });
        }
        not_held(at, student)?;
        Ok(vec![ArchiveEvent::ErasureStarted { student }])
    }

    pub(super) fn complete(&self, student: PersonId, destroyed: Destroyed) -> Decided {
        match self.erasure {
            Erasure::None | Erasure::Requested { .. } | Erasure::Approved { .. } => {
                Err(Refusal::ErasureNotApproved)
            }
            Erasure::Started => {
                let Destroyed { keys, files, claims, packages } = destroyed;
                Ok(vec![ArchiveEvent::ErasureCompleted { student, destroyed: keys, files, claims, packages }])
            }
            Erasure::Completed => Ok(Vec::new()),
        }
    }
}

/// No hold stands on the student, the class that the student was last in, or the school. Each is a guard, and so is the
/// placing: a hold that is placed at the same time comes before or after.
fn not_held(at: &At<'_>, student: PersonId) -> Result<(), Refusal> {
    at.guarded_facts_of(&format!("student-{student}"));
    for scope in at.facts().scopes_of(student) {
        if at.guarded_facts_of(&scope.stream()).is_held(scope) {
            return Err(Refusal::Held { scope });
        }
    }
    Ok(())
}
