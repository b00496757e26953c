//! A OneRoster bundle and its import, as the demo's people need it: who takes and teaches what, by the ids here.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use kernel::{CourseId, PersonId, SchoolYear, Semester, Term};

use crate::bundle::Files;

use super::desk::Fault;

/// The grade that leaves at the end of the year.
const LAST_GRADE: &str = "12";

/// The rows that were taken: the id here that each is about, by file and line.
pub(crate) type Taken = HashMap<(String, u64), String>;

/// Who is there, and who takes and teaches what in the demo's school year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roster {
    /// The school year that the demo plays in.
    pub(crate) year: SchoolYear,
    /// Students, in the bundle's order.
    pub(crate) students: Vec<Student>,
    /// Staff, in the bundle's order.
    pub(crate) staff: Vec<PersonId>,
    /// Courses of the school year, in the bundle's order.
    pub(crate) courses: Vec<Course>,
}

/// A student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Student {
    /// Who.
    pub(crate) person: PersonId,
    /// Whether the student is of the grade that leaves at the end of the year.
    pub(crate) leaves: bool,
    /// Indices of the courses that the student takes, by semester.
    pub(crate) courses: [Vec<usize>; 2],
}

/// A course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    /// Which.
    pub(crate) id: CourseId,
    /// Its semester: 0 or 1.
    pub(crate) term: usize,
    /// Its name.
    pub(crate) title: String,
    /// Its teachers.
    pub(crate) teachers: Vec<PersonId>,
}

/// The school years of a bundle, by its sessions.
pub(crate) fn years(files: &Files) -> BTreeSet<SchoolYear> {
    let sessions = table(files, "academicSessions.csv");
    sessions.iter().filter_map(|row| Some(semesters(row).first()?.year)).collect()
}

impl Roster {
    /// Who is there after an import.
    ///
    /// # Errors
    /// The bundle has no semester, or no student was taken.
    pub(crate) fn new(files: &Files, taken: &Taken) -> Result<Self, Fault> {
        let year = years(files).into_iter().next_back();
        let year = year.ok_or_else(|| Fault::broken("the roster has no semester"))?;
        let people: HashMap<String, PersonId> = ids(files, taken, "users.csv").collect();
        let pupils: HashSet<String> = table(files, "roles.csv")
            .into_iter()
            .filter(|row| row.get("role") == "student")
            .map(|row| row.get("userSourcedId").to_owned())
            .collect();
        let (mut students, mut staff, mut place) = (Vec::new(), Vec::new(), HashMap::new());
        for row in table(files, "users.csv") {
            let Some(person) = people.get(row.get("sourcedId")).copied() else { continue };
            if pupils.contains(row.get("sourcedId")) {
                place.insert(person, students.len());
                let leaves = row.get("grades").split(',').any(|grade| grade.trim() == LAST_GRADE);
                students.push(Student { person, leaves, courses: [Vec::new(), Vec::new()] });
            } else {
                staff.push(person);
            }
        }
        if students.is_empty() {
            return Err(Fault::broken("no student of the roster was taken"));
        }
        let mut roster = Self { year, students, staff, courses: Vec::new() };
        roster.enrol(files, taken, &people, &place);
        Ok(roster)
    }

    fn enrol(
        &mut self,
        files: &Files,
        taken: &Taken,
        people: &HashMap<String, PersonId>,
        place: &HashMap<PersonId, usize>,
    ) {
        let sessions: HashMap<String, Vec<Semester>> = table(files, "academicSessions.csv")
            .into_iter()
            .map(|row| (row.get("sourcedId").to_owned(), semesters(&row)))
            .collect();
        let offered: HashMap<String, CourseId> = ids(files, taken, "classes.csv").collect();
        let mut index = HashMap::new();
        for row in table(files, "classes.csv") {
            let class = row.get("sourcedId").to_owned();
            let terms = row.get("termSourcedIds").split(',').filter_map(|term| sessions.get(term.trim()));
            // A course of both semesters is one in each; the first answers for the row.
            let semester = terms.flatten().copied().filter(|semester| semester.year == self.year).min();
            if let (Some(id), Some(semester)) = (offered.get(&class), semester)
                && row.get("classType") != "homeroom"
            {
                let (term, title) = (usize::from(semester.term == Term::Second), row.get("title").to_owned());
                index.insert(class, self.courses.len());
                self.courses.push(Course { id: *id, term, title, teachers: Vec::new() });
            }
        }
        for row in table(files, "enrollments.csv") {
            if !taken.contains_key(&("enrollments.csv".to_owned(), row.line)) {
                continue;
            }
            let course = index.get(row.get("classSourcedId")).copied();
            let Some((at, person)) = course.zip(people.get(row.get("userSourcedId")).copied()) else {
                continue;
            };
            let Some(course) = self.courses.get_mut(at) else { continue };
            match place.get(&person).and_then(|place| self.students.get_mut(*place)) {
                Some(student) => {
                    if let Some(courses) = student.courses.get_mut(course.term) {
                        courses.push(at);
                    }
                }
                None => course.teachers.push(person),
            }
        }
    }

    /// Who does an office's work: a member of the staff, else the principal.
    pub(crate) fn officer(&self, nth: usize, principal: PersonId) -> PersonId {
        let nth = nth.checked_rem(self.staff.len());
        nth.and_then(|nth| self.staff.get(nth)).copied().unwrap_or(principal)
    }

    /// A member of the staff who doesn't teach a course.
    pub(crate) fn other_teacher(&self, course: &Course, start: usize) -> Option<PersonId> {
        let staff = self.staff.iter().cycle().skip(start % self.staff.len().max(1)).take(self.staff.len());
        staff.copied().find(|person| !course.teachers.contains(person))
    }

