//! The courses of a teacher, by the teacher's id.

use std::collections::BTreeSet;

use events::{AnyEvent, Recorded, RecordsEvent};
use eventstore::project::View;
use kernel::CourseId;
use serde::{Deserialize, Serialize};

/// The view.
pub(crate) struct Teacher;

/// What a teacher teaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TeacherDocument {
    /// The courses, of every semester.
    #[serde(default)]
    pub(crate) courses: BTreeSet<CourseId>,
}

impl View for Teacher {
    const NAME: &'static str = "teacher";
    const VERSION: u32 = 1;
    type Document = TeacherDocument;

    fn keys(event: &Recorded) -> Vec<String> {
        match &event.event {
            AnyEvent::Records(
                RecordsEvent::TeacherAssigned { teacher, .. } | RecordsEvent::TeacherReleased { teacher, .. },
            ) => vec![teacher.to_string()],
            AnyEvent::Governance(_)
            | AnyEvent::Records(_)
            | AnyEvent::Uploads(_)
            | AnyEvent::Certification(_)
            | AnyEvent::Submission(_)
            | AnyEvent::Archive(_) => Vec::new(),
        }
    }

    fn apply(_: &str, document: &mut TeacherDocument, event: &Recorded) {
        match &event.event {
            AnyEvent::Records(RecordsEvent::TeacherAssigned { course, .. }) => {
                document.courses.insert(*course);
            }
            AnyEvent::Records(RecordsEvent::TeacherReleased { course, .. }) => {
                document.courses.remove(course);
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

#[cfg(test)]
mod tests;
