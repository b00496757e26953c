use kernel::{PersonId, Public, SchoolYear, WorkId};
use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// What submission records, so far: the student's selection (勾選).
///
/// Stream: `selection-{student}-{year}`.
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
}

/// Why a work is no longer selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UntickReason {
    /// The student un-ticked it.
    Asked,
    /// Its certification was revoked (C5).
    Revoked,
    /// The student took the work back.
    Withdrawn,
}

impl DomainEvent for SubmissionEvent {
    const SERVICE: &'static str = "submission";

    fn subject(&self) -> Option<PersonId> {
        match self {
            Self::OutcomeTicked { student, .. }
            | Self::OutcomeUnticked { student, .. }
            | Self::PerformanceTicked { student, .. }
            | Self::PerformanceUnticked { student, .. } => Some(*student),
        }
    }
}