    /// A course of that semester which a student doesn't take.
    pub(crate) fn other_course(&self, student: &Student, term: usize, start: usize) -> Option<&Course> {
        let taken = student.courses.get(term)?;
        let count = self.courses.len();
        let courses = self.courses.iter().enumerate().cycle().skip(start.checked_rem(count)?).take(count);
        let mut others = courses.filter(|(at, course)| course.term == term && !taken.contains(at));
        others.next().map(|(_, course)| course)
    }
}

/// The semesters of a session: both of a school year, else the one in which it begins.
fn semesters(row: &Row) -> Vec<Semester> {
    let Ok(begins) = row.get("startDate").parse::<Date>() else { return Vec::new() };
    let Some(year) = SchoolYear::of(begins) else { return Vec::new() };
    match (row.get("type"), begins.month() >= 8) {
        ("schoolYear", _) => vec![Semester::new(year, Term::First), Semester::new(year, Term::Second)],
        (_, true) => vec![Semester::new(year, Term::First)],
        (_, false) => vec![Semester::new(year, Term::Second)],
    }
}

/// The ids here of a file's rows that were taken, by their ids in the roster.
fn ids<T: std::str::FromStr>(
    files: &Files,
    taken: &Taken,
    name: &'static str,
) -> impl Iterator<Item = (String, T)> {
    table(files, name).into_iter().filter_map(|row| {
        let id = taken.get(&(name.to_owned(), row.line))?.parse().ok()?;
        Some((row.get("sourcedId").to_owned(), id))
    })
}

struct Row {
    line: u64,
    values: HashMap<String, String>,
}

impl Row {
    fn get(&self, column: &str) -> &str {
        self.values.get(column).map_or("", String::as_str)
    }
}

/// A file's rows, as far as they can be read: the import says what is wrong with the others.
fn table(files: &Files, name: &str) -> Vec<Row> {
    let Some((_, bytes)) = files.iter().find(|(file, _)| file == name) else { return Vec::new() };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let Ok(columns) = reader.headers().cloned() else { return Vec::new() };
    let mut lines = Lines { bytes, line: 1, at: 0 };
    let rows = reader.into_records().filter_map(Result::ok).map(|record| {
        let at = record.position().map_or(0, csv::Position::byte);
        let line = lines.of(usize::try_from(at).unwrap_or(usize::MAX));
        let values = columns.iter().zip(&record).map(|(column, value)| (column.to_owned(), value.to_owned()));
        Row { line, values: values.collect() }
    });
    rows.collect()
}

/// Counts lines as an editor does, and as the import's report does, going forward only.
struct Lines<'a> {
    bytes: &'a [u8],
    line: u64,
    at: usize,
}

impl Lines<'_> {
    /// The line of the first byte at or after `to` that ends none.
    fn of(&mut self, to: usize) -> u64 {
        while let Some(byte) = self.bytes.get(self.at) {
            let breaks = matches!(byte, b'\n' | b'\r');
            if self.at >= to && !breaks {
                break;
            }
            let ends = breaks && (*byte == b'\n' || self.bytes.get(self.at + 1) != Some(&b'\n'));
            self.line += u64::from(ends);
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use bytes::Bytes;

    use super::*;
    use crate::demo::school;

    fn all_taken(files: &Files) -> Taken {
        let rows = ["users.csv", "classes.csv", "enrollments.csv"].into_iter().flat_map(|file| {
            let id = move |line| Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{file}{line}").as_bytes());
            table(files, file)
                .into_iter()
                .map(move |row| ((file.to_owned(), row.line), id(row.line).to_string()))
        });
        rows.collect()
    }

    #[test]
    fn a_made_school_is_read_back_with_who_takes_and_teaches_what() {
        let files = school::made(60, 1).unwrap();
        let roster = Roster::new(&files, &all_taken(&files)).unwrap();
        assert_eq!((roster.year.number(), roster.students.len(), roster.staff.len()), (114, 60, 5));
        assert!(roster.students.iter().all(|student| student.courses.iter().all(|term| term.len() == 8)));
        assert!(roster.courses.iter().all(|course| course.teachers.len() == 1));
        let student = &roster.students[0];
        let other = roster.other_course(student, 1, 5).unwrap();
        assert!(other.term == 1 && student.courses[1].iter().all(|at| roster.courses[*at].id != other.id));
        let course = &roster.courses[0];
        assert!(!course.teachers.contains(&roster.other_teacher(course, 0).unwrap()));
    }

    #[test]
    fn lines_are_counted_over_breaks_of_every_kind_and_within_fields() {
        let text = "\u{feff}a,b\r\n1,\"x\ny\"\r\n\r\n2,z\n3,w";
        let files = vec![("t.csv".to_owned(), Bytes::from(text))];
        let lines: Vec<_> =
            table(&files, "t.csv").iter().map(|row| (row.line, row.get("a").to_owned())).collect();
        assert_eq!(lines, [(2, "1".to_owned()), (5, "2".to_owned()), (6, "3".to_owned())]);
    }

    #[test]
    fn rows_that_were_not_taken_are_left_out() {
        let files = school::made(60, 1).unwrap();
        let mut taken = all_taken(&files);
        taken.retain(|(file, line), _| file != "users.csv" || *line != 10);
        let roster = Roster::new(&files, &taken).unwrap();
        assert_eq!(roster.students.len() + roster.staff.len(), 64);
        assert!(Roster::new(&files, &Taken::new()).is_err());
    }
}
