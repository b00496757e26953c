//! A student: basic data (學籍資料) and class. Stream `student-{id}`.

use events::{ClaimKind, ClaimName, Context, Decider, Leaving, RecordsEvent, StudentData};
use kernel::{
    ClassId, Clause, Date, IdentityNumber, Kind, Owner, PersonId, Personal, Refusal, SchoolYear, clause,
};

use super::{chinese_of, field_of, taken};
use crate::facts::Classes;

mod status;
#[cfg(test)]
mod tests;

use status::Status;

const BASIC_DATA: Clause = clause("A.1");
const PLACES: Clause = clause("R7");
/// Graduating, leaving and coming back (學籍異動).
const STATUS: Clause = clause("§5");

/// A student's basic data, checked, in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct Basic {
    /// Id in the roster, 1 to 100 characters.
    pub roster_id: String,
    /// Name to sign in by, 1 to 100 characters.
    pub username: String,
    /// Student number (學號), 1 to 20 characters.
    pub number: String,
    /// Name, 1 to 100 characters.
    pub name: String,
    /// Identity number (身分證明號碼), its check digit verified (A.1).
    pub identity_number: Option<IdentityNumber>,
    /// Birth date, `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// 1 to 12.
    pub grade: u8,
}

/// A student as the events say.
#[derive(Clone, Debug, Default)]
pub struct Student {
    basic: Option<StudentData>,
    placed: Option<(SchoolYear, ClassId)>,
    status: Status,
}

/// What can be asked of a student.
#[derive(Clone, Debug)]
pub enum StudentCommand {
    /// Registers this student.
    Register {
        /// The student, by the id that the request makes.
        student: PersonId,
        /// Basic data.
        basic: Basic,
    },
    /// Sets the basic data to exactly this.
    Correct {
        /// The student.
        student: PersonId,
        /// Basic data as it should be.
        basic: Basic,
    },
    /// Takes over what a roster says; what it leaves out stays as it is.
    Renew {
        /// The student.
        student: PersonId,
        /// Basic data as the roster has it.
        basic: Basic,
    },
    /// Places the student in a class.
    Place {
        /// The student.
        student: PersonId,
        /// The class.
        class: ClassId,
    },
    /// The student graduates (畢業).
    Graduate {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The day.
        on: Date,
    },
    /// The student leaves otherwise.
    Leave {
        /// The student.
        student: PersonId,
        /// The day.
        on: Date,
        /// How.
        why: Leaving,
    },
    /// The student who had left is back (復學).
    Return {
        /// The student.
        student: PersonId,
        /// The day.
        on: Date,
    },
}

/// Why a student's data stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StudentRefusal {
    /// There is no such student.
    Unknown,
    /// The student is registered already, with other data.
    Registered,
    /// A value that is unique in the school is another's.
    Taken(ClaimKind),
    /// There is no such class.
    ClassUnknown,
    /// The student has been placed in a class of a later school year.
    PlacedLater(SchoolYear),
    /// Who graduates or leaves must be enrolled.
    NotEnrolled,
    /// Who comes back must have left.
    HasNotLeft,
    /// A graduate doesn't come back.
    Graduated,
    /// The student has died.
    Deceased,
    /// The day is later than tomorrow in Taipei.
    DayToCome,
}

impl std::fmt::Debug for Basic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // All but the grade is personal: no log may show it.
        write!(f, "Basic(grade {})", self.grade)
    }
}

impl Basic {
    /// The values in it that are unique in the school.
    pub fn names(&self) -> Vec<ClaimName> {
        let mut names = vec![
            ClaimName::new(ClaimKind::RosterPerson, &self.roster_id),
            ClaimName::new(ClaimKind::Username, &self.username),
            ClaimName::new(ClaimKind::StudentNumber, &self.number),
        ];
        let identity = self.identity_number.as_ref();
        names.extend(identity.map(|number| ClaimName::new(ClaimKind::IdentityNumber, number.as_str())));
        names
    }

