use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kernel::{ClassId, CourseId, Duty, Instant, Office, PersonId, SchoolYear, Semester};

use crate::{AnyEvent, ArchiveEvent, GovernanceEvent, Leaving, PolicyTerms, Recorded, RecordsEvent};

/// Who may do what, and by which policy: a pure fold of governance's events, of what records says of who is what to
/// whom (student, member of the staff, homeroom teacher, teacher of a course, student of a course), and of what archive
/// says is sealed.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    seats: Vec<Seat>,
    duties: HashMap<Duty, Vec<Office>>,
    policies: BTreeMap<SchoolYear, Vec<Policy>>,
    students: HashMap<PersonId, Standing>,
    sealed: HashMap<PersonId, HashMap<PersonId, Instant>>,
    staff: HashSet<PersonId>,
    homerooms: HashMap<ClassId, PersonId>,
    classes: HashMap<PersonId, ClassId>,
    courses: HashMap<CourseId, Course>,
    taught: HashMap<PersonId, BTreeSet<CourseId>>,
    taken: HashSet<(PersonId, CourseId)>,
}

/// What a student is to the school now (學籍狀態).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Of the school.
    Enrolled,
    /// Graduated.
    Graduated,
    /// Left otherwise.
    Left(Leaving),
}

/// A course as it is taught in one semester.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Its semester.
    pub semester: Semester,
    /// Its name.
    pub title: String,
    /// Its code.
    pub code: String,
    /// Whether the code is one that the central database takes.
    pub submittable: bool,
    /// Its teachers.
    pub teachers: BTreeSet<PersonId>,
}

/// A person in an office for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The office.
    pub office: Office,
    /// The person.
    pub person: PersonId,
    /// From when on.
    pub from: Instant,
    /// Until when, if it has ended.
    pub until: Option<Instant>,
}

/// A policy as it was adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its version, from 1.
    pub version: u32,
    /// From when on it is in force.
    pub from: Instant,
    /// What it says.
    pub terms: PolicyTerms,
}

impl Authority {
    /// Takes an event in.
    pub fn apply(&mut self, event: &Recorded<AnyEvent>) {
        match &event.event {
            AnyEvent::Governance(event) => self.govern(event),
            AnyEvent::Records(event) => self.enrol(event),
            AnyEvent::Archive(event) => self.archive(event),
            AnyEvent::Uploads(_) | AnyEvent::Certification(_) | AnyEvent::Submission(_) => {}
        }
    }

    fn govern(&mut self, event: &GovernanceEvent) {
        match event {
            GovernanceEvent::OfficeSeated { office, person, from } => {
                self.seats.push(Seat { office: *office, person: *person, from: *from, until: None });
            }
            GovernanceEvent::OfficeVacated { office, person, from } => {
                for seat in &mut self.seats {
                    if seat.office == *office && seat.person == *person && seat.until.is_none() {
                        seat.until = Some(*from);
                    }
                }
            }
            GovernanceEvent::DutyAssigned { duty, offices } => {
                self.duties.insert(*duty, offices.clone());
            }
            GovernanceEvent::PolicyAdopted { year, version, from, terms } => {
                let policy = Policy { version: *version, from: *from, terms: terms.clone() };
                self.policies.entry(*year).or_default().push(policy);
            }
            GovernanceEvent::LedgerOpened { .. } | GovernanceEvent::OfficerNamed { .. } => {}
        }
    }

    fn enrol(&mut self, event: &RecordsEvent) {
        match event {
            RecordsEvent::StudentRegistered { student, .. } => {
                self.students.insert(*student, Standing::Enrolled);
            }
            RecordsEvent::StudentGraduated { student, .. } => {
                self.students.insert(*student, Standing::Graduated);
            }
            RecordsEvent::StudentLeft { student, why, .. } => {
                self.students.insert(*student, Standing::Left(*why));
            }
            RecordsEvent::StudentReturned { student, .. } => {
                self.students.insert(*student, Standing::Enrolled);
            }
            RecordsEvent::StaffRegistered { staff, .. } => {
                self.staff.insert(*staff);
            }
            RecordsEvent::HomeroomAssigned { class, teacher } => {
                self.homerooms.insert(*class, *teacher);
            }
            RecordsEvent::StudentPlaced { student, class, .. } => {
                self.classes.insert(*student, *class);
            }
            RecordsEvent::CourseOffered { course, semester, title, code, submittable, .. } => {
                let (semester, submittable) = (*semester, *submittable);
                let (title, code, teachers) = (title.0.clone(), code.0.clone(), BTreeSet::new());
                self.courses.insert(*course, Course { semester, title, code, submittable, teachers });
            }
            RecordsEvent::TeacherAssigned { course, teacher } => {
                self.taught.entry(*teacher).or_default().insert(*course);
                self.courses.entry(*course).and_modify(|course| {
                    course.teachers.insert(*teacher);
                });
            }
            RecordsEvent::TeacherReleased { course, teacher } => {
                self.taught.entry(*teacher).or_default().remove(course);
                self.courses.entry(*course).and_modify(|course| {
                    course.teachers.remove(teacher);
                });
            }
            RecordsEvent::CourseTaken { student, course, .. } => {
                self.taken.insert((*student, *course));
            }
            RecordsEvent::CourseDropped { student, course, .. } => {
                self.taken.remove(&(*student, *course));
            }
            RecordsEvent::StudentCorrected { .. }
            | RecordsEvent::StaffCorrected { .. }
            | RecordsEvent::ClassOpened { .. } => {}
        }
    }

