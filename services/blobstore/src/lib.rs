//! Files: segments of 1 MiB, sealed one by one by the vault, in a folder behind `object_store`.
//!
//! Owns the objects `{ledger}/files/{file}/{n}`. A segment is created once and never replaced; when [`BlobStore::put`]
//! returns it is on the disk. It records no event, and knows nothing of what a file is.

mod fault;
pub mod folder;
mod store;

pub use fault::BlobFault;
pub use store::{BlobStore, SEGMENT_BYTES};
