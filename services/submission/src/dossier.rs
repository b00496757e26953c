//! What a batch says of a student: basic data and works, opened from the student's own streams.

use std::collections::BTreeMap;

use events::{AnyEvent, Detail, FileDescription, LockedWork, RecordsEvent, StudentData, UploadsEvent};
use eventstore::{Engine, Fault};
use kernel::{FileId, LedgerId, Owner, PersonId, SchoolYear, WorkId};

/// A student, as far as a batch goes.
#[derive(Clone, Debug)]
pub(crate) struct Dossier {
    /// The student.
    pub(crate) student: PersonId,
    /// Basic data.
    pub(crate) basic: StudentData,
    /// The locked works, each with what was handed in.
    pub(crate) works: Vec<Sheet>,
}

/// A work as it was locked and handed in.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    /// What the lock says.
    pub(crate) locked: LockedWork,
    /// Title.
    pub(crate) title: String,
    /// Summary.
    pub(crate) summary: String,
    /// What its category asks for.
    pub(crate) details: BTreeMap<String, String>,
    /// Its file.
    pub(crate) file: HandedIn,
}

/// A file as it was handed in.
#[derive(Clone, Debug)]
pub(crate) struct HandedIn {
    /// The file.
    pub(crate) file: FileId,
    /// Whose it is.
    pub(crate) owner: Owner,
    /// Bytes of it.
    pub(crate) size: u32,
    /// Its segments.
    pub(crate) segments: u32,
    /// Media type.
    pub(crate) media_type: String,
    /// SHA-256 of its bytes, hex.
    pub(crate) sha256: String,
    /// MD5 of its bytes, hex.
    pub(crate) md5: String,
    /// SHA-256 of its sealed segments in order, hex.
    pub(crate) sealed_sha256: String,
    /// What its commitment was made with, hex.
    pub(crate) salt: String,
}

/// What a work's stream says of it.
#[derive(Default)]
struct Told {
    title: Option<String>,
    summary: Option<String>,
    salt: Option<String>,
    details: Vec<Detail>,
    file: Option<HandedIn>,
}

/// Reads a student's dossier; `None`: it has been erased.
///
/// # Errors
/// What the store answers.
pub(crate) async fn read(
    engine: &Engine,
    ledger: LedgerId,
    (student, year): (PersonId, SchoolYear),
    locked: &[LockedWork],
) -> Result<Option<Dossier>, Fault> {
    let Some(basic) = basic(engine, ledger, student).await? else { return Ok(None) };
    let mut told: BTreeMap<WorkId, Told> = BTreeMap::new();
    for (_, event) in engine.read_stream_open(ledger, &format!("works-{student}-{year}"), 0).await? {
        if let AnyEvent::Uploads(event) = event {
            tell(&mut told, student, event);
        }
    }
    let sheet = |locked: &LockedWork| told.remove(&locked.work).and_then(|told| told.sheet(locked.clone()));
    let works: Option<Vec<_>> = locked.iter().map(sheet).collect();
    Ok(works.map(|works| Dossier { student, basic, works }))
}

/// The student's basic data as it is now.
pub(crate) async fn basic(
    engine: &Engine,
    ledger: LedgerId,
    student: PersonId,
) -> Result<Option<StudentData>, Fault> {
    let mut newest = None;
    for (_, event) in engine.read_stream_open(ledger, &format!("student-{student}"), 0).await? {
        if let AnyEvent::Records(
            RecordsEvent::StudentRegistered { basic, .. } | RecordsEvent::StudentCorrected { basic, .. },
        ) = event
        {
            newest = Some(basic);
        }
    }
    Ok(newest.filter(|basic| basic.name.open().is_some()))
}

fn tell(told: &mut BTreeMap<WorkId, Told>, student: PersonId, event: UploadsEvent) {
    match event {
        UploadsEvent::WorkBegun { work, title, summary, salt, details, .. } => {
            let told = told.entry(work).or_default();
            told.title = title.open().cloned();
            told.summary = summary.open().cloned();
            told.salt = salt.open().cloned();
            told.details = details;
        }
        UploadsEvent::OutcomeSubmitted {
            work,
            file,
            size,
            segments,
            media_type,
            sealed_sha256,
            description,
            ..
        }
        | UploadsEvent::PerformanceSubmitted {
            work,
            file,
            size,
            segments,
            media_type,
            sealed_sha256,
            description,
            ..
        } => {
            let told = told.entry(work).or_default();
            let FileDescription { sha256, md5, .. } = description;
            told.file = told.salt.clone().and_then(|salt| {
                Some(HandedIn {
                    file,
                    owner: Owner::work(student, work),
                    size,
                    segments,
                    media_type: media_type.0,
                    sha256: sha256.open()?.clone(),
                    md5: md5.and_then(|md5| md5.open().cloned()).unwrap_or_default(),
                    sealed_sha256: sealed_sha256.0,
                    salt,
                })
            });
        }
        UploadsEvent::FileRefused { .. } | UploadsEvent::WorkWithdrawn { .. } => {}
    }
}

impl Told {
    fn sheet(self, locked: LockedWork) -> Option<Sheet> {
        let details = self.details.into_iter();
        let details = details.filter_map(|detail| Some((detail.name.0, detail.value.open()?.clone())));
        Some(Sheet {
            locked,
            title: self.title?,
            summary: self.summary?,
            details: details.collect(),
            file: self.file?,
        })
    }
}
