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
        clause: const { clause("§5") },
        text: "who selects works is enrolled; who has left may un-tick",
        refusal: "SELECTION_NOT_ENROLLED",
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
    Rule {
        clause: const { clause("G3") },
        text: "a batch is prepared under a policy that says when selection closes",
        refusal: "BATCH_WITHOUT_POLICY",
    },
    Rule {
        clause: const { clause("S3") },
        text: "a batch is prepared once selection has closed",
        refusal: "BATCH_TOO_EARLY",
    },
    Rule {
        clause: const { clause("S3") },
        text: "one round of a batch is under way at a time",
        refusal: "BATCH_UNDER_WAY",
    },
    Rule {
        clause: const { clause("S3") },
        text: "a round sends what was selected and not sent, or what is sent again",
        refusal: "BATCH_EMPTY",
    },
    Rule {
        clause: const { clause("S3") },
        text: "a batch is prepared before it is checked or approved",
        refusal: "BATCH_NOT_PREPARED",
    },
    Rule {
        clause: const { clause("S3") },
        text: "every selection of a batch is locked before it is checked",
        refusal: "BATCH_NOT_LOCKED",
    },
    Rule {
        clause: const { clause("S3") },
        text: "a batch is checked, as it is locked, before it is approved",
        refusal: "BATCH_NOT_CHECKED",
    },
    Rule {
        clause: const { clause("S3") },
        text: "a batch with damaged files is not approved",
        refusal: "BATCH_BLOCKED",
    },
    Rule {
        clause: const { clause("§8.3") },
        text: "a receipt is confirmed once it is issued",
        refusal: "RECEIPT_NOT_ISSUED",
    },
    Rule {
        clause: const { clause("§8.3") },
        text: "the newest receipt is the one that is confirmed or disputed",
        refusal: "RECEIPT_OF_OTHER_ROUND",
    },
    Rule {
        clause: const { clause("S5") },
        text: "a receipt is confirmed or disputed within three days",
        refusal: "RECEIPT_WINDOW_CLOSED",
    },
    Rule {
        clause: const { clause("§8.3") },
        text: "a dispute is answered before the receipt is confirmed or disputed again",
        refusal: "RECEIPT_IN_DISPUTE",
    },
    Rule {
        clause: const { clause("§8.3") },
        text: "what is missing or altered is sent again before the receipt is confirmed",
        refusal: "RECEIPT_INCOMPLETE",
    },
    Rule {
        clause: const { clause("§8.3") },
        text: "a receipt that is confirmed is not disputed",
        refusal: "RECEIPT_CONFIRMED",
    },
    Rule {
        clause: const { clause("§8.3") },
        text: "a dispute is about works in the receipt",
        refusal: "RECEIPT_WITHOUT_WORK",
    },
    Rule {
        clause: const { clause("§8.3") },
        text: "what is answered is a dispute",
        refusal: "RECEIPT_NOT_DISPUTED",
    },
    Rule {
        clause: const { clause("S6") },
        text: "letters go to students who left",
        refusal: "LETTER_TO_PRESENT_STUDENT",
    },
    Rule {
        clause: const { clause("S6") },
        text: "a letter is posted before it is answered",
        refusal: "LETTER_NOT_POSTED",
    },
    Rule {
        clause: const { clause("S6") },
        text: "a letter is answered after the day it was posted",
        refusal: "LETTER_ANSWERED_BEFORE_POSTED",
    },
    Rule {
        clause: const { clause("S6") },
        text: "a letter is posted and answered on a day that has come",
        refusal: "LETTER_IN_FUTURE",
    },
];

#[cfg(test)]
mod tests;
