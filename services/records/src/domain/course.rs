//! A course (課程) as it is taught in one semester, and its teachers. Stream `course-{id}`.

use std::collections::BTreeSet;

use events::{ClaimName, Context, Decider, RecordsEvent};
use kernel::{Clause, CourseId, Kind, PersonId, Public, Refusal, Semester, clause};

use super::is_submittable;
use crate::facts::Classes;

#[cfg(test)]
mod tests;

const COURSES: Clause = clause("A.8");

/// A course as the events say.
#[derive(Clone, Debug, Default)]
pub struct Course {
    offered: Option<(String, Semester, String, String)>,
    teachers: BTreeSet<PersonId>,
}

/// What can be asked of a course.
#[derive(Clone, Debug)]
pub enum CourseCommand {
    /// Offers this course.
    Offer {
        /// The course, by the id that the request makes.
        course: CourseId,
        /// Id in the roster, 1 to 100 characters.
        roster_id: String,
        /// Semester.
        semester: Semester,
        /// Its name, 1 to 100 characters.
        title: String,
        /// Course code (課程代碼), at most 100 characters; the school's own may be anything, or nothing.
        code: String,
    },
    /// Gives it a teacher, beside those it has.
    AssignTeacher {
        /// The course.
        course: CourseId,
        /// The teacher.
        teacher: PersonId,
    },
    /// Takes it from a teacher.
    ReleaseTeacher {
        /// The course.
        course: CourseId,
        /// The teacher.
        teacher: PersonId,
    },
}

/// Why a course stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CourseRefusal {
    /// There is no such course.
    Unknown,
    /// The course is offered already, with another name or code.
    Differs,
    /// The id in the roster is another course's in that semester.
    Taken,
    /// The teacher is no member of the staff.
    NoStaff,
    /// The teacher doesn't have the course.
    NotItsTeacher,
}

impl Course {
    fn offer(
        &self,
        at: &Context<'_, Classes>,
        course: CourseId,
        asked: (String, Semester, String, String),
    ) -> Result<Vec<RecordsEvent>, CourseRefusal> {
        match &self.offered {
            Some(offered) if *offered == asked => return Ok(Vec::new()),
            Some(_) => return Err(CourseRefusal::Differs),
            None => {}
        }
        let (roster_id, semester, title, code) = asked;
        let name = ClaimName::course(&roster_id, semester);
        if at.claimed(&name).is_some_and(|whose| whose != course.uuid()) {
            return Err(CourseRefusal::Taken);
        }
        at.id(0);
        let submittable = is_submittable(&code);
        let (roster_id, title, code) = (Public(roster_id), Public(title), Public(code));
        Ok(vec![RecordsEvent::CourseOffered { course, roster_id, semester, title, code, submittable }])
    }

    fn assign(
        &self,
        at: &Context<'_, Classes>,
        course: CourseId,
        teacher: PersonId,
    ) -> Result<Vec<RecordsEvent>, CourseRefusal> {
        self.offered.as_ref().ok_or(CourseRefusal::Unknown)?;
        if self.teachers.contains(&teacher) {
            return Ok(Vec::new());
        }
        at.facts_of(&format!("staff-{teacher}"));
        match at.authority().is_staff(teacher) {
            true => Ok(vec![RecordsEvent::TeacherAssigned { course, teacher }]),
            false => Err(CourseRefusal::NoStaff),
        }
    }

    fn release(&self, course: CourseId, teacher: PersonId) -> Result<Vec<RecordsEvent>, CourseRefusal> {
        self.offered.as_ref().ok_or(CourseRefusal::Unknown)?;
        match self.teachers.contains(&teacher) {
            true => Ok(vec![RecordsEvent::TeacherReleased { course, teacher }]),
            false => Err(CourseRefusal::NotItsTeacher),
        }
    }
}

impl Decider for Course {
    type Command = CourseCommand;
    type Event = RecordsEvent;
    type Facts = Classes;
    type Refusal = CourseRefusal;

    fn decide(
        &self,
        at: &Context<'_, Classes>,
        command: CourseCommand,
    ) -> Result<Vec<RecordsEvent>, CourseRefusal> {
        match command {
            CourseCommand::Offer { course, roster_id, semester, title, code } => {
                self.offer(at, course, (roster_id, semester, title, code))
            }
            CourseCommand::AssignTeacher { course, teacher } => self.assign(at, course, teacher),
            CourseCommand::ReleaseTeacher { course, teacher } => self.release(course, teacher),
        }
    }

    fn evolve(&mut self, event: &RecordsEvent) {
        if let RecordsEvent::CourseOffered { roster_id, semester, title, code, .. } = event {
            self.offered = Some((roster_id.0.clone(), *semester, title.0.clone(), code.0.clone()));
        } else if let RecordsEvent::TeacherAssigned { teacher, .. } = event {
            self.teachers.insert(*teacher);
        } else if let RecordsEvent::TeacherReleased { teacher, .. } = event {
            self.teachers.remove(teacher);
        }
    }
}

impl Refusal for CourseRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown | Self::NoStaff => Kind::NotFound,
            Self::Differs | Self::NotItsTeacher => Kind::FailedPrecondition,
            Self::Taken => Kind::AlreadyExists,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Unknown => "COURSE_UNKNOWN",
            Self::Differs => "COURSE_DIFFERS",
            Self::Taken => "COURSE_ROSTER_ID_TAKEN",
            Self::NoStaff => "COURSE_TEACHER_UNKNOWN",
            Self::NotItsTeacher => "COURSE_NOT_ITS_TEACHER",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::Unknown | Self::NoStaff | Self::NotItsTeacher => COURSES,
            Self::Differs => const { clause("R15") },
            Self::Taken => const { clause("R12") },
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Unknown => "there is no such course here; offer the course first",
            Self::Differs => {
                "the course is offered already with another name or code, which can't be changed yet"
            }
            Self::Taken => {
                "roster_id is another course's in that semester already; use another, or that course"
            }
            Self::NoStaff => "the teacher is no member of the staff here; register the person first",
            Self::NotItsTeacher => "the course isn't this teacher's; nothing can be taken from the teacher",
        }
        .to_owned()
    }

    fn chinese(&self) -> String {
        match self {
            Self::Unknown => "查無此課程，請先開設課程。",
            Self::Differs => "此課程已開設，其名稱或課程代碼不同，目前無法變更。",
            Self::Taken => "名冊編號已為該學期其他課程所用。",
            Self::NoStaff => "查無此教師，請先登錄教職員。",
            Self::NotItsTeacher => "此課程並非由該教師任教。",
        }
        .to_owned()
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Taken => vec![("field", "roster_id".to_owned())],
            Self::NoStaff | Self::NotItsTeacher => vec![("field", "teacher_id".to_owned())],
            Self::Unknown | Self::Differs => Vec::new(),
        }
    }
}
