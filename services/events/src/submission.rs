use kernel::{Date, FileId, Instant, PersonId, Personal, Public, SchoolYear, WorkId};
use serde::{Deserialize, Serialize};

use crate::{DomainEvent, Finding, LockedWork, ReceiptItem, UntickReason};

/// What submission records: the student's selection (勾選), the batch that the registrar submits (提交), and the
/// receipt (收訖明細) that the student confirms.
///
/// Streams: `selection-{student}-{year}`, `batch-{year}`, `receipt-{student}-{year}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SubmissionEvent {
    /// An outcome has been selected (§4.3.3).
    #[serde(rename = "licheng.submission.OutcomeTicked.v1")]
    OutcomeTicked {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The work.
        work: WorkId,
        /// The commitment of the certified bytes.
        commitment: Public<String>,
        /// Version of the stream `certificate-{work}` that certified it: only a later revocation un-ticks it.
        certificate: u32,
    },
    /// An outcome is no longer selected.
    #[serde(rename = "licheng.submission.OutcomeUnticked.v1")]
    OutcomeUnticked {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The work.
        work: WorkId,
        /// Why.
        why: UntickReason,
    },
    /// A performance has been selected (§4.4.2).
    #[serde(rename = "licheng.submission.PerformanceTicked.v1")]
    PerformanceTicked {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The work.
        work: WorkId,
        /// The commitment of its bytes.
        commitment: Public<String>,
    },
    /// A performance is no longer selected.
    #[serde(rename = "licheng.submission.PerformanceUnticked.v1")]
    PerformanceUnticked {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The work.
        work: WorkId,
        /// Why.
        why: UntickReason,
    },
    /// A selection is locked: it is submitted as it stands, and changes no more (S3).
    #[serde(rename = "licheng.submission.SelectionLocked.v1")]
    SelectionLocked {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// What is submitted.
        works: Vec<LockedWork>,
    },
    /// The registrar has begun a batch for the central database (中央資料庫, S3).
    #[serde(rename = "licheng.submission.BatchPrepared.v1")]
    BatchPrepared {
        /// The school year.
        year: SchoolYear,
        /// 1, or more where what was wrong is sent again.
        round: u16,
    },
    /// Every selection of the batch is locked.
    #[serde(rename = "licheng.submission.BatchLocked.v1")]
    BatchLocked {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// Students in it.
        students: u32,
        /// Works in it.
        items: u32,
    },
    /// What a check (預檢) found, some at a time.
    #[serde(rename = "licheng.submission.FindingsNoted.v1")]
    FindingsNoted {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// What was found.
        findings: Vec<Finding>,
    },
    /// The batch has been checked (預檢).
    #[serde(rename = "licheng.submission.BatchChecked.v1")]
    BatchChecked {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// What the registrar should look at.
        findings: u32,
        /// How many of them forbid the batch.
        blocking: u32,
    },
    /// The batch has been approved and may be sent.
    #[serde(rename = "licheng.submission.BatchApproved.v1")]
    BatchApproved {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
    },
    /// The package is complete and kept, sealed under a key of its own.
    #[serde(rename = "licheng.submission.PackageBuilt.v1")]
    PackageBuilt {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// The package's file.
        package: FileId,
        /// Whose works are in it.
        students: u32,
        /// Works in it.
        items: u32,
        /// Bytes of it.
        size: u64,
        /// Number of its segments.
        segments: u32,
        /// SHA-256 of its bytes, hex.
        sha256: Personal<String>,
        /// SHA-256 of the sealed segments in order, hex: fixity without keys.
        sealed_sha256: Public<String>,
    },
    /// The central database has all of the package.
    #[serde(rename = "licheng.submission.BatchTransferred.v1")]
    BatchTransferred {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// The package's file.
        package: FileId,
    },
    /// The central database's receipt has been read back and compared, item by item (S4).
    #[serde(rename = "licheng.submission.ReceiptReconciled.v1")]
    ReceiptReconciled {
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// Works received as they were sent.
        received: u32,
        /// Works that are missing there.
        missing: u32,
        /// Works whose bytes are others there.
        altered: u32,
        /// Works that are there more than once.
        doubled: u32,
        /// Items that were never sent.
        unknown: u32,
    },
    /// A student's part of the receipt is there to be confirmed (§8.3).
    #[serde(rename = "licheng.submission.ReceiptIssued.v1")]
    ReceiptIssued {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// What became of each work.
        items: Vec<ReceiptItem>,
        /// Until when it is confirmed or disputed.
        until: Instant,
    },
    /// The student has confirmed the receipt (§8.3).
    #[serde(rename = "licheng.submission.ReceiptConfirmed.v1")]
    ReceiptConfirmed {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
    },
    /// The student says that the receipt is wrong (§8.3).
    #[serde(rename = "licheng.submission.ReceiptDisputed.v1")]
    ReceiptDisputed {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// The works that it is about; none: the receipt as a whole.
        works: Vec<WorkId>,
        /// What is wrong.
        text: Personal<String>,
        /// Until when the school answers.
        due: Instant,
    },
    /// A dispute was not answered in time (§8.3).
    #[serde(rename = "licheng.submission.DisputeFellLate.v1")]
    DisputeFellLate {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
    },
    /// The school has answered a dispute (§8.3).
    #[serde(rename = "licheng.submission.DisputeAnswered.v1")]
    DisputeAnswered {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// The works that are sent again, since the school erred; none: the receipt stands.
        again: Vec<WorkId>,
        /// The answer.
        text: Personal<String>,
        /// Until when the receipt is confirmed or disputed now.
        until: Instant,
    },
    /// The receipt was posted to a student who left (§8.3).
    #[serde(rename = "licheng.submission.LetterPosted.v1")]
    LetterPosted {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// The day.
        on: Date,
    },
    /// A student who left has answered the letter (§8.3).
    #[serde(rename = "licheng.submission.LetterAnswered.v1")]
    LetterAnswered {
        /// The student.
        student: PersonId,
        /// The school year.
        year: SchoolYear,
        /// The round.
        round: u16,
        /// The day.
        on: Date,
        /// Whether the receipt was confirmed.
        confirmed: bool,
    },
}

