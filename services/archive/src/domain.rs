//! Rules of archive: a sealed portfolio with its readers and its erasure, and the holds that stop one.

mod hold;
mod portfolio;

pub use hold::{Hold, HoldCommand, HoldRefusal};
pub(crate) use portfolio::stream;
pub use portfolio::{
    ACCESS_TIME, Access, Command, Destroyed, Erasure, GRACE, Portfolio, RETENTION_YEARS, Refusal,
};
