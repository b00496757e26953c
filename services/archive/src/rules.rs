//! What this service refuses, as a table for people: rule, clause, reason.

use kernel::{Rule, clause};

/// Every rule by which this service refuses: one row for each clause and reason.
pub const RULES: &[Rule] = &[
    Rule {
        clause: const { clause("A5") },
        text: "access is granted to what is sealed",
        refusal: "ACCESS_NOT_SEALED",
    },
    Rule {
        clause: const { clause("A5") },
        text: "what is erased is read by nobody",
        refusal: "ACCESS_ERASED",
    },
    Rule {
        clause: const { clause("A5") },
        text: "a student asks for their own portfolio alone",
        refusal: "ACCESS_OF_ANOTHER",
    },
    Rule {
        clause: const { clause("A5") },
        text: "access is granted or declined to whoever asked for it",
        refusal: "ACCESS_NOT_REQUESTED",
    },
    Rule {
        clause: const { clause("A5") },
        text: "who grants access is another person than who reads",
        refusal: "ACCESS_TO_ONESELF",
    },
    Rule {
        clause: const { clause("A5") },
        text: "access ends after it begins",
        refusal: "ACCESS_UNTIL_PAST",
    },
    Rule {
        clause: const { clause("A5") },
        text: "access is granted for thirty days at most",
        refusal: "ACCESS_TOO_LONG",
    },
    Rule {
        clause: const { clause("§10") },
        text: "what is erased was sealed",
        refusal: "ERASURE_NOT_SEALED",
    },
    Rule {
        clause: const { clause("§10") },
        text: "what is sealed is kept until the date in its seal, three years after graduation",
        refusal: "ERASURE_TOO_EARLY",
    },
    Rule {
        clause: const { clause("A2") },
        text: "an erasure is approved, or cancelled, once it is requested",
        refusal: "ERASURE_NOT_REQUESTED",
    },
    Rule {
        clause: const { clause("A2") },
        text: "who approves an erasure is another person than who requested it",
        refusal: "ERASURE_BY_WHO_REQUESTED",
    },
    Rule {
        clause: const { clause("A2") },
        text: "an erasure starts once it is approved",
        refusal: "ERASURE_NOT_APPROVED",
    },
    Rule {
        clause: const { clause("A2") },
        text: "between approval and start of an erasure are seven days",
        refusal: "ERASURE_NOT_DUE",
    },
    Rule {
        clause: const { clause("A2") },
        text: "a legal hold on student, class or school stops an erasure",
        refusal: "ERASURE_HELD",
    },
    Rule {
        clause: const { clause("A2") },
        text: "an erasure is requested, approved or cancelled until it has started",
        refusal: "ERASURE_BEGUN",
    },
    Rule {
        clause: const { clause("A2") },
        text: "what is held is a student or class of the school, or the school",
        refusal: "HOLD_OF_NOTHING",
    },
];

#[cfg(test)]
mod tests;
