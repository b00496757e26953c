//! A made school, as a OneRoster 1.2 bundle in memory.

use std::collections::HashSet;
use std::io;

use bytes::Bytes;
use kernel::IdentityNumber;
use uuid::Uuid;

use super::names::{FEMALE, MALE, SUBJECTS, SURNAMES};
use super::random::{self, Random};
use sheet::{Sheet, manifest};

use crate::bundle::Files;

mod sheet;

/// The school's code at the ministry (學校代碼): one that no school has.
pub(crate) const CODE: &str = "999001";
/// The school's name.
pub(crate) const NAME: &str = "礪程高級中學";
/// The principal's name.
pub(crate) const PRINCIPAL: &str = "蔡明德";

/// Its school year.
const YEAR: u16 = 114;
/// Grades of a senior high school.
const GRADES: usize = 3;
/// Students of a class at most.
const CLASS_MAX: usize = 36;
/// Courses that a class has in each semester.
const COURSES: usize = 8;

/// A school of that many students, and a teacher for every twelve and a half.
///
/// # Errors
/// None in practice: it writes to memory.
pub(crate) fn made(students: usize, seed: u64) -> io::Result<Files> {
    let school = School::new(students, seed);
    let mut files = vec![("manifest.csv".to_owned(), manifest()?)];
    files.push(("academicSessions.csv".to_owned(), school.sessions()?));
    files.push(("orgs.csv".to_owned(), school.orgs()?));
    files.push(("users.csv".to_owned(), school.users()?));
    files.push(("roles.csv".to_owned(), school.roles()?));
    files.push(("demographics.csv".to_owned(), school.demographics()?));
    files.push(("courses.csv".to_owned(), school.courses()?));
    files.push(("classes.csv".to_owned(), school.classes()?));
    files.push(("enrollments.csv".to_owned(), school.enrollments()?));
    Ok(files)
}

struct School {
    seed: u64,
    teachers: Vec<Person>,
    students: Vec<Student>,
    homerooms: Vec<Homeroom>,
}

struct Person {
    id: Uuid,
    surname: &'static str,
    given: &'static str,
}

struct Student {
    person: Person,
    female: bool,
    identity_number: String,
    birth_date: String,
    grade: usize,
    homeroom: usize,
    number: String,
}

struct Homeroom {
    grade: usize,
    ordinal: usize,
}

impl School {
    fn new(students: usize, seed: u64) -> Self {
        let teachers = (students * 2).div_ceil(25).max(4);
        let mut random = Random::new(seed, &[1]);
        let teachers = (0..teachers).map(|n| {
            let female = random.below(2) == 1;
            person(seed, &format!("teacher/{n}"), female, &mut random)
        });
        let teachers = teachers.collect();
        let in_grade = |grade: usize| (students + GRADES - 1 - grade) / GRADES;
        let (mut homerooms, mut pupils, mut taken) = (Vec::new(), Vec::new(), HashSet::new());
        for grade in 0..GRADES {
            let (count, first) = (in_grade(grade), homerooms.len());
            let classes = count.div_ceil(CLASS_MAX).max(1);
            homerooms.extend((0..classes).map(|ordinal| Homeroom { grade, ordinal }));
            for n in 0..count {
                let homeroom = first + n % classes;
                pupils.push(student(seed, grade, n, homeroom, &mut random, &mut taken));
            }
        }
        Self { seed, teachers, students: pupils, homerooms }
    }

    fn id(&self, name: &str) -> String {
        random::id(self.seed, name).to_string()
    }

    fn school(&self) -> String {
        self.id("org/school")
    }

    fn semester(&self, term: usize) -> String {
        self.id(&format!("session/{term}"))
    }

    fn homeroom(&self, class: usize) -> String {
        self.id(&format!("class/{class}"))
    }

    fn course(&self, class: usize, nth: usize, term: usize) -> String {
        self.id(&format!("class/{class}/course/{nth}/{term}"))
    }

    fn subject(&self, grade: usize, subject: usize) -> String {
        self.id(&format!("course/{grade}/{subject}"))
    }

    /// The subject of a class's n-th course: what is compulsory first, then by class.
    fn subject_of(class: usize, nth: usize) -> usize {
        if nth < 3 { nth } else { 3 + (class * 5 + (nth - 3) * 4) % (SUBJECTS.len() - 3) }
    }

    fn teacher_of(&self, class: usize, nth: usize) -> String {
        let teacher = (Self::subject_of(class, nth) + class * 3) % self.teachers.len().max(1);
        self.teachers.get(teacher).map(|teacher| teacher.id.to_string()).unwrap_or_default()
    }

    fn homeroom_teacher(&self, class: usize) -> String {
        let teacher = self.teachers.get(class % self.teachers.len().max(1));
        teacher.map(|teacher| teacher.id.to_string()).unwrap_or_default()
    }