    fn archive(&mut self, event: &ArchiveEvent) {
        match event {
            ArchiveEvent::PortfolioSealed { student, .. } => {
                self.sealed.entry(*student).or_default();
            }
            ArchiveEvent::AccessGranted { student, reader, until } => {
                self.sealed.entry(*student).or_default().insert(*reader, *until);
            }
            ArchiveEvent::ErasureStarted { student } => {
                self.students.remove(student);
                self.classes.remove(student);
                self.taken.retain(|(taker, _)| taker != student);
                self.sealed.insert(*student, HashMap::new());
            }
            ArchiveEvent::AccessRequested { .. }
            | ArchiveEvent::AccessDeclined { .. }
            | ArchiveEvent::HoldPlaced { .. }
            | ArchiveEvent::HoldReleased { .. }
            | ArchiveEvent::ErasureRequested { .. }
            | ArchiveEvent::ErasureApproved { .. }
            | ArchiveEvent::ErasureCancelled { .. }
            | ArchiveEvent::ErasureCompleted { .. } => {}
        }
    }

    /// The office by which a person may do a task at an instant.
    pub fn allows(&self, person: PersonId, duty: Duty, at: Instant) -> Option<Office> {
        self.offices_of(duty).iter().copied().find(|office| self.holds(person, *office, at))
    }

    /// Every office by which a person may do a task at an instant.
    pub fn offices_by(&self, person: PersonId, duty: Duty, at: Instant) -> Vec<Office> {
        self.offices_of(duty).iter().copied().filter(|office| self.holds(person, *office, at)).collect()
    }

    /// Who holds which office at an instant, of the offices that are held by a seat.
    pub fn seats(&self, at: Instant) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(move |seat| seat.from <= at && seat.until.is_none_or(|until| at < until))
    }

    /// The offices that have a task.
    pub fn offices_of(&self, duty: Duty) -> &[Office] {
        self.duties.get(&duty).map_or(duty.default_offices(), Vec::as_slice)
    }

    /// Whether a person holds an office at an instant.
    pub fn holds(&self, person: PersonId, office: Office, at: Instant) -> bool {
        match office {
            Office::Student => self.students.contains_key(&person),
            Office::Teacher => self.staff.contains(&person),
            Office::HomeroomTeacher => self.homerooms.values().any(|teacher| *teacher == person),
            Office::Principal
            | Office::ExecutiveSecretary
            | Office::AcademicAffairs
            | Office::Registrar
            | Office::CurriculumOffice
            | Office::StudentAffairs
            | Office::StudentActivities
            | Office::ClubOffice
            | Office::DisciplineOffice
            | Office::GuidanceOffice
            | Office::CourseCounsellor
            | Office::Library
            | Office::ItOffice
            | Office::Auditor => self.seats.iter().any(|seat| {
                let begun = seat.office == office && seat.person == person && seat.from <= at;
                begun && seat.until.is_none_or(|until| at < until)
            }),
        }
    }

    /// The streams that say whether a person may do a task: what a denial is confirmed by.
    pub fn streams_of(&self, person: PersonId, duty: Duty) -> Vec<String> {
        let offices = self.offices_of(duty).iter().map(|office| match office.by_relation() {
            true => format!("{}-{person}", if *office == Office::Student { "student" } else { "staff" }),
            false => format!("office-{office}"),
        });
        offices.chain([format!("duty-{duty}")]).collect()
    }

    /// The policy in force for a school year at an instant: the last adopted of those that had begun.
    pub fn policy(&self, year: SchoolYear, at: Instant) -> Option<&Policy> {
        self.policies.get(&year)?.iter().rev().find(|policy| policy.from <= at)
    }

    /// The last policy adopted for a school year, in force or not.
    pub fn last_policy(&self, year: SchoolYear) -> Option<&Policy> {
        self.policies.get(&year)?.last()
    }

    /// A class's homeroom teacher.
    pub fn homeroom(&self, class: ClassId) -> Option<PersonId> {
        self.homerooms.get(&class).copied()
    }

    /// The class that a student was last placed in.
    pub fn class_of(&self, student: PersonId) -> Option<ClassId> {
        self.classes.get(&student).copied()
    }

    /// A course, if it has been offered.
    pub fn course(&self, course: CourseId) -> Option<&Course> {
        self.courses.get(&course)
    }

    /// Whether a person teaches a course.
    pub fn teaches(&self, course: CourseId, teacher: PersonId) -> bool {
        self.course(course).is_some_and(|course| course.teachers.contains(&teacher))
    }

    /// The courses that a person teaches.
    pub fn courses_of(&self, teacher: PersonId) -> impl Iterator<Item = CourseId> {
        self.taught.get(&teacher).into_iter().flatten().copied()
    }

    /// Whether a student takes a course.
    pub fn takes(&self, student: PersonId, course: CourseId) -> bool {
        self.taken.contains(&(student, course))
    }

    /// Whether the person is a student of the school.
    pub fn is_student(&self, person: PersonId) -> bool {
        self.students.contains_key(&person)
    }

    /// What a student is to the school now; `None`: never was one, or is erased.
    pub fn standing(&self, student: PersonId) -> Option<Standing> {
        self.students.get(&student).copied()
    }

    /// Whether a student's portfolio is sealed to a person at an instant: sealed, and not granted to them (A5).
    pub fn is_sealed_to(&self, student: PersonId, reader: PersonId, at: Instant) -> bool {
        let grants = self.sealed.get(&student);
        grants.is_some_and(|grants| grants.get(&reader).is_none_or(|until| *until <= at))
    }

    /// Whether the person is a member of the staff.
    pub fn is_staff(&self, person: PersonId) -> bool {
        self.staff.contains(&person)
    }
}
