use kernel::{Clause, Date, Instant, Kind, WorkId, clause};

/// Receipts are confirmed by their students, those who left by letter.
const RECEIPT: Clause = clause("§8.3");
/// Within three days each.
const DAYS: Clause = clause("S5");
/// Letters to who left.
const LETTERS: Clause = clause("S6");

/// Why a receipt is not confirmed, disputed, answered or posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no receipt.
    NotIssued,
    /// A newer one was issued.
    OtherRound {
        /// Its round.
        newest: u16,
    },
    /// The time for it has passed.
    Closed {
        /// When.
        until: Instant,
        /// When it was asked.
        now: Instant,
    },
    /// A dispute is to be answered first.
    InDispute,
    /// Works have to be sent again first.
    Incomplete {
        /// How many.
        wrong: usize,
    },
    /// It is confirmed already.
    Confirmed,
    /// The work isn't in it.
    NotInReceipt {
        /// The work.
        work: WorkId,
    },
    /// There is no dispute to answer.
    NotDisputed,
    /// The student is at the school.
    NotLeft,
    /// No letter was posted.
    NotPosted,
    /// The answer's day is before the letter's.
    AnsweredBeforePosted {
        /// The letter's day.
        posted: Date,
    },
    /// The day is to come.
    InFuture {
        /// Today.
        today: Date,
    },
}

impl kernel::Refusal for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::NotIssued => Kind::NotFound,
            Self::OtherRound { .. }
            | Self::Closed { .. }
            | Self::InDispute
            | Self::Incomplete { .. }
            | Self::Confirmed
            | Self::NotInReceipt { .. }
            | Self::NotDisputed
            | Self::NotLeft
            | Self::NotPosted
            | Self::AnsweredBeforePosted { .. }
            | Self::InFuture { .. } => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotIssued => "RECEIPT_NOT_ISSUED",
            Self::OtherRound { .. } => "RECEIPT_OF_OTHER_ROUND",
            Self::Closed { .. } => "RECEIPT_WINDOW_CLOSED",
            Self::InDispute => "RECEIPT_IN_DISPUTE",
            Self::Incomplete { .. } => "RECEIPT_INCOMPLETE",
            Self::Confirmed => "RECEIPT_CONFIRMED",
            Self::NotInReceipt { .. } => "RECEIPT_WITHOUT_WORK",
            Self::NotDisputed => "RECEIPT_NOT_DISPUTED",
            Self::NotLeft => "LETTER_TO_PRESENT_STUDENT",
            Self::NotPosted => "LETTER_NOT_POSTED",
            Self::AnsweredBeforePosted { .. } => "LETTER_ANSWERED_BEFORE_POSTED",
            Self::InFuture { .. } => "LETTER_IN_FUTURE",
        }
    }

    fn clause(&self) -> Clause {
        match self {
            Self::NotIssued
            | Self::OtherRound { .. }
            | Self::InDispute
            | Self::Incomplete { .. }
            | Self::Confirmed
            | Self::NotInReceipt { .. }
            | Self::NotDisputed => RECEIPT,
            Self::Closed { .. } => DAYS,
            Self::NotLeft | Self::NotPosted | Self::AnsweredBeforePosted { .. } | Self::InFuture { .. } => {
                LETTERS
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::NotIssued => {
                "there is no receipt yet; it comes once the central database has answered".into()
            }
            Self::OtherRound { newest } => {
                format!("a newer receipt was issued, of round {newest}; read it first")
            }
            Self::Closed { until, now } => {
                format!(
                    "the receipt could be confirmed or disputed until {until}; it is {now}; ask the registrar"
                )
            }
            Self::InDispute => "the receipt is disputed; the registrar answers first".into(),
            Self::Incomplete { wrong } => {
                format!("{wrong} works are missing or altered; they are sent again, and a new receipt comes")
            }
            Self::Confirmed => "the receipt is confirmed already".into(),
            Self::NotInReceipt { work } => {
                format!("work {work} is not in the receipt; name works that are, or none")
            }
            Self::NotDisputed => "there is no dispute to answer".into(),
            Self::NotLeft => {
                "the student is at the school and confirms on the platform; letters are for who left".into()
            }
            Self::NotPosted => "no letter was posted; note its posting first".into(),
            Self::AnsweredBeforePosted { posted } => {
                format!("the letter was posted on {posted}; an answer comes after that")
            }
            Self::InFuture { today } => format!("the day is to come; today is {today}"),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::NotIssued => "尚無收訖明細，待中央資料庫回覆後提供。".into(),
            Self::OtherRound { newest } => format!("已有第 {newest} 次提交之新收訖明細，請先閱覽。"),
            Self::Closed { until, now } => {
                format!("收訖明細確認期間至 {until} 止，現在是 {now}，請洽註冊組。")
            }
            Self::InDispute => "收訖明細有疑義處理中，請待註冊組回覆。".into(),
            Self::Incomplete { wrong } => format!("有 {wrong} 件作品缺漏或不符，將重新提交並另發收訖明細。"),
            Self::Confirmed => "收訖明細已確認。".into(),
            Self::NotInReceipt { work } => format!("作品 {work} 不在收訖明細內。"),
            Self::NotDisputed => "無待回覆之疑義。".into(),
            Self::NotLeft => "學生在學，請於平臺確認；紙本郵寄僅適用離校學生。".into(),
            Self::NotPosted => "尚未登錄郵寄，請先登錄。".into(),
            Self::AnsweredBeforePosted { posted } => format!("郵寄日期為 {posted}，回覆日期不得早於該日。"),
            Self::InFuture { today } => format!("日期尚未到，今天是 {today}。"),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::OtherRound { newest } => vec![("newest", newest.to_string())],
            Self::Closed { until, now } => vec![("until", until.to_string()), ("now", now.to_string())],
            Self::Incomplete { wrong } => vec![("wrong", wrong.to_string())],
            Self::NotInReceipt { work } => vec![("work", work.to_string())],
            Self::AnsweredBeforePosted { posted } => vec![("posted", posted.to_string())],
            Self::InFuture { today } => vec![("today", today.to_string())],
            Self::NotIssued
            | Self::InDispute
            | Self::Confirmed
            | Self::NotDisputed
            | Self::NotLeft
            | Self::NotPosted => Vec::new(),
        }
    }
}
