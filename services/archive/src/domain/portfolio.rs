use std::collections::BTreeMap;
use std::time::Duration;

use events::{ArchiveEvent, Compartments, Context, Decider};
use kernel::{Date, Instant, Owner, PersonId, Personal, kept_until};

use crate::facts::Kept;

mod erasure;
mod refusal;

pub use refusal::{RETENTION_YEARS, Refusal};

/// How long a reader may be let in at most: 30 days (A5).
pub const ACCESS_TIME: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How long an approved erasure can still be cancelled: seven days (A2).
pub const GRACE: Duration = Duration::from_secs(7 * 24 * 3_600);

/// A student's portfolio in the archive. Stream `archive-{student}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portfolio {
    /// Since it is sealed: from when on it may be erased.
    sealed_until: Option<Instant>,
    access: BTreeMap<PersonId, Access>,
    erasure: Erasure,
}

/// What became of a reader's last request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It waits.
    Requested,
    /// The reader is let in for a time.
    Granted {
        /// Until when.
        until: Instant,
    },
    /// The reader isn't.
    Declined,
}

/// How far an erasure has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Erasure {
    /// Nobody asks for it.
    #[default]
    None,
    /// It waits for its approval.
    Requested {
        /// Who asked.
        by: PersonId,
    },
    /// It waits for its time.
    Approved {
        /// From when on it is carried out.
        starts: Instant,
    },
    /// It is carried out.
    Started,
    /// It is done.
    Completed,
}

/// What an erasure destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Destroyed {
    /// Keys, by compartment.
    pub keys: Compartments,
    /// Files.
    pub files: u32,
    /// Claimed values.
    pub claims: u32,
    /// Packages.
    pub packages: u32,
}

/// What a portfolio can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// To be sealed: the student has graduated (§10).
    Seal {
        /// The student.
        student: PersonId,
        /// The day of graduation.
        on: Date,
    },
    /// That the caller may read it (A5).
    RequestAccess {
        /// The student.
        student: PersonId,
        /// Why.
        reason: String,
    },
    /// To let a reader in (A5).
    GrantAccess {
        /// The student.
        student: PersonId,
        /// Who asked.
        reader: PersonId,
        /// Until when.
        until: Instant,
    },
    /// Not to let a reader in (A5).
    DeclineAccess {
        /// The student.
        student: PersonId,
        /// Who asked.
        reader: PersonId,
    },
    /// To be erased (§10).
    RequestErasure(PersonId),
    /// That the erasure be approved (A2).
    ApproveErasure(PersonId),
    /// That it be given up (A2).
    CancelErasure(PersonId),
    /// To carry it out, now that its time has come (A2).
    Start(PersonId),
    /// To note that it is done (A2).
    Complete {
        /// The student.
        student: PersonId,
        /// What it destroyed.
        destroyed: Destroyed,
    },
}

type At<'a> = Context<'a, Kept>;
type Decided = Result<Vec<ArchiveEvent>, Refusal>;

/// The stream of a student's portfolio in the archive.
pub(crate) fn stream(student: PersonId) -> String {
    format!("archive-{student}")
}

impl Decider for Portfolio {
    type Command = Command;
    type Event = ArchiveEvent;
    type Facts = Kept;
    type Refusal = Refusal;

    fn decide(&self, at: &At<'_>, command: Command) -> Decided {
        match command {
            Command::Seal { student, on } => Ok(self.seal(student, on)),
            Command::RequestAccess { student, reason } => self.request_access(at, student, reason),
            Command::GrantAccess { student, reader, until } => self.grant_access(at, student, reader, until),
            Command::DeclineAccess { student, reader } => self.decline_access(student, reader),
            Command::RequestErasure(student) => self.request_erasure(at, student),
            Command::ApproveErasure(student) => self.approve_erasure(at, student),
            Command::CancelErasure(student) => self.cancel_erasure(student),
            Command::Start(student) => self.start(at, student),
            Command::Complete { student, destroyed } => self.complete(student, destroyed),
        }
    }

