//! What this service refuses, as a table for people: rule, clause, reason.

use kernel::{Rule, clause};

/// Every rule by which this service refuses: one row for each clause and reason.
pub const RULES: &[Rule] = &[
    Rule {
        clause: const { clause("A.1") },
        text: "what is kept of a student is kept of a registered student",
        refusal: "STUDENT_UNKNOWN",
    },
    Rule {
        clause: const { clause("A.1") },
        text: "a student is registered once",
        refusal: "STUDENT_REGISTERED",
    },
    Rule {
        clause: const { clause("R12") },
        text: "a roster id is one person's",
        refusal: "STUDENT_VALUE_TAKEN",
    },
    Rule {
        clause: const { clause("R1") },
        text: "user name, student number and identity number are one student's",
        refusal: "STUDENT_VALUE_TAKEN",
    },
    Rule {
        clause: const { clause("R7") },
        text: "a student is placed in a class that is open",
        refusal: "STUDENT_CLASS_UNKNOWN",
    },
    Rule {
        clause: const { clause("R7") },
        text: "a student's places follow the school years",
        refusal: "STUDENT_PLACED_LATER",
    },
    Rule {
        clause: const { clause("§5") },
        text: "who graduates or leaves is enrolled",
        refusal: "STUDENT_NOT_ENROLLED",
    },
    Rule {
        clause: const { clause("§5") }, text: "who comes back has left", refusal: "STUDENT_HAS_NOT_LEFT"
    },
    Rule {
        clause: const { clause("§5") },
        text: "a graduate doesn't come back",
        refusal: "STUDENT_GRADUATED",
    },
    Rule {
        clause: const { clause("§5") },
        text: "a student's death is the last change of status",
        refusal: "STUDENT_DECEASED",
    },
    Rule {
        clause: const { clause("§5") },
        text: "a change of status is recorded no earlier than the day before it",
        refusal: "STUDENT_STATUS_DAY_TO_COME",
    },
    Rule {
        clause: const { clause("R7") },
        text: "what is kept of staff is kept of registered staff",
        refusal: "STAFF_UNKNOWN",
    },
    Rule {
        clause: const { clause("R7") },
        text: "a member of staff is registered once",
        refusal: "STAFF_REGISTERED",
    },
    Rule {
        clause: const { clause("R12") },
        text: "a roster id and a user name are one person's",
        refusal: "STAFF_VALUE_TAKEN",
    },
    Rule {
        clause: const { clause("R7") },
        text: "a homeroom teacher is assigned to a class that is open",
        refusal: "CLASS_UNKNOWN",
    },
    Rule {
        clause: const { clause("R15") },
        text: "an open class keeps its school year, grade and name",
        refusal: "CLASS_DIFFERS",
    },
    Rule {
        clause: const { clause("R12") },
        text: "a roster id is one class's",
        refusal: "CLASS_ROSTER_ID_TAKEN",
    },
    Rule {
        clause: const { clause("R7") },
        text: "a homeroom teacher is one of the school's staff",
        refusal: "CLASS_TEACHER_UNKNOWN",
    },
    Rule {
        clause: const { clause("A.8") },
        text: "a teacher is assigned to a course that is offered",
        refusal: "COURSE_UNKNOWN",
    },
    Rule {
        clause: const { clause("R15") },
        text: "an offered course keeps its code and name",
        refusal: "COURSE_DIFFERS",
    },
    Rule {
        clause: const { clause("R12") },
        text: "a roster id is one course's in its semester",
        refusal: "COURSE_ROSTER_ID_TAKEN",
    },
    Rule {
        clause: const { clause("A.8") },
        text: "a course's teacher is one of the school's staff",
        refusal: "COURSE_TEACHER_UNKNOWN",
    },
    Rule {
        clause: const { clause("A.8") },
        text: "only a course's teacher is released from it",
        refusal: "COURSE_NOT_ITS_TEACHER",
    },
    Rule {
        clause: const { clause("A.8") },
        text: "a course is taken by a registered student",
        refusal: "TAKING_STUDENT_UNKNOWN",
    },
    Rule {
        clause: const { clause("A.8") },
        text: "a course that is taken is offered",
        refusal: "TAKING_NOT_OFFERED",
    },
    Rule {
        clause: const { clause("A.8") },
        text: "a course is taken in its own semester",
        refusal: "TAKING_OTHER_SEMESTER",
    },
    Rule {
        clause: const { clause("A.8") },
        text: "only a course that is taken is dropped",
        refusal: "TAKING_NOT_TAKEN",
    },
];

#[cfg(test)]
mod tests;
