use events::WorkKind;
use kernel::{Clause, Instant, Kind, SchoolYear, Semester, Window, clause};

use super::FileFault;

/// Students upload outcomes of each semester within the window.
const OUTCOMES: Clause = clause("A.11");
/// Students upload performances within the window.
const PERFORMANCES: Clause = clause("A.12");
/// How many outcomes in a semester.
const OUTCOMES_COUNT: Clause = clause("§4.3.1");
/// How many performances in a school year.
const PERFORMANCES_COUNT: Clause = clause("§4.4.1");
/// A policy says when and how many.
const POLICY: Clause = clause("G3");
/// An outcome is of a course that was taken.
const TAKEN: Clause = clause("U1");
/// What a file must be, and by when.
const FILES: Clause = clause("U4");
/// A work is taken back before it is certified.
const TAKING_BACK: Clause = clause("U6");
/// Who has left or graduated uploads no more (學籍異動).
const STATUS: Clause = clause("§5");

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A semester's outcomes.
    Outcomes(Semester),
    /// A school year's performances.
    Performances(SchoolYear),
}

/// Why a work is not begun, handed in or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The student has graduated or left.
    NotEnrolled,
    /// There is no such course.
    UnknownCourse,
    /// The student doesn't take the course.
    CourseNotTaken,
    /// No policy in force says when these are uploaded.
    NoPolicy {
        /// Of which works.
        of: Of,
    },
    /// Outside the window.
    WindowClosed {
        /// Of which works.
        of: Of,
        /// The window.
        window: Window,
        /// When it was asked.
        now: Instant,
    },
    /// As many as the policy allows are there.
    Full {
        /// Of which works.
        of: Of,
        /// How many the policy allows.
        cap: u16,
    },
    /// The file is none that is taken.
    File(FileFault),
    /// The student has no such work in that school year.
    UnknownWork,
    /// Segments are missing.
    Incomplete {
        /// Which.
        missing: Vec<u32>,
    },
    /// The time to finish it is over.
    Lapsed {
        /// Since when.
        until: Instant,
    },
    /// It is handed in.
    HandedIn,
    /// It was taken back.
    Withdrawn,
    /// It is certified, and stays.
    Certified,
    /// It is locked for submission, and stays.
    Locked,
}

impl From<WorkKind> for Of {
    fn from(kind: WorkKind) -> Self {
        match kind {
            WorkKind::Outcome { semester, .. } => Self::Outcomes(semester),
            WorkKind::Performance { year, .. } => Self::Performances(year),
        }
    }
}

impl Of {
    fn english(self) -> String {
        match self {
            Self::Outcomes(semester) => format!("course learning outcomes of {semester}"),
            Self::Performances(year) => format!("diverse performances of {year}"),
        }
    }

    fn chinese(self) -> String {
        match self {
            Self::Outcomes(semester) => format!("{semester} 學期課程學習成果"),
            Self::Performances(year) => format!("{year} 學年度多元表現"),
        }
    }

    /// One for outcomes, another for performances.
    const fn either<T: Copy>(self, outcomes: T, performances: T) -> T {
        match self {
            Self::Outcomes(_) => outcomes,
            Self::Performances(_) => performances,
        }
    }
}