    fn sessions(&self) -> io::Result<Bytes> {
        let (year, first, second) = (self.id("session/year"), self.semester(0), self.semester(1));
        let title = format!("{YEAR}學年度");
        let mut sheet =
            Sheet::new(&["title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"])?;
        sheet.row(&year, &[&title, "schoolYear", "2025-08-01", "2026-07-31", "", "2026"])?;
        let title = format!("{YEAR}學年度第1學期");
        sheet.row(&first, &[&title, "semester", "2025-08-30", "2026-01-20", &year, "2026"])?;
        let title = format!("{YEAR}學年度第2學期");
        sheet.row(&second, &[&title, "semester", "2026-02-11", "2026-06-30", &year, "2026"])?;
        sheet.end()
    }

    fn orgs(&self) -> io::Result<Bytes> {
        let district = self.id("org/district");
        let mut sheet = Sheet::new(&["name", "type", "identifier", "parentSourcedId"])?;
        sheet.row(&district, &["礪程市", "district", "99", ""])?;
        sheet.row(&self.school(), &[NAME, "school", CODE, &district])?;
        sheet.end()
    }

    fn users(&self) -> io::Result<Bytes> {
        let mut sheet = Sheet::new(&[
            "enabledUser",
            "username",
            "userIds",
            "givenName",
            "familyName",
            "middleName",
            "identifier",
            "email",
            "sms",
            "phone",
            "agentSourcedIds",
            "grades",
            "password",
            "userMasterIdentifier",
            "resourceSourcedIds",
            "preferredGivenName",
            "preferredMiddleName",
            "primaryOrgSourcedId",
            "pronouns",
        ])?;
        let school = self.school();
        let mut row = |person: &Person, username: &str, ids: &str, identifier: &str, grade: &str| {
            let (id, given, family) = (person.id.to_string(), person.given, person.surname);
            sheet.row(
                &id,
                &[
                    "true", username, ids, given, family, "", identifier, "", "", "", "", grade, "", "", "",
                    "", "", &school, "",
                ],
            )
        };
        for (n, teacher) in self.teachers.iter().enumerate() {
            row(teacher, &format!("t{n:04}"), "", &format!("T{n:04}"), "")?;
        }
        for Student { person, identity_number, number, grade, .. } in &self.students {
            row(person, number, &format!("{{twid:{identity_number}}}"), number, &(grade + 10).to_string())?;
        }
        sheet.end()
    }

    fn roles(&self) -> io::Result<Bytes> {
        let columns = [
            "userSourcedId",
            "roleType",
            "role",
            "beginDate",
            "endDate",
            "orgSourcedId",
            "userProfileSourcedId",
        ];
        let mut sheet = Sheet::new(&columns)?;
        let teachers = self.teachers.iter().map(|teacher| (teacher, "teacher"));
        let students = self.students.iter().map(|student| (&student.person, "student"));
        for (person, role) in teachers.chain(students) {
            let id = person.id.to_string();
            sheet
                .row(&self.id(&format!("role/{id}")), &[&id, "primary", role, "", "", &self.school(), ""])?;
        }
        sheet.end()
    }

    fn demographics(&self) -> io::Result<Bytes> {
        let mut sheet = Sheet::new(&["birthDate", "sex", "countryOfBirthCode"])?;
        for student in &self.students {
            let sex = if student.female { "female" } else { "male" };
            sheet.row(&student.person.id.to_string(), &[&student.birth_date, sex, "TW"])?;
        }
        sheet.end()
    }

    fn courses(&self) -> io::Result<Bytes> {
        let columns = [
            "schoolYearSourcedId",
            "title",
            "courseCode",
            "grades",
            "orgSourcedId",
            "subjects",
            "subjectCodes",
        ];
        let mut sheet = Sheet::new(&columns)?;
        let (year, school) = (self.id("session/year"), self.school());
        for grade in 0..GRADES {
            for (n, (title, field)) in SUBJECTS.iter().enumerate() {
                let (code, grades) = (course_code(grade, n, field), (grade + 10).to_string());
                let id = self.subject(grade, n);
                sheet.row(&id, &[&year, title, &code, &grades, &school, title, ""])?;
            }
        }
        sheet.end()
    }

