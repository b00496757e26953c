//! A class (班級) and its homeroom teacher. Stream `class-{id}`.

use events::{ClaimKind, ClaimName, Context, Decider, RecordsEvent};
use kernel::{ClassId, Clause, Kind, PersonId, Public, Refusal, SchoolYear, clause};

use crate::facts::Classes;

#[cfg(test)]
mod tests;

const CLASSES: Clause = clause("R7");

/// A class as the events say.
#[derive(Clone, Debug, Default)]
pub struct Class {
    opened: Option<(String, SchoolYear, u8, String)>,
    homeroom: Option<PersonId>,
}

/// What can be asked of a class.
#[derive(Clone, Debug)]
pub enum ClassCommand {
    /// Opens this class.
    Open {
        /// The class, by the id that the request makes.
        class: ClassId,
        /// Id in the roster, 1 to 100 characters.
        roster_id: String,
        /// School year.
        year: SchoolYear,
        /// 1 to 12.
        grade: u8,
        /// Its name, 1 to 100 characters.
        title: String,
    },
    /// Gives it its homeroom teacher (導師), in place of whoever was.
    AssignHomeroom {
        /// The class.
        class: ClassId,
        /// The teacher.
        teacher: PersonId,
    },
}

/// Why a class stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassRefusal {
    /// There is no such class.
    Unknown,
    /// The class is open already, with another name, grade or year.
    Differs,
    /// The id in the roster is another class's.
    Taken,
    /// The teacher is no member of the staff.
    NoStaff,
}

impl Decider for Class {
    type Command = ClassCommand;
    type Event = RecordsEvent;
    type Facts = Classes;
    type Refusal = ClassRefusal;

    fn decide(
        &self,
        at: &Context<'_, Classes>,
        command: ClassCommand,
    ) -> Result<Vec<RecordsEvent>, ClassRefusal> {
        match command {
            ClassCommand::Open { class, roster_id, year, grade, title } => {
                let asked = (roster_id, year, grade, title);
                match &self.opened {
                    Some(opened) if *opened == asked => return Ok(Vec::new()),
                    Some(_) => return Err(ClassRefusal::Differs),
                    None => {}
                }
                let (roster_id, year, grade, title) = asked;
                let name = ClaimName::new(ClaimKind::RosterClass, &roster_id);
                if at.claimed(&name).is_some_and(|whose| whose != class.uuid()) {
                    return Err(ClassRefusal::Taken);
                }
                at.id(0);
                let (roster_id, title) = (Public(roster_id), Public(title));
                Ok(vec![RecordsEvent::ClassOpened { class, roster_id, year, grade, title }])
            }
            ClassCommand::AssignHomeroom { class, teacher } => {
                self.opened.as_ref().ok_or(ClassRefusal::Unknown)?;
                if self.homeroom == Some(teacher) {
                    return Ok(Vec::new());
                }
                at.facts_of(&format!("staff-{teacher}"));
                match at.authority().is_staff(teacher) {
                    true => Ok(vec![RecordsEvent::HomeroomAssigned { class, teacher }]),
                    false => Err(ClassRefusal::NoStaff),
                }
            }
        }
    }

    fn evolve(&mut self, event: &RecordsEvent) {
        if let RecordsEvent::ClassOpened { roster_id, year, grade, title, .. } = event {
            self.opened = Some((roster_id.0.clone(), *year, *grade, title.0.clone()));
        } else if let RecordsEvent::HomeroomAssigned { teacher, .. } = event {
            self.homeroom = Some(*teacher);
        }
    }
}

impl Refusal for ClassRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown | Self::NoStaff => Kind::NotFound,
            Self::Differs => Kind::FailedPrecondition,
            Self::Taken => Kind::AlreadyExists,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Unknown => "CLASS_UNKNOWN",
            Self::Differs => "CLASS_DIFFERS",
            Self::Taken => "CLASS_ROSTER_ID_TAKEN",
            Self::NoStaff => "CLASS_TEACHER_UNKNOWN",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::Unknown | Self::NoStaff => CLASSES,
            Self::Differs => const { clause("R15") },
            Self::Taken => const { clause("R12") },
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Unknown => "there is no such class here; open the class first",
            Self::Differs => {
                "the class is open already with another name, grade or school year, which can't be changed yet"
            }
            Self::Taken => "roster_id is another class's already; use another, or that class",
            Self::NoStaff => "the teacher is no member of the staff here; register the person first",
        }
        .to_owned()
    }

    fn chinese(&self) -> String {
        match self {
            Self::Unknown => "查無此班級，請先開設班級。",
            Self::Differs => "此班級已開設，其名稱、年級或學年度不同，目前無法變更。",
            Self::Taken => "名冊編號已為其他班級所用。",
            Self::NoStaff => "查無此教師，請先登錄教職員。",
        }
        .to_owned()
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Taken => vec![("field", "roster_id".to_owned())],
            Self::NoStaff => vec![("field", "teacher_id".to_owned())],
            Self::Unknown | Self::Differs => Vec::new(),
        }
    }
}
