//! What records must know of other streams than the one it decides for: the classes there are. Who is a student or
//! of the staff, and which courses are offered, [`events::Authority`] says.

use std::collections::HashMap;

use events::{AnyEvent, Facts, Recorded, RecordsEvent};
use kernel::{ClassId, SchoolYear};

/// The classes of a school.
#[derive(Debug, Default)]
pub struct Classes {
    years: HashMap<ClassId, SchoolYear>,
}

impl Classes {
    /// The school year of a class, if it has been opened.
    pub fn year_of(&self, class: ClassId) -> Option<SchoolYear> {
        self.years.get(&class).copied()
    }
}

impl Facts for Classes {
    fn apply(&mut self, event: &Recorded<AnyEvent>) {
        if let AnyEvent::Records(RecordsEvent::ClassOpened { class, year, .. }) = &event.event {
            self.years.insert(*class, *year);
        }
    }
}
