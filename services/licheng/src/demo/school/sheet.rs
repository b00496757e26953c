//! CSV files as OneRoster 1.2 wants them.

use std::io;

use bytes::Bytes;

/// When the rows were last changed, as the made student information system says.
const CHANGED: &str = "2025-08-20T00:00:00.000Z";

/// manifest.csv: which files the bundle has.
pub(super) fn manifest() -> io::Result<Bytes> {
    const BULK: &[&str] =
        &["academicSessions", "classes", "courses", "demographics", "enrollments", "orgs", "roles", "users"];
    const ABSENT: &[&str] = &[
        "categories",
        "classResources",
        "courseResources",
        "lineItems",
        "lineItemLearningObjectiveIds",
        "lineItemScoreScales",
        "resources",
        "resultLearningObjectiveIds",
        "results",
        "resultScoreScales",
        "scoreScales",
        "userProfiles",
        "userResources",
    ];
    let mut sheet = csv::Writer::from_writer(Vec::new());
    sheet.write_record(["propertyName", "value"])?;
    sheet.write_record(["manifest.version", "1.0"])?;
    sheet.write_record(["oneroster.version", "1.2"])?;
    let bulk = BULK.iter().map(|file| (file, "bulk"));
    for (file, value) in bulk.chain(ABSENT.iter().map(|file| (file, "absent"))) {
        sheet.write_record([&format!("file.{file}"), value])?;
    }
    sheet.write_record(["source.systemName", "licheng demo"])?;
    sheet.write_record(["source.systemCode", "licheng-demo"])?;
    sheet.into_inner().map(Bytes::from).map_err(|error| io::Error::other(error.to_string()))
}

/// A CSV file whose rows begin as OneRoster wants.
pub(super) struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    /// A file with these columns after those that each has.
    pub(super) fn new(columns: &[&str]) -> io::Result<Self> {
        let mut sheet = csv::Writer::from_writer(Vec::new());
        sheet.write_record(["sourcedId", "status", "dateLastModified"].iter().chain(columns))?;
        Ok(Self(sheet))
    }

    /// One row.
    pub(super) fn row(&mut self, id: &str, values: &[&str]) -> io::Result<()> {
        Ok(self.0.write_record([id, "active", CHANGED].iter().chain(values))?)
    }

    /// Its bytes.
    pub(super) fn end(self) -> io::Result<Bytes> {
        self.0.into_inner().map(Bytes::from).map_err(|error| io::Error::other(error.to_string()))
    }
}
