//! The words of the house, pure: ids, the school calendar, identity numbers, clauses of the
//! regulation, duties, refusals, rules, and values that are personal.
//!
//! Owns no stream and starts nothing. Uses std, serde, thiserror, uuid, sha2 and jiff alone.
//! It never reads a clock, a file, the environment or a random source: the traits [`Clock`] and
//! [`Spawner`] are implemented above, in `chassis`.

mod calendar;
mod clause;
mod clock;
mod duty;
mod id;
mod identity_number;
mod instant;
mod personal;
mod public;
mod refusal;
mod rule;
mod text;

pub use calendar::{
    SchoolYear, Semester, Term, Window, day_in_taipei, end_of_days, kept_until, start_of_day_in_taipei,
};
pub use clause::{CLAUSES, Clause, ClauseText, clause, known_clause};
pub use clock::{Clock, Spawner};
pub use duty::{Duty, Office, UnknownName};
pub use id::{ClassId, CourseId, EventId, FileId, LedgerId, PersonId, RequestId, WorkId};
pub use identity_number::{IdentityNumber, IdentityNumberFault, IdentityNumberKind};
pub use instant::{Instant, NotAnInstant};
pub use jiff::civil::Date;
pub use personal::{Compartment, Owner, Personal, SealedValue, opening, sealing};
pub use public::Public;
pub use refusal::{Kind, Malformed, Problem, Refusal};
pub use rule::Rule;
pub use text::{Text, TextFault};
