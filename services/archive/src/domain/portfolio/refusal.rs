use events::HoldScope;
use kernel::{Clause, Instant, Kind, clause};

/// Who reads what is sealed.
const ACCESS: Clause = clause("A5");
/// How long a graduate's data is kept.
const RETENTION: Clause = clause("§10");
/// The years of §10: from graduation, whole ones.
pub const RETENTION_YEARS: u8 = 3;
/// How an erasure goes.
const ERASURE: Clause = clause("A2");

/// Why a portfolio is not to be read, or not erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It isn't sealed: no access to it is granted.
    NotSealed,
    /// It is erased, or about to be.
    Erased,
    /// A student asks for another's.
    AnothersPortfolio,
    /// The reader has no request that waits.
    AccessNotRequested,
    /// The reader is who would grant it.
    AccessToOneself,
    /// The grant would be over before it began.
    AccessUntilPast {
        /// Until when it was to be.
        until: Instant,
        /// When it was asked.
        now: Instant,
    },
    /// The grant would last longer than may be.
    AccessTooLong {
        /// Until when it was to be.
        until: Instant,
        /// Until when it may be.
        most: Instant,
    },
    /// It isn't sealed: there is no date from which on it may be erased.
    NothingSealed,
    /// Before the date in the seal.
    TooEarly {
        /// The date in the seal.
        until: Instant,
        /// When it was asked.
        now: Instant,
    },
    /// Nobody has requested its erasure.
    ErasureNotRequested,
    /// Who approves is who requested.
    ApprovedByWhoRequested,
    /// Nobody has approved its erasure.
    ErasureNotApproved,
    /// The days in which the erasure can be cancelled aren't over.
    ErasureNotDue {
        /// When they are.
        starts: Instant,
    },
    /// A hold stands.
    Held {
        /// What it holds.
        scope: HoldScope,
    },
    /// The erasure has started, and can't be stopped.
    ErasureBegun,
}

