use std::collections::{BTreeMap, BTreeSet};

use events::{
    ArchiveEvent, Deadlines, Finding, ItemVerdict, LockedWork, ReceiptItem, Recorded, SubmissionEvent,
};
use kernel::{Duty, Instant, PersonId, SchoolYear, WorkId};

use crate::domain::receipt;

/// The name of the deadline by which a dispute is answered (§8.3).
const ANSWER: &str = "answer";

/// What the batches and receipts of each school year have come to.
#[derive(Debug, Default)]
pub struct Rounds {
    years: BTreeMap<SchoolYear, Year>,
    deadlines: Deadlines<receipt::Command>,
}

/// One school year's.
#[derive(Debug, Default)]
pub struct Year {
    ticked: BTreeMap<PersonId, BTreeSet<WorkId>>,
    locked: BTreeMap<PersonId, BTreeMap<WorkId, LockedWork>>,
    again: BTreeMap<PersonId, BTreeSet<WorkId>>,
    sending: BTreeMap<PersonId, BTreeSet<WorkId>>,
    verdicts: BTreeMap<PersonId, BTreeMap<WorkId, ItemVerdict>>,
    disputes: BTreeMap<PersonId, Dispute>,
    findings: Vec<Finding>,
    checked: bool,
}

/// A dispute that isn't answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The round of the receipt.
    pub round: u16,
    /// Until when it is answered.
    pub due: Instant,
    /// Whether that has passed.
    pub late: bool,
}

impl Rounds {
    /// A school year, if anything was ever selected in it.
    pub fn year(&self, year: SchoolYear) -> Option<&Year> {
        self.years.get(&year)
    }

    /// The deadlines that stand.
    pub(super) fn deadlines(&self) -> &Deadlines<receipt::Command> {
        &self.deadlines
    }

    pub(super) fn submit(&mut self, recorded: &Recorded, event: &SubmissionEvent) {
        match event {
            SubmissionEvent::ReceiptDisputed { student, year, round, due, .. } => {
                let command = receipt::Command::FallLate { student: *student, year: *year, round: *round };
                self.deadlines.set(recorded, ANSWER, *due, (Duty::AnswerDispute, command));
            }
            SubmissionEvent::DisputeAnswered { .. } => {
                self.deadlines.lift(&recorded.record.stream, ANSWER);
            }
            SubmissionEvent::OutcomeTicked { .. }
            | SubmissionEvent::OutcomeUnticked { .. }
            | SubmissionEvent::PerformanceTicked { .. }
            | SubmissionEvent::PerformanceUnticked { .. }
            | SubmissionEvent::SelectionLocked { .. }
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
            | SubmissionEvent::DisputeFellLate { .. }
            | SubmissionEvent::LetterPosted { .. }
            | SubmissionEvent::LetterAnswered { .. } => {}
        }
        self.years.entry(event.year()).or_default().submit(event);
    }

    pub(super) fn archive(&mut self, event: &ArchiveEvent) {
        if let ArchiveEvent::ErasureStarted { student } = event {
            self.years.values_mut().for_each(|year| year.forget(*student));
        }
    }
}

impl Year {
    /// The students whose selections a round locks that is prepared now.
    pub fn unlocked(&self) -> impl Iterator<Item = PersonId> {
        let unlocked = self.ticked.iter().filter(|(student, _)| !self.locked.contains_key(student));
        unlocked.filter(|(_, ticked)| !ticked.is_empty()).map(|(student, _)| *student)
    }

    /// Whether a round that is prepared now has anything to send.
    pub fn has_something(&self) -> bool {
        self.unlocked().next().is_some() || !self.again.is_empty()
    }

    /// What the round under way sends, as the locks say it.
    pub fn sending(&self) -> impl Iterator<Item = (PersonId, Vec<&LockedWork>)> {
        let locked = |student: &PersonId, works: &BTreeSet<WorkId>| {
            let locked = self.locked.get(student);
            works.iter().filter_map(|work| locked?.get(work)).collect()
        };
        self.sending.iter().map(move |(student, works)| (*student, locked(student, works)))
    }

