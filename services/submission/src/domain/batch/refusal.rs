use kernel::{Clause, Instant, Kind, SchoolYear, clause};

/// The registrar prepares, checks and submits a batch.
const BATCH: Clause = clause("S3");
/// A policy says when selection closes.
const POLICY: Clause = clause("G3");

/// Why a batch doesn't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No policy of that school year is in force.
    NoPolicy {
        /// The school year.
        year: SchoolYear,
    },
    /// Students may still select.
    SelectionOpen {
        /// Until when.
        until: Instant,
    },
    /// A round is under way.
    UnderWay {
        /// The round.
        round: u16,
    },
    /// Nobody selected anything, or nothing has to be sent again.
    NothingToSend {
        /// The school year.
        year: SchoolYear,
    },
    /// No round is prepared.
    NotPrepared {
        /// The school year.
        year: SchoolYear,
    },
    /// Selections are still being locked.
    NotLocked {
        /// The round.
        round: u16,
    },
    /// It hasn't been checked since it was locked.
    NotChecked {
        /// The round.
        round: u16,
    },
    /// The check found what forbids it.
    Blocked {
        /// How much.
        blocking: u32,
    },
}

impl kernel::Refusal for Refusal {
    fn kind(&self) -> Kind {
        Kind::FailedPrecondition
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NoPolicy { .. } => "BATCH_WITHOUT_POLICY",
            Self::SelectionOpen { .. } => "BATCH_TOO_EARLY",
            Self::UnderWay { .. } => "BATCH_UNDER_WAY",
            Self::NothingToSend { .. } => "BATCH_EMPTY",
            Self::NotPrepared { .. } => "BATCH_NOT_PREPARED",
            Self::NotLocked { .. } => "BATCH_NOT_LOCKED",
            Self::NotChecked { .. } => "BATCH_NOT_CHECKED",
            Self::Blocked { .. } => "BATCH_BLOCKED",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::NoPolicy { .. } => POLICY,
            Self::SelectionOpen { .. }
            | Self::UnderWay { .. }
            | Self::NothingToSend { .. }
            | Self::NotPrepared { .. }
            | Self::NotLocked { .. }
            | Self::NotChecked { .. }
            | Self::Blocked { .. } => BATCH,
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NoPolicy { year } => {
                format!("no policy of school year {year} is in force; it must be adopted first")
            }
            Self::SelectionOpen { until } => {
                format!("students select until {until}; prepare the batch after that")
            }
            Self::UnderWay { round } => format!("round {round} is under way; wait for its receipt"),
            Self::NothingToSend { year } => {
                format!(
                    "of school year {year} nothing is selected that hasn't been sent, and nothing is sent again"
                )
            }
            Self::NotPrepared { year } => {
                format!("no batch of school year {year} is prepared; prepare it first")
            }
            Self::NotLocked { round } => {
                format!("the selections of round {round} are still being locked; ask again in a moment")
            }
            Self::NotChecked { round } => format!("round {round} has not been checked; check it first"),
            Self::Blocked { blocking } => {
                format!(
                    "the check found {blocking} files that are damaged; have them restored and check again"
                )
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::NoPolicy { year } => format!("{year} 學年度尚無勾選規定，請先訂定。"),
            Self::SelectionOpen { until } => format!("學生勾選期間至 {until} 止，請於截止後再建立提交批次。"),
            Self::UnderWay { round } => format!("第 {round} 次提交進行中，請待收訖明細。"),
            Self::NothingToSend { year } => format!("{year} 學年度無待提交之資料。"),
            Self::NotPrepared { year } => format!("{year} 學年度尚未建立提交批次，請先建立。"),
            Self::NotLocked { round } => format!("第 {round} 次提交之勾選資料鎖定中，請稍候再試。"),
            Self::NotChecked { round } => format!("第 {round} 次提交尚未預檢，請先預檢。"),
            Self::Blocked { blocking } => format!("預檢發現 {blocking} 個檔案毀損，請復原後重新預檢。"),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoPolicy { year } | Self::NothingToSend { year } | Self::NotPrepared { year } => {
                vec![("year", year.to_string())]
            }
            Self::SelectionOpen { until } => vec![("until", until.to_string())],
            Self::UnderWay { round } | Self::NotLocked { round } | Self::NotChecked { round } => {
                vec![("round", round.to_string())]
            }
            Self::Blocked { blocking } => vec![("blocking", blocking.to_string())],
        }
    }
}
