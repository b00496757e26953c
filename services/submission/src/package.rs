//! The package (提交資料包) that is sent: a tar archive of `manifest.json`, `rows.json`, and the files. The same batch
//! gives the same bytes, so that a transfer that was cut goes on after any crash.

use std::collections::BTreeMap;

use events::{Authority, Category, WorkKind};
use eventstore::Fault;
use kernel::{FileId, PersonId, SchoolYear, WorkId};
use serde::{Deserialize, Serialize};
use tar::{EntryType, Header};

use crate::dossier::{Dossier, Sheet};

/// Format of the package.
pub(crate) const FORMAT: &str = "licheng/package/1";
/// Bytes of a block of a tar archive.
const BLOCK: usize = 512;

/// `manifest.json`: every file of the package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// [`FORMAT`].
    pub(crate) format: String,
    /// The package.
    pub(crate) package: FileId,
    /// The school's code.
    pub(crate) school: String,
    /// The school year.
    pub(crate) year: SchoolYear,
    /// The round.
    pub(crate) round: u16,
    /// A file each.
    pub(crate) items: Vec<Item>,
}

/// A work's file in the package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    /// The work.
    pub(crate) item: WorkId,
    /// The student, by a pseudonym.
    pub(crate) student: PersonId,
    /// Where it is in the archive.
    pub(crate) path: String,
    /// Bytes of it.
    pub(crate) size: u32,
    /// Media type.
    pub(crate) media_type: String,
    /// SHA-256 of its bytes, hex.
    pub(crate) sha256: String,
    /// MD5 of its bytes, hex.
    pub(crate) md5: String,
    /// SHA-256("licheng/file/1" ‖ salt ‖ SHA-256(file)), hex.
    pub(crate) commitment: String,
    /// Salt of the commitment, hex.
    pub(crate) salt: String,
}

/// `rows.json`: what is said of students and works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rows {
    /// A student each.
    pub(crate) students: Vec<StudentRow>,
    /// A course learning outcome each.
    pub(crate) outcomes: Vec<OutcomeRow>,
    /// A diverse performance each.
    pub(crate) performances: Vec<PerformanceRow>,
}

/// A student.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StudentRow {
    /// The student, by a pseudonym.
    pub(crate) student: PersonId,
    /// Identity number; empty if it isn't known.
    pub(crate) identity_number: String,
    /// Birth date; empty if it isn't known.
    pub(crate) birth_date: String,
    /// Student number.
    pub(crate) number: String,
    /// Name.
    pub(crate) name: String,
    /// The grade.
    pub(crate) grade: u8,
}

/// A course learning outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OutcomeRow {
    /// The work.
    pub(crate) item: WorkId,
    /// The student, by a pseudonym.
    pub(crate) student: PersonId,
    /// Code of its course.
    pub(crate) course_code: String,
    /// Name of its course.
    pub(crate) course: String,
    /// Semester of its course.
    pub(crate) semester: String,
    /// Title.
    pub(crate) title: String,
    /// Summary.
    pub(crate) summary: String,
}

/// A diverse performance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PerformanceRow {
    /// The work.
    pub(crate) item: WorkId,
    /// The student, by a pseudonym.
    pub(crate) student: PersonId,
    /// Its category.
    pub(crate) category: Category,
    /// Title.
    pub(crate) title: String,
    /// Summary.
    pub(crate) summary: String,
    /// What its category asks for.
    pub(crate) details: BTreeMap<String, String>,
}

/// What a student gets of a package: the same rows and items, no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extract {
    /// The manifest, with the student's items.
    pub(crate) manifest: Manifest,
    /// The student's rows.
    pub(crate) rows: Rows,
}

impl Item {
    fn of(student: PersonId, sheet: &Sheet) -> Self {
        let Sheet { locked, file, .. } = sheet;
        Self {
            item: locked.work,
            student,
            path: format!("files/{}{}", locked.work, ending(&file.media_type)),
            size: file.size,
            media_type: file.media_type.clone(),
            sha256: file.sha256.clone(),
            md5: file.md5.clone(),
            commitment: locked.commitment.0.clone(),
            salt: file.salt.clone(),
        }
    }
}

