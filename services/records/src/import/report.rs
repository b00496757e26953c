//! What is told of each row.

use kernel::Refusal;
use proto::records::v1::import_roster_response::Part;
use proto::records::v1::{ImportRosterResponse, ImportRow, ImportSummary, RowVerdict};
use tokio::sync::mpsc;
use tonic::Status;
use uuid::Uuid;

use super::run::Stop;
use crate::roster::{Place, RowFault, Standing};

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted(Uuid),
    Unchanged(Option<Uuid>),
    Refused(RowFault),
    Skipped(String),
}

impl Verdict {
    /// Where a row stands after it has been taken: what hangs on it is judged by that.
    pub(super) fn standing<T>(&self, good: impl FnOnce() -> T) -> Standing<T> {
        match self {
            Self::Accepted(_) | Self::Unchanged(_) => Standing::Good(good()),
            Self::Refused(fault) => Standing::Refused(fault.clone()),
            Self::Skipped(because_of) => Standing::Skipped(because_of.clone()),
        }
    }

    /// The verdict of a row that can't be taken.
    pub(super) fn of_bad<T>(standing: Standing<T>) -> Result<T, Self> {
        match standing {
            Standing::Good(good) => Ok(good),
            Standing::Refused(fault) => Err(Self::Refused(fault)),
            Standing::Skipped(because_of) => Err(Self::Skipped(because_of)),
        }
    }

    /// The verdict of a row with several commands: refused if one is, accepted if one is.
    pub(super) fn and(self, next: Self) -> Self {
        match (&self, &next) {
            (Self::Refused(_) | Self::Skipped(_), _) => self,
            (_, Self::Refused(_) | Self::Skipped(_)) => next,
            (Self::Unchanged(_), Self::Accepted(_)) => next,
            (Self::Accepted(_), _) | (Self::Unchanged(_), Self::Unchanged(_)) => self,
        }
    }
}

/// A rule's refusal of a row; the column at fault is the one that holds the field.
pub(super) fn refused(refusal: &dyn Refusal) -> Verdict {
    let metadata = refusal.metadata();
    let field = metadata.iter().find(|(name, _)| *name == "field").map(|(_, field)| match field.as_str() {
        "roster_id" => "sourcedId",
        "number" => "identifier",
        "identity_number" => "userIds",
        "teacher_id" => "userSourcedId",
        _ => "username",
    });
    let problem = format!("{} ({})", refusal.english(), refusal.reason());
    let fault = RowFault { field: String::new(), problem, clause: Some(refusal.clause()) };
    Verdict::Refused(RowFault { field: field.unwrap_or_default().to_owned(), ..fault })
}

/// Tells of rows, and counts them.
pub(super) struct Report {
    answers: mpsc::Sender<Result<ImportRosterResponse, Status>>,
    done: u64,
    all: u64,
    summary: ImportSummary,
}

impl Report {
    pub(super) fn new(answers: mpsc::Sender<Result<ImportRosterResponse, Status>>, all: usize) -> Self {
        let all = u64::try_from(all).unwrap_or(u64::MAX);
        Self { answers, done: 0, all, summary: ImportSummary::default() }
    }

    /// Tells of a row.
    pub(super) async fn row(&mut self, place: &Place, verdict: &Verdict) -> Result<(), Stop> {
        self.done += 1;
        let mut row = ImportRow {
            file: place.file.name().to_owned(),
            line: place.line,
            sourced_id: place.sourced_id.clone(),
            rows_done: self.done,
            rows_of_all: self.all,
            ..ImportRow::default()
        };
        let (verdict, count) = match verdict {
            Verdict::Accepted(id) => {
                row.id = id.to_string();
                (RowVerdict::Accepted, &mut self.summary.accepted)
            }
            Verdict::Unchanged(id) => {
                row.id = id.map(|id| id.to_string()).unwrap_or_default();
                (RowVerdict::Unchanged, &mut self.summary.unchanged)
            }
            Verdict::Refused(fault) => {
                row.reason = fault.reason();
                row.clause = fault.clause.map(|clause| clause.id().to_owned()).unwrap_or_default();
                row.field = fault.field.clone();
                (RowVerdict::Refused, &mut self.summary.refused)
            }
            Verdict::Skipped(because_of) => {
                row.reason = format!("hangs on a refused row: {because_of}");
                row.because_of = because_of.clone();
                (RowVerdict::Skipped, &mut self.summary.skipped)
            }
        };
        *count += 1;
        row.set_verdict(verdict);
        self.tell(Part::Row(row)).await
    }

    /// Tells that all is done, with the position after the last row.
    pub(super) async fn end(mut self, position: u64) -> Result<(), Stop> {
        self.summary.position = position;
        let summary = self.summary;
        self.tell(Part::Summary(summary)).await
    }

    async fn tell(&self, part: Part) -> Result<(), Stop> {
        let answer = ImportRosterResponse { part: Some(part) };
        self.answers.send(Ok(answer)).await.map_err(|_| Stop::NobodyListens)
    }
}
