use std::collections::HashMap;

use events::{AnyEvent, Facts, Recorded, UploadsEvent, WorkKind};
use kernel::{PersonId, SchoolYear, WorkId};

/// What uploads says of each work.
#[derive(Debug, Default)]
pub struct Works(HashMap<WorkId, Work>);

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
        self.0.get(&work)
    }

    fn hand_in(&mut self, work: WorkId, student: PersonId, kind: WorkKind, commitment: &str) {
        self.0.insert(work, Work { student, kind, handed_in: Some(commitment.to_owned()) });
    }

    fn take_out(&mut self, work: WorkId) {
        self.0.entry(work).and_modify(|work| work.handed_in = None);
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
        let AnyEvent::Uploads(event) = &event.event else { return };
        match event {
            UploadsEvent::WorkBegun { student, work, kind, .. } => {
                self.0.entry(*work).or_insert(Work { student: *student, kind: *kind, handed_in: None });
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
}
