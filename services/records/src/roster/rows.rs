//! What a single row says, without what it hangs on.

use jiff::civil::Date;
use kernel::{Clause, IdentityNumber, SchoolYear, Semester, Term, Text, clause};

use super::{Row, RowFault};
use crate::domain::Basic;

const BASIC_DATA: Clause = clause("A.1");
const NEW_YEAR: Clause = clause("R15");

/// Student or staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PersonKind {
    Student,
    Staff,
}

/// A person as users.csv has it, with what roles.csv and demographics.csv add.
#[derive(Clone)]
pub(crate) enum Person {
    Student(Basic),
    Staff { roster_id: String, username: String, name: String },
}

/// A row of classes.csv: a class, or a course in its semesters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Homeroom { year: SchoolYear, grade: u8, title: String },
    Course { semesters: Vec<Semester>, title: String, code: String },
}

/// A row of enrollments.csv.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enrollment {
    pub(crate) class: String,
    pub(crate) user: String,
    pub(crate) kind: PersonKind,
    /// Of several teachers, the one that counts.
    pub(crate) primary: bool,
    /// It is to be undone.
    pub(crate) dropped: bool,
}

/// A user before its role is known.
pub(super) struct User<'r> {
    row: &'r Row,
    pub(super) username: String,
    name: String,
    pub(super) identity_number: Option<IdentityNumber>,
}

/// Whether a row is in force; of enrollments one may also be taken back.
pub(super) fn status(row: &Row) -> Result<bool, RowFault> {
    row.check_shape()?;
    text(row, "sourcedId", 100)?;
    match row.get("status") {
        "" | "active" => Ok(false),
        "tobedeleted" => Ok(true),
        _ => Err(RowFault::new("status", "is none of active, tobedeleted")),
    }
}

/// That a row is in force.
pub(super) fn active(row: &Row) -> Result<(), RowFault> {
    match status(row)? {
        false => Ok(()),
        true => Err(RowFault::new("status", "tobedeleted is not yet supported here: R15").by(NEW_YEAR)),
    }
}

/// A text of 1 to `most` characters.
fn text(row: &Row, column: &str, most: usize) -> Result<String, RowFault> {
    let text =
        Text::try_new(row.get(column), most).map_err(|fault| RowFault::new(column, fault.to_string()))?;
    Ok(text.into_string())
}

/// A date, if there is one: `YYYY-MM-DD`.
fn date(row: &Row, column: &str) -> Result<Option<Date>, RowFault> {
    let text = row.get(column);
    if text.is_empty() {
        return Ok(None);
    }
    let date = text.parse().ok().filter(|date: &Date| date.to_string() == text);
    date.map(Some).ok_or_else(|| RowFault::new(column, "is no date, such as 2025-08-30"))
}

/// The one grade of a row.
fn grade(row: &Row) -> Result<u8, RowFault> {
    let grade = row.get("grades").parse().ok().filter(|grade| (1..=12).contains(grade));
    grade.ok_or_else(|| RowFault::new("grades", "must be one grade of 1 to 12"))
}

/// The semesters of a session: both of a school year, else the one in which it begins.
pub(super) fn session(row: &Row) -> Result<Vec<Semester>, RowFault> {
    active(row)?;
    text(row, "title", 100)?;
    let must = |column, date: Option<Date>| date.ok_or_else(|| RowFault::new(column, "must not be empty"));
    let begins = must("startDate", date(row, "startDate")?)?;
    let ends = must("endDate", date(row, "endDate")?)?;
    if ends < begins {
        return Err(RowFault::new("endDate", "is before startDate"));
    }
    let year = SchoolYear::of(begins)
        .ok_or_else(|| RowFault::new("startDate", "is before the year 1 of the Republic"))?;
    // OneRoster names a school year by the year in which it ends.
    if row.get("schoolYear").parse() != Ok(i32::from(year.begins_in()) + 1) {
        return Err(RowFault::new(
            "schoolYear",
            "is not the year in which the school year of startDate ends",
        ));
    }
    let term = if begins.month() >= 8 { Term::First } else { Term::Second };
    match row.get("type") {
        "schoolYear" => Ok(vec![Semester::new(year, Term::First), Semester::new(year, Term::Second)]),
        "semester" | "term" | "gradingPeriod" => Ok(vec![Semester::new(year, term)]),
        _ => Err(RowFault::new("type", "is none of schoolYear, semester, term, gradingPeriod")),
    }
}

/// An organisation.
pub(super) fn org(row: &Row) -> Result<(), RowFault> {
    active(row)?;
    text(row, "name", 100)?;
    match row.get("type") {
        "department" | "school" | "district" | "local" | "state" | "national" => Ok(()),
        _ => Err(RowFault::new("type", "is no type of organisation in OneRoster")),
    }
}

/// A user, as far as it goes without its role.
pub(super) fn user(row: &Row) -> Result<User<'_>, RowFault> {
    active(row)?;
    let username = text(row, "username", 100)?;
    let (family, given) = (row.get("familyName"), row.get("givenName"));
    // Latin names are written the other way round, with a space.
    let latin = !family.is_empty() && !given.is_empty() && family.is_ascii() && given.is_ascii();
    let name = if latin { format!("{given} {family}") } else { format!("{family}{given}") };
    let name = Text::try_new(&name, 100).map_err(|fault| RowFault::new("familyName", fault.to_string()))?;
    let identity_number = identity_number(row.get("userIds"))?;
    Ok(User { row, username, name: name.into_string(), identity_number })
}

