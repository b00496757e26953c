use kernel::{CourseId, FileId, Instant, PersonId, Personal, Public, SchoolYear, Semester, WorkId};
use serde::{Deserialize, Serialize};

use crate::DomainEvent;

/// What uploads records: works begun, submitted, withdrawn.
///
/// Stream: `works-{student}-{year}`, so that a count holds under any number of requests at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
#[expect(clippy::large_enum_variant, reason = "events are few at a time; a box would show in every rule")]
pub enum UploadsEvent {
    /// An upload has begun: by this instant its window is judged, and it may finish within 24 hours.
    #[serde(rename = "licheng.uploads.WorkBegun.v1")]
    WorkBegun {
        /// The student.
        student: PersonId,
        /// The work.
        work: WorkId,
        /// What it is.
        kind: WorkKind,
        /// Title.
        title: Personal<String>,
        /// Summary (簡述), at most 100 characters.
        summary: Personal<String>,
        /// The file that is to come.
        file: FileId,
        /// What the student said of it.
        declared: FileDescription,
        /// Bytes that it is to have.
        size: u32,
        /// Until when it may be finished.
        until: Instant,
        /// 32 random bytes in hex, drawn for this work and kept for its later versions.
        salt: Personal<String>,
        /// What its category asks for, of a performance.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        details: Vec<Detail>,
    },
    /// A course learning outcome (課程學習成果) has been handed in, its file complete and examined.
    #[serde(rename = "licheng.uploads.OutcomeSubmitted.v1")]
    OutcomeSubmitted {
        /// The student.
        student: PersonId,
        /// The work.
        work: WorkId,
        /// The course that it is of.
        course: CourseId,
        /// The course's semester.
        semester: Semester,
        /// The file.
        file: FileId,
        /// Bytes of the file.
        size: u32,
        /// Number of its segments.
        segments: u32,
        /// Media type found by reading it.
        media_type: Public<String>,
        /// SHA-256("licheng/file/1" ‖ salt ‖ SHA-256(file)), hex.
        commitment: Public<String>,
        /// SHA-256 of the sealed segments in order, hex: fixity without keys.
        sealed_sha256: Public<String>,
        /// What the file is.
        description: FileDescription,
    },
    /// A diverse performance (多元表現) has been handed in, its file complete and examined.
    #[serde(rename = "licheng.uploads.PerformanceSubmitted.v1")]
    PerformanceSubmitted {
        /// The student.
        student: PersonId,
        /// The work.
        work: WorkId,
        /// Its category.
        category: Category,
        /// The school year that it counts in.
        year: SchoolYear,
        /// The file.
        file: FileId,
        /// Bytes of the file.
        size: u32,
        /// Number of its segments.
        segments: u32,
        /// Media type found by reading it.
        media_type: Public<String>,
        /// SHA-256("licheng/file/1" ‖ salt ‖ SHA-256(file)), hex.
        commitment: Public<String>,
        /// SHA-256 of the sealed segments in order, hex: fixity without keys.
        sealed_sha256: Public<String>,
        /// What the file is.
        description: FileDescription,
    },
    /// A file was refused when it was read; the work's place is free again.
    #[serde(rename = "licheng.uploads.FileRefused.v1")]
    FileRefused {
        /// The student.
        student: PersonId,
        /// The work.
        work: WorkId,
        /// What it is.
        kind: WorkKind,
        /// The refusal's reason, of a closed list.
        reason: Public<String>,
    },
    /// The student took the work back before it was certified.
    #[serde(rename = "licheng.uploads.WorkWithdrawn.v1")]
    WorkWithdrawn {
        /// The student.
        student: PersonId,
        /// The work.
        work: WorkId,
        /// What it is.
        kind: WorkKind,
    },
}

/// What a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum WorkKind {
    /// A course learning outcome.
    Outcome {
        /// The course.
        course: CourseId,
        /// The course's semester.
        semester: Semester,
    },
    /// A diverse performance.
    Performance {
        /// Its category.
        category: Category,
        /// The school year that it counts in.
        year: SchoolYear,
    },
}

/// A field that a performance's category asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Its name, of the category's list.
    pub name: Public<String>,
    /// What the student wrote.
    pub value: Personal<String>,
}

/// Category of a diverse performance (`25` 學生自填多元表現名冊).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Posts held and deeds (幹部經歷暨事蹟紀錄).
    Post,
    /// Competitions (競賽參與紀錄).
    Competition,
    /// Certificates and licences (檢定證照紀錄).
    Licence,
    /// Service learning (服務學習紀錄).
    Service,
    /// Flexible learning (彈性學習時間紀錄).
    FlexibleLearning,
    /// Group activities (團體活動時間紀錄).
    GroupActivity,
    /// Learning at a workplace (職場學習紀錄).
    Workplace,
    /// Works (作品成果紀錄).
    Piece,
    /// Courses of a university taken early (大學及技專校院先修課程紀錄).
    AdvancedCourse,
    /// Others (其他多元表現紀錄).
    Other,
}

/// A file's name and digests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileDescription {
    /// Its name, as the student gave it.
    pub name: Personal<String>,
    /// SHA-256 of its bytes, hex.
    pub sha256: Personal<String>,
    /// MD5 of its bytes, hex, which the ministry's formats ask for; known once the file is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<Personal<String>>,
}

impl WorkKind {
    /// The school year that the work counts in.
    pub const fn year(self) -> SchoolYear {
        match self {
            Self::Outcome { semester, .. } => semester.year,
            Self::Performance { year, .. } => year,
        }
    }
}

impl DomainEvent for UploadsEvent {
    const SERVICE: &'static str = "uploads";

    fn subject(&self) -> Option<PersonId> {
        match self {
            Self::WorkBegun { student, .. }
            | Self::OutcomeSubmitted { student, .. }
            | Self::PerformanceSubmitted { student, .. }
            | Self::FileRefused { student, .. }
            | Self::WorkWithdrawn { student, .. } => Some(*student),
        }
    }
}
