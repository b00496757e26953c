//! What follows by itself: a tick that can't stand goes, a batch's selections are locked, its package is sent, its
//! receipt is read back.

mod locking;
mod reconciling;
mod sending;
mod unticking;

pub use locking::Locking;
pub(crate) use locking::NAME as LOCKING;
pub(crate) use reconciling::NAME as RECONCILING;
pub use reconciling::Reconciling;
pub(crate) use sending::NAME as SENDING;
pub use sending::Sending;
pub(crate) use unticking::NAME as UNTICKING;
pub use unticking::Unticking;
