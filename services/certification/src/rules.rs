//! What this service refuses, as a table for people: rule, clause, reason.

use kernel::{Rule, clause};

/// Every rule by which this service refuses: one row for each clause and reason.
pub const RULES: &[Rule] = &[
    Rule {
        clause: const { clause("C1") },
        text: "what is certified or returned is a work that was begun",
        refusal: "CERTIFICATION_WORK_UNKNOWN",
    },
    Rule {
        clause: const { clause("C1") },
        text: "only course learning outcomes are certified",
        refusal: "CERTIFICATION_NOT_NEEDED",
    },
    Rule {
        clause: const { clause("§4.3.2") },
        text: "a work is judged by a teacher of its own course",
        refusal: "CERTIFICATION_OF_ANOTHERS_COURSE",
    },
    Rule {
        clause: const { clause("§4.3.1") },
        text: "a work is handed in before it is certified",
        refusal: "CERTIFICATION_WORK_NOT_HANDED_IN",
    },
    Rule {
        clause: const { clause("C3") },
        text: "a certification holds for the very bytes that the teacher saw",
        refusal: "CERTIFICATION_OTHER_BYTES",
    },
    Rule {
        clause: const { clause("G3") },
        text: "a policy says when works are certified",
        refusal: "CERTIFICATION_WITHOUT_POLICY",
    },
    Rule {
        clause: const { clause("§4.3.2") },
        text: "works are certified within the semester's window",
        refusal: "CERTIFICATION_WINDOW_CLOSED",
    },
    Rule {
        clause: const { clause("C5") },
        text: "a certified work is returned only after its certification is revoked",
        refusal: "CERTIFICATION_STANDS",
    },
    Rule {
        clause: const { clause("C5") },
        text: "only a certification that stands is revoked",
        refusal: "CERTIFICATION_NOT_THERE",
    },
    Rule {
        clause: const { clause("C5") },
        text: "a certification made by mistake is revoked until the work is locked for submission",
        refusal: "CERTIFICATE_LOCKED",
    },
];

#[cfg(test)]
mod tests;
