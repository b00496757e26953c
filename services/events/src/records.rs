use kernel::{ClassId, CourseId, Date, PersonId, Personal, Public, SchoolYear, Semester};
use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// What records records: students, staff, classes, courses, and who takes which.
///
/// Streams: `student-{id}`, `staff-{id}`, `class-{id}`, `course-{id}`, `taking-{student}-{semester}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum RecordsEvent {
    /// A student has been registered (學籍資料, A.1).
    #[serde(rename = "licheng.records.StudentRegistered.v1")]
    StudentRegistered {
        /// The student.
        student: PersonId,
        /// Basic data.
        basic: StudentData,
    },
    /// A student's basic data has been corrected; what it was stays in the history.
    #[serde(rename = "licheng.records.StudentCorrected.v1")]
    StudentCorrected {
        /// The student.
        student: PersonId,
        /// Basic data as it is now.
        basic: StudentData,
    },
    /// A student has been placed in a class.
    #[serde(rename = "licheng.records.StudentPlaced.v1")]
    StudentPlaced {
        /// The student.
        student: PersonId,
        /// The class.
        class: ClassId,
        /// The class that the student leaves by it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<ClassId>,
        /// The school year.
        year: SchoolYear,
    },
    /// A student has graduated (畢業, §5): the portfolio is sealed from then on.
    #[serde(rename = "licheng.records.StudentGraduated.v1")]
    StudentGraduated {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The day.
        on: Date,
    },
    /// A student has left otherwise (§5).
    #[serde(rename = "licheng.records.StudentLeft.v1")]
    StudentLeft {
        /// The student.
        student: PersonId,
        /// The day.
        on: Date,
        /// How.
        why: Leaving,
    },
    /// A student who had left is back (復學, §5).
    #[serde(rename = "licheng.records.StudentReturned.v1")]
    StudentReturned {
        /// The student.
        student: PersonId,
        /// The day.
        on: Date,
    },
    /// A member of the staff has been registered.
    #[serde(rename = "licheng.records.StaffRegistered.v1")]
    StaffRegistered {
        /// The person.
        staff: PersonId,
        /// The id in the roster that it came from.
        roster_id: Personal<String>,
        /// The name that the person signs in by.
        username: Personal<String>,
        /// Name.
        name: Personal<String>,
    },
    /// A member of the staff is called otherwise now.
    #[serde(rename = "licheng.records.StaffCorrected.v1")]
    StaffCorrected {
        /// The person.
        staff: PersonId,
        /// The name that the person signs in by.
        username: Personal<String>,
        /// Name.
        name: Personal<String>,
    },
    /// A class (班級) has been opened.
    #[serde(rename = "licheng.records.ClassOpened.v1")]
    ClassOpened {
        /// The class.
        class: ClassId,
        /// The id in the roster that it came from.
        roster_id: Public<String>,
        /// The school year.
        year: SchoolYear,
        /// The grade, 10 to 12 in most schools.
        grade: u8,
        /// Its name, such as 10年01班.
        title: Public<String>,
    },
    /// A class has been given its homeroom teacher (導師).
    #[serde(rename = "licheng.records.HomeroomAssigned.v1")]
    HomeroomAssigned {
        /// The class.
        class: ClassId,
        /// The teacher.
        teacher: PersonId,
    },
    /// A course (課程) is offered in a semester.
    #[serde(rename = "licheng.records.CourseOffered.v1")]
    CourseOffered {
        /// The course as it is taught in this semester.
        course: CourseId,
        /// The id in the roster that it came from.
        roster_id: Public<String>,
        /// The semester.
        semester: Semester,
        /// Its name.
        title: Public<String>,
        /// Its code (課程代碼); a school's own may be anything.
        code: Public<String>,
        /// Whether the code is one that the central database takes.
        submittable: bool,
    },
    /// A course has been given a teacher.
    #[serde(rename = "licheng.records.TeacherAssigned.v1")]
    TeacherAssigned {
        /// The course.
        course: CourseId,
        /// The teacher.
        teacher: PersonId,
    },
    /// A teacher no longer has a course.
    #[serde(rename = "licheng.records.TeacherReleased.v1")]
    TeacherReleased {
        /// The course.
        course: CourseId,
        /// The teacher.
        teacher: PersonId,
    },
    /// A student takes a course.
    #[serde(rename = "licheng.records.CourseTaken.v1")]
    CourseTaken {
        /// The student.
        student: PersonId,
        /// The course.
        course: CourseId,
        /// Its semester.
        semester: Semester,
    },
    /// A student no longer takes a course.
    #[serde(rename = "licheng.records.CourseDropped.v1")]
    CourseDropped {
        /// The student.
        student: PersonId,
        /// The course.
        course: CourseId,
        /// Its semester.
        semester: Semester,
    },
}

/// How a student left (學籍異動).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leaving {
    /// To another school (轉學).
    Transferred,
    /// For a time (休學).
    Suspended,
    /// For good, without graduating (廢止學籍).
    Withdrawn,
    /// By death.
    Deceased,
}

/// A student's basic data (基本資料), all of it personal but for the grade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudentData {
    /// The id in the roster that it came from.
    pub roster_id: Personal<String>,
    /// The name that the student signs in by.
    pub username: Personal<String>,
    /// Student number (學號).
    pub number: Personal<String>,
    /// Name.
    pub name: Personal<String>,
    /// Identity number (身分證明號碼), where the school has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_number: Option<Personal<String>>,
    /// Birth date, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Personal<String>>,
    /// The grade.
    pub grade: u8,
}

impl DomainEvent for RecordsEvent {
    const SERVICE: &'static str = "records";

    fn subject(&self) -> Option<PersonId> {
        match self {
            Self::StudentRegistered { student, .. }
            | Self::StudentCorrected { student, .. }
            | Self::StudentPlaced { student, .. }
            | Self::StudentGraduated { student, .. }
            | Self::StudentLeft { student, .. }
            | Self::StudentReturned { student, .. }
            | Self::CourseTaken { student, .. }
            | Self::CourseDropped { student, .. } => Some(*student),
            Self::StaffRegistered { staff, .. } | Self::StaffCorrected { staff, .. } => Some(*staff),
            Self::HomeroomAssigned { teacher, .. }
            | Self::TeacherAssigned { teacher, .. }
            | Self::TeacherReleased { teacher, .. } => Some(*teacher),
            Self::ClassOpened { .. } | Self::CourseOffered { .. } => None,
        }
    }
}
