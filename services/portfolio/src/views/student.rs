//! A student's portfolio, by the student's id.

use std::collections::BTreeMap;

use events::{
    AnyEvent, ArchiveEvent, CertificationEvent, DomainEvent as _, Recorded, RecordsEvent, StudentData,
    SubmissionEvent, UploadsEvent, WorkKind,
};
use eventstore::project::View;
use kernel::{ClassId, Instant, PersonId, Personal, WorkId};
use serde::{Deserialize, Serialize};

/// The view.
pub(crate) struct Student;

/// What is known of a student.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StudentDocument {
    /// `None`: not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) roster: Option<Roster>,
    /// The class that the student was last placed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<ClassId>,
    /// Every work that was ever begun.
    #[serde(default)]
    pub(crate) works: BTreeMap<WorkId, Work>,
}

/// Who the student is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Roster {
    /// Student number.
    pub(crate) number: Personal<String>,
    /// Name.
    pub(crate) name: Personal<String>,
    /// The grade.
    pub(crate) grade: u8,
}

/// A work as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Work {
    /// Position of its beginning: the order of works.
    pub(crate) position: u64,
    /// What it is.
    pub(crate) kind: WorkKind,
    /// Title.
    pub(crate) title: Personal<String>,
    /// Summary.
    pub(crate) summary: Personal<String>,
    /// The file's name.
    pub(crate) file_name: Personal<String>,
    /// Bytes of the file.
    pub(crate) size: u32,
    /// Media type that was found; absent until handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    /// Commitment of the bytes, hex; absent until handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) commitment: Option<String>,
    /// How far it has come.
    pub(crate) state: WorkState,
    /// Why it was returned or revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Personal<String>>,
    /// Why its file was refused, of a closed list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<String>,
    /// Whether it is selected for submission.
    pub(crate) selected: bool,
    /// When it was begun.
    pub(crate) begun: Instant,
    /// When it was handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) submitted: Option<Instant>,
    /// When it was certified, returned or revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) judged: Option<Instant>,
}

/// How far a work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WorkState {
    /// Its file is not complete.
    Begun,
    /// Handed in.
    Submitted,
    /// Certified by the course's teacher.
    Certified,
    /// Returned with a reason.
    Returned,
    /// The certification was revoked with a reason.
    Revoked,
    /// Taken back by the student.
    Withdrawn,
    /// Its file was refused.
    Refused,
}

impl View for Student {
    const NAME: &'static str = "student";
    const VERSION: u32 = 1;
    type Document = StudentDocument;

    fn keys(event: &Recorded) -> Vec<String> {
        concerned(event).map(|student| student.to_string()).into_iter().collect()
    }

    fn apply(_: &str, document: &mut StudentDocument, event: &Recorded) {
        match &event.event {
            AnyEvent::Records(recorded) => document.enrol(recorded),
            AnyEvent::Uploads(uploaded) => document.upload(event, uploaded),
            AnyEvent::Certification(judged) => document.judge(event.record.time, judged),
            AnyEvent::Submission(selected) => document.select(selected),
            // What is sealed can't be read any more; what isn't says nothing without it.
            AnyEvent::Archive(ArchiveEvent::ErasureStarted { .. }) => *document = StudentDocument::default(),
            AnyEvent::Governance(_) | AnyEvent::Archive(_) => {}
        }
    }
}

/// The student of an event that the view takes in.
fn concerned(event: &Recorded) -> Option<PersonId> {
    match &event.event {
        AnyEvent::Records(
            RecordsEvent::StudentRegistered { student, .. }
            | RecordsEvent::StudentCorrected { student, .. }
            | RecordsEvent::StudentPlaced { student, .. },
        ) => Some(*student),
        AnyEvent::Uploads(event) => event.subject(),
        AnyEvent::Certification(event) => event.subject(),
        AnyEvent::Submission(event) => event.subject(),
        AnyEvent::Archive(ArchiveEvent::ErasureStarted { student }) => Some(*student),
        AnyEvent::Governance(_) | AnyEvent::Records(_) | AnyEvent::Archive(_) => None,
    }
}

impl StudentDocument {
    /// Who the student is, alone.
    pub(crate) fn without_works(&self) -> Self {
        Self { roster: self.roster.clone(), class: self.class, works: BTreeMap::new() }
    }

