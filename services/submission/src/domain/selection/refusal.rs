use events::PolicyTerms;
use kernel::{Clause, Instant, Kind, SchoolYear, Window, clause};

/// Outcomes: at most six a school year.
const OUTCOMES: Clause = clause("§4.3.3");
/// The national cap of §4.3.3; a policy may only lower it.
const OUTCOMES_MAX: usize = 6;
/// Performances: at most ten a school year.
const PERFORMANCES: Clause = clause("§4.4.2");
/// The national cap of §4.4.2; a policy may only lower it.
const PERFORMANCES_MAX: usize = 10;
/// When outcomes are selected.
const OUTCOMES_WHEN: Clause = clause("A.11");
/// When performances are selected.
const PERFORMANCES_WHEN: Clause = clause("A.12");
/// A batch locks what it submits.
const LOCK: Clause = clause("S3");
/// Who has left or graduated selects no more (學籍異動).
const STATUS: Clause = clause("§5");
/// A policy says how many and when.
const POLICY: Clause = clause("G3");

/// What is selected: each has its own clause and cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Course learning outcomes (課程學習成果).
    Outcomes,
    /// Diverse performances (多元表現).
    Performances,
}

/// Why a work is not selected, or stays selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such work was ever begun.
    UnknownWork {
        /// What was to be selected.
        of: Of,
    },
    /// It is another student's work.
    AnothersWork {
        /// What was to be selected.
        of: Of,
    },
    /// It is a work of the other kind.
    OtherKind {
        /// What was to be selected.
        of: Of,
    },
    /// It counts in another school year.
    OtherYear {
        /// What was to be selected.
        of: Of,
        /// The school year that it counts in.
        year: SchoolYear,
    },
    /// No policy of that school year is in force.
    NoPolicy {
        /// The school year.
        year: SchoolYear,
    },
    /// Outside the window.
    WindowClosed {
        /// What was to be selected, or no longer.
        of: Of,
        /// The window.
        window: Window,
        /// When it was asked.
        now: Instant,
    },
    /// The student has graduated or left.
    NotEnrolled,
    /// A batch has locked the selection.
    Locked {
        /// What was to be selected, or no longer.
        of: Of,
    },
    /// The outcome isn't certified as it is handed in.
    NotCertified,
    /// The performance isn't handed in.
    NotHandedIn,
    /// As many are selected as may be.
    Full {
        /// What was to be selected.
        of: Of,
        /// How many may be.
        cap: usize,
    },
}

impl Of {
    /// How many may be selected in a school year: what the policy says, never more than the national cap.
    pub fn cap(self, terms: &PolicyTerms) -> usize {
        match self {
            Self::Outcomes => usize::from(terms.outcomes_selected_max).min(OUTCOMES_MAX),
            Self::Performances => usize::from(terms.performances_selected_max).min(PERFORMANCES_MAX),
        }
    }

    const fn clause(self) -> Clause {
        match self {
            Self::Outcomes => OUTCOMES,
            Self::Performances => PERFORMANCES,
        }
    }

    const fn when(self) -> Clause {
        match self {
            Self::Outcomes => OUTCOMES_WHEN,
            Self::Performances => PERFORMANCES_WHEN,
        }
    }

    const fn english(self) -> &'static str {
        match self {
            Self::Outcomes => "course learning outcomes",
            Self::Performances => "diverse performances",
        }
    }

    const fn chinese(self) -> &'static str {
        match self {
            Self::Outcomes => "課程學習成果",
            Self::Performances => "多元表現",
        }
    }
}

