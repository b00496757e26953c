//! Rules of certification: whether a work is certified, returned, revoked.

mod certificate;

pub use certificate::{Certificate, Command, Refusal};
