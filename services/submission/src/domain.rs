//! Rules of submission, so far: which works a student selects.

mod selection;

pub use selection::{Choice, Command, Of, Refusal, Selection};
