//! A class's members by school year, by the class's id. What each has done stands in the student's own document.

use std::collections::{BTreeMap, BTreeSet};

use events::{AnyEvent, Recorded, RecordsEvent};
use eventstore::project::View;
use kernel::{ClassId, PersonId, SchoolYear};
use serde::{Deserialize, Serialize};

/// The view.
pub(crate) struct Class;

/// What is known of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClassDocument {
    /// The homeroom teacher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) homeroom: Option<PersonId>,
    /// The members of each school year.
    #[serde(default)]
    pub(crate) members: BTreeMap<SchoolYear, BTreeSet<PersonId>>,
}

impl View for Class {
    const NAME: &'static str = "class";
    const VERSION: u32 = 1;
    type Document = ClassDocument;

    fn keys(event: &Recorded) -> Vec<String> {
        let (class, from) = match &event.event {
            AnyEvent::Records(RecordsEvent::StudentPlaced { class, from, .. }) => (class, *from),
            AnyEvent::Records(
                RecordsEvent::ClassOpened { class, .. } | RecordsEvent::HomeroomAssigned { class, .. },
            ) => (class, None),
            AnyEvent::Governance(_)
            | AnyEvent::Records(_)
            | AnyEvent::Uploads(_)
            | AnyEvent::Certification(_)
            | AnyEvent::Submission(_)
            | AnyEvent::Archive(_) => return Vec::new(),
        };
        let left = from.filter(|from| from != class);
        [Some(*class), left].into_iter().flatten().map(|class| class.to_string()).collect()
    }

    fn apply(key: &str, document: &mut ClassDocument, event: &Recorded) {
        match &event.event {
            AnyEvent::Records(RecordsEvent::StudentPlaced { student, class, year, .. }) => {
                document.place(*student, *year, is(key, *class));
            }
            AnyEvent::Records(RecordsEvent::HomeroomAssigned { teacher, .. }) => {
                document.homeroom = Some(*teacher);
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

fn is(key: &str, class: ClassId) -> bool {
    key.parse() == Ok(class)
}

impl ClassDocument {
    /// Who comes in or leaves in a year. A student who goes on to the next year's class stays a member of the last
    /// year's.
    fn place(&mut self, student: PersonId, year: SchoolYear, comes: bool) {
        if comes {
            self.members.entry(year).or_default().insert(student);
        } else if let Some(members) = self.members.get_mut(&year) {
            members.remove(&student);
        }
    }
}

#[cfg(test)]
mod tests;
