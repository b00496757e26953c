//! Rules of uploads: what may be handed in, when, how many, and what a file must be.

mod categories;
mod file;
mod refusal;
mod works;

pub use categories::{Field, FieldKind, Sheet, Written};
pub use file::{DOCUMENT_BYTES_MAX, FileFault, MEDIA_BYTES_MAX, MediaType, SEGMENT_BYTES, segments};
pub use refusal::{Of, Refusal};
pub use works::{Begin, Command, Found, Stage, UPLOAD_TIME, Work, Works};