impl kernel::Refusal for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownCourse | Self::UnknownWork => Kind::NotFound,
            Self::NotEnrolled
            | Self::CourseNotTaken
            | Self::NoPolicy { .. }
            | Self::WindowClosed { .. }
            | Self::Full { .. }
            | Self::File(_)
            | Self::Incomplete { .. }
            | Self::Lapsed { .. }
            | Self::HandedIn
            | Self::Withdrawn
            | Self::Certified
            | Self::Locked => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotEnrolled => "UPLOAD_NOT_ENROLLED",
            Self::UnknownCourse => "UPLOAD_COURSE_UNKNOWN",
            Self::CourseNotTaken => "UPLOAD_COURSE_NOT_TAKEN",
            Self::NoPolicy { .. } => "UPLOAD_WITHOUT_POLICY",
            Self::WindowClosed { of, .. } => {
                of.either("OUTCOME_UPLOAD_WINDOW_CLOSED", "PERFORMANCE_UPLOAD_WINDOW_CLOSED")
            }
            Self::Full { of, .. } => of.either("OUTCOMES_FULL", "PERFORMANCES_FULL"),
            Self::File(fault) => fault.reason(),
            Self::UnknownWork => "UPLOAD_WORK_UNKNOWN",
            Self::Incomplete { .. } => "UPLOAD_INCOMPLETE",
            Self::Lapsed { .. } => "UPLOAD_TIME_OVER",
            Self::HandedIn => "WORK_HANDED_IN",
            Self::Withdrawn => "WORK_WITHDRAWN",
            Self::Certified => "WORK_CERTIFIED",
            Self::Locked => "WORK_LOCKED",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::NotEnrolled => STATUS,
            Self::UnknownCourse => OUTCOMES,
            Self::CourseNotTaken => TAKEN,
            Self::NoPolicy { .. } => POLICY,
            Self::WindowClosed { of, .. } => of.either(OUTCOMES, PERFORMANCES),
            Self::Full { of, .. } => of.either(OUTCOMES_COUNT, PERFORMANCES_COUNT),
            Self::File(_)
            | Self::UnknownWork
            | Self::Incomplete { .. }
            | Self::Lapsed { .. }
            | Self::HandedIn => FILES,
            Self::Withdrawn | Self::Certified | Self::Locked => TAKING_BACK,
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NotEnrolled => {
                "who has graduated or left uploads no more; what is there can still be read, and the registrar \
                 records who comes back"
                    .into()
            }
            Self::UnknownCourse => "there is no such course; take its id from your courses".into(),
            Self::CourseNotTaken => {
                "an outcome is of a course that you take; the curriculum office keeps who takes what".into()
            }
            Self::NoPolicy { of } => {
                format!(
                    "no policy in force says when {} are uploaded; it must be adopted first",
                    of.english()
                )
            }
            Self::WindowClosed { of, window, now } => format!(
                "{} are uploaded from {} until {}; it is {now}",
                of.english(),
                window.from,
                window.until
            ),
            Self::Full { of, cap } => {
                format!("of {} you may upload {cap}, and you have; take one back first", of.english())
            }
            Self::File(fault) => fault.english().into(),
            Self::UnknownWork => "you have no such work in that school year; check id and year".into(),
            Self::Incomplete { missing } => {
                format!("{} of the file's segments are missing; send them and finish again", missing.len())
            }
            Self::Lapsed { until } => {
                format!("the time to finish this upload ended at {until}; begin it again within the window")
            }
            Self::HandedIn => "the work is handed in; to change it, take it back and begin again".into(),
            Self::Withdrawn => "you took the work back; begin it again".into(),
            Self::Certified => {
                "the work is certified and can't be taken back; its teacher may revoke that".into()
            }
            Self::Locked => {
                "the work is locked for the central database and can't be taken back; ask the registrar".into()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::NotEnrolled => "已畢業或離校者不得再上傳；既有資料仍可查閱，復學請洽註冊組登錄。".into(),
            Self::UnknownCourse => "查無此課程，請由您的修課清單取得代碼。".into(),
            Self::CourseNotTaken => "課程學習成果須為您修習之課程；修課名單由教學組維護。".into(),
            Self::NoPolicy { of } => format!("{}尚無上傳期間之規定，請先訂定。", of.chinese()),
            Self::WindowClosed { of, window, now } => {
                format!("{}上傳期間為 {} 至 {}，現在是 {now}。", of.chinese(), window.from, window.until)
            }
            Self::Full { of, cap } => {
                format!("{}至多上傳 {cap} 件，已達上限，請先撤回一件。", of.chinese())
            }
            Self::File(fault) => fault.chinese().into(),
            Self::UnknownWork => "您在該學年度沒有此件作品，請確認代碼與學年度。".into(),
            Self::Incomplete { missing } => {
                format!("檔案尚缺 {} 段，請補送後再完成上傳。", missing.len())
            }
            Self::Lapsed { until } => format!("此次上傳已於 {until} 逾時，請於期間內重新開始。"),
            Self::HandedIn => "此件作品已上傳完成；如需更換，請先撤回再重新上傳。".into(),
            Self::Withdrawn => "此件作品已撤回，請重新開始上傳。".into(),
            Self::Certified => "此件作品已認證，不得撤回；如有誤請洽任課教師撤銷認證。".into(),
            Self::Locked => "此件作品已鎖定並提交中央資料庫，不得撤回，請洽註冊組。".into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoPolicy { of } => vec![("of", of.english())],
            Self::WindowClosed { window, now, .. } => vec![
                ("from", window.from.to_string()),
                ("until", window.until.to_string()),
                ("now", now.to_string()),
            ],
            Self::Full { cap, .. } => vec![("cap", cap.to_string())],
            Self::File(FileFault::DigestDiffers) => vec![("field", "file.sha256".into())],
            Self::Incomplete { missing } => {
                let missing: Vec<_> = missing.iter().map(u32::to_string).collect();
                vec![("missing", missing.join(" "))]
            }
            Self::Lapsed { until } => vec![("until", until.to_string())],
            Self::NotEnrolled
            | Self::UnknownCourse
            | Self::CourseNotTaken
            | Self::File(_)
            | Self::UnknownWork
            | Self::HandedIn
            | Self::Withdrawn
            | Self::Certified
            | Self::Locked => Vec::new(),
        }
    }
}
