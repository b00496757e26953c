//! What this service refuses, as a table for people: rule, clause, reason.

use kernel::{Rule, clause};

/// Every rule by which this service refuses: one row for each clause and reason.
pub const RULES: &[Rule] = &[
    Rule {
        clause: const { clause("§1") },
        text: "a ledger is one school's, and keeps the code it was opened under",
        refusal: "LEDGER_OPENED_OTHERWISE",
    },
    Rule {
        clause: const { clause("G5") },
        text: "students and teachers hold their office by class, course or work, not by a seat",
        refusal: "OFFICE_HELD_BY_RELATION",
    },
    Rule {
        clause: const { clause("G5") },
        text: "an office is given to a person whom the school knows",
        refusal: "OFFICER_UNKNOWN",
    },
    Rule {
        clause: const { clause("G5") },
        text: "a seat begins and ends now or later",
        refusal: "SEAT_BACKDATED",
    },
    Rule {
        clause: const { clause("G5") },
        text: "only who holds an office can leave it",
        refusal: "OFFICE_NOT_HELD",
    },
    Rule {
        clause: const { clause("§3.1") },
        text: "a school always has a principal",
        refusal: "LAST_PRINCIPAL",
    },
    Rule {
        clause: const { clause("G5") },
        text: "the principal keeps the task of giving tasks to offices",
        refusal: "PRINCIPAL_LOCKED_OUT",
    },
    Rule {
        clause: const { clause("§4.3.3") },
        text: "a policy lets select at most six outcomes a school year",
        refusal: "POLICY_OUTCOMES_LOOSER",
    },
    Rule {
        clause: const { clause("§4.4.2") },
        text: "a policy lets select at most ten performances a school year",
        refusal: "POLICY_PERFORMANCES_LOOSER",
    },
    Rule {
        clause: const { clause("G3") },
        text: "a policy is in force from now on, or later",
        refusal: "POLICY_BACKDATED",
    },
    Rule {
        clause: const { clause("G3") },
        text: "a policy is in force no sooner than the one it follows",
        refusal: "POLICY_BEFORE_THE_LAST",
    },
    Rule {
        clause: const { clause("G3") },
        text: "a policy speaks of the semesters of its own school year",
        refusal: "POLICY_SEMESTER_OF_ANOTHER_YEAR",
    },
];

#[cfg(test)]
mod tests;
