//! A school year's batches for the central database (中央資料庫, S3), round after round. Stream `batch-{year}`.

use events::{Context, Decider, Finding, SubmissionEvent};
use kernel::{FileId, Owner, Personal, Public, SchoolYear};

use crate::facts::Submissions;

mod refusal;

pub use refusal::Refusal;

/// Findings that one event holds at most: a record has 60,000 bytes.
const FINDINGS_AT_ONCE: usize = 200;

/// The round that a school year's batches have come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The round; 0: none yet.
    pub round: u16,
    /// How far it has come.
    pub stage: Stage,
    /// Students in it, once it is locked.
    pub students: u32,
    /// Works in it, once it is locked.
    pub items: u32,
}

/// How far a round has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is under way.
    #[default]
    Idle,
    /// Selections are being locked.
    Prepared,
    /// Everything is locked.
    Locked,
    /// It has been checked.
    Checked {
        /// Findings that forbid it.
        blocking: u32,
    },
    /// It may be sent.
    Approved,
    /// Its package is complete.
    Built(Package),
    /// The central database has all of it.
    Transferred(Package),
}

/// A package that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its file.
    pub file: FileId,
    /// Bytes of it.
    pub size: u64,
    /// Its segments.
    pub segments: u32,
}

/// What a package was found to be when it was complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The package.
    pub package: Package,
    /// Whose works are in it.
    pub students: u32,
    /// Works in it.
    pub items: u32,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// SHA-256 of its sealed segments in order, hex.
    pub sealed_sha256: String,
}

/// What a receipt came to, item by item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Works received as they were sent.
    pub received: u32,
    /// Works that are missing there.
    pub missing: u32,
    /// Works whose bytes are others there.
    pub altered: u32,
    /// Works that are there more than once.
    pub doubled: u32,
    /// Items that were never sent.
    pub unknown: u32,
}

/// What can be asked of a school year's batches.
#[derive(Clone, Debug)]
pub enum Command {
    /// To begin a round.
    Prepare {
        /// The school year.
        year: SchoolYear,
    },
    /// What follows once every selection of it is locked.
    Lock {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
    },
    /// To note what a check found.
    Check {
        /// The school year.
        year: SchoolYear,
        /// What was found.
        findings: Vec<Finding>,
    },
    /// To let it go.
    Approve {
        /// The school year.
        year: SchoolYear,
    },
    /// What follows once its package is complete.
    Build {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// What the package was found to be.
        built: Built,
    },
    /// What follows once the central database has it.
    Transfer {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
    },
    /// What follows once its receipt is read back and issued to each student.
    Reconcile {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// What the receipt came to.
        counts: Counts,
    },
}

type At<'a> = Context<'a, Submissions>;
type Decided = Result<Vec<SubmissionEvent>, Refusal>;

impl Decider for Batch {
    type Command = Command;
    type Event = SubmissionEvent;
    type Facts = Submissions;
    type Refusal = Refusal;

    fn decide(&self, at: &At<'_>, command: Command) -> Decided {
        match command {
            Command::Prepare { year } => self.prepare(at, year),
            Command::Lock { year, round } => Ok(self.lock(at, year, round)),
            Command::Check { year, findings } => self.check(year, findings),
            Command::Approve { year } => self.approve(year),
            Command::Build { year, round, built } => Ok(self.build(year, round, built)),
            Command::Transfer { year, round } => Ok(self.transfer(year, round)),
            Command::Reconcile { year, round, counts } => Ok(self.reconcile(year, round, counts)),
        }
    }

