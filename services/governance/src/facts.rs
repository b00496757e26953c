use std::collections::HashSet;

use events::{AnyEvent, Facts, GovernanceEvent, Recorded};
use kernel::PersonId;

/// Whom the school knows beyond its roster, such as the first principal.
#[derive(Debug, Default)]
pub(crate) struct Officers(HashSet<PersonId>);

impl Facts for Officers {
    fn apply(&mut self, event: &Recorded<AnyEvent>) {
        if let AnyEvent::Governance(GovernanceEvent::OfficerNamed { person, .. }) = &event.event {
            self.0.insert(*person);
        }
    }
}

impl Officers {
    /// Whether the person was named as an officer.
    pub(crate) fn knows(&self, person: PersonId) -> bool {
        self.0.contains(&person)
    }
}
