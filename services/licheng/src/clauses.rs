//! `licheng clauses`.

use std::error::Error;
use std::io::Write as _;

use kernel::{CLAUSES, Duty, known_clause};

/// Lists the regulation's clauses, with the tasks that come from each.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// One clause alone, such as §4.3.3, A.11 or U4.
    #[arg(value_name = "CLAUSE")]
    clause: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if let Some(id) = &options.clause {
        known_clause(id)
            .ok_or_else(|| format!("there is no clause {id}; `licheng clauses` lists all that are"))?;
    }
    let mut out = std::io::stdout().lock();
    let asked = options.clause.as_deref();
    for clause in CLAUSES.iter().filter(|clause| asked.is_none_or(|id| id == clause.id)) {
        writeln!(out, "{}  {}", clause.id, clause.text)?;
        for duty in Duty::ALL.iter().filter(|duty| duty.clause().id() == clause.id) {
            writeln!(out, "    task     {duty}: to {}", duty.text())?;
        }
    }
    Ok(out.flush()?)
}
