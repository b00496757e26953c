//! The works of a course that wait for certification, by the course's id.

use std::collections::{BTreeMap, BTreeSet};

use events::{AnyEvent, CertificationEvent, Recorded, RecordsEvent, UploadsEvent, WorkKind};
use eventstore::project::View;
use kernel::{CourseId, PersonId, WorkId};
use serde::{Deserialize, Serialize};

/// The view.
pub(crate) struct Worklist;

/// What waits in a course, and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorklistDocument {
    /// Who teaches it.
    #[serde(default)]
    pub(crate) teachers: BTreeSet<PersonId>,
    /// Works that are handed in and not judged.
    #[serde(default)]
    pub(crate) waiting: BTreeMap<WorkId, Waiting>,
}

/// A work that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Since when: the position at which it was handed in.
    pub(crate) position: u64,
    /// Whose it is.
    pub(crate) student: PersonId,
}

impl View for Worklist {
    const NAME: &'static str = "worklist";
    const VERSION: u32 = 1;
    type Document = WorklistDocument;

    fn keys(event: &Recorded) -> Vec<String> {
        course(&event.event).map(|course| course.to_string()).into_iter().collect()
    }

    fn apply(_: &str, document: &mut WorklistDocument, event: &Recorded) {
        match &event.event {
            AnyEvent::Records(RecordsEvent::TeacherAssigned { teacher, .. }) => {
                document.teachers.insert(*teacher);
            }
            AnyEvent::Records(RecordsEvent::TeacherReleased { teacher, .. }) => {
                document.teachers.remove(teacher);
            }
            AnyEvent::Uploads(UploadsEvent::OutcomeSubmitted { student, work, .. }) => {
                let waiting = Waiting { position: event.position, student: *student };
                document.waiting.insert(*work, waiting);
            }
            AnyEvent::Uploads(UploadsEvent::WorkWithdrawn { work, .. })
            | AnyEvent::Certification(
                CertificationEvent::WorkCertified { work, .. }
                | CertificationEvent::WorkReturned { work, .. },
            ) => {
                document.waiting.remove(work);
            }
            AnyEvent::Governance(_)
            | AnyEvent::Records(_)
            | AnyEvent::Uploads(_)
            | AnyEvent::Certification(_)
            | AnyEvent::Submission(_)
            | AnyEvent::Archive(_) => {}
        }
    }
}

/// The course of an event that the view takes in. A revoked work has been judged, so it doesn't wait again.
fn course(event: &AnyEvent) -> Option<CourseId> {
    match event {
        AnyEvent::Records(
            RecordsEvent::TeacherAssigned { course, .. } | RecordsEvent::TeacherReleased { course, .. },
        )
        | AnyEvent::Uploads(
            UploadsEvent::OutcomeSubmitted { course, .. }
            | UploadsEvent::WorkWithdrawn { kind: WorkKind::Outcome { course, .. }, .. },
        )
        | AnyEvent::Certification(
            CertificationEvent::WorkCertified { course, .. }
            | CertificationEvent::WorkReturned { course, .. },
        ) => Some(*course),
        AnyEvent::Governance(_)
        | AnyEvent::Records(_)
        | AnyEvent::Uploads(_)
        | AnyEvent::Certification(_)
        | AnyEvent::Submission(_)
        | AnyEvent::Archive(_) => None,
    }
}

#[cfg(test)]
mod tests;
