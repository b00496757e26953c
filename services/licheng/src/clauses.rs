//! `licheng clauses`.

use std::error::Error;
use std::io::Write;

use kernel::{CLAUSES, ClauseText, Duty, Rule, known_clause};

/// Clause, test and crate: the tests whose names begin with a clause. `build.rs` finds them.
const TESTS: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/tests.rs"));

/// Lists the regulation's clauses: the rules and refusals, the tasks and the tests that come from each.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// One clause alone, such as §4.3.3, A.11 or U4.
    #[arg(value_name = "CLAUSE")]
    clause: Option<String>,
    /// Only the clauses from which no rule comes yet.
    #[arg(long)]
    todo: bool,
}

/// Every rule, and the service that keeps it.
fn rules() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    let all = [
        ("governance", governance::RULES),
        ("records", records::RULES),
        ("uploads", uploads::RULES),
        ("certification", certification::RULES),
        ("submission", submission::RULES),
        ("archive", archive::RULES),
    ];
    all.into_iter().flat_map(|(service, rules)| rules.iter().map(move |rule| (service, rule)))
}

pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if let Some(id) = &options.clause {
        known_clause(id)
            .ok_or_else(|| format!("there is no clause {id}; `licheng clauses` lists all that are"))?;
    }
    let asked = options.clause.as_deref();
    let mut out = std::io::stdout().lock();
    for clause in CLAUSES.iter().filter(|clause| asked.is_none_or(|id| id == clause.id)) {
        let ruled = rules().any(|(_, rule)| rule.clause.id() == clause.id);
        if !(options.todo && ruled) {
            say(&mut out, clause)?;
        }
    }
    Ok(out.flush()?)
}

/// A clause, and beneath it what comes from it.
fn say(out: &mut impl Write, clause: &ClauseText) -> std::io::Result<()> {
    writeln!(out, "{}  {}", clause.id, clause.text)?;
    for (service, rule) in rules().filter(|(_, rule)| rule.clause.id() == clause.id) {
        writeln!(out, "    rule     {}", rule.text)?;
        writeln!(out, "             else {service} refuses: {}", rule.refusal)?;
    }
    for duty in Duty::ALL.iter().filter(|duty| duty.clause().id() == clause.id) {
        writeln!(out, "    task     {duty}: to {}", duty.text())?;
    }
    for (_, test, house) in TESTS.iter().filter(|(id, _, _)| *id == clause.id) {
        writeln!(out, "    test     {house}: {test}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: &str) -> String {
        let mut out = Vec::new();
        say(&mut out, CLAUSES.iter().find(|clause| clause.id == id).unwrap()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_clause_is_told_with_its_rules_tasks_and_tests() {
        let told = said("§4.3.3");
        for part in [
            "§4.3.3  學生",
            "    rule     at most six certified outcomes a school year are selected\n",
            "             else submission refuses: SELECTION_FULL\n",
            "    task     select-works: to select works for submission\n",
            "    test     submission: s4_3_3_refuses_the_seventh_outcome\n",
            "    test     tests: s4_3_3_of_fifty_at_once_six_are_accepted\n",
        ] {
            assert!(told.contains(part), "{part} in\n{told}");
        }
    }

    #[test]
    fn a_test_is_of_the_longest_clause_that_its_name_begins_with() {
        assert!(!said("§4.3").contains("s4_3_3_"));
        assert!(!said("S4").contains("s4_3_3_"));
        // §1 of the regulation and the requirement S1 are not written alike.
        assert!(said("§1").contains("    test     governance: s1_"));
        assert!(said("S1").contains("    test     submission: s_1_"));
        assert!(!said("§1").contains("submission: s_1_"));
    }

    #[test]
    fn every_clause_with_a_rule_has_a_test() {
        let untested = rules().map(|(_, rule)| rule.clause.id());
        let untested = untested.filter(|id| !TESTS.iter().any(|(clause, _, _)| clause == id));
        assert_eq!(untested.collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn an_unknown_clause_is_refused_with_the_way_out() {
        let error = run(&Options { clause: Some("§4.3.9".to_owned()), todo: false }).unwrap_err().to_string();
        assert!(error.contains("§4.3.9") && error.contains("licheng clauses"), "{error}");
    }
}