    fn evolve(&mut self, event: &SubmissionEvent) {
        match event {
            SubmissionEvent::BatchPrepared { round, .. } => {
                *self = Self { round: *round, stage: Stage::Prepared, ..Self::default() };
            }
            SubmissionEvent::BatchLocked { students, items, .. } => {
                (self.students, self.items, self.stage) = (*students, *items, Stage::Locked);
            }
            SubmissionEvent::BatchChecked { blocking, .. } => {
                self.stage = Stage::Checked { blocking: *blocking };
            }
            SubmissionEvent::BatchApproved { .. } => self.stage = Stage::Approved,
            SubmissionEvent::PackageBuilt { package, size, segments, .. } => {
                self.stage = Stage::Built(Package { file: *package, size: *size, segments: *segments });
            }
            SubmissionEvent::BatchTransferred { .. } => {
                if let Stage::Built(package) = self.stage {
                    self.stage = Stage::Transferred(package);
                }
            }
            SubmissionEvent::ReceiptReconciled { .. } => self.stage = Stage::Idle,
            SubmissionEvent::OutcomeTicked { .. }
            | SubmissionEvent::OutcomeUnticked { .. }
            | SubmissionEvent::PerformanceTicked { .. }
            | SubmissionEvent::PerformanceUnticked { .. }
            | SubmissionEvent::SelectionLocked { .. }
            | SubmissionEvent::FindingsNoted { .. }
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

impl Batch {
    fn prepare(&self, at: &At<'_>, year: SchoolYear) -> Decided {
        let until = at.policy(year).ok_or(Refusal::NoPolicy { year })?.terms.selection.until;
        if at.now < until {
            return Err(Refusal::SelectionOpen { until });
        }
        if self.stage != Stage::Idle {
            return Err(Refusal::UnderWay { round: self.round });
        }
        if !at.facts().rounds.year(year).is_some_and(|year| year.has_something()) {
            return Err(Refusal::NothingToSend { year });
        }
        Ok(vec![SubmissionEvent::BatchPrepared { year, round: self.round.saturating_add(1) }])
    }

    fn lock(&self, at: &At<'_>, year: SchoolYear, round: u16) -> Vec<SubmissionEvent> {
        if self.round != round || self.stage != Stage::Prepared {
            return Vec::new();
        }
        let sending = at.facts().rounds.year(year).into_iter().flat_map(|year| year.sending());
        let counts: Vec<_> = sending.map(|(_, works)| works.len()).collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (students, items) = (count(counts.len()), count(counts.iter().sum()));
        vec![SubmissionEvent::BatchLocked { year, round, students, items }]
    }

    fn check(&self, year: SchoolYear, findings: Vec<Finding>) -> Decided {
        match self.stage {
            Stage::Locked | Stage::Checked { .. } => {}
            Stage::Prepared => return Err(Refusal::NotLocked { round: self.round }),
            Stage::Idle => return Err(Refusal::NotPrepared { year }),
            Stage::Approved | Stage::Built(_) | Stage::Transferred(_) => {
                return Err(Refusal::UnderWay { round: self.round });
            }
        }
        let round = self.round;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let blocking = count(findings.iter().filter(|finding| finding.problem.blocks()).count());
        let checked =
            SubmissionEvent::BatchChecked { year, round, findings: count(findings.len()), blocking };
        let noted = findings.chunks(FINDINGS_AT_ONCE).map(|findings| {
            let findings = findings.to_vec();
            SubmissionEvent::FindingsNoted { year, round, findings }
        });
        Ok(noted.chain([checked]).collect())
    }

    fn approve(&self, year: SchoolYear) -> Decided {
        let round = self.round;
        match self.stage {
            Stage::Checked { blocking: 0 } => Ok(vec![SubmissionEvent::BatchApproved { year, round }]),
            Stage::Checked { blocking } => Err(Refusal::Blocked { blocking }),
            Stage::Prepared | Stage::Locked => Err(Refusal::NotChecked { round }),
            Stage::Idle => Err(Refusal::NotPrepared { year }),
            Stage::Approved | Stage::Built(_) | Stage::Transferred(_) => Ok(Vec::new()),
        }
    }

    fn build(&self, year: SchoolYear, round: u16, built: Built) -> Vec<SubmissionEvent> {
        if self.round != round || self.stage != Stage::Approved {
            return Vec::new();
        }
        let Built { package: Package { file, size, segments }, students, items, sha256, sealed_sha256 } =
            built;
        vec![SubmissionEvent::PackageBuilt {
            year,
            round,
            package: file,
            students,
            items,
            size,
            segments,
            sha256: Personal::new(Owner::package(file), sha256),
            sealed_sha256: Public(sealed_sha256),
        }]
    }

    fn transfer(&self, year: SchoolYear, round: u16) -> Vec<SubmissionEvent> {
        match self.stage {
            Stage::Built(Package { file, .. }) if self.round == round => {
                vec![SubmissionEvent::BatchTransferred { year, round, package: file }]
            }
            Stage::Idle
            | Stage::Prepared
            | Stage::Locked
            | Stage::Checked { .. }
            | Stage::Approved
            | Stage::Built(_)
            | Stage::Transferred(_) => Vec::new(),
        }
    }

    fn reconcile(&self, year: SchoolYear, round: u16, counts: Counts) -> Vec<SubmissionEvent> {
        let Counts { received, missing, altered, doubled, unknown } = counts;
        match self.stage {
            Stage::Transferred(_) if self.round == round => vec![SubmissionEvent::ReceiptReconciled {
                year,
                round,
                received,
                missing,
                altered,
                doubled,
                unknown,
            }],
            Stage::Idle
            | Stage::Prepared
            | Stage::Locked
            | Stage::Checked { .. }
            | Stage::Approved
            | Stage::Built(_)
            | Stage::Transferred(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
