//! What every row of a bundle comes to, as far as the bundle itself says.

use std::collections::{HashMap, HashSet};

use kernel::Semester;

use super::rows::{self, Enrollment, Group, Person, PersonKind};
use super::{Bundle, RosterFile, Row, RowFault};
use crate::domain::Basic;

/// Where a row stands, and what its request stands for.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: RosterFile,
    pub(crate) line: u64,
    pub(crate) number: u64,
    pub(crate) sourced_id: String,
    /// What the row says; for a user also what other files add.
    pub(crate) body: Vec<u8>,
}

/// What a row comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing<T> {
    /// It can be taken, as far as the bundle says.
    Good(T),
    /// It is at fault itself.
    Refused(RowFault),
    /// It hangs on a refused row: `file: sourcedId`.
    Skipped(String),
}

/// A row and what it comes to.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) place: Place,
    pub(crate) standing: Standing<T>,
}

/// Every row of a bundle, judged by itself and by the rows that it hangs on.
pub(crate) struct Plan {
    /// Sessions: the semesters that classes and enrollments may be of.
    pub(crate) sessions: Vec<Entry<Vec<Semester>>>,
    pub(crate) orgs: Vec<Entry<()>>,
    pub(crate) users: Vec<Entry<Person>>,
    /// Each goes with a user, by the id in the roster.
    pub(crate) roles: Vec<Entry<String>>,
    /// Each goes with a user, by the id in the roster.
    pub(crate) demographics: Vec<Entry<String>>,
    pub(crate) courses: Vec<Entry<()>>,
    pub(crate) classes: Vec<Entry<Group>>,
    pub(crate) enrollments: Vec<Entry<Enrollment>>,
}

/// Rows by their ids: what a row that names one of them hangs on.
type Index<T> = HashMap<String, Standing<T>>;

impl<T> Standing<T> {
    /// The refused row that keeps what hangs on this row from being taken, this one being at that place.
    pub(crate) fn because_of(&self, file: RosterFile, sourced_id: &str) -> Option<String> {
        match self {
            Self::Good(_) => None,
            Self::Refused(_) => Some(format!("{}: {sourced_id}", file.name())),
            Self::Skipped(because_of) => Some(because_of.clone()),
        }
    }
}

impl Place {
    fn of(file: RosterFile, row: &Row) -> Self {
        let (line, number) = (row.line, row.number);
        Self { file, line, number, sourced_id: row.sourced_id().to_owned(), body: row.body() }
    }
}

/// Why a row can't be taken.
enum Fault {
    Own(RowFault),
    Hangs(String),
}

impl From<RowFault> for Fault {
    fn from(fault: RowFault) -> Self {
        Self::Own(fault)
    }
}

/// Judges the rows of a file in order; of two rows with one id, the second is refused.
fn judged<'b, T>(
    bundle: &'b Bundle,
    file: RosterFile,
    mut judge: impl FnMut(&'b Row) -> Result<T, Fault>,
) -> Vec<Entry<T>> {
    let mut seen = HashSet::new();
    let rows = bundle.rows(file).iter().map(|row| {
        let again = !row.sourced_id().is_empty() && !seen.insert(row.sourced_id());
        let judgement = match again {
            true => Err(Fault::Own(RowFault::new("sourcedId", "stands in the file twice"))),
            false => judge(row),
        };
        let standing = match judgement {
            Ok(good) => Standing::Good(good),
            Err(Fault::Own(fault)) => Standing::Refused(fault),
            Err(Fault::Hangs(because_of)) => Standing::Skipped(because_of),
        };
        Entry { place: Place::of(file, row), standing }
    });
    rows.collect()
}

fn index<T: Clone>(entries: &[Entry<T>]) -> Index<T> {
    let mut index = Index::new();
    for entry in entries {
        index.entry(entry.place.sourced_id.clone()).or_insert_with(|| entry.standing.clone());
    }
    index
}

/// What a column names; it must be in the index.
fn named<'i, T>(
    row: &Row,
    column: &str,
    what: &str,
    index: &'i Index<T>,
) -> Result<&'i Standing<T>, RowFault> {
    let found = index.get(row.get(column));
    found.ok_or_else(|| RowFault::new(column, format!("names no {what}")))
}

/// What a good row holds; else what hangs on it is to be skipped.
fn good<'i, T>(standing: &'i Standing<T>, file: RosterFile, sourced_id: &str) -> Result<&'i T, Fault> {
    match standing {
        Standing::Good(good) => Ok(good),
        Standing::Refused(_) | Standing::Skipped(_) => {
            Err(Fault::Hangs(standing.because_of(file, sourced_id).unwrap_or_default()))
        }
    }
}

