//! What this service refuses, as a table for people: rule, clause, reason.

use kernel::{Rule, clause};

/// Every rule by which this service refuses: one row for each clause and reason.
pub const RULES: &[Rule] = &[
    Rule {
        clause: const { clause("§4.3.3") },
        text: "an outcome that is selected is a work that was begun",
        refusal: "SELECTION_WORK_UNKNOWN",
    },
    Rule {
        clause: const { clause("§4.3.3") },
        text: "a student selects outcomes of their own",
        refusal: "SELECTION_OF_ANOTHERS_WORK",
    },
    Rule {
        clause: const { clause("§4.3.3") },
        text: "what is selected among outcomes is an outcome",
        refusal: "SELECTION_OF_OTHER_KIND",
    },
    Rule {
        clause: const { clause("§4.3.3") },
        text: "an outcome is selected in the school year that it counts in",
        refusal: "SELECTION_OF_OTHER_YEAR",
    },
    Rule {
        clause: const { clause("§4.3.3") },
        text: "at most six certified outcomes a school year are selected",
        refusal: "SELECTION_FULL",
    },
    Rule {
        clause: const { clause("§4.3.3") },
        text: "an outcome is certified, as it is handed in, before it is selected",
        refusal: "SELECTION_NOT_CERTIFIED",
    },
    Rule {
        clause: const { clause("A.11") },
        text: "outcomes are selected within the school year's window",
        refusal: "SELECTION_WINDOW_CLOSED",
    },
    Rule {
        clause: const { clause("§4.4.2") },
        text: "a performance that is selected is a work that was begun",
        refusal: "SELECTION_WORK_UNKNOWN",
    },
    Rule {
        clause: const { clause("§4.4.2") },
        text: "a student selects performances of their own",
        refusal: "SELECTION_OF_ANOTHERS_WORK",
    },
    Rule {
        clause: const { clause("§4.4.2") },
        text: "what is selected among performances is a performance",
        refusal: "SELECTION_OF_OTHER_KIND",
    },
    Rule {
        clause: const { clause("§4.4.2") },
        text: "a performance is selected in the school year that it counts in",
        refusal: "SELECTION_OF_OTHER_YEAR",
    },
    Rule {
        clause: const { clause("§4.4.2") },
        text: "at most ten performances a school year are selected",
        refusal: "SELECTION_FULL",
    },
    Rule {
        clause: const { clause("§4.4.2") },
        text: "a performance is handed in before it is selected",
        refusal: "SELECTION_NOT_HANDED_IN",
    },
    Rule {
        clause: const { clause("A.12") },
        text: "performances are selected within the school year's window",
        refusal: "SELECTION_WINDOW_CLOSED",
    },
    Rule {
        clause: const { clause("S3") },
        text: "a selection that a batch has locked changes no more",
        refusal: "SELECTION_LOCKED",
    },
    Rule {
        clause: const { clause("G3") },
        text: "a policy says how many works are selected, and when",
        refusal: "SELECTION_WITHOUT_POLICY",
    },
];

#[cfg(test)]
mod tests;