impl kernel::Refusal for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::AnothersPortfolio | Self::AccessToOneself | Self::ApprovedByWhoRequested => {
                Kind::PermissionDenied
            }
            Self::NotSealed
            | Self::Erased
            | Self::AccessNotRequested
            | Self::AccessUntilPast { .. }
            | Self::AccessTooLong { .. }
            | Self::NothingSealed
            | Self::TooEarly { .. }
            | Self::ErasureNotRequested
            | Self::ErasureNotApproved
            | Self::ErasureNotDue { .. }
            | Self::Held { .. }
            | Self::ErasureBegun => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotSealed => "ACCESS_NOT_SEALED",
            Self::Erased => "ACCESS_ERASED",
            Self::AnothersPortfolio => "ACCESS_OF_ANOTHER",
            Self::AccessNotRequested => "ACCESS_NOT_REQUESTED",
            Self::AccessToOneself => "ACCESS_TO_ONESELF",
            Self::AccessUntilPast { .. } => "ACCESS_UNTIL_PAST",
            Self::AccessTooLong { .. } => "ACCESS_TOO_LONG",
            Self::NothingSealed => "ERASURE_NOT_SEALED",
            Self::TooEarly { .. } => "ERASURE_TOO_EARLY",
            Self::ErasureNotRequested => "ERASURE_NOT_REQUESTED",
            Self::ApprovedByWhoRequested => "ERASURE_BY_WHO_REQUESTED",
            Self::ErasureNotApproved => "ERASURE_NOT_APPROVED",
            Self::ErasureNotDue { .. } => "ERASURE_NOT_DUE",
            Self::Held { .. } => "ERASURE_HELD",
            Self::ErasureBegun => "ERASURE_BEGUN",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::NotSealed
            | Self::Erased
            | Self::AnothersPortfolio
            | Self::AccessNotRequested
            | Self::AccessToOneself
            | Self::AccessUntilPast { .. }
            | Self::AccessTooLong { .. } => ACCESS,
            Self::NothingSealed | Self::TooEarly { .. } => RETENTION,
            Self::ErasureNotRequested
            | Self::ApprovedByWhoRequested
            | Self::ErasureNotApproved
            | Self::ErasureNotDue { .. }
            | Self::Held { .. }
            | Self::ErasureBegun => ERASURE,
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NotSealed => {
                "the portfolio is not sealed; until the student graduates it is read in the usual way".into()
            }
            Self::Erased => "the portfolio is erased; nothing of it can be read any more".into(),
            Self::AnothersPortfolio => "a student asks for their own portfolio alone".into(),
            Self::AccessNotRequested => {
                "the reader has no request that waits; it must be requested first".into()
            }
            Self::AccessToOneself => {
                "who grants is another person than who reads; ask somebody else who may grant it".into()
            }
            Self::AccessUntilPast { until, now } => {
                format!("the grant would end at {until}; it is {now}: choose a later end")
            }
            Self::AccessTooLong { until, most } => {
                format!("the grant would end at {until}; it may last 30 days, until {most}")
            }
            Self::NothingSealed => {
                "the portfolio is not sealed; only a graduate's portfolio is erased, three years after".into()
            }
            Self::TooEarly { until, now } => {
                format!("the portfolio is kept until {until}; it is {now}: request its erasure then")
            }
            Self::ErasureNotRequested => "nobody has requested the erasure; the registrar requests it".into(),
            Self::ApprovedByWhoRequested => {
                "who approves an erasure is another person than who requested it".into()
            }
            Self::ErasureNotApproved => "the erasure is not approved; the principal approves it".into(),
            Self::ErasureNotDue { starts } => format!("the erasure starts at {starts}, not before"),
            Self::Held { scope } => {
                format!("a legal hold on the {} stops the erasure until it is released", english(*scope))
            }
            Self::ErasureBegun => "the erasure has started; nothing can stop or repeat it".into(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::NotSealed => "此學習歷程檔案尚未封存，學生畢業前依一般方式調閱。".into(),
            Self::Erased => "此學習歷程檔案已刪除，無法再調閱。".into(),
            Self::AnothersPortfolio => "學生僅得申請調閱自己的學習歷程檔案。".into(),
            Self::AccessNotRequested => "查無待核之調閱申請，請先提出申請。".into(),
            Self::AccessToOneself => "核准人與調閱人不得為同一人，請由其他有權人員核准。".into(),
            Self::AccessUntilPast { until, now } => {
                format!("調閱期限 {until} 已過，現在是 {now}，請改訂期限。")
            }
            Self::AccessTooLong { most, .. } => format!("調閱期限至多三十日，最遲至 {most}。"),
            Self::NothingSealed => "此學習歷程檔案尚未封存，畢業封存三年後始得刪除。".into(),
            Self::TooEarly { until, now } => {
                format!("此學習歷程檔案保存至 {until}，現在是 {now}，期滿後始得申請刪除。")
            }
            Self::ErasureNotRequested => "尚無刪除申請，請由註冊組提出申請。".into(),
            Self::ApprovedByWhoRequested => "刪除之核准人與申請人不得為同一人。".into(),
            Self::ErasureNotApproved => "刪除申請尚未核准，請由校長核准。".into(),
            Self::ErasureNotDue { starts } => format!("刪除將於 {starts} 開始執行。"),
            Self::Held { scope } => format!("{}受法定保留，解除前不得刪除。", chinese(*scope)),
            Self::ErasureBegun => "刪除已開始執行，無法停止或重複申請。".into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::AccessUntilPast { until, now } | Self::TooEarly { until, now } => {
                vec![("until", until.to_string()), ("now", now.to_string())]
            }
            Self::AccessTooLong { most, .. } => vec![("most", most.to_string())],
            Self::ErasureNotDue { starts } => vec![("starts", starts.to_string())],
            Self::Held { scope } => vec![("scope", english(*scope).to_owned())],
            Self::NotSealed
            | Self::Erased
            | Self::AnothersPortfolio
            | Self::AccessNotRequested
            | Self::AccessToOneself
            | Self::NothingSealed
            | Self::ErasureNotRequested
            | Self::ApprovedByWhoRequested
            | Self::ErasureNotApproved
            | Self::ErasureBegun => Vec::new(),
        }
    }
}

const fn english(scope: HoldScope) -> &'static str {
    match scope {
        HoldScope::Student { .. } => "student",
        HoldScope::Class { .. } => "class",
        HoldScope::School => "school",
    }
}

const fn chinese(scope: HoldScope) -> &'static str {
    match scope {
        HoldScope::Student { .. } => "該生",
        HoldScope::Class { .. } => "該生最後就讀之班級",
        HoldScope::School => "全校",
    }
}