    /// A student's locked works.
    pub fn locked(&self, student: PersonId) -> Option<&BTreeMap<WorkId, LockedWork>> {
        self.locked.get(&student)
    }

    /// What receipts last said of each work that isn't as it was sent.
    pub fn discrepancies(&self) -> impl Iterator<Item = (PersonId, WorkId, ItemVerdict)> {
        self.verdicts.iter().flat_map(|(student, works)| {
            let wrong = works.iter().filter(|(_, verdict)| **verdict != ItemVerdict::Received);
            wrong.map(|(work, verdict)| (*student, *work, *verdict))
        })
    }

    /// The disputes that aren't answered.
    pub fn disputes(&self) -> impl Iterator<Item = (PersonId, Dispute)> {
        self.disputes.iter().map(|(student, dispute)| (*student, *dispute))
    }

    /// What the last check found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn submit(&mut self, event: &SubmissionEvent) {
        match event {
            SubmissionEvent::OutcomeTicked { student, work, .. }
            | SubmissionEvent::PerformanceTicked { student, work, .. } => {
                self.ticked.entry(*student).or_default().insert(*work);
            }
            SubmissionEvent::OutcomeUnticked { student, work, .. }
            | SubmissionEvent::PerformanceUnticked { student, work, .. } => {
                self.ticked.entry(*student).or_default().remove(work);
            }
            SubmissionEvent::SelectionLocked { student, works, .. } => {
                self.sending.entry(*student).or_default().extend(works.iter().map(|work| work.work));
                let works = works.iter().map(|work| (work.work, work.clone()));
                self.locked.entry(*student).or_default().extend(works);
            }
            SubmissionEvent::BatchPrepared { .. } => {
                self.sending = std::mem::take(&mut self.again);
                self.findings.clear();
            }
            SubmissionEvent::FindingsNoted { findings, .. } => {
                // A check speaks of everything again.
                if std::mem::take(&mut self.checked) {
                    self.findings.clear();
                }
                self.findings.extend(findings);
            }
            SubmissionEvent::BatchChecked { findings, .. } => {
                if *findings == 0 {
                    self.findings.clear();
                }
                self.checked = true;
            }
            SubmissionEvent::ReceiptIssued { student, items, .. } => self.issue(*student, items),
            SubmissionEvent::ReceiptDisputed { student, round, due, .. } => {
                self.disputes.insert(*student, Dispute { round: *round, due: *due, late: false });
            }
            SubmissionEvent::DisputeFellLate { student, .. } => {
                self.disputes.entry(*student).and_modify(|dispute| dispute.late = true);
            }
            SubmissionEvent::DisputeAnswered { student, again, .. } => {
                self.disputes.remove(student);
                if !again.is_empty() {
                    self.again.entry(*student).or_default().extend(again);
                }
            }
            SubmissionEvent::BatchLocked { .. }
            | SubmissionEvent::BatchApproved { .. }
            | SubmissionEvent::PackageBuilt { .. }
            | SubmissionEvent::BatchTransferred { .. }
            | SubmissionEvent::ReceiptReconciled { .. }
            | SubmissionEvent::ReceiptConfirmed { .. }
            | SubmissionEvent::LetterPosted { .. }
            | SubmissionEvent::LetterAnswered { .. } => {}
        }
    }

    fn issue(&mut self, student: PersonId, items: &[ReceiptItem]) {
        let sent = self.sending.remove(&student).unwrap_or_default();
        // What was sent before is in the receipt as well, and was judged then.
        let wrong = items.iter().filter(|item| item.verdict.is_sent_again() && sent.contains(&item.work));
        let wrong: BTreeSet<_> = wrong.map(|item| item.work).collect();
        if !wrong.is_empty() {
            self.again.entry(student).or_default().extend(wrong);
        }
        let verdicts = items.iter().map(|item| (item.work, item.verdict));
        self.verdicts.entry(student).or_default().extend(verdicts);
    }

    fn forget(&mut self, student: PersonId) {
        self.ticked.remove(&student);
        self.locked.remove(&student);
        self.again.remove(&student);
        self.sending.remove(&student);
        self.verdicts.remove(&student);
        self.disputes.remove(&student);
        self.findings.retain(|finding| finding.student != student);
    }
}
