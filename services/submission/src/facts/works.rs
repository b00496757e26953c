use std::collections::HashMap;

use events::{CertificationEvent, UploadsEvent, WorkKind};
use kernel::{PersonId, WorkId};

/// What uploads says of each work, and certification of each outcome.
#[derive(Debug, Default)]
pub struct Works {
    works: HashMap<WorkId, Work>,
    certificates: HashMap<WorkId, Certificate>,
}

/// A work as its student left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The student.
    pub student: PersonId,
    /// What it is.
    pub kind: WorkKind,
    /// Commitment of the bytes that are handed in; `None`: begun only, refused, or taken back.
    pub handed_in: Option<String>,
}

/// A certificate that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Commitment of the certified bytes.
    pub commitment: String,
    /// Version of `certificate-{work}` that certified them.
    pub version: u32,
}

impl Works {
    /// A work, if it was ever begun.
    pub fn work(&self, work: WorkId) -> Option<&Work> {
        self.works.get(&work)
    }

    /// A work's certificate, if it has one that stands.
    pub fn certificate(&self, work: WorkId) -> Option<&Certificate> {
        self.certificates.get(&work)
    }

    pub(super) fn upload(&mut self, event: &UploadsEvent) {
        match event {
            UploadsEvent::WorkBegun { student, work, kind, .. } => {
                let begun = Work { student: *student, kind: *kind, handed_in: None };
                self.works.entry(*work).or_insert(begun);
            }
            UploadsEvent::OutcomeSubmitted { student, work, course, semester, commitment, .. } => {
                let kind = WorkKind::Outcome { course: *course, semester: *semester };
                let handed_in = Some(commitment.0.clone());
                self.works.insert(*work, Work { student: *student, kind, handed_in });
            }
            UploadsEvent::PerformanceSubmitted { student, work, category, year, commitment, .. } => {
                let kind = WorkKind::Performance { category: *category, year: *year };
                let handed_in = Some(commitment.0.clone());
                self.works.insert(*work, Work { student: *student, kind, handed_in });
            }
            UploadsEvent::FileRefused { work, .. } | UploadsEvent::WorkWithdrawn { work, .. } => {
                self.works.entry(*work).and_modify(|work| work.handed_in = None);
            }
        }
    }

    pub(super) fn judge(&mut self, event: &CertificationEvent, version: u32) {
        match event {
            CertificationEvent::WorkCertified { work, commitment, .. } => {
                let commitment = commitment.0.clone();
                self.certificates.insert(*work, Certificate { commitment, version });
            }
            CertificationEvent::WorkReturned { work, .. }
            | CertificationEvent::CertificationRevoked { work, .. } => {
                self.certificates.remove(work);
            }
        }
    }
}
