use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Clause, clause};

/// An office (單位) of the school, or what a person is by relation: student, course teacher, homeroom teacher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Office {
    /// 校長.
    Principal,
    /// 執行秘書（教務主任）.
    ExecutiveSecretary,
    /// 教務處.
    AcademicAffairs,
    /// 註冊組.
    Registrar,
    /// 教學組.
    CurriculumOffice,
    /// 學務處.
    StudentAffairs,
    /// 訓育組.
    StudentActivities,
    /// 社團組.
    ClubOffice,
    /// 生輔組.
    DisciplineOffice,
    /// 輔導處.
    GuidanceOffice,
    /// 課程諮詢教師.
    CourseCounsellor,
    /// 圖書館.
    Library,
    /// 資訊媒體組.
    ItOffice,
    /// 稽核.
    Auditor,
    /// 導師.
    HomeroomTeacher,
    /// 任課教師.
    Teacher,
    /// 學生.
    Student,
}

macro_rules! duties {
    ($($(#[$doc:meta])+ $duty:ident = $name:literal, const clause($clause:literal), $text:literal,
        [$($office:ident),+ $(,)?];)+) => {
        /// A task (職責): what a command needs its caller to be allowed. Which office has it is the ledger's own data;
        /// Annex 1 of the regulation is the default.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Duty {
            $($(#[$doc])+ #[serde(rename = $name)] $duty),+
        }

        impl Duty {
            /// Every duty.
            pub const ALL: &[Self] = &[$(Self::$duty),+];

            /// Its name in events and on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$duty => $name),+
                }
            }

            /// The clause that it comes from.
            pub const fn clause(self) -> Clause {
                match self {
                    $(Self::$duty => const { clause($clause) }),+
                }
            }

            /// What it is to do.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$duty => $text),+
                }
            }

            /// The offices that have it by Annex 1, until the school assigns it otherwise.
            pub const fn default_offices(self) -> &'static [Office] {
                match self {
                    $(Self::$duty => &[$(Office::$office),+]),+
                }
            }
        }
    };
}

// What each is in events and on the wire, the clause that it comes from, what it is to do, and who has it by default.
duties! {
    /// To seat a person in an office (G5).
    AssignOffice = "assign-office", const clause("G5"), "seat a person in an office",
        [Principal];
    /// To give a task to an office (G5).
    AssignDuty = "assign-duty", const clause("G5"), "give a task to an office",
        [Principal];
    /// To adopt a policy (G3).
    AdoptPolicy = "adopt-policy", const clause("G3"), "adopt a policy",
        [ExecutiveSecretary, Principal];
    /// To read policy, offices and duties (G5).
    ReadGovernance = "read-governance", const clause("G5"), "read policy, offices and duties",
        [Principal, ExecutiveSecretary, AcademicAffairs, Registrar, CurriculumOffice, ItOffice, Auditor, Teacher, HomeroomTeacher, Student];
    /// To keep students' basic data (A.1).
    KeepBasicData = "keep-basic-data", const clause("A.1"), "keep students' basic data",
        [Registrar];
    /// To record that a student graduates, leaves or comes back (§5).
    ChangeStatus = "change-status", const clause("§5"), "record that a student graduates, leaves or comes back",
        [Registrar];
    /// To import a roster (R12).
    ImportRoster = "import-roster", const clause("R12"), "import a roster",
        [Registrar];
    /// To keep courses, their teachers and course selections (A.8).
    KeepCourses = "keep-courses", const clause("A.8"), "keep courses, their teachers and course selections",
        [CurriculumOffice, Registrar];
    /// To read students' basic data (A.1).
    ReadRecords = "read-records", const clause("A.1"), "read students' basic data",
        [Registrar, AcademicAffairs, CurriculumOffice, Student];
    /// To upload course learning outcomes (A.11).
    UploadOutcome = "upload-outcome", const clause("A.11"), "upload course learning outcomes",
        [Student];
    /// To upload diverse performances (A.12).
    UploadPerformance = "upload-performance", const clause("A.12"), "upload diverse performances",
        [Student];
    /// To send, hand in and take back a work's file (U4).
    UploadFile = "upload-file", const clause("U4"), "send, hand in and take back a work's file",
        [Student];
    /// To read a work's file (U4).
    ReadFile = "read-file", const clause("U4"), "read a work's file",
        [Student, Teacher, Registrar, AcademicAffairs];
    /// To certify, return or revoke (§4.3.2).
    CertifyWork = "certify-work", const clause("§4.3.2"), "certify, return or revoke",
        [Teacher];
    /// To select works for submission (§4.3.3).
    SelectWorks = "select-works", const clause("§4.3.3"), "select works for submission",
        [Student];
    /// To read a student's portfolio (V1).
    ReadPortfolio = "read-portfolio", const clause("V1"), "read a student's portfolio",
        [Student, Registrar, AcademicAffairs];
    /// To follow a class's progress (A.12).
    FollowClass = "follow-class", const clause("A.12"), "follow a class's progress",
        [HomeroomTeacher, Registrar, AcademicAffairs];
    /// To read one's own worklist (C4).
    ReadWorklist = "read-worklist", const clause("C4"), "read one's own worklist",
        [Teacher];
    /// To prepare and check a batch for the central database (S3).
    PrepareBatch = "prepare-batch", const clause("S3"), "prepare and check a batch for the central database",
        [Registrar];
    /// To approve a batch, which is sent then (S3).
    ApproveBatch = "approve-batch", const clause("S3"), "approve a batch for the central database",
        [AcademicAffairs, ExecutiveSecretary];
    /// To follow a batch and its discrepancies (S4).
    ReadBatch = "read-batch", const clause("S4"), "follow a batch and its discrepancies",
        [Registrar, AcademicAffairs, ExecutiveSecretary];
    /// To read, confirm or dispute one's receipt (收訖明細, §8.3).
    ConfirmReceipt = "confirm-receipt", const clause("§8.3"), "read, confirm or dispute one's receipt",
        [Student];
    /// To answer disputes of receipts (§8.3).
    AnswerDispute = "answer-dispute", const clause("§8.3"), "answer disputes of receipts",
        [Registrar];
    /// To send receipts by letter to students who left (S6).
    KeepLetters = "keep-letters", const clause("S6"), "send receipts by letter to students who left",
        [Registrar];
    /// To ask to read a sealed portfolio (A5).
    RequestAccess = "request-access", const clause("A5"), "ask to read a sealed portfolio",
        [Student, Registrar, AcademicAffairs, GuidanceOffice];
    /// To let others read a sealed portfolio (A5).
    GrantAccess = "grant-access", const clause("A5"), "let others read a sealed portfolio",
        [AcademicAffairs, Principal];
    /// To request the erasure of a graduate's data (§10).
    RequestErasure = "request-erasure", const clause("§10"), "request the erasure of a graduate's data",
        [Registrar];
    /// To approve an erasure (A2).
    ApproveErasure = "approve-erasure", const clause("A2"), "approve an erasure",
        [Principal];
    /// To cancel an erasure (A2).
    CancelErasure = "cancel-erasure", const clause("A2"), "cancel an erasure",
        [Registrar, Principal];
    /// To place and release legal holds (A2).
    HoldErasure = "hold-erasure", const clause("A2"), "place and release legal holds",
        [Principal, ExecutiveSecretary];
    /// To read what the archive holds (A1).
    ReadArchive = "read-archive", const clause("A1"), "read what the archive holds",
        [Registrar, Principal, AcademicAffairs, ExecutiveSecretary, Auditor];
    /// To read, replay and verify the ledger (T2).
    AuditLedger = "audit-ledger", const clause("T2"), "read, replay and verify the ledger",
        [Auditor, Principal, ItOffice];
}

