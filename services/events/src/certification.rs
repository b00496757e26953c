use kernel::{CourseId, PersonId, Personal, Public, Semester, WorkId};
use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// What certification records. It confirms authorship and course, and holds no grade and no score (C3).
///
/// Stream: `certificate-{work}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum CertificationEvent {
    /// A work has been certified (認證).
    #[serde(rename = "licheng.certification.WorkCertified.v1")]
    WorkCertified {
        /// The student.
        student: PersonId,
        /// The work.
        work: WorkId,
        /// Its course.
        course: CourseId,
        /// The course's semester.
        semester: Semester,
        /// The teacher who certified.
        teacher: PersonId,
        /// The commitment of the very bytes that were certified.
        commitment: Public<String>,
    },
    /// A work has been returned with a reason.
    #[serde(rename = "licheng.certification.WorkReturned.v1")]
    WorkReturned {
        /// The student.
        student: PersonId,
        /// The work.
        work: WorkId,
        /// Its course.
        course: CourseId,
        /// The teacher who returned it.
        teacher: PersonId,
        /// Why.
        reason: Personal<String>,
        /// The commitment of the bytes that were returned.
        commitment: Public<String>,
    },
    /// A certification made by mistake has been revoked (C5).
    #[serde(rename = "licheng.certification.CertificationRevoked.v1")]
    CertificationRevoked {
        /// The student.
        student: PersonId,
        /// The work.
        work: WorkId,
        /// Its course.
        course: CourseId,
        /// The course's semester.
        semester: Semester,
        /// The teacher who revoked it.
        teacher: PersonId,
        /// Why.
        reason: Personal<String>,
    },
}

impl DomainEvent for CertificationEvent {
    const SERVICE: &'static str = "certification";

    fn subject(&self) -> Option<PersonId> {
        match self {
            Self::WorkCertified { student, .. }
            | Self::WorkReturned { student, .. }
            | Self::CertificationRevoked { student, .. } => Some(*student),
        }
    }
}