impl Rows {
    /// What is said of these students and their works.
    pub(crate) fn of(dossiers: &[Dossier], authority: &Authority) -> Self {
        let mut rows = Self { students: Vec::new(), outcomes: Vec::new(), performances: Vec::new() };
        for dossier in dossiers {
            rows.students.push(StudentRow::of(dossier));
            for sheet in &dossier.works {
                rows.add(dossier.student, sheet, authority);
            }
        }
        rows
    }

    fn add(&mut self, student: PersonId, sheet: &Sheet, authority: &Authority) {
        let (item, title, summary) = (sheet.locked.work, sheet.title.clone(), sheet.summary.clone());
        match sheet.locked.kind {
            WorkKind::Outcome { course, semester } => {
                let found = authority.course(course);
                self.outcomes.push(OutcomeRow {
                    item,
                    student,
                    course_code: found.map(|course| course.code.clone()).unwrap_or_default(),
                    course: found.map(|course| course.title.clone()).unwrap_or_default(),
                    semester: semester.to_string(),
                    title,
                    summary,
                });
            }
            WorkKind::Performance { category, .. } => {
                let details = sheet.details.clone();
                self.performances.push(PerformanceRow { item, student, category, title, summary, details });
            }
        }
    }
}

impl StudentRow {
    fn of(dossier: &Dossier) -> Self {
        let basic = &dossier.basic;
        let open = |value: &kernel::Personal<String>| value.open().cloned().unwrap_or_default();
        Self {
            student: dossier.student,
            identity_number: basic.identity_number.as_ref().map(open).unwrap_or_default(),
            birth_date: basic.birth_date.as_ref().map(open).unwrap_or_default(),
            number: open(&basic.number),
            name: open(&basic.name),
            grade: basic.grade,
        }
    }
}

impl Manifest {
    /// The manifest of these students' works.
    pub(crate) fn of(
        (package, school): (FileId, String),
        (year, round): (SchoolYear, u16),
        dossiers: &[Dossier],
    ) -> Self {
        let items = dossiers
            .iter()
            .flat_map(|dossier| dossier.works.iter().map(|sheet| Item::of(dossier.student, sheet)));
        Self { format: FORMAT.to_owned(), package, school, year, round, items: items.collect() }
    }

    /// The same without items.
    pub(crate) fn clone_head(&self) -> Self {
        let Self { format, package, school, year, round, .. } = self;
        let (format, school) = (format.clone(), school.clone());
        Self { format, package: *package, school, year: *year, round: *round, items: Vec::new() }
    }

    /// The manifest that a package begins with.
    ///
    /// # Errors
    /// It isn't one.
    pub(crate) fn read(package: &[u8]) -> Result<Self, Fault> {
        let mut archive = tar::Archive::new(package);
        let first = archive.entries().map_err(Fault::broken)?.next();
        let first = first.ok_or_else(|| Fault::broken("a package without a manifest"))?;
        serde_json::from_reader(first.map_err(Fault::broken)?).map_err(Fault::broken)
    }
}

/// The block that an entry of the archive begins with.
///
/// # Errors
/// The path is too long for it.
pub(crate) fn head(path: &str, size: u64) -> Result<[u8; BLOCK], Fault> {
    let mut header = Header::new_ustar();
    header.set_path(path).map_err(Fault::broken)?;
    header.set_size(size);
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o444);
    header.set_mtime(0);
    header.set_cksum();
    Ok(*header.as_bytes())
}

/// What fills an entry's last block up.
pub(crate) fn padding(size: u64) -> Vec<u8> {
    let block = BLOCK as u64;
    let rest = (block - size % block) % block;
    vec![0; usize::try_from(rest).unwrap_or(0)]
}

/// What an archive ends with.
pub(crate) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What a file's name ends with.
fn ending(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => ".pdf",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "audio/mpeg" => ".mp3",
        "video/mp4" => ".mp4",
        _ => "",
    }
}
