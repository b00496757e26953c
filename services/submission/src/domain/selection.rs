use std::collections::{BTreeMap, BTreeSet};

use events::{Context, Decider, LockedWork, Policy, Standing, SubmissionEvent, UntickReason, WorkKind};
use kernel::{PersonId, Public, SchoolYear, WorkId};

use crate::facts::{Certificate, Submissions, Work};

mod refusal;

pub use refusal::{Of, Refusal};

/// A student's selection of a school year's works. Stream `selection-{student}-{year}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The selected outcomes, each with the version of `certificate-{work}` that it stands on.
    outcomes: BTreeMap<WorkId, u32>,
    /// The selected performances.
    performances: BTreeSet<WorkId>,
    /// Whether a batch has locked it.
    locked: bool,
}

/// A work in a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The student whose selection it is.
    pub student: PersonId,
    /// The school year of the selection.
    pub year: SchoolYear,
    /// The work.
    pub work: WorkId,
}

/// What a selection can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// To select an outcome.
    TickOutcome(Choice),
    /// To select an outcome no longer.
    UntickOutcome(Choice),
    /// To select a performance.
    TickPerformance(Choice),
    /// To select a performance no longer.
    UntickPerformance(Choice),
    /// What follows from a revocation, whatever the window: who stood on that certificate is un-ticked.
    DropRevoked {
        /// The work whose certification was revoked.
        choice: Choice,
        /// Version of `certificate-{work}` that revoked it; a tick on a later certificate stays.
        revoked: u32,
    },
    /// What follows when a work is taken back, whatever the window.
    DropWithdrawn(Choice),
    /// What follows from a batch: it is submitted as it stands.
    Lock {
        /// The student whose selection it is.
        student: PersonId,
        /// The school year of the selection.
        year: SchoolYear,
    },
}

type At<'a> = Context<'a, Submissions>;
type Decided = Result<Vec<SubmissionEvent>, Refusal>;

impl Decider for Selection {
    type Command = Command;
    type Event = SubmissionEvent;
    type Facts = Submissions;
    type Refusal = Refusal;

    fn decide(&self, at: &At<'_>, command: Command) -> Decided {
        match command {
            Command::TickOutcome(choice) => self.tick_outcome(at, choice),
            Command::UntickOutcome(choice) => self.untick_outcome(at, choice),
            Command::TickPerformance(choice) => self.tick_performance(at, choice),
            Command::UntickPerformance(choice) => self.untick_performance(at, choice),
            Command::DropRevoked { choice, revoked } => Ok(self.drop_revoked(choice, revoked)),
            Command::DropWithdrawn(choice) => Ok(self.drop_withdrawn(choice)),
            Command::Lock { student, year } => Ok(self.lock(at, student, year)),
        }
    }

    fn evolve(&mut self, event: &SubmissionEvent) {
        match event {
            SubmissionEvent::OutcomeTicked { work, certificate, .. } => {
                self.outcomes.insert(*work, *certificate);
            }
            SubmissionEvent::OutcomeUnticked { work, .. } => {
                self.outcomes.remove(work);
            }
            SubmissionEvent::PerformanceTicked { work, .. } => {
                self.performances.insert(*work);
            }
            SubmissionEvent::PerformanceUnticked { work, .. } => {
                self.performances.remove(work);
            }
            SubmissionEvent::SelectionLocked { .. } => self.locked = true,
            SubmissionEvent::BatchPrepared { .. }
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
            | SubmissionEvent::LetterAnswered { .. } => {}
        }
    }
}

impl Selection {
    /// The selected outcomes, in order of their ids.
    pub fn outcomes(&self) -> impl Iterator<Item = WorkId> {
        self.outcomes.keys().copied()
    }

    /// The selected performances, in order of their ids.
    pub fn performances(&self) -> impl Iterator<Item = WorkId> {
        self.performances.iter().copied()
    }

    /// How many more may be selected by a policy.
    pub fn left(&self, of: Of, policy: &Policy) -> usize {
        of.cap(&policy.terms).saturating_sub(self.count(of))
    }

    fn count(&self, of: Of) -> usize {
        match of {
            Of::Outcomes => self.outcomes.len(),
            Of::Performances => self.performances.len(),
        }
    }

    fn tick_outcome(&self, at: &At<'_>, choice: Choice) -> Decided {
        let found = chosen(at, Of::Outcomes, choice)?;
        if self.outcomes.contains_key(&choice.work) {
            return Ok(Vec::new());
        }
        enrolled(at, choice.student)?;
        let policy = self.open(at, Of::Outcomes, choice.year)?;
        let Certificate { commitment, version } = certified(at, found, choice.work)?;
        self.room(Of::Outcomes, policy)?;
        let Choice { student, year, work } = choice;
        let (commitment, certificate) = (Public(commitment.clone()), *version);
        Ok(vec![SubmissionEvent::OutcomeTicked { student, year, work, commitment, certificate }])
    }

    fn tick_performance(&self, at: &At<'_>, choice: Choice) -> Decided {
        let found = chosen(at, Of::Performances, choice)?;
        if self.performances.contains(&choice.work) {
            return Ok(Vec::new());
        }
        enrolled(at, choice.student)?;
        let policy = self.open(at, Of::Performances, choice.year)?;
        let commitment = found.handed_in.clone().ok_or(Refusal::NotHandedIn)?;
        self.room(Of::Performances, policy)?;
        let Choice { student, year, work } = choice;
        let commitment = Public(commitment);
        Ok(vec![SubmissionEvent::PerformanceTicked { student, year, work, commitment }])
    }