impl Plan {
    /// Number of all rows.
    pub(crate) fn row_count(&self) -> usize {
        let people = self.users.len() + self.roles.len() + self.demographics.len();
        let classes = self.courses.len() + self.classes.len() + self.enrollments.len();
        self.sessions.len() + self.orgs.len() + people + classes
    }

    /// Judges every row of a bundle.
    pub(crate) fn of(bundle: &Bundle) -> Self {
        let sessions = judged(bundle, RosterFile::AcademicSessions, |row| Ok(rows::session(row)?));
        let orgs = judged(bundle, RosterFile::Orgs, |row| Ok(rows::org(row)?));
        let orgs_by_id = bundle.has(RosterFile::Orgs).then(|| index(&orgs));
        let school = School(orgs_by_id);
        let (roles, kinds) = roles(bundle, &school);
        let (demographics, births) = demographics(bundle);
        let users = users(bundle, &kinds, births);
        let users_by_id = index(&users).into_iter().map(|(id, user)| (id, user.map(|_| ()))).collect();
        let roles = with_users(roles, &users_by_id);
        let demographics = with_users(demographics, &users_by_id);
        let courses = judged(bundle, RosterFile::Courses, |row| {
            let code = rows::course(row)?;
            school.check(row, "orgSourcedId")?;
            Ok(code)
        });
        let classes = classes(bundle, &index(&sessions), &index(&courses), &school);
        let enrollments = judged(bundle, RosterFile::Enrollments, |row| {
            let enrollment = rows::enrollment(row)?;
            school.check(row, "schoolSourcedId")?;
            Ok(enrollment)
        });
        let courses = courses.into_iter().map(|entry| entry.map(|_| ())).collect();
        Self { sessions, orgs, users, roles, demographics, courses, classes, enrollments }
    }
}

impl<T> Standing<T> {
    /// The same with something else in a good one.
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Standing<U> {
        match self {
            Self::Good(good) => Standing::Good(map(good)),
            Self::Refused(fault) => Standing::Refused(fault),
            Self::Skipped(because_of) => Standing::Skipped(because_of),
        }
    }
}

impl<T> Entry<T> {
    /// The same with something else in a good one.
    pub(crate) fn map<U>(self, map: impl FnOnce(T) -> U) -> Entry<U> {
        Entry { place: self.place, standing: self.standing.map(map) }
    }
}

/// The organisations, if the bundle has them.
struct School(Option<Index<()>>);

