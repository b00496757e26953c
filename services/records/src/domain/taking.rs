//! The courses that a student takes in a semester (選課). Stream `taking-{student}-{semester}`.

use std::collections::BTreeSet;

use events::{Context, Decider, RecordsEvent};
use kernel::{Clause, CourseId, Kind, PersonId, Refusal, Semester, clause};

use crate::facts::Classes;

#[cfg(test)]
mod tests;

const SELECTION: Clause = clause("A.8");

/// What a student takes in a semester, as the events say.
#[derive(Clone, Debug, Default)]
pub struct Taking(BTreeSet<CourseId>);

/// What can be asked of a student's course selection.
#[derive(Clone, Debug)]
pub enum TakingCommand {
    /// The student takes a course.
    Take {
        /// The student.
        student: PersonId,
        /// The course.
        course: CourseId,
        /// The semester that the stream is of.
        semester: Semester,
    },
    /// The student no longer takes it.
    Drop {
        /// The student.
        student: PersonId,
        /// The course.
        course: CourseId,
        /// The semester that the stream is of.
        semester: Semester,
    },
}

/// Why a course selection stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakingRefusal {
    /// There is no such student.
    StudentUnknown,
    /// The course isn't offered.
    NotOffered,
    /// The course is of another semester: this one.
    OtherSemester(Semester),
    /// The student doesn't take the course.
    NotTaken,
}

impl Taking {
    fn take(
        &self,
        at: &Context<'_, Classes>,
        (student, course, semester): (PersonId, CourseId, Semester),
    ) -> Result<Vec<RecordsEvent>, TakingRefusal> {
        if self.0.contains(&course) {
            return Ok(Vec::new());
        }
        // Who has been registered stays so, and what is offered stays of its semester: no guard is needed.
        at.facts_of(&format!("student-{student}"));
        at.facts_of(&format!("course-{course}"));
        if !at.authority().is_student(student) {
            return Err(TakingRefusal::StudentUnknown);
        }
        match at.authority().course(course) {
            None => Err(TakingRefusal::NotOffered),
            Some(offered) if offered.semester != semester => {
                Err(TakingRefusal::OtherSemester(offered.semester))
            }
            Some(_) => Ok(vec![RecordsEvent::CourseTaken { student, course, semester }]),
        }
    }
}

impl Decider for Taking {
    type Command = TakingCommand;
    type Event = RecordsEvent;
    type Facts = Classes;
    type Refusal = TakingRefusal;

    fn decide(
        &self,
        at: &Context<'_, Classes>,
        command: TakingCommand,
    ) -> Result<Vec<RecordsEvent>, TakingRefusal> {
        match command {
            TakingCommand::Take { student, course, semester } => self.take(at, (student, course, semester)),
            TakingCommand::Drop { student, course, semester } => match self.0.contains(&course) {
                true => Ok(vec![RecordsEvent::CourseDropped { student, course, semester }]),
                false => Err(TakingRefusal::NotTaken),
            },
        }
    }

    fn evolve(&mut self, event: &RecordsEvent) {
        if let RecordsEvent::CourseTaken { course, .. } = event {
            self.0.insert(*course);
        } else if let RecordsEvent::CourseDropped { course, .. } = event {
            self.0.remove(course);
        }
    }
}

impl Refusal for TakingRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::StudentUnknown | Self::NotOffered => Kind::NotFound,
            Self::OtherSemester(_) | Self::NotTaken => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::StudentUnknown => "TAKING_STUDENT_UNKNOWN",
            Self::NotOffered => "TAKING_NOT_OFFERED",
            Self::OtherSemester(_) => "TAKING_OTHER_SEMESTER",
            Self::NotTaken => "TAKING_NOT_TAKEN",
        }
    }

    fn clause(&self) -> Clause {
        SELECTION
    }

    fn english(&self) -> String {
        match self {
            Self::StudentUnknown => "there is no such student here; register the student first".to_owned(),
            Self::NotOffered => "there is no such course here; offer the course first".to_owned(),
            Self::OtherSemester(semester) => {
                format!("the course is offered in {semester}; give that semester, or the course of this one")
            }
            Self::NotTaken => "the student doesn't take this course; there is nothing to drop".to_owned(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::StudentUnknown => "查無此學生，請先登錄學籍資料。".to_owned(),
            Self::NotOffered => "查無此課程，請先開設課程。".to_owned(),
            Self::OtherSemester(semester) => format!("此課程開設於 {semester} 學期。"),
            Self::NotTaken => "此學生未選修該課程。".to_owned(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::OtherSemester(semester) => vec![("semester", semester.to_string())],
            Self::StudentUnknown | Self::NotOffered | Self::NotTaken => Vec::new(),
        }
    }
}
