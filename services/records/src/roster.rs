//! OneRoster 1.2 CSV bundles: read whole, before the first row is taken. Pure: nothing is opened, nothing is written.
//!
//! [`Bundle::read`] says whether a bundle can be understood at all: every listed file there, each in UTF-8, with its
//! columns. What its rows come to is judged row by row, each by what it says itself and by what it hangs on.

mod archive;
mod manifest;
mod plan;
mod rows;
mod table;

use std::collections::BTreeMap;

use bytes::Bytes;
use kernel::{Clause, Malformed};

pub use archive::{BYTES_MAX, ENTRIES_MAX};
pub(crate) use plan::{Entry, Place, Plan, Standing};
pub(crate) use rows::{Enrollment, Group, Person, PersonKind};
pub use table::Row;
use table::Table;

/// A file of a bundle that is read. Those of other services of OneRoster (grades, resources, profiles) are left aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RosterFile {
    /// School years and semesters.
    AcademicSessions,
    /// The school, and what it belongs to.
    Orgs,
    /// Students and staff.
    Users,
    /// Who is which of the two.
    Roles,
    /// Birth dates.
    Demographics,
    /// Subjects, with their course codes.
    Courses,
    /// Classes, and courses as they are taught in a semester.
    Classes,
    /// Who is in which class, teaches or takes which course.
    Enrollments,
}

/// A bundle that can be understood.
#[derive(Debug)]
pub struct Bundle {
    tables: BTreeMap<RosterFile, Table>,
}

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The column at fault; empty if it is the row as a whole.
    pub field: String,
    /// What is wrong with it. It does not repeat the value.
    pub problem: String,
    /// Clause or requirement, where a rule refuses it.
    pub clause: Option<Clause>,
}

impl RowFault {
    /// A column can't be understood.
    pub(crate) fn new(field: &str, problem: impl Into<String>) -> Self {
        Self { field: field.to_owned(), problem: problem.into(), clause: None }
    }

    /// The same, by a rule.
    #[must_use]
    pub(crate) fn by(mut self, clause: Clause) -> Self {
        self.clause = Some(clause);
        self
    }

    /// Column and problem in one line.
    pub fn reason(&self) -> String {
        match self.field.as_str() {
            "" => self.problem.clone(),
            field => format!("{field} {}", self.problem),
        }
    }
}

impl RosterFile {
    /// All of them, in the order in which rows depend on one another.
    pub const ALL: [Self; 8] = [
        Self::AcademicSessions,
        Self::Orgs,
        Self::Users,
        Self::Roles,
        Self::Demographics,
        Self::Courses,
        Self::Classes,
        Self::Enrollments,
    ];

    /// Its name, such as `users.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcademicSessions => "academicSessions.csv",
            Self::Orgs => "orgs.csv",
            Self::Users => "users.csv",
            Self::Roles => "roles.csv",
            Self::Demographics => "demographics.csv",
            Self::Courses => "courses.csv",
            Self::Classes => "classes.csv",
            Self::Enrollments => "enrollments.csv",
        }
    }

    /// The columns that it must have; others may stand beside them.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::AcademicSessions => {
                &["sourcedId", "status", "title", "type", "startDate", "endDate", "schoolYear"]
            }
            Self::Orgs => &["sourcedId", "status", "name", "type"],
            Self::Users => &[
                "sourcedId",
                "status",
                "username",
                "userIds",
                "givenName",
                "familyName",
                "identifier",
                "grades",
            ],
            Self::Roles => &["sourcedId", "status", "userSourcedId", "roleType", "role", "orgSourcedId"],
            Self::Demographics => &["sourcedId", "status", "birthDate"],
            Self::Courses => &["sourcedId", "status", "title", "courseCode", "orgSourcedId"],
            Self::Classes => &[
                "sourcedId",
                "status",
                "title",
                "grades",
                "courseSourcedId",
                "classType",
                "schoolSourcedId",
                "termSourcedIds",
            ],
            Self::Enrollments => &[
                "sourcedId",
                "status",
                "classSourcedId",
                "schoolSourcedId",
                "userSourcedId",
                "role",
                "primary",
                "beginDate",
                "endDate",
            ],
        }
    }

    /// The files without which its rows can't be judged.
    const fn needs(self) -> &'static [Self] {
        match self {
            Self::Users => &[Self::Roles],
            Self::Roles | Self::Demographics => &[Self::Users],
            Self::Classes => &[Self::AcademicSessions, Self::Courses],
            Self::AcademicSessions | Self::Orgs | Self::Courses | Self::Enrollments => &[],
        }
    }
}

impl Bundle {
    /// Reads a bundle: single files by name, or one whose name ends in `.zip` and that holds them at its root.
    ///
    /// # Errors
    /// Everything that keeps it from being understood, each under the name of its file: one that manifest.csv lists
    /// is missing, isn't UTF-8 (with the line), lacks a column; more than [`BYTES_MAX`] bytes when unpacked.
    pub fn read(files: Vec<(String, Bytes)>) -> Result<Self, Malformed> {
        let mut problems = Malformed::default();
        let files = archive::unpacked(files, BYTES_MAX)?;
        let listed = manifest::listed(&files)?;
        let mut tables = BTreeMap::new();
        for file in RosterFile::ALL.into_iter().filter(|file| listed.contains(file)) {
            let Some(bytes) = files.get(file.name()) else { continue };
            match Table::read_roster(file, bytes) {
                Ok(table) => {
                    tables.insert(file, table);
                }
                Err(more) => problems.0.extend(more.0),
            }
            for needed in file.needs().iter().filter(|needed| !listed.contains(needed)) {
                let problem = format!("must be there, because {} is", file.name());
                problems.note(needed.name(), Err::<(), _>(problem));
            }
        }
        problems.finish(Some(Self { tables }))
    }

    /// Number of its rows, headers not counted.
    pub fn row_count(&self) -> usize {
        RosterFile::ALL.into_iter().map(|file| self.rows(file).len()).sum()
    }

    /// A file's rows, in its order; none if the bundle doesn't have it.
    pub fn rows(&self, file: RosterFile) -> &[Row] {
        self.tables.get(&file).map_or(&[], |table| &table.rows)
    }

    /// Whether the bundle has that file.
    pub(crate) fn has(&self, file: RosterFile) -> bool {
        self.tables.contains_key(&file)
    }
}

#[cfg(test)]
pub(crate) mod tests;