    fn sealed_for(&self, student: PersonId) -> StudentData {
        let own = |value: &str| Personal::new(Owner::identity(student), value.to_owned());
        StudentData {
            roster_id: own(&self.roster_id),
            username: own(&self.username),
            number: own(&self.number),
            name: own(&self.name),
            identity_number: self.identity_number.as_ref().map(|number| own(number.as_str())),
            birth_date: self.birth_date.as_deref().map(own),
            grade: self.grade,
        }
    }
}

impl Student {
    /// The basic data, if the student is registered.
    pub fn basic(&self) -> Option<&StudentData> {
        self.basic.as_ref()
    }

    /// The class that the student was last placed in.
    pub fn class(&self) -> Option<ClassId> {
        self.placed.map(|(_, class)| class)
    }

    fn register(
        &self,
        at: &Context<'_, Classes>,
        student: PersonId,
        basic: &Basic,
    ) -> Result<Vec<RecordsEvent>, StudentRefusal> {
        let data = basic.sealed_for(student);
        match &self.basic {
            Some(known) if *known == data => return Ok(Vec::new()),
            Some(_) => return Err(StudentRefusal::Registered),
            None => {}
        }
        if let Some(kind) = taken(at, &basic.names(), student) {
            return Err(StudentRefusal::Taken(kind));
        }
        // The receipt names what the request made: this very id, which the stream is called by.
        at.id(0);
        Ok(vec![RecordsEvent::StudentRegistered { student, basic: data }])
    }

    fn correct(
        &self,
        at: &Context<'_, Classes>,
        student: PersonId,
        basic: &Basic,
        keeps: bool,
    ) -> Result<Vec<RecordsEvent>, StudentRefusal> {
        let known = self.basic.as_ref().ok_or(StudentRefusal::Unknown)?;
        let mut data = basic.sealed_for(student);
        if keeps {
            data.identity_number = data.identity_number.or_else(|| known.identity_number.clone());
            data.birth_date = data.birth_date.or_else(|| known.birth_date.clone());
        }
        if data == *known {
            return Ok(Vec::new());
        }
        match taken(at, &basic.names(), student) {
            Some(kind) => Err(StudentRefusal::Taken(kind)),
            None => Ok(vec![RecordsEvent::StudentCorrected { student, basic: data }]),
        }
    }

    fn place(
        &self,
        at: &Context<'_, Classes>,
        student: PersonId,
        class: ClassId,
    ) -> Result<Vec<RecordsEvent>, StudentRefusal> {
        self.basic.as_ref().ok_or(StudentRefusal::Unknown)?;
        let year = at.facts_of(&format!("class-{class}")).year_of(class);
        let year = year.ok_or(StudentRefusal::ClassUnknown)?;
        match self.placed {
            Some((_, now)) if now == class => Ok(Vec::new()),
            Some((later, _)) if later > year => Err(StudentRefusal::PlacedLater(later)),
            Some(_) | None => {
                Ok(vec![RecordsEvent::StudentPlaced { student, class, from: self.class(), year }])
            }
        }
    }
}

impl Decider for Student {
    type Command = StudentCommand;
    type Event = RecordsEvent;
    type Facts = Classes;
    type Refusal = StudentRefusal;

    fn decide(
        &self,
        at: &Context<'_, Classes>,
        command: StudentCommand,
    ) -> Result<Vec<RecordsEvent>, StudentRefusal> {
        match command {
            StudentCommand::Register { student, basic } => self.register(at, student, &basic),
            StudentCommand::Correct { student, basic } => self.correct(at, student, &basic, false),
            StudentCommand::Renew { student, basic } => self.correct(at, student, &basic, true),
            StudentCommand::Place { student, class } => self.place(at, student, class),
            StudentCommand::Graduate { student, year, on } => self.graduate(at, student, year, on),
            StudentCommand::Leave { student, on, why } => self.leave(at, student, on, why),
            StudentCommand::Return { student, on } => self.come_back(at, student, on),
        }
    }

    fn evolve(&mut self, event: &RecordsEvent) {
        if let RecordsEvent::StudentRegistered { basic, .. } | RecordsEvent::StudentCorrected { basic, .. } =
            event
        {
            self.basic = Some(basic.clone());
        } else if let RecordsEvent::StudentPlaced { class, year, .. } = event {
            self.placed = Some((*year, *class));
        } else if let Some(status) = Status::after(event) {
            self.status = status;
        }
    }
}