/// The text names no office, or no duty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown name; known are {0}")]
pub struct UnknownName(String);

impl Office {
    /// Every office.
    pub const ALL: [Self; 17] = [
        Self::Principal,
        Self::ExecutiveSecretary,
        Self::AcademicAffairs,
        Self::Registrar,
        Self::CurriculumOffice,
        Self::StudentAffairs,
        Self::StudentActivities,
        Self::ClubOffice,
        Self::DisciplineOffice,
        Self::GuidanceOffice,
        Self::CourseCounsellor,
        Self::Library,
        Self::ItOffice,
        Self::Auditor,
        Self::HomeroomTeacher,
        Self::Teacher,
        Self::Student,
    ];

    /// Its name in events and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::ExecutiveSecretary => "executive-secretary",
            Self::AcademicAffairs => "academic-affairs",
            Self::Registrar => "registrar",
            Self::CurriculumOffice => "curriculum-office",
            Self::StudentAffairs => "student-affairs",
            Self::StudentActivities => "student-activities",
            Self::ClubOffice => "club-office",
            Self::DisciplineOffice => "discipline-office",
            Self::GuidanceOffice => "guidance-office",
            Self::CourseCounsellor => "course-counsellor",
            Self::Library => "library",
            Self::ItOffice => "it-office",
            Self::Auditor => "auditor",
            Self::HomeroomTeacher => "homeroom-teacher",
            Self::Teacher => "teacher",
            Self::Student => "student",
        }
    }

    /// Its name in the regulation.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Principal => "校長",
            Self::ExecutiveSecretary => "執行秘書（教務主任）",
            Self::AcademicAffairs => "教務處",
            Self::Registrar => "註冊組",
            Self::CurriculumOffice => "教學組",
            Self::StudentAffairs => "學務處",
            Self::StudentActivities => "訓育組",
            Self::ClubOffice => "社團組",
            Self::DisciplineOffice => "生輔組",
            Self::GuidanceOffice => "輔導處",
            Self::CourseCounsellor => "課程諮詢教師",
            Self::Library => "圖書館",
            Self::ItOffice => "資訊媒體組",
            Self::Auditor => "稽核",
            Self::HomeroomTeacher => "導師",
            Self::Teacher => "任課教師",
            Self::Student => "學生",
        }
    }

    /// Whether it is held by relation to a class, course or work and not by a seat.
    pub const fn by_relation(self) -> bool {
        matches!(self, Self::Student | Self::Teacher | Self::HomeroomTeacher)
    }
}

impl fmt::Display for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Office {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|office| office.name() == text);
        found.ok_or_else(|| UnknownName(Self::ALL.map(Self::name).join(", ")))
    }
}

impl FromStr for Duty {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|duty| duty.name() == text);
        found.ok_or_else(|| {
            UnknownName(Self::ALL.iter().map(|duty| duty.name()).collect::<Vec<_>>().join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_are_what_events_hold() {
        for office in Office::ALL {
            assert_eq!(office.name().parse(), Ok(office));
            assert_eq!(serde_json::to_value(office).unwrap(), office.name());
        }
        for duty in Duty::ALL {
            assert_eq!(duty.name().parse(), Ok(*duty));
            assert_eq!(serde_json::to_value(duty).unwrap(), duty.name());
            assert!(!duty.default_offices().is_empty());
        }
    }
}
