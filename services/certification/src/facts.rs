use std::collections::{HashMap, HashSet};

use events::{AnyEvent, Facts, Recorded, SubmissionEvent, UploadsEvent, WorkKind};
use kernel::{PersonId, SchoolYear, WorkId};

/// What uploads says of each work, and which submission has locked.
#[derive(Debug, Default)]
pub struct Works {
    works: HashMap<WorkId, Work>,
    locked: HashSet<WorkId>,
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

impl Works {
    /// A work, if it was ever begun.
    pub fn work(&self, work: WorkId) -> Option<&Work> {
        self.works.get(&work)
    }

    /// Whether a work is locked for submission.
    pub fn is_locked(&self, work: WorkId) -> bool {
        self.locked.contains(&work)
    }

    fn upload(&mut self, event: &UploadsEvent) {
        match event {
            UploadsEvent::WorkBegun { student, work, kind, .. } => {
                self.works.entry(*work).or_insert(Work { student: *student, kind: *kind, handed_in: None });
            }
            UploadsEvent::OutcomeSubmitted { student, work, course, semester, commitment, .. } => {
                let kind = WorkKind::Outcome { course: *course, semester: *semester };
                self.hand_in(*work, *student, kind, &commitment.0);
            }
            UploadsEvent::PerformanceSubmitted { student, work, category, year, commitment, .. } => {
                let kind = WorkKind::Performance { category: *category, year: *year };
                self.hand_in(*work, *student, kind, &commitment.0);
            }
            UploadsEvent::FileRefused { work, .. } | UploadsEvent::WorkWithdrawn { work, .. } => {
                self.take_out(*work);
            }
        }
    }

    fn hand_in(&mut self, work: WorkId, student: PersonId, kind: WorkKind, commitment: &str) {
        self.works.insert(work, Work { student, kind, handed_in: Some(commitment.to_owned()) });
    }

    fn take_out(&mut self, work: WorkId) {
        self.works.entry(work).and_modify(|work| work.handed_in = None);
    }
}

impl Work {
    /// The stream of uploads that speaks of it.
    pub fn stream(&self) -> String {
        works_stream(self.student, self.kind.year())
    }
}

fn works_stream(student: PersonId, year: SchoolYear) -> String {
    format!("works-{student}-{year}")
}

impl Facts for Works {
    fn apply(&mut self, event: &Recorded<AnyEvent>) {
        match &event.event {
            AnyEvent::Uploads(event) => self.upload(event),
            AnyEvent::Submission(SubmissionEvent::SelectionLocked { works, .. }) => {
                self.locked.extend(works.iter().map(|locked| locked.work));
            }
            AnyEvent::Governance(_)
            | AnyEvent::Records(_)
            | AnyEvent::Certification(_)
            | AnyEvent::Submission(_)
            | AnyEvent::Archive(_) => {}
        }
    }
}
