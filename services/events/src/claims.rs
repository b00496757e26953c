use kernel::{Personal, Semester};
use uuid::Uuid;

use crate::{AnyEvent, RecordsEvent, StudentData};

/// What kind of value is claimed; a value is claimed once in a ledger and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// A person's id in the roster.
    RosterPerson,
    /// The name that a person signs in by.
    Username,
    /// A student number (學號).
    StudentNumber,
    /// An identity number.
    IdentityNumber,
    /// A class's id in the roster.
    RosterClass,
    /// A course's id in the roster, with its semester.
    RosterCourse,
}

impl ClaimKind {
    /// Its name at rest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RosterPerson => "roster-person",
            Self::Username => "username",
            Self::StudentNumber => "student-number",
            Self::IdentityNumber => "identity-number",
            Self::RosterClass => "roster-class",
            Self::RosterCourse => "roster-course",
        }
    }
}

/// A value of a kind, in clear: vault makes a keyed hash of it before it goes anywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimName {
    /// The kind.
    pub kind: ClaimKind,
    /// The value.
    pub value: String,
}

impl ClaimName {
    /// A value of a kind.
    pub fn new(kind: ClaimKind, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }

    /// A course by its id in the roster, in a semester.
    pub fn course(roster_id: &str, semester: Semester) -> Self {
        Self::new(ClaimKind::RosterCourse, format!("{roster_id}@{semester}"))
    }
}

impl std::fmt::Debug for ClaimName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The value may be personal: no log may show it.
        write!(f, "ClaimName({})", self.kind.name())
    }
}

/// That a value is this subject's, and can't be another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The value.
    pub name: ClaimName,
    /// Whose or what it is.
    pub subject: Uuid,
}

/// What an event claims, before it is sealed.
pub fn claims(event: &AnyEvent) -> Vec<Claim> {
    let AnyEvent::Records(event) = event else { return Vec::new() };
    match event {
        RecordsEvent::StudentRegistered { student, basic }
        | RecordsEvent::StudentCorrected { student, basic } => of_student(student.uuid(), basic),
        RecordsEvent::StaffRegistered { staff, roster_id, username, .. } => vec![
            taken(ClaimKind::RosterPerson, roster_id, staff.uuid()),
            taken(ClaimKind::Username, username, staff.uuid()),
        ]
        .into_iter()
        .flatten()
        .collect(),
        RecordsEvent::StaffCorrected { staff, username, .. } => {
            taken(ClaimKind::Username, username, staff.uuid()).into_iter().collect()
        }
        RecordsEvent::ClassOpened { class, roster_id, .. } => vec![Claim {
            name: ClaimName::new(ClaimKind::RosterClass, roster_id.0.clone()),
            subject: class.uuid(),
        }],
        RecordsEvent::CourseOffered { course, roster_id, semester, .. } => {
            vec![Claim { name: ClaimName::course(&roster_id.0, *semester), subject: course.uuid() }]
        }
        RecordsEvent::StudentPlaced { .. }
        | RecordsEvent::StudentGraduated { .. }
        | RecordsEvent::StudentLeft { .. }
        | RecordsEvent::StudentReturned { .. }
        | RecordsEvent::HomeroomAssigned { .. }
        | RecordsEvent::TeacherAssigned { .. }
        | RecordsEvent::TeacherReleased { .. }
        | RecordsEvent::CourseTaken { .. }
        | RecordsEvent::CourseDropped { .. } => Vec::new(),
    }
}

fn of_student(student: Uuid, basic: &StudentData) -> Vec<Claim> {
    let values = [
        (ClaimKind::RosterPerson, Some(&basic.roster_id)),
        (ClaimKind::Username, Some(&basic.username)),
        (ClaimKind::StudentNumber, Some(&basic.number)),
        (ClaimKind::IdentityNumber, basic.identity_number.as_ref()),
    ];
    values.into_iter().filter_map(|(kind, value)| taken(kind, value?, student)).collect()
}

fn taken(kind: ClaimKind, value: &Personal<String>, subject: Uuid) -> Option<Claim> {
    value.open().map(|value| Claim { name: ClaimName::new(kind, value.clone()), subject })
}
