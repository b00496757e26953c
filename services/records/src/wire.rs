//! Messages to commands, state to answers.

use chassis::wire::{date, day, id, optional_text, school_year, semester, text};
use chassis::{Asked, Asks, Call};
use events::{ClaimKind, ClaimName, Leaving, StudentData};
use kernel::{ClassId, CourseId, Date, IdentityNumber, Malformed, PersonId, Personal, RequestId};
use proto::records::v1 as message;
use uuid::Uuid;

use crate::{
    Basic, Class, ClassCommand, Course, CourseCommand, Staff, StaffCommand, Student, StudentCommand, Taking,
    TakingCommand,
};

/// The id that a request makes: the stream of what is new is called by it, before anything is decided.
pub(crate) fn made<T: From<Uuid>>(request: RequestId) -> T {
    T::from(request.derive("new/0"))
}

/// The id that a message's request makes; a request id that is none is refused before it matters.
fn made_by<T: From<Uuid>>(request: &str) -> T {
    made(RequestId::new(request.parse().unwrap_or_default()))
}

/// One field that is an id.
pub(crate) fn field<T: From<Uuid>>(name: &str, value: &str) -> Result<T, Malformed> {
    id(value).map_err(|problem| Malformed::one(name, problem))
}

/// A grade of 1 to 12.
fn grade(grade: u32) -> Result<u8, &'static str> {
    u8::try_from(grade).ok().filter(|grade| (1..=12).contains(grade)).ok_or("must be 1 to 12")
}

fn absent_or<T, E: ToString>(
    value: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, String> {
    if value.trim().is_empty() { Ok(None) } else { read(value).map(Some).map_err(|error| error.to_string()) }
}

fn basic(student: Option<&message::StudentData>, problems: &mut Malformed) -> Option<Basic> {
    let Some(student) = student else {
        problems.note("student", Err::<(), _>("must be there"));
        return None;
    };
    let roster_id = problems.note("student.roster_id", text(&student.roster_id, 100));
    let username = problems.note("student.username", text(&student.username, 100));
    let number = problems.note("student.number", text(&student.number, 20));
    let name = problems.note("student.name", text(&student.name, 100));
    let identity = absent_or(&student.identity_number, str::parse::<IdentityNumber>);
    let identity = identity.map_err(|problem| format!("{problem} (A.1)"));
    let identity_number = problems.note("student.identity_number", identity);
    let birth_date = problems.note("student.birth_date", absent_or(&student.birth_date, date));
    let grade = problems.note("student.grade", grade(student.grade));
    Some(Basic {
        roster_id: roster_id?,
        username: username?,
        number: number?,
        name: name?,
        identity_number: identity_number?,
        birth_date: birth_date?,
        grade: grade?,
    })
}

impl Asks<Student> for message::RegisterStudentRequest {
    fn asks(&self, _: &Call) -> Result<Asked<StudentCommand>, Malformed> {
        let mut problems = Malformed::default();
        let basic = basic(self.student.as_ref(), &mut problems);
        problems.finish(basic).map(|basic| register_student(made_by(&self.request_id), basic))
    }
}

/// A student's registration.
pub(crate) fn register_student(student: PersonId, basic: Basic) -> Asked<StudentCommand> {
    let names = basic.names();
    Asked {
        stream: format!("student-{student}"),
        names,
        command: StudentCommand::Register { student, basic },
    }
}

/// A student as a roster has it now.
pub(crate) fn renew_student(student: PersonId, basic: Basic) -> Asked<StudentCommand> {
    let names = basic.names();
    Asked { stream: format!("student-{student}"), names, command: StudentCommand::Renew { student, basic } }
}

/// A student's placement.
pub(crate) fn place_student(student: PersonId, class: ClassId) -> Asked<StudentCommand> {
    Asked::new(format!("student-{student}"), StudentCommand::Place { student, class })
}

impl Asks<Student> for message::CorrectStudentRequest {
    fn asks(&self, _: &Call) -> Result<Asked<StudentCommand>, Malformed> {
        let mut problems = Malformed::default();
        let student = problems.note("student_id", id(&self.student_id));
        let basic = basic(self.student.as_ref(), &mut problems);
        let (student, basic): (PersonId, _) = problems.finish(student.zip(basic))?;
        let names = basic.names();
        let command = StudentCommand::Correct { student, basic };
        Ok(Asked { stream: format!("student-{student}"), names, command })
    }
}

impl Asks<Student> for message::PlaceStudentRequest {
    fn asks(&self, _: &Call) -> Result<Asked<StudentCommand>, Malformed> {
        let mut problems = Malformed::default();
        let student = problems.note("student_id", id(&self.student_id));
        let class = problems.note("class_id", id(&self.class_id));
        problems.finish(student.zip(class)).map(|(student, class)| place_student(student, class))
    }
}

/// The student and the day of a change of status.
fn changed(problems: &mut Malformed, student: &str, on: &str) -> Option<(PersonId, Date)> {
    let student = problems.note("student_id", id(student));
    student.zip(problems.note("on", day(on)))
}

impl Asks<Student> for message::GraduateStudentRequest {
    fn asks(&self, _: &Call) -> Result<Asked<StudentCommand>, Malformed> {
        let mut problems = Malformed::default();
        let changed = changed(&mut problems, &self.student_id, &self.on);
        let year = problems.note("year", school_year(self.year));
        let ((student, on), year) = problems.finish(changed.zip(year))?;
        Ok(Asked::new(format!("student-{student}"), StudentCommand::Graduate { student, year, on }))
    }
}

fn leaving(leaving: i32) -> Result<Leaving, &'static str> {
    match message::Leaving::try_from(leaving) {
        Ok(message::Leaving::Transferred) => Ok(Leaving::Transferred),
        Ok(message::Leaving::Suspended) => Ok(Leaving::Suspended),
        Ok(message::Leaving::Withdrawn) => Ok(Leaving::Withdrawn),
        Ok(message::Leaving::Deceased) => Ok(Leaving::Deceased),
        Ok(message::Leaving::Unspecified) | Err(_) => Err("must be one of the ways to leave"),
    }
}

