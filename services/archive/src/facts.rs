use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use events::{
    AnyEvent, ArchiveEvent, Deadlines, Facts, HoldScope, Recorded, RecordsEvent, SubmissionEvent, Timely,
    UploadsEvent, extract_of,
};
use kernel::{ClassId, Duty, FileId, Instant, PersonId, SchoolYear, WorkId};

use crate::domain::{Command, stream};

/// What falls due in a portfolio's stream: the start of an approved erasure.
const START: &str = "erasure";

/// What the archive must know of the school: who was last in which class, whose files there are and in which packages, and
/// what is held.
#[derive(Debug, Default)]
pub struct Kept {
    classes: HashSet<ClassId>,
    placed: HashMap<PersonId, ClassId>,
    holdings: HashMap<PersonId, Holdings>,
    packages: HashMap<SchoolYear, Vec<(u64, FileId)>>,
    holds: BTreeSet<HoldScope>,
    /// Erasures that are approved and not started, and when they start.
    approved: BTreeMap<PersonId, Instant>,
    deadlines: Deadlines<Command>,
}

/// What there is of a student.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Holdings {
    /// Every file that was ever to come for a work.
    files: BTreeMap<FileId, WorkId>,
    /// Those of them that went with their work: it was taken back, or refused.
    gone: BTreeSet<FileId>,
    /// At which position each school year's selection was locked first.
    locked: BTreeMap<SchoolYear, u64>,
}

/// The files of a student that an erasure deletes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Every file of the student's works, with those that may be left of works that are gone.
    pub works: Vec<FileId>,
    /// How many of them are of works that stand.
    pub standing: u32,
    /// Every package that may hold works of the student.
    pub packages: Vec<FileId>,
    /// The student's extract of each.
    pub extracts: Vec<FileId>,
}

impl Kept {
    /// Whether there is such a class.
    pub fn has_class(&self, class: ClassId) -> bool {
        self.classes.contains(&class)
    }

    /// What a hold on a student may be placed on: the student, the class that the student was last in, the school.
    pub fn scopes_of(&self, student: PersonId) -> impl Iterator<Item = HoldScope> {
        let class = self.placed.get(&student).map(|class| HoldScope::Class { class: *class });
        [HoldScope::Student { student }].into_iter().chain(class).chain([HoldScope::School])
    }

    /// Whether a hold stands.
    pub fn is_held(&self, scope: HoldScope) -> bool {
        self.holds.contains(&scope)
    }

    /// The holds that stand.
    pub fn holds(&self) -> impl Iterator<Item = HoldScope> {
        self.holds.iter().copied()
    }

    /// The holds that stand on a student.
    pub fn holds_on(&self, student: PersonId) -> impl Iterator<Item = HoldScope> {
        self.scopes_of(student).filter(|scope| self.is_held(*scope))
    }

    /// The files that an erasure of a student deletes. A package of a school year may hold the student's works if it was
    /// built after the student's selection of that year was locked, whatever its round.
    pub fn files_of(&self, student: PersonId) -> Files {
        let Some(Holdings { files, gone, locked }) = self.holdings.get(&student) else {
            return Files::default();
        };
        let built = locked.iter().flat_map(|(year, locked)| {
            let packages = self.packages.get(year).into_iter().flatten();
            packages.filter(move |(built, _)| built > locked).map(|(_, package)| *package)
        });
        let packages: Vec<_> = built.collect();
        Files {
            works: files.keys().copied().collect(),
            standing: u32::try_from(files.len().saturating_sub(gone.len())).unwrap_or(u32::MAX),
            extracts: packages.iter().map(|package| extract_of(*package, student)).collect(),
            packages,
        }
    }

    fn enrol(&mut self, event: &Recorded<AnyEvent>, recorded: &RecordsEvent) {
        match recorded {
            RecordsEvent::ClassOpened { class, .. } => {
                self.classes.insert(*class);
            }
            RecordsEvent::StudentPlaced { student, class, .. } => {
                let before = self.holds_on(*student).next().is_some();
                self.placed.insert(*student, *class);
                if before != self.holds_on(*student).next().is_some() {
                    self.renew(event, *student);
                }
            }
            RecordsEvent::StudentRegistered { .. }
            | RecordsEvent::StudentCorrected { .. }
            | RecordsEvent::StudentGraduated { .. }
            | RecordsEvent::StudentLeft { .. }
            | RecordsEvent::StudentReturned { .. }
            | RecordsEvent::StaffRegistered { .. }
            | RecordsEvent::StaffCorrected { .. }
            | RecordsEvent::HomeroomAssigned { .. }
            | RecordsEvent::CourseOffered { .. }
            | RecordsEvent::TeacherAssigned { .. }
            | RecordsEvent::TeacherReleased { .. }
            | RecordsEvent::CourseTaken { .. }
            | RecordsEvent::CourseDropped { .. } => {}
        }
    }