    fn enrol(&mut self, event: &RecordsEvent) {
        match event {
            RecordsEvent::StudentRegistered { basic, .. } | RecordsEvent::StudentCorrected { basic, .. } => {
                self.roster = Some(Roster::of(basic));
            }
            RecordsEvent::StudentPlaced { class, .. } => self.class = Some(*class),
            RecordsEvent::StudentGraduated { .. }
            | RecordsEvent::StudentLeft { .. }
            | RecordsEvent::StudentReturned { .. }
            | RecordsEvent::StaffRegistered { .. }
            | RecordsEvent::StaffCorrected { .. }
            | RecordsEvent::ClassOpened { .. }
            | RecordsEvent::HomeroomAssigned { .. }
            | RecordsEvent::CourseOffered { .. }
            | RecordsEvent::TeacherAssigned { .. }
            | RecordsEvent::TeacherReleased { .. }
            | RecordsEvent::CourseTaken { .. }
            | RecordsEvent::CourseDropped { .. } => {}
        }
    }

    fn upload(&mut self, event: &Recorded, uploaded: &UploadsEvent) {
        match uploaded {
            UploadsEvent::WorkBegun { work, kind, title, summary, declared, size, .. } => {
                let begun = Work {
                    position: event.position,
                    kind: *kind,
                    title: title.clone(),
                    summary: summary.clone(),
                    file_name: declared.name.clone(),
                    size: *size,
                    media_type: None,
                    commitment: None,
                    state: WorkState::Begun,
                    reason: None,
                    refusal: None,
                    selected: false,
                    begun: event.record.time,
                    submitted: None,
                    judged: None,
                };
                self.works.insert(*work, begun);
            }
            UploadsEvent::OutcomeSubmitted { work, size, media_type, commitment, description, .. }
            | UploadsEvent::PerformanceSubmitted {
                work, size, media_type, commitment, description, ..
            } => {
                self.works.entry(*work).and_modify(|work| {
                    work.state = WorkState::Submitted;
                    work.submitted = Some(event.record.time);
                    // What was said of other bytes isn't said of these.
                    (work.reason, work.judged) = (None, None);
                    work.size = *size;
                    work.file_name = description.name.clone();
                    work.media_type = Some(media_type.0.clone());
                    work.commitment = Some(commitment.0.clone());
                });
            }
            UploadsEvent::FileRefused { work, reason, .. } => {
                self.works.entry(*work).and_modify(|work| {
                    work.state = WorkState::Refused;
                    work.refusal = Some(reason.0.clone());
                });
            }
            UploadsEvent::WorkWithdrawn { work, .. } => {
                self.works.entry(*work).and_modify(|work| work.state = WorkState::Withdrawn);
            }
        }
    }

    fn judge(&mut self, at: Instant, judged: &CertificationEvent) {
        let (work, state, reason) = match judged {
            CertificationEvent::WorkCertified { work, .. } => (work, WorkState::Certified, None),
            CertificationEvent::WorkReturned { work, reason, .. } => {
                (work, WorkState::Returned, Some(reason.clone()))
            }
            CertificationEvent::CertificationRevoked { work, reason, .. } => {
                (work, WorkState::Revoked, Some(reason.clone()))
            }
        };
        self.works.entry(*work).and_modify(|work| {
            work.state = state;
            work.reason = reason;
            work.judged = Some(at);
        });
    }

    fn select(&mut self, event: &SubmissionEvent) {
        let (work, selected) = match event {
            SubmissionEvent::OutcomeTicked { work, .. } | SubmissionEvent::PerformanceTicked { work, .. } => {
                (work, true)
            }
            SubmissionEvent::OutcomeUnticked { work, .. }
            | SubmissionEvent::PerformanceUnticked { work, .. } => (work, false),
            SubmissionEvent::SelectionLocked { .. }
            | SubmissionEvent::BatchPrepared { .. }
            | SubmissionEvent::BatchLocked { .. }
            | SubmissionEvent::FindingsNoted { .. }
            | SubmissionEvent::BatchChecked { .. }
            | SubmissionEvent::BatchApproved { .. }
            | SubmissionEvent::PackageBuilt { .. }
            | SubmissionEvent::BatchTransferred { .. }
            | SubmissionEvent::ReceiptReconciled { .. }
            | SubmissionEvent::ReceiptIssued { .. }
            | SubmissionEvent::ReceiptConfirmed { .. }
            | SubmissionEvent::ReceiptDisputed { .. }
            | SubmissionEvent::DisputeFellLate { .. }
            | SubmissionEvent::DisputeAnswered { .. }
            | SubmissionEvent::LetterPosted { .. }
            | SubmissionEvent::LetterAnswered { .. } => return,
        };
        self.works.entry(*work).and_modify(|work| work.selected = selected);
    }
}

impl Roster {
    fn of(basic: &StudentData) -> Self {
        Self { number: basic.number.clone(), name: basic.name.clone(), grade: basic.grade }
    }
}

#[cfg(test)]
mod tests;