/// The identity number among `{type:id},{type:id}`: that of type `twid`.
fn identity_number(ids: &str) -> Result<Option<IdentityNumber>, RowFault> {
    let mut found = None;
    for id in ids.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let pair = id.strip_prefix('{').and_then(|id| id.strip_suffix('}')).and_then(|id| id.split_once(':'));
        let (kind, id) = pair
            .ok_or_else(|| RowFault::new("userIds", "is no list of {type:id}, such as {twid:A123456789}"))?;
        if kind.trim().eq_ignore_ascii_case("twid") {
            let number = id.parse();
            let number = number.map_err(|fault: kernel::IdentityNumberFault| {
                RowFault::new("userIds", fault.to_string()).by(BASIC_DATA)
            })?;
            found = Some(number);
        }
    }
    Ok(found)
}

impl User<'_> {
    /// The person, once its kind is known. Birth dates come later.
    pub(super) fn of_kind(self, kind: PersonKind) -> Result<Person, RowFault> {
        let (roster_id, username, name) = (self.row.sourced_id().to_owned(), self.username, self.name);
        match kind {
            PersonKind::Staff => Ok(Person::Staff { roster_id, username, name }),
            PersonKind::Student => Ok(Person::Student(Basic {
                roster_id,
                username,
                number: text(self.row, "identifier", 20)?,
                name,
                identity_number: self.identity_number,
                birth_date: None,
                grade: grade(self.row)?,
            })),
        }
    }
}

/// Which kind of person a role makes.
pub(super) fn role(row: &Row) -> Result<PersonKind, RowFault> {
    active(row)?;
    if !matches!(row.get("roleType"), "primary" | "secondary") {
        return Err(RowFault::new("roleType", "is none of primary, secondary"));
    }
    span(row)?;
    match row.get("role") {
        "student" => Ok(PersonKind::Student),
        "teacher"
        | "administrator"
        | "aide"
        | "counselor"
        | "principal"
        | "proctor"
        | "siteAdministrator"
        | "systemAdministrator"
        | "districtAdministrator" => Ok(PersonKind::Staff),
        "parent" | "guardian" | "relative" => {
            Err(RowFault::new("role", "parents and relatives are not yet supported"))
        }
        _ => Err(RowFault::new("role", "is no role in OneRoster")),
    }
}

/// A birth date, if there is one.
pub(super) fn demographics(row: &Row) -> Result<Option<String>, RowFault> {
    active(row)?;
    let birth_date = date(row, "birthDate").map_err(|fault| fault.by(BASIC_DATA))?;
    Ok(birth_date.map(|date| date.to_string()))
}

/// A subject's course code; a school's own may be anything, or nothing.
pub(super) fn course(row: &Row) -> Result<String, RowFault> {
    active(row)?;
    text(row, "title", 100)?;
    if row.get("courseCode").is_empty() { Ok(String::new()) } else { text(row, "courseCode", 100) }
}

/// A row of classes.csv before its semesters are known.
pub(super) enum Shape {
    Homeroom { grade: u8, title: String },
    Course { title: String },
}

/// Class or course.
pub(super) fn shape(row: &Row) -> Result<Shape, RowFault> {
    let title = text(row, "title", 100)?;
    match row.get("classType") {
        "scheduled" => Ok(Shape::Course { title }),
        "homeroom" => Ok(Shape::Homeroom { grade: grade(row)?, title }),
        _ => Err(RowFault::new("classType", "is none of homeroom, scheduled")),
    }
}

impl Shape {
    /// The class, or the course in these semesters with its subject's code.
    pub(super) fn in_semesters(self, semesters: Vec<Semester>, code: &str) -> Result<Group, RowFault> {
        match self {
            Self::Course { title } => Ok(Group::Course { semesters, title, code: code.to_owned() }),
            Self::Homeroom { grade, title } => {
                let mut years = semesters.iter().map(|semester| semester.year);
                let year = years.next().filter(|year| years.all(|other| other == *year));
                let year =
                    year.ok_or_else(|| RowFault::new("termSourcedIds", "are not of one school year"))?;
                Ok(Group::Homeroom { year, grade, title })
            }
        }
    }
}

/// Who is to be in which class, as what.
pub(super) fn enrollment(row: &Row) -> Result<Enrollment, RowFault> {
    let dropped = status(row)?;
    span(row)?;
    let kind = match row.get("role") {
        "student" => PersonKind::Student,
        "teacher" => PersonKind::Staff,
        "administrator" | "proctor" | "aide" => {
            return Err(RowFault::new(
                "role",
                "is neither student nor teacher; others are not yet supported",
            ));
        }
        _ => return Err(RowFault::new("role", "is no role in OneRoster")),
    };
    let primary = match row.get("primary") {
        "true" => true,
        "false" | "" => false,
        _ => return Err(RowFault::new("primary", "is none of true, false")),
    };
    let (class, user) = (text(row, "classSourcedId", 100)?, text(row, "userSourcedId", 100)?);
    Ok(Enrollment { class, user, kind, primary, dropped })
}

/// That beginDate and endDate, where they are, are dates in this order.
fn span(row: &Row) -> Result<(), RowFault> {
    match (date(row, "beginDate")?, date(row, "endDate")?) {
        (Some(begins), Some(ends)) if ends < begins => Err(RowFault::new("endDate", "is before beginDate")),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