impl SubmissionEvent {
    /// The school year that it is about.
    pub const fn year(&self) -> SchoolYear {
        match self {
            Self::OutcomeTicked { year, .. }
            | Self::OutcomeUnticked { year, .. }
            | Self::PerformanceTicked { year, .. }
            | Self::PerformanceUnticked { year, .. }
            | Self::SelectionLocked { year, .. }
            | Self::BatchPrepared { year, .. }
            | Self::BatchLocked { year, .. }
            | Self::FindingsNoted { year, .. }
            | Self::BatchChecked { year, .. }
            | Self::BatchApproved { year, .. }
            | Self::PackageBuilt { year, .. }
            | Self::BatchTransferred { year, .. }
            | Self::ReceiptReconciled { year, .. }
            | Self::ReceiptIssued { year, .. }
            | Self::ReceiptConfirmed { year, .. }
            | Self::ReceiptDisputed { year, .. }
            | Self::DisputeFellLate { year, .. }
            | Self::DisputeAnswered { year, .. }
            | Self::LetterPosted { year, .. }
            | Self::LetterAnswered { year, .. } => *year,
        }
    }
}

impl DomainEvent for SubmissionEvent {
    const SERVICE: &'static str = "submission";

    fn subject(&self) -> Option<PersonId> {
        match self {
            Self::OutcomeTicked { student, .. }
            | Self::OutcomeUnticked { student, .. }
            | Self::PerformanceTicked { student, .. }
            | Self::PerformanceUnticked { student, .. }
            | Self::SelectionLocked { student, .. }
            | Self::ReceiptIssued { student, .. }
            | Self::ReceiptConfirmed { student, .. }
            | Self::ReceiptDisputed { student, .. }
            | Self::DisputeFellLate { student, .. }
            | Self::DisputeAnswered { student, .. }
            | Self::LetterPosted { student, .. }
            | Self::LetterAnswered { student, .. } => Some(*student),
            Self::BatchPrepared { .. }
            | Self::BatchLocked { .. }
            | Self::FindingsNoted { .. }
            | Self::BatchChecked { .. }
            | Self::BatchApproved { .. }
            | Self::PackageBuilt { .. }
            | Self::BatchTransferred { .. }
            | Self::ReceiptReconciled { .. } => None,
        }
    }
}
