//! What submission decides with: works and certificates, and what its own batches and receipts have come to.

use events::{AnyEvent, Deadlines, Facts, GovernanceEvent, Recorded, Timely};

mod rounds;
mod works;

use crate::domain::receipt;

pub use rounds::{Dispute, Rounds, Year};
pub use works::{Certificate, Work, Works};

/// What the school is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct School {
    /// Its code at the ministry (學校代碼).
    pub code: String,
    /// Its name.
    pub name: String,
}

/// The facts.
#[derive(Debug, Default)]
pub struct Submissions {
    /// The school, once its ledger is opened.
    pub school: Option<School>,
    /// What uploads says of works, and certification of outcomes.
    pub works: Works,
    /// What batches and receipts have come to.
    pub rounds: Rounds,
}

impl Facts for Submissions {
    fn apply(&mut self, event: &Recorded<AnyEvent>) {
        match &event.event {
            AnyEvent::Uploads(uploaded) => self.works.upload(uploaded),
            AnyEvent::Certification(judged) => self.works.judge(judged, event.record.streamversion),
            AnyEvent::Submission(submitted) => self.rounds.submit(event, submitted),
            AnyEvent::Archive(archived) => self.rounds.archive(archived),
            AnyEvent::Governance(GovernanceEvent::LedgerOpened { code, name, .. }) => {
                self.school = Some(School { code: code.0.clone(), name: name.0.clone() });
            }
            AnyEvent::Governance(_) | AnyEvent::Records(_) => {}
        }
    }
}

impl Timely<receipt::Command> for Submissions {
    fn deadlines(&self) -> &Deadlines<receipt::Command> {
        self.rounds.deadlines()
    }
}