impl Refusal for StudentRefusal {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown | Self::ClassUnknown => Kind::NotFound,
            Self::Registered | Self::Taken(_) => Kind::AlreadyExists,
            Self::PlacedLater(_)
            | Self::NotEnrolled
            | Self::HasNotLeft
            | Self::Graduated
            | Self::Deceased
            | Self::DayToCome => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Unknown => "STUDENT_UNKNOWN",
            Self::Registered => "STUDENT_REGISTERED",
            Self::Taken(_) => "STUDENT_VALUE_TAKEN",
            Self::ClassUnknown => "STUDENT_CLASS_UNKNOWN",
            Self::PlacedLater(_) => "STUDENT_PLACED_LATER",
            Self::NotEnrolled => "STUDENT_NOT_ENROLLED",
            Self::HasNotLeft => "STUDENT_HAS_NOT_LEFT",
            Self::Graduated => "STUDENT_GRADUATED",
            Self::Deceased => "STUDENT_DECEASED",
            Self::DayToCome => "STUDENT_STATUS_DAY_TO_COME",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::Unknown | Self::Registered => BASIC_DATA,
            Self::Taken(ClaimKind::RosterPerson | ClaimKind::RosterClass | ClaimKind::RosterCourse) => {
                const { clause("R12") }
            }
            Self::Taken(ClaimKind::Username | ClaimKind::StudentNumber | ClaimKind::IdentityNumber) => {
                const { clause("R1") }
            }
            Self::ClassUnknown | Self::PlacedLater(_) => PLACES,
            Self::NotEnrolled | Self::HasNotLeft | Self::Graduated | Self::Deceased | Self::DayToCome => {
                STATUS
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Unknown => "there is no such student here; register the student first".to_owned(),
            Self::Registered => {
                "the student is registered already, with other data; correct the data instead".to_owned()
            }
            Self::Taken(kind) => {
                format!("{} is another person's already; check which of the two is right", field_of(*kind))
            }
            Self::ClassUnknown => "there is no such class here; open the class first".to_owned(),
            Self::PlacedLater(year) => {
                format!(
                    "the student has been placed in a class of school year {year} already, which is later"
                )
            }
            Self::NotEnrolled => {
                "the student isn't enrolled now; record the return first, if the student came back".to_owned()
            }
            Self::HasNotLeft => "the student hasn't left, so there is no return to record".to_owned(),
            Self::Graduated => {
                "the student has graduated and doesn't come back; register anew who enters again".to_owned()
            }
            Self::Deceased => "the student is recorded as deceased; check whose record this is".to_owned(),
            Self::DayToCome => {
                "on: the day is yet to come; record the change on its day, or the day before".to_owned()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::Unknown => "查無此學生，請先登錄學籍資料。".to_owned(),
            Self::Registered => "此學生已登錄，請改用更正。".to_owned(),
            Self::Taken(kind) => format!("{}已為他人所用，請查明何者正確。", chinese_of(*kind)),
            Self::ClassUnknown => "查無此班級，請先開設班級。".to_owned(),
            Self::PlacedLater(year) => format!("此學生已編入 {year} 學年度的班級。"),
            Self::NotEnrolled => "此學生目前不在學；如已復學，請先登錄復學。".to_owned(),
            Self::HasNotLeft => "此學生並未離校，無須登錄復學。".to_owned(),
            Self::Graduated => "此學生已畢業，不得復學；再次入學者請重新登錄。".to_owned(),
            Self::Deceased => "此學生已登錄死亡，請查明是否誤植。".to_owned(),
            Self::DayToCome => "異動日期尚未到，請於當日或前一日登錄。".to_owned(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Taken(kind) => vec![("field", field_of(*kind).to_owned())],
            Self::PlacedLater(year) => vec![("year", year.to_string())],
            Self::DayToCome => vec![("field", "on".to_owned())],
            Self::Unknown
            | Self::Registered
            | Self::ClassUnknown
            | Self::NotEnrolled
            | Self::HasNotLeft
            | Self::Graduated
            | Self::Deceased => Vec::new(),
        }
    }
}