impl Asks<Student> for message::RecordLeavingRequest {
    fn asks(&self, _: &Call) -> Result<Asked<StudentCommand>, Malformed> {
        let mut problems = Malformed::default();
        let changed = changed(&mut problems, &self.student_id, &self.on);
        let why = problems.note("leaving", leaving(self.leaving));
        let ((student, on), why) = problems.finish(changed.zip(why))?;
        Ok(Asked::new(format!("student-{student}"), StudentCommand::Leave { student, on, why }))
    }
}

impl Asks<Student> for message::RecordReturnRequest {
    fn asks(&self, _: &Call) -> Result<Asked<StudentCommand>, Malformed> {
        let mut problems = Malformed::default();
        let changed = changed(&mut problems, &self.student_id, &self.on);
        let (student, on) = problems.finish(changed)?;
        Ok(Asked::new(format!("student-{student}"), StudentCommand::Return { student, on }))
    }
}

/// A command about a member of the staff.
pub(crate) fn staff(staff: PersonId, command: StaffCommand) -> Asked<StaffCommand> {
    Asked { stream: format!("staff-{staff}"), names: command.names(), command }
}

impl Asks<Staff> for message::RegisterStaffRequest {
    fn asks(&self, _: &Call) -> Result<Asked<StaffCommand>, Malformed> {
        let mut problems = Malformed::default();
        let roster_id = problems.note("roster_id", text(&self.roster_id, 100));
        let username = problems.note("username", text(&self.username, 100));
        let name = problems.note("name", text(&self.name, 100));
        let ((roster_id, username), name) = problems.finish(roster_id.zip(username).zip(name))?;
        let person = made_by(&self.request_id);
        Ok(staff(person, StaffCommand::Register { staff: person, roster_id, username, name }))
    }
}

/// A command about a class.
pub(crate) fn class(class: ClassId, command: ClassCommand) -> Asked<ClassCommand> {
    let names = match &command {
        ClassCommand::Open { roster_id, .. } => vec![ClaimName::new(ClaimKind::RosterClass, roster_id)],
        ClassCommand::AssignHomeroom { .. } => Vec::new(),
    };
    Asked { stream: format!("class-{class}"), names, command }
}

impl Asks<Class> for message::OpenClassRequest {
    fn asks(&self, _: &Call) -> Result<Asked<ClassCommand>, Malformed> {
        let mut problems = Malformed::default();
        let roster_id = problems.note("roster_id", text(&self.roster_id, 100));
        let year = problems.note("year", school_year(self.year));
        let grade = problems.note("grade", grade(self.grade));
        let title = problems.note("title", text(&self.title, 100));
        let read = roster_id.zip(year).zip(grade.zip(title));
        let ((roster_id, year), (grade, title)) = problems.finish(read)?;
        let opened = made_by(&self.request_id);
        Ok(class(opened, ClassCommand::Open { class: opened, roster_id, year, grade, title }))
    }
}

impl Asks<Class> for message::AssignHomeroomRequest {
    fn asks(&self, _: &Call) -> Result<Asked<ClassCommand>, Malformed> {
        let mut problems = Malformed::default();
        let class_id = problems.note("class_id", id(&self.class_id));
        let teacher = problems.note("teacher_id", id(&self.teacher_id));
        let (id, teacher) = problems.finish(class_id.zip(teacher))?;
        Ok(class(id, ClassCommand::AssignHomeroom { class: id, teacher }))
    }
}

/// A command about a course.
pub(crate) fn course(course: CourseId, command: CourseCommand) -> Asked<CourseCommand> {
    let names = match &command {
        CourseCommand::Offer { roster_id, semester, .. } => vec![ClaimName::course(roster_id, *semester)],
        CourseCommand::AssignTeacher { .. } | CourseCommand::ReleaseTeacher { .. } => Vec::new(),
    };
    Asked { stream: format!("course-{course}"), names, command }
}