    fn evolve(&mut self, event: &ArchiveEvent) {
        match event {
            ArchiveEvent::PortfolioSealed { until, .. } => self.sealed_until = Some(*until),
            ArchiveEvent::AccessRequested { reader, .. } => {
                self.access.insert(*reader, Access::Requested);
            }
            ArchiveEvent::AccessGranted { reader, until, .. } => {
                self.access.insert(*reader, Access::Granted { until: *until });
            }
            ArchiveEvent::AccessDeclined { reader, .. } => {
                self.access.insert(*reader, Access::Declined);
            }
            ArchiveEvent::ErasureRequested { by, .. } => self.erasure = Erasure::Requested { by: *by },
            ArchiveEvent::ErasureApproved { starts, .. } => {
                self.erasure = Erasure::Approved { starts: *starts };
            }
            ArchiveEvent::ErasureCancelled { .. } => self.erasure = Erasure::None,
            ArchiveEvent::ErasureStarted { .. } => self.erasure = Erasure::Started,
            ArchiveEvent::ErasureCompleted { .. } => self.erasure = Erasure::Completed,
            ArchiveEvent::HoldPlaced { .. } | ArchiveEvent::HoldReleased { .. } => {}
        }
    }
}

impl Portfolio {
    /// From when on it may be erased; `None`: it isn't sealed.
    pub const fn sealed_until(&self) -> Option<Instant> {
        self.sealed_until
    }

    /// What became of each reader's last request.
    pub const fn access(&self) -> &BTreeMap<PersonId, Access> {
        &self.access
    }

    /// How far its erasure has come.
    pub const fn erasure(&self) -> Erasure {
        self.erasure
    }

    fn seal(&self, student: PersonId, on: Date) -> Vec<ArchiveEvent> {
        match self.sealed_until {
            Some(_) => Vec::new(),
            None => {
                let until = kept_until(on, RETENTION_YEARS);
                vec![ArchiveEvent::PortfolioSealed { student, until }]
            }
        }
    }

    fn request_access(&self, at: &At<'_>, student: PersonId, reason: String) -> Decided {
        let reader = at.caller.person;
        self.readable()?;
        if reader != student && at.authority().is_student(reader) {
            return Err(Refusal::AnothersPortfolio);
        }
        if self.access.get(&reader) == Some(&Access::Requested) {
            return Ok(Vec::new());
        }
        // It may name the student: it goes when the student's data goes.
        let reason = Personal::new(Owner::identity(student), reason);
        Ok(vec![ArchiveEvent::AccessRequested { student, reader, reason }])
    }

    fn grant_access(&self, at: &At<'_>, student: PersonId, reader: PersonId, until: Instant) -> Decided {
        self.readable()?;
        if reader == at.caller.person {
            return Err(Refusal::AccessToOneself);
        }
        match self.access.get(&reader) {
            Some(Access::Requested) => {}
            Some(Access::Granted { until: granted }) if *granted == until => return Ok(Vec::new()),
            Some(Access::Granted { .. } | Access::Declined) | None => {
                return Err(Refusal::AccessNotRequested);
            }
        }
        let (now, most) = (at.now, at.now.plus(ACCESS_TIME));
        if until <= now {
            return Err(Refusal::AccessUntilPast { until, now });
        }
        if until > most {
            return Err(Refusal::AccessTooLong { until, most });
        }
        Ok(vec![ArchiveEvent::AccessGranted { student, reader, until }])
    }

    fn decline_access(&self, student: PersonId, reader: PersonId) -> Decided {
        self.readable()?;
        match self.access.get(&reader) {
            Some(Access::Requested) => Ok(vec![ArchiveEvent::AccessDeclined { student, reader }]),
            Some(Access::Declined) => Ok(Vec::new()),
            Some(Access::Granted { .. }) | None => Err(Refusal::AccessNotRequested),
        }
    }

    /// Sealed, and there to be read.
    const fn readable(&self) -> Result<(), Refusal> {
        match (self.erasure, self.sealed_until) {
            (Erasure::Started | Erasure::Completed, _) => Err(Refusal::Erased),
            (Erasure::None | Erasure::Requested { .. } | Erasure::Approved { .. }, Some(_)) => Ok(()),
            (Erasure::None | Erasure::Requested { .. } | Erasure::Approved { .. }, None) => {
                Err(Refusal::NotSealed)
            }
        }
    }
}

#[cfg(test)]
mod tests;