impl School {
    /// That a column, where it says something, names an organisation that can be taken.
    fn check(&self, row: &Row, column: &str) -> Result<(), Fault> {
        let id = row.get(column);
        match &self.0 {
            Some(orgs) if !id.is_empty() => {
                good(named(row, column, "organisation", orgs)?, RosterFile::Orgs, id).copied()
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Roles by user; a good one that stands first, and says primary before others, decides.
type Kinds = HashMap<String, Standing<PersonKind>>;

fn roles(bundle: &Bundle, school: &School) -> (Vec<Entry<String>>, Kinds) {
    let users: HashSet<_> = bundle.rows(RosterFile::Users).iter().map(Row::sourced_id).collect();
    let entries = judged(bundle, RosterFile::Roles, |row| {
        let kind = rows::role(row)?;
        let user = row.get("userSourcedId");
        if !users.contains(user) {
            return Err(RowFault::new("userSourcedId", "names no user").into());
        }
        school.check(row, "orgSourcedId")?;
        Ok((user.to_owned(), kind))
    });
    let mut kinds = Kinds::new();
    for primary in [true, false] {
        for (entry, row) in entries.iter().zip(bundle.rows(RosterFile::Roles)) {
            if (row.get("roleType") == "primary") == primary
                && let Standing::Good((user, kind)) = &entry.standing
            {
                kinds.entry(user.clone()).or_insert(Standing::Good(*kind));
            }
        }
    }
    // Who has no good role hangs on the first that is none.
    for (entry, row) in entries.iter().zip(bundle.rows(RosterFile::Roles)) {
        if let Some(because_of) = entry.standing.because_of(RosterFile::Roles, &entry.place.sourced_id) {
            kinds.entry(row.get("userSourcedId").to_owned()).or_insert(Standing::Skipped(because_of));
        }
    }
    let checked = entries.into_iter().map(|entry| {
        let standing = match entry.standing {
            Standing::Good((user, kind)) if kinds.get(&user) != Some(&Standing::Good(kind)) => {
                Standing::Refused(RowFault::new("role", "makes a student of staff, or staff of a student"))
            }
            standing @ (Standing::Good(_) | Standing::Refused(_) | Standing::Skipped(_)) => {
                standing.map(|(user, _)| user)
            }
        };
        Entry { place: entry.place, standing }
    });
    (checked.collect(), kinds)
}

fn demographics(bundle: &Bundle) -> (Vec<Entry<String>>, HashMap<String, String>) {
    let users: HashSet<_> = bundle.rows(RosterFile::Users).iter().map(Row::sourced_id).collect();
    let mut births = HashMap::new();
    let entries = judged(bundle, RosterFile::Demographics, |row| {
        let birth_date = rows::demographics(row)?;
        let user = row.sourced_id().to_owned();
        if !users.contains(user.as_str()) {
            return Err(RowFault::new("sourcedId", "names no user").into());
        }
        births.extend(birth_date.map(|date| (user.clone(), date)));
        Ok(user)
    });
    (entries, births)
}

/// What goes with a user is skipped if the user is not taken.
fn with_users(entries: Vec<Entry<String>>, users: &Index<()>) -> Vec<Entry<String>> {
    let hung = entries.into_iter().map(|mut entry| {
        if let Standing::Good(user) = &entry.standing
            && let Some(because_of) = users.get(user).and_then(|u| u.because_of(RosterFile::Users, user))
        {
            entry.standing = Standing::Skipped(because_of);
        }
        entry
    });
    hung.collect()
}

fn users(bundle: &Bundle, kinds: &Kinds, mut births: HashMap<String, String>) -> Vec<Entry<Person>> {
    let mut given = HashSet::new();
    let mut entries = judged(bundle, RosterFile::Users, |row| {
        let user = rows::user(row)?;
        let kind = kinds.get(row.sourced_id());
        let kind = kind.ok_or_else(|| RowFault::new("", "the user has no role in roles.csv"))?;
        let person = user.of_kind(*good(kind, RosterFile::Roles, "")?)?;
        let values = unique(&person);
        if let Some((column, _)) = values.iter().find(|value| given.contains(*value)) {
            return Err(RowFault::new(column, "is given twice").into());
        }
        given.extend(values);
        Ok(person)
    });
    for entry in &mut entries {
        let birth_date = births.remove(&entry.place.sourced_id);
        if let Standing::Good(Person::Student(basic)) = &mut entry.standing {
            entry.place.body.extend(birth_date.as_deref().unwrap_or_default().bytes());
            basic.birth_date = birth_date;
        }
    }
    entries
}

/// The values of a person that no other may have, by their columns.
fn unique(person: &Person) -> Vec<(&'static str, String)> {
    match person {
        Person::Staff { username, .. } => vec![("username", username.clone())],
        Person::Student(Basic { username, number, identity_number, .. }) => {
            let identity = identity_number.as_ref().map(|number| ("userIds", number.as_str().to_owned()));
            let values = [("username", username.clone()), ("identifier", number.clone())];
            values.into_iter().chain(identity).collect()
        }
    }
}

fn classes(
    bundle: &Bundle,
    sessions: &Index<Vec<Semester>>,
    courses: &Index<String>,
    school: &School,
) -> Vec<Entry<Group>> {
    judged(bundle, RosterFile::Classes, |row| {
        rows::active(row)?;
        let terms: Vec<_> =
            row.get("termSourcedIds").split(',').map(str::trim).filter(|t| !t.is_empty()).collect();
        let mut found = Vec::new();
        for term in &terms {
            let session = sessions.get(*term);
            let session = session.ok_or_else(|| RowFault::new("termSourcedIds", "names no session"))?;
            found.push((session, *term));
        }
        if found.is_empty() {
            return Err(RowFault::new("termSourcedIds", "must not be empty").into());
        }
        // What the row itself says comes before what it hangs on.
        let subject = named(row, "courseSourcedId", "course", courses)?;
        let shape = rows::shape(row)?;
        school.check(row, "schoolSourcedId")?;
        let mut semesters = Vec::new();
        for (session, term) in found {
            semesters.extend(good(session, RosterFile::AcademicSessions, term)?.iter().copied());
        }
        semesters.sort_unstable();
        semesters.dedup();
        let code = good(subject, RosterFile::Courses, row.get("courseSourcedId"))?;
        Ok(shape.in_semesters(semesters, code)?)
    })
}