impl Asks<Course> for message::OfferCourseRequest {
    fn asks(&self, _: &Call) -> Result<Asked<CourseCommand>, Malformed> {
        let mut problems = Malformed::default();
        let roster_id = problems.note("roster_id", text(&self.roster_id, 100));
        let semester = problems.note("semester", semester(&self.semester));
        let title = problems.note("title", text(&self.title, 100));
        let code = problems.note("code", optional_text(&self.code, 100));
        let read = roster_id.zip(semester).zip(title.zip(code));
        let ((roster_id, semester), (title, code)) = problems.finish(read)?;
        let (offered, code) = (made_by(&self.request_id), code.unwrap_or_default());
        Ok(course(offered, CourseCommand::Offer { course: offered, roster_id, semester, title, code }))
    }
}

fn course_and_teacher(course: &str, teacher: &str) -> Result<(CourseId, PersonId), Malformed> {
    let mut problems = Malformed::default();
    let course = problems.note("course_id", id(course));
    let teacher = problems.note("teacher_id", id(teacher));
    problems.finish(course.zip(teacher))
}

impl Asks<Course> for message::AssignTeacherRequest {
    fn asks(&self, _: &Call) -> Result<Asked<CourseCommand>, Malformed> {
        let (id, teacher) = course_and_teacher(&self.course_id, &self.teacher_id)?;
        Ok(course(id, CourseCommand::AssignTeacher { course: id, teacher }))
    }
}

impl Asks<Course> for message::ReleaseTeacherRequest {
    fn asks(&self, _: &Call) -> Result<Asked<CourseCommand>, Malformed> {
        let (id, teacher) = course_and_teacher(&self.course_id, &self.teacher_id)?;
        Ok(course(id, CourseCommand::ReleaseTeacher { course: id, teacher }))
    }
}

/// A command about what a student takes.
pub(crate) fn taking(command: TakingCommand) -> Asked<TakingCommand> {
    let (TakingCommand::Take { student, semester, .. } | TakingCommand::Drop { student, semester, .. }) =
        &command;
    Asked::new(format!("taking-{student}-{semester}"), command)
}

fn taken(student: &str, course: &str, of: &str) -> Result<(PersonId, CourseId, kernel::Semester), Malformed> {
    let mut problems = Malformed::default();
    let student = problems.note("student_id", id(student));
    let course = problems.note("course_id", id(course));
    let semester = problems.note("semester", semester(of));
    let ((student, course), semester) = problems.finish(student.zip(course).zip(semester))?;
    Ok((student, course, semester))
}

impl Asks<Taking> for message::TakeCourseRequest {
    fn asks(&self, _: &Call) -> Result<Asked<TakingCommand>, Malformed> {
        let (student, course, semester) = taken(&self.student_id, &self.course_id, &self.semester)?;
        Ok(taking(TakingCommand::Take { student, course, semester }))
    }
}

impl Asks<Taking> for message::DropCourseRequest {
    fn asks(&self, _: &Call) -> Result<Asked<TakingCommand>, Malformed> {
        let (student, course, semester) = taken(&self.student_id, &self.course_id, &self.semester)?;
        Ok(taking(TakingCommand::Drop { student, course, semester }))
    }
}

/// The value that a person is asked for by.
pub(crate) fn person_name(request: &message::FindPersonRequest) -> Result<ClaimName, Malformed> {
    use message::find_person_request::By;
    let by = request.by.as_ref().ok_or_else(|| Malformed::one("by", "must be there"))?;
    let (field, kind, value) = match by {
        By::Username(value) => ("username", ClaimKind::Username, text(value, 100)),
        By::RosterId(value) => ("roster_id", ClaimKind::RosterPerson, text(value, 100)),
        By::StudentNumber(value) => ("student_number", ClaimKind::StudentNumber, text(value, 20)),
        By::IdentityNumber(value) => {
            let number = value.parse::<IdentityNumber>().map(|number| number.as_str().to_owned());
            let number = number.map_err(|fault| format!("{fault} (A.1)"));
            ("identity_number", ClaimKind::IdentityNumber, number)
        }
    };
    value.map(|value| ClaimName::new(kind, value)).map_err(|problem| Malformed::one(field, problem))
}

/// A student's basic data as an answer; what has been erased is absent.
pub(crate) fn student(basic: &StudentData, class: Option<ClassId>) -> message::GetStudentResponse {
    let shown = |value: &Personal<String>| value.open().cloned().unwrap_or_default();
    let optional = |value: &Option<Personal<String>>| value.as_ref().map(shown).unwrap_or_default();
    let student = message::StudentData {
        roster_id: shown(&basic.roster_id),
        username: shown(&basic.username),
        number: shown(&basic.number),
        name: shown(&basic.name),
        identity_number: optional(&basic.identity_number),
        birth_date: optional(&basic.birth_date),
        grade: u32::from(basic.grade),
    };
    message::GetStudentResponse {
        student: Some(student),
        class_id: class.map(|class| class.to_string()).unwrap_or_default(),
    }
}
