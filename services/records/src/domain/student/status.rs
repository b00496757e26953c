use std::time::Duration;

use events::{Context, Leaving, RecordsEvent};
use kernel::{Date, PersonId, SchoolYear, start_of_day_in_taipei};

use super::{Student, StudentRefusal};
use crate::facts::Classes;

/// What a student is to the school (學籍狀態), and since which day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    /// Of the school since the registration.
    #[default]
    Enrolled,
    /// Graduated.
    Graduated(SchoolYear, Date),
    /// Left otherwise.
    Left(Leaving, Date),
    /// Of the school again.
    Returned(Date),
}

type Decided = Result<Vec<RecordsEvent>, StudentRefusal>;

impl Status {
    /// What an event makes of it, if it is about that.
    pub(super) const fn after(event: &RecordsEvent) -> Option<Self> {
        if let RecordsEvent::StudentGraduated { year, on, .. } = event {
            Some(Self::Graduated(*year, *on))
        } else if let RecordsEvent::StudentLeft { on, why, .. } = event {
            Some(Self::Left(*why, *on))
        } else if let RecordsEvent::StudentReturned { on, .. } = event {
            Some(Self::Returned(*on))
        } else {
            None
        }
    }

    const fn enrolled(self) -> Result<(), StudentRefusal> {
        match self {
            Self::Enrolled | Self::Returned(_) => Ok(()),
            Self::Left(Leaving::Deceased, _) => Err(StudentRefusal::Deceased),
            Self::Graduated(..)
            | Self::Left(Leaving::Transferred | Leaving::Suspended | Leaving::Withdrawn, _) => {
                Err(StudentRefusal::NotEnrolled)
            }
        }
    }
}

impl Student {
    pub(super) fn graduate(
        &self,
        at: &Context<'_, Classes>,
        student: PersonId,
        year: SchoolYear,
        on: Date,
    ) -> Decided {
        if self.becomes(at, Status::Graduated(year, on), on)? {
            return Ok(Vec::new());
        }
        self.status.enrolled()?;
        Ok(vec![RecordsEvent::StudentGraduated { student, year, on }])
    }

    pub(super) fn leave(
        &self,
        at: &Context<'_, Classes>,
        student: PersonId,
        on: Date,
        why: Leaving,
    ) -> Decided {
        if self.becomes(at, Status::Left(why, on), on)? {
            return Ok(Vec::new());
        }
        self.status.enrolled()?;
        Ok(vec![RecordsEvent::StudentLeft { student, on, why }])
    }

    pub(super) fn come_back(&self, at: &Context<'_, Classes>, student: PersonId, on: Date) -> Decided {
        if self.becomes(at, Status::Returned(on), on)? {
            return Ok(Vec::new());
        }
        match self.status {
            Status::Enrolled | Status::Returned(_) => Err(StudentRefusal::HasNotLeft),
            Status::Graduated(..) => Err(StudentRefusal::Graduated),
            Status::Left(Leaving::Deceased, _) => Err(StudentRefusal::Deceased),
            Status::Left(Leaving::Transferred | Leaving::Suspended | Leaving::Withdrawn, _) => {
                Ok(vec![RecordsEvent::StudentReturned { student, on }])
            }
        }
    }

    /// Whether a registered student is so already. A change may be recorded on the day before it, and no earlier.
    fn becomes(&self, at: &Context<'_, Classes>, status: Status, on: Date) -> Result<bool, StudentRefusal> {
        self.basic.as_ref().ok_or(StudentRefusal::Unknown)?;
        if self.status == status {
            return Ok(true);
        }
        let tomorrow = at.now.plus(Duration::from_secs(24 * 60 * 60));
        if start_of_day_in_taipei(on) <= tomorrow { Ok(false) } else { Err(StudentRefusal::DayToCome) }
    }
}
