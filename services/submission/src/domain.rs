//! Rules of submission: which works a student selects, how a batch of them is submitted, what becomes of its receipts.

pub mod batch;
pub mod receipt;
mod selection;

pub use selection::{Choice, Command, Of, Refusal, Selection};
