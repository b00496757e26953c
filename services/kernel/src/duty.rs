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

/// A task (職責): what a command needs its caller to be allowed. Which office has it is the ledger's own data;
/// Annex 1 of the regulation is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// To seat a person in an office (G5).
    AssignOffice,
    /// To give a task to an office (G5).
    AssignDuty,
    /// To adopt a policy (G3).
    AdoptPolicy,
    /// To read policy, offices and duties (G5).
    ReadGovernance,
    /// To keep students' basic data (A.1).
    KeepBasicData,
    /// To import a roster (R12).
    ImportRoster,
    /// To keep courses, their teachers and course selections (A.8).
    KeepCourses,
    /// To read students' basic data (A.1).
    ReadRecords,
    /// To upload course learning outcomes (A.11).
    UploadOutcome,
    /// To upload diverse performances (A.12).
    UploadPerformance,
    /// To send, hand in and take back a work's file (U4).
    UploadFile,
    /// To read a work's file (U4).
    ReadFile,
    /// To certify, return or revoke (§4.3.2).
    CertifyWork,
    /// To select works for submission (§4.3.3).
    SelectWorks,
    /// To read a student's portfolio (V1).
    ReadPortfolio,
    /// To follow a class's progress (A.12).
    FollowClass,
    /// To read one's own worklist (C4).
    ReadWorklist,
    /// To read, replay and verify the ledger (T2).
    AuditLedger,
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

impl Duty {
    /// Every duty.
    pub const ALL: [Self; 18] = [
        Self::AssignOffice,
        Self::AssignDuty,
        Self::AdoptPolicy,
        Self::ReadGovernance,
        Self::KeepBasicData,
        Self::ImportRoster,
        Self::KeepCourses,
        Self::ReadRecords,
        Self::UploadOutcome,
        Self::UploadPerformance,
        Self::UploadFile,
        Self::ReadFile,
        Self::CertifyWork,
        Self::SelectWorks,
        Self::ReadPortfolio,
        Self::FollowClass,
        Self::ReadWorklist,
        Self::AuditLedger,
    ];

    /// Its name in events and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AssignOffice => "assign-office",
            Self::AssignDuty => "assign-duty",
            Self::AdoptPolicy => "adopt-policy",
            Self::ReadGovernance => "read-governance",
            Self::KeepBasicData => "keep-basic-data",
            Self::ImportRoster => "import-roster",
            Self::KeepCourses => "keep-courses",
            Self::ReadRecords => "read-records",
            Self::UploadOutcome => "upload-outcome",
            Self::UploadPerformance => "upload-performance",
            Self::UploadFile => "upload-file",
            Self::ReadFile => "read-file",
            Self::CertifyWork => "certify-work",
            Self::SelectWorks => "select-works",
            Self::ReadPortfolio => "read-portfolio",
            Self::FollowClass => "follow-class",
            Self::ReadWorklist => "read-worklist",
            Self::AuditLedger => "audit-ledger",
        }
    }

    /// The clause that it comes from.
    pub const fn clause(self) -> Clause {
        match self {
            Self::AssignOffice => const { clause("G5") },
            Self::AssignDuty => const { clause("G5") },
            Self::AdoptPolicy => const { clause("G3") },
            Self::ReadGovernance => const { clause("G5") },
            Self::KeepBasicData => const { clause("A.1") },
            Self::ImportRoster => const { clause("R12") },
            Self::KeepCourses => const { clause("A.8") },
            Self::ReadRecords => const { clause("A.1") },
            Self::UploadOutcome => const { clause("A.11") },
            Self::UploadPerformance => const { clause("A.12") },
            Self::UploadFile => const { clause("U4") },
            Self::ReadFile => const { clause("U4") },
            Self::CertifyWork => const { clause("§4.3.2") },
            Self::SelectWorks => const { clause("§4.3.3") },
            Self::ReadPortfolio => const { clause("V1") },
            Self::FollowClass => const { clause("A.12") },
            Self::ReadWorklist => const { clause("C4") },
            Self::AuditLedger => const { clause("T2") },
        }
    }

    /// What it is to do.
    pub const fn text(self) -> &'static str {
        match self {
            Self::AssignOffice => "seat a person in an office",
            Self::AssignDuty => "give a task to an office",
            Self::AdoptPolicy => "adopt a policy",
            Self::ReadGovernance => "read policy, offices and duties",
            Self::KeepBasicData => "keep students' basic data",
            Self::ImportRoster => "import a roster",
            Self::KeepCourses => "keep courses, their teachers and course selections",
            Self::ReadRecords => "read students' basic data",
            Self::UploadOutcome => "upload course learning outcomes",
            Self::UploadPerformance => "upload diverse performances",
            Self::UploadFile => "send, hand in and take back a work's file",
            Self::ReadFile => "read a work's file",
            Self::CertifyWork => "certify, return or revoke",
            Self::SelectWorks => "select works for submission",
            Self::ReadPortfolio => "read a student's portfolio",
            Self::FollowClass => "follow a class's progress",
            Self::ReadWorklist => "read one's own worklist",
            Self::AuditLedger => "read, replay and verify the ledger",
        }
    }

    /// The offices that have it by Annex 1, until the school assigns it otherwise.
    pub const fn default_offices(self) -> &'static [Office] {
        match self {
            Self::AssignOffice => &[Office::Principal],
            Self::AssignDuty => &[Office::Principal],
            Self::AdoptPolicy => &[Office::ExecutiveSecretary, Office::Principal],
            Self::ReadGovernance => &[
                Office::Principal,
                Office::ExecutiveSecretary,
                Office::AcademicAffairs,
                Office::Registrar,
                Office::CurriculumOffice,
                Office::ItOffice,
                Office::Auditor,
                Office::Teacher,
                Office::HomeroomTeacher,
                Office::Student,
            ],
            Self::KeepBasicData => &[Office::Registrar],
            Self::ImportRoster => &[Office::Registrar],
            Self::KeepCourses => &[Office::CurriculumOffice, Office::Registrar],
            Self::ReadRecords => {
                &[Office::Registrar, Office::AcademicAffairs, Office::CurriculumOffice, Office::Student]
            }
            Self::UploadOutcome => &[Office::Student],
            Self::UploadPerformance => &[Office::Student],
            Self::UploadFile => &[Office::Student],
            Self::ReadFile => &[Office::Student, Office::Teacher, Office::Registrar, Office::AcademicAffairs],
            Self::CertifyWork => &[Office::Teacher],
            Self::SelectWorks => &[Office::Student],
            Self::ReadPortfolio => &[Office::Student, Office::Registrar, Office::AcademicAffairs],
            Self::FollowClass => &[Office::HomeroomTeacher, Office::Registrar, Office::AcademicAffairs],
            Self::ReadWorklist => &[Office::Teacher],
            Self::AuditLedger => &[Office::Auditor, Office::Principal, Office::ItOffice],
        }
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
        let found = Self::ALL.into_iter().find(|duty| duty.name() == text);
        found.ok_or_else(|| UnknownName(Self::ALL.map(Self::name).join(", ")))
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
            assert_eq!(duty.name().parse(), Ok(duty));
            assert_eq!(serde_json::to_value(duty).unwrap(), duty.name());
            assert!(!duty.default_offices().is_empty());
        }
    }
}
