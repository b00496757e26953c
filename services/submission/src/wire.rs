use chassis::{Asked, Asks, Call, wire};
use events::Policy;
use kernel::{Malformed, PersonId, SchoolYear};
use proto::submission::v1::{
    GetSelectionResponse, TickOutcomeRequest, TickPerformanceRequest, UntickOutcomeRequest,
    UntickPerformanceRequest,
};

use crate::{Choice, Command, Of, Selection};

pub(crate) mod batches;
pub(crate) mod receipts;

pub(crate) use batches::stream as batch_stream;
pub(crate) use receipts::stream as receipt_stream;

/// A student's selection of a school year.
pub(crate) fn stream(student: PersonId, year: SchoolYear) -> String {
    format!("selection-{student}-{year}")
}

macro_rules! asks {
    ($($message:ident => $command:ident),+ $(,)?) => {$(
        impl Asks<Selection> for $message {
            fn asks(&self, call: &Call) -> Result<Asked<Command>, Malformed> {
                let choice = choice(call, self.year, &self.work_id)?;
                Ok(Asked::new(stream(choice.student, choice.year), Command::$command(choice)))
            }
        }
    )+};
}

asks! {
    TickOutcomeRequest => TickOutcome,
    UntickOutcomeRequest => UntickOutcome,
    TickPerformanceRequest => TickPerformance,
    UntickPerformanceRequest => UntickPerformance,
}

/// A work in the caller's own selection: nobody selects for another.
fn choice(call: &Call, year: u32, work_id: &str) -> Result<Choice, Malformed> {
    let mut problems = Malformed::default();
    let year = problems.note("year", wire::school_year(year));
    let work = problems.note("work_id", wire::id(work_id));
    let (year, work) = problems.finish(year.zip(work))?;
    Ok(Choice { student: call.caller.person, year, work })
}

/// The school year that a query is about.
pub(crate) fn year(year: u32) -> Result<SchoolYear, Malformed> {
    wire::school_year(year).map_err(|problem| Malformed::one("year", problem))
}

/// A selection as answer. Without a policy nothing may be selected.
pub(crate) fn answer(selection: &Selection, policy: Option<&Policy>) -> GetSelectionResponse {
    let left = |of| policy.map_or(0, |policy| u32::try_from(selection.left(of, policy)).unwrap_or(u32::MAX));
    GetSelectionResponse {
        outcome_ids: selection.outcomes().map(|work| work.to_string()).collect(),
        performance_ids: selection.performances().map(|work| work.to_string()).collect(),
        outcomes_left: left(Of::Outcomes),
        performances_left: left(Of::Performances),
        window: policy.map(|policy| wire::window_message(policy.terms.selection)),
    }
}
