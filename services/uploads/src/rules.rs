//! What this service refuses, as a table for people: rule, clause, reason.

use kernel::{Rule, clause};

/// Every rule by which this service refuses: one row for each clause and reason.
pub const RULES: &[Rule] = &[
    Rule { clause: const { clause("§5") }, text: "who uploads is enrolled", refusal: "UPLOAD_NOT_ENROLLED" },
    Rule {
        clause: const { clause("A.11") },
        text: "an outcome is of a course that is offered",
        refusal: "UPLOAD_COURSE_UNKNOWN",
    },
    Rule {
        clause: const { clause("U1") },
        text: "an outcome is of a course that the student takes",
        refusal: "UPLOAD_COURSE_NOT_TAKEN",
    },
    Rule {
        clause: const { clause("G3") },
        text: "a policy says when works are uploaded",
        refusal: "UPLOAD_WITHOUT_POLICY",
    },
    Rule {
        clause: const { clause("A.11") },
        text: "outcomes are uploaded within the semester's window",
        refusal: "OUTCOME_UPLOAD_WINDOW_CLOSED",
    },
    Rule {
        clause: const { clause("A.12") },
        text: "performances are uploaded within the school year's window",
        refusal: "PERFORMANCE_UPLOAD_WINDOW_CLOSED",
    },
    Rule {
        clause: const { clause("§4.3.1") },
        text: "a student uploads no more outcomes a semester than the policy allows",
        refusal: "OUTCOMES_FULL",
    },
    Rule {
        clause: const { clause("§4.4.1") },
        text: "a student uploads no more performances a school year than the policy allows",
        refusal: "PERFORMANCES_FULL",
    },
    Rule { clause: const { clause("U4") }, text: "a file has bytes", refusal: "EMPTY_FILE" },
    Rule {
        clause: const { clause("U4") },
        text: "a document or picture has at most 4 MiB, a sound or film at most 10 MiB",
        refusal: "FILE_TOO_LARGE",
    },
    Rule {
        clause: const { clause("U4") },
        text: "a file's name ends in .pdf, .png, .jpg, .jpeg, .mp3 or .mp4",
        refusal: "FILE_ENDING_NOT_TAKEN",
    },
    Rule {
        clause: const { clause("U4") },
        text: "a file is of the type that its name says",
        refusal: "NAME_SAYS_OTHERWISE",
    },
    Rule {
        clause: const { clause("U4") },
        text: "a file is read without a password",
        refusal: "ENCRYPTED_FILE",
    },
    Rule { clause: const { clause("U4") }, text: "a file is whole", refusal: "TRUNCATED_FILE" },
    Rule { clause: const { clause("U4") }, text: "a file carries no other file", refusal: "EMBEDDED_FILE" },
    Rule {
        clause: const { clause("U4") },
        text: "a file holds no script and starts no program",
        refusal: "ACTIVE_CONTENT",
    },
    Rule {
        clause: const { clause("U4") },
        text: "an image has no more pixels than are decoded here",
        refusal: "TOO_MANY_PIXELS",
    },
    Rule {
        clause: const { clause("U4") },
        text: "a file can be read as its type",
        refusal: "UNREADABLE_FILE",
    },
    Rule {
        clause: const { clause("U4") },
        text: "a file's bytes are those announced when it was begun",
        refusal: "DIGEST_DIFFERS",
    },
    Rule {
        clause: const { clause("U4") },
        text: "a student sends, finishes and takes back works of their own",
        refusal: "UPLOAD_WORK_UNKNOWN",
    },
    Rule {
        clause: const { clause("U4") },
        text: "a work is handed in once all its segments are there",
        refusal: "UPLOAD_INCOMPLETE",
    },
    Rule {
        clause: const { clause("U4") },
        text: "an upload is finished within its time",
        refusal: "UPLOAD_TIME_OVER",
    },
    Rule {
        clause: const { clause("U4") },
        text: "a work that is handed in stays as it is",
        refusal: "WORK_HANDED_IN",
    },
    Rule {
        clause: const { clause("U6") },
        text: "a work that was taken back is begun anew",
        refusal: "WORK_WITHDRAWN",
    },
    Rule {
        clause: const { clause("U6") },
        text: "a work is taken back only while it isn't certified",
        refusal: "WORK_CERTIFIED",
    },
    Rule {
        clause: const { clause("U6") },
        text: "a work that is locked for submission isn't taken back",
        refusal: "WORK_LOCKED",
    },
];

#[cfg(test)]
mod tests;