    fn classes(&self) -> io::Result<Bytes> {
        let mut sheet = Sheet::new(&[
            "title",
            "grades",
            "courseSourcedId",
            "classCode",
            "classType",
            "location",
            "schoolSourcedId",
            "termSourcedIds",
            "subjects",
            "subjectCodes",
            "periods",
        ])?;
        let (school, both) = (self.school(), format!("{},{}", self.semester(0), self.semester(1)));
        for (class, Homeroom { grade, ordinal }) in self.homerooms.iter().enumerate() {
            let (grades, room) = ((grade + 10).to_string(), format!("R{class}"));
            let title = format!("{grades}年{:02}班", ordinal + 1);
            let (first, code) = (self.subject(*grade, 0), format!("H{grades}{:02}", ordinal + 1));
            let id = self.homeroom(class);
            sheet
                .row(&id, &[&title, &grades, &first, &code, "homeroom", &room, &school, &both, "", "", ""])?;
            for (nth, term) in (0..COURSES).flat_map(|nth| (0..2).map(move |term| (nth, term))) {
                let subject = Self::subject_of(class, nth);
                let name = SUBJECTS.get(subject).map_or("", |(name, _)| name);
                let title = format!("{name} {grades}-{:02}", ordinal + 1);
                let (of, code) = (self.subject(*grade, subject), format!("C{class:03}{nth}{}", term + 1));
                let (id, term) = (self.course(class, nth, term), self.semester(term));
                let values = [&title, &grades, &of, &code, "scheduled", &room, &school, &term, name, "", ""];
                sheet.row(&id, &values)?;
            }
        }
        sheet.end()
    }

    fn enrollments(&self) -> io::Result<Bytes> {
        let columns =
            ["classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate"];
        let mut sheet = Sheet::new(&columns)?;
        let school = self.school();
        let mut row = |class: &str, user: &str, role: &str, primary: &str, dates: (&str, &str)| {
            let id = self.id(&format!("enrollment/{class}/{user}"));
            sheet.row(&id, &[class, &school, user, role, primary, dates.0, dates.1])
        };
        let year = ("2025-08-30", "2026-06-30");
        let semesters = [("2025-08-30", "2026-01-20"), ("2026-02-11", "2026-06-30")];
        for class in 0..self.homerooms.len() {
            let pupils: Vec<_> = self.students.iter().filter(|student| student.homeroom == class).collect();
            let mut group = |id: &str, teacher: &str, dates| {
                row(id, teacher, "teacher", "true", dates)?;
                pupils
                    .iter()
                    .try_for_each(|pupil| row(id, &pupil.person.id.to_string(), "student", "false", dates))
            };
            group(&self.homeroom(class), &self.homeroom_teacher(class), year)?;
            for nth in 0..COURSES {
                for (term, dates) in semesters.into_iter().enumerate() {
                    group(&self.course(class, nth, term), &self.teacher_of(class, nth), dates)?;
                }
            }
        }
        sheet.end()
    }
}

fn person(seed: u64, name: &str, female: bool, random: &mut Random) -> Person {
    // The square prefers the surnames that stand first.
    let (one, two) = (random.below(SURNAMES.len()), random.below(SURNAMES.len()));
    let surname = SURNAMES.get(one * two / SURNAMES.len()).copied().unwrap_or_default();
    let given = random.one(if female { FEMALE } else { MALE });
    Person { id: random::id(seed, name), surname, given }
}

fn student(
    seed: u64,
    grade: usize,
    n: usize,
    homeroom: usize,
    random: &mut Random,
    taken: &mut HashSet<String>,
) -> Student {
    let female = random.below(2) == 1;
    let person = person(seed, &format!("student/{grade}/{n}"), female, random);
    let identity_number = loop {
        let number = identity_number(female, random);
        if taken.insert(number.clone()) {
            break number;
        }
    };
    let (month, day) = (random.below(12) + 1, random.below(28) + 1);
    // Who is born from September on enters school a year later.
    let year = if month >= 9 { 2009 } else { 2010 } - grade;
    let number = format!("{}{:04}", usize::from(YEAR) - grade, n + 1);
    let birth_date = format!("{year}-{month:02}-{day:02}");
    Student { person, female, identity_number, birth_date, grade, homeroom, number }
}

/// One of the three kinds of number, most of them national.
fn identity_number(female: bool, random: &mut Random) -> String {
    const LETTERS: &[char] = &[
        'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'M', 'N', 'O', 'P', 'Q', 'T', 'U', 'V', 'W',
        'X', 'Z',
    ];
    let kind = random.below(50);
    let second = match (kind, female) {
        (0, false) => '8',
        (0, true) => '9',
        (1, false) => random.one(&['A', 'C']),
        (1, true) => random.one(&['B', 'D']),
        (_, false) => '1',
        (_, true) => '2',
    };
    let body = format!("{}{second}{:07}", random.one(LETTERS), random.below(10_000_000));
    let numbers = (0..10).map(|check| format!("{body}{check}"));
    numbers.into_iter().find(|number| number.parse::<IdentityNumber>().is_ok()).unwrap_or(body)
}

/// A course code (課程代碼): 23 characters, for the students who entered in that year.
fn course_code(grade: usize, subject: usize, field: &str) -> String {
    let (entry, kind) = (usize::from(YEAR) - grade, if subject < 16 { '1' } else { '5' });
    format!("{entry}{CODE}H111010{kind}01{field}{subject:02}")
}

#[cfg(test)]
mod tests;
