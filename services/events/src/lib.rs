//! The published language: what each write service records, the line in which it is recorded, and what
//! every decision is made with.
//!
//! One enum per write service ([`GovernanceEvent`], [`RecordsEvent`], [`UploadsEvent`],
//! [`CertificationEvent`], [`SubmissionEvent`], [`ArchiveEvent`]), the [`Record`] (one line of JSON, a CloudEvent), the
//! [`Authority`] folded from it, [`Context`] and [`Decider`]. All of it is pure: no clock, no I/O, no random
//! source.

mod archive;
mod authority;
mod certification;
mod claims;
mod context;
mod deadline;
mod decider;
mod event;
mod governance;
mod record;
mod records;
pub mod spec;
mod submission;
mod submitted;
mod uploads;

pub use archive::{ArchiveEvent, Compartments, HoldScope};
pub use authority::{Authority, Course, Policy, Seat, Standing};
pub use certification::CertificationEvent;
pub use claims::{Claim, ClaimKind, ClaimName, claims};
pub use context::{Basis, Caller, Channel, Context, Facts, Reliance};
pub use deadline::{Deadline, Deadlines, Timely};
pub use decider::Decider;
pub use event::{AnyEvent, DomainEvent, Recorded, UnknownType};
pub use governance::{GovernanceEvent, PolicyTerms, SemesterTerms};
pub use record::{NotARecord, RECORD_BYTES_MAX, Record, leaf, well_formed_stream};
pub use records::{Leaving, RecordsEvent, StudentData};
pub use submission::SubmissionEvent;
pub use submitted::{
    Finding, ItemVerdict, LockedWork, Problem, ReceiptItem, UntickReason, extract_of, package_of,
};
pub use uploads::{Category, Detail, FileDescription, UploadsEvent, WorkKind};