impl kernel::Refusal for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownWork { .. } => Kind::NotFound,
            Self::AnothersWork { .. } => Kind::PermissionDenied,
            Self::OtherKind { .. }
            | Self::OtherYear { .. }
            | Self::NoPolicy { .. }
            | Self::WindowClosed { .. }
            | Self::NotEnrolled
            | Self::Locked { .. }
            | Self::NotCertified
            | Self::NotHandedIn
            | Self::Full { .. } => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UnknownWork { .. } => "SELECTION_WORK_UNKNOWN",
            Self::AnothersWork { .. } => "SELECTION_OF_ANOTHERS_WORK",
            Self::OtherKind { .. } => "SELECTION_OF_OTHER_KIND",
            Self::OtherYear { .. } => "SELECTION_OF_OTHER_YEAR",
            Self::NoPolicy { .. } => "SELECTION_WITHOUT_POLICY",
            Self::WindowClosed { .. } => "SELECTION_WINDOW_CLOSED",
            Self::NotEnrolled => "SELECTION_NOT_ENROLLED",
            Self::Locked { .. } => "SELECTION_LOCKED",
            Self::NotCertified => "SELECTION_NOT_CERTIFIED",
            Self::NotHandedIn => "SELECTION_NOT_HANDED_IN",
            Self::Full { .. } => "SELECTION_FULL",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::UnknownWork { of }
            | Self::AnothersWork { of }
            | Self::OtherKind { of }
            | Self::OtherYear { of, .. }
            | Self::Full { of, .. } => of.clause(),
            Self::NoPolicy { .. } => POLICY,
            Self::WindowClosed { of, .. } => of.when(),
            Self::NotEnrolled => STATUS,
            Self::Locked { .. } => LOCK,
            Self::NotCertified => OUTCOMES,
            Self::NotHandedIn => PERFORMANCES,
        }
    }

    fn english(&self) -> String {
        match self {
            Self::UnknownWork { .. } => "there is no such work; take its id from the portfolio".into(),
            Self::AnothersWork { .. } => {
                "the work is another student's; only one's own can be selected".into()
            }
            Self::OtherKind { of } => format!("the work is not one of the {}", of.english()),
            Self::OtherYear { year, .. } => format!("the work counts in school year {year}; select it there"),
            Self::NoPolicy { year } => {
                format!("no policy of school year {year} is in force; it must be adopted first")
            }
            Self::WindowClosed { of, window, now } => {
                let (from, until) = (window.from, window.until);
                format!("{} are selected from {from} until {until}; it is {now}", of.english())
            }
            Self::NotEnrolled => {
                "who has graduated or left selects no more, and may un-tick; the registrar records who comes back"
                    .into()
            }
            Self::Locked { of } => {
                format!(
                    "the {} of this year are locked for the central database; ask the registrar",
                    of.english()
                )
            }
            Self::NotCertified => {
                "the outcome is not certified; ask the course's teacher to certify it first".into()
            }
            Self::NotHandedIn => "the performance is not handed in; finish its upload first".into(),
            Self::Full { of, cap } => {
                format!("at most {cap} {} of a school year can be selected; un-tick one first", of.english())
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::UnknownWork { .. } => "查無此件作品，請由學習歷程檔案取得代碼。".into(),
            Self::AnothersWork { .. } => "此件作品屬於其他學生，僅得勾選自己的作品。".into(),
            Self::OtherKind { of } => format!("此件作品不是{}。", of.chinese()),
            Self::OtherYear { year, .. } => format!("此件作品屬於 {year} 學年度，請於該學年度勾選。"),
            Self::NoPolicy { year } => format!("{year} 學年度尚無勾選規定，請先訂定。"),
            Self::WindowClosed { of, window, now } => {
                let (from, until) = (window.from, window.until);
                format!("{}勾選期間為 {from} 至 {until}，現在是 {now}。", of.chinese())
            }
            Self::NotEnrolled => "已畢業或離校者僅得取消勾選；復學請洽註冊組登錄。".into(),
            Self::Locked { of } => format!("本學年度{}已鎖定並提交中央資料庫，請洽註冊組。", of.chinese()),
            Self::NotCertified => "此件課程學習成果未經認證，請先請任課教師認證。".into(),
            Self::NotHandedIn => "此件多元表現尚未完成上傳。".into(),
            Self::Full { of, cap } => {
                format!("每學年至多勾選{} {cap} 件，請先取消其中一件。", of.chinese())
            }
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::OtherYear { year, .. } | Self::NoPolicy { year } => vec![("year", year.to_string())],
            Self::WindowClosed { window, now, .. } => vec![
                ("from", window.from.to_string()),
                ("until", window.until.to_string()),
                ("now", now.to_string()),
            ],
            Self::Full { cap, .. } => vec![("cap", cap.to_string())],
            Self::UnknownWork { .. }
            | Self::AnothersWork { .. }
            | Self::OtherKind { .. }
            | Self::NotEnrolled
            | Self::Locked { .. }
            | Self::NotCertified
            | Self::NotHandedIn => Vec::new(),
        }
    }
}