    fn upload(&mut self, event: &UploadsEvent) {
        match event {
            UploadsEvent::WorkBegun { student, work, file, .. } => {
                self.holdings.entry(*student).or_default().files.insert(*file, *work);
            }
            UploadsEvent::FileRefused { student, work, .. }
            | UploadsEvent::WorkWithdrawn { student, work, .. } => {
                let holdings = self.holdings.entry(*student).or_default();
                let of_it = holdings.files.iter().filter(|(_, of)| *of == work).map(|(file, _)| *file);
                holdings.gone.extend(of_it);
            }
            UploadsEvent::OutcomeSubmitted { .. } | UploadsEvent::PerformanceSubmitted { .. } => {}
        }
    }

    fn submit(&mut self, position: u64, event: &SubmissionEvent) {
        match event {
            SubmissionEvent::SelectionLocked { student, year, .. } => {
                let locked = &mut self.holdings.entry(*student).or_default().locked;
                locked.entry(*year).or_insert(position);
            }
            SubmissionEvent::PackageBuilt { year, package, .. } => {
                self.packages.entry(*year).or_default().push((position, *package));
            }
            SubmissionEvent::OutcomeTicked { .. }
            | SubmissionEvent::OutcomeUnticked { .. }
            | SubmissionEvent::PerformanceTicked { .. }
            | SubmissionEvent::PerformanceUnticked { .. }
            | SubmissionEvent::BatchPrepared { .. }
            | SubmissionEvent::BatchLocked { .. }
            | SubmissionEvent::FindingsNoted { .. }
            | SubmissionEvent::BatchChecked { .. }
            | SubmissionEvent::BatchApproved { .. }
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

    fn archive(&mut self, event: &Recorded<AnyEvent>, archived: &ArchiveEvent) {
        match archived {
            ArchiveEvent::ErasureApproved { student, starts, .. } => {
                self.approved.insert(*student, *starts);
                self.renew(event, *student);
            }
            ArchiveEvent::ErasureCancelled { student } | ArchiveEvent::ErasureStarted { student } => {
                self.approved.remove(student);
                self.renew(event, *student);
            }
            ArchiveEvent::ErasureCompleted { student, .. } => {
                self.holdings.remove(student);
                self.placed.remove(student);
            }
            ArchiveEvent::HoldPlaced { scope, .. } => {
                self.holds.insert(*scope);
                self.renew_all(event, *scope);
            }
            ArchiveEvent::HoldReleased { scope } => {
                self.holds.remove(scope);
                self.renew_all(event, *scope);
            }
            ArchiveEvent::PortfolioSealed { .. }
            | ArchiveEvent::AccessRequested { .. }
            | ArchiveEvent::AccessGranted { .. }
            | ArchiveEvent::AccessDeclined { .. }
            | ArchiveEvent::ErasureRequested { .. } => {}
        }
    }

    /// Sets or lifts the deadlines of everybody whom a hold covers.
    fn renew_all(&mut self, event: &Recorded<AnyEvent>, scope: HoldScope) {
        let covered: Vec<_> = self.approved.keys().copied().collect();
        for student in covered {
            if self.scopes_of(student).any(|of| of == scope) {
                self.renew(event, student);
            }
        }
    }

    /// Sets a student's deadline where an erasure is approved and no hold stands, and lifts it otherwise. What fell due
    /// under a hold is due when that is released: another instant, so that it is another request than one that the hold
    /// refused.
    fn renew(&mut self, event: &Recorded<AnyEvent>, student: PersonId) {
        let stream = stream(student);
        match self.approved.get(&student).copied() {
            Some(starts) if self.holds_on(student).next().is_none() => {
                let due = starts.max(event.record.time);
                let command = (Duty::ApproveErasure, Command::Start(student));
                self.deadlines.set_for(stream, event, START, due, command);
            }
            Some(_) | None => self.deadlines.lift(&stream, START),
        }
    }
}

impl Facts for Kept {
    fn apply(&mut self, event: &Recorded<AnyEvent>) {
        match &event.event {
            AnyEvent::Records(recorded) => self.enrol(event, recorded),
            AnyEvent::Uploads(uploaded) => self.upload(uploaded),
            AnyEvent::Submission(submitted) => self.submit(event.position, submitted),
            AnyEvent::Archive(archived) => self.archive(event, archived),
            AnyEvent::Governance(_) | AnyEvent::Certification(_) => {}
        }
    }
}

impl Timely<Command> for Kept {
    fn deadlines(&self) -> &Deadlines<Command> {
        &self.deadlines
    }
}

#[cfg(test)]
mod tests;