    fn untick_outcome(&self, at: &At<'_>, choice: Choice) -> Decided {
        if !self.outcomes.contains_key(&choice.work) {
            return Ok(Vec::new());
        }
        self.open(at, Of::Outcomes, choice.year)?;
        Ok(vec![outcome_unticked(choice, UntickReason::Asked)])
    }

    fn untick_performance(&self, at: &At<'_>, choice: Choice) -> Decided {
        if !self.performances.contains(&choice.work) {
            return Ok(Vec::new());
        }
        self.open(at, Of::Performances, choice.year)?;
        Ok(vec![performance_unticked(choice, UntickReason::Asked)])
    }

    fn drop_revoked(&self, choice: Choice, revoked: u32) -> Vec<SubmissionEvent> {
        match self.outcomes.get(&choice.work) {
            Some(certificate) if *certificate < revoked => {
                vec![outcome_unticked(choice, UntickReason::Revoked)]
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn drop_withdrawn(&self, choice: Choice) -> Vec<SubmissionEvent> {
        if self.outcomes.contains_key(&choice.work) {
            vec![outcome_unticked(choice, UntickReason::Withdrawn)]
        } else if self.performances.contains(&choice.work) {
            vec![performance_unticked(choice, UntickReason::Withdrawn)]
        } else {
            Vec::new()
        }
    }

    /// What stands at this position is submitted: an outcome on a certificate that stands, a performance that is handed
    /// in. What doesn't has its un-ticking on its way.
    fn lock(&self, at: &At<'_>, student: PersonId, year: SchoolYear) -> Vec<SubmissionEvent> {
        if self.locked {
            return Vec::new();
        }
        at.guarded_facts_of(&format!("works-{student}-{year}"));
        let outcomes = self.outcomes.keys().filter_map(|work| {
            let found = at.facts().works.work(*work)?;
            let Certificate { commitment, version } = certified(at, found, *work).ok()?;
            let (commitment, certificate) = (Public(commitment.clone()), Some(*version));
            Some(LockedWork { work: *work, kind: found.kind, commitment, certificate })
        });
        let performances = self.performances.iter().filter_map(|work| {
            let found = at.facts().works.work(*work)?;
            let commitment = Public(found.handed_in.clone()?);
            Some(LockedWork { work: *work, kind: found.kind, commitment, certificate: None })
        });
        let works: Vec<_> = outcomes.chain(performances).collect();
        match works.is_empty() {
            true => Vec::new(),
            false => vec![SubmissionEvent::SelectionLocked { student, year, works }],
        }
    }

    /// The policy of the year, if its window is open and no batch has locked the selection.
    fn open<'a>(&self, at: &At<'a>, of: Of, year: SchoolYear) -> Result<&'a Policy, Refusal> {
        if self.locked {
            return Err(Refusal::Locked { of });
        }
        let policy = at.policy(year).ok_or(Refusal::NoPolicy { year })?;
        let window = policy.terms.selection;
        if window.holds(at.now) { Ok(policy) } else { Err(Refusal::WindowClosed { of, window, now: at.now }) }
    }

    fn room(&self, of: Of, policy: &Policy) -> Result<(), Refusal> {
        match self.left(of, policy) {
            0 => Err(Refusal::Full { of, cap: of.cap(&policy.terms) }),
            _ => Ok(()),
        }
    }
}

/// Who has left or graduated selects nothing more.
fn enrolled(at: &At<'_>, student: PersonId) -> Result<(), Refusal> {
    match at.standing(student) {
        Some(Standing::Enrolled) => Ok(()),
        Some(Standing::Graduated | Standing::Left(_)) | None => Err(Refusal::NotEnrolled),
    }
}

/// The work, if it is the student's own, of that kind and of that school year.
fn chosen<'a>(at: &At<'a>, of: Of, choice: Choice) -> Result<&'a Work, Refusal> {
    let found = at.facts().works.work(choice.work).ok_or(Refusal::UnknownWork { of })?;
    if found.student != choice.student {
        return Err(Refusal::AnothersWork { of });
    }
    match (of, found.kind) {
        (Of::Outcomes, WorkKind::Outcome { .. }) | (Of::Performances, WorkKind::Performance { .. }) => {}
        (Of::Outcomes, WorkKind::Performance { .. }) | (Of::Performances, WorkKind::Outcome { .. }) => {
            return Err(Refusal::OtherKind { of });
        }
    }
    let year = found.kind.year();
    if year != choice.year {
        return Err(Refusal::OtherYear { of, year });
    }
    // The work must be what it is here until the event is appended.
    at.guarded_facts_of(&format!("works-{}-{year}", choice.student));
    Ok(found)
}

/// The certificate that a tick will stand on: a guard, so that none is ticked that is revoked at the same time.
fn certified<'a>(at: &At<'a>, found: &Work, work: WorkId) -> Result<&'a Certificate, Refusal> {
    let certificate = at.guarded_facts_of(&format!("certificate-{work}")).works.certificate(work);
    // Bytes that were changed after they were certified no longer are (C3).
    let stands = certificate.filter(|it| found.handed_in.as_ref() == Some(&it.commitment));
    stands.ok_or(Refusal::NotCertified)
}

fn outcome_unticked(Choice { student, year, work }: Choice, why: UntickReason) -> SubmissionEvent {
    SubmissionEvent::OutcomeUnticked { student, year, work, why }
}

fn performance_unticked(Choice { student, year, work }: Choice, why: UntickReason) -> SubmissionEvent {
    SubmissionEvent::PerformanceUnticked { student, year, work, why }
}

#[cfg(test)]
mod tests;
